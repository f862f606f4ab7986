//! From a URL to a connection: names, addresses, proxies, TLS, all under one time limit.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use super::failure::{Failure, FailureKind};
use super::limits::ConnectLimit;
use super::proxies::Proxies;
use super::proxy::{Proxy, ProxyKind};
use super::stream::{ConnectIo, Pipe, Stream};
use super::trust::{self, Trust};
use super::tunnel;
use super::url::{Url, host_in_url};
use crate::retry::Deadline;

/// `ENFILE` and `EMFILE`, which are the same on every Unix.
const TOO_MANY_FILES: [i32; 2] = [23, 24];

/// The start that one address of a host gets before the next one is tried beside it, where there is
/// time for that.
const HEAD_START: Duration = Duration::from_millis(250);

/// An address that stands for a host and port.
#[derive(Debug, Clone)]
pub(crate) struct Pin {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) address: IpAddr,
}

/// Opens connections.
#[derive(Debug)]
pub(super) struct Connector {
    pub(super) trust: Trust,
    pub(super) proxies: Proxies,
    pub(super) pins: Vec<Pin>,
    pub(super) timeout: Duration,
}

/// What was met on the way to a host.
#[derive(Debug, Default, Clone)]
pub(crate) struct Route {
    /// The proxy that stands in between.
    pub(crate) proxy: Option<String>,
    /// The address that was connected to: the host's or the proxy's.
    pub(crate) address: Option<SocketAddr>,
    /// Who issued the host's certificate.
    pub(crate) issuer: Option<String>,
}

impl Connector {
    pub(super) fn open(&self, url: &Url, deadline: Deadline) -> Result<(Stream, Route), Failure> {
        let limit = ConnectLimit::start(self.timeout, deadline);
        match self.proxies.choose(url)? {
            None => {
                let addresses = self.addresses(url.host(), url.port(), limit)?;
                self.open_directly(url, addresses, limit)
            }
            Some(proxy) => {
                let targets = self.targets(proxy, url, limit)?;
                self.open_through(proxy, url, targets, limit)
            }
        }
    }

    /// Of several addresses, the one that was reached may be silent, and then others have their
    /// turn.
    fn open_directly(
        &self,
        url: &Url,
        mut addresses: Vec<SocketAddr>,
        limit: ConnectLimit,
    ) -> Result<(Stream, Route), Failure> {
        loop {
            let (pipe, address) = connect(url.host(), &addresses, limit)?;
            let route = Route { address, ..Route::default() };
            match (self.secure(url, pipe, route, limit.share(addresses.len())), address) {
                (Err(failure), Some(silent)) if failure.is_retryable() => {
                    let before = addresses.len();
                    addresses.retain(|address| *address != silent);
                    if addresses.is_empty() || addresses.len() == before {
                        return Err(failure);
                    }
                }
                (result, _) => return result,
            }
        }
    }

    fn open_through(
        &self,
        proxy: &Proxy,
        url: &Url,
        targets: Vec<String>,
        limit: ConnectLimit,
    ) -> Result<(Stream, Route), Failure> {
        let mut targets = targets.into_iter();
        loop {
            let share = limit.share(targets.len());
            let target = targets.next().unwrap_or_else(|| url.host().to_owned());
            let opened = self
                .tunnel(proxy, &target, url, share)
                .and_then(|(pipe, route)| self.secure(url, pipe, route, share));
            match opened {
                Err(failure) if failure.is_retryable() && targets.len() > 0 => {}
                result => return result,
            }
        }
    }

    /// Puts TLS onto it, where the URL says so.
    fn secure(
        &self,
        url: &Url,
        mut pipe: Pipe,
        mut route: Route,
        limit: ConnectLimit,
    ) -> Result<(Stream, Route), Failure> {
        if !url.is_tls() {
            return Ok((Stream::new(pipe, None), route));
        }
        let (session, issuer) = self.handshake(url.host(), &mut pipe, limit)?;
        route.issuer = issuer;
        Ok((Stream::new(pipe, Some(session)), route))
    }

    fn pinned(&self, host: &str, port: u16) -> Option<IpAddr> {
        let pin = self.pins.iter().rev().find(|pin| pin.host == host && pin.port == port);
        pin.map(|pin| pin.address)
    }

    /// The addresses of a host: the pinned one, or what the resolver says.
    fn addresses(
        &self,
        host: &str,
        port: u16,
        limit: ConnectLimit,
    ) -> Result<Vec<SocketAddr>, Failure> {
        match self.pinned(host, port).or_else(|| host.parse().ok()) {
            Some(address) => Ok(vec![SocketAddr::new(address, port)]),
            None => look_up(host, port, limit),
        }
    }

