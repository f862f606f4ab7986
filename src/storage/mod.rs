//! Step two: the form upload to the endpoint in a token. It never sees the API key.

mod answer;
mod outcome;

use crate::client::{Client, EXPECTATION_FAILED, Failed};
use crate::error::{Error, Result};
use crate::multipart::{Form, FormFile};
use crate::package::Package;
use crate::percent::percent_encode_where;
use crate::retry::is_transient;
use crate::transport::{Answer, Failure, Url};
use crate::types::UploadToken;
use answer::{checksum, is_error};
use outcome::{Damage, NotShown, Unclear, Verdict};

pub(crate) use answer::StorageError;
pub(crate) use outcome::StoreFailure;

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
            failure.into_error()
        })
    }

    /// The endpoint of a token that the API gave, for an action such as "upload".
    pub(crate) fn usable_endpoint(&self, token: &UploadToken, action: &str) -> Result<Url> {
        self.endpoint(token).map_err(|problem| Error::Unusable {
            action: action.to_owned(),
            problem,
            http_status: None,
        })
    }

    /// The token's endpoint, if bytes can be sent there safely.
    fn endpoint(&self, token: &UploadToken) -> Result<Url, String> {
        let url = Url::parse(token.endpoint())?;
        if url.is_private() || self.shared.insecure_http {
            return Ok(url);
        }
        Err("over http:// anyone on the network path can read the package; --insecure-http \
             allows it"
            .to_owned())
    }
}

