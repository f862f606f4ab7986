//! The form upload to the endpoint in a token. It never sees the API key.

use std::time::Duration;

use crate::client::{Client, FormFile};
use crate::error::{Error, Result, storage_may_recover};
use crate::escape;
use crate::multipart::Form;
use crate::package::Package;
use crate::percent::percent_encode;
use crate::redact::Redactor;
use crate::transport::{Answer, Failure, Url};
use crate::types::UploadToken;

impl Client {
    /// "Upload the File to the Returned URL": step two alone. Calls no API and needs no key.
    ///
    /// What was sent is verified against the storage's CRC-64, where it gives one.
    ///
    /// # Errors
    /// [`Error::Usage`] when the token's endpoint can't be used, [`Error::Storage`] when the
    /// storage refuses the file or the token has expired, [`Error::FileChanged`],
    /// [`Error::Network`] after the retries, [`Error::Uncertain`] when the answer was lost.
    ///
    /// ```no_run
    /// # fn f(token_json: &str) -> pgyer::Result<()> {
    /// use pgyer::{Client, Package, UploadToken};
    ///
    /// let keyless = Client::builder().build()?;
    /// let token = UploadToken::from_json(token_json)?;
    /// keyless.put(&token, &Package::open("app.apk")?.sent_as("demo-1.2.apk"))?;
    /// # Ok(()) }
    /// ```
    pub fn put(&self, token: &UploadToken, package: &Package) -> Result<()> {
        let url = self.endpoint(token).map_err(|problem| {
            Error::usage(format!("the token's endpoint can't be used: {problem}"))
        })?;
        self.tell_checked(package);
        let client = self.hiding(token.secrets());
        Storing::new(&client, token, &url, package).run(None).map_err(|mut failure| {
            if failure.is_expired {
                failure.error = advise(failure.error, "get a new token with: pgyer token");
            }
            failure.into_error()
        })
    }

    /// The token's endpoint, if bytes can be sent there safely.
    pub(crate) fn endpoint(&self, token: &UploadToken) -> Result<Url, String> {
        let url = Url::parse(token.endpoint())?;
        if url.is_private() || self.shared.insecure_http {
            return Ok(url);
        }
        Err("over http:// everybody on the way can read the package; --insecure-http allows it"
            .to_owned())
    }
}

/// Says whether the file arrived, where the storage's answer does not.
pub(crate) type Confirm<'a> = &'a dyn Fn() -> bool;

/// Why a file was not stored, as far as anybody knows.
pub(crate) struct StoreFailure {
    pub(crate) key: String,
    pub(crate) error: Error,
    /// The token has expired; with a new one it may work.
    pub(crate) is_expired: bool,
    /// An answer was lost, or left it open: a build may appear all the same.
    pub(crate) may_be_stored: bool,
}

impl StoreFailure {
    pub(crate) fn into_error(self) -> Error {
        if self.may_be_stored { uncertain(&self.key, self.error) } else { self.error }
    }
}

/// An error after which a build may still appear under a key.
pub(crate) fn uncertain(key: &str, error: Error) -> Error {
    Error::Uncertain { key: Some(key.to_owned()), source: Box::new(error) }
}

/// One file on its way to the storage. The client has to hide what is secret in the token.
pub(crate) struct Storing<'a> {
    client: &'a Client,
    token: &'a UploadToken,
    url: &'a Url,
    package: &'a Package,
    action: String,
}

/// What one try came to.
enum Outcome {
    Stored,
    /// It may be stored: the answer was lost, or was one that leaves it open.
    Open(Error),
    /// Something is stored, and not what was sent.
    Differs(Error),
    /// 203: stored, but something behind the storage failed.
    StoredAtLeast(Error),
    Expired(Error),
    Again(Error, Option<Duration>),
    Final(Error),
}

impl<'a> Storing<'a> {
    pub(crate) fn new(
        client: &'a Client,
        token: &'a UploadToken,
        url: &'a Url,
        package: &'a Package,
    ) -> Self {
        Self {
            client,
            token,
            url,
            package,
            action: format!(
                "upload {} to the storage under the key {}",
                package.path().display(),
                token.key()
            ),
        }
    }

