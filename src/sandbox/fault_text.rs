//! Reads faults from text: the command line's `--fault`.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::fault::{BodyRest, Endpoint, Fault, Misbehaviour, Place, Reply, ReplyBody};

/// The syntax of faults, in 80 columns.
///
/// ```
/// assert!(pgyer::sandbox::FAULT_HELP.lines().all(|line| line.len() <= 80));
/// ```
pub const FAULT_HELP: &str = include_str!("fault_help.txt");

/// Why a text is not a [`Fault`].
///
/// ```
/// let error = "storage:1:explode".parse::<pgyer::sandbox::Fault>().unwrap_err();
/// println!("{error}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseFaultError(String);

impl fmt::Display for ParseFaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseFaultError {}

type Result<T> = std::result::Result<T, ParseFaultError>;

fn error<T>(message: impl Into<String>) -> Result<T> {
    Err(ParseFaultError(message.into()))
}

impl FromStr for Fault {
    type Err = ParseFaultError;

    /// Reads a fault as [`FAULT_HELP`] describes it.
    fn from_str(text: &str) -> Result<Self> {
        let mut pieces = text.splitn(3, ':');
        let (Some(endpoint), Some(requests), Some(what)) =
            (pieces.next(), pieces.next(), pieces.next())
        else {
            return error(format!("`{text}` does not have the form ENDPOINT:WHEN:WHAT"));
        };
        let fault = Self {
            text: text.to_owned(),
            endpoint: parse_endpoint(endpoint)?,
            requests: parse_requests(requests)?,
            what: parse_misbehaviour(what)?,
        };
        let stores = matches!(fault.what, Misbehaviour::WrongChecksum | Misbehaviour::Dropped);
        if stores && fault.endpoint != Endpoint::Storage {
            return error(format!("`{what}` is a fault of the storage only"));
        }
        Ok(fault)
    }
}

fn parse_endpoint(text: &str) -> Result<Endpoint> {
    let known = Endpoint::ALL.iter().copied().find(|endpoint| endpoint.name() == text);
    known.map_or_else(|| error(format!("`{text}` is not an endpoint")), Ok)
}

fn parse_requests(text: &str) -> Result<RangeInclusive<u64>> {
    if text == "*" {
        return Ok(1..=u64::MAX);
    }
    let digits = text.strip_suffix('+').unwrap_or(text);
    match digits.parse() {
        Ok(0) | Err(_) => error(format!("`{text}` is not N, N+ or * with N from 1 on")),
        Ok(first) if digits == text => Ok(first..=first),
        Ok(first) => Ok(first..=u64::MAX),
    }
}

/// Faults that are short for others.
const SHORT: [(&str, &str); 2] = [
    ("expired", "xml=ExpiredToken,message=The token has expired"),
    ("expired=denied", "xml=AccessDenied,message=Request has expired"),
];

fn parse_misbehaviour(text: &str) -> Result<Misbehaviour> {
    let long = SHORT.iter().find(|(short, _)| *short == text).map_or(text, |(_, long)| long);
    let mut items = Items::split(long);
    let what = items.misbehaviour()?;
    match items.0.first() {
        Some((name, _)) => error(format!("`{name}` does not go with `{text}`")),
        None => Ok(what),
    }
}

/// The names and values that are still to be read.
struct Items(Vec<(String, Option<String>)>);

