//! Step two: the form upload to the endpoint in a token. It never sees the API key.

mod answer;

use std::time::Duration;

use crate::client::{Client, Failed};
use crate::error::{Error, Result};
use crate::multipart::{Form, FormFile};
use crate::package::Package;
use crate::percent::percent_encode;
use crate::retry::is_transient;
use crate::transport::{Answer, Failure, Url};
use crate::types::UploadToken;
use answer::{checksum, is_error};

pub(crate) use answer::StorageError;

impl Client {
    /// "Upload the File to the Returned URL": step two alone. Calls no API and needs no key.
    ///
    /// What was sent is verified against the storage's CRC-64, where it gives one.
    ///
    /// # Errors
    /// [`Error::Usage`] when the token's endpoint can't be used, [`Error::Storage`] when the
    /// storage refuses the file or the token has expired, [`Error::FileChanged`],
    /// [`Error::Network`] after the retries; [`Error::Uncertain`] around these when a build may
    /// appear all the same.
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
        self.tell_checked(package, package.findings());
        let client = self.for_one_job();
        Storing::new(&client, token, &url, package, None).run().map_err(|mut failure| {
            if failure.is_expired {
                failure.error = failure.error.advising("get a new token with: pgyer token");
            }
            failure.into_error(token.key())
        })
    }

    /// The token's endpoint, if bytes can be sent there safely.
    pub(crate) fn endpoint(&self, token: &UploadToken) -> Result<Url, String> {
        let url = Url::parse(token.endpoint())?;
        if url.is_private() || self.shared.insecure_http {
            return Ok(url);
        }
        Err("over http:// anyone on the network path can read the package; --insecure-http \
             allows it"
            .to_owned())
    }
}

/// Why a package was not stored, as far as known.
pub(crate) struct StoreFailure {
    pub(crate) error: Error,
    /// The token has expired: with a new one it may work.
    pub(crate) is_expired: bool,
    /// An attempt may have stored the package all the same: a build may appear.
    pub(crate) may_be_stored: bool,
    /// What the storage has said that it holds instead: the API can't vouch for what is there.
    pub(crate) damage: Option<Damage>,
}

impl From<Error> for Box<StoreFailure> {
    /// A failure before anything was sent.
    fn from(error: Error) -> Self {
        Self::new(StoreFailure { error, is_expired: false, may_be_stored: false, damage: None })
    }
}

impl StoreFailure {
    pub(crate) fn into_error(self, key: &str) -> Error {
        if self.may_be_stored { uncertain(key, self.error) } else { self.error }
    }
}

/// An error after which a build may still appear under a key.
pub(crate) fn uncertain(key: &str, error: Error) -> Error {
    Error::Uncertain { key: Some(key.to_owned()), source: Box::new(error) }
}

/// Asks the API whether a package arrived.
pub(crate) type HasArrived<'a> = &'a dyn Fn() -> bool;

/// Why one attempt did not show that the package is stored.
struct Doubt {
    error: Error,
    /// Whether the package may be stored all the same.
    may_be_stored: bool,
    next: Next,
}

impl Doubt {
    fn new(error: Error, may_be_stored: bool, next: Next) -> Box<Self> {
        Box::new(Self { error, may_be_stored, next })
    }
}

/// What to do after an attempt.
enum Next {
    Retry(Option<Duration>),
    /// Ask the API whether the package arrived, and retry if it did not.
    Ask(Open),
    /// Start anew with another token.
    Renew,
    GiveUp,
    /// The storage holds something else than what was sent: send it again.
    Damaged(Damage),
}

/// Why it is not known whether the package arrived.
#[derive(Clone, Copy, PartialEq)]
enum Open {
    AnswerLost,
    /// 203: the package is stored, and the storage's callback failed.
    CallbackFailed,
    /// 409: perhaps by an earlier attempt.
    KeyTaken,
}

/// What the storage holds instead of the package.
pub(crate) struct Damage {
    action: String,
    problem: String,
    http_status: u16,
}

/// A package on its way to the storage under one key, and what the attempts have shown so far.
pub(crate) struct Storing<'a> {
    client: &'a Client,
    token: &'a UploadToken,
    url: &'a Url,
    package: &'a Package,
    /// `None` for `put`, which has no API to ask.
    ask: Option<HasArrived<'a>>,
    action: String,
    is_expired: bool,
    may_be_stored: bool,
    /// What the storage holds instead of the package.
    damage: Option<Damage>,
}

