//! The settings of a client and their defaults.

use std::net::IpAddr;
use std::num::NonZeroU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::{Client, Hosts, Shared};
use crate::error::{Error, Result};
use crate::event::Observer;
use crate::redact::Redactor;
use crate::retry::RetryPolicy;
use crate::secret::ApiKey;
use crate::stop::Stop;
use crate::transport::{Pin, Proxies, Roots, Settings, Transport, USER_AGENT, Url};

/// The documented host, and the official ones that the vendor's own programs fall back to.
pub(crate) const OFFICIAL_URLS: [&str; 4] = [
    "https://www.pgyer.com/apiv2",
    "https://api.pgyer.com/apiv2",
    "https://api.xcxwo.com/apiv2",
    "https://api.pgyerapp.com/apiv2",
];

/// The settings of a [`Client`].
///
/// ```
/// use pgyer::{ApiKey, Client, Proxies, RetryPolicy};
/// use std::time::Duration;
///
/// let client = Client::builder()
///     .api_key(ApiKey::new("0123456789abcdef")?)
///     .api_url("https://pgyer.example.com/apiv2")
///     .proxies(Proxies::default().with_proxy("http://proxy.example.com:3128")?)
///     .resolve("pgyer.example.com", 443, [192, 0, 2, 7].into())
///     .connect_timeout(Duration::from_secs(20))
///     .stall_timeout(Duration::from_secs(120))
///     .retry(RetryPolicy::default().retries(10))
///     .build()?;
/// # Ok::<(), pgyer::Error>(())
/// ```
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
    limit_rate: Option<NonZeroU64>,
    retry: RetryPolicy,
    user_agent: String,
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
            limit_rate: None,
            retry: RetryPolicy::default(),
            user_agent: USER_AGENT.to_owned(),
        }
    }
}

impl ClientBuilder {
    /// Sets the API key. Only [`Client::put`] works without one.
    pub fn api_key(mut self, key: ApiKey) -> Self {
        self.api_key = Some(key);
        self
    }

    /// Sets the API's base URL. Default: `https://www.pgyer.com/apiv2` with Pgyer's official
    /// fallback hosts, which are not used with a URL of your own.
    pub fn api_url(mut self, url: impl Into<String>) -> Self {
        self.api_url = Some(url.into());
        self
    }

    /// Allows `http://` for other hosts than this machine. Default: false. Anyone on the network
    /// path can then read the API key.
    ///
    /// ```
    /// let builder = pgyer::Client::builder().api_url("http://pgyer.example.com/apiv2");
    /// assert!(builder.clone().build().is_err());
    /// assert!(builder.allow_insecure_http(true).build().is_ok());
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    pub fn allow_insecure_http(mut self, allow: bool) -> Self {
        self.insecure_http = allow;
        self
    }

