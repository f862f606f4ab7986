//! What can go wrong, as one enum.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::finding::Finding;
use crate::retry::is_transient;

mod advice;
mod display;
mod kind;

pub use kind::ErrorKind;

/// A result of this library.
///
/// ```
/// fn size(path: &str) -> pgyer::Result<u64> {
///     Ok(pgyer::Package::open(path)?.size())
/// }
/// assert!(size("no-such-file.apk").is_err());
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong, by what happened.
///
/// [`Display`](std::fmt::Display) says what was being done and what was wrong, without the
/// [`source`](StdError::source); [`advice`](Self::advice) says what to do about it, and
/// [`report`](Self::report) joins all three into one message for people. Secrets in what servers
/// say are replaced by `***` before they get here.
///
/// ```
/// use pgyer::{Error, ErrorKind, Package};
///
/// let error = Package::open("no-such-file.apk").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Io);
/// match error {
///     Error::Io { action, source, .. } => eprintln!("{action}: {source}"),
///     other => eprintln!("{}", other.report()),
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Something on this machine: a file that is missing or can't be read or written.
    #[non_exhaustive]
    Io {
        /// What was being done, with the path.
        action: String,
        /// Why it could not be done.
        source: io::Error,
        /// What to do.
        advice: Option<String>,
    },
    /// The file changed after it was opened and checked.
    #[non_exhaustive]
    FileChanged {
        /// The file.
        path: PathBuf,
        /// What happened to it: "shrank", "grew", …
        change: &'static str,
    },
    /// The caller's settings or values can't be used.
    #[non_exhaustive]
    Usage {
        /// What is wrong with which value, and what is expected.
        message: String,
    },
    /// The file is not something that Pgyer can publish.
    #[non_exhaustive]
    Package {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        advice: Option<String>,
    },
    /// The package is not what [`Expected`](crate::Expected) says. Nothing was sent.
    #[non_exhaustive]
    Unexpected {
        /// The file.
        path: PathBuf,
        /// What differs, or what will keep phones from installing it.
        problem: String,
        /// All that was found in the package, if strictness refused it.
        findings: Vec<Finding>,
    },
    /// There is no API key to send.
    NoApiKey,
    /// The API answered with a code other than 0.
    #[non_exhaustive]
    Refused {
        /// What was being done.
        action: String,
        /// The API's code.
        code: i64,
        /// The API's message; may be empty.
        message: String,
        /// The status of the HTTP response.
        http_status: u16,
    },
    /// The API answered 0, and with something that can't be used.
    #[non_exhaustive]
    Unusable {
        /// What was being done.
        action: String,
        /// What is wrong with the answer.
        problem: String,
        /// The HTTP status, if known.
        http_status: Option<u16>,
    },
    /// The flag of [`Client::with_cancel`](crate::Client::with_cancel) was set.
    #[non_exhaustive]
    Cancelled {
        /// What was being done.
        action: String,
    },
    /// The API or the storage could not be reached, or something else answered instead.
    #[non_exhaustive]
    Network {
        /// What was being done.
        action: String,
        /// What went wrong.
        problem: String,
        /// What to do.
        advice: Option<String>,
        /// The HTTP status, if there was a response.
        http_status: Option<u16>,
        /// Whether a retry may succeed: after an outage, but not with a certificate that is not
        /// trusted.
        may_pass: bool,
        /// The cause, if another library knows it. Its type is not part of this interface.
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// The storage refused the file, or did not store what was sent.
    #[non_exhaustive]
    Storage {
        /// What was being done.
        action: String,
        /// What the storage said: its code, message and request id, or what differs.
        problem: String,
        /// What to do.
        advice: Option<String>,
        /// The status of the HTTP response.
        http_status: u16,
        /// The storage's own code (`AccessDenied`, …), if it gave one.
        code: Option<String>,
        /// Whether a retry may succeed, as after a 503.
        may_pass: bool,
    },
    /// The service could not publish the build. Final.
    #[non_exhaustive]
    Publish {
        /// The key of step one; `None` for the legacy endpoint, which has no keys.
        key: Option<String>,
        /// The API's code.
        code: i64,
        /// The API's message; may be empty.
        message: String,
        /// The status of the HTTP response.
        http_status: u16,
    },
    /// The service published another app than the package is, and [`Expected`](crate::Expected)
    /// does not allow that. The build can be installed.
    #[non_exhaustive]
    OtherApp {
        /// The key of step one; `None` for the legacy endpoint, which has no keys.
        key: Option<String>,
        /// What differs, and the install page.
        problem: String,
        /// All that was found, this first, if strictness was asked for.
        findings: Vec<Finding>,
    },
    /// Stored but not published yet: waiting timed out, or was not requested.
    #[non_exhaustive]
    Pending {
        /// The key of step one, to go on waiting with.
        key: String,
        /// How long it was waited for.
        waited: Duration,
        /// The API's last code, if it answered.
        code: Option<i64>,
        /// The API's last message; may be empty.
        message: String,
        /// The status of that HTTP response.
        http_status: Option<u16>,
        /// The last failure, if the last question failed.
        last_failure: Option<String>,
    },
    /// Everything was sent, and whether it becomes a build is not known.
    #[non_exhaustive]
    Uncertain {
        /// The key of step one; `None` for the legacy endpoint, which has no keys.
        key: Option<String>,
        /// What went wrong.
        source: Box<Self>,
    },
    /// The package is stored, and asking what became of it failed: it may be published.
    #[non_exhaustive]
    NotConfirmed {
        /// The key of step one, to go on with.
        key: String,
        /// What went wrong.
        source: Box<Self>,
    },
    /// The package is stored; a file that belongs to it was not taken.
    #[non_exhaustive]
    Attachment {
        /// The certificate or HSP.
        path: PathBuf,
        /// The key of step one, to go on with.
        key: String,
        /// The command that goes on from here.
        next: String,
        /// What went wrong.
        source: Box<Self>,
    },
}