impl<'a> Storing<'a> {
    pub(crate) fn new(
        client: &'a Client,
        token: &'a UploadToken,
        url: &'a Url,
        package: &'a Package,
        ask: Option<HasArrived<'a>>,
    ) -> Self {
        client.redactor.add_all(token.secrets());
        let (path, key) = (package.path().display(), token.key());
        Self {
            client,
            token,
            url,
            package,
            ask,
            action: format!("upload {path} to the storage under the key {key}"),
            is_expired: false,
            may_be_stored: false,
            damage: None,
        }
    }

    /// Sends the package until it is known to be stored, or the retries are used up.
    pub(crate) fn run(mut self) -> Result<(), Box<StoreFailure>> {
        let (client, action) = (self.client, self.action.clone());
        let result = client.with_retries(&action, || match self.attempt() {
            Ok(()) => Ok(()),
            Err(doubt) => self.weigh(*doubt),
        });
        result.map_err(|error| self.conclude(error))
    }

    /// Says whether the package is stored all the same, and if not, whether to send it again.
    fn weigh(&mut self, doubt: Doubt) -> Result<(), Box<Failed>> {
        let Doubt { mut error, may_be_stored, next } = doubt;
        self.may_be_stored |= may_be_stored;
        if let Next::Ask(open) = next {
            if self.has_arrived(open) {
                return Ok(());
            }
        }
        let (may_retry, retry_after) = match next {
            Next::Retry(retry_after) => (true, retry_after),
            Next::Ask(Open::KeyTaken) if self.ask.is_none() => {
                error = error.advising("the key is taken: get a new token with: pgyer token");
                (false, None)
            }
            Next::Ask(_) => (true, None),
            Next::Damaged(damage) => {
                self.damage = Some(damage);
                (true, None)
            }
            Next::Renew => {
                self.is_expired = true;
                (false, None)
            }
            Next::GiveUp => (false, None),
        };
        Err(Failed::local(error, may_retry, retry_after))
    }

    fn has_arrived(&self, open: Open) -> bool {
        match self.ask {
            // After a wrong checksum an object under the key proves nothing, because it may be the
            // damaged one. Only the answer to a later upload counts, and only for that upload.
            _ if self.damage.is_some() => false,
            Some(ask) => ask(),
            None => open == Open::CallbackFailed,
        }
    }

    /// After a wrong checksum, that is the error to report, whatever failed last.
    fn conclude(self, error: Error) -> Box<StoreFailure> {
        let error = match &self.damage {
            Some(damage) => damage.to_error(Some(&error)),
            None => error,
        };
        let Self { is_expired, may_be_stored, damage, .. } = self;
        Box::new(StoreFailure { error, is_expired, may_be_stored, damage })
    }

    fn attempt(&self) -> Result<(), Box<Doubt>> {
        let mut form = Form::new();
        for (name, value) in &self.token.params {
            form.text(name, value);
        }
        let is_name = |(name, _): &(String, String)| name == "x-cos-meta-file-name";
        if !self.token.params.iter().any(is_name) {
            // It becomes a header of the object, which control characters would break.
            form.text("x-cos-meta-file-name", &without_controls(&self.package.file_name()));
        }
        let file = FormFile::new(&self.token.file_field, self.package.source());
        match self.client.post_form(self.url, &form, &file, true) {
            Ok((answer, crc64)) => self.judge(&answer, crc64),
            Err(failure) => Err(self.unanswered(failure)),
        }
    }

    fn unanswered(&self, failure: Failure) -> Box<Doubt> {
        let next = match (failure.is_retryable(), failure.all_sent) {
            (true, true) => Next::Ask(Open::AnswerLost),
            (true, false) => Next::Retry(None),
            (false, _) => Next::GiveUp,
        };
        let may_be_stored = failure.all_sent;
        Doubt::new(suggest_region(failure.into_error(&self.action)), may_be_stored, next)
    }

    /// Reads what an answer says about the package: the checksum first, because it is about the
    /// object itself; then whether this is the storage's answer at all; then its status.
    fn judge(&self, answer: &Answer, sent: u64) -> Result<(), Box<Doubt>> {
        let is_success = (200..300).contains(&answer.status);
        let stored = checksum(answer).filter(|_| is_success && answer.all_sent);
        match stored {
            Some(stored) if stored.parse() != Ok(sent) => Err(self.differs(answer, stored, sent)),
            None if answer.is_html() => Err(self.web_page(answer)),
            _ if is_success => self.success(answer),
            _ => Err(self.refusal(answer)),
        }
    }

