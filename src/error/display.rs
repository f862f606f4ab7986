//! What went wrong, in words.

use std::fmt;

use super::Error;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, .. } => write!(f, "cannot {action}"),
            Self::FileChanged { path, change } => {
                write!(f, "{}: the file {change} while it was being uploaded", path.display())
            }
            Self::Usage { message } => f.write_str(message),
            Self::Package { path, problem, .. } | Self::Unexpected { path, problem, .. } => {
                write!(f, "{}: {problem}", path.display())
            }
            Self::NoApiKey => f.write_str("there is no API key"),
            Self::Refused { action, code, message, http_status } => {
                write!(f, "cannot {action}: Pgyer answered code {code}")?;
                write_message(f, message)?;
                write_status(f, *http_status)
            }
            Self::Unusable { action, problem, .. } => {
                write!(f, "cannot {action}: Pgyer's answer can't be used: {problem}")
            }
            Self::Cancelled { action } => write!(f, "cannot {action}: it was cancelled"),
            Self::Network { action, problem, .. } | Self::Storage { action, problem, .. } => {
                write!(f, "cannot {action}: {problem}")
            }
            Self::Publish { .. } | Self::OtherApp { .. } | Self::Pending { .. } => {
                self.write_outcome(f)
            }
            Self::Uncertain { .. } => {
                f.write_str("everything was sent, and whether it becomes a build is not known")
            }
            Self::NotConfirmed { key, .. } => write!(
                f,
                "the package is stored under the key {key}, and whether it is published is not \
                 known"
            ),
            Self::Attachment { path, .. } => write!(f, "{}", path.display()),
        }
    }
}

impl Error {
    /// What became of a build.
    fn write_outcome(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Publish { key, code, message, .. } => {
                f.write_str("Pgyer could not publish the build")?;
                if let Some(key) = key {
                    write!(f, " with the key {key}")?;
                }
                write!(f, ": code {code}")?;
                write_message(f, message)
            }
            Self::OtherApp { key: Some(key), problem, .. } => {
                write!(f, "{problem} (its key is {key})")
            }
            Self::OtherApp { key: None, problem, .. } => f.write_str(problem),
            _ => self.write_pending(f),
        }
    }

    fn write_pending(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Pending { key, waited, code, message, last_failure, .. } = self else {
            return Ok(());
        };
        write!(f, "the build with the key {key} is stored, and not published yet")?;
        // Less would be called 0 s.
        if waited.as_millis() > 500 {
            write!(f, " after {:.0} s", waited.as_secs_f64())?;
        }
        if let Some(code) = code {
            write!(f, ": Pgyer answered code {code}")?;
            write_message(f, message)?;
        }
        match last_failure {
            Some(failure) => write!(f, " (what failed last: {failure})"),
            None => Ok(()),
        }
    }
}

/// The status where it is not the usual one.
fn write_status(f: &mut fmt::Formatter<'_>, status: u16) -> fmt::Result {
    if status == 200 { Ok(()) } else { write!(f, " (HTTP {status})") }
}

fn write_message(f: &mut fmt::Formatter<'_>, message: &str) -> fmt::Result {
    if message.is_empty() { Ok(()) } else { write!(f, ", \"{message}\"") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_wait_is_told_unless_there_was_none() {
        let pending = |milliseconds| Error::Pending {
            key: "k".to_owned(),
            waited: Duration::from_millis(milliseconds),
            code: None,
            message: String::new(),
            http_status: None,
            last_failure: None,
        };
        for wait in [0, 20, 500] {
            assert!(pending(wait).to_string().ends_with("not published yet"));
        }
        assert!(pending(501).to_string().ends_with("not published yet after 1 s"));
    }
}