    fn tunnel(
        &self,
        proxy: &Proxy,
        target: &str,
        url: &Url,
        limit: ConnectLimit,
    ) -> Result<(Pipe, Route), Failure> {
        let of_proxy = |failure: Failure| {
            let problem = format!("by way of the proxy {proxy}: {}", failure.problem);
            Failure { problem, ..failure }
        };
        let addresses = self.addresses(&proxy.host, proxy.port, limit).map_err(of_proxy)?;
        let (mut pipe, address) = connect(&proxy.host, &addresses, limit).map_err(of_proxy)?;
        if proxy.kind == ProxyKind::Https {
            let secured = self.handshake(&proxy.host, &mut pipe, limit);
            pipe.wrap(secured.map_err(of_proxy)?.0);
        }
        let mut io = ConnectIo { pipe: &mut pipe, limit };
        tunnel::open(proxy, target, url, &mut io).map_err(of_proxy)?;
        Ok((pipe, Route { proxy: Some(proxy.to_string()), address, issuer: None }))
    }

    /// What the proxy is asked for, one after the other: the addresses that are pinned or that it
    /// wants from us, or the name.
    fn targets(
        &self,
        proxy: &Proxy,
        url: &Url,
        limit: ConnectLimit,
    ) -> Result<Vec<String>, Failure> {
        let (host, port) = (url.host(), url.port());
        if self.pinned(host, port).is_none() && proxy.kind != ProxyKind::Socks5 {
            return Ok(vec![host.to_owned()]);
        }
        let addresses = self.addresses(host, port, limit)?;
        Ok(addresses.iter().map(|address| address.ip().to_string()).collect())
    }

    fn handshake(
        &self,
        host: &str,
        pipe: &mut Pipe,
        limit: ConnectLimit,
    ) -> Result<(ClientConnection, Option<String>), Failure> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            Failure::new(FailureKind::Refused, format!("'{host}' can't be the name of a host"))
        })?;
        let (config, issuer) = self.trust.config().map_err(|error| {
            Failure::new(FailureKind::Refused, "TLS can't be set up").because(error)
        })?;
        let mut session = ClientConnection::new(config.into(), name).map_err(|error| {
            Failure::new(FailureKind::Refused, "TLS can't be set up").because(error)
        })?;
        let mut io = ConnectIo { pipe, limit };
        while session.is_handshaking() {
            session
                .complete_io(&mut io)
                .map_err(|error| handshake_failure(error, host, &issuer))?;
        }
        Ok((session, issuer.name()))
    }
}

fn handshake_failure(error: io::Error, host: &str, issuer: &trust::Issuer) -> Failure {
    let error = match error.downcast::<rustls::Error>() {
        Ok(error) => return trust::failure(error, host, issuer),
        Err(error) => error,
    };
    match error.downcast::<Failure>() {
        Ok(failure) => Failure {
            problem: format!("the TLS connection to {host} was not made: {}", failure.problem),
            ..failure
        },
        Err(error) => {
            let problem = format!("{host} closed the connection while TLS was being set up");
            Failure::new(FailureKind::Unreachable, problem).because(error)
        }
    }
}

/// A connection to one of a host's addresses, and which one it is.
fn connect(
    host: &str,
    addresses: &[SocketAddr],
    limit: ConnectLimit,
) -> Result<(Pipe, Option<SocketAddr>), Failure> {
    let tcp = dial(addresses, limit).map_err(|error| {
        let problem = format!("cannot reach {}", names(host, addresses));
        match error.downcast::<Failure>() {
            Ok(failure) => {
                Failure { problem: format!("{problem}: {}", failure.problem), ..failure }
            }
            Err(error) => {
                let port = addresses.first().map_or(0, SocketAddr::port);
                let advice = advice(&error, host, port);
                Failure::new(FailureKind::Unreachable, problem).because(error).advising(advice)
            }
        }
    })?;
    let address = tcp.peer_addr().ok();
    Ok((Pipe::new(tcp).map_err(Failure::from_io)?, address))
}

/// What to do about a connection that was not made.
fn advice(error: &io::Error, host: &str, port: u16) -> String {
    if cfg!(unix) && error.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code)) {
        return "allow more of them (ulimit -n), or do less at a time (--jobs)".into();
    }
    let host = host_in_url(host);
    format!(
        "see that it is up and that a firewall allows TCP to {host}:{port}, or go another way with \
         --proxy"
    )
}

