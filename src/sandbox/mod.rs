//! A Pgyer on loopback: real HTTP, real forms, real polling; no account, no network, and nothing
//! is published.
//!
//! It answers every call on the vendor's page, and is the storage too, which keeps what a package
//! says it is and a digest, and not its content. It takes what the service is known to take from
//! any client, and notes what the page does not say; [`Builder::strict`] refuses that. [`Fault`]s
//! make it misbehave. But for the reader of packages it shares no code with the client half of this
//! library, so that each proves the other.
//!
//! ```
//! use pgyer::sandbox::{Endpoint, Sandbox};
//! use std::io::{Read, Write};
//! use std::time::Duration;
//!
//! let sandbox = Sandbox::builder().fault("probe:2:status=503".parse()?).start()?;
//! let ask = || -> std::io::Result<String> {
//!     let mut stream = std::net::TcpStream::connect(sandbox.addr())?;
//!     stream.write_all(b"GET /apiv2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
//!     let mut answer = String::new();
//!     stream.read_to_string(&mut answer)?;
//!     Ok(answer)
//! };
//! assert!(ask()?.contains(r#""code":1001"#));
//! assert!(ask()?.starts_with("HTTP/1.1 503 "));
//! assert_eq!(sandbox.seen().count(Endpoint::Probe), 2);
//! assert!(sandbox.wait_for(|seen| seen.closed_connections == 2, Duration::from_secs(10)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod api;
mod body;
mod build_info;
mod content;
mod deviations;
mod fault;
mod fault_text;
mod form;
mod header_value;
mod misbehave;
mod package_type;
mod params;
mod request_head;
mod response;
mod seen;
mod served;
mod server;
mod service;
mod storage;
#[cfg(test)]
mod tests;
mod urlencoded;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::value::RawValue;

pub use fault::{Endpoint, Fault};
pub use fault_text::{FAULT_HELP, ParseFaultError};
pub use seen::{Attachment, Build, Object, Seen, SeenRequest};
use service::{OnRequest, Service, Settings};

/// The API key that a sandbox accepts unless [`Builder::api_key`] sets another.
///
/// ```
/// use pgyer::sandbox::{DEFAULT_API_KEY, Sandbox};
/// assert_eq!(Sandbox::start()?.api_key(), DEFAULT_API_KEY);
/// # Ok::<(), std::io::Error>(())
/// ```
pub const DEFAULT_API_KEY: &str = "5a4d0b0c5a4d0b0c5a4d0b0c5a4d0b0c";

/// How long dropping a sandbox may wait for its threads.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);

/// A Pgyer that runs until it is dropped.
///
/// ```
/// use pgyer::sandbox::{Endpoint, Sandbox};
/// use pgyer::{ApiKey, BuildType, Client, Release};
/// use std::time::Duration;
///
/// let sandbox = Sandbox::start()?;
/// let key = ApiKey::new(sandbox.api_key())?;
/// let client = Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
/// let token = client.get_cos_token(BuildType::Android, &Release::default())?;
///
/// assert_eq!(token.endpoint(), sandbox.storage_url());
/// assert!(sandbox.wait_for(|seen| seen.count(Endpoint::Token) == 1, Duration::from_secs(10)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sandbox {
    service: Arc<Service>,
    addr: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox with the default settings.
    ///
    /// # Errors
    /// If it can't listen on any port.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Returns the default settings, to be changed.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Returns the address that it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns the URL of its API, as `PGYER_API_URL` takes it.
    pub fn api_url(&self) -> String {
        format!("{}/apiv2", self.service.settings.base_url)
    }

    /// Returns the URL that its tokens name for the upload.
    pub fn storage_url(&self) -> &str {
        &self.service.settings.storage_url
    }

    /// Returns the API key that it accepts.
    pub fn api_key(&self) -> &str {
        &self.service.settings.api_key
    }

    /// Returns everything that it has seen so far.
    pub fn seen(&self) -> Seen {
        self.service.read(|state| state.seen.clone())
    }

    /// Waits until `done` accepts what it has seen, for at most `limit`. Returns whether it did.
    pub fn wait_for(&self, mut done: impl FnMut(&Seen) -> bool, limit: Duration) -> bool {
        self.service.wait_for(|state| done(&state.seen), limit)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.service.stop();
        // The acceptor looks up only when somebody connects.
        let woken = TcpStream::connect_timeout(&self.addr, SHUTDOWN_LIMIT).is_ok();
        if let (true, Some(acceptor)) = (woken, self.acceptor.take()) {
            let _ = acceptor.join();
        }
        self.service.wait_until_idle(SHUTDOWN_LIMIT);
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("addr", &self.addr).finish_non_exhaustive()
    }
}

