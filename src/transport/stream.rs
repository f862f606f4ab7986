//! Bytes to and from a server: one layer that owns the socket and the TLS sessions on it, so that
//! it sees both what can be sent and what has come.

use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustls::ClientConnection;

use super::limits::ConnectLimit;
use super::socket::{Socket, is_tick};
use super::ticking::TICK;
use super::tls_error;

/// How much is written in one go, one system call: a whole batch of TLS records, or four times that
/// where nothing is copied on the way. Both are what measured best (docs/measurements.md). More
/// costs memory, and with TLS the processor's cache too: the file's bytes and the records made of
/// them have to fit in there together.
const TLS_BATCH: usize = 128 * 1024;
const PLAIN_BATCH: usize = 512 * 1024;

/// A connection, with TLS to the server or without.
#[derive(Debug)]
pub(super) struct Stream {
    pipe: Pipe,
    tls: Option<Box<ClientConnection>>,
    handshake_time: Duration,
}

/// What TLS to the server runs on: a socket, or a tunnel through an `https://` proxy.
#[derive(Debug)]
pub(super) struct Pipe {
    /// When the connection was begun.
    began: Instant,
    socket: Socket,
    outer: Option<Box<ClientConnection>>,
}

impl Pipe {
    pub(super) fn new(tcp: TcpStream, began: Instant) -> io::Result<Self> {
        Ok(Self { began, socket: Socket::new(tcp)?, outer: None })
    }

    /// Sends everything from now on through this TLS session with the proxy.
    pub(super) fn wrap(&mut self, session: ClientConnection) {
        self.outer = Some(Box::new(session));
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.outer {
            None => self.socket.read(buffer),
            Some(session) => read_session(session, &mut self.socket, buffer),
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let Some(session) = &mut self.outer else { return self.socket.write_vectored(slices) };
        // What was accepted earlier is sent first; what is accepted now may be sent later.
        flush_session(session, &mut self.socket)?;
        let taken = session.writer().write_vectored(slices)?;
        match flush_session(session, &mut self.socket) {
            Err(error) if !is_tick(&error) => Err(error),
            _ => Ok(taken),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.outer {
            None => Ok(()),
            Some(session) => flush_session(session, &mut self.socket),
        }
    }
}

impl Stream {
    pub(super) fn new(pipe: Pipe, tls: Option<ClientConnection>) -> Self {
        let tls = tls.map(|mut session| {
            session.set_buffer_limit(Some(2 * TLS_BATCH));
            Box::new(session)
        });
        let handshake_time = pipe.began.elapsed();
        Self { pipe, tls, handshake_time }
    }

    /// How long TCP, a proxy's tunnel and TLS took together.
    pub(super) fn handshake_time(&self) -> Duration {
        self.handshake_time
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// How much to write in one go.
    pub(super) fn batch(&self) -> usize {
        if self.is_tls() { TLS_BATCH } else { PLAIN_BATCH }
    }

    /// Reads what has arrived, waiting one tick at most; 0 means the end.
    pub(super) fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.pipe.read(buffer),
            Some(session) => read_session(session, &mut self.pipe, buffer),
        }
    }

    /// Reads only what is there already.
    pub(super) fn read_ready(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pipe.socket.set_waiting(false)?;
        let result = self.read_some(buffer);
        self.pipe.socket.set_waiting(true)?;
        result
    }

    /// Takes some of the bytes, and sends them as far as one tick allows.
    pub(super) fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.pipe.write_vectored(&[IoSlice::new(bytes)]),
            Some(session) => session.writer().write(bytes),
        }
    }

    /// Whether bytes that were taken are still here.
    pub(super) fn has_unsent(&self) -> bool {
        let waiting = |session: &ClientConnection| session.wants_write();
        self.tls.as_deref().is_some_and(waiting) || self.pipe.outer.as_deref().is_some_and(waiting)
    }

    /// Sends some of what was taken.
    pub(super) fn flush_some(&mut self) -> io::Result<()> {
        match &mut self.tls {
            Some(session) if session.wants_write() => session.write_tls(&mut self.pipe).map(|_| ()),
            _ => self.pipe.flush(),
        }
    }

    /// How many bytes the socket has moved in either direction, including those of TLS records that
    /// are still incomplete.
    pub(super) fn moved(&self) -> u64 {
        self.pipe.socket.moved()
    }

    /// What the kernel still has to send, where it says so.
    pub(super) fn unsent_in_kernel(&self) -> Option<u64> {
        self.pipe.socket.unsent()
    }

    /// Whether nothing came since the last answer: neither an end nor bytes that nobody asked for.
    pub(super) fn is_quiet(&mut self) -> bool {
        match self.read_ready(&mut [0]) {
            Err(error) => is_tick(&error),
            Ok(_) => false,
        }
    }
}

fn read_session(
    session: &mut ClientConnection,
    below: &mut (impl Read + Write),
    buffer: &mut [u8],
) -> io::Result<usize> {
    // TLS messages that carry no application data may never end: return to the caller now and then
    // so that it can check its clocks.
    const ROUNDS: usize = 16;
    for _ in 0..ROUNDS {
        match session.reader().read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // The peer closed without close_notify; HTTP framing tells whether anything is missing.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
            result => return result,
        }
        session.read_tls(below)?;
        session.process_new_packets().map_err(tls_error::later)?;
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// Sends what a session has, for one tick at most: a peer that takes a little now and then would
/// otherwise keep the caller from its clocks.
fn flush_session(session: &mut ClientConnection, below: &mut impl Write) -> io::Result<()> {
    let began = Instant::now();
    while session.wants_write() {
        if began.elapsed() >= TICK {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        session.write_tls(below)?;
    }
    Ok(())
}

/// Blocking I/O on a pipe within the connect limit, for handshakes.
pub(super) struct ConnectIo<'a> {
    pub(super) pipe: &'a mut Pipe,
    pub(super) limit: ConnectLimit<'a>,
}

impl ConnectIo<'_> {
    fn blocking<T>(&mut self, mut step: impl FnMut(&mut Pipe) -> io::Result<T>) -> io::Result<T> {
        loop {
            // Also where bytes come: a few now and then would stretch the time without end.
            self.limit.remaining()?;
            match step(self.pipe) {
                Err(error) if is_tick(&error) => {}
                result => return result,
            }
        }
    }
}

impl Read for ConnectIo<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.blocking(|pipe| pipe.read(buffer))
    }
}

impl Write for ConnectIo<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.blocking(|pipe| pipe.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.blocking(Pipe::flush)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::transport::trust::{Roots, Trust};

    /// A peer that takes a byte now and then.
    struct Slow;

    impl Write for Slow {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            std::thread::sleep(Duration::from_millis(10));
            Ok(1)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_slow_peer_does_not_keep_the_caller_from_its_clocks() {
        let trust = Arc::new(Trust::new(Roots::default()).unwrap());
        let (mut session, _) = trust.session("pgyer.test".try_into().unwrap()).unwrap();
        let began = Instant::now();
        // The greeting alone would take seconds.
        assert!(is_tick(&flush_session(&mut session, &mut Slow).unwrap_err()));
        assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
        assert!(session.wants_write());
    }
}