impl Items {
    fn split(text: &str) -> Self {
        let mut pieces: Vec<String> = Vec::new();
        for piece in text.split(',') {
            match pieces.last_mut() {
                // A comma before a space belongs to the text, as in dates.
                Some(last) if piece.starts_with(' ') => {
                    last.push(',');
                    last.push_str(piece);
                }
                _ => pieces.push(piece.into()),
            }
        }
        let items = pieces.iter().map(|piece| match piece.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(unescape(value))),
            None => (piece.clone(), None),
        });
        Self(items.collect())
    }

    fn misbehaviour(&mut self) -> Result<Misbehaviour> {
        let Some((name, value)) = self.0.first().cloned() else {
            return error("the fault does not say what goes wrong");
        };
        if ["status", "html", "code", "xml", "raw"].contains(&name.as_str()) {
            return Ok(Misbehaviour::Reply(self.reply(None)?));
        }
        self.0.remove(0);
        match (name.as_str(), value) {
            ("huge", mib) => Ok(Misbehaviour::Huge(mib.as_deref().map(number).transpose()?)),
            (name, None) => without_value(name),
            (name, Some(value)) => self.with_value(name, &value),
        }
    }

    fn with_value(&mut self, name: &str, value: &str) -> Result<Misbehaviour> {
        Ok(match name {
            "early" => self.early(value)?,
            "redirect" => self.redirect(value)?,
            "delay" => Misbehaviour::Delay(duration(value)?),
            "stall" => Misbehaviour::Stall(parse_place(value)?),
            "cut" => Misbehaviour::Cut { place: parse_place(value)?, fin: self.flag("fin")? },
            "slow-read" => match number(value)? {
                0 => return error("`slow-read` needs at least one byte a second"),
                rate => Misbehaviour::SlowRead(rate),
            },
            "slow-answer" => Misbehaviour::SlowAnswer(duration(value)?),
            _ => return error(format!("`{name}` is not a fault with a value")),
        })
    }

    fn early(&mut self, value: &str) -> Result<Misbehaviour> {
        let (status, after) = match value.split_once('@') {
            Some((status, after)) => (status, Some(number(after)?)),
            None => (value, None),
        };
        let rest = match self.take("manner").as_deref() {
            None | Some("drain") => BodyRest::Drain,
            Some("linger") => BodyRest::Linger,
            Some("reset") => BodyRest::Reset,
            Some(text) => return error(format!("`{text}` is not linger, drain or reset")),
        };
        let reply = self.reply(Some(status_code(status)?))?;
        if reply.done {
            return error("`done` does not go with `early`: the request is not complete by then");
        }
        Ok(Misbehaviour::Early { reply, after, rest })
    }

    fn redirect(&mut self, value: &str) -> Result<Misbehaviour> {
        let status = status_code(value)?;
        if ![301, 302, 303, 307, 308].contains(&status) {
            return error(format!("`{value}` is not a redirect"));
        }
        Ok(Misbehaviour::Redirect { status, location: self.take("location") })
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, value)| known == name && value.is_some())?;
        self.0.remove(at).1
    }

    fn flag(&mut self, name: &str) -> Result<bool> {
        let Some(at) = self.0.iter().position(|(known, _)| known == name) else {
            return Ok(false);
        };
        match self.0.remove(at).1 {
            None => Ok(true),
            Some(_) => error(format!("`{name}` takes no value")),
        }
    }

    fn reply(&mut self, status: Option<u16>) -> Result<Reply> {
        let given = self.take("status").map(|text| status_code(&text)).transpose()?;
        if status.is_some() && given.is_some() {
            return error("the status is given twice");
        }
        let checksum = match self.take("checksum").as_deref() {
            None => None,
            Some(text @ ("right" | "wrong")) => Some(text == "right"),
            Some(text) => return error(format!("`{text}` is not right or wrong")),
        };
        let done = self.flag("done")?;
        if checksum.is_some() && !done {
            return error("`checksum` goes with `done` only: nothing is stored otherwise");
        }
        let body = self.body()?;
        let default = if matches!(body, ReplyBody::Xml { .. }) { 403 } else { 200 };
        Ok(Reply {
            status: status.or(given).unwrap_or(default),
            retry_after: self.take("retry-after"),
            content_type: self.take("type"),
            body,
            checksum,
            done,
        })
    }

    fn body(&mut self) -> Result<ReplyBody> {
        if self.flag("html")? {
            return Ok(ReplyBody::Html);
        }
        if let Some(text) = self.take("raw") {
            return Ok(ReplyBody::Raw(text));
        }
        if let Some(code) = self.take("xml") {
            return Ok(ReplyBody::Xml { code, message: self.message() });
        }
        let Some(code) = self.take("code") else {
            return Ok(ReplyBody::Empty);
        };
        match code.parse() {
            Ok(code) => Ok(ReplyBody::Json { code, message: self.message() }),
            Err(_) => error(format!("`{code}` is not a code of the API")),
        }
    }

    fn message(&mut self) -> String {
        self.take("message").unwrap_or_else(|| "The sandbox was told to say so".into())
    }
}

fn without_value(name: &str) -> Result<Misbehaviour> {
    match name {
        "truncated" => Ok(Misbehaviour::Truncated),
        "wrong-checksum" => Ok(Misbehaviour::WrongChecksum),
        "dropped" => Ok(Misbehaviour::Dropped),
        "refuse-expect" => Ok(Misbehaviour::RefuseExpect),
        "ignore-expect" => Ok(Misbehaviour::IgnoreExpect),
        _ => error(format!("`{name}` is not a fault, or needs a value")),
    }
}

fn number(text: &str) -> Result<u64> {
    text.parse().or_else(|_| error(format!("`{text}` is not a number")))
}

fn status_code(text: &str) -> Result<u16> {
    match text.parse() {
        Ok(status @ 200..=599) => Ok(status),
        _ => error(format!("`{text}` is not a final HTTP status")),
    }
}

fn duration(text: &str) -> Result<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let micros: Option<u64> = match text.get(digits.len()..) {
        Some("us") => Some(1),
        Some("ms") => Some(1_000),
        None | Some("" | "s") => Some(1_000_000),
        Some("m") => Some(60_000_000),
        Some("h") => Some(3_600_000_000),
        Some(_) => None,
    };
    let micros = micros.and_then(|unit| digits.parse::<u64>().ok()?.checked_mul(unit));
    micros.map_or_else(
        || error(format!("`{text}` is not a duration such as 250ms or 2s")),
        |micros| Ok(Duration::from_micros(micros)),
    )
}

fn parse_place(text: &str) -> Result<Place> {
    match text {
        "head" => Ok(Place::Head),
        "body" => Ok(Place::Body),
        "done" => Ok(Place::Done),
        "answer" => Ok(Place::Answer),
        bytes => match bytes.parse() {
            Ok(bytes) => Ok(Place::Bytes(bytes)),
            Err(_) => error(format!("`{text}` is not head, body, done, answer or a number")),
        },
    }
}

fn unescape(text: &str) -> String {
    text.replace("%2C", ",").replace("%2c", ",").replace("%25", "%")
}
