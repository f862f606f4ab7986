//! The time limits of a connection: one total while it is being made, one for each standstill
//! afterwards, and what stops the whole job under both.
//!
//! Everything below waits in ticks and does bounded work between them, so that no limit is overrun
//! by more than a second.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::failure::{Failure, FailureKind};
use crate::stop::Stop;

/// The time for DNS, TCP, a proxy's tunnel and TLS together.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectLimit<'a> {
    started: Instant,
    timeout: Duration,
    stop: &'a Stop,
}

impl<'a> ConnectLimit<'a> {
    /// Starts the clock.
    pub(super) fn start(timeout: Duration, stop: &'a Stop) -> Self {
        Self { started: Instant::now(), timeout, stop }
    }

    /// Whether somebody may want to end this before its time is up.
    pub(super) fn can_be_cancelled(&self) -> bool {
        self.stop.can_be_cancelled()
    }

    /// The limit of one of `ways` attempts, which leaves each of the others an equal share of the
    /// remaining time.
    pub(super) fn share(self, ways: usize) -> Self {
        if ways <= 1 {
            // The last has all that is left. It is not cut to the deadline: that has its own
            // message, which would otherwise lose to this limit's.
            return self;
        }
        let gone = self.started.elapsed();
        let left = self.stop.cap(self.timeout.saturating_sub(gone));
        let part = left / u32::try_from(ways).unwrap_or(u32::MAX);
        Self { timeout: gone.saturating_add(part), ..self }
    }

    /// What is left, or the error of a limit that has passed.
    pub(super) fn remaining(&self) -> Result<Duration, Failure> {
        check(self.stop)?;
        let left = self.timeout.saturating_sub(self.started.elapsed());
        if left.is_zero() { Err(self.too_long()) } else { Ok(self.stop.cap(left)) }
    }

    /// Waits for what a thread has to say, but no longer than `most`: `None` if nothing came.
    pub(super) fn receive<T>(
        &self,
        receiver: &Receiver<T>,
        most: Duration,
    ) -> Result<Option<T>, Failure> {
        let began = Instant::now();
        loop {
            let left = most.saturating_sub(began.elapsed());
            let wait = self.stop.slice(self.remaining()?.min(left));
            match receiver.recv_timeout(wait) {
                Ok(said) => return Ok(Some(said)),
                Err(RecvTimeoutError::Timeout) if began.elapsed() < most => {}
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(RecvTimeoutError::Disconnected) => return Err(self.too_long()),
            }
        }
    }

    pub(super) fn too_long(&self) -> Failure {
        let problem = format!("there was no connection within {} s", self.timeout.as_secs_f64());
        Failure::new(FailureKind::Unreachable, problem)
            .advising("see the firewall and proxy, or allow more with --connect-timeout")
    }
}

/// The factor by which the stall limit is extended after a large body, where the kernel does not
/// report its send queue: that may hold megabytes.
const HIDDEN_FACTOR: u32 = 4;

/// The time that a connection may go without moving a byte.
#[derive(Debug, Clone)]
pub(super) struct StallLimit {
    timeout: Duration,
    pub(super) stop: Stop,
}

impl StallLimit {
    pub(super) fn new(timeout: Duration, stop: Stop) -> Self {
        Self { timeout, stop }
    }

    /// Half the limit, for waits that must not trip it.
    pub(super) fn half(&self) -> Duration {
        self.timeout / 2
    }

    /// The limit where bytes may be moving unseen.
    pub(super) fn for_what_is_hidden(&self) -> Self {
        Self { timeout: self.timeout.saturating_mul(HIDDEN_FACTOR), ..self.clone() }
    }

    /// Fails once the job has to stop, or nothing has moved for too long.
    pub(super) fn check(&self, last_moved: Instant) -> Result<(), Failure> {
        self.check_stop()?;
        if last_moved.elapsed() < self.timeout {
            return Ok(());
        }
        let seconds = self.timeout.as_secs_f64();
        let problem = format!("the connection stalled: no byte moved for {seconds} s");
        Err(Failure::new(FailureKind::Stalled, problem)
            .advising("see the network, or allow more with --stall-timeout"))
    }

