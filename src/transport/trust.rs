//! Which certificates are believed.

use std::sync::{Arc, Mutex};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, OtherError,
    RootCertStore, SignatureScheme,
};

use super::crypto;
use super::der;
use super::failure::{Failure, FailureKind};
use crate::bom;
use crate::error::{Error, Result};

/// The certificate authorities that are trusted.
#[derive(Debug, Clone)]
pub(crate) struct Roots {
    /// Mozilla's.
    built_in: bool,
    added: RootCertStore,
    /// What was added, as it came.
    certificates: Vec<CertificateDer<'static>>,
}

impl Default for Roots {
    fn default() -> Self {
        Self { built_in: true, added: RootCertStore::empty(), certificates: Vec::new() }
    }
}

impl Roots {
    /// Keeps those that were added, before or after.
    pub(crate) fn leave_out_built_in(&mut self) {
        self.built_in = false;
    }

    fn store(&self) -> RootCertStore {
        let mut store = self.added.clone();
        if self.built_in {
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        store
    }

    /// Adds the certificates in a PEM file; `name` is what the file is called in messages.
    pub(crate) fn add_pem(&mut self, pem: &[u8], name: &str) -> Result<()> {
        let wrong = |what| Error::usage(format!("{name}: {what}: PEM certificates are expected"));
        if bom::is_utf16(pem) {
            return Err(wrong("it is UTF-16, as PowerShell's > writes it"));
        }
        let mut added = 0_usize;
        // Behind a byte order mark the first certificate would be passed over.
        for certificate in CertificateDer::pem_slice_iter(bom::without(pem)) {
            let certificate = certificate.map_err(|_| wrong("it is not PEM"))?;
            self.added
                .add(certificate.clone())
                .map_err(|_| wrong("a certificate in it can't be read"))?;
            self.certificates.push(certificate);
            added = added.saturating_add(1);
        }
        if added == 0 { Err(wrong("there is no certificate in it")) } else { Ok(()) }
    }
}

/// Verifies certificates, always, and makes the settings of each connection.
#[derive(Debug)]
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    verifier: Arc<WebPkiServerVerifier>,
    added: Arc<[CertificateDer<'static>]>,
}

impl Trust {
    pub(super) fn new(roots: Roots) -> Result<Self> {
        let provider = Arc::new(crypto::provider());
        let store = Arc::new(roots.store());
        let verifier = WebPkiServerVerifier::builder_with_provider(store, Arc::clone(&provider))
            .build()
            .map_err(|_| Error::usage("there is no certificate authority to trust"))?;
        Ok(Self { provider, verifier, added: roots.certificates.into() })
    }

    /// Settings for one connection, and a note of who issued the certificate that it meets.
    pub(super) fn config(&self) -> std::result::Result<(ClientConfig, Issuer), TlsError> {
        let issuer = Issuer::default();
        let verifier = Verifier {
            inner: Arc::clone(&self.verifier),
            added: Arc::clone(&self.added),
            issuer: issuer.clone(),
        };
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        // Connections are kept; there is nothing to resume.
        config.resumption = rustls::client::Resumption::disabled();
        Ok((config, issuer))
    }
}

/// Who issued the certificate that a connection met, once it has met one.
#[derive(Debug, Clone, Default)]
pub(super) struct Issuer(Arc<Mutex<Option<String>>>);

impl Issuer {
    pub(super) fn name(&self) -> Option<String> {
        self.0.lock().map_or(None, |name| name.clone())
    }

    fn note(&self, certificate: &CertificateDer<'_>) {
        if let Ok(mut name) = self.0.lock() {
            *name = der::issuer(certificate);
        }
    }
}

/// The usual verification, with two things more: it writes down whose certificate it looked at, since
/// an error does not say, and it takes a server's own certificate that was added, even where that
/// is an authority's, as `openssl req -x509` makes it.
#[derive(Debug)]
struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    added: Arc<[CertificateDer<'static>]>,
    issuer: Issuer,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, TlsError> {
        self.issuer.note(end_entity);
        let verified = self.inner.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match &verified {
            // Its time was looked at before that.
            Err(TlsError::InvalidCertificate(CertificateError::Other(other)))
                if is_of_an_authority(other) && self.added.contains(end_entity) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            _ => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

fn is_of_an_authority(error: &OtherError) -> bool {
    matches!(error.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// A TLS error in words, with what to do about it.
pub(super) fn failure(error: TlsError, host: &str, issuer: &Issuer) -> Failure {
    let issued = issuer.name().map_or_else(String::new, |name| format!(", issued by \"{name}\","));
    let TlsError::InvalidCertificate(problem) = &error else {
        let problem = format!("the TLS connection to {host} failed");
        return Failure::new(FailureKind::Broken, problem).because(error);
    };
    let (said, advice) = match problem {
        CertificateError::UnknownIssuer => (
            "is not issued by anyone who is trusted here",
            "where a proxy of your own stands in between, give its CA certificate with --ca-file; \
             otherwise something pretends to be this host",
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "is not valid yet",
            "the clock of this machine is probably wrong: see what `date` says",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            "has expired",
            "see that the clock of this machine is right (`date`); if it is, something old stands \
             in between",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "is for another name",
            "something else answers in its place: see DNS, --resolve and proxies",
        ),
        CertificateError::Other(other) if is_of_an_authority(other) => (
            "is that of a certificate authority, which no server may show",
            "give this very certificate with --ca-file, or issue one for the server, without CA:TRUE",
        ),
        _ => ("is not valid", "something may stand in between: see DNS and proxies"),
    };
    Failure::new(FailureKind::Refused, format!("the certificate of {host}{issued} {said}"))
        .because(error)
        .advising(advice)
}
