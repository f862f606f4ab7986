//! The kinds of errors, and the exit codes that go with them.

use std::fmt;
use std::str::FromStr;

use super::Error;

/// The kinds of errors, as the program's exit codes and its JSON tell them apart.
///
/// ```
/// use pgyer::ErrorKind;
///
/// assert_eq!(ErrorKind::Pending.to_string(), "pending");
/// assert_eq!(ErrorKind::Pending.exit_code(), 9);
/// assert_eq!("pending".parse::<ErrorKind>()?, ErrorKind::Pending);
/// # Ok::<(), pgyer::Error>(())
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
    /// The caller did not want it any more: see
    /// [`Client::with_cancel`](crate::Client::with_cancel). The program never ends with this: at
    /// Ctrl-C the signal itself ends it.
    Cancelled,
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
            Self::Cancelled => "cancelled",
        }
    }

    /// All kinds, in the order of their exit codes.
    const ALL: [Self; 10] = [
        Self::Io,
        Self::Usage,
        Self::Package,
        Self::Auth,
        Self::Api,
        Self::Network,
        Self::Storage,
        Self::Publish,
        Self::Pending,
        Self::Cancelled,
    ];

    /// The exit code for this kind: 1 to 9, as the program has them, and 130 for what was
    /// cancelled, as shells report what Ctrl-C has ended.
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
            Self::Cancelled => 130,
        }
    }
}

impl fmt::Display for ErrorKind {
    /// Writes the [`name`](Self::name).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for ErrorKind {
    type Err = Error;

    /// Reads a [`name`](Self::name), as in the program's JSON.
    fn from_str(name: &str) -> Result<Self, Error> {
        let kind = Self::ALL.into_iter().find(|kind| kind.name() == name);
        kind.ok_or_else(|| Error::usage(format!("'{name}' is not a kind of error")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_by_its_name() {
        for (kind, code) in ErrorKind::ALL.into_iter().zip([1, 2, 3, 4, 5, 6, 7, 8, 9, 130]) {
            assert_eq!(kind.name().parse::<ErrorKind>().unwrap(), kind);
            assert_eq!(kind.exit_code(), code);
        }
        assert!("Io".parse::<ErrorKind>().is_err());
    }
}