    /// Fails once the job has to stop.
    pub(super) fn check_stop(&self) -> Result<(), Failure> {
        check(&self.stop)
    }
}

fn check(stop: &Stop) -> Result<(), Failure> {
    if stop.is_cancelled() {
        Err(Failure::cancelled())
    } else if stop.is_late() {
        Err(Failure::deadline())
    } else {
        Ok(())
    }
}

/// How long to wait for `100 Continue`, which many servers never send. After part of the body:
/// about as long as an answer takes. Before a small body: longer, because the whole of it would be
/// out by the time a later refusal arrived.
pub(super) fn expect_wait(unasked: u64, handshake: Duration) -> Duration {
    let (least, most) = (Duration::from_millis(100), Duration::from_secs(1));
    if unasked > 0 { (handshake * 3).clamp(least, most) } else { most }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn the_last_way_has_the_whole_limit_even_where_the_deadline_comes_first() {
        let (ten, second) = (Duration::from_secs(10), Duration::from_secs(1));
        let stop = Stop::default().after(second);
        let limit = ConnectLimit::start(ten, &stop);
        assert_eq!(limit.share(1).timeout, ten);
        assert!(limit.share(2).timeout <= second);
    }

    #[test]
    fn a_limit_that_has_passed_says_which_it_was() {
        let (none, passed) = (Stop::default(), Stop::default().after(Duration::ZERO));
        let hour = Duration::from_secs(3600);
        let connect = |timeout, stop| ConnectLimit::start(timeout, stop).remaining();
        assert!(connect(hour, &none).unwrap() > hour / 2);
        assert_eq!(connect(Duration::ZERO, &none).unwrap_err().kind, FailureKind::Unreachable);
        assert_eq!(connect(Duration::ZERO, &passed).unwrap_err().kind, FailureKind::Deadline);
        let stall =
            |timeout, stop: &Stop| StallLimit::new(timeout, stop.clone()).check(Instant::now());
        assert!(stall(hour, &none).is_ok());
        assert_eq!(stall(Duration::ZERO, &none).unwrap_err().kind, FailureKind::Stalled);
        assert_eq!(stall(Duration::ZERO, &passed).unwrap_err().kind, FailureKind::Deadline);
        let second = Duration::from_secs(1);
        let Some(before) = Instant::now().checked_sub(2 * second) else { return };
        let limit = StallLimit::new(second, none.clone());
        assert!(limit.check(before).is_err());
        assert!(limit.for_what_is_hidden().check(before).is_ok());
        assert!(StallLimit::new(Duration::MAX, none).for_what_is_hidden().check(before).is_ok());
        let passed = StallLimit::new(second, passed).for_what_is_hidden();
        assert_eq!(passed.check(before).unwrap_err().kind, FailureKind::Deadline);
    }

    #[test]
    fn what_is_cancelled_is_so_whatever_else_has_passed() {
        let stop = Stop::default().after(Duration::ZERO);
        let stop = stop.when(Arc::new(AtomicBool::new(true)));
        let stall = StallLimit::new(Duration::ZERO, stop.clone());
        assert_eq!(stall.check(Instant::now()).unwrap_err().kind, FailureKind::Cancelled);
        let connect = ConnectLimit::start(Duration::ZERO, &stop);
        assert_eq!(connect.remaining().unwrap_err().kind, FailureKind::Cancelled);
        let (sender, receiver) = mpsc::channel();
        sender.send(()).unwrap();
        let error = connect.receive(&receiver, Duration::MAX).unwrap_err();
        assert_eq!(error.kind, FailureKind::Cancelled);
    }

    #[test]
    fn a_word_is_waited_for_as_long_as_an_answer_usually_takes() {
        let wait =
            |unasked, handshake| expect_wait(unasked, Duration::from_millis(handshake)).as_millis();
        let waits = [0, 33, 34, 200, 333, 334, 5000].map(|handshake| wait(1, handshake));
        assert_eq!(waits, [100, 100, 102, 600, 999, 1000, 1000]);
        assert_eq!((wait(0, 0), wait(0, 5000)), (1000, 1000));
    }
}