    /// Sets the proxies. Default: none; the environment is not consulted (see
    /// [`Proxies::from_env`]).
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Trusts the certificates in this PEM text too; `name` is what messages call it.
    ///
    /// # Errors
    /// [`Error::Usage`] if there are no certificates in it.
    ///
    /// ```no_run
    /// let pem = std::fs::read("company-ca.pem")?;
    /// let builder = pgyer::Client::builder().add_root_certificates(&pem, "company-ca.pem")?;
    /// let client = builder.build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_root_certificates(mut self, pem: &[u8], name: &str) -> Result<Self> {
        self.roots.add_pem(pem, name)?;
        Ok(self)
    }

    /// Trusts only the certificates added with
    /// [`add_root_certificates`](Self::add_root_certificates), in either order, instead of
    /// Mozilla's built-in roots.
    ///
    /// ```no_run
    /// let pem = std::fs::read("only-these.pem")?;
    /// let client = pgyer::Client::builder()
    ///     .without_built_in_roots()
    ///     .add_root_certificates(&pem, "only-these.pem")?
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn without_built_in_roots(mut self) -> Self {
        self.roots.leave_out_built_in();
        self
    }

    /// Connects to this address instead of what DNS says about this host and port. Certificates
    /// are still checked against the host. `localhost` and loopback addresses can only be resolved
    /// to this machine: [`build`](Self::build) fails otherwise.
    pub fn resolve(mut self, host: &str, port: u16, address: IpAddr) -> Self {
        self.pins.push(Pin { host: host.to_ascii_lowercase(), port, address });
        self
    }

    /// Limits DNS, TCP and TLS together. Default: 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Limits the time without any byte moving in either direction. Default: 60 s. A slow upload
    /// that keeps moving is never cut off.
    pub fn stall_timeout(mut self, timeout: Duration) -> Self {
        self.stall_timeout = timeout;
        self
    }

    /// Limits how many bytes a second go out, over everything that is done with the client and its
    /// clones. Default: 0, which means no limit. A second's worth may go out at once, after that 50
    /// ms' worth at a time. Waiting for the limit is not a stall.
    ///
    /// ```
    /// let client = pgyer::Client::builder().limit_rate(500 * 1024).build()?;
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    pub fn limit_rate(mut self, bytes_per_second: u64) -> Self {
        self.limit_rate = NonZeroU64::new(bytes_per_second);
        self
    }

    /// Names the program that uses this library in the `User-Agent`, after `pgyer/` and its
    /// version: `name/1.2`.
    ///
    /// # Errors
    /// [`Error::Usage`] if it is empty or has other characters than visible ASCII and spaces.
    ///
    /// ```
    /// let builder = pgyer::Client::builder().add_user_agent("gradle-task/1.2")?;
    /// assert!(builder.add_user_agent("two\r\nlines").is_err());
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    pub fn add_user_agent(mut self, product: &str) -> Result<Self> {
        let is_plain = product.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if product.trim().is_empty() || !is_plain {
            let problem = format!("{product:?} can't be part of a User-Agent");
            return Err(Error::usage(problem));
        }
        self.user_agent.push(' ');
        self.user_agent.push_str(product);
        Ok(self)
    }

    /// Sets how often and when failed requests are retried.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Builds the client. Connects to nothing yet.
    ///
    /// # Errors
    /// [`Error::Usage`] when the API's URL or the proxy for it can't be used, or no certificate
    /// authority is trusted.
    ///
    /// ```
    /// use pgyer::{Client, ErrorKind};
    /// assert!(Client::builder().build().is_ok());
    /// let error = Client::builder().api_url("pgyer.com").build().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Usage);
    /// ```
    pub fn build(self) -> Result<Client> {
        let urls = match &self.api_url {
            Some(url) => vec![self.check_url(url)?],
            None => OFFICIAL_URLS.iter().map(|url| self.check_url(url)).collect::<Result<_>>()?,
        };
        self.pins.iter().try_for_each(Pin::check)?;
        if self.api_key.is_some() {
            // Without a key no request goes to the API, and its proxy does not matter.
            for url in &urls {
                self.proxies.choose(url)?;
            }
        }
        let mut redactor = Redactor::default();
        if let Some(key) = &self.api_key {
            redactor.add_api_key(key.expose());
        }
        self.proxies.redact(&redactor);
        let transport = Transport::new(Settings {
            roots: self.roots,
            proxies: self.proxies,
            pins: self.pins,
            connect_timeout: self.connect_timeout,
            stall_timeout: self.stall_timeout,
            limit_rate: self.limit_rate,
        })?;
        let shared = Shared {
            api_key: self.api_key,
            hosts: Hosts { urls, kept: OnceLock::new() },
            transport,
            retry: self.retry,
            insecure_http: self.insecure_http,
            user_agent: self.user_agent,
        };
        Ok(Client {
            shared: Arc::new(shared),
            observer: Observer::default(),
            stop: Stop::default(),
            redactor,
        })
    }

    fn check_url(&self, text: &str) -> Result<Url> {
        let wrong = |problem: &str| Error::usage(format!("the API's URL can't be used: {problem}"));
        let url = Url::parse(text).map_err(|problem| wrong(&problem))?;
        if url.has_query() {
            return Err(wrong("it has a query"));
        }
        // The parser drops a fragment silently.
        if text.contains('#') {
            return Err(wrong("it has a fragment"));
        }
        if !url.is_private() && !self.insecure_http {
            return Err(wrong(
                "over http:// anyone on the network path can read the API key; use https://, or \
                 --insecure-http if that is what you want",
            ));
        }
        Ok(url)
    }
}
