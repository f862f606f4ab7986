//! Connections: one thread each.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::exchange::{End, serve};
use super::head::{Head, NoHead};
use super::state::Shared;

/// How long a peer may go on sending after its answer, so that a reset does not take it away.
const LINGER: Duration = Duration::from_secs(2);

/// Accepts connections until the sandbox ends.
pub(super) fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    loop {
        let accepted = listener.accept();
        if shared.stopping() {
            return;
        }
        match accepted {
            Ok((stream, _)) => begin(Arc::new(stream), shared),
            // No descriptors are left, most likely: some connection has to end first.
            Err(_) => drop(shared.sleep(Duration::from_millis(10))),
        }
    }
}

fn begin(stream: Arc<TcpStream>, shared: &Arc<Shared>) {
    let Some(number) = shared.opened(&stream) else {
        return;
    };
    let registered = Registered { shared: Arc::clone(shared), number };
    // Where no thread can be had, closing the connection is all that is left.
    let _ = thread::Builder::new()
        .name(format!("sandbox connection {number}"))
        .spawn(move || connection(registered, stream));
}

/// Takes a connection off the list when it is over, whatever ended it.
struct Registered {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.shared.closed(self.number);
    }
}

fn connection(registered: Registered, stream: Arc<TcpStream>) {
    // Small answers go out at once; without it they only come later.
    let _ = stream.set_nodelay(true);
    let shared = &registered.shared;
    let end = loop {
        match Head::read(&stream) {
            Ok(head) => match serve(shared, &stream, &head, registered.number) {
                End::Next => {}
                end => break end,
            },
            Err(NoHead::Gone) => break End::Close,
            Err(NoHead::Bad(status, problem)) => break refuse(&stream, status, problem),
        }
    };
    if end == End::CloseGently {
        close_gently(&stream);
    }
    // Before it counts as closed.
    drop(stream);
}

fn refuse(mut stream: &TcpStream, status: u16, problem: &str) -> End {
    let mut answer = Answer::empty(status).header("Content-Type", "text/plain");
    answer.body = format!("{problem}\n").into_bytes();
    let mut bytes = answer.head(Some(answer.body.len() as u64), true);
    bytes.extend_from_slice(&answer.body);
    match stream.write_all(&bytes) {
        Ok(()) => End::CloseGently,
        Err(_) => End::Close,
    }
}

/// Ends the output and swallows the input for a while: a reset would take the answer away from a
/// peer that is still sending.
fn close_gently(mut stream: &TcpStream) {
    let began = Instant::now();
    let mut buffer = vec![0; 64 * 1024];
    if stream.shutdown(Shutdown::Write).is_err() {
        return;
    }
    loop {
        let left = LINGER.saturating_sub(began.elapsed());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return;
        }
        if !matches!(stream.read(&mut buffer), Ok(count) if count > 0) {
            return;
        }
    }
}
