//! The service behind a sandbox: its settings, and its state, which all threads share.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::fault::{Endpoint, Fault, Misbehaviour};
use super::request_head::RequestHead;
use super::seen::{Seen, SeenRequest};
use crate::types::BuildType;

/// How long a thread that polls for input on Windows sleeps in between.
const NAP: Duration = Duration::from_millis(5);

/// Called with each request when its answer is decided.
pub(super) type OnRequest = Box<dyn Fn(&SeenRequest) + Send + Sync>;

/// How a sandbox was set up.
pub(super) struct Settings {
    pub(super) api_key: String,
    pub(super) polls: u32,
    pub(super) faults: Vec<Fault>,
    /// Names, and values in JSON.
    pub(super) build_fields: Vec<(String, String)>,
    pub(super) file_field: Option<String>,
    pub(super) method: Option<String>,
    pub(super) token_lifetime: Duration,
    /// How long a connection may wait for its next request.
    pub(super) idle_limit: Duration,
    /// Whether what the page does not say is refused.
    pub(super) strict: bool,
    /// Where clients reach it.
    pub(super) base_url: String,
    pub(super) storage_url: String,
    pub(super) on_request: Option<OnRequest>,
}

impl Settings {
    /// Returns the path of the storage's URL.
    pub(super) fn storage_path(&self) -> &str {
        let rest = self.storage_url.split_once("://").map_or("", |(_, rest)| rest);
        rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
    }
}

/// An upload token that was issued.
#[derive(Debug, Clone)]
pub(super) struct IssuedToken {
    pub(super) build_type: BuildType,
    /// The fields that the form has to send back.
    pub(super) params: Vec<(String, String)>,
    /// The parameters of step one that describe the release.
    pub(super) release: Vec<(String, String)>,
    pub(super) issued: Instant,
    /// The name of the file, once it is stored.
    pub(super) stored_as: Option<String>,
}

/// The state, behind the lock of [`Service`].
#[derive(Default)]
pub(super) struct ServiceState {
    pub(super) seen: Seen,
    pub(super) tokens: HashMap<String, IssuedToken>,
    counts: HashMap<Endpoint, u64>,
    open: HashMap<u64, Weak<TcpStream>>,
    stopping: bool,
}

impl ServiceState {
    fn request(&mut self, number: u64) -> Option<&mut SeenRequest> {
        // It is among the latest.
        self.seen.requests.iter_mut().rfind(|request| request.number == number)
    }
}

pub(super) struct Service {
    pub(super) settings: Settings,
    state: Mutex<ServiceState>,
    changed: Condvar,
}

impl Service {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, state: Mutex::default(), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, ServiceState> {
        // A test's closure may have panicked under the lock; the state is consistent even then.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the state.
    pub(super) fn read<T>(&self, look: impl FnOnce(&ServiceState) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the state, and wakes everybody who waits for a change.
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut ServiceState) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    /// Waits until `done`, for at most `limit`. Returns whether it was done in time.
    pub(super) fn wait_for(
        &self,
        mut done: impl FnMut(&ServiceState) -> bool,
        limit: Duration,
    ) -> bool {
        let began = Instant::now();
        let mut state = self.lock();
        while !done(&state) {
            let left = limit.saturating_sub(began.elapsed());
            if left.is_zero() {
                return false;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Sleeps, but not beyond the sandbox's end. Returns whether it is still running.
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
            // This fails only if the connection has already ended.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// On Windows, polls for input: [`stop`](Self::stop) can't interrupt a blocked read there
    /// (rust-lang/rust#121594), and a read that timed out may have lost bytes.
    pub(super) fn await_input(&self, stream: &TcpStream, limit: Duration) -> io::Result<()> {
        if !cfg!(windows) {
            return Ok(());
        }
        let began = Instant::now();
        stream.set_nonblocking(true)?;
        while would_block(stream) {
            if began.elapsed() > limit || !self.sleep(NAP) {
                return Err(ErrorKind::TimedOut.into());
            }
        }
        stream.set_nonblocking(false)
    }

    /// Waits until no connection is open, for at most `limit`.
    pub(super) fn wait_until_idle(&self, limit: Duration) {
        self.wait_for(|state| state.open.is_empty(), limit);
    }

    /// Registers a connection and returns its number; `None` if the sandbox is ending.
    pub(super) fn opened(&self, stream: &Arc<TcpStream>) -> Option<u64> {
        self.update(|state| {
            if state.stopping {
                return None;
            }
            state.seen.connections += 1;
            let number = state.seen.connections;
            state.open.insert(number, Arc::downgrade(stream));
            Some(number)
        })
    }

    pub(super) fn closed(&self, connection: u64) {
        self.update(|state| {
            state.open.remove(&connection);
            state.seen.closed_connections += 1;
        });
    }

    /// Registers a request. Returns its number and the fault that applies to it.
    pub(super) fn begin(
        &self,
        head: &RequestHead,
        connection: u64,
        endpoint: Option<Endpoint>,
    ) -> (u64, Option<Misbehaviour>) {
        self.update(|state| {
            let fault = endpoint.and_then(|endpoint| {
                let count = state.counts.entry(endpoint).or_default();
                *count += 1;
                self.settings.faults.iter().find(|fault| fault.matches(endpoint, *count))
            });
            let number = state.seen.requests.len() as u64 + 1;
            let mut request = SeenRequest::new(head, number, connection, endpoint);
            request.fault = fault.map(ToString::to_string);
            state.seen.requests.push(request);
            (number, fault.map(|fault| fault.what.clone()))
        })
    }

    /// Records more about the request `number`.
    pub(super) fn note(&self, number: u64, change: impl FnOnce(&mut SeenRequest)) {
        self.update(|state| state.request(number).map(change));
    }

    /// Ends the request `number`; `None` is a request that gets no answer.
    pub(super) fn end(&self, number: u64, status: Option<u16>) {
        self.note(number, |request| {
            request.status = status;
            request.ended = true;
        });
        let Some(on_request) = &self.settings.on_request else {
            return;
        };
        // Called without the lock, so that it may look at the sandbox.
        if let Some(request) = self.update(|state| state.request(number).cloned()) {
            on_request(&request);
        }
    }
}

/// Whether a socket that does not wait has no input, and no end of it either.
fn would_block(stream: &TcpStream) -> bool {
    stream.peek(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// Returns `digits` hexadecimal digits, different ones each time.
pub(super) fn random_hex(digits: usize) -> String {
    let mut text = String::new();
    while text.len() < digits {
        text += &format!("{:016x}", RandomState::new().build_hasher().finish());
    }
    text.truncate(digits);
    text
}
