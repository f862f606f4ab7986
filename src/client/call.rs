//! One request to the API, and what its answer means.

use std::time::Duration;

use crate::error::Error;
use crate::multipart::FormFile;
use crate::redact::Redactor;
use crate::retry::is_transient;
use crate::source::Source;
use crate::transport::{Answer, Failure, FailureKind, Url};
use crate::types::Envelope;

/// One request to the API.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// What is being done, for messages: "get an upload token".
    pub(super) action: &'a str,
    pub(super) path: &'static str,
    /// All fields but `_api_key`.
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) file: Option<FormFile<'a>>,
    /// Whether the call must not be carried out twice: it is not sent again after its last byte
    /// went out.
    pub(super) once: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn post(path: &'static str, action: &'a str) -> Self {
        Self { action, path, fields: Vec::new(), file: None, once: false }
    }

    pub(crate) fn field(mut self, name: &'static str, value: &str) -> Self {
        self.fields.push((name, value.to_owned()));
        self
    }

    pub(crate) fn fields(mut self, fields: Vec<(&'static str, String)>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// Sends the fields as a form with this file.
    pub(crate) fn file(mut self, source: &'a Source) -> Self {
        self.file = Some(FormFile::new("file", source));
        self
    }

    pub(crate) fn not_idempotent(mut self) -> Self {
        self.once = true;
        self
    }
}

impl Call<'_> {
    /// Decides what to do about a request that got no answer.
    pub(super) fn failed(&self, failure: Failure) -> Box<Failed> {
        let may_retry = failure.is_retryable();
        let may_go_elsewhere = may_retry || failure.kind == FailureKind::Refused;
        let all_sent = failure.all_sent;
        let error = failure.into_error(self.action);
        if self.once && all_sent {
            return self.uncertain(error);
        }
        Box::new(Failed { may_retry, may_go_elsewhere, ..error.into() })
    }

    /// The final failure of a request that may have published a build.
    fn uncertain(&self, error: Error) -> Box<Failed> {
        Box::new(Error::Uncertain { key: None, source: Box::new(error) }.into())
    }

    /// Turns a status and a body into a value or an error.
    pub(super) fn judge(
        &self,
        answer: Answer,
        envelope: Option<Envelope>,
        url: &Url,
        redactor: &Redactor,
    ) -> Result<Envelope, Box<Failed>> {
        let transient = is_transient(answer.status);
        let redirect = (300..400).contains(&answer.status);
        let is_refusal = envelope.as_ref().is_some_and(|envelope| envelope.code != 0);
        // A success before everything was sent can't be real; a refusal may come at any time.
        let is_premature = answer.is_early_success() && !is_refusal;
        let is_pgyer = envelope.is_some() && !redirect && !is_premature;
        let error = match envelope {
            Some(envelope) if is_pgyer && is_refusal => self.refused(envelope),
            Some(envelope) if is_pgyer && !transient => return Ok(envelope),
            _ => not_the_apis(self.action, &answer, url, redactor),
        };
        if self.once && answer.all_sent && (transient || !is_pgyer) {
            return Err(self.uncertain(error));
        }
        Err(Box::new(Failed {
            error,
            may_retry: transient || !is_pgyer,
            may_go_elsewhere: !is_pgyer,
            is_pgyer,
            retry_after: answer.retry_after(),
        }))
    }

    fn refused(&self, envelope: Envelope) -> Error {
        Error::Refused {
            action: self.action.to_owned(),
            code: envelope.code,
            message: envelope.message,
            http_status: envelope.http_status,
        }
    }
}

/// The error for an answer that did not come from the API: a redirect, a web page, an unexpected
/// status.
pub(crate) fn not_the_apis(action: &str, answer: &Answer, url: &Url, redactor: &Redactor) -> Error {
    let status = answer.status;
    let (problem, advice) = if (300..400).contains(&status) {
        let to = answer.header("location").and_then(|location| Url::parse(location).ok());
        let to = to.map_or_else(String::new, |to| format!(" to {}", redactor.clean(to.host())));
        (
            format!("{} redirects{to} (HTTP {status})", url.host()),
            "the API key is not sent there: see DNS, proxies and --api-url",
        )
    } else if answer.is_html() {
        (
            format!("{} answered with a web page (HTTP {status}), not as the API", url.host()),
            "a gateway, a proxy or a login page of the network may stand in between",
        )
    } else if is_transient(status) {
        (format!("{} answered HTTP {status}", url.host()), "the service may be busy: try later")
    } else if answer.is_early_success() {
        (
            format!("{} answered HTTP {status} before it had the whole request", url.host()),
            "see what stands in between",
        )
    } else {
        (
            format!("{} answered HTTP {status}, and not with the API's JSON", url.host()),
            "see --api-url, and what stands in between",
        )
    };
    Error::Network {
        action: action.to_owned(),
        problem,
        advice: Some(advice.to_owned()),
        http_status: Some(status),
        may_pass: true,
        source: None,
    }
}

/// A failed attempt, and what may be done about it.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) may_retry: bool,
    /// Whether another of the API's hosts may do better.
    pub(super) may_go_elsewhere: bool,
    /// Whether it was Pgyer that answered.
    pub(super) is_pgyer: bool,
    pub(crate) retry_after: Option<Duration>,
}

impl Failed {
    /// A failure that trying another host would not fix.
    pub(crate) fn local(error: Error, may_retry: bool, retry_after: Option<Duration>) -> Box<Self> {
        Box::new(Self { may_retry, retry_after, ..error.into() })
    }
}

impl From<Error> for Failed {
    /// A failure that is final.
    fn from(error: Error) -> Self {
        Self {
            error,
            may_retry: false,
            may_go_elsewhere: false,
            is_pgyer: false,
            retry_after: None,
        }
    }
}

impl From<Error> for Box<Failed> {
    fn from(error: Error) -> Self {
        Self::new(error.into())
    }
}
