//! A TCP socket whose reads and writes return after a tick at the latest.

use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;
#[cfg(any(windows, test))]
use std::thread;
use std::time::Duration;
#[cfg(any(windows, test))]
use std::time::Instant;

/// How long a read or a write may wait: waiting code gets control back this often, to check its
/// clocks and the other direction.
pub(super) const TICK: Duration = Duration::from_millis(50);

/// The longest sleep between two attempts on a socket that does not wait itself.
#[cfg(any(windows, test))]
const NAP: Duration = Duration::from_millis(8);

#[derive(Debug)]
pub(super) struct Ticking {
    tcp: TcpStream,
    #[cfg(windows)]
    waits: bool,
}

#[cfg(not(windows))]
impl Ticking {
    pub(super) fn new(tcp: TcpStream) -> io::Result<Self> {
        tcp.set_read_timeout(Some(TICK))?;
        tcp.set_write_timeout(Some(TICK))?;
        Ok(Self { tcp })
    }

    /// Makes reads and writes wait for a tick, or not at all.
    pub(super) fn set_waiting(&mut self, waits: bool) -> io::Result<()> {
        self.tcp.set_nonblocking(!waits)
    }

    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.tcp).read(buffer)
    }

    pub(super) fn write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&self.tcp).write_vectored(slices)
    }
}

/// On Windows it is undefined how much was sent once a socket's own time limit has passed, and the
/// shortest limit is half a second. So here the socket never waits, and `for_a_tick` does.
#[cfg(windows)]
impl Ticking {
    pub(super) fn new(tcp: TcpStream) -> io::Result<Self> {
        tcp.set_nonblocking(true)?;
        Ok(Self { tcp, waits: true })
    }

    /// Makes reads and writes wait for a tick, or not at all.
    pub(super) fn set_waiting(&mut self, waits: bool) -> io::Result<()> {
        self.waits = waits;
        Ok(())
    }

    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.attempt(|| (&self.tcp).read(buffer))
    }

    pub(super) fn write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.attempt(|| (&self.tcp).write_vectored(slices))
    }

    fn attempt(&self, mut step: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
        if self.waits { for_a_tick(step) } else { step() }
    }
}

#[cfg(target_os = "linux")]
impl Ticking {
    pub(super) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }
}

/// Tries until it works, with short sleeps that grow, or a tick has passed.
#[cfg(any(windows, test))]
fn for_a_tick<T>(mut step: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let began = Instant::now();
    let mut nap = Duration::from_millis(1);
    loop {
        match step() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && began.elapsed() < TICK => {}
            result => return result,
        }
        thread::sleep(nap);
        nap = (nap * 2).min(NAP);
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (ours, listener.accept().unwrap().0)
    }

    #[test]
    fn a_silent_peer_costs_a_tick() {
        let (ours, _peer) = pair();
        let mut ticking = Ticking::new(ours).unwrap();
        let read = |ticking: &Ticking| ticking.read(&mut [0]);
        let began = Instant::now();
        assert!(crate::transport::socket::is_tick(&read(&ticking).unwrap_err()));
        assert!(began.elapsed() >= TICK * 9 / 10, "{:?}", began.elapsed());
        ticking.set_waiting(false).unwrap();
        assert_eq!(read(&ticking).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn attempts_on_a_socket_that_never_waits_lose_and_repeat_nothing() {
        let (ours, mut peer) = pair();
        ours.set_nonblocking(true).unwrap();
        let sent: Vec<u8> = (0..=u8::MAX).cycle().take(8 << 20).collect();
        let reader = thread::spawn(move || {
            let mut got = Vec::new();
            peer.read_to_end(&mut got).map(|_| got)
        });
        let mut rest = &sent[..];
        while !rest.is_empty() {
            match for_a_tick(|| (&ours).write(rest)) {
                Ok(written) => rest = &rest[written..],
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
        drop(ours);
        assert!(reader.join().unwrap().unwrap() == sent);
    }
}
