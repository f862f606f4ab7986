//! The client: its settings, the API's hosts and which of them works, and the ladder that every
//! call of the API goes up: one try, a round of hosts, rounds until the retries are used up.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::event::{Event, Observer};
use crate::multipart::Form;
use crate::package::Package;
use crate::retry::{Deadline, RetryPolicy};
use crate::secret::{ApiKey, Redactor};
use crate::source::Source;
use crate::text::{form_urlencoded, is_html};
use crate::transport::{
    Answer, Failure, FailureKind, Lost, Pin, Proxies, Request, Roots, Settings, Transport, Url,
};
use crate::types::Envelope;

/// The documented host, and the official ones that the vendor's own programs fall back to.
pub(crate) const OFFICIAL_URLS: [&str; 4] = [
    "https://www.pgyer.com/apiv2",
    "https://api.pgyer.com/apiv2",
    "https://api.xcxwo.com/apiv2",
    "https://api.pgyerapp.com/apiv2",
];

/// Talks to Pgyer. Cheap to clone; clones share connections and may be used from several threads.
///
/// ```no_run
/// use pgyer::{ApiKey, Client, Package, Upload};
///
/// let client = Client::builder().api_key(ApiKey::new("0123456789abcdef")?).build()?;
/// let package = Package::open("app.apk")?;
/// let published = client.publish(&package, &Upload::default())?;
/// println!("{:?}", published.build.and_then(|build| build.install_url()));
/// # Ok::<(), pgyer::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
    pub(crate) observer: Observer,
    pub(crate) deadline: Deadline,
}

#[derive(Debug)]
pub(crate) struct Shared {
    api_key: Option<ApiKey>,
    hosts: Hosts,
    pub(crate) transport: Transport,
    pub(crate) retry: RetryPolicy,
    pub(crate) insecure_http: bool,
    /// The API key and the proxies' passwords.
    pub(crate) redactor: Redactor,
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
        // Another thread's host is as good.
        let _ = self.kept.set(at);
    }
}

/// The settings of a [`Client`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until build() is called"]
pub struct ClientBuilder {
    api_key: Option<ApiKey>,
    api_url: Option<String>,
    insecure_http: bool,
    proxies: Proxies,
    roots: Roots,
    pins: Vec<Pin>,
    connect_timeout: Duration,
    stall_timeout: Duration,
    retry: RetryPolicy,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            api_key: None,
            api_url: None,
            insecure_http: false,
            proxies: Proxies::default(),
            roots: Roots::default(),
            pins: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(60),
            retry: RetryPolicy::default(),
        }
    }
}

impl ClientBuilder {
    /// The API key. Only [`Client::put`] works without one.
    pub fn api_key(mut self, key: ApiKey) -> Self {
        self.api_key = Some(key);
        self
    }

    /// Where the API is, `https://www.pgyer.com/apiv2` at first. With a URL of your own the
    /// official fallback hosts are not tried.
    pub fn api_url(mut self, url: impl Into<String>) -> Self {
        self.api_url = Some(url.into());
        self
    }

    /// Whether `http://` may be used for other hosts than this machine. Whoever is on the way can
    /// then read the API key.
    pub fn allow_insecure_http(mut self, allow: bool) -> Self {
        self.insecure_http = allow;
        self
    }

    /// The proxies to go through; none at first. The environment is not looked at unless you do:
    /// see [`Proxies::from_variables`].
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Trusts the certificate authorities in this PEM text too; `name` is what messages call it.
    ///
    /// # Errors
    /// [`Error::Usage`] when there are no certificates in it.
    pub fn add_root_certificates(mut self, pem: &[u8], name: &str) -> Result<Self> {
        self.roots.add_pem(pem, name)?;
        Ok(self)
    }

    /// Trusts no one any more, not even the authorities that are built in (Mozilla's): to be
    /// called before [`add_root_certificates`](Self::add_root_certificates).
    pub fn without_built_in_roots(mut self) -> Self {
        self.roots = Roots::empty();
        self
    }

    /// Connects to this address instead of what DNS says about this host and port. Certificates
    /// are still checked against the host.
    pub fn resolve(mut self, host: &str, port: u16, address: IpAddr) -> Self {
        self.pins.push(Pin { host: host.to_ascii_lowercase(), port, address });
        self
    }

    /// How long a connection may take to be made: DNS, TCP and TLS together; 10 s at first.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a connection may move no byte in either direction; 60 s at first. A slow upload
    /// that moves is never cut.
    pub fn stall_timeout(mut self, timeout: Duration) -> Self {
        self.stall_timeout = timeout;
        self
    }

