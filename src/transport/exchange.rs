//! The state that the body and the connection of one request share. `ureq` owns both, and this is
//! the only way for one to reach the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use super::Request;
use super::connect::Connector;
use super::limits::StallLimit;
use super::rate::RateLimit;
use super::url::Url;

/// How many bytes of a body are sent before the server has answered `Expect: 100-continue`. A
/// connection carries about this much within a round trip anyway: waiting any sooner would cost a
/// round trip and save nothing.
const UNASKED: u64 = 48 * 1024;

/// How far a request has got. It only goes forward; `Stopped` is last, so that nothing leaves it.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(super) enum Phase {
    /// The head is being written. A request without a body stays here.
    Head,
    /// The part of the body that is sent without waiting for the server is being read.
    Unasked,
    /// The rest of the body is being read; before it is sent, `100 Continue` may have to be
    /// awaited.
    Body,
    /// The body has been read to its end.
    BodyRead,
    /// The last byte of the body has gone out.
    Sent,
    /// The server refused the body before it had all of it: nothing more is sent.
    Stopped,
}

/// One request and what becomes of it.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) url: Url,
    /// Where the connection comes from, and goes back to.
    pub(super) connector: Arc<Connector>,
    pub(super) limit: StallLimit,
    /// Of the body.
    pub(super) length: u64,
    /// Whether the server is asked if it wants the body.
    pub(super) expects_continue: bool,
    /// Whether sending the whole request twice does no harm.
    pub(super) is_repeatable: bool,
    phase: AtomicU8,
    is_early: AtomicBool,
}

impl Exchange {
    pub(super) fn new(request: &Request<'_>, connector: Arc<Connector>, limit: StallLimit) -> Self {
        Self {
            url: request.url.clone(),
            connector,
            limit,
            length: request.length,
            expects_continue: request.expects_continue,
            is_repeatable: request.is_repeatable,
            phase: AtomicU8::new(Phase::Head as u8),
            is_early: AtomicBool::new(false),
        }
    }

    /// How many bytes of the body are sent before the server has answered. Never the whole body: if
    /// the server then refused the head, nobody could tell what became of the body.
    pub(super) fn unasked(&self) -> u64 {
        if self.expects_continue && self.length > UNASKED { UNASKED } else { 0 }
    }

    /// The limit on how much goes out, if there is one.
    pub(super) fn rate(&self) -> Option<&RateLimit> {
        self.connector.rate.as_ref()
    }

    /// Advances to `phase`, unless a later one has been reached.
    pub(super) fn reach(&self, phase: Phase) {
        self.phase.fetch_max(phase as u8, Ordering::Relaxed);
    }

    /// Whether the body is being sent, or has been.
    pub(super) fn has_begun_body(&self) -> bool {
        self.is_at_least(Phase::Unasked)
    }

    /// Whether what comes next may have to wait for the server.
    pub(super) fn has_read_unasked(&self) -> bool {
        self.is_at_least(Phase::Body)
    }

    pub(super) fn has_read_body(&self) -> bool {
        self.is_at_least(Phase::BodyRead)
    }

    /// Whether the last byte of the body went out, so that the request may have done its work.
    pub(super) fn has_sent_all(&self) -> bool {
        self.is_at_least(Phase::Sent) && !self.is_stopped()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_at_least(Phase::Stopped)
    }

    fn is_at_least(&self, phase: Phase) -> bool {
        self.phase.load(Ordering::Relaxed) >= phase as u8
    }

    /// Notes that the answer came before the whole body was sent.
    pub(super) fn note_early_answer(&self) {
        self.is_early.store(true, Ordering::Relaxed);
    }

    pub(super) fn was_answered_early(&self) -> bool {
        self.is_early.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::stop::Stop;
    use crate::transport::connect::tests::connector;
    use std::time::Duration;

    pub(in super::super) fn exchange(length: u64, expects_continue: bool) -> Exchange {
        let request = Request {
            url: &Url::parse("http://localhost/").unwrap(),
            content_type: Some("text/plain"),
            length,
            user_agent: "pgyer",
            expects_continue,
            is_repeatable: false,
            stop: &Stop::default(),
        };
        let connector = Arc::new(connector(Default::default(), Default::default()));
        let limit = StallLimit::new(Duration::from_secs(60), Stop::default());
        Exchange::new(&request, connector, limit)
    }

    #[test]
    fn a_phase_only_goes_forward() {
        let exchange = exchange(1, false);
        assert!(!exchange.has_begun_body());
        exchange.reach(Phase::BodyRead);
        exchange.reach(Phase::Unasked);
        assert!(exchange.has_begun_body() && exchange.has_read_body() && !exchange.has_sent_all());
        exchange.reach(Phase::Sent);
        assert!(exchange.has_sent_all() && !exchange.is_stopped());
        // What was stopped was not sent, whatever happens afterwards.
        exchange.reach(Phase::Stopped);
        exchange.reach(Phase::Sent);
        assert!(exchange.is_stopped() && !exchange.has_sent_all());
    }
}
