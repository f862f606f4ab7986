//! The client of one FILE or KEY, whose events are shown.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pgyer::{Client, Event};

use crate::progress::Progress;

/// One FILE or KEY while it is being worked on.
pub(crate) struct Job {
    pub(crate) client: Client,
    /// The key of step one, once there is one. Not every error names it.
    key: Arc<Mutex<Option<String>>>,
}

impl Job {
    pub(crate) fn new(client: &Client, progress: Progress) -> Self {
        let key = Arc::<Mutex<Option<String>>>::default();
        let noted = Arc::clone(&key);
        let client = client.with_observer(move |event| {
            if let Event::TokenReceived { key, .. } = event {
                *lock(&noted) = Some((*key).to_owned());
            }
            progress.observe(event);
        });
        Self { client, key }
    }

    /// Drops the client and with it the progress display, and returns the key.
    pub(crate) fn end(self) -> Option<String> {
        lock(&self.key).take()
    }
}

fn lock(key: &Mutex<Option<String>>) -> MutexGuard<'_, Option<String>> {
    key.lock().unwrap_or_else(PoisonError::into_inner)
}