    /// How often and when a request is tried again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Makes the client; connects to nothing yet.
    ///
    /// # Errors
    /// [`Error::Usage`] when the API's URL can't be used or no certificate authority is trusted.
    pub fn build(self) -> Result<Client> {
        let urls = match &self.api_url {
            Some(url) => vec![self.check_url(url)?],
            None => OFFICIAL_URLS.iter().map(|url| self.check_url(url)).collect::<Result<_>>()?,
        };
        let mut redactor = Redactor::default();
        if let Some(key) = &self.api_key {
            redactor.add(key.expose());
        }
        self.proxies.redact(&mut redactor);
        let transport = Transport::new(Settings {
            roots: self.roots,
            proxies: self.proxies,
            pins: self.pins,
            connect_timeout: self.connect_timeout,
            stall_timeout: self.stall_timeout,
        })?;
        let shared = Shared {
            api_key: self.api_key,
            hosts: Hosts { urls, kept: OnceLock::new() },
            transport,
            retry: self.retry,
            insecure_http: self.insecure_http,
            redactor,
        };
        Ok(Client {
            shared: Arc::new(shared),
            observer: Observer::default(),
            deadline: Deadline::default(),
        })
    }

    fn check_url(&self, text: &str) -> Result<Url> {
        let wrong = |problem: &str| Error::usage(format!("the API's URL can't be used: {problem}"));
        let url = Url::parse(text).map_err(|problem| wrong(&problem))?;
        if url.has_query() {
            return Err(wrong("it has a query"));
        }
        if !url.is_private() && !self.insecure_http {
            return Err(wrong(
                "over http:// everybody on the way can read the API key; use https://, or \
                 --insecure-http if that is what you want",
            ));
        }
        Ok(url)
    }
}

impl Client {
    /// Settings to begin with.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// The same client, telling its events to someone else.
    #[must_use]
    pub fn with_observer(&self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Self { observer: Observer::new(observer), ..self.clone() }
    }

    /// The same client with a deadline for whatever is done with it: retries, waits and sleeps
    /// included. Of two deadlines the earlier counts.
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> Self {
        self.until(Deadline::at(deadline))
    }

    pub(crate) fn until(&self, deadline: Deadline) -> Self {
        Self { deadline: self.deadline.earlier(deadline), ..self.clone() }
    }

    /// Calls the API until it answers or the retries are used up.
    pub(crate) fn call(&self, call: &Call<'_>) -> Result<Envelope> {
        let mut backoff = self.shared.retry.backoff();
        loop {
            let failed = match self.call_once(call) {
                Ok(envelope) => return Ok(envelope),
                Err(failed) => failed,
            };
            let delay = failed.may_retry.then(|| backoff.next_delay(failed.retry_after)).flatten();
            let Some(delay) = delay else { return Err(failed.error) };
            self.retrying(call.action, &failed.error, backoff.retries_done(), delay);
            if !self.deadline.sleep(delay) {
                return Err(Failure::out_of_time_after(&failed.error).into_error(call.action));
            }
        }
    }

    /// One try, at each host while none has answered yet.
    pub(crate) fn call_once(&self, call: &Call<'_>) -> Result<Envelope, Box<Failed>> {
        let key = self.shared.api_key.as_ref().ok_or(Error::NoApiKey)?;
        let mut first: Option<Box<Failed>> = None;
        for (at, host) in self.shared.hosts.candidates() {
            let failed = match self.attempt(call, key, &host.join(call.path)) {
                Ok(envelope) => {
                    self.shared.hosts.keep(at);
                    return Ok(envelope);
                }
                Err(failed) => failed,
            };
            if failed.is_pgyer {
                self.shared.hosts.keep(at);
            }
            if !failed.may_go_elsewhere {
                return Err(failed);
            }
            // The documented host's failure says most; another's may still be worth another round.
            match &mut first {
                None => first = Some(failed),
                Some(first) => first.may_retry |= failed.may_retry,
            }
        }
        Err(first.unwrap_or_else(|| Box::new(Error::NoApiKey.into())))
    }

