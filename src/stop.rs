//! When to stop: at a point in time, or as soon as a flag is set.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a wait may go without a look at the flags.
const SLICE: Duration = Duration::from_millis(50);

/// When to stop. By default: never.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop {
    deadline: Option<Instant>,
    flags: Vec<Arc<AtomicBool>>,
}

impl Stop {
    /// Adds a point in time. Of several the earliest counts.
    pub(crate) fn at(mut self, instant: Instant) -> Self {
        self.deadline = Some(self.deadline.map_or(instant, |before| before.min(instant)));
        self
    }

    /// Adds the point in time after this long. One beyond what `Instant` can represent counts as
    /// none.
    pub(crate) fn after(self, duration: Duration) -> Self {
        match Instant::now().checked_add(duration) {
            Some(instant) => self.at(instant),
            None => self,
        }
    }

    /// Adds a flag. Of several each counts.
    pub(crate) fn when(mut self, flag: Arc<AtomicBool>) -> Self {
        self.flags.push(flag);
        self
    }

    /// Whether the point in time has passed.
    pub(crate) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|at| at <= Instant::now())
    }

    /// Whether a flag is set.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.flags.iter().any(|flag| flag.load(Ordering::Relaxed))
    }

    /// Whether a flag may be set one day.
    pub(crate) fn can_be_cancelled(&self) -> bool {
        !self.flags.is_empty()
    }

    /// Shortens a wait to the time that is left.
    pub(crate) fn cap(&self, wait: Duration) -> Duration {
        let left = |at: Instant| at.saturating_duration_since(Instant::now());
        self.deadline.map_or(wait, |at| wait.min(left(at)))
    }

    /// Shortens a wait to what may go by without a look at the flags.
    pub(crate) fn slice(&self, wait: Duration) -> Duration {
        if self.can_be_cancelled() { wait.min(SLICE) } else { wait }
    }

    /// Whether any time is left after a wait of this length (zero included). If not, callers fail
    /// at once: sleeping would only delay the failure.
    pub(crate) fn allows(&self, wait: Duration) -> bool {
        self.cap(wait) == wait && !self.is_late()
    }

    /// Sleeps until this much time has passed or a flag is set.
    pub(crate) fn sleep(&self, wait: Duration) {
        let began = Instant::now();
        let mut left = wait;
        while !left.is_zero() && !self.is_cancelled() {
            thread::sleep(self.slice(left));
            left = wait.saturating_sub(began.elapsed());
        }
    }
}

/// What tests of limits need that never stop.
#[cfg(test)]
pub(crate) static NEVER: Stop = Stop { deadline: None, flags: Vec::new() };

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn flagged() -> (Stop, Arc<AtomicBool>) {
        let flag = Arc::<AtomicBool>::default();
        (Stop::default().when(Arc::clone(&flag)), flag)
    }

    #[test]
    fn a_wait_is_allowed_only_if_time_is_left_after_it() {
        let after = |duration| Stop::default().after(duration);
        assert!(after(MINUTE).allows(MINUTE / 2));
        assert!(!after(MINUTE).allows(MINUTE));
        assert!(!after(Duration::ZERO).allows(Duration::ZERO));
        assert!(Stop::default().allows(Duration::MAX));
        assert!(!after(Duration::MAX).is_late());
    }

    #[test]
    fn the_earlier_of_two_deadlines_counts() {
        let now = Instant::now();
        let (none, passed) = (Stop::default(), Stop::default().at(now));
        assert!(!none.is_late() && passed.is_late());
        assert!(!none.clone().at(now + MINUTE).is_late());
        assert!(passed.clone().at(now + MINUTE).is_late());
        assert!(passed.after(Duration::MAX).is_late());
        assert!(none.at(now + MINUTE).at(now).is_late());
    }

    #[test]
    fn a_wait_is_no_longer_than_what_is_left() {
        let after = |duration| Stop::default().after(duration);
        assert_eq!(Stop::default().cap(MINUTE), MINUTE);
        assert_eq!(after(2 * MINUTE).cap(MINUTE), MINUTE);
        assert_eq!(after(Duration::ZERO).cap(MINUTE), Duration::ZERO);
        let left = after(MINUTE).cap(2 * MINUTE);
        assert!(left <= MINUTE && left > MINUTE / 2, "{left:?}");
    }

    #[test]
    fn each_of_two_flags_counts_and_is_no_deadline() {
        let (stop, one) = flagged();
        let (_, other) = flagged();
        let stop = stop.when(Arc::clone(&other));
        assert!(!stop.is_cancelled());
        for flag in [one, other] {
            flag.store(true, Ordering::Relaxed);
            assert!(stop.is_cancelled() && !stop.is_late());
            flag.store(false, Ordering::Relaxed);
        }
    }

    #[test]
    fn flags_are_looked_at_twice_in_100_ms() {
        let (stop, flag) = flagged();
        assert!(stop.slice(MINUTE) <= Duration::from_millis(50));
        assert_eq!(stop.slice(Duration::from_millis(1)), Duration::from_millis(1));
        assert_eq!(Stop::default().slice(MINUTE), MINUTE);
        flag.store(true, Ordering::Relaxed);
        let began = Instant::now();
        stop.sleep(MINUTE);
        assert!(began.elapsed() < MINUTE);
    }

    #[test]
    fn a_sleep_is_as_long_as_it_should_be() {
        for stop in [Stop::default(), flagged().0] {
            let (began, wait) = (Instant::now(), Duration::from_millis(120));
            stop.sleep(wait);
            assert!(began.elapsed() >= wait);
        }
    }
}
