//! What faults do to a request, at the places where `exchange` asks.

use std::time::Duration;

use super::answer::Answer;
use super::exchange::{End, Exchange, Stop};
use super::fault::{Endpoint, Manner, Misbehaviour, Place, Reply, ReplyBody};

/// How long to wait for the input that is to stay unread.
const UNREAD_LIMIT: Duration = Duration::from_millis(200);
/// Steps of a slow reader in a second.
const STEPS: u64 = 20;

impl Misbehaviour {
    /// After how many bytes of the body it strikes, if it does there.
    pub(super) fn bytes(&self) -> Option<u64> {
        match self {
            Self::Early { after, .. } => *after,
            Self::Stall(Place::Bytes(bytes)) => Some(*bytes),
            Self::Cut { place: Place::Bytes(bytes), .. } => Some(*bytes),
            _ => None,
        }
    }

    fn strikes_at(&self, here: Place) -> bool {
        match self {
            Self::Early { after, .. } => after.is_none() && here == Place::Head,
            Self::Stall(place) | Self::Cut { place, .. } => *place == here,
            _ => false,
        }
    }
}

impl Exchange<'_> {
    /// Stops if the fault strikes here.
    pub(super) fn at(&self, place: Place) -> Result<(), Stop> {
        match &self.fault {
            Some(fault) if fault.strikes_at(place) => Err(Stop::Fault),
            _ => Ok(()),
        }
    }

    /// Ends a request that gets no true answer.
    pub(super) fn stopped(&mut self, stop: &Stop) -> End {
        match (stop, self.fault.clone()) {
            (Stop::Fault, Some(Misbehaviour::Early { reply, after, manner })) => {
                self.early(&reply, after.is_none(), manner)
            }
            (Stop::Fault, Some(Misbehaviour::Stall(_))) => {
                self.end_unanswered();
                self.shared.wait_for_end();
                End::Close
            }
            (Stop::Fault, Some(Misbehaviour::Cut { fin, .. })) => {
                self.end_unanswered();
                if fin {
                    return End::CloseGently;
                }
                self.await_unread();
                End::Close
            }
            _ => {
                self.end_unanswered();
                End::Close
            }
        }
    }

    fn end_unanswered(&mut self) {
        // In mid-answer the status is noted already.
        if !self.ended {
            self.end(None);
        }
    }

    /// Waits for input that stays unread, which is what makes closing a reset. A peer that waits
    /// for a 100 sends none, and sees a plain end.
    fn await_unread(&self) {
        if self.left > 0 && self.stream.set_read_timeout(Some(UNREAD_LIMIT)).is_ok() {
            let _ = self.stream.peek(&mut [0]);
        }
    }

    fn early(&mut self, reply: &Reply, on_the_head: bool, manner: Manner) -> End {
        let answer = self.reply(reply);
        // A peer that waited for a 100 may or may not send the body now.
        let close = manner == Manner::Reset || (on_the_head && self.head.expects_continue());
        self.end(Some(answer.status));
        if self.send(&answer, close).is_err() {
            return End::Close;
        }
        match manner {
            Manner::Reset => {
                self.await_unread();
                End::Close
            }
            Manner::Linger => {
                self.shared.wait_for_end();
                End::Close
            }
            Manner::Drain if close => End::CloseGently,
            Manner::Drain => self.drain(),
        }
    }

    fn drain(&mut self) -> End {
        self.gate = None;
        let mut buffer = vec![0; 64 * 1024];
        while matches!(self.read(&mut buffer), Ok(bytes) if !bytes.is_empty()) {}
        self.note_body();
        if self.left == 0 && self.head.keep_alive { End::Next } else { End::Close }
    }

    /// Whether the answer to an `Expect` is 417.
    pub(super) fn refuses_expect(&self) -> bool {
        self.head.header("expect").is_some()
            && (self.fault == Some(Misbehaviour::RefuseExpect) || !self.head.expects_continue())
    }

    /// How many bytes of the body to read at once.
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
        if self.shared.sleep(time) { Ok(()) } else { Err(Stop::Gone) }
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

    /// The answer in the place of doing anything.
    pub(super) fn instead(&self) -> Option<Answer> {
        match &self.fault {
            Some(Misbehaviour::Reply(reply)) if !reply.done => Some(self.reply(reply)),
            Some(Misbehaviour::Redirect { status, location }) => {
                let location = location.clone().unwrap_or_else(|| self.own_url());
                Some(Answer::html(*status).header("Location", location))
            }
            _ => None,
        }
    }

    fn own_url(&self) -> String {
        let config = &self.shared.config;
        match self.endpoint {
            Some(Endpoint::Storage) => config.storage_url.clone(),
            _ => format!("{}{}", config.base_url, self.head.path),
        }
    }

    fn reply(&self, reply: &Reply) -> Answer {
        let answer = match &reply.body {
            ReplyBody::Empty => Answer::empty(reply.status),
            ReplyBody::Html => Answer::html(reply.status),
            ReplyBody::Json { code, message } => Answer::refusal(*code, message),
            ReplyBody::Xml { code, message } => {
                Answer::xml(reply.status, code, message, &self.head.path, self.number)
            }
            ReplyBody::Raw(text) => Answer::json(text.clone()),
        };
        let answer = answer.status(reply.status);
        match &reply.retry_after {
            Some(value) => answer.header("Retry-After", value),
            None => answer,
        }
    }

    /// Makes the true answer a wrong one.
    pub(super) fn distort(&self, mut answer: Answer) -> Answer {
        match &self.fault {
            Some(Misbehaviour::Reply(reply)) => self.reply(reply),
            Some(Misbehaviour::Truncated) => {
                answer.body.truncate(answer.body.len() / 2);
                answer
            }
            Some(Misbehaviour::WrongChecksum) => {
                for (name, value) in &mut answer.headers {
                    if *name == "x-cos-hash-crc64ecma" {
                        *value = value.parse::<u64>().map_or(0, |crc| !crc).to_string();
                    }
                }
                answer
            }
            _ => answer,
        }
    }

    /// Sends the answer that was decided on.
    pub(super) fn answer(&mut self, answer: &Answer) -> Result<End, Stop> {
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
            self.write(half(answer, close).as_slice())?;
            return Err(Stop::Fault);
        }
        match self.fault {
            Some(Misbehaviour::SlowAnswer(gap)) => self.send_slowly(answer, close, gap)?,
            _ => self.send(answer, close)?,
        }
        Ok(if close { End::CloseGently } else { End::Next })
    }

    fn send_slowly(&self, answer: &Answer, close: bool, gap: Duration) -> Result<(), Stop> {
        let mut bytes = answer.head(Some(answer.content().len() as u64), close);
        bytes.extend_from_slice(answer.content());
        for byte in bytes {
            self.sleep(gap)?;
            self.write(&[byte])?;
        }
        Ok(())
    }

    fn send_huge(&self, mib: Option<u64>) -> Result<End, Stop> {
        const START: &str = "{\"code\":0,\"message\":\"";
        const END: &str = "\"}";
        let filler = vec![b'x'; 64 * 1024];
        let blocks = mib.map(|mib| mib.saturating_mul(16));
        let ends = START.len().saturating_add(END.len()) as u64;
        let length = blocks.map(|blocks| blocks.saturating_mul(64 * 1024).saturating_add(ends));
        self.write(&Answer::json(String::new()).head(length, true))?;
        self.write(START.as_bytes())?;
        let mut sent = 0;
        while blocks.is_none_or(|blocks| sent < blocks) {
            self.write(&filler)?;
            sent = sent.saturating_add(1);
        }
        self.write(END.as_bytes())?;
        Ok(End::CloseGently)
    }
}

/// The head of `answer` and half its body, or half the head where there is no body.
fn half(answer: &Answer, close: bool) -> Vec<u8> {
    let content = answer.content();
    let mut bytes = answer.head(Some(content.len() as u64), close);
    if content.is_empty() {
        bytes.truncate(bytes.len() / 2);
    }
    bytes.extend_from_slice(content.get(..content.len() / 2).unwrap_or_default());
    bytes
}