    fn attempt(&self, call: &Call<'_>, key: &ApiKey, url: &Url) -> Result<Envelope, Box<Failed>> {
        let answer = self.send(call, key, url).map_err(|lost| call.lost(*lost))?;
        let redactor = self.redactor(call.secrets);
        let envelope = Envelope::parse(&answer.body).map(|envelope| Envelope {
            message: redactor.clean(&envelope.message),
            data: redactor.clean_value(&envelope.data),
            ..envelope
        });
        call.judge(answer, envelope, url)
    }

    fn send(&self, call: &Call<'_>, key: &ApiKey, url: &Url) -> Result<Answer, Box<Lost>> {
        let mut fields = vec![("_api_key", key.expose())];
        fields.extend(call.fields.iter().map(|(name, value)| (*name, value.as_str())));
        let Some(file) = &call.file else {
            let body = form_urlencoded(&fields);
            let content_type = Some("application/x-www-form-urlencoded");
            return self.send_bytes(url, content_type, body.as_bytes());
        };
        let mut form = Form::new();
        for (name, value) in fields {
            form.text(name, value);
        }
        self.post_form(url, &form, file, call.once).map(|(answer, _)| answer)
    }

    pub(crate) fn get(&self, url: &Url) -> Result<Answer, Box<Lost>> {
        self.send_bytes(url, None, &[])
    }

    fn send_bytes(
        &self,
        url: &Url,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Answer, Box<Lost>> {
        let request = Request {
            url,
            content_type,
            length: body.len() as u64,
            expects_continue: false,
            is_repeatable: true,
            deadline: self.deadline,
        };
        let method = if content_type.is_some() { "POST" } else { "GET" };
        self.observed(method, url, || {
            until_not_stale(|| self.shared.transport.send(&request, &mut &*body))
        })
    }

    /// Sends a form with a file, and returns the CRC-64 of what was sent of it.
    ///
    /// A large body waits for the server's word; a server that does not know the question (417)
    /// gets the form without it, which is no retry.
    pub(crate) fn post_form(
        &self,
        url: &Url,
        form: &Form,
        file: &FormFile<'_>,
        expects_continue: bool,
    ) -> Result<(Answer, u64), Box<Lost>> {
        let total = file.source.size();
        let on_progress = |sent| self.observer.tell(&Event::Sent { sent, total });
        let send = |expects_continue| {
            let mut body = form.body(file.field, &file.name, file.source, &on_progress);
            let request = Request {
                url,
                content_type: Some(&form.content_type()),
                length: body.len(),
                expects_continue,
                is_repeatable: false,
                deadline: self.deadline,
            };
            let answer = self.shared.transport.send(&request, &mut body)?;
            Ok((answer, body.crc64()))
        };
        let observed = |expects| {
            let mut crc = 0;
            let answer = self.observed("POST", url, || {
                until_not_stale(|| {
                    send(expects).map(|(answer, crc64)| {
                        crc = crc64;
                        answer
                    })
                })
            })?;
            Ok((answer, crc))
        };
        match observed(expects_continue) {
            Ok((answer, _)) if answer.status == 417 && expects_continue => observed(false),
            result => result,
        }
    }

    /// Tells the observer how a request ended.
    fn observed(
        &self,
        method: &str,
        url: &Url,
        request: impl FnOnce() -> Result<Answer, Box<Lost>>,
    ) -> Result<Answer, Box<Lost>> {
        let began = Instant::now();
        let result = request();
        let problem = result.as_ref().err().map(|lost| lost.failure.to_string());
        let outcome = match (&result, &problem) {
            (Ok(answer), _) => Ok(answer.status),
            (Err(_), problem) => Err(problem.as_deref().unwrap_or_default()),
        };
        self.observer.tell(&Event::Request {
            method,
            url: &url.to_string(),
            outcome,
            elapsed: began.elapsed(),
        });
        result
    }

    pub(crate) fn checked(&self, package: &Package) {
        self.observer.tell(&Event::Checked {
            build_type: package.build_type(),
            size: package.size(),
            warnings: package.warnings(),
        });
    }

    /// Whether one of the API's hosts has answered yet.
    pub(crate) fn has_answered(&self) -> bool {
        self.shared.hosts.kept.get().is_some()
    }

    pub(crate) fn api_urls(&self) -> &[Url] {
        &self.shared.hosts.urls
    }

    pub(crate) fn retrying(&self, action: &str, error: &Error, number: u32, delay: Duration) {
        let because = error.report_without_advice();
        self.observer.tell(&Event::Retry { action, because: &because, number, delay });
    }

    /// What must not be shown of a request that carries these too.
    pub(crate) fn redactor(&self, secrets: &[&str]) -> Redactor {
        let mut redactor = self.shared.redactor.clone();
        for secret in secrets {
            redactor.add(secret);
        }
        redactor
    }
}

/// A kept connection that is gone costs nothing but a new one; the pool has only so many.
fn until_not_stale(
    mut post: impl FnMut() -> Result<Answer, Box<Lost>>,
) -> Result<Answer, Box<Lost>> {
    loop {
        match post() {
            Err(lost) if lost.failure.kind == FailureKind::Stale => {}
            result => return result,
        }
    }
}

/// The file of a form.
#[derive(Debug)]
pub(crate) struct FormFile<'a> {
    field: &'a str,
    name: String,
    source: &'a Source,
}

