//! Idle connections, kept for the next request to the same host and port.

use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::stream::Stream;
use super::url::Url;

#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Vec<Idle>>);

struct Idle {
    url: Url,
    stream: Stream,
    since: Instant,
}

impl Pool {
    /// Longer than any poll interval in use; a server closes earlier if it wants to.
    const MAX_IDLE: Duration = Duration::from_secs(90);
    const MAX_CONNECTIONS: usize = 16;

    /// Takes a connection that still looks alive. Only the next request shows whether it is.
    pub(super) fn take(&self, url: &Url) -> Option<Stream> {
        loop {
            let mut idle = self.0.lock().ok()?;
            idle.retain(|idle| idle.since.elapsed() < Self::MAX_IDLE);
            let at = idle.iter().rposition(|idle| idle.url.has_same_origin(url))?;
            let mut stream = idle.swap_remove(at).stream;
            drop(idle);
            if stream.is_quiet() {
                return Some(stream);
            }
        }
    }

    pub(super) fn give(&self, url: Url, stream: Stream) {
        if let Ok(mut idle) = self.0.lock() {
            if idle.len() < Self::MAX_CONNECTIONS {
                idle.push(Idle { url, stream, since: Instant::now() });
            }
        }
    }
}

impl fmt::Debug for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Idle({:?})", self.url)
    }
}
