//! The client: its settings, the API's hosts and which of them works, and the ladder that every
//! call of the API climbs: one attempt, a round of hosts, rounds until the retries are used up.

use std::io::Cursor;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::event::{Event, Observer};
use crate::finding::Finding;
use crate::multipart::{Body, Form, FormFile};
use crate::package::Package;
use crate::percent::form_urlencoded;
use crate::redact::Redactor;
use crate::retry::RetryPolicy;
use crate::secret::{ApiKey, is_password};
use crate::stop::Stop;
use crate::transport::{Answer, Failure, Request, RequestBody, Transport, Url};
use crate::types::Envelope;

mod builder;
mod call;

pub use builder::ClientBuilder;
pub(crate) use call::{Call, Failed, not_the_apis};

/// The answer of a server that does not know `Expect: 100-continue`.
pub(crate) const EXPECTATION_FAILED: u16 = 417;

/// Talks to Pgyer. Cheap to clone; clones share connections and may be used from several threads.
///
/// ```no_run
/// # fn f(client: &pgyer::Client) {
/// use pgyer::{BuildType, Release};
/// use std::thread;
///
/// let tokens = thread::scope(|scope| {
///     let ask = || client.get_cos_token(BuildType::Ios, &Release::default());
///     let threads = [scope.spawn(ask), scope.spawn(ask)];
///     threads.map(|thread| thread.join().expect("it does not panic"))
/// });
/// assert!(tokens.iter().all(|token| token.is_ok()));
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
    pub(crate) observer: Observer,
    pub(crate) stop: Stop,
    /// Starts with the API key and the proxies' passwords. [`send_call`](Self::send_call) adds the
    /// passwords that it sends, and a token's secrets are added where it is decoded (`api.rs`) and
    /// where it is used (`storage/`).
    pub(crate) redactor: Redactor,
}

#[derive(Debug)]
pub(crate) struct Shared {
    api_key: Option<ApiKey>,
    hosts: Hosts,
    pub(crate) transport: Transport,
    pub(crate) retry: RetryPolicy,
    pub(crate) insecure_http: bool,
    user_agent: String,
}

/// The API's hosts. The first that answers is kept, and no other is tried after that.
#[derive(Debug)]
struct Hosts {
    urls: Vec<Url>,
    kept: OnceLock<usize>,
}

impl Hosts {
    fn candidates(&self) -> Vec<(usize, &Url)> {
        let all = self.urls.iter().enumerate();
        match self.kept.get() {
            Some(kept) => all.filter(|(at, _)| at == kept).collect(),
            None => all.collect(),
        }
    }

    fn keep(&self, at: usize) {
        // If another thread was first, its host is as good.
        let _ = self.kept.set(at);
    }
}

impl Client {
    /// Returns the default settings.
    ///
    /// ```
    /// use pgyer::{ApiKey, Client};
    ///
    /// let client = Client::builder().api_key(ApiKey::new("0123456789abcdef")?).build()?;
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Returns a client that reports events to `observer` instead.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use std::sync::Arc;
    /// use pgyer::{Client, Event};
    ///
    /// let sent_so_far = Arc::new(AtomicU64::new(0));
    /// let shown = Arc::clone(&sent_so_far);
    /// let client = Client::builder().build()?.with_observer(move |event| {
    ///     if let Event::Sent { sent, .. } = event {
    ///         shown.store(*sent, Ordering::Relaxed);
    ///     }
    /// });
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    #[must_use]
    pub fn with_observer(&self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Self { observer: Observer::new(observer), ..self.clone() }
    }

    /// Returns a client with a deadline for everything that is done with it, retries and waits
    /// included. Of two deadlines the earlier counts.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use pgyer::{BuildType, Client, ErrorKind, Release};
    ///
    /// let client = Client::builder().api_key(pgyer::ApiKey::new("0123456789abcdef")?).build()?;
    /// let late = client.with_deadline(Instant::now());
    /// let error = late.get_cos_token(BuildType::Ios, &Release::default()).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Network);
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> Self {
        self.stopping(self.stop.clone().at(deadline))
    }

