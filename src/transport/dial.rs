//! From a host's addresses to a connection with one of them.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use super::failure::{Failure, FailureKind};
use super::limits::ConnectLimit;
use super::stream::Pipe;
use super::threads::{self, Spawn};
use super::url::host_in_url;

/// `ENFILE` and `EMFILE`. Their numbers are the same on every Unix.
const TOO_MANY_FILES: [i32; 2] = [23, 24];

/// How long one address is tried alone before the next one is tried in parallel, if time allows.
/// RFC 8305 recommends this value.
const HEAD_START: Duration = Duration::from_millis(250);

/// The address that last worked for each host. It is tried first next time; otherwise every new
/// connection would sit out the head start of a dead address.
#[derive(Debug, Default)]
pub(super) struct LastGood(Mutex<Vec<(String, SocketAddr)>>);

impl LastGood {
    pub(super) fn note(&self, host: &str, address: SocketAddr) {
        if let Ok(mut known) = self.0.lock() {
            known.retain(|(other, at)| other != host || at.port() != address.port());
            known.push((host.to_owned(), address));
        }
    }

    pub(super) fn put_first(&self, host: &str, addresses: &mut [SocketAddr]) {
        if let Ok(known) = self.0.lock() {
            let answered = |at: &SocketAddr| known.iter().any(|it| it.0 == host && it.1 == *at);
            addresses.sort_by_key(|address| !answered(address));
        }
    }
}

/// Connects to one of a host's addresses, and says to which.
pub(super) fn connect(
    host: &str,
    port: u16,
    addresses: &[SocketAddr],
    limit: ConnectLimit<'_>,
) -> Result<(Pipe, SocketAddr), Failure> {
    let began = Instant::now();
    let tcp = dial(addresses, limit, threads::spawn).map_err(|error| {
        let problem = format!("cannot reach {}", describe(host, port, addresses));
        match error.downcast::<Failure>() {
            Ok(failure) => failure.with_context(&problem),
            Err(error) => {
                let advice = advice(&error, host, port);
                Failure::new(FailureKind::Unreachable, problem).because(error).advising(advice)
            }
        }
    })?;
    let address = tcp.peer_addr().map_err(Failure::from_io)?;
    Ok((Pipe::new(tcp, began).map_err(Failure::from_io)?, address))
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

fn describe(host: &str, port: u16, addresses: &[SocketAddr]) -> String {
    match addresses {
        [one] if one.ip().to_string() == host => one.to_string(),
        [one] => format!("{host} ({one})"),
        _ => format!("{}:{port} at any of {} addresses", host_in_url(host), addresses.len()),
    }
}

/// Connects to the first of several addresses that answers. Each gets a head start over the next,
/// and all go on side by side, so that a dead one takes no time from the others. They go on in
/// threads, since the system can't be stopped while it connects; a single one that nobody can
/// cancel needs none.
fn dial(addresses: &[SocketAddr], limit: ConnectLimit<'_>, spawn: Spawn) -> io::Result<TcpStream> {
    if let ([address], false) = (addresses, limit.can_be_cancelled()) {
        let connected = TcpStream::connect_timeout(address, limit.remaining()?);
        return connected.map_err(|error| or_too_long(error, limit));
    }
    let (sender, receiver) = mpsc::channel();
    // Short enough for the last address to start with half of the time left.
    let head_start = limit.share(addresses.len() * 2).remaining()?.min(HEAD_START);
    let mut waiting = addresses.iter();
    let mut under_way = 0;
    let mut failed = None;
    loop {
        if let Some(&address) = waiting.next() {
            let (sender, timeout) = (sender.clone(), limit.remaining()?);
            let here = limit.share(waiting.len() + 1);
            // Nobody listens any more if another address was faster.
            let report = move |timeout| {
                let _ = sender.send(TcpStream::connect_timeout(&address, timeout));
            };
            let aside = report.clone();
            if spawn("connector", Box::new(move || aside(timeout))).is_err() {
                // No thread can be had: connect in this one, to one address after the other.
                report(here.remaining()?);
            }
            under_way += 1;
        } else if under_way == 0 {
            let error = failed.unwrap_or_else(|| io::Error::other("it has no address"));
            return Err(or_too_long(error, limit));
        }
        let wait = (waiting.len() > 0).then_some(head_start);
        match next_result(&receiver, wait, limit)? {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(error)) => {
                under_way -= 1;
                failed = Some(more_telling(failed, error));
            }
            None => {}
        }
    }
}

