//! From a URL to a connection: names, addresses, proxies, TLS, all under one time limit.

use std::io::ErrorKind::{
    BrokenPipe, ConnectionAborted, ConnectionReset, InvalidData, UnexpectedEof,
};
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use super::dial::{LastGood, connect};
use super::failure::{Failure, FailureKind};
use super::limits::ConnectLimit;
use super::pool::Pool;
use super::proxies::Proxies;
use super::proxy::{Proxy, ProxyKind};
use super::rate::RateLimit;
use super::resolve::{self, Resolver};
use super::stream::{ConnectIo, Pipe, Stream};
use super::trust::Trust;
use super::url::{Url, is_loopback};
use super::{threads, tls_error, tunnel};
use crate::error::{Error, Result as LibraryResult};
use crate::stop::Stop;

/// An address that stands for a host and port.
#[derive(Debug, Clone)]
pub(crate) struct Pin {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) address: IpAddr,
}

impl Pin {
    /// `http://` is allowed to this machine because nobody else can read it, which a pin must not
    /// undo.
    pub(crate) fn check(&self) -> LibraryResult<()> {
        let (host, address) = (&self.host, self.address);
        if !is_loopback(host) || is_loopback(&address.to_string()) {
            return Ok(());
        }
        Err(Error::usage(format!(
            "{host} is this machine, and can't be resolved to {address} (--resolve)"
        )))
    }
}

/// Opens connections, and keeps idle ones for the next request.
#[derive(Debug)]
pub(super) struct Connector {
    pub(super) trust: Arc<Trust>,
    pub(super) proxies: Proxies,
    pub(super) pins: Vec<Pin>,
    pub(super) timeout: Duration,
    pub(super) resolver: Resolver,
    pub(super) pool: Pool,
    pub(super) rate: Option<RateLimit>,
    pub(super) last_good: LastGood,
}

