//! What to do about an error, in words.

use super::{Error, ErrorKind};
use crate::shell::wait_command;

impl Error {
    /// What to do about it, if there is something.
    ///
    /// ```
    /// assert!(pgyer::Error::NoApiKey.advice().is_some_and(|advice| advice.contains("API")));
    /// ```
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::FileChanged { .. } => {
                Some("upload it again when nothing writes to it any more".into())
            }
            Self::NoApiKey => Some(
                "set PGYER_API_KEY or use --api-key-file; the key is on Pgyer's website under \
                 Account, API"
                    .into(),
            ),
            Self::Refused { code: 1001 | 1002, .. } => Some(
                "check the API key: it is on Pgyer's website under Account, API; this is not the \
                 User Key"
                    .into(),
            ),
            Self::Io { advice, .. }
            | Self::Package { advice, .. }
            | Self::Network { advice, .. }
            | Self::Storage { advice, .. } => advice.clone(),
            Self::Cancelled { .. } => {
                Some("to go on, use a client whose flag for cancelling is not set".into())
            }
            Self::Publish { .. } => Some(
                "the package was stored, and Pgyer could not make a build of it: see that it \
                 installs on a device"
                    .into(),
            ),
            _ => self.way_on(),
        }
    }

    /// How to go on once something was sent.
    fn way_on(&self) -> Option<String> {
        match self {
            Self::Pending { key, .. } => Some(format!(
                "it is the service's queue that takes so long, not the package; go on waiting \
                 with: {}",
                wait_command(key)
            )),
            Self::Uncertain { key: Some(key), source } => Some(source.advice_and(format!(
                "a build may still appear under the key {key}; ask with: {}",
                wait_command(key)
            ))),
            Self::Uncertain { key: None, source } => Some(
                source.advice_and(
                    "the build may have been published: look at the app's page on Pgyer before \
                 sending it again"
                        .into(),
                ),
            ),
            Self::OtherApp { key: Some(key), .. } => {
                Some(format!("it can be installed; see what it is with: {}", wait_command(key)))
            }
            Self::NotConfirmed { key, source } => {
                Some(source.advice_and(format!("go on waiting with: {}", wait_command(key))))
            }
            Self::Attachment { next, source, .. } if source.kind() == ErrorKind::Pending => {
                Some(format!(
                    "it is the service or its queue that takes so long, not the package; go on \
                     with: {next}"
                ))
            }
            Self::Attachment { next, source, .. } => {
                Some(source.advice_and(format!("the package is stored; go on with: {next}")))
            }
            _ => None,
        }
    }

    /// This error's advice and `more`, without repetition.
    pub(super) fn advice_and(&self, more: String) -> String {
        match self.advice() {
            Some(advice) if advice.contains(&more) => advice,
            Some(advice) if !more.contains(&advice) => format!("{advice}; {more}"),
            _ => more,
        }
    }

    /// Returns this error with an answer to whether a retry may succeed.
    pub(crate) fn that_may_pass(mut self, may: bool) -> Self {
        if let Self::Network { may_pass, .. } | Self::Storage { may_pass, .. } = &mut self {
            *may_pass = may;
        }
        self
    }

    /// Returns this error with more advice.
    pub(crate) fn advising(mut self, more: &str) -> Self {
        let all = self.advice_and(more.to_owned());
        if let Self::Network { advice, .. } | Self::Storage { advice, .. } = &mut self {
            *advice = Some(all);
        }
        self
    }
}
