//! A request that is being served, from its head to its answer, with the places for faults.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::api;
use super::body::{MAX_PLAIN, Received, Sink};
use super::deviations::Deviations;
use super::fault::{Endpoint, Misbehaviour, Place};
use super::request_head::RequestHead;
use super::response::Response;
use super::service::{Service, Settings};
use super::storage;

/// How much of a body is read at once.
const BLOCK: usize = 64 * 1024;

/// What happens to the connection after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The next request may come.
    Next,
    /// It is closed, which is a reset if there is unread input.
    Close,
    /// It is closed once the peer has had time to read the answer.
    CloseGently,
}

/// Why a request gets no true answer.
pub(super) enum Stop {
    /// The peer is gone.
    Gone,
    /// The place of its fault is reached.
    Fault,
}

/// A request that is being served.
pub(super) struct Served<'a> {
    pub(super) service: &'a Service,
    pub(super) stream: &'a TcpStream,
    pub(super) head: &'a RequestHead,
    pub(super) endpoint: Option<Endpoint>,
    pub(super) number: u64,
    pub(super) fault: Option<Misbehaviour>,
    deviations: &'a Deviations,
    /// How many bytes of the body are still to be read.
    pub(super) left: u64,
    /// How many have been read.
    pub(super) taken: u64,
    /// After how many the fault applies.
    pub(super) stop_after: Option<u64>,
    /// Whether its end is recorded.
    pub(super) ended: bool,
}

/// Serves the request with this `head`.
pub(super) fn serve(
    service: &Service,
    stream: &TcpStream,
    head: &RequestHead,
    connection: u64,
) -> End {
    let endpoint = route(&service.settings, &head.path);
    let (number, fault) = service.begin(head, connection, endpoint);
    let left = head.length.unwrap_or(0);
    let stop_after = fault.as_ref().and_then(Misbehaviour::bytes).map(|bytes| bytes.min(left));
    let deviations = &Deviations::new(service.settings.strict);
    let mut served = Served {
        service,
        stream,
        head,
        endpoint,
        number,
        fault,
        deviations,
        left,
        taken: 0,
        stop_after,
        ended: false,
    };
    served.run().unwrap_or_else(|stop| served.stopped(&stop))
}

fn route(settings: &Settings, path: &str) -> Option<Endpoint> {
    match path {
        "/apiv2" | "/apiv2/" => Some(Endpoint::Probe),
        "/apiv2/app/getCOSToken" => Some(Endpoint::Token),
        "/apiv2/app/buildInfo" => Some(Endpoint::Poll),
        "/apiv2/app/uploadHarmonyCert" => Some(Endpoint::Cert),
        "/apiv2/app/uploadHarmonyHsp" => Some(Endpoint::Hsp),
        "/apiv2/app/upload" => Some(Endpoint::Legacy),
        path if path == settings.storage_path() => Some(Endpoint::Storage),
        _ => None,
    }
}