/// A package on its way to the storage under one key, and what the attempts have shown so far.
pub(crate) struct Storing<'a> {
    client: &'a Client,
    token: &'a UploadToken,
    url: &'a Url,
    package: &'a Package,
    /// Asks the API whether the package arrived; `None` for `put`, which has no API to ask.
    arrived: Option<&'a dyn Fn() -> bool>,
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
        arrived: Option<&'a dyn Fn() -> bool>,
    ) -> Self {
        // Those of a token that came from elsewhere (`put`) are not known yet.
        client.redactor.add_all(token.secrets());
        let (path, key) = (package.path().display(), token.key());
        Self {
            client,
            token,
            url,
            package,
            arrived,
            action: format!("upload {path} to the storage under the key {key}"),
            is_expired: false,
            may_be_stored: false,
            damage: None,
        }
    }

    /// Sends the package until it is known to be stored, or the retries are used up.
    pub(crate) fn run(mut self) -> Result<(), Box<StoreFailure>> {
        let (client, action) = (self.client, self.action.clone());
        let result =
            client.with_retries(&action, || self.attempt().or_else(|it| self.resolve(*it)));
        result.map_err(|error| self.into_failure(error))
    }

    fn attempt(&self) -> Result<(), Box<NotShown>> {
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
        let send =
            |expects_continue| self.client.post_form(self.url, &form, &file, expects_continue);
        let sent = match send(true) {
            // The server does not know `Expect`, whenever it says so: nothing is stored, and
            // sending the form without it is not a retry.
            Ok((answer, _)) if answer.status == EXPECTATION_FAILED => send(false),
            sent => sent,
        };
        match sent {
            Ok((answer, crc64)) => self.judge(&answer, crc64),
            Err(failure) => Err(self.no_answer(failure)),
        }
    }

    /// Decides what to do about an attempt that did not show that the package is stored: whether
    /// it is stored all the same, and if not, whether to send it again. The only place that does.
    fn resolve(&mut self, attempt: NotShown) -> Result<(), Box<Failed>> {
        let NotShown { mut error, may_be_stored, verdict } = attempt;
        self.may_be_stored |= may_be_stored;
        let (may_retry, retry_after) = match verdict {
            Verdict::Ask(unclear) if self.has_arrived(unclear) => return Ok(()),
            Verdict::Ask(Unclear::KeyTaken) if self.arrived.is_none() => {
                error = error.advising("the key is taken: get a new token with: pgyer token");
                (false, None)
            }
            Verdict::Ask(_) => (true, None),
            Verdict::Retry(retry_after) => (true, retry_after),
            Verdict::SendAgain(damage) => {
                self.damage = Some(damage);
                (true, None)
            }
            Verdict::Renew => {
                self.is_expired = true;
                (false, None)
            }
            Verdict::GiveUp => (false, None),
        };
        Err(Failed::local(error.that_may_pass(may_retry), may_retry, retry_after))
    }

    fn has_arrived(&self, unclear: Unclear) -> bool {
        match self.arrived {
            // After a wrong checksum an object under the key proves nothing, because it may be the
            // damaged one. Only the answer to a later upload counts, and only for that upload.
            _ if self.damage.is_some() => false,
            Some(arrived) => arrived(),
            // `put` takes a 203 for stored; after anything else it sends again.
            None => unclear == Unclear::CallbackFailed,
        }
    }

    /// After a wrong checksum, that is the error to report, whatever failed last.
    fn into_failure(self, error: Error) -> Box<StoreFailure> {
        let error = match &self.damage {
            Some(damage) => damage.to_error(Some(&error)),
            None => error,
        };
        Box::new(StoreFailure {
            error,
            key: Some(self.token.key().to_owned()),
            is_expired: self.is_expired,
            may_be_stored: self.may_be_stored,
            damage: self.damage,
        })
    }

    fn no_answer(&self, failure: Failure) -> Box<NotShown> {
        let may_be_stored = failure.all_sent;
        let verdict = match (failure.is_retryable(), failure.all_sent) {
            (true, true) => Verdict::Ask(Unclear::AnswerLost),
            (true, false) => Verdict::Retry(None),
            (false, _) => Verdict::GiveUp,
        };
        let error = suggest_region(failure.into_error(&self.action));
        Box::new(NotShown { error, may_be_stored, verdict })
    }

    /// Reads what an answer says about the package: the checksum first, because it is about the
    /// object itself; then whether this is the storage's answer at all; then its status.
    fn judge(&self, answer: &Answer, crc64: u64) -> Result<(), Box<NotShown>> {
        let stored = checksum(answer).filter(|_| answer.is_success() && answer.all_sent);
        match stored {
            Some(stored) if stored.parse() != Ok(crc64) => {
                Err(self.wrong_checksum(answer, stored, crc64))
            }
            None if answer.is_html() => Err(self.web_page(answer)),
            _ if answer.is_success() => self.accepted(answer),
            _ => Err(self.refused(answer)),
        }
    }

    fn accepted(&self, answer: &Answer) -> Result<(), Box<NotShown>> {
        let document = StorageError::read(answer);
        let is_error = is_error(answer) || document.has_code();
        let verdict = match answer.status {
            _ if answer.is_early => Verdict::Retry(None),
            // An error leaves open what failed, the storing or the callback.
            203 if is_error => Verdict::Ask(Unclear::AnswerLost),
            203 => Verdict::Ask(Unclear::CallbackFailed),
            200 | 201 | 204 if !is_error => return Ok(()),
            // 202, 206 and others say nothing about what is stored; an error says that nothing is.
            _ => Verdict::Retry(None),
        };
        let when = if answer.is_early { " before it had the whole file" } else { "" };
        let error = self.storage_error(answer, &document, when);
        Err(Box::new(NotShown { error, may_be_stored: answer.all_sent, verdict }))
    }

    fn refused(&self, answer: &Answer) -> Box<NotShown> {
        let document = StorageError::read(answer);
        if answer.is_redirect() {
            let problem = format!("the storage redirects (HTTP {})", answer.status);
            let error = suggest_region(self.network_error(answer, problem));
            let may_be_stored = answer.all_sent;
            return Box::new(NotShown { error, may_be_stored, verdict: Verdict::GiveUp });
        }
        let (verdict, is_definite) = match answer.status {
            409 => (Verdict::Ask(Unclear::KeyTaken), false),
            400 if document.may_recover() => (Verdict::Retry(answer.retry_after()), false),
            status if is_transient(status) => (Verdict::Retry(answer.retry_after()), false),
            _ if document.is_expired() => (Verdict::Renew, true),
            status => (Verdict::GiveUp, (400..500).contains(&status)),
        };
        let error = self.storage_error(answer, &document, "");
        Box::new(NotShown { error, may_be_stored: answer.all_sent && !is_definite, verdict })
    }

    /// Something between here and the storage answered. The storage may have the package all the
    /// same, and what is in the way may be gone next time: even a redirect with a page is retried,
    /// whereas the storage's own, without one, is final.
    fn web_page(&self, answer: &Answer) -> Box<NotShown> {
        let status = answer.status;
        if status == 413 {
            let problem = "something between here and the storage limits the size of uploads: a \
                           web page came (HTTP 413)";
            let error = self.network_error(answer, problem.to_owned());
            let error =
                error.advising("raise the limit of the proxy or gateway, or upload past it");
            return Box::new(NotShown { error, may_be_stored: false, verdict: Verdict::GiveUp });
        }
        let problem = if answer.is_redirect() {
            format!("the storage redirects, with a web page (HTTP {status})")
        } else {
            format!("a web page came instead of the storage's answer (HTTP {status})")
        };
        let error = suggest_region(self.network_error(answer, problem));
        let verdict = Verdict::Retry(answer.retry_after());
        Box::new(NotShown { error, may_be_stored: answer.all_sent, verdict })
    }

    fn wrong_checksum(&self, answer: &Answer, stored: &str, crc64: u64) -> Box<NotShown> {
        let problem = format!(
            "what the storage has is not what was sent: its CRC-64 is {}, and {crc64} was sent",
            self.client.redactor.clean(stored)
        );
        let damage = Damage { action: self.action.clone(), problem, http_status: answer.status };
        let error = damage.to_error(None);
        Box::new(NotShown { error, may_be_stored: true, verdict: Verdict::SendAgain(damage) })
    }

    /// The storage's answer as an error; `when` follows its status.
    fn storage_error(&self, answer: &Answer, document: &StorageError, when: &str) -> Error {
        let shown = document.cleaned(&self.client.redactor);
        let status = answer.status;
        let error = Error::Storage {
            action: self.action.clone(),
            problem: format!("the storage answered HTTP {status}{when}{}", shown.details()),
            advice: None,
            http_status: status,
            code: shown.code,
            may_pass: false,
        };
        if document.is_clock_skew() {
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
            may_pass: false,
            source: None,
        }
    }
}

fn without_controls(name: &str) -> String {
    percent_encode_where(name, char::is_control)
}

fn suggest_region(error: Error) -> Error {
    error.advising(
        "another way to the storage may work: get the token with --region overseas or china",
    )
}