/// Picks the failure to report: the later one, unless it only says that this machine lacks such
/// addresses. Without IPv6, the user should hear why IPv4 failed.
fn more_telling(before: Option<io::Error>, error: io::Error) -> io::Error {
    use io::ErrorKind::{AddrNotAvailable, NetworkUnreachable};
    match before {
        Some(before) if matches!(error.kind(), AddrNotAvailable | NetworkUnreachable) => before,
        _ => error,
    }
}

/// The next address that answered or failed; `None` when the next one's turn has come.
fn next_result(
    receiver: &Receiver<io::Result<TcpStream>>,
    head_start: Option<Duration>,
    limit: ConnectLimit<'_>,
) -> io::Result<Option<io::Result<TcpStream>>> {
    Ok(limit.receive(receiver, head_start.unwrap_or(Duration::MAX))?)
}

/// Replaces the system's time-out by ours, which says what to do.
fn or_too_long(error: io::Error, limit: ConnectLimit<'_>) -> io::Error {
    if !matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) {
        return error;
    }
    limit.remaining().err().map_or(error, Into::into)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::stop::NEVER;
    use crate::transport::threads::tests::none_left;

    fn limit() -> ConnectLimit<'static> {
        ConnectLimit::start(Duration::from_secs(5), &NEVER)
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
            let stream = dial(&addresses, limit(), threads::spawn).unwrap();
            assert_eq!(stream.peer_addr().unwrap(), live);
            // A refusal passes the turn on at once.
            assert!(began.elapsed() < HEAD_START, "{:?}", began.elapsed());
        }
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
            let error = dial(&addresses, limit(), threads::spawn).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        }
        assert!(dial(&[], limit(), threads::spawn).is_err());
    }

    #[test]
    fn a_silent_address_gets_a_head_start_and_no_more() {
        let (sender, receiver) = mpsc::channel::<io::Result<TcpStream>>();
        let began = Instant::now();
        assert!(next_result(&receiver, Some(HEAD_START), limit()).unwrap().is_none());
        let took = began.elapsed();
        assert!(took >= HEAD_START && took < 2 * HEAD_START, "{took:?}");
        // The last one has all the time that is left.
        let short = ConnectLimit::start(Duration::from_millis(50), &NEVER);
        assert!(next_result(&receiver, None, short).is_err());
        assert!(short.remaining().is_err());
        drop(sender);
    }

    #[test]
    fn without_threads_the_addresses_have_their_turn_one_after_the_other() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let live = listener.local_addr().unwrap();
        let stream = dial(&[dead(), dead(), live], limit(), none_left).unwrap();
        assert_eq!(stream.peer_addr().unwrap(), live);
        // A silent one leaves the others their share: nobody has this address.
        let silent: SocketAddr = "192.0.2.1:9".parse().unwrap();
        let short = ConnectLimit::start(Duration::from_millis(600), &NEVER);
        assert!(dial(&[silent, live], short, none_left).is_ok());
        assert!(dial(&[dead(), dead()], limit(), none_left).is_err());
    }

    #[test]
    fn a_machine_without_ipv6_hears_why_ipv4_failed() {
        let error = |kind: io::ErrorKind| io::Error::from(kind);
        use io::ErrorKind::{AddrNotAvailable, ConnectionRefused};
        for (before, after) in
            [(AddrNotAvailable, ConnectionRefused), (ConnectionRefused, AddrNotAvailable)]
        {
            assert_eq!(more_telling(Some(error(before)), error(after)).kind(), ConnectionRefused);
        }
    }
}
