//! One request out, one answer or failure back. The only folder that names `ureq`, `rustls` or a
//! socket.
//!
//! `ureq` speaks HTTP; what is below it is ours ([`connection`]), because of what it does not do by
//! itself: see an answer that comes while a body is still going out, tell a stalled connection
//! from a slow one, keep one time limit for DNS, TCP and TLS, choose proxies as curl does.
//!
//! Where a promise lives:
//!
//! - connecting under one time limit: [`connect`], [`resolve`], [`dial`], `ConnectLimit` in [`limits`]
//! - proxies: [`proxies`] (which one), [`no_proxy`], [`proxy`] (its URL), [`tunnel`] (CONNECT, SOCKS5)
//! - certificates and `--ca-file`: [`trust`], [`certificate`], [`crypto`]; in words: [`tls_error`]
//! - early answers, `Expect: 100-continue`, stalls: [`connection`], with [`exchange`] (how far a
//!   request is), [`movement`] (what moves unseen), [`body`], `StallLimit` in [`limits`]; below it
//!   [`stream`], [`socket`], [`ticking`]
//! - `--limit-rate`: [`rate`]; connections that are kept: [`pool`]; no redirect is followed:
//!   `config` here
//! - what comes back, at most 1 MiB of it: [`answer`], [`heads`]; why nothing does: [`failure`]

mod answer;
mod body;
mod buffers;
pub(crate) mod certificate;
mod connect;
mod connection;
mod crypto;
mod dial;
mod exchange;
mod failure;
pub(crate) mod heads;
mod limits;
mod movement;
mod no_proxy;
mod pool;
mod proxies;
mod proxy;
mod rate;
mod resolve;
mod socket;
mod stream;
mod threads;
mod ticking;
mod tls_error;
mod trust;
mod tunnel;
mod url;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use ureq::config::{AutoHeaderValue, Config};
use ureq::http::{self, Uri};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, NextTimeout};
use ureq::{Agent, SendBody};

pub(crate) use self::answer::Answer;
pub(crate) use self::body::RequestBody;
pub(crate) use self::connect::{Pin, Route};
pub(crate) use self::failure::{Failure, FailureKind};
pub use self::proxies::Proxies;
pub(crate) use self::trust::Roots;
pub(crate) use self::url::Url;

use self::body::CountedBody;
use self::connect::Connector;
use self::connection::Connection;
use self::dial::LastGood;
use self::exchange::Exchange;
use self::limits::StallLimit;
use self::pool::Pool;
use self::rate::RateLimit;
use self::trust::Trust;
use crate::error::Result;
use crate::stop::Stop;

/// The program and its version, in every request.
pub(crate) const USER_AGENT: &str = concat!("pgyer/", env!("CARGO_PKG_VERSION"));

/// The most that the heads of an answer may have. The input buffer that they have to fit into,
/// `connection::INPUT`, is a little larger.
const MAX_HEAD: usize = 60 * 1024;

/// What connections are made with.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) roots: Roots,
    pub(crate) proxies: Proxies,
    pub(crate) pins: Vec<Pin>,
    pub(crate) connect_timeout: Duration,
    pub(crate) stall_timeout: Duration,
    /// Bytes a second.
    pub(crate) limit_rate: Option<NonZeroU64>,
}

/// Sends requests, and keeps connections for the next ones.
#[derive(Debug)]
pub(crate) struct Transport {
    connector: Arc<Connector>,
    stall_timeout: Duration,
}

/// A POST with a body of known length, or a GET without one.
pub(crate) struct Request<'a> {
    pub(crate) url: &'a Url,
    /// `None` makes it a GET.
    pub(crate) content_type: Option<&'a str>,
    pub(crate) length: u64,
    pub(crate) user_agent: &'a str,
    /// Whether the server is asked with `Expect: 100-continue` if it wants the body.
    pub(crate) expects_continue: bool,
    /// Whether sending it twice does no harm.
    pub(crate) is_repeatable: bool,
    pub(crate) stop: &'a Stop,
}

impl Transport {
    pub(crate) fn new(settings: Settings) -> Result<Self> {
        let connector = Connector {
            trust: Arc::new(Trust::new(settings.roots)?),
            proxies: settings.proxies,
            pins: settings.pins,
            timeout: settings.connect_timeout,
            resolver: resolve::system,
            pool: Pool::default(),
            rate: settings.limit_rate.map(RateLimit::new),
            last_good: LastGood::default(),
        };
        Ok(Self { connector: Arc::new(connector), stall_timeout: settings.stall_timeout })
    }

