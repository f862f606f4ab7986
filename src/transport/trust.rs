//! Certificate verification. `rustls-webpki` builds and verifies chains; this adds the checks that
//! it leaves to its callers.

use std::cell::Cell;
use std::fmt;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error as TlsError, SignatureScheme,
    client::Resumption,
};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath, anchor_from_trusted_cert};

use super::certificate::{self, Certificate};
use super::crypto;
use super::tls_error::{AuthorityProblem, Peer, of_webpki};
use crate::error::{Error, Result};
use crate::text;

/// The certificates that are trusted.
#[derive(Clone)]
pub(crate) struct Roots {
    /// Mozilla's.
    built_in: bool,
    /// Authorities: those that were added, in their order, and behind them the built-in ones once
    /// verification begins.
    anchors: Vec<TrustAnchor<'static>>,
    /// What the added authorities' own certificates say: `authorities[i]` belongs to `anchors[i]`,
    /// and the built-in anchors after these have none.
    authorities: Vec<Certificate>,
    /// All that were added. Each is trusted where a server shows this very one.
    own: Vec<CertificateDer<'static>>,
}

/// Counts them: Mozilla's roots alone would be hundreds of kilobytes.
impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({} authorities, {} certificates)", self.anchors.len(), self.own.len())
    }
}

impl Default for Roots {
    fn default() -> Self {
        Self { built_in: true, anchors: Vec::new(), authorities: Vec::new(), own: Vec::new() }
    }
}

impl Roots {
    /// Keeps those that were added, before or after.
    pub(crate) fn leave_out_built_in(&mut self) {
        self.built_in = false;
    }

    /// Adds the certificates in a PEM file; `name` is what the file is called in messages.
    pub(crate) fn add_pem(&mut self, pem: &[u8], name: &str) -> Result<()> {
        let wrong = |what| Error::usage(format!("{name}: {what}: PEM certificates are expected"));
        if text::is_utf16(pem) {
            return Err(wrong("it is UTF-16, as PowerShell's > writes it"));
        }
        let before = self.own.len();
        // A byte order mark would hide the first certificate.
        for certificate in CertificateDer::pem_slice_iter(text::without_mark(pem)) {
            let certificate = certificate.map_err(|_| wrong("it is not PEM"))?;
            self.add(certificate).map_err(|_| wrong("a certificate in it can't be read"))?;
        }
        if self.own.len() > before { Ok(()) } else { Err(wrong("there is no certificate in it")) }
    }

    /// A certificate that is not an authority's is not an anchor: whoever has its key would be an
    /// authority for every host.
    fn add(&mut self, der: CertificateDer<'static>) -> std::result::Result<(), webpki::Error> {
        let anchor = anchor_from_trusted_cert(&der)?.to_owned();
        if let Some(authority) = Certificate::parse(&der).filter(|it| it.is_authority) {
            self.anchors.push(anchor);
            self.authorities.push(authority);
        }
        self.own.push(der);
        Ok(())
    }
}

/// Verifies certificates and builds the TLS configuration of each connection.
#[derive(Debug)]
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    roots: Roots,
}

