//! Events: what a caller may want to show while something is under way.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::finding::Finding;
use crate::types::{BuildInfo, BuildType};

/// Something that happened. The observer of a [`Client`](crate::Client) gets it as it happens, on
/// the thread that made the call. Secrets are redacted.
///
/// ```
/// use pgyer::Event;
///
/// fn line(event: &Event<'_>) -> Option<String> {
///     Some(match event {
///         Event::Checked { build_type, size, .. } => format!("{build_type}, {size} bytes"),
///         Event::TokenReceived { key, .. } => format!("the key is {key}"),
///         Event::Sent { sent, total, .. } => format!("{sent} of {total} bytes"),
///         Event::Retry { action, because, delay, .. } => {
///             format!("{action}: {because}; again in {delay:?}")
///         }
///         Event::Request { method, url, outcome, .. } => format!("{method} {url}: {outcome:?}"),
///         _ => return None,
///     })
/// }
///
/// let client = pgyer::Client::builder().build()?;
/// let client = client.with_observer(|event| {
///     line(event).into_iter().for_each(|line| eprintln!("{line}"));
/// });
/// # Ok::<(), pgyer::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The package was checked.
    #[non_exhaustive]
    Checked {
        /// Its platform.
        build_type: BuildType,
        /// Its size in bytes.
        size: u64,
        /// What will keep phones from installing it, or what testers will meet. It does not stop
        /// the upload.
        findings: &'a [Finding],
    },
    /// `getCOSToken` answered.
    #[non_exhaustive]
    TokenReceived {
        /// The key under which the build can be asked for from now on.
        key: &'a str,
    },
    /// Bytes of the file were sent. Starts again from 0 with each attempt.
    #[non_exhaustive]
    Sent {
        /// Bytes so far.
        sent: u64,
        /// The file's size in bytes.
        total: u64,
    },
    /// The storage has the file.
    #[non_exhaustive]
    Stored {
        /// The key of step one.
        key: &'a str,
        /// The time it took, retries included.
        elapsed: Duration,
    },
    /// The package is stored, and an attempt with a token that has expired since may have stored
    /// it as well: it may be published twice.
    #[non_exhaustive]
    StoredTwice {
        /// The package.
        path: &'a Path,
        /// The key of step one.
        key: &'a str,
        /// The key of the token that has expired.
        earlier: &'a str,
    },
    /// A certificate or HSP was accepted.
    #[non_exhaustive]
    AttachmentSent {
        /// The file's name.
        file_name: &'a str,
    },
    /// Something failed and will be retried.
    #[non_exhaustive]
    Retry {
        /// What is being done.
        action: &'a str,
        /// What went wrong.
        because: &'a str,
        /// The number of the retry, from 1.
        number: u32,
        /// The delay before it.
        delay: Duration,
    },
    /// `buildInfo` said that the build is not published yet.
    #[non_exhaustive]
    Publishing {
        /// The key of step one.
        key: &'a str,
        /// How long the build has been waited for.
        waited: Duration,
    },
    /// The build is published.
    #[non_exhaustive]
    Published {
        /// The build.
        build: &'a BuildInfo,
    },
    /// A request ended, successfully or not.
    #[non_exhaustive]
    Request {
        /// `POST` or `GET`.
        method: &'a str,
        /// The URL without its query.
        url: &'a str,
        /// The status of the response, or what went wrong.
        outcome: Result<u16, &'a str>,
        /// Time from connecting to the end of the response.
        elapsed: Duration,
    },
}

/// The receiver of events.
#[derive(Clone)]
pub(crate) struct Observer(Arc<dyn Fn(&Event<'_>) + Send + Sync>);

impl Observer {
    pub(crate) fn new(observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observer))
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        (self.0)(event);
    }
}

impl Default for Observer {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
