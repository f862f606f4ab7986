//! What faults do to a request, at the places where `served` asks.

use std::time::Duration;

use super::fault::{BodyRest, Endpoint, Misbehaviour, Place, Reply, ReplyBody};
use super::response::Response;
use super::served::{End, Served, Stop};
use super::storage::CHECKSUM;

/// How long to wait for input that is to stay unread.
const UNREAD_LIMIT: Duration = Duration::from_millis(200);
/// How many times a second a slow reader reads.
const STEPS: u64 = 20;
const BLOCK: usize = 64 * 1024;

impl Misbehaviour {
    /// Returns after how many bytes of the body it applies, if it does so within the body.
    pub(super) fn bytes(&self) -> Option<u64> {
        match self {
            Self::Early { after, .. } => *after,
            Self::Stall(Place::Bytes(bytes)) => Some(*bytes),
            Self::Cut { place: Place::Bytes(bytes), .. } => Some(*bytes),
            _ => None,
        }
    }

    fn applies_at(&self, here: Place) -> bool {
        match self {
            Self::Early { after, .. } => after.is_none() && here == Place::Head,
            Self::Stall(place) | Self::Cut { place, .. } => *place == here,
            _ => false,
        }
    }
}

impl Served<'_> {
    /// Stops if the fault applies here.
    pub(super) fn at(&self, place: Place) -> Result<(), Stop> {
        match &self.fault {
            Some(fault) if fault.applies_at(place) => Err(Stop::Fault),
            _ => Ok(()),
        }
    }

    /// Ends a request that gets no true answer.
    pub(super) fn stopped(&mut self, stop: &Stop) -> End {
        let fault = match stop {
            Stop::Fault => self.fault.clone(),
            Stop::Gone => None,
        };
        if let Some(Misbehaviour::Early { reply, after, rest }) = fault {
            return self.early(&reply, after.is_none(), rest);
        }
        // In the middle of the answer the status is recorded already.
        if !self.ended {
            self.end(None);
        }
        match fault {
            Some(Misbehaviour::Stall(_)) => self.service.wait_for_end(),
            Some(Misbehaviour::Cut { fin: true, .. }) => return End::CloseGently,
            Some(Misbehaviour::Cut { .. }) => self.await_unread(),
            _ => {}
        }
        End::Close
    }

    /// Waits for input that stays unread, so that closing is a reset. A peer that waits for a
    /// 100 sends none, and sees a plain end.
    fn await_unread(&self) {
        if self.left > 0 && self.stream.set_read_timeout(Some(UNREAD_LIMIT)).is_ok() {
            let _ = self.stream.peek(&mut [0]);
        }
    }

    fn early(&mut self, reply: &Reply, on_the_head: bool, rest: BodyRest) -> End {
        let answer = self.reply(reply);
        // A peer that waited for a 100 may or may not send the body now.
        let close = rest == BodyRest::Reset || (on_the_head && self.head.expects_continue());
        self.end(Some(answer.status));
        if self.send(&answer, close).is_err() {
            return End::Close;
        }
        match rest {
            BodyRest::Reset => self.await_unread(),
            BodyRest::Linger => self.service.wait_for_end(),
            BodyRest::Drain if close => return End::CloseGently,
            BodyRest::Drain => return self.drain(),
        }
        End::Close
    }

    fn drain(&mut self) -> End {
        self.stop_after = None;
        let mut buffer = vec![0; BLOCK];
        while matches!(self.read(&mut buffer), Ok(bytes) if !bytes.is_empty()) {}
        self.note_body();
        if self.left == 0 && self.head.keep_alive { End::Next } else { End::Close }
    }

    /// Whether the answer to an `Expect` is 417.
    pub(super) fn refuses_expect(&self) -> bool {
        self.head.expect().is_some()
            && (self.fault == Some(Misbehaviour::RefuseExpect) || !self.head.expects_continue())
    }

    /// Returns how many bytes of the body to read at once.
    pub(super) fn pace(&self) -> u64 {
        match self.fault {
            Some(Misbehaviour::SlowRead(rate)) => (rate / STEPS).max(1),
            _ => u64::MAX,
        }
    }

    /// Rests after `count` bytes, if reading is slow.
    pub(super) fn rest(&self, count: usize) -> Result<(), Stop> {
        let Some(Misbehaviour::SlowRead(rate)) = self.fault else {
            return Ok(());
        };
        let nanos = (count as u64).saturating_mul(1_000_000_000).checked_div(rate).unwrap_or(0);
        self.sleep(Duration::from_nanos(nanos))
    }

    fn sleep(&self, time: Duration) -> Result<(), Stop> {
        if self.service.sleep(time) { Ok(()) } else { Err(Stop::Gone) }
    }

    /// Whether the connection is reset after the whole body has been read.
    pub(super) fn resets_later(&self) -> bool {
        match self.fault {
            Some(Misbehaviour::Cut { place, fin: false }) => {
                matches!(place, Place::Body | Place::Done | Place::Answer)
            }
            _ => false,
        }
    }

    /// Returns the answer of a fault that keeps the request from being carried out.
    pub(super) fn instead(&self) -> Option<Response> {
        match &self.fault {
            Some(Misbehaviour::Reply(reply)) if !reply.done => Some(self.reply(reply)),
            Some(Misbehaviour::Redirect { status, location }) => {
                let location = location.clone().unwrap_or_else(|| self.own_url());
                Some(Response::html(*status).header("Location", location))
            }
            _ => None,
        }
    }

    fn own_url(&self) -> String {
        let settings = &self.service.settings;
        match self.endpoint {
            Some(Endpoint::Storage) => settings.storage_url.clone(),
            _ => format!("{}{}", settings.base_url, self.head.path),
        }
    }

    fn reply(&self, reply: &Reply) -> Response {
        let answer = match &reply.body {
            ReplyBody::Empty => Response::empty(reply.status),
            ReplyBody::Html => Response::html(reply.status),
            ReplyBody::Json { code, message } => Response::refusal(*code, message),
            ReplyBody::Xml { code, message } => {
                Response::xml(reply.status, code, message, &self.head.path, self.number)
            }
            ReplyBody::Raw(text) => Response::json(text.clone()),
        };
        let mut answer = answer.status(reply.status);
        if let Some(value) = &reply.content_type {
            answer.headers.retain(|(name, _)| *name != "Content-Type");
            answer = answer.header("Content-Type", value);
        }
        match &reply.retry_after {
            Some(value) => answer.header("Retry-After", value),
            None => answer,
        }
    }

    /// Makes the true answer a wrong one.
    pub(super) fn distort(&self, mut answer: Response) -> Response {
        match &self.fault {
            Some(Misbehaviour::Reply(reply)) => {
                let mut wrong = self.reply(reply);
                if reply.checksum == Some(false) {
                    spoil_checksum(&mut answer);
                }
                answer.headers.retain(|(name, _)| *name == CHECKSUM && reply.checksum.is_some());
                wrong.headers.append(&mut answer.headers);
                return wrong;
            }
            Some(Misbehaviour::Truncated) => answer.body.truncate(answer.body.len() / 2),
            Some(Misbehaviour::WrongChecksum) => spoil_checksum(&mut answer),
            _ => {}
        }
        answer
    }

    /// Sends the answer that was decided on.
    pub(super) fn answer(&mut self, answer: &Response) -> Result<End, Stop> {
        let close = !self.head.keep_alive;
        if let Some(Misbehaviour::Delay(time)) = self.fault {
            self.sleep(time)?;
        }
        if let Some(Misbehaviour::Huge(mib)) = self.fault {
            self.end(Some(200));
            return self.send_huge(mib);
        }
        self.end(Some(answer.status));
        if self.at(Place::Answer).is_err() {
            self.write(&half(answer, close))?;
            return Err(Stop::Fault);
        }
        match self.fault {
            Some(Misbehaviour::SlowAnswer(gap)) => self.send_slowly(answer, close, gap)?,
            _ => self.send(answer, close)?,
        }
        Ok(if close { End::CloseGently } else { End::Next })
    }

    fn send_slowly(&self, answer: &Response, close: bool, gap: Duration) -> Result<(), Stop> {
        for byte in answer.to_bytes(close) {
            self.sleep(gap)?;
            self.write(&[byte])?;
        }
        Ok(())
    }

    fn send_huge(&self, mib: Option<u64>) -> Result<End, Stop> {
        const START: &str = "{\"code\":0,\"message\":\"";
        const END: &str = "\"}";
        let filler = vec![b'x'; BLOCK];
        let blocks = mib.map(|mib| mib.saturating_mul(16));
        let ends = (START.len() + END.len()) as u64;
        let length = blocks.map(|blocks| blocks.saturating_mul(BLOCK as u64).saturating_add(ends));
        self.write(&Response::json(String::new()).head(length, true))?;
        self.write(START.as_bytes())?;
        let mut sent = 0;
        while blocks.is_none_or(|blocks| sent < blocks) {
            self.write(&filler)?;
            sent += 1;
        }
        self.write(END.as_bytes())?;
        Ok(End::CloseGently)
    }
}

/// Replaces the checksum in `answer` by that of something else.
fn spoil_checksum(answer: &mut Response) {
    for (_, value) in answer.headers.iter_mut().filter(|(name, _)| *name == CHECKSUM) {
        *value = value.parse::<u64>().map_or(0, |crc| !crc).to_string();
    }
}

/// Returns the head of `answer` and half its body, or half the head if it has no body.
fn half(answer: &Response, close: bool) -> Vec<u8> {
    let mut bytes = answer.to_bytes(close);
    match answer.content().len() {
        0 => bytes.truncate(bytes.len() / 2),
        length => bytes.truncate(bytes.len() - length.div_ceil(2)),
    }
    bytes
}