impl Trust {
    pub(super) fn new(mut roots: Roots) -> Result<Self> {
        if roots.built_in {
            roots.anchors.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        if roots.anchors.is_empty() && roots.own.is_empty() {
            return Err(Error::usage("there is no certificate authority to trust"));
        }
        Ok(Self { provider: Arc::new(crypto::provider()), roots })
    }

    /// Begins a session with a host. What its server shows is noted in the [`Peer`].
    pub(super) fn session(
        self: &Arc<Self>,
        host: ServerName<'static>,
    ) -> std::result::Result<(ClientConnection, Arc<Peer>), TlsError> {
        let peer = Arc::<Peer>::default();
        let handshake = Arc::new(Handshake { trust: Arc::clone(self), peer: Arc::clone(&peer) });
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&handshake) as _)
            .with_client_cert_resolver(handshake);
        // Connections are kept; there is nothing to resume.
        config.resumption = Resumption::disabled();
        Ok((ClientConnection::new(Arc::new(config), host)?, peer))
    }

    fn verify(
        &self,
        der: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> std::result::Result<(), TlsError> {
        let server = EndEntityCert::try_from(der).map_err(of_webpki)?;
        // An authority's certificate that was added may be a server's own too, as
        // `openssl req -x509` makes it. A chain to it would be refused: it is the server itself.
        let own = Some(der).filter(|der| self.roots.own.contains(der));
        match own.and_then(|der| Certificate::parse(der)) {
            Some(own) => check_time(&own, now).map_err(of_webpki)?,
            None => self.verify_chain(&server, intermediates, now)?,
        }
        server.verify_is_valid_for_subject_name(name).map_err(of_webpki)
    }

    fn verify_chain(
        &self,
        server: &EndEntityCert<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> std::result::Result<(), TlsError> {
        let refused = Cell::new(None);
        // Called for each chain that verifies up to an anchor. If it is refused, `webpki` tries the
        // next chain, which may lead to another anchor.
        let check_anchor = |path: &VerifiedPath<'_>| {
            let problem = self.problem_of_anchor(path, now);
            refused.set(problem.or(refused.get()));
            problem.map_or(Ok(()), |_| Err(webpki::Error::UnknownIssuer))
        };
        let algorithms = crypto::SIGNATURES.all;
        let (anchors, usage) = (&self.roots.anchors, KeyUsage::server_auth());
        let verified = server.verify_for_usage(
            algorithms,
            anchors,
            intermediates,
            now,
            usage,
            None,
            Some(&check_anchor),
        );
        match (verified, refused.get()) {
            (Ok(_), _) => Ok(()),
            (Err(_), Some(problem)) => Err(problem.into()),
            (Err(error), None) => Err(of_webpki(error)),
        }
    }

    /// What an added authority's own certificate has against this chain. `webpki` only looks at an
    /// anchor's name and key; Mozilla vouches for the built-in ones.
    fn problem_of_anchor(
        &self,
        path: &VerifiedPath<'_>,
        now: UnixTime,
    ) -> Option<AuthorityProblem> {
        // Compared by address: a renewed authority has the same name and key as the old one, and
        // other dates.
        let at = self.roots.anchors.iter().position(|anchor| ptr::eq(anchor, path.anchor()))?;
        let authority = self.roots.authorities.get(at)?;
        // Strictly, self-issued certificates do not count; nobody uses them any more.
        let length = path.intermediate_certificates().count();
        match check_time(authority, now) {
            Err(webpki::Error::CertExpired { .. }) => Some(AuthorityProblem::Expired),
            Err(_) => Some(AuthorityProblem::NotValidYet),
            Ok(()) if authority.path_length.is_some_and(|most| length > most) => {
                Some(AuthorityProblem::PathTooLong)
            }
            Ok(()) => None,
        }
    }
}

fn check_time(certificate: &Certificate, time: UnixTime) -> std::result::Result<(), webpki::Error> {
    let Certificate { not_before, not_after, .. } = *certificate;
    if time < not_before {
        return Err(webpki::Error::CertNotValidYet { time, not_before });
    }
    if time > not_after {
        return Err(webpki::Error::CertExpired { time, not_after });
    }
    Ok(())
}

/// What `rustls` asks during one handshake.
#[derive(Debug)]
struct Handshake {
    trust: Arc<Trust>,
    peer: Arc<Peer>,
}

impl ServerCertVerifier for Handshake {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        // Revocation is not looked at: a stapled answer is optional, and none is asked for.
        _: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, TlsError> {
        // Now, since an error does not say whose certificate it was.
        if let Some(issuer) = certificate::issuer(server) {
            // A handshake shows one certificate, so that this is never set twice.
            let _ = self.peer.issuer.set(issuer);
        }
        self.trust.verify(server, intermediates, name, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signature, &crypto::SIGNATURES)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signature, &crypto::SIGNATURES)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        crypto::SIGNATURES.supported_schemes()
    }
}

/// There is no certificate for a server that asks its clients for one. That it asked is noted: in
/// TLS 1.2 the refusal that may follow does not say so.
impl ResolvesClientCert for Handshake {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.peer.wants_certificate.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