impl<'a> FormFile<'a> {
    pub(crate) fn new(field: &'a str, source: &'a Source) -> Self {
        Self { field, name: source.file_name(), source }
    }

    pub(crate) fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }
}

/// One request to the API.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// What is being done, for messages: "get an upload token".
    pub(crate) action: &'a str,
    pub(crate) path: &'static str,
    /// All fields but `_api_key`.
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) file: Option<FormFile<'a>>,
    /// Values in the fields that must not be shown.
    pub(crate) secrets: &'a [&'a str],
    /// Whether it may do its work only once: it is not sent again after its last byte went out.
    pub(crate) once: bool,
}

impl Call<'_> {
    fn lost(&self, lost: Lost) -> Box<Failed> {
        let retryable = lost.failure.is_retryable();
        let elsewhere = retryable || lost.failure.kind == FailureKind::Refused;
        let error = lost.failure.into_error(self.action);
        if self.once && lost.all_sent {
            return self.uncertain(error);
        }
        Box::new(Failed { may_retry: retryable, may_go_elsewhere: elsewhere, ..error.into() })
    }

    /// The end of a request that may have published a build.
    fn uncertain(&self, error: Error) -> Box<Failed> {
        Box::new(Error::Uncertain { key: None, source: Box::new(error) }.into())
    }

    /// One function turns a status and a body into a value or an error.
    fn judge(
        &self,
        answer: Answer,
        envelope: Option<Envelope>,
        url: &Url,
    ) -> Result<Envelope, Box<Failed>> {
        let transient = is_transient(answer.status);
        let redirect = (300..400).contains(&answer.status);
        let is_pgyer = envelope.is_some() && !redirect;
        let error = match envelope {
            Some(envelope) if !redirect && !transient && envelope.code == 0 => return Ok(envelope),
            Some(envelope) if !redirect && envelope.code != 0 => {
                self.refused(envelope, answer.status)
            }
            _ => not_the_apis(self.action, &answer, url),
        };
        if self.once && answer.all_sent && (transient || !is_pgyer) {
            return Err(self.uncertain(error));
        }
        Err(Box::new(Failed {
            error,
            may_retry: transient || !is_pgyer,
            may_go_elsewhere: !is_pgyer,
            is_pgyer,
            retry_after: answer.retry_after,
        }))
    }

    fn refused(&self, envelope: Envelope, http_status: u16) -> Error {
        Error::Refused {
            action: self.action.to_owned(),
            code: envelope.code,
            message: envelope.message,
            http_status,
        }
    }
}

/// An answer that no Pgyer gives.
pub(crate) fn not_the_apis(action: &str, answer: &Answer, url: &Url) -> Error {
    let status = answer.status;
    let (problem, advice) = if (300..400).contains(&status) {
        let to = answer.location.as_deref().and_then(|location| Url::parse(location).ok());
        let to = to.map_or_else(String::new, |to| format!(" to {}", to.host()));
        (
            format!("{} redirects{to} (HTTP {status})", url.host()),
            "the API key is not sent there: see DNS, proxies and --api-url",
        )
    } else if is_html(answer.content_type.as_deref(), &answer.body) {
        (
            format!("{} answered with a web page (HTTP {status}), not as the API", url.host()),
            "a gateway, a proxy or a login page of the network may stand in between",
        )
    } else if is_transient(status) {
        (format!("{} answered HTTP {status}", url.host()), "the service may be busy: try later")
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
        source: None,
    }
}

/// Statuses that may pass, whatever comes with them.
pub(crate) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// A call that failed, and what may be done about it.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) may_retry: bool,
    /// Whether another host may do better.
    may_go_elsewhere: bool,
    /// Whether it was Pgyer that answered.
    is_pgyer: bool,
    pub(crate) retry_after: Option<Duration>,
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