/// How a host was reached, for `doctor`.
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
    /// Connects to the host of a URL, through a proxy where the settings say so.
    pub(super) fn open(&self, url: &Url, stop: &Stop) -> Result<(Stream, Route), Failure> {
        let limit = ConnectLimit::start(self.timeout, stop);
        limit.remaining()?;
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

    /// Connects to the first address that answers, and to another one if TLS fails there: a load
    /// balancer accepts connections even when the server behind it is dead.
    fn open_directly(
        &self,
        url: &Url,
        mut addresses: Vec<SocketAddr>,
        limit: ConnectLimit<'_>,
    ) -> Result<(Stream, Route), Failure> {
        let mut failed: Option<Failure> = None;
        loop {
            let (pipe, address) = match connect(url.host(), url.port(), &addresses, limit) {
                Ok(connected) => connected,
                // Report the address that was reached and then failed: that says more than that the
                // others are unreachable.
                Err(error) if error.kind == FailureKind::Unreachable => {
                    return Err(failed.unwrap_or(error));
                }
                Err(error) => return Err(error),
            };
            let route = Route { address: Some(address), ..Route::default() };
            let failure = match self.secure(url, pipe, route, limit.share(addresses.len())) {
                Ok(opened) => {
                    self.last_good.note(url.host(), address);
                    return Ok(opened);
                }
                Err(failure) if failure.is_retryable() => failure,
                Err(failure) => return Err(failure),
            };
            let before = addresses.len();
            addresses.retain(|other| *other != address);
            // Without the second condition this could go on for ever: an address may come back
            // from the system in another form than it was given.
            if addresses.is_empty() || addresses.len() == before {
                return Err(failure);
            }
            failed = Some(failure);
        }
    }

    /// Has the proxy connect to the first of the targets that it can reach and that completes TLS.
    /// Each one takes a new connection to the proxy, since a tunnel that failed can't be used
    /// again.
    fn open_through(
        &self,
        proxy: &Proxy,
        url: &Url,
        targets: Vec<String>,
        limit: ConnectLimit<'_>,
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

    /// Sets TLS up, where the URL asks for it.
    fn secure(
        &self,
        url: &Url,
        mut pipe: Pipe,
        mut route: Route,
        limit: ConnectLimit<'_>,
    ) -> Result<(Stream, Route), Failure> {
        if !url.is_tls() {
            return Ok((Stream::new(pipe, None), route));
        }
        let (session, issuer) = self.handshake(url.host(), &mut pipe, limit)?;
        route.issuer = issuer;
        Ok((Stream::new(pipe, Some(session)), route))
    }

    /// The address that is pinned to a host and port; of several, the last one.
    fn pinned(&self, host: &str, port: u16) -> Option<IpAddr> {
        let pin = self.pins.iter().rev().find(|pin| pin.host == host && pin.port == port);
        pin.map(|pin| pin.address)
    }

    /// The addresses of a host: the pinned one, or what the resolver says. Never empty.
    fn addresses(
        &self,
        host: &str,
        port: u16,
        limit: ConnectLimit<'_>,
    ) -> Result<Vec<SocketAddr>, Failure> {
        if let Some(address) = self.pinned(host, port).or_else(|| host.parse().ok()) {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        if is_loopback(host) {
            return Ok(resolve::localhost(port));
        }
        let mut addresses = resolve::look_up(host, port, limit, self.resolver, threads::spawn)?;
        self.last_good.put_first(host, &mut addresses);
        Ok(addresses)
    }

    /// Connects to the proxy, with TLS if it is an `https://` proxy, and has it connect to the
    /// target. Every failure on the way names the proxy.
    fn tunnel(
        &self,
        proxy: &Proxy,
        target: &str,
        url: &Url,
        limit: ConnectLimit<'_>,
    ) -> Result<(Pipe, Route), Failure> {
        let of_proxy =
            |failure: Failure| failure.with_context(&format!("through the proxy {proxy}"));
        let addresses = self.addresses(&proxy.host, proxy.port, limit).map_err(of_proxy)?;
        let (mut pipe, address) =
            connect(&proxy.host, proxy.port, &addresses, limit).map_err(of_proxy)?;
        if proxy.kind == ProxyKind::Https {
            let secured = self.handshake(&proxy.host, &mut pipe, limit);
            pipe.wrap(secured.map_err(of_proxy)?.0);
        }
        let mut io = ConnectIo { pipe: &mut pipe, limit };
        tunnel::open(proxy, target, url, &mut io).map_err(of_proxy)?;
        Ok((pipe, Route { proxy: Some(proxy.to_string()), address: Some(address), issuer: None }))
    }

    /// What the proxy is asked to connect to, in this order: the pinned address; with `socks5://`
    /// the addresses found here; otherwise the name, which the proxy looks up itself.
    fn targets(
        &self,
        proxy: &Proxy,
        url: &Url,
        limit: ConnectLimit<'_>,
    ) -> Result<Vec<String>, Failure> {
        let (host, port) = (url.host(), url.port());
        if self.pinned(host, port).is_none() && proxy.kind != ProxyKind::Socks5 {
            return Ok(vec![host.to_owned()]);
        }
        let addresses = self.addresses(host, port, limit)?;
        Ok(addresses.iter().map(|address| address.ip().to_string()).collect())
    }

    /// Does a TLS handshake. Returns the session, and who issued the server's certificate.
    fn handshake(
        &self,
        host: &str,
        pipe: &mut Pipe,
        limit: ConnectLimit<'_>,
    ) -> Result<(ClientConnection, Option<String>), Failure> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            Failure::new(FailureKind::Refused, format!("'{host}' can't be the name of a host"))
        })?;
        let (mut session, peer) = self.trust.session(name).map_err(|error| {
            Failure::new(FailureKind::Refused, "TLS can't be set up").because(error)
        })?;
        let mut io = ConnectIo { pipe, limit };
        while session.is_handshaking() {
            if let Err(mut error) = take_turn(&mut session, &mut io) {
                // A server that refuses the connection may close it while this side still writes.
                // Its alert is in our receive buffer, and says more than "broken pipe".
                if matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset) {
                    error = last_words(&mut session, &mut io).unwrap_or(error);
                }
                return Err(tls_error::of_handshake(error, host, &peer));
            }
        }
        Ok((session, peer.issuer.get().cloned()))
    }
}

/// Takes one step of a handshake: sends what is pending, or else reads. The client's last message
/// is left to be sent with the first request.
fn take_turn(session: &mut ClientConnection, io: &mut ConnectIo<'_>) -> io::Result<()> {
    if session.wants_write() {
        session.write_tls(io)?;
        return io.flush();
    }
    if session.read_tls(io)? == 0 {
        return Err(UnexpectedEof.into());
    }
    session.process_new_packets().map(drop).map_err(|error| {
        // There is an alert for the server in it, which may not reach it any more.
        let _ = session.write_tls(io).and_then(|_| io.flush());
        io::Error::new(InvalidData, error)
    })
}