    /// Sends the file until it is stored or the retries are used up. Without `confirm` there is
    /// nobody to ask after a lost answer, and it is sent again.
    pub(crate) fn run(&self, confirm: Option<Confirm<'_>>) -> Result<(), Box<StoreFailure>> {
        let mut backoff = self.client.shared.retry.backoff();
        let mut may_be_stored = false;
        loop {
            let (error, retry_after) = match self.attempt() {
                Outcome::Stored => return Ok(()),
                Outcome::StoredAtLeast(_) if confirm.is_none_or(|confirm| confirm()) => {
                    return Ok(());
                }
                Outcome::Open(_) if confirm.is_some_and(|confirm| confirm()) => return Ok(()),
                Outcome::Open(error) if confirm.is_none() && error.http_status() == Some(409) => {
                    let advice = "the key is taken: get a new token with: pgyer token";
                    return Err(self.failed(advise(error, advice), may_be_stored));
                }
                Outcome::StoredAtLeast(error) | Outcome::Open(error) | Outcome::Differs(error) => {
                    may_be_stored = true;
                    (error, None)
                }
                Outcome::Again(error, retry_after) => (error, retry_after),
                Outcome::Expired(error) => {
                    let mut failure = self.failed(error, may_be_stored);
                    failure.is_expired = true;
                    return Err(failure);
                }
                Outcome::Final(error) => return Err(self.failed(error, may_be_stored)),
            };
            let Some(delay) = backoff.next_delay(retry_after) else {
                return Err(self.failed(error, may_be_stored));
            };
            if !self.client.deadline.allows(delay) {
                let error = Error::no_time_after(&error, &self.action);
                return Err(self.failed(error, may_be_stored));
            }
            self.client.tell_retry(&self.action, &error, backoff.retries_done(), delay);
            std::thread::sleep(delay);
        }
    }

    fn failed(&self, error: Error, may_be_stored: bool) -> Box<StoreFailure> {
        let key = self.token.key().to_owned();
        Box::new(StoreFailure { key, error, is_expired: false, may_be_stored })
    }

    fn attempt(&self) -> Outcome {
        let mut form = Form::new();
        for (name, value) in &self.token.params {
            form.text(name, value);
        }
        let named = |(name, _): &(String, String)| name == "x-cos-meta-file-name";
        if !self.token.params.iter().any(named) {
            // It becomes a header of the object: control characters would break that.
            form.text("x-cos-meta-file-name", &without_controls(&self.package.file_name()));
        }
        let file = FormFile::new(&self.token.file_field, self.package.source());
        match self.client.post_form(self.url, &form, &file, true) {
            Ok((answer, crc64)) => self.judge(&answer, crc64),
            Err(failure) => self.unanswered(failure),
        }
    }

    fn unanswered(&self, failure: Failure) -> Outcome {
        let (is_retryable, all_sent) = (failure.is_retryable(), failure.all_sent);
        let error = suggest_region(failure.into_error(&self.action));
        match (is_retryable, all_sent) {
            (true, true) => Outcome::Open(error),
            (true, false) => Outcome::Again(error, None),
            (false, true) => Outcome::Final(uncertain(self.token.key(), error)),
            (false, false) => Outcome::Final(error),
        }
    }

    fn judge(&self, answer: &Answer, crc64: u64) -> Outcome {
        let said = Said::from(answer);
        if answer.is_html() {
            let what = match answer.status {
                300..=399 => "the storage redirects, with a web page",
                _ => "a web page came instead of the storage's answer",
            };
            let problem = format!("{what} (HTTP {})", answer.status);
            let error = suggest_region(self.network(answer, problem));
            // Whoever sent the page, the storage may have the file.
            return if answer.all_sent {
                Outcome::Differs(error)
            } else {
                Outcome::Again(error, answer.retry_after())
            };
        }
        match answer.status {
            200 | 201 | 204 if said.code.is_none() => self.verify(answer, crc64),
            200 | 201 | 204 => Outcome::Differs(self.refused(answer, &said)),
            200..=299 => Outcome::StoredAtLeast(self.refused(answer, &said)),
            300..=399 => {
                let problem = format!("the storage redirects (HTTP {})", answer.status);
                Outcome::Final(suggest_region(self.network(answer, problem)))
            }
            409 => Outcome::Open(self.refused(answer, &said)),
            status if storage_may_recover(status, said.code.as_deref()) => {
                Outcome::Again(self.refused(answer, &said), answer.retry_after())
            }
            _ if said.is_expired() => Outcome::Expired(self.refused(answer, &said)),
            _ => Outcome::Final(self.refused(answer, &said)),
        }
    }

