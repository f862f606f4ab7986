//! From a host's name to its addresses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::time::Duration;

use super::failure::{Failure, FailureKind};
use super::limits::ConnectLimit;
use super::threads::{self, Spawn};

/// Asks for the addresses of a host and port, for as long as that takes.
pub(super) type Resolver = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// How many addresses of each family are tried. An answer of DNS can have thousands, each of which
/// would get a thread; no real service has more than a few.
const MAX_OF_A_FAMILY: usize = 8;

/// This machine, in the order in which it is dialled: most servers for it listen on the first.
const LOCALHOST: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// The system's resolver.
pub(super) fn system(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((host, port).to_socket_addrs()?.collect())
}

/// The addresses of `localhost`, without a resolver. Requests to it may be sent without TLS, so a
/// resolver that pointed it elsewhere would get the API key.
pub(super) fn localhost(port: u16) -> Vec<SocketAddr> {
    LOCALHOST.map(|address| SocketAddr::new(address, port)).to_vec()
}

/// Has the resolver look a name up in a thread, since it has no time limit of its own. Never
/// returns an empty list.
pub(super) fn look_up(
    host: &str,
    port: u16,
    limit: ConnectLimit<'_>,
    resolver: Resolver,
    spawn: Spawn,
) -> Result<Vec<SocketAddr>, Failure> {
    let (sender, receiver) = mpsc::channel();
    let name = host.to_owned();
    let work = move || {
        // Nobody listens any more if it took too long.
        let _ = sender.send(resolver(&name, port));
    };
    // Without a thread it fails: in this one the resolver could take a minute, past every limit.
    spawn("resolver", Box::new(work)).map_err(|error| {
        Failure::new(FailureKind::Unreachable, format!("cannot look up the host {host}"))
            .because(error)
            .advising(threads::ADVICE)
    })?;
    // What is left is looked at in there, so that no answer is a matter of the limit.
    match limit.receive(&receiver, Duration::MAX)? {
        Some(Ok(addresses)) if addresses.is_empty() => {
            Err(not_found(host, io::Error::other("it has no address")))
        }
        Some(Ok(addresses)) => Ok(a_few_of_each_family(addresses)),
        Some(Err(error)) => Err(not_found(host, error)),
        None => Err(limit.too_long()),
    }
}

fn not_found(host: &str, error: io::Error) -> Failure {
    Failure::new(FailureKind::Unreachable, format!("cannot look up the host {host}"))
        .because(error)
        .advising(
            "see DNS and the name; where this machine has no DNS, pin an address with --resolve \
             or use a proxy that looks names up",
        )
}

/// The first addresses of each family, so that many of one leave room for the other.
fn a_few_of_each_family(mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let (mut v4, mut v6) = (0, 0);
    addresses.retain(|address| {
        let count = if address.is_ipv4() { &mut v4 } else { &mut v6 };
        *count += 1;
        *count <= MAX_OF_A_FAMILY
    });
    addresses
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::Instant;

    use super::*;
    use crate::stop::{NEVER, Stop};

    fn ask(resolver: Resolver, spawn: Spawn) -> Result<Vec<SocketAddr>, Failure> {
        let limit = ConnectLimit::start(Duration::from_millis(300), &NEVER);
        look_up("x.example", 7, limit, resolver, spawn)
    }

    #[test]
    fn an_answer_with_thousands_of_addresses_is_cut() {
        let many: Resolver = |_, port| {
            let v6 = (0..4000_u16).map(|n| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, n]));
            let v4 = (0..200_u8).map(|n| IpAddr::from([192, 0, 2, n]));
            Ok(v6.chain(v4).map(|address| SocketAddr::new(address, port)).collect())
        };
        let found = ask(many, threads::spawn).unwrap();
        assert_eq!(found.len(), 2 * MAX_OF_A_FAMILY);
        assert_eq!(found.iter().filter(|address| address.is_ipv4()).count(), MAX_OF_A_FAMILY);
    }

    #[test]
    fn what_the_resolver_does_not_say_is_said() {
        let error = ask(|_, _| Ok(Vec::new()), threads::spawn).unwrap_err();
        assert!(error.to_string().contains("x.example: it has no address"), "{error}");
        let error = ask(|_, _| Err(io::Error::other("no such name")), threads::spawn).unwrap_err();
        assert!(error.advice.unwrap().contains("--resolve"));
        let began = Instant::now();
        let silent: Resolver = |_, _| {
            thread::sleep(Duration::from_secs(2));
            Ok(Vec::new())
        };
        let error = ask(silent, threads::spawn).unwrap_err();
        assert!(error.problem.contains("no connection within 0.3 s"), "{error}");
        assert!(began.elapsed() < Duration::from_secs(1));
    }

    #[test]
    fn a_resolver_does_not_keep_what_is_cancelled() {
        static ASKED: AtomicBool = AtomicBool::new(false);
        let minute = Duration::from_secs(60);
        let silent: Resolver = |_, _| {
            ASKED.store(true, Ordering::Relaxed);
            thread::sleep(Duration::from_secs(60));
            Ok(Vec::new())
        };
        let flag = Arc::<AtomicBool>::default();
        let stop = Stop::default().when(Arc::clone(&flag));
        thread::spawn(move || {
            while !ASKED.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(1));
            }
            flag.store(true, Ordering::Relaxed);
        });
        let limit = ConnectLimit::start(minute, &stop);
        let error = look_up("x.example", 7, limit, silent, threads::spawn).unwrap_err();
        assert_eq!(error.kind, FailureKind::Cancelled);
    }

    #[test]
    fn no_dns_is_blamed_where_a_thread_can_not_be_had() {
        let error = ask(system, threads::tests::none_left).unwrap_err();
        assert!(error.advice.unwrap().contains("ulimit -u"));
    }
}