    /// Returns a client that stops what is being done with it as soon as `flag` is set: an upload,
    /// a wait, a pause before a retry end within 100 ms with [`Error::Cancelled`], and nothing new
    /// begins. Of several flags each counts.
    ///
    /// If a build may come of what was sent, the error says so and has the key:
    /// [`Error::Uncertain`], [`Error::NotConfirmed`] or [`Error::Attachment`], whose
    /// [`kind`](Error::kind) is [`Cancelled`](crate::ErrorKind::Cancelled) all the same.
    ///
    /// ```
    /// use pgyer::{BuildType, Client, ErrorKind, Release};
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    ///
    /// // A window's button sets it, or signal_hook::flag::register(SIGINT, Arc::clone(&flag)).
    /// let flag = Arc::new(AtomicBool::new(false));
    /// let client = Client::builder().api_key(pgyer::ApiKey::new("0123456789abcdef")?).build()?;
    /// let client = client.with_cancel(Arc::clone(&flag));
    /// flag.store(true, Ordering::Relaxed);
    /// let error = client.get_cos_token(BuildType::Ios, &Release::default()).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Cancelled);
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    #[must_use]
    pub fn with_cancel(&self, flag: Arc<AtomicBool>) -> Self {
        self.stopping(self.stop.clone().when(flag))
    }

    pub(crate) fn stopping(&self, stop: Stop) -> Self {
        Self { stop, ..self.clone() }
    }

    /// Calls the API until it answers or the retries are used up.
    pub(crate) fn call(&self, call: &Call<'_>) -> Result<Envelope> {
        self.with_retries(call.action, || self.call_once(call))
    }

    /// The only retry loop, for API calls, uploads to the storage and the tests of `doctor`. The
    /// failure itself says whether it may be retried.
    pub(crate) fn with_retries<T>(
        &self,
        action: &str,
        mut attempt: impl FnMut() -> Result<T, Box<Failed>>,
    ) -> Result<T> {
        let mut backoff = self.shared.retry.backoff();
        loop {
            let failed = match attempt() {
                Ok(value) => return Ok(value),
                Err(failed) => failed,
            };
            let delay = failed.may_retry.then(|| backoff.next_delay(failed.retry_after)).flatten();
            let Some(delay) = delay else { return Err(failed.error) };
            if !self.stop.allows(delay) {
                return Err(Error::no_time_after(failed.error, action));
            }
            self.tell_retry(action, &failed.error, backoff.retries_done(), delay);
            self.pause(action, delay)?;
        }
    }

    /// Waits before the next try of an action.
    pub(crate) fn pause(&self, action: &str, delay: Duration) -> Result<()> {
        self.stop.sleep(delay);
        if self.stop.is_cancelled() { Err(Error::cancelled(action)) } else { Ok(()) }
    }

    /// One attempt, at each host while none has answered yet.
    pub(crate) fn call_once(&self, call: &Call<'_>) -> Result<Envelope, Box<Failed>> {
        let key = self.shared.api_key.as_ref().ok_or(Error::NoApiKey)?;
        let mut first: Option<Box<Failed>> = None;
        for (at, host) in self.shared.hosts.candidates() {
            let failed = match self.call_host(call, key, &host.join(call.path)) {
                Ok(envelope) => {
                    self.shared.hosts.keep(at);
                    return Ok(envelope);
                }
                Err(failed) => failed,
            };
            if failed.is_the_apis {
                self.shared.hosts.keep(at);
            }
            if !failed.may_go_elsewhere {
                return Err(failed);
            }
            // Report the documented host's failure, but retry if any host's failure may pass.
            match &mut first {
                None => first = Some(failed),
                Some(first) => first.may_retry |= failed.may_retry,
            }
        }
        Err(first.unwrap_or_else(|| Error::usage("there is no API host to call").into()))
    }

    fn call_host(&self, call: &Call<'_>, key: &ApiKey, url: &Url) -> Result<Envelope, Box<Failed>> {
        let mut answer = self.send_call(call, key, url).map_err(|failure| call.failed(failure))?;
        // Cleaned once, here: every error and event that quotes it takes it from the envelope.
        let envelope = Envelope::parse(answer.status, &answer.body).map(|envelope| Envelope {
            message: self.redactor.clean(&envelope.message),
            ..envelope
        });
        if envelope.is_some() {
            // The envelope has a copy: do not keep a large body twice.
            answer.body = Vec::new();
        }
        call.judge(answer, envelope, url, &self.redactor)
    }

