//! One request and its answer, with the places at which a fault may strike.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::answer::Answer;
use super::api;
use super::body::{MAX_PLAIN, Received, Sink};
use super::fault::{Endpoint, Misbehaviour, Place};
use super::head::Head;
use super::state::{Config, Shared};
use super::storage;

/// How much of a body is read at once.
const BLOCK: usize = 64 * 1024;

/// What becomes of the connection after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The next request may come.
    Next,
    /// It is closed; with a reset if there is something unread.
    Close,
    /// It is closed once the peer has had time to see the answer.
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
pub(super) struct Exchange<'a> {
    pub(super) shared: &'a Shared,
    pub(super) stream: &'a TcpStream,
    pub(super) head: &'a Head,
    pub(super) endpoint: Option<Endpoint>,
    pub(super) number: u64,
    pub(super) fault: Option<Misbehaviour>,
    /// How many bytes of the body are still to be read.
    pub(super) left: u64,
    /// How many have been read.
    pub(super) taken: u64,
    /// After how many the fault strikes.
    pub(super) gate: Option<u64>,
    /// Whether its last word has been said.
    pub(super) ended: bool,
}

/// Serves the request with this `head`.
pub(super) fn serve(shared: &Shared, stream: &TcpStream, head: &Head, connection: u64) -> End {
    let endpoint = route(&shared.config, &head.path);
    let (number, fault) = shared.begin(head, connection, endpoint);
    let length = head.length.unwrap_or(0);
    let gate = fault.as_ref().and_then(Misbehaviour::bytes).map(|bytes| bytes.min(length));
    let (left, taken, ended) = (length, 0, false);
    let mut exchange =
        Exchange { shared, stream, head, endpoint, number, fault, left, taken, gate, ended };
    exchange.run().unwrap_or_else(|stop| exchange.stopped(&stop))
}

fn route(config: &Config, path: &str) -> Option<Endpoint> {
    match path {
        "/apiv2" | "/apiv2/" => Some(Endpoint::Probe),
        "/apiv2/app/getCOSToken" => Some(Endpoint::Token),
        "/apiv2/app/buildInfo" => Some(Endpoint::Poll),
        "/apiv2/app/uploadHarmonyCert" => Some(Endpoint::Cert),
        "/apiv2/app/uploadHarmonyHsp" => Some(Endpoint::Hsp),
        "/apiv2/app/upload" => Some(Endpoint::Legacy),
        path if path == config.storage_path() => Some(Endpoint::Storage),
        _ => None,
    }
}