impl Served<'_> {
    fn run(&mut self) -> Result<End, Stop> {
        self.at(Place::Head)?;
        let Some(endpoint) = self.endpoint else {
            return Ok(self.refuse(&self.not_found()));
        };
        if let Some(answer) = self.refused_on_the_head(endpoint) {
            return Ok(self.refuse(&answer));
        }
        self.ask_for_the_body()?;
        let received = self.receive()?;
        self.at(Place::Body)?;
        let answer = self.carry_out(endpoint, received);
        self.at(Place::Done)?;
        self.answer(&answer)
    }

    /// Returns the answer if the body does not matter for it.
    fn refused_on_the_head(&self, endpoint: Endpoint) -> Option<Response> {
        let is_storage = endpoint == Endpoint::Storage;
        match self.head.method.as_str() {
            "POST" => {}
            "GET" if is_storage => return Some(self.error(403, "AccessDenied", "Access Denied.")),
            "GET" => {}
            _ => {
                let answer = self.error(405, "MethodNotAllowed", "The method is not POST");
                return Some(answer.header("Allow", "POST"));
            }
        }
        if self.refuses_expect() {
            return Some(Response::empty(417));
        }
        let is_chunked = self.head.header("transfer-encoding").is_some();
        if is_chunked || (is_storage && self.head.length.is_none()) {
            let message = "You must provide the Content-Length HTTP header";
            return Some(self.error(411, "MissingContentLength", message));
        }
        let most = match endpoint {
            Endpoint::Token | Endpoint::Poll | Endpoint::Probe => MAX_PLAIN as u64,
            // The other fields of the form need some room beside the file.
            _ => storage::MAX_FILE + 2 * MAX_PLAIN as u64,
        };
        if self.head.length > Some(most) {
            let status = if is_storage { 400 } else { 413 };
            return Some(self.error(status, "EntityTooLarge", "The body is too long"));
        }
        None
    }

    fn not_found(&self) -> Response {
        if self.head.path.starts_with("/apiv2/") {
            return Response::refusal(1081, "there is no such call").status(404);
        }
        Response::html(404)
    }

    /// An error in the language of the endpoint.
    fn error(&self, status: u16, code: &str, message: &str) -> Response {
        if self.endpoint == Some(Endpoint::Storage) {
            return Response::xml(status, code, message, &self.head.path, self.number);
        }
        Response::refusal(1081, message).status(status)
    }

    /// Answers before the body has been read. The peer may or may not go on to send it, so the
    /// connection ends.
    fn refuse(&mut self, answer: &Response) -> End {
        let close = !(self.body_complete() && self.head.keep_alive);
        self.end(Some(answer.status));
        match self.send(answer, close) {
            Ok(()) if close => End::CloseGently,
            Ok(()) => End::Next,
            Err(_) => End::Close,
        }
    }

    fn ask_for_the_body(&self) -> Result<(), Stop> {
        let silent = self.fault == Some(Misbehaviour::IgnoreExpect);
        if self.left == 0 || silent || !self.head.expects_continue() {
            return Ok(());
        }
        self.write(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        self.service.note(self.number, |request| request.continued = true);
        Ok(())
    }

    fn receive(&mut self) -> Result<Received, Stop> {
        if self.head.is_absolute {
            self.deviations.add("the target is a whole URL");
        }
        let mut sink = Sink::new(self.head, self.deviations);
        let mut buffer = vec![0; BLOCK];
        loop {
            let bytes = self.read(&mut buffer)?;
            if bytes.is_empty() {
                break;
            }
            sink.take(bytes);
        }
        drop(buffer);
        let received = sink.finish();
        let fields = received.fields();
        self.service.note(self.number, |request| request.fields = fields);
        Ok(received)
    }

    /// Reads the next bytes of the body; an empty slice is its end.
    pub(super) fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b [u8], Stop> {
        if self.stop_after == Some(self.taken) {
            return Err(Stop::Fault);
        }
        if self.left == 0 {
            return Ok(&[]);
        }
        let until_stop = self.stop_after.map_or(u64::MAX, |after| after.saturating_sub(self.taken));
        let most = self.left.min(until_stop).min(self.pace()).min(buffer.len() as u64);
        let most = usize::try_from(most).unwrap_or(BLOCK);
        let free = buffer.get_mut(..most).unwrap_or_default();
        let count = self.read_socket(free).map_err(|_| Stop::Gone)?;
        if count == 0 {
            return Err(Stop::Gone);
        }
        self.left -= count as u64;
        self.taken += count as u64;
        self.rest(count)?;
        Ok(buffer.get(..count).unwrap_or_default())
    }

    /// Reads from the socket, but leaves the last byte of the body in the kernel if a reset is to
    /// follow: closing a socket with unread input is what makes the kernel send one.
    fn read_socket(&self, free: &mut [u8]) -> io::Result<usize> {
        let mut stream = self.stream;
        self.service.await_input(stream, Duration::MAX)?;
        if !self.resets_later() || (free.len() as u64) < self.left {
            return stream.read(free);
        }
        match free {
            [_] => stream.peek(free),
            [first @ .., _] => stream.read(first),
            [] => Ok(0),
        }
    }

    fn carry_out(&self, endpoint: Endpoint, received: Received) -> Response {
        if let Some(answer) = self.instead() {
            return answer;
        }
        let (settings, deviations) = (&self.service.settings, self.deviations);
        let drop_it = self.fault == Some(Misbehaviour::Dropped);
        let outcome = self.service.update(|state| match endpoint {
            Endpoint::Storage => {
                storage::take(received, deviations, drop_it, self.number, state, settings)
            }
            _ => api::call(endpoint, self.head, received, deviations, state, settings)
                .map_err(Response::from),
        });
        if outcome.is_ok() {
            self.service.note(self.number, |request| request.deviations = deviations.list());
        }
        self.distort(outcome.unwrap_or_else(|refusal| refusal))
    }

    /// Records the end of the request. This comes before the answer, because a test may look at
    /// the records as soon as it has the answer.
    pub(super) fn end(&mut self, status: Option<u16>) {
        self.ended = true;
        self.note_body();
        self.service.end(self.number, status);
    }

    fn body_complete(&self) -> bool {
        // The end of a chunked body is never looked for.
        self.left == 0 && self.head.header("transfer-encoding").is_none()
    }

    pub(super) fn note_body(&self) {
        let (taken, complete) = (self.taken, self.body_complete());
        self.service.note(self.number, |request| {
            request.body_bytes = taken;
            request.body_complete = complete;
        });
    }

    /// Sends `answer` at once.
    pub(super) fn send(&self, answer: &Response, close: bool) -> Result<(), Stop> {
        if self.head.method == "HEAD" {
            // It states the length of a body that does not follow.
            return self.write(&answer.head(Some(answer.content().len() as u64), close));
        }
        self.write(&answer.to_bytes(close))
    }

    pub(super) fn write(&self, bytes: &[u8]) -> Result<(), Stop> {
        let mut stream = self.stream;
        stream.write_all(bytes).map_err(|_| Stop::Gone)
    }
}