    fn send_call(&self, call: &Call<'_>, key: &ApiKey, url: &Url) -> Result<Answer, Failure> {
        let mut fields = vec![("_api_key", key.expose())];
        fields.extend(call.fields.iter().map(|(name, value)| (*name, value.as_str())));
        let passwords = fields.iter().filter(|(name, _)| is_password(name));
        passwords.for_each(|(_, password)| self.redactor.add(password));
        let Some(file) = &call.file else {
            let body = form_urlencoded(&fields);
            let content_type = Some("application/x-www-form-urlencoded");
            return self.send_body(url, content_type, body.as_bytes());
        };
        let mut form = Form::new();
        for (name, value) in fields {
            form.text(name, value);
        }
        let (answer, _) = self.post_form(url, &form, file, call.expects_continue)?;
        if answer.status != EXPECTATION_FAILED || !call.expects_continue || answer.all_sent {
            return Ok(answer);
        }
        // As for the storage; but here a server that had it all may have published it.
        self.post_form(url, &form, file, false).map(|(answer, _)| answer)
    }

    pub(crate) fn get(&self, url: &Url) -> Result<Answer, Failure> {
        self.send_body(url, None, &[])
    }

    fn send_body(
        &self,
        url: &Url,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Answer, Failure> {
        let request = Request {
            url,
            content_type,
            length: body.len() as u64,
            user_agent: &self.shared.user_agent,
            expects_continue: false,
            is_repeatable: true,
            stop: &self.stop,
        };
        self.observed(&request, &mut Cursor::new(body))
    }

    /// Sends a form with a file, and returns the CRC-64 of what was sent of it.
    ///
    /// With `expects_continue` the server is asked before all of it goes out.
    pub(crate) fn post_form(
        &self,
        url: &Url,
        form: &Form,
        file: &FormFile<'_>,
        expects_continue: bool,
    ) -> Result<(Answer, u64), Failure> {
        let total = file.source.size();
        let on_progress = |sent| self.observer.tell(&Event::Sent { sent, total });
        let mut body = form.body(file, &on_progress);
        let content_type = form.content_type();
        let request = Request {
            url,
            content_type: Some(&content_type),
            length: body.len(),
            user_agent: &self.shared.user_agent,
            expects_continue,
            // Whoever sends a form decides what to do once all of it went out: ask, give up, or
            // retry. A dead connection must not repeat it unseen.
            is_repeatable: false,
            stop: &self.stop,
        };
        let answer = self.observed(&request, &mut body)?;
        Ok((answer, body.crc64()))
    }

    /// Sends a request, and tells the observer how it ended.
    fn observed(
        &self,
        request: &Request<'_>,
        body: &mut dyn RequestBody,
    ) -> Result<Answer, Failure> {
        let began = Instant::now();
        let url = request.url;
        let result = self.shared.transport.send(request, body);
        let result = result.map_err(|it| it.without_secret_host(url.host(), &self.redactor));
        let problem = result.as_ref().err().map(Failure::to_string).unwrap_or_default();
        let outcome = result.as_ref().map(|answer| answer.status).map_err(|_| problem.as_str());
        self.observer.tell(&Event::Request {
            method: if request.content_type.is_some() { "POST" } else { "GET" },
            url: &self.redactor.clean(&url.to_string()),
            outcome,
            elapsed: began.elapsed(),
        });
        result
    }

    pub(crate) fn tell_checked(&self, package: &Package, findings: &[Finding]) {
        self.observer.tell(&Event::Checked {
            build_type: package.build_type(),
            size: package.size(),
            findings,
        });
    }

    /// Whether one of the API's hosts has answered yet.
    pub(crate) fn has_answered(&self) -> bool {
        self.shared.hosts.kept.get().is_some()
    }

    pub(crate) fn api_urls(&self) -> &[Url] {
        &self.shared.hosts.urls
    }

    pub(crate) fn tell_retry(&self, action: &str, error: &Error, number: u32, delay: Duration) {
        let because = error.report_without_advice();
        self.observer.tell(&Event::Retry { action, because: &because, number, delay });
    }

    /// Returns a client that keeps the secrets of one job to itself. Otherwise every text that is
    /// shown would be searched for every secret that the client has ever seen.
    pub(crate) fn for_one_job(&self) -> Self {
        Self { redactor: self.redactor.for_one_job(), ..self.clone() }
    }
}

impl RequestBody for Body<'_> {
    fn rewind(&mut self) {
        Body::rewind(self);
    }
}
