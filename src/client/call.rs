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
    /// Whether the server is asked (`Expect: 100-continue`) before all of the file goes out.
    pub(super) expects_continue: bool,
    /// Whether the call must not be carried out twice: it is not sent again after its last byte
    /// went out.
    pub(super) not_idempotent: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn post(path: &'static str, action: &'a str) -> Self {
        Self {
            action,
            path,
            fields: Vec::new(),
            file: None,
            expects_continue: false,
            not_idempotent: false,
        }
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
        self.not_idempotent = true;
        self
    }

    pub(crate) fn expect_continue(mut self) -> Self {
        self.expects_continue = true;
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
        if self.not_idempotent && all_sent {
            return self.uncertain(error);
        }
        Box::new(Failed { may_retry, may_go_elsewhere, ..error.into() })
    }

    /// The final failure of a request that may have published a build.
    fn uncertain(&self, error: Error) -> Box<Failed> {
        Box::new(Error::uncertain(None, error).into())
    }

    /// Turns an answer into a value or an error. The API's JSON is judged by its code, whatever its
    /// status; but neither a redirect nor an early success is the API's. Anything else is not the
    /// API's answer: another host or a later attempt may do better.
    pub(super) fn judge(
        &self,
        answer: Answer,
        envelope: Option<Envelope>,
        url: &Url,
        redactor: &Redactor,
    ) -> Result<Envelope, Box<Failed>> {
        let is_transient = is_transient(answer.status);
        let is_refusal = envelope.as_ref().is_some_and(|envelope| envelope.code != 0);
        // A success before everything was sent can't be real; a refusal may come at any time.
        let is_premature = answer.is_early_success() && !is_refusal;
        let is_the_apis = envelope.is_some() && !answer.is_redirect() && !is_premature;
        let error = match envelope {
            Some(envelope) if is_the_apis && is_refusal => self.refused(envelope),
            Some(envelope) if is_the_apis && !is_transient => return Ok(envelope),
            _ => not_the_apis(self.action, &answer, url, redactor),
        };
        if self.not_idempotent && answer.all_sent && (is_transient || !is_the_apis) {
            return Err(self.uncertain(error));
        }
        Err(Box::new(Failed {
            error,
            may_retry: is_transient || !is_the_apis,
            may_go_elsewhere: !is_the_apis,
            is_the_apis,
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
    let (problem, advice) = if answer.is_redirect() {
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
    /// Whether it was the API that answered.
    pub(super) is_the_apis: bool,
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
            is_the_apis: false,
            retry_after: None,
        }
    }
}

impl From<Error> for Box<Failed> {
    fn from(error: Error) -> Self {
        Self::new(error.into())
    }
}