    fn success(&self, answer: &Answer) -> Result<(), Box<Doubt>> {
        let said = StorageError::read(answer);
        let is_error = is_error(answer) || said.has_code();
        let next = match answer.status {
            _ if answer.is_early => Next::Retry(None),
            203 if is_error => Next::Ask(Open::AnswerLost),
            203 => Next::Ask(Open::CallbackFailed),
            200 | 201 | 204 if !is_error => return Ok(()),
            // 202, 206 and others say nothing about what is stored; an error says that nothing is.
            _ => Next::Retry(None),
        };
        let when = if answer.is_early { " before it had the whole file" } else { "" };
        let error = self.storage_error(answer, &said, when);
        Err(Doubt::new(error, answer.all_sent, next))
    }

    fn refusal(&self, answer: &Answer) -> Box<Doubt> {
        let said = StorageError::read(answer);
        if (300..400).contains(&answer.status) {
            let problem = format!("the storage redirects (HTTP {})", answer.status);
            let error = suggest_region(self.network_error(answer, problem));
            return Doubt::new(error, answer.all_sent, Next::GiveUp);
        }
        let (next, is_definite) = match answer.status {
            409 => (Next::Ask(Open::KeyTaken), false),
            400 if said.may_recover() => (Next::Retry(answer.retry_after()), false),
            status if is_transient(status) => (Next::Retry(answer.retry_after()), false),
            _ if said.is_expired() => (Next::Renew, true),
            status => (Next::GiveUp, (400..500).contains(&status)),
        };
        let may_be_stored = answer.all_sent && !is_definite;
        Doubt::new(self.storage_error(answer, &said, ""), may_be_stored, next)
    }

    /// Something between here and the storage answered. The storage may have the package all the
    /// same.
    fn web_page(&self, answer: &Answer) -> Box<Doubt> {
        let status = answer.status;
        let (problem, next) = match status {
            413 => {
                let problem = "something between here and the storage limits the size of uploads";
                (format!("{problem}: a web page came (HTTP 413)"), Next::GiveUp)
            }
            300..=399 => {
                let problem = format!("the storage redirects, with a web page (HTTP {status})");
                (problem, Next::Retry(answer.retry_after()))
            }
            _ => {
                let problem =
                    format!("a web page came instead of the storage's answer (HTTP {status})");
                (problem, Next::Retry(answer.retry_after()))
            }
        };
        let error = self.network_error(answer, problem);
        match status {
            413 => {
                let advice = "raise the limit of the proxy or gateway, or upload past it";
                Doubt::new(error.advising(advice), false, next)
            }
            _ => Doubt::new(suggest_region(error), answer.all_sent, next),
        }
    }

    fn differs(&self, answer: &Answer, stored: &str, sent: u64) -> Box<Doubt> {
        let problem = format!(
            "what the storage has is not what was sent: its CRC-64 is {}, and {sent} was sent",
            self.client.redactor.clean(stored)
        );
        let action = self.action.clone();
        let damage = Damage { action, problem, http_status: answer.status };
        let error = damage.to_error(None);
        Doubt::new(error, true, Next::Damaged(damage))
    }

    /// The storage's answer as an error; `when` follows its status.
    fn storage_error(&self, answer: &Answer, said: &StorageError, when: &str) -> Error {
        let shown = said.cleaned(&self.client.redactor);
        let status = answer.status;
        let error = Error::Storage {
            action: self.action.clone(),
            problem: format!("the storage answered HTTP {status}{when}{}", shown.details()),
            advice: None,
            http_status: status,
            code: shown.code,
            may_pass: is_transient(status) || status == 400 && said.may_recover(),
        };
        if said.is_clock_skew() {
            return error.advising("the clock of this machine is wrong: see what `date` says");
        }
        error
    }

    fn network_error(&self, answer: &Answer, problem: String) -> Error {
        Error::Network {
            action: self.action.clone(),
            problem,
            advice: None,
            http_status: Some(answer.status),
            // A redirect is configured, so it will come again.
            may_pass: !(300..400).contains(&answer.status),
            source: None,
        }
    }
}

impl Damage {
    /// The error for this, whatever failed last.
    pub(crate) fn to_error(&self, last_failure: Option<&Error>) -> Error {
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

fn without_controls(name: &str) -> String {
    let harmless = |c: char| {
        let unchanged = c.to_string();
        if c.is_control() { percent_encode(&unchanged) } else { unchanged }
    };
    name.chars().map(harmless).collect()
}

fn suggest_region(error: Error) -> Error {
    error.advising(
        "another way to the storage may work: get the token with --region overseas or china",
    )
}