impl Error {
    /// An [`Error::Io`]; `action` follows "cannot", such as "read app.apk".
    pub fn io(action: impl Into<String>, source: io::Error) -> Self {
        Self::Io { action: action.into(), source, advice: None }
    }

    /// An [`Error::Usage`] for a setting or value that can't be used.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into() }
    }

    pub(crate) fn cancelled(action: &str) -> Self {
        Self::Cancelled { action: action.to_owned() }
    }

    /// The error of an upload after which a build may appear all the same.
    pub(crate) fn uncertain(key: Option<String>, source: Self) -> Self {
        Self::Uncertain { key, source: Box::new(source) }
    }

    /// The error for a failure that there is no time left to retry. A storage error stays one.
    pub(crate) fn no_time_after(failure: Self, action: &str) -> Self {
        if let Self::Storage { .. } = failure {
            return failure.advising("no time is left to try again: allow more with --timeout");
        }
        Self::Network {
            action: action.to_owned(),
            problem: failure.report_after(action),
            advice: Some(failure.advice_and("allow more with --timeout".to_owned())),
            http_status: failure.http_status(),
            may_pass: false,
            source: Some(Box::new(OutOfTime)),
        }
    }

    /// Whether this is [`no_time_after`](Self::no_time_after) a failure.
    pub(crate) fn is_out_of_time(&self) -> bool {
        matches!(self, Self::Network { source: Some(source), .. } if source.is::<OutOfTime>())
    }

    /// The kind of this error.
    ///
    /// ```
    /// use pgyer::{ErrorKind, Package};
    /// assert_eq!(Package::open("no-such-file.apk").unwrap_err().kind(), ErrorKind::Io);
    /// ```
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. } | Self::FileChanged { .. } => ErrorKind::Io,
            Self::Usage { .. } => ErrorKind::Usage,
            Self::Package { .. } | Self::Unexpected { .. } => ErrorKind::Package,
            Self::NoApiKey | Self::Refused { code: 1001 | 1002, .. } => ErrorKind::Auth,
            Self::Refused { .. } | Self::Unusable { .. } => ErrorKind::Api,
            Self::Cancelled { .. } => ErrorKind::Cancelled,
            Self::Network { .. } => ErrorKind::Network,
            Self::Storage { .. } => ErrorKind::Storage,
            Self::Publish { .. } | Self::OtherApp { .. } => ErrorKind::Publish,
            Self::Pending { .. } => ErrorKind::Pending,
            Self::Uncertain { source, .. }
            | Self::NotConfirmed { source, .. }
            | Self::Attachment { source, .. } => source.kind(),
        }
    }

    /// Whether the same call may succeed later: after an outage, a busy server, a broken
    /// connection. The client has made its own retries by then; see
    /// [`RetryPolicy`](crate::RetryPolicy) before writing a loop.
    ///
    /// False also where the same call could publish a second build. After [`Error::Pending`] and
    /// [`Error::Uncertain`] ask for the key with [`Client::wait`](crate::Client::wait).
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Network { may_pass, .. } | Self::Storage { may_pass, .. } => *may_pass,
            Self::Refused { http_status, .. } => is_transient(*http_status),
            _ => false,
        }
    }

    /// The code in the API's answer, if there was one.
    pub fn api_code(&self) -> Option<i64> {
        match self {
            Self::Refused { code, .. } | Self::Publish { code, .. } => Some(*code),
            Self::Pending { code, .. } => *code,
            Self::Uncertain { source, .. }
            | Self::NotConfirmed { source, .. }
            | Self::Attachment { source, .. } => source.api_code(),
            _ => None,
        }
    }

    /// The status of the HTTP response, if there was one.
    pub fn http_status(&self) -> Option<u16> {
        match self {
            Self::Refused { http_status, .. }
            | Self::Publish { http_status, .. }
            | Self::Storage { http_status, .. } => Some(*http_status),
            Self::Network { http_status, .. }
            | Self::Unusable { http_status, .. }
            | Self::Pending { http_status, .. } => *http_status,
            Self::Uncertain { source, .. }
            | Self::NotConfirmed { source, .. }
            | Self::Attachment { source, .. } => source.http_status(),
            _ => None,
        }
    }

    /// What was found in the package, if that is the reason.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Unexpected { findings, .. } | Self::OtherApp { findings, .. } => findings,
            _ => &[],
        }
    }

    /// One message for people: what was being done, what went wrong with its causes, what to do.
    ///
    /// ```
    /// let error = pgyer::Package::open("no-such-file.apk").unwrap_err();
    /// assert!(error.report().starts_with("cannot read no-such-file.apk: "));
    /// ```
    pub fn report(&self) -> String {
        let text = self.report_without_advice();
        match self.advice() {
            Some(advice) => format!("{text}; {advice}"),
            None => text,
        }
    }

    /// [`report_without_advice`](Self::report_without_advice) without the leading "cannot ACTION:
    /// ", for a message that has already said it.
    pub(crate) fn report_after(&self, action: &str) -> String {
        let report = self.report_without_advice();
        report.strip_prefix(&format!("cannot {action}: ")).unwrap_or(&report).to_owned()
    }

    /// What was being done and what went wrong with its causes.
    pub(crate) fn report_without_advice(&self) -> String {
        let mut text = self.to_string();
        let mut cause = StdError::source(self);
        while let Some(error) = cause {
            let said = error.to_string();
            // Wrappers of other libraries often repeat the text of what they wrap.
            if !text.ends_with(&said) {
                text = format!("{text}: {said}");
            }
            cause = error.source();
        }
        text
    }
}

/// The cause of a failure that was not retried: the deadline.
#[derive(Debug)]
struct OutOfTime;

impl std::fmt::Display for OutOfTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no time is left to try again")
    }
}

impl StdError for OutOfTime {}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Network { source: Some(source), .. } => Some(source.as_ref()),
            Self::Uncertain { source, .. }
            | Self::NotConfirmed { source, .. }
            | Self::Attachment { source, .. } => Some(source),
            _ => None,
        }
    }
}