fn names(host: &str, addresses: &[SocketAddr]) -> String {
    match addresses {
        [one] if one.ip().to_string() == host => one.to_string(),
        [one] => format!("{host} ({one})"),
        [first, ..] => {
            format!("{} at any of its {} addresses", host_port(host, first), addresses.len())
        }
        [] => host.to_owned(),
    }
}

fn host_port(host: &str, address: &SocketAddr) -> String {
    format!("{}:{}", host_in_url(host), address.port())
}

/// Asks the system's resolver, in a thread, since it knows no time limit of ours.
fn look_up(host: &str, port: u16, limit: ConnectLimit) -> Result<Vec<SocketAddr>, Failure> {
    let failed = |error: io::Error| {
        Failure::new(FailureKind::Unreachable, format!("cannot look up the host {host}"))
            .because(error)
            .advising(
                "see DNS and the name; where this machine has no DNS, pin an address with \
                 --resolve or use a proxy that looks names up",
            )
    };
    let (sender, receiver) = mpsc::channel();
    let query = (host.to_owned(), port);
    spawn("resolver", move || {
        let found = query.to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        // Nobody listens any more when it took too long.
        let _ = sender.send(found);
    })
    .map_err(failed)?;
    match receiver.recv_timeout(limit.remaining()?) {
        Ok(Ok(addresses)) if addresses.is_empty() => {
            Err(failed(io::Error::other("it has no address")))
        }
        Ok(found) => found.map_err(failed),
        Err(_) => {
            limit.remaining()?;
            Err(limit.too_long())
        }
    }
}

/// Connects to the first of several addresses that answers. Each gets a head start over the next,
/// and all go on side by side, so that a dead one takes no time from the others.
fn dial(addresses: &[SocketAddr], limit: ConnectLimit) -> io::Result<TcpStream> {
    if let [address] = addresses {
        let connected = TcpStream::connect_timeout(address, limit.remaining()?);
        return connected.map_err(|error| or_too_long(error, limit));
    }
    let (sender, receiver) = mpsc::channel();
    // The last one's turn comes with half of the time left.
    let head_start = limit.share(addresses.len().saturating_mul(2)).remaining()?.min(HEAD_START);
    let mut waiting = addresses.iter();
    let mut under_way = 0_usize;
    let mut last_error = None;
    loop {
        if let Some(address) = waiting.next() {
            connect_aside(*address, limit.remaining()?, sender.clone())?;
            under_way = under_way.saturating_add(1);
        } else if under_way == 0 {
            let error = last_error.unwrap_or_else(|| io::Error::other("it has no address"));
            return Err(or_too_long(error, limit));
        }
        let wait = (waiting.len() > 0).then_some(head_start);
        match next_result(&receiver, wait, limit)? {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(error)) => {
                under_way = under_way.saturating_sub(1);
                last_error = Some(error);
            }
            None => {}
        }
    }
}

fn connect_aside(
    address: SocketAddr,
    timeout: Duration,
    sender: Sender<io::Result<TcpStream>>,
) -> io::Result<()> {
    spawn("connector", move || {
        // Nobody listens any more when another address was faster.
        let _ = sender.send(TcpStream::connect_timeout(&address, timeout));
    })
}

/// The next address that answered or failed; none when the next one's turn has come.
fn next_result(
    receiver: &Receiver<io::Result<TcpStream>>,
    head_start: Option<Duration>,
    limit: ConnectLimit,
) -> io::Result<Option<io::Result<TcpStream>>> {
    let remaining = limit.remaining()?;
    let wait = head_start.map_or(remaining, |head_start| remaining.min(head_start));
    match receiver.recv_timeout(wait) {
        Ok(result) => Ok(Some(result)),
        Err(RecvTimeoutError::Timeout) => Ok(None),
        Err(RecvTimeoutError::Disconnected) => Err(limit.too_long().into()),
    }
}

