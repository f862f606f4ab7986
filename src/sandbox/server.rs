//! Accepts connections and gives each a thread.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::request_head::{NoHead, RequestHead};
use super::response::Response;
use super::served::{End, serve};
use super::service::Service;

/// How long a peer may go on sending after its answer.
const LINGER: Duration = Duration::from_secs(2);

/// Accepts connections until the sandbox ends.
pub(super) fn accept(listener: &TcpListener, service: &Arc<Service>) {
    loop {
        let accepted = listener.accept();
        if service.stopping() {
            return;
        }
        match accepted {
            Ok((stream, _)) => begin(Arc::new(stream), service),
            // Most likely no descriptors are left: some connection has to end first.
            Err(_) => drop(service.sleep(Duration::from_millis(10))),
        }
    }
}

fn begin(stream: Arc<TcpStream>, service: &Arc<Service>) {
    let Some(number) = service.opened(&stream) else {
        return;
    };
    let registered = Registered { service: Arc::clone(service), number };
    // Without a thread the connection is just closed.
    let _ = thread::Builder::new()
        .name(format!("sandbox connection {number}"))
        .spawn(move || connection(registered, stream));
}

/// Takes a connection off the list when it is dropped, whatever ended it.
struct Registered {
    service: Arc<Service>,
    number: u64,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.service.closed(self.number);
    }
}

fn connection(registered: Registered, stream: Arc<TcpStream>) {
    // Without it small answers are only slower.
    let _ = stream.set_nodelay(true);
    let service = &registered.service;
    let end = loop {
        match next_head(service, &stream) {
            Ok(head) => match serve(service, &stream, &head, registered.number) {
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
    // Before `registered` counts it as closed.
    drop(stream);
}

/// Reads the next head, unless the connection stays idle for too long.
fn next_head(service: &Service, stream: &TcpStream) -> Result<RequestHead, NoHead> {
    let limit = |limit| stream.set_read_timeout(limit).map_err(|_| NoHead::Gone);
    limit(Some(service.settings.idle_limit))?;
    service.await_input(stream, service.settings.idle_limit).map_err(|_| NoHead::Gone)?;
    let head = RequestHead::read(stream)?;
    limit(None).map(|()| head)
}

fn refuse(mut stream: &TcpStream, status: u16, problem: &str) -> End {
    let mut answer = Response::empty(status).header("Content-Type", "text/plain");
    answer.body = format!("{problem}\n").into_bytes();
    match stream.write_all(&answer.to_bytes(true)) {
        Ok(()) => End::CloseGently,
        Err(_) => End::Close,
    }
}

/// Ends the output and discards input for a while: a reset would destroy the answer that a peer,
/// still sending, has not read yet.
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
