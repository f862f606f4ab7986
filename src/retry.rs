//! Retry delays: when to try again. No HTTP.

use std::time::{Duration, SystemTime};

/// The longest `Retry-After` honoured; a longer one counts as this.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// How often a failed request is retried, and after what delays.
///
/// ```
/// use std::time::Duration;
/// let patient = pgyer::RetryPolicy::default().retries(10).delay(Duration::from_secs(2));
/// let never = pgyer::RetryPolicy::default().retries(0);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    retries: u32,
    delay: Duration,
}

impl RetryPolicy {
    /// The longest delay between two attempts.
    pub const MAX_DELAY: Duration = Duration::from_secs(30);

    /// Sets the number of retries after the first attempt. Default: 3.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sets the delay before the first retry. Default: 1 s. It doubles after each retry, up to
    /// [`MAX_DELAY`](Self::MAX_DELAY), and is shortened randomly by up to a quarter, so that
    /// clients that failed together do not retry together.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(crate) fn backoff(&self) -> Backoff {
        Backoff { left: self.retries, next: self.delay.min(Self::MAX_DELAY), done: 0 }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { retries: 3, delay: Duration::from_secs(1) }
    }
}

/// The retries left of one request.
#[derive(Debug)]
pub(crate) struct Backoff {
    left: u32,
    next: Duration,
    done: u32,
}

impl Backoff {
    /// Returns the delay before the next attempt, at least `retry_after`, or `None` when no
    /// retries are left.
    pub(crate) fn next_delay(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        self.done += 1;
        let delay = shortened(self.next);
        self.next = self.next.saturating_mul(2).min(RetryPolicy::MAX_DELAY);
        Some(delay.max(retry_after.unwrap_or_default().min(MAX_RETRY_AFTER)))
    }

    /// How many retries have been granted.
    pub(crate) fn retries_done(&self) -> u32 {
        self.done
    }
}

fn shortened(delay: Duration) -> Duration {
    // Eight random bits are plenty to spread clients over a quarter of the delay.
    let part = u32::from(crate::rand::random() as u8);
    delay.saturating_sub(delay.saturating_mul(part).checked_div(1024).unwrap_or_default())
}

/// Whether a status may pass, whatever comes with it.
pub(crate) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// Parses a `Retry-After` header: seconds or a date. `None` if it is neither.
pub(crate) fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number too large for a u64 still means a long time.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_limit_and_end() {
        let mut backoff = RetryPolicy::default().retries(7).delay(Duration::from_secs(1)).backoff();
        for full in [1, 2, 4, 8, 16, 30, 30] {
            let delay = backoff.next_delay(None).unwrap();
            let full = Duration::from_secs(full);
            assert!(delay <= full && delay >= full * 3 / 4, "{delay:?} of {full:?}");
        }
        assert_eq!(backoff.next_delay(None), None);
        assert_eq!(backoff.retries_done(), 7);
    }

    #[test]
    fn delays_are_spread_over_the_last_quarter() {
        let policy = RetryPolicy::default().delay(Duration::from_secs(1));
        let delays = (0..200).map(|_| policy.backoff().next_delay(None).unwrap());
        let (shortest, longest) = (delays.clone().min().unwrap(), delays.max().unwrap());
        assert!(shortest < Duration::from_millis(800), "{shortest:?}");
        assert!(longest > Duration::from_millis(950), "{longest:?}");
    }

    #[test]
    fn what_the_server_asks_for_is_a_lower_limit_with_a_limit() {
        let mut backoff = RetryPolicy::default().backoff();
        assert_eq!(backoff.next_delay(Some(Duration::from_secs(5))), Some(Duration::from_secs(5)));
        assert_eq!(backoff.next_delay(Some(Duration::MAX)), Some(MAX_RETRY_AFTER));
        assert!(backoff.next_delay(Some(Duration::ZERO)).unwrap() >= Duration::from_secs(3));
    }

    #[test]
    fn extreme_delays_do_no_harm() {
        let mut backoff = RetryPolicy::default().retries(9).delay(Duration::MAX).backoff();
        assert!(backoff.next_delay(None).unwrap() <= RetryPolicy::MAX_DELAY);
        let mut backoff = RetryPolicy::default().delay(Duration::ZERO).backoff();
        assert_eq!(backoff.next_delay(None), Some(Duration::ZERO));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let parsed = |value| parse_retry_after(value, now);
        assert_eq!(parsed(" 120 "), Some(Duration::from_secs(120)));
        assert_eq!(parsed("Sun, 06 Nov 1994 08:50:07 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(parsed("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(parsed("99999999999999999999999"), Some(Duration::from_secs(u64::MAX)));
        for odd in ["", "-1", "soon", "1.5", "Sun, 99 Nov 1994"] {
            assert_eq!(parsed(odd), None, "{odd}");
        }
    }
}