/// The settings of a [`Sandbox`].
///
/// ```
/// use pgyer::sandbox::Sandbox;
///
/// let sandbox = Sandbox::builder()
///     .api_key("0123456789abcdef")
///     .polls(1)
///     .fault("storage:1:cut=done".parse()?)
///     .build_field("buildName", r#""Demo""#)
///     .on_request(|request| println!("{} {}", request.method, request.path))
///     .start()?;
/// assert!(sandbox.api_url().starts_with("http://127.0.0.1:"));
/// assert!(sandbox.storage_url().starts_with("http://127.0.0.1:"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing listens until start() is called"]
pub struct Builder {
    port: u16,
    public_url: Option<String>,
    storage_url: Option<String>,
    settings: Settings,
}

impl Default for Builder {
    fn default() -> Self {
        let settings = Settings {
            api_key: DEFAULT_API_KEY.into(),
            polls: 2,
            faults: Vec::new(),
            build_fields: Vec::new(),
            file_field: None,
            method: None,
            token_lifetime: Duration::from_secs(1860),
            idle_limit: Duration::from_secs(60),
            strict: false,
            base_url: String::new(),
            storage_url: String::new(),
            on_request: None,
        };
        Self { port: 0, public_url: None, storage_url: None, settings }
    }
}

impl Builder {
    /// Sets the API key that is accepted. Default: [`DEFAULT_API_KEY`].
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.settings.api_key = key.into();
        self
    }

    /// Sets the port to listen on. Default: any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets how often `buildInfo` answers that a build is not published yet. Default: 2.
    pub fn polls(mut self, polls: u32) -> Self {
        self.settings.polls = polls;
        self
    }

    /// Refuses whatever the vendor's page does not say. Default: what the service is known to
    /// accept is accepted, and noted in [`SeenRequest::deviations`].
    pub fn strict(mut self) -> Self {
        self.settings.strict = true;
        self
    }

    /// Adds a fault. When several match a request, the first one applies.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.settings.faults.push(fault);
        self
    }

    /// Sets a field of every build in answers, documented or not, to a value in JSON: a text is
    /// `"\"Demo\""`, a number `"1"`.
    pub fn build_field(mut self, name: impl Into<String>, json: &str) -> Self {
        self.settings.build_fields.push((name.into(), json.to_owned()));
        self
    }

    /// Puts a `fileField` into tokens: the name of the file's field, which is `file` otherwise.
    pub fn file_field(mut self, name: impl Into<String>) -> Self {
        self.settings.file_field = Some(name.into());
        self
    }

    /// Puts a `method` into tokens. The storage takes POST whatever it says.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.settings.method = Some(method.into());
        self
    }

    /// Sets the URL (`https://localhost:8443`) under which clients reach the sandbox, when a
    /// server for TLS or a relay stands in front of it.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into().trim_end_matches('/').to_owned());
        self
    }

    /// Sets the URL that tokens name for the upload, when it is not below that of the API. The
    /// sandbox serves its path.
    pub fn storage_url(mut self, url: impl Into<String>) -> Self {
        self.storage_url = Some(url.into());
        self
    }

    /// Calls `on_request` for each request once its answer is decided, before it is sent. A
    /// request that is cut off or stalled has no status.
    pub fn on_request(mut self, on_request: impl Fn(&SeenRequest) + Send + Sync + 'static) -> Self {
        let on_request: OnRequest = Box::new(on_request);
        self.settings.on_request = Some(on_request);
        self
    }

    /// Starts the sandbox on 127.0.0.1.
    ///
    /// # Errors
    /// If it can't listen on the port, or a value of [`build_field`](Self::build_field) is not
    /// JSON.
    pub fn start(self) -> io::Result<Sandbox> {
        for (_, json) in &self.settings.build_fields {
            serde_json::from_str::<&RawValue>(json)?;
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        let addr = listener.local_addr()?;
        let mut settings = self.settings;
        settings.base_url = self.public_url.unwrap_or_else(|| format!("http://{addr}"));
        let own_storage = || format!("{}/storage/", settings.base_url);
        settings.storage_url = self.storage_url.unwrap_or_else(own_storage);
        let service = Arc::new(Service::new(settings));
        let acceptor = {
            let service = Arc::clone(&service);
            thread::Builder::new()
                .name("sandbox".into())
                .spawn(move || server::accept(&listener, &service))?
        };
        Ok(Sandbox { service, addr, acceptor: Some(acceptor) })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("port", &self.port).finish_non_exhaustive()
    }
}