impl Exchange<'_> {
    fn run(&mut self) -> Result<End, Stop> {
        self.at(Place::Head)?;
        let endpoint = match (self.endpoint, self.refused_on_the_head()) {
            (Some(endpoint), None) => endpoint,
            (_, Some(answer)) => return Ok(self.refuse(&answer)),
            (None, None) => return Ok(self.refuse(&self.not_found())),
        };
        self.ask_for_the_body()?;
        let received = self.receive()?;
        self.at(Place::Body)?;
        let answer = self.carry_out(endpoint, received);
        self.at(Place::Done)?;
        self.answer(&answer)
    }

    /// An answer that needs no look at the body.
    fn refused_on_the_head(&self) -> Option<Answer> {
        let endpoint = self.endpoint?;
        let length = self.head.length;
        let get = endpoint == Endpoint::Probe && self.head.method == "GET";
        if self.head.method != "POST" && !get {
            let answer = self.error(405, "MethodNotAllowed", "The method is not POST");
            return Some(answer.header("Allow", "POST"));
        }
        if self.refuses_expect() {
            return Some(Answer::empty(417));
        }
        let storage = endpoint == Endpoint::Storage;
        if self.head.header("transfer-encoding").is_some() || (storage && length.is_none()) {
            let message = "You must provide the Content-Length HTTP header";
            return Some(self.error(411, "MissingContentLength", message));
        }
        let most = match endpoint {
            Endpoint::Token | Endpoint::Poll | Endpoint::Probe => MAX_PLAIN as u64,
            // The rest of the form may add a little to the file.
            _ => storage::MAX_FILE.saturating_add((MAX_PLAIN as u64).saturating_mul(2)),
        };
        if length > Some(most) {
            let status = if storage { 400 } else { 413 };
            return Some(self.error(status, "EntityTooLarge", "The body is too long"));
        }
        None
    }

    fn not_found(&self) -> Answer {
        let path = &self.head.path;
        if path.starts_with("/apiv2/") {
            return Answer::refusal(1081, "there is no such call").status(404);
        }
        Answer::html(404)
    }

    /// An error in the language of the endpoint.
    fn error(&self, status: u16, code: &str, message: &str) -> Answer {
        if self.endpoint == Some(Endpoint::Storage) {
            return Answer::xml(status, code, message, &self.head.path, self.number);
        }
        Answer::refusal(1081, message).status(status)
    }

    /// Answers before the body. Nobody knows whether the peer sends it then, so the connection ends.
    fn refuse(&mut self, answer: &Answer) -> End {
        let close = !(self.body_complete() && self.head.keep_alive);
        self.end(Some(answer.status));
        let sent = self.send(answer, close);
        match (sent, close) {
            (Ok(()), false) => End::Next,
            (Ok(()), true) => End::CloseGently,
            (Err(_), _) => End::Close,
        }
    }

    fn ask_for_the_body(&self) -> Result<(), Stop> {
        let silent = self.fault == Some(Misbehaviour::IgnoreExpect);
        if self.left == 0 || silent || !self.head.expects_continue() {
            return Ok(());
        }
        self.write(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        self.shared.note(self.number, |request| request.continued = true);
        Ok(())
    }

    fn receive(&mut self) -> Result<Received, Stop> {
        let mut sink = Sink::new(self.head);
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
        self.shared.note(self.number, |request| request.fields = fields);
        Ok(received)
    }

    /// Reads the next bytes of the body, none at its end.
    pub(super) fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b [u8], Stop> {
        if self.gate == Some(self.taken) {
            return Err(Stop::Fault);
        }
        if self.left == 0 {
            return Ok(&[]);
        }
        let until_gate = self.gate.map_or(u64::MAX, |gate| gate.saturating_sub(self.taken));
        let most = self.left.min(until_gate).min(self.pace()).min(buffer.len() as u64);
        let most = usize::try_from(most).unwrap_or(BLOCK);
        let room = buffer.get_mut(..most).unwrap_or_default();
        let count = self.read_socket(room).map_err(|_| Stop::Gone)?;
        if count == 0 {
            return Err(Stop::Gone);
        }
        self.left = self.left.saturating_sub(count as u64);
        self.taken = self.taken.saturating_add(count as u64);
        self.rest(count)?;
        Ok(buffer.get(..count).unwrap_or_default())
    }

    /// Reads into `room`; but where a reset is to follow, the last byte of the body stays in the
    /// kernel, since closing with unread input is what makes a reset.
    fn read_socket(&self, room: &mut [u8]) -> std::io::Result<usize> {
        let mut stream = self.stream;
        if !self.resets_later() || (room.len() as u64) < self.left {
            return stream.read(room);
        }
        match room.len() {
            1 => stream.peek(room),
            more => stream.read(room.get_mut(..more.saturating_sub(1)).unwrap_or_default()),
        }
    }

    fn carry_out(&self, endpoint: Endpoint, received: Received) -> Answer {
        if let Some(answer) = self.instead() {
            return answer;
        }
        let config = &self.shared.config;
        let drop_it = self.fault == Some(Misbehaviour::Dropped);
        let answer = self.shared.update(|state| match endpoint {
            Endpoint::Storage => storage::take(received, drop_it, self.number, state, config),
            _ => api::call(endpoint, self.head.query.as_deref(), received, state, config),
        });
        self.distort(answer)
    }

    /// The last word about the request in the records; callers may look at it once the answer
    /// has arrived, so it comes before the answer.
    pub(super) fn end(&mut self, status: Option<u16>) {
        self.ended = true;
        self.note_body();
        self.shared.end(self.number, status);
    }

    fn body_complete(&self) -> bool {
        // Where a body ends that is chunked is never looked for.
        self.left == 0 && self.head.header("transfer-encoding").is_none()
    }

    pub(super) fn note_body(&self) {
        let (taken, complete) = (self.taken, self.body_complete());
        self.shared.note(self.number, |request| {
            request.body_bytes = taken;
            request.body_complete = complete;
        });
    }

    /// Sends `answer` at once.
    pub(super) fn send(&self, answer: &Answer, close: bool) -> Result<(), Stop> {
        // The answer to a HEAD has the length of a body that does not follow.
        let follows = self.head.method != "HEAD";
        let content = answer.content();
        let mut bytes = answer.head(Some(content.len() as u64), close);
        if follows {
            bytes.extend_from_slice(content);
        }
        self.write(&bytes)
    }

    pub(super) fn write(&self, bytes: &[u8]) -> Result<(), Stop> {
        let mut stream = self.stream;
        stream.write_all(bytes).map_err(|_| Stop::Gone)
    }
}
