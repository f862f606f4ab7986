//! What attempts to store a package have shown, and what follows from that.

use std::time::Duration;

use crate::error::Error;

/// Why one attempt did not show that the package is stored.
pub(super) struct NotShown {
    pub(super) error: Error,
    /// Whether the package may be stored all the same.
    pub(super) may_be_stored: bool,
    pub(super) verdict: Verdict,
}

/// What to do after an attempt.
pub(super) enum Verdict {
    Retry(Option<Duration>),
    /// Ask the API whether the package arrived, and retry if it did not.
    Ask(Unclear),
    /// Start anew with another token.
    Renew,
    GiveUp,
    /// The storage holds something else than what was sent: send it again.
    SendAgain(Damage),
}

/// Why it is not known whether the package arrived.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Unclear {
    AnswerLost,
    /// 203: the package is stored, and the storage's callback failed.
    CallbackFailed,
    /// 409: perhaps by an earlier attempt.
    KeyTaken,
}

/// What the storage holds instead of the package.
pub(super) struct Damage {
    pub(super) action: String,
    pub(super) problem: String,
    pub(super) http_status: u16,
}

impl Damage {
    /// The error for this, whatever failed last.
    pub(super) fn to_error(&self, last_failure: Option<&Error>) -> Error {
        let last = last_failure.map(|failure| failure.report_after(&self.action));
        let problem = match last.filter(|last| *last != self.problem) {
            Some(last) => format!("{}; the last attempt: {last}", self.problem),
            None => self.problem.clone(),
        };
        Error::Storage {
            action: self.action.clone(),
            problem,
            advice: None,
            http_status: self.http_status,
            code: None,
            may_pass: false,
        }
    }
}

/// Why a package was not stored, as far as known.
pub(crate) struct StoreFailure {
    pub(crate) error: Error,
    /// The key that it was sent under; `None` if there was no token.
    pub(super) key: Option<String>,
    /// The token has expired: with a new one it may work.
    pub(crate) is_expired: bool,
    /// An attempt may have stored the package all the same: a build may appear.
    pub(super) may_be_stored: bool,
    pub(super) damage: Option<Damage>,
}

impl From<Error> for Box<StoreFailure> {
    /// A failure before anything was sent. (Boxed, like everything here that has an error in it: an
    /// error is large, and results that carry one by value are copied around.)
    fn from(error: Error) -> Self {
        let (key, is_expired, may_be_stored, damage) = (None, false, false, None);
        Self::new(StoreFailure { error, key, is_expired, may_be_stored, damage })
    }
}

impl StoreFailure {
    /// The error of an upload that ends here.
    pub(crate) fn into_error(self) -> Error {
        if !self.may_be_stored {
            return self.error;
        }
        Error::uncertain(self.key, self.error)
    }

    /// The error of an upload that went on with another key and failed with `later`.
    pub(crate) fn followed_by(self, later: Error) -> Error {
        if !self.may_be_stored {
            return later;
        }
        let error = match &self.damage {
            Some(damage) => damage.to_error(Some(&later)),
            None => later,
        };
        Self { error, ..self }.into_error()
    }

    /// The key that a build may still appear under.
    pub(crate) fn key_of_build(&self) -> Option<&str> {
        self.key.as_deref().filter(|_| self.may_be_stored)
    }

    /// The same key, if the API's word for it counts: after a wrong checksum it does not, because
    /// what arrived may be the damaged object.
    pub(crate) fn key_to_ask(&self) -> Option<&str> {
        self.key_of_build().filter(|_| self.damage.is_none())
    }
}
