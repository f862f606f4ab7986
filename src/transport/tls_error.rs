//! What went wrong in TLS, in words, with what to do about it.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rustls::{
    AlertDescription, CertificateError, Error as TlsError, InvalidMessage, OtherError,
    PeerIncompatible,
};

use super::failure::{Failure, FailureKind};

/// What a server presented in its handshake. `rustls` passes it to the verifier alone, and leaves
/// it out of its errors.
#[derive(Debug, Default)]
pub(super) struct Peer {
    /// Who issued its certificate.
    pub(super) issuer: OnceLock<String>,
    /// Whether it asked for a certificate of ours.
    pub(super) wants_certificate: AtomicBool,
}

/// What is wrong with an added authority that a chain leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AuthorityProblem {
    Expired,
    NotValidYet,
    PathTooLong,
}

impl fmt::Display for AuthorityProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "the authority's own certificate has expired",
            Self::NotValidYet => "the authority's own certificate is not valid yet",
            Self::PathTooLong => {
                "there are more authorities in between than its certificate allows"
            }
        })
    }
}

impl std::error::Error for AuthorityProblem {}

impl From<AuthorityProblem> for TlsError {
    fn from(problem: AuthorityProblem) -> Self {
        CertificateError::Other(OtherError(Arc::new(problem))).into()
    }
}

/// The error of rustls for one of `webpki`, as rustls has it for its own verifier.
pub(super) fn of_webpki(error: webpki::Error) -> TlsError {
    use webpki::Error as E;
    TlsError::InvalidCertificate(match error {
        E::BadDer | E::BadDerTime | E::TrailingData(_) => CertificateError::BadEncoding,
        E::CertNotValidYet { time, not_before } => {
            CertificateError::NotValidYetContext { time, not_before }
        }
        E::CertExpired { time, not_after } => CertificateError::ExpiredContext { time, not_after },
        E::UnknownIssuer => CertificateError::UnknownIssuer,
        E::CertNotValidForName(name) => CertificateError::NotValidForNameContext {
            expected: name.expected,
            presented: name.presented,
        },
        E::InvalidSignatureForPublicKey => CertificateError::BadSignature,
        other => CertificateError::Other(OtherError(Arc::new(other))),
    })
}

/// The failure of a handshake with a host.
pub(super) fn of_handshake(error: io::Error, host: &str, peer: &Peer) -> Failure {
    let error = match error.downcast::<TlsError>() {
        Ok(error) => return of_tls(error, host, peer),
        Err(error) => error,
    };
    match error.downcast::<Failure>() {
        Ok(failure) => failure.with_context(&format!("the TLS connection to {host} was not made")),
        Err(error) => Failure::new(
            FailureKind::Unreachable,
            format!("{host} closed the connection while TLS was being set up"),
        )
        .because_of_io(error)
        .advising(
            "it may not speak TLS on this port, or something in between cuts it off: see the port, \
             firewalls and proxies",
        ),
    }
}

fn of_tls(error: TlsError, host: &str, peer: &Peer) -> Failure {
    if let TlsError::InvalidCertificate(problem) = &error {
        let (said, advice) = of_certificate(problem);
        let issuer = peer.issuer.get();
        let issued = issuer.map_or_else(String::new, |name| format!(", issued by \"{name}\","));
        let problem = format!("the certificate of {host}{issued} {said}");
        return Failure::new(FailureKind::Refused, problem).because(error).advising(advice);
    }
    if asks_for_certificate(&error, peer) {
        return wants_certificate(host);
    }
    let (said, advice) = of_protocol(&error);
    let problem = format!("the TLS connection to {host} failed: {said}");
    Failure::new(FailureKind::Broken, problem).because(error).advising(advice)
}

/// What is wrong with a certificate, and what to do about it.
fn of_certificate(problem: &CertificateError) -> (&'static str, &'static str) {
    match problem {
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
        CertificateError::Other(OtherError(other)) => match other.downcast_ref() {
            Some(problem) => of_authority(*problem),
            None => of_chain(other.downcast_ref()),
        },
        _ => INVALID,
    }
}

fn of_chain(problem: Option<&webpki::Error>) -> (&'static str, &'static str) {
    match problem {
        Some(webpki::Error::CaUsedAsEndEntity) => (
            "is that of a certificate authority, which no server may show",
            "give this very certificate with --ca-file, or issue one for the server, without \
             CA:TRUE",
        ),
        Some(webpki::Error::EndEntityUsedAsCa) => (
            "is issued by one that may issue none",
            "give the server's own certificate with --ca-file, or that of an authority: one with \
             CA:TRUE",
        ),
        _ => INVALID,
    }
}

const INVALID: (&str, &str) =
    ("is not valid", "something may stand in between: see DNS and proxies");