/// The error of the alert that a server sent before it closed the connection, if it did.
fn last_words(session: &mut ClientConnection, io: &mut ConnectIo<'_>) -> Option<io::Error> {
    while session.read_tls(io).is_ok_and(|read| read > 0) {
        if let Err(error) = session.process_new_packets() {
            return Some(io::Error::other(error));
        }
    }
    None
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;

    use super::*;
    use crate::stop::NEVER;
    use crate::transport::trust::Roots;

    fn limit() -> ConnectLimit<'static> {
        ConnectLimit::start(Duration::from_secs(5), &NEVER)
    }

    pub(in super::super) fn connector(roots: Roots, proxies: Proxies) -> Connector {
        let (trust, timeout) = (Arc::new(Trust::new(roots).unwrap()), Duration::from_secs(5));
        let (pins, resolver, pool) = (Vec::new(), resolve::system, Pool::default());
        let last_good = LastGood::default();
        Connector { trust, proxies, pins, timeout, resolver, pool, rate: None, last_good }
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
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![own.cert.der().clone()],
                own.signing_key.serialize_der().try_into().unwrap(),
            )
            .unwrap();
        let config = Arc::new(config);
        let good = server(move |mut tcp| {
            let mut session = rustls::ServerConnection::new(config.clone()).unwrap();
            while session.is_handshaking() && session.complete_io(&mut tcp).is_ok() {}
        });
        let (keep, _kept) = mpsc::channel();
        let silent = server(move |tcp| keep.send(tcp).unwrap());
        let closing = server(drop);
        let connector = connector(roots, Proxies::default());
        let url = Url::parse("https://pgyer.test/").unwrap();
        let limit = || ConnectLimit::start(Duration::from_secs(2), &NEVER);
        let (_, route) =
            connector.open_directly(&url, vec![closing, silent, good], limit()).unwrap();
        assert_eq!(route.address, Some(good));
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for addresses in [vec![closing, closing], vec![closing, nobody], vec![nobody, closing]] {
            let error = connector.open_directly(&url, addresses, limit()).unwrap_err();
            assert!(error.problem.contains("while TLS was being set up"), "{error}");
        }
    }

    #[test]
    fn localhost_is_this_machine_whatever_the_resolver_says() {
        let mut connector = connector(Roots::default(), Proxies::default());
        connector.resolver = |_, port| Ok(vec![SocketAddr::from(([192, 0, 2, 1], port))]);
        for host in ["localhost", "LOCALHOST"] {
            let url = Url::parse(&format!("http://{host}:7/")).unwrap();
            let addresses = connector.addresses(url.host(), url.port(), limit()).unwrap();
            assert_eq!(addresses, ["127.0.0.1:7", "[::1]:7"].map(|it| it.parse().unwrap()));
        }
        let elsewhere = connector.addresses("localhost.example", 7, limit()).unwrap();
        assert_eq!(elsewhere, ["192.0.2.1:7".parse().unwrap()]);
    }

    #[test]
    fn the_address_that_answered_goes_first_the_next_time() {
        let mut connector = connector(Roots::default(), Proxies::default());
        connector.resolver = |_, port| {
            Ok([1, 2, 3].map(|last| SocketAddr::from(([192, 0, 2, last], port))).to_vec())
        };
        let first = |host: &str, port| connector.addresses(host, port, limit()).unwrap()[0];
        let address = |last, port| SocketAddr::from(([192, 0, 2, last], port));
        assert_eq!(first("x.example", 7), address(1, 7));
        connector.last_good.note("x.example", address(3, 7));
        connector.last_good.note("x.example", address(2, 7));
        connector.last_good.note("x.example", address(3, 8));
        assert_eq!(first("x.example", 7), address(2, 7));
        assert_eq!(first("x.example", 8), address(3, 8));
        assert_eq!(first("y.example", 7), address(1, 7));
        let all = connector.addresses("x.example", 7, limit()).unwrap();
        assert_eq!(all, [2, 1, 3].map(|last| address(last, 7)));
        // One that DNS no longer has is not tried.
        connector.last_good.note("x.example", address(9, 7));
        assert_eq!(first("x.example", 7), address(1, 7));
    }

    #[test]
    fn this_machine_is_pinned_to_nothing_else() {
        for (host, address, is_fine) in [
            ("localhost", "127.0.0.1", true),
            ("localhost", "::1", true),
            ("localhost", "127.1.2.3", true),
            ("localhost", "192.0.2.1", false),
            ("127.0.0.1", "192.0.2.1", false),
            ("::1", "2001:db8::1", false),
            ("x.example", "192.0.2.1", true),
            ("x.example", "127.0.0.1", true),
        ] {
            let pin = Pin { host: host.into(), port: 7, address: address.parse().unwrap() };
            assert_eq!(pin.check().is_ok(), is_fine, "{pin:?}");
        }
    }

    #[test]
    fn a_proxy_is_asked_for_each_address() {
        let asked = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&asked);
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
}
