//! The kinds of errors, and the exit codes that go with them.

use std::fmt;

/// The kinds of errors, as the program's exit codes and its JSON tell them apart.
///
/// ```
/// use pgyer::ErrorKind;
///
/// assert_eq!(ErrorKind::Pending.to_string(), "pending");
/// assert_eq!(ErrorKind::Pending.exit_code(), 9);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Anything else on this machine.
    Io,
    /// The caller's settings or values can't be used.
    Usage,
    /// The file is not something that Pgyer can publish.
    Package,
    /// No API key, or the service does not accept it.
    Auth,
    /// The service refused the request, or answered with something that can't be used.
    Api,
    /// DNS, TCP, TLS, proxy, time-out, a redirect, or a response that is not the API's.
    Network,
    /// The storage refused the file, or did not store what was sent.
    Storage,
    /// The service could not publish the build.
    Publish,
    /// Stored, and not published yet.
    Pending,
}

impl ErrorKind {
    /// The name that the program's JSON uses: `io`, `usage`, ….
    pub fn name(self) -> &'static str {
        match self {
            Self::Io => "io",
            Self::Usage => "usage",
            Self::Package => "package",
            Self::Auth => "auth",
            Self::Api => "api",
            Self::Network => "network",
            Self::Storage => "storage",
            Self::Publish => "publish",
            Self::Pending => "pending",
        }
    }

    /// The exit code of the program for this kind: 1 to 9.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Io => 1,
            Self::Usage => 2,
            Self::Package => 3,
            Self::Auth => 4,
            Self::Api => 5,
            Self::Network => 6,
            Self::Storage => 7,
            Self::Publish => 8,
            Self::Pending => 9,
        }
    }
}

impl fmt::Display for ErrorKind {
    /// Writes the [`name`](Self::name).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
