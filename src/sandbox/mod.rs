//! A Pgyer on loopback: real HTTP, real forms, real polling; no account, no network, and nothing
//! is published.
//!
//! It answers every call of the vendor's page as strictly as the page allows, and plays the storage
//! too: of a file it keeps a digest in the place of the content. It misbehaves on demand, by
//! [`Fault`]s. It shares no code with the client half of this library, so that each proves the
//! other.
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

mod answer;
mod api;
mod body;
mod build;
mod exchange;
mod fault;
mod fault_text;
mod form;
mod head;
mod misbehave;
mod params;
mod seen;
mod server;
mod state;
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

pub use fault::{Endpoint, Fault, Manner, Misbehaviour, Place, Reply, ReplyBody, When};
pub use fault_text::{FAULT_HELP, ParseFaultError};
pub use seen::{Attachment, Build, Kind, Object, Request, Seen};
use state::{Config, OnRequest, Shared};

/// The API key of a sandbox that was given no other one.
///
/// ```
/// use pgyer::sandbox::{DEFAULT_API_KEY, Sandbox};
/// assert_eq!(Sandbox::start()?.api_key(), DEFAULT_API_KEY);
/// # Ok::<(), std::io::Error>(())
/// ```
pub const DEFAULT_API_KEY: &str = "5a4d0b0c5a4d0b0c5a4d0b0c5a4d0b0c";

/// How long the end of a sandbox may wait for its threads.
const END_LIMIT: Duration = Duration::from_secs(5);

/// A Pgyer that runs until it is dropped.
///
/// ```
/// use pgyer::sandbox::{Endpoint, Sandbox};
/// use pgyer::{ApiKey, Client, Package, Upload};
/// use std::time::Duration;
///
/// # std::env::set_current_dir("tests/data")?;
/// let sandbox = Sandbox::builder().polls(0).start()?;
/// let key = ApiKey::new(sandbox.api_key())?;
/// let client = Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
/// let published = client.publish(&Package::open("app.apk")?, &Upload::default())?;
///
/// assert!(sandbox.seen().build(&published.key).is_some());
/// assert!(sandbox.wait_for(|seen| seen.count(Endpoint::Poll) > 0, Duration::from_secs(10)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sandbox {
    shared: Arc<Shared>,
    addr: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox that behaves.
    ///
    /// # Errors
    /// If no port can be listened on.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Sets up a sandbox.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address of its API, as `PGYER_API_URL` takes it.
    pub fn api_url(&self) -> String {
        format!("{}/apiv2", self.shared.config.base_url)
    }

    /// The address that its tokens name for the upload.
    pub fn storage_url(&self) -> &str {
        &self.shared.config.storage_url
    }

    /// The API key that it accepts.
    pub fn api_key(&self) -> &str {
        &self.shared.config.api_key
    }

    /// Everything that it has seen so far.
    pub fn seen(&self) -> Seen {
        self.shared.read(|state| state.seen.clone())
    }

    /// Waits until `done` is true of what it has seen, for `limit` at most; whether it is.
    pub fn wait_for(&self, mut done: impl FnMut(&Seen) -> bool, limit: Duration) -> bool {
        self.shared.wait_for(|state| done(&state.seen), limit)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.stop();
        // The acceptor only looks up when somebody comes.
        let woken = TcpStream::connect_timeout(&self.addr, END_LIMIT).is_ok();
        if let (true, Some(acceptor)) = (woken, self.acceptor.take()) {
            let _ = acceptor.join();
        }
        self.shared.wait_until_idle(END_LIMIT);
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
/// use pgyer::sandbox::{Endpoint, Fault, Misbehaviour, Reply, Sandbox, When};
/// use std::time::Duration;
///
/// let sandbox = Sandbox::builder()
///     .api_key("0123456789abcdef")
///     .polls(1)
///     .fault("storage:1:cut=done".parse()?)
///     .fault(Fault::new(Endpoint::Token, When::Nth(1), Misbehaviour::Reply(Reply::status(503))))
///     .build_field("buildName", "Demo")
///     .extra_param("x-cos-acl", "private")
///     .token_lifetime(Duration::from_secs(5))
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
    config: Config,
}

impl Default for Builder {
    fn default() -> Self {
        let config = Config {
            api_key: DEFAULT_API_KEY.into(),
            polls: 2,
            faults: Vec::new(),
            build_fields: Vec::new(),
            extra_params: Vec::new(),
            file_field: None,
            method: None,
            token_lifetime: Duration::from_secs(1860),
            base_url: String::new(),
            storage_url: String::new(),
            on_request: None,
        };
        Self { port: 0, public_url: None, storage_url: None, config }
    }
}

impl Builder {
    /// The API key that is accepted; [`DEFAULT_API_KEY`] by default.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.config.api_key = key.into();
        self
    }

    /// The port to listen on; one that is free by default.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How often `buildInfo` says that a build is not published yet; 2 by default.
    pub fn polls(mut self, polls: u32) -> Self {
        self.config.polls = polls;
        self
    }

    /// Adds a fault. Of several that fit a request the first counts.
    pub fn fault(self, fault: Fault) -> Self {
        self.faults([fault])
    }

    /// Adds faults.
    pub fn faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.config.faults.extend(faults);
        self
    }

    /// Sets a field of every build in answers, documented or not.
    pub fn build_field(
        mut self,
        name: impl Into<String>,
        value: impl Into<serde_json::Value>,
    ) -> Self {
        self.config.build_fields.push((name.into(), value.into()));
        self
    }

    /// Adds a field to the `params` of tokens, before `key`; the form has to bring it back.
    pub fn extra_param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.extra_params.push((name.into(), value.into()));
        self
    }

    /// Puts a `fileField` into tokens: the name of the file's field, `file` without it.
    pub fn file_field(mut self, name: impl Into<String>) -> Self {
        self.config.file_field = Some(name.into());
        self
    }

    /// Puts a `method` into tokens. The storage takes POST whatever it says.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.config.method = Some(method.into());
        self
    }

    /// How long a token lasts; 31 minutes by default.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.config.token_lifetime = lifetime;
        self
    }

    /// The address (`https://localhost:8443`) under which clients reach the sandbox, when
    /// something stands in front of it.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into().trim_end_matches('/').to_owned());
        self
    }

    /// The address that tokens name for the upload, when it is not that of the API. Its path is
    /// the one that the sandbox serves.
    pub fn storage_url(mut self, url: impl Into<String>) -> Self {
        self.storage_url = Some(url.into());
        self
    }

    /// Calls `on_request` for each request once its answer is decided, before it is sent. A
    /// request that is cut off or stalls ends without a status.
    pub fn on_request(mut self, on_request: impl Fn(&Request) + Send + Sync + 'static) -> Self {
        let on_request: OnRequest = Box::new(on_request);
        self.config.on_request = Some(on_request);
        self
    }

    /// Starts the sandbox on 127.0.0.1.
    ///
    /// # Errors
    /// If the port can't be listened on.
    pub fn start(self) -> io::Result<Sandbox> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        let addr = listener.local_addr()?;
        let mut config = self.config;
        config.base_url = self.public_url.unwrap_or_else(|| format!("http://{addr}"));
        let own_storage = || format!("{}/storage/", config.base_url);
        config.storage_url = self.storage_url.unwrap_or_else(own_storage);
        let shared = Arc::new(Shared::new(config));
        let acceptor = {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name("sandbox".into())
                .spawn(move || server::accept(&listener, &shared))?
        };
        Ok(Sandbox { shared, addr, acceptor: Some(acceptor) })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("port", &self.port).finish_non_exhaustive()
    }
}