/// The system's own time-out is ours.
fn or_too_long(error: io::Error, limit: ConnectLimit) -> io::Error {
    if !matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) {
        return error;
    }
    limit.remaining().err().map_or(error, Into::into)
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    // The resolver of some C libraries wants more than the smallest stack; 256 KiB serves all.
    thread::Builder::new().name(name.to_owned()).stack_size(256 * 1024).spawn(work).map(drop)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;

    use super::*;
    use crate::transport::trust::Roots;

    fn limit() -> ConnectLimit {
        ConnectLimit::start(Duration::from_secs(5), Deadline::default())
    }

    /// An address where nobody listens.
    fn dead() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    #[test]
    fn one_address_that_answers_is_enough() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let live = listener.local_addr().unwrap();
        for addresses in [vec![live], vec![dead(), live], vec![dead(), dead(), live, dead()]] {
            let began = Instant::now();
            let stream = dial(&addresses, limit()).unwrap();
            assert_eq!(stream.peer_addr().unwrap(), live);
            // A refusal passes the turn on at once.
            assert!(began.elapsed() < HEAD_START, "{:?}", began.elapsed());
        }
    }

    fn connector(roots: Roots, proxies: Proxies) -> Connector {
        let (trust, timeout) = (Trust::new(roots).unwrap(), Duration::from_secs(5));
        Connector { trust, proxies, pins: Vec::new(), timeout }
    }

    /// What serves each connection in its turn.
    fn server(mut serve: impl FnMut(TcpStream) + Send + 'static) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || listener.incoming().flatten().for_each(&mut serve));
        address
    }

    #[test]
    fn an_address_that_is_silent_in_tls_leaves_time_for_the_others() {
        let own = rcgen::generate_simple_self_signed(["pgyer.test".to_owned()]).unwrap();
        let mut roots = Roots::default();
        roots.add_pem(own.cert.pem().as_bytes(), "own").unwrap();
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![own.cert.der().clone()],
                own.signing_key.serialize_der().try_into().unwrap(),
            )
            .unwrap();
        let config = std::sync::Arc::new(config);
        let good = server(move |mut tcp| {
            let mut session = rustls::ServerConnection::new(config.clone()).unwrap();
            while session.is_handshaking() && session.complete_io(&mut tcp).is_ok() {}
        });
        let (keep, _kept) = mpsc::channel();
        let silent = server(move |tcp| keep.send(tcp).unwrap());
        let closing = server(drop);
        let connector = connector(roots, Proxies::default());
        let url = Url::parse("https://pgyer.test/").unwrap();
        let limit = || ConnectLimit::start(Duration::from_secs(2), Deadline::default());
        let (_, route) =
            connector.open_directly(&url, vec![closing, silent, good], limit()).unwrap();
        assert_eq!(route.address, Some(good));
        let error = connector.open_directly(&url, vec![closing, closing], limit());
        assert!(error.unwrap_err().problem.contains("while TLS was being set up"));
    }

    #[test]
    fn a_proxy_is_asked_for_each_address() {
        let asked = std::sync::Arc::<AtomicUsize>::default();
        let count = std::sync::Arc::clone(&asked);
        let proxy = server(move |mut tcp| {
            tcp.read_exact(&mut [0; 3]).unwrap();
            tcp.write_all(&[5, 0]).unwrap();
            tcp.read_exact(&mut [0; 10]).unwrap();
            let is_first = count.fetch_add(1, Ordering::SeqCst) == 0;
            tcp.write_all(&[5, if is_first { 4 } else { 0 }, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
        });
        let proxies = Proxies::default().with_proxy(&format!("socks5://{proxy}")).unwrap();
        let connector = connector(Roots::default(), proxies);
        let url = Url::parse("http://pgyer.test/").unwrap();
        let proxy = connector.proxies.choose(&url).unwrap().unwrap();
        let open = |targets: &[&str]| {
            let targets = targets.iter().map(ToString::to_string).collect();
            connector.open_through(proxy, &url, targets, limit())
        };
        assert!(open(&["192.0.2.1"]).is_err());
        asked.store(0, Ordering::SeqCst);
        assert!(open(&["192.0.2.1", "192.0.2.2"]).is_ok());
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[cfg(unix)]
    #[test]
    fn no_firewall_is_blamed_for_a_lack_of_descriptors() {
        let advice_for = |code| advice(&io::Error::from_raw_os_error(code), "::1", 443);
        assert!(advice_for(24).contains("ulimit -n"), "{}", advice_for(24));
        assert!(advice_for(111).contains("firewall allows TCP to [::1]:443"));
    }

    #[test]
    fn where_none_answers_the_last_failure_is_told() {
        for addresses in [vec![dead()], vec![dead(), dead()]] {
            let error = dial(&addresses, limit()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        }
        assert!(dial(&[], limit()).is_err());
    }

    #[test]
    fn a_silent_address_gets_a_head_start_and_no_more() {
        let (sender, receiver) = mpsc::channel::<io::Result<TcpStream>>();
        let began = Instant::now();
        assert!(next_result(&receiver, Some(HEAD_START), limit()).unwrap().is_none());
        let took = began.elapsed();
        assert!(took >= HEAD_START && took < 2 * HEAD_START, "{took:?}");
        // The last one has all the time that is left.
        let short = ConnectLimit::start(Duration::from_millis(50), Deadline::default());
        assert!(next_result(&receiver, None, short).unwrap().is_none());
        assert!(next_result(&receiver, None, short).is_err());
        drop(sender);
    }
}
