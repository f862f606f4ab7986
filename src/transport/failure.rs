//! Why a request got no answer.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use crate::error::Error;
use crate::redact::Redactor;

/// Why there is no answer. `problem` fits after "cannot do this: ".
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) problem: String,
    pub(crate) advice: Option<String>,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
    /// Whether the last byte of the request's body had gone out, so that the request may have done
    /// its work.
    pub(crate) all_sent: bool,
}

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The server was not reached.
    Unreachable,
    /// What was reached is not the server, or can't be one: a certificate, a proxy's refusal, a
    /// name that can't be. Trying again changes nothing.
    Refused,
    /// The connection broke, or carried something that is not HTTP.
    Broken,
    /// Nothing moved on the connection any more.
    Stalled,
    /// A pooled connection was dead before anything came back. Never leaves the transport, which
    /// sends the request again on another connection.
    Stale,
    /// The deadline of the whole job passed.
    Deadline,
    /// The caller does not want the job any more.
    Cancelled,
    /// Something on this machine is wrong, the file or a setting; the source is the [`Error`].
    Local,
}

impl Failure {
    pub(super) fn new(kind: FailureKind, problem: impl Into<String>) -> Self {
        Self { kind, problem: problem.into(), advice: None, source: None, all_sent: false }
    }

    pub(super) fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// Keeps the source, except for an unexpected end, whose text adds nothing ("failed to fill
    /// whole buffer").
    pub(super) fn because_of_io(self, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::UnexpectedEof => self,
            _ => self.because(source),
        }
    }

    pub(super) fn advising(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Hides the host, if a server has put a secret into its name.
    pub(crate) fn without_secret_host(mut self, host: &str, redactor: &Redactor) -> Self {
        let shown = redactor.clean(host);
        if shown != host {
            self.problem = self.problem.replace(host, &shown);
            self.advice = self.advice.map(|advice| advice.replace(host, &shown));
            // A certificate error contains the host's name, which can't be replaced in there.
            self.source = self.source.filter(|source| source.is::<Error>());
        }
        self
    }

    /// Puts what was being done before the problem.
    pub(super) fn with_context(self, context: &str) -> Self {
        Self { problem: format!("{context}: {}", self.problem), ..self }
    }

    pub(super) fn deadline() -> Self {
        Self::new(FailureKind::Deadline, "the time allowed for the whole command ran out")
            .advising("allow more with --timeout")
    }

    pub(super) fn cancelled() -> Self {
        Self::new(FailureKind::Cancelled, "it was cancelled")
    }

    /// Takes a failure back out of the `io::Error` that carried it through `ureq` or `rustls`.
    pub(super) fn from_io(error: io::Error) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(failure) => return failure,
            Err(error) => error,
        };
        match error.downcast::<Error>() {
            Ok(error) => error.into(),
            Err(error) => Self::broken(error),
        }
    }

    fn broken(error: io::Error) -> Self {
        let problem = match error.kind() {
            io::ErrorKind::UnexpectedEof => "the connection was closed in the middle",
            io::ErrorKind::ConnectionReset => "the connection was reset by the peer",
            io::ErrorKind::BrokenPipe => "the connection was closed by the peer",
            _ => "the connection broke",
        };
        Self::new(FailureKind::Broken, problem).because_of_io(error)
    }

    /// Whether this side stopped, so that there is nothing to say about the other one.
    pub(super) fn is_stop(&self) -> bool {
        matches!(self.kind, FailureKind::Deadline | FailureKind::Cancelled)
    }

    /// Whether a retry may succeed.
    pub(crate) fn is_retryable(&self) -> bool {
        use FailureKind::{Broken, Stalled, Unreachable};
        matches!(self.kind, Unreachable | Broken | Stalled)
    }

    /// The error that a caller sees.
    pub(crate) fn into_error(self, action: &str) -> Error {
        let may_pass = self.is_retryable();
        match (self.kind, self.source.map(|source| source.downcast::<Error>())) {
            (FailureKind::Local, Some(Ok(error))) => *error,
            (FailureKind::Cancelled, _) => Error::cancelled(action),
            (_, source) => Error::Network {
                action: action.to_owned(),
                problem: self.problem,
                advice: self.advice,
                http_status: None,
                may_pass,
                source: source.and_then(Result::err),
            },
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl StdError for Failure {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(FailureKind::Local, error.to_string()).because(error)
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        Self::other(failure)
    }
}

impl From<ureq::Error> for Failure {
    /// `ureq`'s own texts may hold whole URLs; these don't.
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Io(error) => Self::from_io(error),
            ureq::Error::LargeResponseHeader(..) => {
                Self::new(FailureKind::Broken, "the head of the answer is too large")
            }
            ureq::Error::Protocol(error) => {
                Self::new(FailureKind::Broken, "the answer is not HTTP").because(error)
            }
            ureq::Error::Other(error) => {
                Self::new(FailureKind::Broken, format!("the request failed: {error}"))
            }
            _ => Self::new(FailureKind::Broken, "the request can't be made, or not be answered"),
        }
    }
}
