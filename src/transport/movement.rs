//! Notices bytes that move without any read or write reporting it: within TLS records, or out of
//! the kernel's send queue.

use std::time::{Duration, Instant};

use super::limits::StallLimit;
use super::stream::Stream;

/// The minimum time between two reads of the kernel's send queue.
const QUEUE_LOOKS: Duration = Duration::from_millis(100);

/// A request larger than this may keep draining from the kernel's buffers for longer than the stall
/// limit.
const LARGE: usize = 256 * 1024;

#[derive(Debug)]
pub(super) struct Movement {
    /// How many bytes the socket had moved when it was last asked.
    moved: u64,
    /// How much the kernel still had to send when it was last asked; `None` after each write, which
    /// makes an earlier figure useless.
    queue: Option<u64>,
    /// When it may be asked again.
    next_look: Instant,
    /// Whether the kernel did not report its send queue.
    queue_is_unknown: bool,
    /// How many bytes of the request have gone out.
    sent: usize,
}

impl Movement {
    pub(super) fn new(stream: &Stream) -> Self {
        Self {
            moved: stream.moved(),
            queue: None,
            next_look: Instant::now(),
            queue_is_unknown: false,
            sent: 0,
        }
    }

    /// Takes note of a read that everybody has seen.
    pub(super) fn note_read(&mut self, stream: &Stream) {
        self.moved = stream.moved();
    }

    /// Takes note of a write that everybody has seen.
    pub(super) fn note_write(&mut self, count: usize) {
        self.sent += count;
        self.queue = None;
    }

    /// Whether bytes have moved since the last check: part of a TLS record came in or went out, or
    /// the kernel's send queue shrank.
    pub(super) fn has_moved(&mut self, stream: &Stream, limit: &StallLimit) -> bool {
        let moved = stream.moved();
        let in_socket = std::mem::replace(&mut self.moved, moved) != moved;
        in_socket || self.has_drained(stream, limit)
    }

    /// Whether the kernel's send queue has shrunk since it was last read. The kernel buffers
    /// megabytes, so the peer may keep reading long after our last write.
    fn has_drained(&mut self, stream: &Stream, limit: &StallLimit) -> bool {
        let began = Instant::now();
        if self.queue == Some(0) || began < self.next_look {
            return false;
        }
        let waiting = stream.unsent_in_kernel();
        self.queue_is_unknown = waiting.is_none();
        // Where the kernel does not say, it is not asked again before the next write.
        let waiting = waiting.unwrap_or(0);
        // The kernel's table may be long: at most a twentieth of the time goes into looks. But
        // there has to be one before the connection counts as stalled.
        let pause = (began.elapsed() * 20).min(limit.half()).max(QUEUE_LOOKS);
        self.next_look = began + pause;
        let before = self.queue.replace(waiting);
        before.is_some_and(|before| waiting < before)
    }

    /// How long to wait in silence for an answer: longer if the peer may still be reading what the
    /// kernel holds of a large body.
    pub(super) fn patience(&self, limit: &StallLimit) -> StallLimit {
        let may_be_moving = self.queue_is_unknown && self.sent > LARGE;
        if may_be_moving { limit.for_what_is_hidden() } else { limit.clone() }
    }
}
