//! One connection as `ureq` sees it. It notices an answer that comes while the body is still going
//! out, and tells a standstill from slowness: `ureq`'s own transport does neither.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ureq::Error;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

use super::buffers::BufferPair;
use super::exchange::{Exchange, Phase};
use super::failure::{Failure, FailureKind};
use super::heads;
use super::limits::{StallLimit, expect_wait};
use super::movement::Movement;
use super::socket::is_tick;
use super::stream::Stream;
use super::ticking::TICK;

/// The size of the input buffer. Response heads have to fit into it; `ureq` accepts a little less.
const INPUT: usize = 64 * 1024;

/// How many bytes are read per answer: the largest body, its head, and the overhead of chunked
/// encoding. This also cuts off a server that never stops sending.
const MAX_INPUT: usize = 2 << 20;

/// How long to look for an answer after a write has failed.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// A connection while it serves one exchange. When it is dropped it returns to the pool, provided
/// that `ureq` has called `is_open`, which it does once the answer has been read to its end, and
/// was told yes.
pub(super) struct Connection {
    /// `None` once it has gone back to the pool.
    stream: Option<Stream>,
    buffers: BufferPair,
    exchange: Arc<Exchange>,
    /// Whether it has served an earlier request.
    is_reused: bool,
    /// Whether input has come that `ureq` has not been told about.
    has_untold_input: bool,
    /// Whether the body still has to wait for `100 Continue`.
    awaits_continue: bool,
    /// The status of the final answer, once its head is complete.
    status: Option<u16>,
    /// Bytes that have come so far, interim answers included: a server may send those for ever,
    /// too.
    input_bytes: usize,
    may_be_pooled: bool,
    movement: Movement,
}

impl Connection {
    pub(super) fn new(stream: Stream, is_reused: bool, exchange: Arc<Exchange>) -> Self {
        Self {
            movement: Movement::new(&stream),
            buffers: BufferPair::new(INPUT, stream.batch()),
            stream: Some(stream),
            awaits_continue: exchange.expects_continue,
            exchange,
            is_reused,
            has_untold_input: false,
            status: None,
            input_bytes: 0,
            may_be_pooled: false,
        }
    }

