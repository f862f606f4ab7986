//! A TCP socket that counts what it moves, and what its kernel still holds.

#[cfg(target_os = "linux")]
use std::io::BufRead;
use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;
#[cfg(target_os = "linux")]
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use super::ticking::{TICK, Ticking};

/// The most that is written at once while the peer takes it slowly: the kernel restarts a write's
/// time limit with every bit that is taken, so that a large one could go on for long.
const SLOW_WRITE: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Socket {
    tcp: Ticking,
    /// Whether the last write was held up.
    is_slow: bool,
    moved: u64,
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
        Ok(Self { tcp: Ticking::new(tcp)?, is_slow: false, moved: 0 })
    }

    /// Makes reads and writes wait for a tick, or not at all.
    pub(super) fn set_waiting(&mut self, waits: bool) -> io::Result<()> {
        self.tcp.set_waiting(waits)
    }

    /// How many bytes have come from the peer or gone to the kernel.
    pub(super) fn moved(&self) -> u64 {
        self.moved
    }

    /// How many bytes the kernel has accepted from us and the peer has not acknowledged; `None`
    /// where the kernel does not say.
    ///
    /// Megabytes can wait there after the last write. Linux reports this in a file; elsewhere it
    /// takes a system call that the standard library lacks. The file has a line for each socket of
    /// the machine, megabytes of them on a busy one: it is read line by line.
    #[cfg(target_os = "linux")]
    pub(super) fn unsent(&self) -> Option<u64> {
        let tcp = self.tcp.tcp();
        let (local, peer) = (tcp.local_addr().ok()?, tcp.peer_addr().ok()?);
        let table = if local.is_ipv4() { "/proc/self/net/tcp" } else { "/proc/self/net/tcp6" };
        let table = io::BufReader::new(std::fs::File::open(table).ok()?);
        unsent_in(table, local, peer)
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn unsent(&self) -> Option<u64> {
        None
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.tcp.read(buffer)?;
        self.moved += read as u64;
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
            [first, ..] if self.is_slow => {
                self.tcp.write(&[IoSlice::new(first.get(..SLOW_WRITE).unwrap_or(first))])
            }
            _ => self.tcp.write(slices),
        };
        self.is_slow = began.elapsed() * 2 >= TICK;
        let written = written?;
        self.moved += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The length of a connection's send queue in Linux's table of them. Both addresses count: one
/// local port may serve connections to several hosts, and the same ports may be in use between
/// others.
#[cfg(target_os = "linux")]
fn unsent_in(mut table: impl BufRead, local: SocketAddr, peer: SocketAddr) -> Option<u64> {
    let (local, peer) = (in_table(local), in_table(peer));
    let mut line = String::new();
    while table.read_line(&mut line).ok()? > 0 {
        let mut columns = line.split_ascii_whitespace().skip(1);
        if columns.next() == Some(&local) && columns.next() == Some(&peer) {
            let queues = columns.nth(1)?;
            return u64::from_str_radix(queues.split(':').next()?, 16).ok();
        }
        line.clear();
    }
    None
}

/// An address as the table has it: words of 32 bits, each as the processor reads it, and the port.
#[cfg(target_os = "linux")]
fn in_table(address: SocketAddr) -> String {
    let octets = match address.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let word = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_ne_bytes);
    let words = octets.chunks_exact(4).map(|bytes| format!("{:08X}", word(bytes)));
    format!("{}:{:04X}", words.collect::<String>(), address.port())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn the_kernel_says_what_waits() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n\
             0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000\n\
             1: 0100007F:A2C4 0200007F:1F90 01 00000007:00000000 00:00000000\n\
             2: 0100007F:A2C4 0100007F:1F90 01 0003FFA1:00000000 00:00000000\n\
             3: B80D0120000000000000000001000000:A2C4 B80D0120000000000000000002000000:1F90 01 \
             00000008:00000000 00:00000000\n";
        let unsent = |local: &str, peer: &str| {
            unsent_in(table.as_bytes(), local.parse().unwrap(), peer.parse().unwrap())
        };
        assert_eq!(unsent("127.0.0.1:41668", "127.0.0.1:8080"), Some(0x3FFA1));
        // The same ports on another host.
        assert_eq!(unsent("127.0.0.1:41668", "127.0.0.2:8080"), Some(7));
        assert_eq!(unsent("127.0.0.1:41668", "127.0.0.3:8080"), None);
        assert_eq!(unsent("127.0.0.1:41668", "127.0.0.1:8081"), None);
        assert_eq!(unsent("[2001:db8::1]:41668", "[2001:db8::2]:8080"), Some(8));
    }

    #[test]
    fn what_nobody_reads_waits() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = std::net::TcpListener::bind(address) else { continue };
            let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let _peer = listener.accept().unwrap();
            let mut socket = Socket::new(tcp).unwrap();
            assert_eq!(socket.unsent(), Some(0));
            let block = [0; 64 * 1024];
            while socket.write(&block).is_ok() {}
            assert!(socket.unsent().is_some_and(|waiting| waiting > 0));
        }
    }
}