    /// Compares what the storage says it has with what was read from disk.
    fn verify(&self, answer: &Answer, sent: u64) -> Outcome {
        if answer.is_early {
            let problem = "the storage said that it has the file before it was sent".to_owned();
            return Outcome::Again(self.network(answer, problem), None);
        }
        let stored = header(answer, CRC64).map_or("", str::trim);
        if stored.is_empty() || stored.parse() == Ok(sent) {
            return Outcome::Stored;
        }
        let problem = format!(
            "what the storage has is not what was sent: its CRC-64 is {}, and {sent} was sent",
            self.client.redactor.clean(stored)
        );
        Outcome::Differs(self.storage(answer, problem, None))
    }

    fn refused(&self, answer: &Answer, said: &Said) -> Error {
        let shown = said.cleaned(&self.client.redactor);
        let problem = format!("the storage answered HTTP {}{}", answer.status, shown.details());
        let error = self.storage(answer, problem, shown.code);
        match said.code.as_deref() {
            Some("RequestTimeTooSkewed") => {
                advise(error, "the clock of this machine is wrong: see what `date` says")
            }
            _ => error,
        }
    }

    fn storage(&self, answer: &Answer, problem: String, code: Option<String>) -> Error {
        Error::Storage {
            action: self.action.clone(),
            problem,
            advice: None,
            http_status: answer.status,
            code,
        }
    }

    fn network(&self, answer: &Answer, problem: String) -> Error {
        Error::Network {
            action: self.action.clone(),
            problem,
            advice: None,
            http_status: Some(answer.status),
            // A redirect is no accident.
            may_pass: !(300..400).contains(&answer.status),
            source: None,
        }
    }
}

/// The storage's CRC-64 of the object, as each of the two vendors calls it.
const CRC64: [&str; 2] = ["x-cos-hash-crc64ecma", "x-oss-hash-crc64ecma"];

/// The storage's number of the request.
const REQUEST_ID: [&str; 2] = ["x-cos-request-id", "x-oss-request-id"];

/// The first header that is there of several.
fn header<'a>(answer: &'a Answer, names: [&str; 2]) -> Option<&'a str> {
    names.iter().find_map(|name| answer.header(name))
}

fn without_controls(name: &str) -> String {
    let harmless = |c: char| {
        let as_it_is = c.to_string();
        if c.is_control() { percent_encode(&as_it_is) } else { as_it_is }
    };
    name.chars().map(harmless).collect()
}

fn advise(error: Error, what: &str) -> Error {
    let join = |advice: Option<String>| {
        Some(advice.map_or_else(|| what.to_owned(), |advice| format!("{advice}; {what}")))
    };
    match error {
        Error::Network { action, problem, advice, http_status, may_pass, source } => {
            let advice = join(advice);
            Error::Network { action, problem, advice, http_status, may_pass, source }
        }
        Error::Storage { action, problem, advice, http_status, code } => {
            Error::Storage { action, problem, advice: join(advice), http_status, code }
        }
        other => other,
    }
}

fn suggest_region(error: Error) -> Error {
    advise(
        error,
        "another way to the storage may work: get the token with --region overseas or china",
    )
}

/// The storage's own words: `<Error><Code>…</Code><Message>…`.
#[derive(Debug, Default)]
pub(crate) struct Said {
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    server_time: Option<String>,
}

