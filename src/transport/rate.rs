//! A limit on how much goes out, shared by all connections of a client.

use std::num::NonZeroU64;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How much time may be saved up while little goes out. With the piece that is sent next, that
/// makes a second's worth.
const SAVED: Duration = Duration::from_millis(950);

/// Pieces in a second: one each 50 ms.
const PIECES: u64 = 20;

/// A limit in bytes per second. Each byte sent uses up its share of a second: `paid_until` moves
/// ahead by that much, and nothing is sent before it.
#[derive(Debug)]
pub(super) struct RateLimit {
    per_second: NonZeroU64,
    /// `None` as long as nothing has gone out.
    paid_until: Mutex<Option<Instant>>,
}

impl RateLimit {
    pub(super) fn new(per_second: NonZeroU64) -> Self {
        Self { per_second, paid_until: Mutex::default() }
    }

    /// How much may be sent as one piece.
    pub(super) fn piece(&self) -> u64 {
        (self.per_second.get() / PIECES).max(1)
    }

    /// Pays for a piece that goes out now, or says how long that has to wait.
    ///
    /// A piece is paid for as a whole, however long it is: the heads of requests can't be cut.
    pub(super) fn pay(&self, amount: usize, now: Instant) -> Result<(), Duration> {
        let Ok(mut paid_until) = self.paid_until.lock() else { return Ok(()) };
        let earliest = now.checked_sub(SAVED).unwrap_or(now);
        let paid = paid_until.unwrap_or(earliest).max(earliest);
        if paid > now {
            return Err(paid - now);
        }
        let nanos = (amount as u64).saturating_mul(1_000_000_000) / self.per_second;
        *paid_until = paid.checked_add(Duration::from_nanos(nanos));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(per_second: u64) -> RateLimit {
        RateLimit::new(NonZeroU64::new(per_second).unwrap())
    }

    /// How much goes out at this time, in pieces.
    fn burst(limit: &RateLimit, now: Instant) -> u64 {
        (1..).find(|_| limit.pay(usize::try_from(limit.piece()).unwrap(), now).is_err()).unwrap()
            * limit.piece()
            - limit.piece()
    }

    #[test]
    fn a_seconds_worth_goes_at_once_and_then_a_piece_each_50_ms() {
        let (limit, start) = (limit(100_000), Instant::now());
        assert_eq!(limit.piece(), 5_000);
        assert_eq!(burst(&limit, start), 100_000);
        for step in 1..100 {
            let now = start + Duration::from_millis(50) * step;
            assert_eq!(
                limit.pay(5_000, now - Duration::from_millis(1)),
                Err(Duration::from_millis(1))
            );
            assert_eq!(burst(&limit, now), 5_000, "{step}");
        }
        // Nothing more is saved up than a second's worth.
        assert_eq!(burst(&limit, start + Duration::from_secs(3600)), 100_000);
    }

    #[test]
    fn what_is_longer_than_a_second_allows_goes_out_and_is_paid_for() {
        let (limit, start) = (limit(100), Instant::now());
        assert_eq!(limit.pay(300, start), Ok(()));
        assert_eq!(limit.pay(1, start), Err(Duration::from_millis(2050)));
        assert_eq!(limit.pay(1, start + Duration::from_millis(2050)), Ok(()));
        assert_eq!((limit.piece(), self::limit(1).piece()), (5, 1));
    }
}
