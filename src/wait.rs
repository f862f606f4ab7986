//! Polling until a build is published or can't be.

use std::time::{Duration, Instant};

use crate::client::{Client, Failed};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::retry::MAX_RETRY_AFTER;
use crate::stop::Stop;
use crate::types::{BuildInfo, BuildStatus, pending};

/// What a wait does, for messages.
const ACTION: &str = "ask for the build (buildInfo)";

/// How long to wait for a build to be published, and how often to ask.
///
/// ```
/// use std::time::Duration;
/// let patient = pgyer::Wait::default()
///     .timeout(Duration::from_secs(3600))
///     .interval(Duration::from_secs(5));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    timeout: Duration,
    interval: Duration,
}

impl Default for Wait {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(600), interval: Duration::from_secs(3) }
    }
}

impl Wait {
    /// Sets how long to wait in all. Default: 10 minutes. With zero, `buildInfo` is asked once.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the pause between two questions. Default: 3 s; the API's page asks for 3 to 5 s.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }
}

impl Client {
    /// Asks [`build_info`](Self::build_info) until the build is published, can't be, or time is
    /// up. Transient failures do not end the wait.
    ///
    /// # Errors
    /// [`Error::Pending`] when the time of `wait` or of [`with_deadline`](Self::with_deadline)
    /// leaves no room for another question; [`Error::Publish`] when it can't be published;
    /// [`Error::Refused`] and [`Error::Unusable`] for answers that no further question will
    /// change.
    ///
    /// ```no_run
    /// # fn f(client: &pgyer::Client, key: &str) -> pgyer::Result<()> {
    /// use pgyer::{Error, Wait};
    ///
    /// match client.wait(key, &Wait::default()) {
    ///     Ok(build) => println!("{}", build.install_url().unwrap_or_default()),
    ///     Err(Error::Pending { waited, .. }) => println!("still publishing after {waited:?}"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn wait(&self, key: &str, wait: &Wait) -> Result<BuildInfo> {
        let mut poll = Poll::begin(self, key, wait);
        loop {
            match poll.client.build_info_once(key) {
                Ok(BuildStatus::Published(build)) => return Ok(poll.tell_published(*build)),
                Ok(status) => poll.note_status(status),
                Err(failed) if poll.may_pass(&failed) => poll.note_failure(&failed),
                Err(failed) => return Err(failed.error),
            }
            poll.rest()?;
        }
    }
}

/// The state of one wait.
struct Poll<'a> {
    client: Client,
    key: &'a str,
    interval: Duration,
    began: Instant,
    /// As the client stops, and once the time of this wait is up. (With a timeout of zero the
    /// client has no such limit.)
    until: Stop,
    /// The pause before the next question.
    pause: Duration,
    failures: u32,
    /// The last status, unless none has come yet.
    status: Option<BuildStatus>,
    /// What failed since that status.
    last_failure: Option<String>,
}

impl<'a> Poll<'a> {
    fn begin(client: &Client, key: &'a str, wait: &Wait) -> Self {
        let until = client.stop.clone().after(wait.timeout);
        // With a timeout of zero, one call is still made, without a time limit.
        let of_calls = if wait.timeout.is_zero() { &client.stop } else { &until };
        Self {
            client: client.stopping(of_calls.clone()),
            until,
            key,
            interval: wait.interval,
            began: Instant::now(),
            pause: wait.interval,
            failures: 0,
            status: None,
            last_failure: None,
        }
    }

    fn tell_published(&self, build: BuildInfo) -> BuildInfo {
        self.client.observer.tell(&Event::Published { build: &build });
        build
    }

    fn note_status(&mut self, status: BuildStatus) {
        let waited = self.began.elapsed();
        self.client.observer.tell(&Event::Publishing { key: self.key, waited });
        self.status = Some(status);
        self.last_failure = None;
        self.pause = self.interval;
    }

    /// Whether to keep polling. If the API has answered before, any network error is taken to be
    /// transient. A deadline that passed during a call is reported by `rest`.
    fn may_pass(&self, failed: &Failed) -> bool {
        let is_network = matches!(failed.error, Error::Network { .. });
        failed.may_retry || is_network && self.client.has_answered() || self.client.stop.is_late()
    }

    fn note_failure(&mut self, failed: &Failed) {
        self.failures += 1;
        self.pause = self.interval.max(failed.retry_after.unwrap_or_default().min(MAX_RETRY_AFTER));
        if self.until.allows(self.pause) {
            self.client.tell_retry(ACTION, &failed.error, self.failures, self.pause);
        }
        if !self.client.stop.is_late() {
            self.last_failure = Some(failed.error.report_without_advice());
        } else if self.last_failure.is_none() {
            // The failure is the deadline itself, which explains nothing.
            self.last_failure = Some("no answer came in time".to_owned());
        }
    }

    fn rest(&mut self) -> Result<()> {
        if !self.until.allows(self.pause) {
            return Err(self.out_of_time());
        }
        self.client.pause(ACTION, self.pause)
    }

    fn out_of_time(&mut self) -> Error {
        let (status, last_failure) = (self.status.take(), self.last_failure.take());
        pending(self.key, self.began.elapsed(), status, last_failure)
    }
}