fn of_authority(problem: AuthorityProblem) -> (&'static str, &'static str) {
    match problem {
        AuthorityProblem::Expired => (
            "leads to an authority of --ca-file that has expired",
            "see that the clock of this machine is right (`date`); if it is, get the authority's \
             new certificate",
        ),
        AuthorityProblem::NotValidYet => (
            "leads to an authority of --ca-file that is not valid yet",
            "the clock of this machine is probably wrong: see what `date` says",
        ),
        AuthorityProblem::PathTooLong => (
            "leads to an authority of --ca-file that does not allow so many others in between",
            "have the certificate issued by an authority that may, or give the one in between with \
             --ca-file",
        ),
    }
}

/// What is wrong with a server's TLS, and what to do about it.
fn of_protocol(error: &TlsError) -> (&'static str, &'static str) {
    match error {
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => (
            "what answers there does not speak TLS, but plain HTTP perhaps",
            "see the port, and whether https:// is right; a login page of the network or a proxy may \
             answer in its place",
        ),
        TlsError::AlertReceived(AlertDescription::ProtocolVersion)
        | TlsError::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => (
            "it speaks neither TLS 1.2 nor 1.3, and older versions are not safe",
            "what answers there has to be updated, the server or a proxy in between",
        ),
        TlsError::AlertReceived(
            AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity,
        )
        | TlsError::PeerIncompatible(_) => (
            "it has no algorithm of TLS in common with this program, or wants a certificate of its \
             clients",
            "what answers there may be too old, or meant for other clients: see the server, and \
             proxies in between",
        ),
        TlsError::AlertReceived(AlertDescription::UnrecognisedName) => (
            "it does not know that name",
            "something else may answer in its place: see DNS, --resolve and proxies",
        ),
        _ => {
            ("it broke off", "something in between may not let TLS pass: see proxies and firewalls")
        }
    }
}

/// Whether a server ended a connection because it wants a certificate. TLS 1.2 has no alert
/// of its own for that.
fn asks_for_certificate(error: &TlsError, peer: &Peer) -> bool {
    use AlertDescription::{BadCertificate, CertificateRequired, HandshakeFailure, NoCertificate};
    match error {
        TlsError::AlertReceived(CertificateRequired) => true,
        TlsError::AlertReceived(BadCertificate | HandshakeFailure | NoCertificate) => {
            peer.wants_certificate.load(Ordering::Relaxed)
        }
        _ => false,
    }
}

fn wants_certificate(host: &str) -> Failure {
    Failure::new(FailureKind::Refused, format!("{host} wants a certificate of its clients"))
        .advising(
            "this program has none to show: go through a proxy that has, or have the host leave it \
             out for uploads",
        )
}

/// The error of a connection that was already made. In TLS 1.3 a server refuses a client without
/// a certificate only then.
pub(super) fn later(error: TlsError) -> io::Error {
    if asks_for_certificate(&error, &Peer::default()) {
        return wants_certificate("the server").into();
    }
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_of_tls_says_what_it_means_and_what_to_do() {
        let (asked, silent) = (Peer::default(), Peer::default());
        asked.wants_certificate.store(true, Ordering::Relaxed);
        let alert = TlsError::AlertReceived;
        for (error, peer, kind, words) in [
            (alert(AlertDescription::HandshakeFailure), &silent, "Broken", "in common"),
            (alert(AlertDescription::HandshakeFailure), &asked, "Refused", "a certificate of"),
            (alert(AlertDescription::BadCertificate), &asked, "Refused", "a certificate of"),
            (alert(AlertDescription::CertificateRequired), &silent, "Refused", "of its cl"),
            (alert(AlertDescription::ProtocolVersion), &asked, "Broken", "neither TLS 1.2 nor 1.3"),
            (alert(AlertDescription::UnrecognisedName), &silent, "Broken", "that name"),
            (alert(AlertDescription::InternalError), &silent, "Broken", "broke off"),
            (
                TlsError::InvalidMessage(InvalidMessage::InvalidContentType),
                &silent,
                "Broken",
                "plain HTTP",
            ),
        ] {
            let failure = of_tls(error.clone(), "x.example", peer);
            assert_eq!(format!("{:?}", failure.kind), kind, "{error:?}");
            assert!(failure.problem.contains(words), "{error:?} {failure}");
            assert!(failure.problem.contains("x.example") && failure.advice.is_some(), "{failure}");
        }
    }

    #[test]
    fn an_end_in_the_handshake_says_no_more_than_that() {
        let error = io::Error::new(io::ErrorKind::UnexpectedEof, "failed to fill whole buffer");
        let failure = of_handshake(error, "x.example", &Peer::default());
        assert!(!failure.to_string().contains("whole buffer"), "{failure}");
        assert!(failure.advice.is_some());
    }
}
