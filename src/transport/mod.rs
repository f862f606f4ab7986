//! One request out, one answer or failure back. The only folder that names `ureq`, `rustls` or a
//! socket.
//!
//! `ureq` speaks HTTP; what is below it is ours ([`connection`]), because of what it does not do by
//! itself: see an answer that comes while a body is still going out, tell a stalled connection
//! from a slow one, keep one time limit for DNS, TCP and TLS, choose proxies as curl does.

mod buffers;
mod connect;
mod connection;
mod crypto;
mod der;
mod failure;
pub(crate) mod heads;
mod proxy;
mod socket;
mod stream;
mod trust;
mod tunnel;
mod url;

use std::fmt;
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ureq::config::{AutoHeaderValue, Config};
use ureq::http::{self, HeaderMap, Uri};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, NextTimeout};
use ureq::{Agent, SendBody};

pub(crate) use self::connect::{Pin, Route};
pub(crate) use self::failure::{Failure, FailureKind};
pub use self::proxy::Proxies;
pub(crate) use self::trust::Roots;
pub(crate) use self::url::Url;

use self::connect::Connector;
use self::connection::{Connection, Exchange, Flag, Origin, Pool};
use self::stream::Limits;
use self::trust::Trust;
use crate::error::Result;
use crate::html::is_html;
use crate::retry::{Deadline, parse_retry_after};

/// The program and its version, in every request.
pub(crate) const USER_AGENT: &str = concat!("pgyer/", env!("CARGO_PKG_VERSION"));

/// The most that is read of an answer's body.
const MAX_BODY: u64 = 1 << 20;

/// The most that the heads of an answer may have.
const MAX_HEAD: usize = 60 * 1024;

/// What connections are made with.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) roots: Roots,
    pub(crate) proxies: Proxies,
    pub(crate) pins: Vec<Pin>,
    pub(crate) connect_timeout: Duration,
    pub(crate) stall_timeout: Duration,
}

/// Sends requests, and keeps connections for the next ones.
#[derive(Debug)]
pub(crate) struct Transport {
    connector: Arc<Connector>,
    pool: Arc<Pool>,
    stall_timeout: Duration,
}

/// A POST with a body of known length, or a GET without one.
pub(crate) struct Request<'a> {
    pub(crate) url: &'a Url,
    /// None makes it a GET.
    pub(crate) content_type: Option<&'a str>,
    pub(crate) length: u64,
    /// Whether the server is asked before the body is sent.
    pub(crate) expects_continue: bool,
    /// Whether it does no harm to send it twice.
    pub(crate) is_repeatable: bool,
    pub(crate) deadline: Deadline,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    /// The storage's CRC-64 of the object.
    pub(crate) crc64: Option<String>,
    pub(crate) location: Option<String>,
    /// The storage's number of the request.
    pub(crate) request_id: Option<String>,
    /// Up to 1 MiB of it.
    pub(crate) body: Vec<u8>,
    /// Whether the whole request body had gone out.
    pub(crate) all_sent: bool,
    /// Whether it came before that.
    pub(crate) is_early: bool,
}

/// A failure, with what is known of the request.
#[derive(Debug)]
pub(crate) struct Lost {
    pub(crate) failure: Failure,
    /// Whether the last byte of the body had gone out, so that the request may have done its work.
    pub(crate) all_sent: bool,
}

impl Answer {
    /// A success of a body that was not sent to its end is none. A web page is left to those who
    /// tell whose answer it is.
    fn is_hollow(&self) -> bool {
        let is_cut = self.is_early && !self.all_sent;
        let is_success = (200..300).contains(&self.status);
        is_cut && is_success && !is_html(self.content_type.as_deref(), &self.body)
    }
}

impl Transport {
    pub(crate) fn new(settings: Settings) -> Result<Self> {
        let connector = Connector {
            trust: Trust::new(settings.roots)?,
            proxies: settings.proxies,
            pins: settings.pins,
            timeout: settings.connect_timeout,
        };
        Ok(Self {
            connector: Arc::new(connector),
            pool: Arc::default(),
            stall_timeout: settings.stall_timeout,
        })
    }

    /// Connects, and says what was met on the way; the connection is kept for the next request.
    pub(crate) fn connect(&self, url: &Url, deadline: Deadline) -> Result<Route, Failure> {
        let (stream, route) = self.connector.open(url, deadline)?;
        self.pool.give(origin(url), stream);
        Ok(route)
    }

    /// Sends one request. Redirects are answers like any other.
    pub(crate) fn send(
        &self,
        request: &Request<'_>,
        body: &mut dyn Read,
    ) -> Result<Answer, Box<Lost>> {
        let exchange = Arc::new(Exchange {
            limits: Limits::stalling(self.stall_timeout, request.deadline),
            deadline: request.deadline,
            expects_continue: request.expects_continue,
            body_started: Flag::default(),
            body_ended: Flag::default(),
            all_sent: Flag::default(),
            early: Flag::default(),
            stopped: Flag::default(),
            answered: Flag::default(),
            reused: Flag::default(),
        });
        self.run(request, body, &exchange).map_err(|mut failure| {
            let all_sent = exchange.all_sent.is_set();
            let unheard = exchange.reused.is_set() && !exchange.answered.is_set();
            let harmless = request.is_repeatable || !all_sent;
            if failure.kind == FailureKind::Broken && unheard && harmless {
                failure.kind = FailureKind::Stale;
            }
            Box::new(Lost { failure, all_sent })
        })
    }

