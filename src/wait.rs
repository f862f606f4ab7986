//! Polling until a build is decided.

use std::time::{Duration, Instant};

use crate::client::{Client, Failed};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::retry::{Deadline, MAX_RETRY_AFTER};
use crate::types::{BuildInfo, BuildStatus};

/// How long to wait for a build to be published, and how often to ask.
///
/// ```
/// use std::time::Duration;
/// let patient = pgyer::Wait::default()
///     .timeout(Duration::from_secs(3600))
///     .interval(Duration::from_secs(5));
/// ```
#[derive(Debug, Clone)]
pub struct Wait {
    timeout: Duration,
    interval: Duration,
}

impl Default for Wait {
    /// For 10 minutes, every 3 seconds.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(600), interval: Duration::from_secs(3) }
    }
}

impl Wait {
    /// How long to wait in all.
    ///
    /// ```
    /// use std::time::Duration;
    /// let wait = pgyer::Wait::default().timeout(Duration::from_secs(3600));
    /// ```
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long to wait between two questions. The API's page asks for 3 to 5 seconds.
    ///
    /// ```
    /// use std::time::Duration;
    /// let wait = pgyer::Wait::default().interval(Duration::from_secs(5));
    /// ```
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }
}

impl Client {
    /// Where the API has answered before, whatever stands in its place now will go again.
    fn may_pass(&self, failed: &Failed) -> bool {
        let is_network = matches!(failed.error, Error::Network { .. });
        failed.may_retry || is_network && self.has_answered() || self.deadline.has_passed()
    }

    /// Asks [`build_info`](Self::build_info) until the build is published, can't be, or time is
    /// up. Failures that may pass do not end it: it goes on asking.
    ///
    /// # Errors
    /// [`Error::Pending`] when time is up, also that of
    /// [`with_deadline`](Self::with_deadline); [`Error::Publish`]; [`Error::Refused`] and
    /// [`Error::Unusable`] for answers that no further question will change.
    ///
    #[cfg_attr(feature = "sandbox", doc = "```")]
    #[cfg_attr(not(feature = "sandbox"), doc = "```ignore")]
    /// # let sandbox = pgyer::sandbox::Sandbox::builder().polls(0).start()?;
    /// # let key = pgyer::ApiKey::new(sandbox.api_key())?;
    /// # let client = pgyer::Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
    /// # std::env::set_current_dir("tests/data")?;
    /// # let token = client.get_cos_token(pgyer::BuildType::Android, &pgyer::Release::default())?;
    /// # client.put(&token, &pgyer::Package::open("app.apk")?, None)?;
    /// # let key = token.key();
    /// use pgyer::{Error, Wait};
    ///
    /// match client.wait(key, &Wait::default()) {
    ///     Ok(build) => println!("{}", build.install_url().unwrap_or_default()),
    ///     Err(Error::Pending { waited, .. }) => println!("still publishing after {waited:?}"),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait(&self, key: &str, wait: &Wait) -> Result<BuildInfo> {
        let began = Instant::now();
        let until = self.until(Deadline::after(wait.timeout));
        // Without any time to wait the question is asked once all the same.
        let client = if wait.timeout.is_zero() { self } else { &until };
        let mut state = Error::Pending {
            key: key.to_owned(),
            waited: Duration::ZERO,
            code: None,
            message: String::new(),
            http_status: None,
            last_failure: None,
        };
        let mut failures = 0_u32;
        loop {
            let mut pause = wait.interval;
            match client.build_info_once(key) {
                Ok(BuildStatus::Published(build)) => {
                    self.observer.tell(&Event::Published { build: &build });
                    return Ok(*build);
                }
                Ok(publishing) => {
                    self.observer.tell(&Event::Publishing { key, waited: began.elapsed() });
                    state = publishing.pending(key);
                }
                Err(failed) if client.may_pass(&failed) => {
                    failures = failures.saturating_add(1);
                    let asked_for = failed.retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
                    pause = pause.max(asked_for);
                    if until.deadline.allows(pause) {
                        let action = "ask for the build (buildInfo)";
                        self.retrying(action, &failed.error, failures, pause);
                    }
                    if let Error::Pending { last_failure, .. } = &mut state {
                        let problem = failed.error.report_without_advice();
                        if !until.deadline.has_passed() {
                            *last_failure = Some(problem);
                        } else if last_failure.is_none() {
                            *last_failure = Some("no answer came in time".to_owned());
                        }
                    }
                }
                Err(failed) => return Err(failed.error),
            }
            if !until.deadline.sleep(pause) {
                if let Error::Pending { waited, .. } = &mut state {
                    *waited = began.elapsed();
                }
                return Err(state);
            }
        }
    }
}