impl Said {
    pub(crate) fn from(answer: &Answer) -> Self {
        let body = String::from_utf8_lossy(&answer.body);
        Self {
            code: xml_text(&body, "Code"),
            message: xml_text(&body, "Message").or_else(|| short_text(&body).map(str::to_owned)),
            request_id: xml_text(&body, "RequestId")
                .or_else(|| header(answer, REQUEST_ID).map(str::to_owned)),
            server_time: xml_text(&body, "ServerTime"),
        }
    }

    /// What may be shown of it. Decisions need it as it came: a code may be a password too.
    pub(crate) fn cleaned(&self, redactor: &Redactor) -> Self {
        let clean = |text: &Option<String>| text.as_ref().map(|text| redactor.clean(text));
        Self {
            code: clean(&self.code),
            message: clean(&self.message),
            request_id: clean(&self.request_id),
            server_time: clean(&self.server_time),
        }
    }

    /// A plain `AccessDenied` is final; only its message tells an expired token.
    pub(crate) fn is_expired(&self) -> bool {
        match self.code.as_deref() {
            Some("ExpiredToken") => true,
            Some("AccessDenied") => self
                .message
                .as_ref()
                .is_some_and(|message| message.to_ascii_lowercase().contains("expired")),
            _ => false,
        }
    }

    pub(crate) fn details(&self) -> String {
        let mut details = String::new();
        if let Some(code) = &self.code {
            details.push_str(&format!(", {code}"));
        }
        if let Some(message) = &self.message {
            details.push_str(&format!(", \"{message}\""));
        }
        if let Some(time) = &self.server_time {
            details.push_str(&format!(", its time is {time}"));
        }
        if let Some(id) = &self.request_id {
            details.push_str(&format!(" (RequestId {id})"));
        }
        details
    }
}

/// A body that is a short text, or JSON, and not markup: somebody's reason.
fn short_text(body: &str) -> Option<&str> {
    const SHORT: usize = 300;
    let text = body.trim();
    (!text.is_empty() && text.len() <= SHORT && !text.starts_with('<')).then_some(text)
}

/// The text of the first such element.
fn xml_text(xml: &str, tag: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{tag}>"))?;
    let (text, _) = rest.split_once(&format!("</{tag}>"))?;
    let text = text.trim();
    let text = match text.strip_prefix("<![CDATA[").and_then(|text| text.strip_suffix("]]>")) {
        Some(text) => text.to_owned(),
        None => escape::decoded(text, escape::entity).map(|(_, c)| c).collect(),
    };
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_storages_words_are_found() {
        let xml = "<?xml version='1.0'?><Error><Code>AccessDenied</Code>\n<Message>Request has \
                   expired &amp; gone</Message><RequestId>r1</RequestId></Error>";
        assert_eq!(xml_text(xml, "Message").unwrap(), "Request has expired & gone");
        assert_eq!(xml_text("<M>it&#39;s &#x4E2D;</M>", "M").unwrap(), "it's 中");
        assert_eq!(xml_text("<M><![CDATA[a &amp; b]]></M>", "M").unwrap(), "a &amp; b");
        assert_eq!(xml_text(xml, "TraceId"), None);
        assert_eq!(xml_text("<Code>cut", "Code"), None);
    }

    #[test]
    fn only_the_word_tells_an_expired_token() {
        let said = |code: &str, message: &str| Said {
            code: Some(code.to_owned()),
            message: Some(message.to_owned()),
            ..Said::default()
        };
        assert!(said("ExpiredToken", "").is_expired());
        assert!(said("AccessDenied", "You post object request has been Expired").is_expired());
        assert!(!said("AccessDenied", "Access Denied.").is_expired());
        assert!(!said("SignatureDoesNotMatch", "expired").is_expired());
    }

    #[test]
    fn a_short_text_without_markup_is_a_reason() {
        assert_eq!(short_text(" no room\n"), Some("no room"));
        let json = r#"{"code":"NoRoom","requestid":"r1"}"#;
        assert_eq!(short_text(json), Some(json));
        for body in ["", "<Error/>", &"x".repeat(301)] {
            assert_eq!(short_text(body), None);
        }
    }
}