    fn run(
        &self,
        request: &Request<'_>,
        body: &mut dyn Read,
        exchange: &Arc<Exchange>,
    ) -> Result<Answer, Failure> {
        let opener = Opener {
            connector: Arc::clone(&self.connector),
            pool: Arc::clone(&self.pool),
            url: request.url.clone(),
            exchange: Arc::clone(exchange),
        };
        // An agent for each request: its connector is how the exchange gets to the connection.
        let agent = Agent::with_parts(config(), opener, NoResolver);
        let mut gate = Gate { body, left: request.length, exchange };
        let response = match request.content_type {
            None => agent.run(get(request)?)?,
            Some(content_type) => agent.run(post(request, content_type, &mut gate)?)?,
        };
        let (parts, body) = response.into_parts();
        let mut answer = Answer {
            status: parts.status.as_u16(),
            content_type: header(&parts.headers, "content-type"),
            retry_after: header(&parts.headers, "retry-after")
                .and_then(|value| parse_retry_after(&value, SystemTime::now())),
            crc64: header(&parts.headers, "x-cos-hash-crc64ecma")
                .or_else(|| header(&parts.headers, "x-oss-hash-crc64ecma")),
            location: header(&parts.headers, "location"),
            request_id: header(&parts.headers, "x-cos-request-id")
                .or_else(|| header(&parts.headers, "x-oss-request-id")),
            body: Vec::new(),
            all_sent: exchange.all_sent.is_set(),
            is_early: exchange.early.is_set(),
        };
        let read = body.into_reader().take(MAX_BODY).read_to_end(&mut answer.body);
        match read.map_err(Failure::from_io) {
            // What a refusal said before the connection broke is said all the same.
            Err(failure) if answer.status < 400 || failure.kind == FailureKind::Deadline => {
                Err(failure)
            }
            _ if answer.is_hollow() => Err(Failure::new(
                FailureKind::Broken,
                format!(
                    "the other side answered HTTP {} and closed the connection before it had \
                     everything",
                    answer.status
                ),
            )),
            _ => Ok(answer),
        }
    }
}

fn origin(url: &Url) -> Origin {
    (url.host().to_owned(), url.port(), url.is_tls())
}

fn config() -> Config {
    Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(USER_AGENT)
        .accept_encoding(AutoHeaderValue::None)
        .max_response_header_size(MAX_HEAD)
        // The connection does the waiting: it understands 100 with headers, too.
        .timeout_await_100(Some(Duration::ZERO))
        .build()
}

fn get(request: &Request<'_>) -> Result<http::Request<()>, Failure> {
    let message = http::Request::get(request.url.full()).body(());
    message.map_err(|_| impossible(request.url))
}

fn post<'a>(
    request: &Request<'_>,
    content_type: &str,
    body: &'a mut dyn Read,
) -> Result<http::Request<SendBody<'a>>, Failure> {
    let mut message = http::Request::post(request.url.full())
        .header("content-type", content_type)
        // Without it, ureq would send chunks, which the storage does not take.
        .header("content-length", request.length);
    if request.expects_continue {
        message = message.header("expect", "100-continue");
    }
    message.body(SendBody::from_reader(body)).map_err(|_| impossible(request.url))
}

fn impossible(url: &Url) -> Failure {
    Failure::new(FailureKind::Refused, format!("{url} can't be requested"))
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Stands between the body and `ureq`: counts, and feeds nothing real once sending has stopped.
struct Gate<'a> {
    body: &'a mut dyn Read,
    left: u64,
    exchange: &'a Exchange,
}

impl Read for Gate<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.exchange.body_started.set();
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let buffer = buffer.get_mut(..wanted).unwrap_or_default();
        let read = if self.exchange.stopped.is_set() {
            // ureq wants to see the body's end; the connection throws this away.
            wanted
        } else {
            self.body.read(buffer)?
        };
        // ureq would spin for ever on a body that ends early.
        if read == 0 && wanted > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the body ended early"));
        }
        self.left = self.left.saturating_sub(read as u64);
        if self.left == 0 {
            self.exchange.body_ended.set();
        }
        Ok(read)
    }
}

/// Opens or takes up the connection for one exchange.
struct Opener {
    connector: Arc<Connector>,
    pool: Arc<Pool>,
    url: Url,
    exchange: Arc<Exchange>,
}

impl ureq::unversioned::transport::Connector for Opener {
    type Out = Connection;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Connection>, ureq::Error> {
        let origin = origin(&self.url);
        let stream = match self.pool.take(&origin) {
            Some(stream) => {
                self.exchange.reused.set();
                stream
            }
            None => {
                self.connector.open(&self.url, self.exchange.deadline).map_err(io::Error::from)?.0
            }
        };
        let (exchange, pool) = (Arc::clone(&self.exchange), Arc::clone(&self.pool));
        Ok(Some(Connection::new(stream, origin, exchange, pool)))
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opener({})", self.url)
    }
}

/// The connector looks names up itself, under its own time limit: this only satisfies `ureq`.
#[derive(Debug)]
struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        addresses.push(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
        Ok(addresses)
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({}, {} bytes)", self.url, self.length)
    }
}
