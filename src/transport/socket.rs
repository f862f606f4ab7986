//! A TCP socket that hands control back at least once in a tick, and what its kernel still holds.

use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The socket's own time limit: whoever waits gets the word back that often, to look at clocks
/// and at the other direction.
const TICK: Duration = Duration::from_millis(50);

/// The most that is written at once while the other side takes it slowly: the kernel counts a
/// write's time limit anew with every bit that is taken, so that a large one could go on for long.
const SLOW_WRITE: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Socket {
    tcp: TcpStream,
    /// Whether the last write was held up.
    is_slow: bool,
    received: u64,
}

/// Whether an error only says that a tick passed.
pub(super) fn is_tick(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

impl Socket {
    pub(super) fn new(tcp: TcpStream) -> io::Result<Self> {
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(TICK))?;
        tcp.set_write_timeout(Some(TICK))?;
        Ok(Self { tcp, is_slow: false, received: 0 })
    }

    pub(super) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.tcp.set_nonblocking(nonblocking)
    }

    /// How many bytes have come.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// How many bytes the kernel has taken from us and the other side not from it; none where the
    /// kernel does not say.
    ///
    /// Megabytes can wait there after the last write. Linux tells in a file what elsewhere takes a
    /// system call that the standard library does not have.
    #[cfg(target_os = "linux")]
    pub(super) fn unsent(&self) -> Option<u64> {
        let (local, peer) = (self.tcp.local_addr().ok()?, self.tcp.peer_addr().ok()?);
        let table = if local.is_ipv4() { "/proc/self/net/tcp" } else { "/proc/self/net/tcp6" };
        unsent_in(&std::fs::read_to_string(table).ok()?, local.port(), peer.port())
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn unsent(&self) -> Option<u64> {
        None
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.tcp.read(buffer)?;
        self.received = self.received.saturating_add(read as u64);
        Ok(read)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let began = Instant::now();
        let written = match slices {
            [first, ..] if self.is_slow => self.tcp.write(first.get(..SLOW_WRITE).unwrap_or(first)),
            _ => self.tcp.write_vectored(slices),
        };
        self.is_slow = began.elapsed().saturating_mul(2) >= TICK;
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The length of the send queue of a connection in Linux's table of them.
#[cfg(target_os = "linux")]
fn unsent_in(table: &str, local: u16, peer: u16) -> Option<u64> {
    let (local, peer) = (format!(":{local:04X}"), format!(":{peer:04X}"));
    table.lines().find_map(|line| {
        let mut columns = line.split_ascii_whitespace().skip(1);
        let is_ours = columns.next()?.ends_with(&local) && columns.next()?.ends_with(&peer);
        let queues = columns.nth(1).filter(|_| is_ours)?;
        u64::from_str_radix(queues.split(':').next()?, 16).ok()
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_says_what_waits() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n\
             0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000\n\
             1: 0100007F:A2C4 0100007F:1F90 01 0003FFA1:00000000 00:00000000\n";
        assert_eq!(unsent_in(table, 0xA2C4, 0x1F90), Some(0x3FFA1));
        assert_eq!(unsent_in(table, 0xA2C4, 0x1F91), None);
        assert_eq!(unsent_in("", 1, 2), None);
    }

    #[test]
    fn what_nobody_reads_waits() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let _peer = listener.accept().unwrap();
        let mut socket = Socket::new(tcp).unwrap();
        assert_eq!(socket.unsent(), Some(0));
        let block = [0; 64 * 1024];
        while socket.write(&block).is_ok() {}
        assert!(socket.unsent().is_some_and(|waiting| waiting > 0));
    }
}