    /// Connects, and says what was met on the way; the connection is kept for the next request.
    pub(crate) fn connect(&self, url: &Url, stop: &Stop) -> Result<Route, Failure> {
        let (mut stream, route) = self.connector.open(url, stop)?;
        // The end of the handshake usually leaves with the first request. None follows here, so
        // send it now.
        stream.flush_some().map_err(Failure::from_io)?;
        self.connector.pool.give(url.clone(), stream);
        Ok(route)
    }

    /// Sends a request and returns the answer; a redirect is an answer like any other. The body is
    /// read from its current position.
    ///
    /// If a pooled connection turns out to be dead, the request is sent again on another one. That
    /// ends: each round takes a connection out of the pool.
    pub(crate) fn send(
        &self,
        request: &Request<'_>,
        body: &mut dyn RequestBody,
    ) -> Result<Answer, Failure> {
        loop {
            let limit = StallLimit::new(self.stall_timeout, request.stop.clone());
            let exchange = Exchange::new(request, Arc::clone(&self.connector), limit);
            let exchange = Arc::new(exchange);
            match through_ureq(request, body, &exchange) {
                Err(failure) if failure.kind == FailureKind::Stale => body.rewind(),
                Err(failure) => {
                    return Err(Failure { all_sent: exchange.has_sent_all(), ..failure });
                }
                Ok(answer) => return Ok(answer),
            }
        }
    }
}

/// Has `ureq` write the request and read the answer.
fn through_ureq(
    request: &Request<'_>,
    body: &mut dyn RequestBody,
    exchange: &Arc<Exchange>,
) -> Result<Answer, Failure> {
    // An agent for each request: its connector is how `ureq` gets to the exchange.
    let connector = UreqConnector(Arc::clone(exchange));
    let agent = Agent::with_parts(config(request.user_agent), connector, NoResolver);
    let mut body = CountedBody::new(body, exchange);
    let impossible =
        |_| Failure::new(FailureKind::Refused, format!("{} can't be requested", request.url));
    let head = head(request);
    let response = if request.content_type.is_none() {
        agent.run(head.body(()).map_err(impossible)?)?
    } else {
        agent.run(head.body(SendBody::from_reader(&mut body)).map_err(impossible)?)?
    };
    Answer::read(response, exchange)
}

fn config(user_agent: &str) -> Config {
    Config::builder()
        // Every status is an answer.
        .http_status_as_error(false)
        // A redirect is never followed: the API key or the token would be on board.
        .max_redirects(0)
        .max_redirects_will_error(false)
        // Proxies are the connector's business, so that their passwords never reach `ureq`.
        .proxy(None)
        .user_agent(user_agent)
        .accept_encoding(AutoHeaderValue::None)
        .max_response_header_size(MAX_HEAD)
        // The connection does the waiting: it understands 100 with headers, too.
        .timeout_await_100(Some(Duration::ZERO))
        .build()
}

fn head(request: &Request<'_>) -> http::request::Builder {
    let url = request.url.full();
    let Some(content_type) = request.content_type else { return http::Request::get(url) };
    let post = http::Request::post(url)
        .header("content-type", content_type)
        // Without it, ureq would send chunks, which the storage does not take.
        .header("content-length", request.length);
    if request.expects_continue { post.header("expect", "100-continue") } else { post }
}

/// Gives `ureq` the connection for one exchange, from the pool or a new one.
struct UreqConnector(Arc<Exchange>);

impl ureq::unversioned::transport::Connector for UreqConnector {
    type Out = Connection;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Connection>, ureq::Error> {
        let Exchange { connector, url, limit, .. } = &*self.0;
        let idle = connector.pool.take(url);
        let is_reused = idle.is_some();
        let stream = match idle {
            Some(stream) => stream,
            None => connector.open(url, &limit.stop).map_err(io::Error::from)?.0,
        };
        Ok(Some(Connection::new(stream, is_reused, Arc::clone(&self.0))))
    }
}

impl fmt::Debug for UreqConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UreqConnector({})", self.0.url)
    }
}

/// Satisfies `ureq`. The connector looks names up itself, under its own time limit.
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
