//! What the threads of a sandbox share.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::fault::{Endpoint, Fault, Misbehaviour};
use super::head::Head;
use super::seen::{Kind, Request, Seen};

/// Called with each request when its answer is decided.
pub(super) type OnRequest = Box<dyn Fn(&Request) + Send + Sync>;

/// How a sandbox was set up.
pub(super) struct Config {
    pub(super) api_key: String,
    pub(super) polls: u32,
    pub(super) faults: Vec<Fault>,
    pub(super) build_fields: Vec<(String, Value)>,
    pub(super) extra_params: Vec<(String, String)>,
    pub(super) file_field: Option<String>,
    pub(super) method: Option<String>,
    pub(super) token_lifetime: Duration,
    /// Where clients reach it.
    pub(super) base_url: String,
    pub(super) storage_url: String,
    pub(super) on_request: Option<OnRequest>,
}

impl Config {
    /// The path of the storage's URL.
    pub(super) fn storage_path(&self) -> &str {
        let rest = self.storage_url.split_once("://").map_or("", |(_, rest)| rest);
        rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
    }
}

/// An upload token that was issued.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// The fields that the form has to begin with.
    pub(super) params: Vec<(String, String)>,
    /// What step one said about the release.
    pub(super) release: Vec<(String, String)>,
    pub(super) issued: Instant,
    /// The name of the file, once it is stored.
    pub(super) stored_as: Option<String>,
}

/// What changes.
#[derive(Default)]
pub(super) struct State {
    pub(super) seen: Seen,
    pub(super) tokens: HashMap<String, Token>,
    counts: HashMap<Endpoint, u64>,
    open: HashMap<u64, Weak<TcpStream>>,
    stopping: bool,
}

/// The settings, and the state behind its lock.
pub(super) struct Shared {
    pub(super) config: Config,
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    pub(super) fn new(config: Config) -> Self {
        Self { config, state: Mutex::default(), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A test's own closure may have panicked under the lock; the state is whole all the same.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the state.
    pub(super) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the state, and wakes all who wait for a change.
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    /// Waits until `done`, at most for `limit`; whether it is.
    pub(super) fn wait_for(&self, mut done: impl FnMut(&State) -> bool, limit: Duration) -> bool {
        let deadline = Instant::now().checked_add(limit);
        let mut state = self.lock();
        while !done(&state) {
            let left = match deadline {
                Some(deadline) => deadline.saturating_duration_since(Instant::now()),
                None => Duration::from_secs(3600),
            };
            if left.is_zero() {
                return false;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Sleeps, but no longer than the sandbox lives; whether it still does.
    pub(super) fn sleep(&self, time: Duration) -> bool {
        !self.wait_for(|state| state.stopping, time)
    }

    /// Waits for the sandbox's end.
    pub(super) fn wait_for_end(&self) {
        while self.sleep(Duration::from_secs(3600)) {}
    }

    pub(super) fn stopping(&self) -> bool {
        self.read(|state| state.stopping)
    }

    /// Ends every connection, and tells all threads to end.
    pub(super) fn stop(&self) {
        let open: Vec<_> = self.update(|state| {
            state.stopping = true;
            state.open.values().filter_map(Weak::upgrade).collect()
        });
        for stream in open {
            // One that is gone already needs no more.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Waits until no connection is open; whether that came true within `limit`.
    pub(super) fn wait_until_idle(&self, limit: Duration) -> bool {
        self.wait_for(|state| state.open.is_empty(), limit)
    }

    /// Registers a connection: its number, or nothing if the sandbox is ending.
    pub(super) fn opened(&self, stream: &Arc<TcpStream>) -> Option<u64> {
        self.update(|state| {
            if state.stopping {
                return None;
            }
            state.seen.connections = state.seen.connections.saturating_add(1);
            let number = state.seen.connections;
            state.open.insert(number, Arc::downgrade(stream));
            Some(number)
        })
    }

    pub(super) fn closed(&self, connection: u64) {
        self.update(|state| {
            state.open.remove(&connection);
            state.seen.closed_connections = state.seen.closed_connections.saturating_add(1);
        });
    }

    /// Registers a request: its number, and the fault that strikes it.
    pub(super) fn begin(
        &self,
        head: &Head,
        connection: u64,
        endpoint: Option<Endpoint>,
    ) -> (u64, Option<Misbehaviour>) {
        self.update(|state| {
            let fault = endpoint.and_then(|endpoint| {
                let count = state.counts.entry(endpoint).or_default();
                *count = count.saturating_add(1);
                self.config.faults.iter().find(|fault| fault.strikes(endpoint, *count))
            });
            let number = (state.seen.requests.len() as u64).saturating_add(1);
            let mut request = Request::new(head, number, connection, endpoint);
            request.fault = fault.map(ToString::to_string);
            state.seen.requests.push(request);
            (number, fault.map(|fault| fault.what.clone()))
        })
    }

    /// Adds to what is known about the request `number`.
    pub(super) fn note(&self, number: u64, change: impl FnOnce(&mut Request)) {
        self.update(|state| {
            let index = usize::try_from(number.saturating_sub(1)).ok();
            if let Some(request) = index.and_then(|at| state.seen.requests.get_mut(at)) {
                change(request);
            }
        });
    }

    /// The answer of the request `number` is decided; `None` if there is none.
    pub(super) fn end(&self, number: u64, status: Option<u16>) {
        self.note(number, |request| {
            request.status = status;
            request.ended = true;
        });
        let Some(on_request) = &self.config.on_request else {
            return;
        };
        let index = usize::try_from(number.saturating_sub(1)).ok();
        let request = self.read(|state| index.and_then(|at| state.seen.requests.get(at)).cloned());
        // Without the lock, so that the callee may look at the sandbox.
        if let Some(request) = request {
            on_request(&request);
        }
    }
}

/// So many hexadecimal digits, other ones each time.
pub(super) fn random_hex(digits: usize) -> String {
    let mut text = String::new();
    while text.len() < digits {
        text += &format!("{:016x}", RandomState::new().build_hasher().finish());
    }
    text.truncate(digits);
    text
}