    fn stream(&mut self) -> io::Result<&mut Stream> {
        self.stream.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Reads what is there into the input; 0 is the end.
    fn read(&mut self, only_what_is_ready: bool) -> io::Result<usize> {
        let Some(stream) = &mut self.stream else { return Ok(0) };
        let buffer = self.buffers.input_append_buf();
        if buffer.is_empty() {
            let problem = "the head of the answer is too large";
            return Err(Failure::new(FailureKind::Broken, problem).into());
        }
        let read = if only_what_is_ready {
            stream.read_ready(buffer)?
        } else {
            stream.read_some(buffer)?
        };
        self.movement.note_read(stream);
        if read > 0 {
            self.note_input(read)?;
        }
        Ok(read)
    }

    /// Takes note of what has come: whether an answer has begun, and whether it ever ends.
    fn note_input(&mut self, count: usize) -> io::Result<()> {
        self.buffers.input_appended(count);
        self.has_untold_input = true;
        self.input_bytes += count;
        if self.input_bytes > MAX_INPUT {
            return Err(Failure::new(FailureKind::Broken, "the answer has no end").into());
        }
        if self.status.is_some() {
            return Ok(());
        }
        // Interim answers are taken out here, so that nothing above has to know about them.
        while let Some(head) = heads::first(self.buffers.input()) {
            if !head.is_interim() {
                self.status = Some(head.status);
                break;
            }
            self.awaits_continue &= head.status != 100;
            self.buffers.input_consume(head.length);
        }
        if self.status.is_none() && self.input_bytes > INPUT {
            let problem = "the heads of the answer have no end";
            return Err(Failure::new(FailureKind::Broken, problem).into());
        }
        Ok(())
    }

    /// Whether the answer makes the rest of the body pointless. A success does not, however early
    /// it comes: what was not sent can't be stored.
    fn is_turned_away(&self) -> bool {
        self.status.is_some_and(|status| !(200..300).contains(&status))
    }

    /// Looks for an answer while the body is going out.
    fn look_for_answer(&mut self) -> io::Result<()> {
        match self.read(true) {
            // If the connection has ended or broken, the next write fails and says so.
            Ok(_) => {}
            Err(error) if is_tick(&error) => {}
            Err(error) if is_ours(&error) => return Err(error),
            Err(_) => {}
        }
        if self.status.is_some() {
            self.exchange.note_early_answer();
        }
        if self.is_turned_away() {
            self.exchange.reach(Phase::Stopped);
        }
        Ok(())
    }

    /// Waits for `100 Continue`, or an answer, once what goes out unasked is on its way.
    fn await_continue(&mut self) -> io::Result<()> {
        self.write_output(0, false)?;
        let began = Instant::now();
        let handshake = self.stream()?.handshake_time();
        // A server that waits for the body in silence has not stalled.
        let patience = expect_wait(self.exchange.unasked(), handshake);
        let patience = patience.min(self.exchange.limit.half());
        while self.awaits_continue && self.status.is_none() && began.elapsed() < patience {
            // In every round, also where bytes come: they may be TLS messages without data.
            self.exchange.limit.check(began)?;
            match self.read(false) {
                // The peer has closed the connection. A write would still succeed, and the bytes be
                // lost.
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if is_tick(&error) => {}
                Err(error) => return Err(error),
            }
        }
        self.awaits_continue = false;
        if self.is_turned_away() {
            self.exchange.reach(Phase::Stopped);
        }
        Ok(())
    }

    /// Whether bytes have moved since the last check that no read or write here reported.
    fn has_moved(&mut self) -> bool {
        let limit = &self.exchange.limit;
        self.stream.as_ref().is_some_and(|stream| self.movement.has_moved(stream, limit))
    }

    /// Sends this much of the output, after waiting for `100 Continue` where that is due.
    fn transmit(&mut self, amount: usize) -> io::Result<()> {
        self.exchange.limit.check_stop()?;
        if self.exchange.has_read_unasked() && self.awaits_continue {
            self.await_continue()?;
        }
        self.await_rate(amount)?;
        if !self.exchange.is_stopped() {
            self.write_output(amount, self.more_follows())?;
        }
        if self.exchange.has_read_body() {
            // This changes nothing if sending was stopped: no phase comes after that one.
            self.exchange.reach(Phase::Sent);
        }
        Ok(())
    }

    /// Whether another write follows immediately. If so, TLS holds its output back, so that its
    /// last handshake message, the head and the start of the body leave in as few packets as
    /// possible.
    fn more_follows(&self) -> bool {
        self.exchange.length > 0 && !self.exchange.has_read_unasked()
    }

    /// Waits until the rate limit allows `amount` bytes. However long that takes, it does not count
    /// as a stall.
    fn await_rate(&mut self, amount: usize) -> io::Result<()> {
        let exchange = Arc::clone(&self.exchange);
        let Some(rate) = exchange.rate() else { return Ok(()) };
        while !exchange.is_stopped() {
            let Err(wait) = rate.pay(amount, Instant::now()) else { break };
            self.write_output(0, false)?;
            thread::sleep(wait.min(TICK));
            exchange.limit.check_stop()?;
            if exchange.has_begun_body() {
                self.look_for_answer()?;
            }
        }
        Ok(())
    }

    /// Gives this much of the output to the stream, and unless more follows waits until all of it
    /// has gone out.
    fn write_output(&mut self, amount: usize, more_follows: bool) -> io::Result<()> {
        let mut taken = 0;
        let mut moved = Instant::now();
        while taken < amount || (self.stream()?.has_unsent() && !more_follows) {
            // In every round: a slow peer may take a little in each tick, past any deadline.
            self.exchange.limit.check(moved)?;
            if self.exchange.has_begun_body() {
                self.look_for_answer()?;
                if self.exchange.is_stopped() {
                    return Ok(());
                }
            }
            match self.write_some(taken, amount) {
                Ok(more) => {
                    taken += more;
                    self.movement.note_write(more);
                    moved = Instant::now();
                }
                Err(error) if is_tick(&error) => {
                    if self.has_moved() {
                        moved = Instant::now();
                    }
                    self.exchange.limit.check(moved)?;
                }
                Err(error) => return self.after_failed_write(error),
            }
        }
        Ok(())
    }

    fn write_some(&mut self, taken: usize, amount: usize) -> io::Result<usize> {
        let Some(stream) = &mut self.stream else { return Err(io::ErrorKind::NotConnected.into()) };
        if stream.has_unsent() && (taken > 0 || amount == 0) {
            return stream.flush_some().map(|()| 0);
        }
        let output = self.buffers.output();
        let rest = output.get(taken..amount).unwrap_or_default();
        match stream.write_some(rest)? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            more => Ok(more),
        }
    }

