//! The settings of a client, and what they are when nobody says otherwise.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::{Client, Hosts, Shared};
use crate::error::{Error, Result};
use crate::event::Observer;
use crate::redact::Redactor;
use crate::retry::{Deadline, RetryPolicy};
use crate::secret::ApiKey;
use crate::transport::{Pin, Proxies, Roots, Settings, Transport, Url};

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
    ///
    /// ```
    /// use pgyer::{ApiKey, Client};
    /// let client = Client::builder().api_key(ApiKey::new("0123456789abcdef")?).build()?;
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    pub fn api_key(mut self, key: ApiKey) -> Self {
        self.api_key = Some(key);
        self
    }

    /// Where the API is, `https://www.pgyer.com/apiv2` at first. With a URL of your own the
    /// official fallback hosts are not tried.
    ///
    /// ```
    /// let client = pgyer::Client::builder().api_url("https://pgyer.example.com/apiv2").build()?;
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    pub fn api_url(mut self, url: impl Into<String>) -> Self {
        self.api_url = Some(url.into());
        self
    }

    /// Whether `http://` may be used for other hosts than this machine. Whoever is on the way can
    /// then read the API key.
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

    /// The proxies to go through; none at first. The environment is not looked at unless you do:
    /// see [`Proxies::from_env`].
    ///
    /// ```
    /// use pgyer::{Client, Proxies};
    /// let client = Client::builder().proxies(Proxies::from_env()).build()?;
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Trusts the certificate authorities in this PEM text too; `name` is what messages call it.
    ///
    /// # Errors
    /// [`Error::Usage`] when there are no certificates in it.
    ///
    /// ```no_run
    /// let pem = std::fs::read("company-ca.pem")?;
    /// let client = pgyer::Client::builder().add_root_certificates(&pem, "company-ca.pem")?.build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_root_certificates(mut self, pem: &[u8], name: &str) -> Result<Self> {
        self.roots.add_pem(pem, name)?;
        Ok(self)
    }

    /// Trusts those alone that [`add_root_certificates`](Self::add_root_certificates) adds, before
    /// or after this, and not the authorities that are built in (Mozilla's).
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
    ///
    /// ```
    /// let client = pgyer::Client::builder()
    ///     .resolve("www.pgyer.com", 443, "192.0.2.7".parse()?)
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resolve(mut self, host: &str, port: u16, address: IpAddr) -> Self {
        self.pins.push(Pin { host: host.to_ascii_lowercase(), port, address });
        self
    }

    /// How long a connection may take to be made: DNS, TCP and TLS together; 10 s at first.
    ///
    /// ```
    /// use std::time::Duration;
    /// let client = pgyer::Client::builder().connect_timeout(Duration::from_secs(20)).build()?;
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a connection may move no byte in either direction; 60 s at first. A slow upload
    /// that moves is never cut.
    ///
    /// ```
    /// use std::time::Duration;
    /// let client = pgyer::Client::builder().stall_timeout(Duration::from_secs(120)).build()?;
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    pub fn stall_timeout(mut self, timeout: Duration) -> Self {
        self.stall_timeout = timeout;
        self
    }

    /// How often and when a request is tried again.
    ///
    /// ```
    /// use pgyer::{Client, RetryPolicy};
    /// let client = Client::builder().retry(RetryPolicy::default().retries(10)).build()?;
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Makes the client; connects to nothing yet.
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
        };
        Ok(Client {
            shared: Arc::new(shared),
            observer: Observer::default(),
            deadline: Deadline::default(),
            redactor,
        })
    }

    fn check_url(&self, text: &str) -> Result<Url> {
        let wrong = |problem: &str| Error::usage(format!("the API's URL can't be used: {problem}"));
        let url = Url::parse(text).map_err(|problem| wrong(&problem))?;
        if url.has_query() {
            return Err(wrong("it has a query"));
        }
        // The parser drops a fragment without a word.
        if text.contains('#') {
            return Err(wrong("it has a fragment"));
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
