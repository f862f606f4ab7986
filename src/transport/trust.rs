//! Which certificates are believed.

use std::sync::{Arc, Mutex};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, OtherError,
    RootCertStore, SignatureScheme,
};

use super::crypto;
use super::der;
use super::failure::{Failure, FailureKind};
use crate::error::{Error, Result};

/// The certificate authorities that are trusted.
#[derive(Debug, Clone)]
pub(crate) struct Roots {
    /// Mozilla's.
    built_in: bool,
    added: RootCertStore,
}

impl Default for Roots {
    fn default() -> Self {
        Self { built_in: true, added: RootCertStore::empty() }
    }
}

impl Roots {
    /// Keeps those that were added, before or after.
    pub(crate) fn leave_out_built_in(&mut self) {
        self.built_in = false;
    }

    fn into_store(self) -> RootCertStore {
        let mut store = self.added;
        if self.built_in {
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        store
    }

    /// Adds the certificates in a PEM file; `name` is what the file is called in messages.
    pub(crate) fn add_pem(&mut self, pem: &[u8], name: &str) -> Result<()> {
        let wrong = |what| Error::usage(format!("{name}: {what}: PEM certificates are expected"));
        let mut added = 0_usize;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| wrong("it is not PEM"))?;
            self.added.add(certificate).map_err(|_| wrong("a certificate in it can't be read"))?;
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
}

impl Trust {
    pub(super) fn new(roots: Roots) -> Result<Self> {
        let provider = Arc::new(crypto::provider());
        let roots = Arc::new(roots.into_store());
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
            .build()
            .map_err(|_| Error::usage("there is no certificate authority to trust"))?;
        Ok(Self { provider, verifier })
    }

    /// Settings for one connection, and a note of who issued the certificate that it meets.
    pub(super) fn config(&self) -> std::result::Result<(ClientConfig, Issuer), TlsError> {
        let issuer = Issuer::default();
        let verifier = NotingVerifier { inner: Arc::clone(&self.verifier), issuer: issuer.clone() };
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

/// The usual verification; it only writes down whose certificate it looked at, since an error
/// does not say.
#[derive(Debug)]
struct NotingVerifier {
    inner: Arc<WebPkiServerVerifier>,
    issuer: Issuer,
}

impl ServerCertVerifier for NotingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, TlsError> {
        self.issuer.note(end_entity);
        self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
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

/// What `openssl req -x509` makes unless told otherwise.
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
            "issue one for the server, without CA:TRUE, and give the authority's with --ca-file",
        ),
        _ => ("is not valid", "something may stand in between: see DNS and proxies"),
    };
    Failure::new(FailureKind::Refused, format!("the certificate of {host}{issued} {said}"))
        .because(error)
        .advising(advice)
}