    /// Looks for an answer that explains why a write failed. A server that refuses a body may send
    /// its answer and close the connection at once: the write fails, and the answer waits to be
    /// read.
    fn after_failed_write(&mut self, error: io::Error) -> io::Result<()> {
        let began = Instant::now();
        while self.status.is_none() && began.elapsed() < LAST_LOOK {
            self.exchange.limit.check(began)?;
            match self.read(false) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if is_tick(&error) => {}
                // The server ended TLS and said why.
                Err(error) if is_ours(&error) => return Err(error),
                Err(_) => break,
            }
        }
        if self.status.is_none() {
            return Err(error);
        }
        self.exchange.note_early_answer();
        self.exchange.reach(Phase::Stopped);
        Ok(())
    }

    /// How long nothing may move now. Once an answer has begun, the peer has read what it wants.
    fn patience(&self) -> StallLimit {
        let limit = &self.exchange.limit;
        if self.status.is_some() { limit.clone() } else { self.movement.patience(limit) }
    }

    /// Waits for more of the answer. Returns `false` once the peer has closed, which is how an
    /// answer without a length ends.
    fn await_answer(&mut self) -> io::Result<bool> {
        let mut moved = Instant::now();
        loop {
            // A peer that sends a byte now and then has not stalled, but the deadline holds for it.
            self.exchange.limit.check_stop()?;
            match self.read(false) {
                // No answer has begun, so this is an error and not the end of an answer.
                Ok(0) if self.input_bytes == 0 => {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(0) => return Ok(false),
                // Interim answers alone: there is nothing for ureq to look at yet.
                Ok(_) if self.buffers.input().is_empty() => moved = Instant::now(),
                Ok(_) => return Ok(true),
                Err(error) if is_tick(&error) => {
                    if self.has_moved() {
                        moved = Instant::now();
                    }
                    self.patience().check(moved)?;
                }
                Err(error) if !is_ours(&error) && !self.buffers.input().is_empty() => {
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl Connection {
    /// Marks the failure of a reused connection that broke before anything came back as `Stale`:
    /// the server had closed it while it was idle and never saw the request, which can be sent
    /// again. Not if the last byte went out and a second request could do the work twice: then the
    /// server may just as well have closed it afterwards.
    fn stale_if_dead(&self, error: io::Error) -> io::Error {
        let was_dead = self.is_reused && self.input_bytes == 0;
        let is_harmless = self.exchange.is_repeatable || !self.exchange.has_sent_all();
        if !was_dead || !is_harmless {
            return error;
        }
        let mut failure = Failure::from_io(error);
        if failure.kind == FailureKind::Broken {
            failure.kind = FailureKind::Stale;
        }
        failure.into()
    }
}

/// Whether the error is one of ours, such as a limit that was exceeded, and not a failure of the
/// socket.
fn is_ours(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Failure>())
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        self.transmit(amount).map_err(|error| self.stale_if_dead(error).into())
    }

    /// Returns at once for input that `ureq` has not been told about. `ureq` calls this as soon as
    /// it can't use what is there, also right after a body, when the whole answer may have come
    /// already. (Its own place for this rule is `maybe_await_input`, but it boxes connections, and
    /// the box does not pass that call on.)
    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        if std::mem::take(&mut self.has_untold_input) && !self.buffers.input().is_empty() {
            return Ok(true);
        }
        let result = self.await_answer();
        self.has_untold_input = false;
        result.map_err(|error| self.stale_if_dead(error).into())
    }

    fn is_open(&mut self) -> bool {
        // Bytes behind the answer would be taken for the answer to the next request.
        let is_over = !self.exchange.is_stopped() && self.buffers.input().is_empty();
        self.may_be_pooled = is_over && self.stream().is_ok_and(Stream::is_quiet);
        self.may_be_pooled
    }

    fn is_tls(&self) -> bool {
        self.stream.as_ref().is_some_and(Stream::is_tls)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let (true, Some(stream)) = (self.may_be_pooled, self.stream.take()) {
            self.exchange.connector.pool.give(self.exchange.url.clone(), stream);
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({})", self.exchange.url)
    }
}
