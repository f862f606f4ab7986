//! Faults as text: the command line's `--fault`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::fault::{Endpoint, Fault, Manner, Misbehaviour, Place, Reply, ReplyBody, When};

/// The syntax of faults, for a `--help` of 80 columns.
///
/// ```
/// assert!(pgyer::sandbox::FAULT_HELP.lines().all(|line| line.len() <= 80));
/// ```
pub const FAULT_HELP: &str = "\
A fault is ENDPOINT:WHEN:WHAT[,OPTION...]

ENDPOINT  token, storage, poll, cert, hsp, legacy or probe
WHEN      N (the N-th request of the endpoint), N+ (from the N-th on), * (all)
WHAT
  status=N         another answer: any HTTP status, with these options:
                     retry-after=TEXT; a body: html, code=N (the API's JSON),
                     xml=CODE (the storage's), raw=TEXT; message=TEXT;
                     done (what was asked for is done before the wrong answer)
  html, code=N     the same with status 200
  xml=CODE         the same with status 403
  expired          the storage's 403 for an expired token; expired=denied: as
                     AccessDenied, \"Request has expired\"
  early=N[@BYTES]  that status after BYTES of the body, or else on the head;
                     options as above; manner=linger (the rest is not read),
                     manner=drain (it is read; default), manner=reset
  redirect=N       301, 302, 303, 307 or 308; location=URL
  truncated        half of the true answer's body
  delay=D          the true answer, late
  stall=PLACE      nothing is read or written any more, the connection stays
  cut=PLACE        the connection is reset; with the option fin, it is closed
  huge[=MIB]       an answer of that size, or one without an end
  slow-read=N      the body is read at N bytes a second
  slow-answer=D    the true answer, one byte at a time, D apart
  wrong-checksum   stored, with the checksum of something else (storage)
  dropped          the answer says stored, and nothing is (storage)
  refuse-expect    417 where there is an Expect
  ignore-expect    never a 100 Continue
PLACE     head, BYTES of the body, body (before anything is done), done (before
          the answer) or answer (in the middle of it)
D         250ms, 2s, 1m

A comma in a TEXT is written %2C (unless a space follows it), a % is %25.

  storage:1:status=503,retry-after=2,xml=SlowDown   once, then all is well
  storage:1:early=403@65536,manner=reset            refused in mid-body
  storage:1:cut=done                                stored, the answer is lost
  storage:1:status=203,done                         stored, the callback failed
  poll:*:code=1216,message=publishing failed        the build fails
  token:2+:html                                     a captive portal comes up
";

/// Why a text is no [`Fault`].
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

    /// Reads the form that [`FAULT_HELP`] describes.
    fn from_str(text: &str) -> Result<Self> {
        let mut pieces = text.splitn(3, ':');
        let (Some(endpoint), Some(when), Some(what)) =
            (pieces.next(), pieces.next(), pieces.next())
        else {
            return error(format!("`{text}` is not of the form ENDPOINT:WHEN:WHAT"));
        };
        let fault = Self::new(endpoint.parse()?, when.parse()?, what.parse()?);
        let stores = matches!(fault.what, Misbehaviour::WrongChecksum | Misbehaviour::Dropped);
        if stores && fault.endpoint != Endpoint::Storage {
            return error(format!("`{what}` is a fault of the storage only"));
        }
        Ok(fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.endpoint, self.when, self.what)
    }
}

impl FromStr for Endpoint {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self> {
        let known = Self::ALL.iter().copied().find(|endpoint| endpoint.name() == text);
        known.map_or_else(|| error(format!("`{text}` is no endpoint")), Ok)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for When {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self> {
        if text == "*" {
            return Ok(Self::EVERY);
        }
        let (digits, when): (_, fn(u64) -> Self) = match text.strip_suffix('+') {
            Some(digits) => (digits, Self::From),
            None => (text, Self::Nth),
        };
        match digits.parse() {
            Ok(0) | Err(_) => error(format!("`{text}` is neither N nor N+ nor *, N from 1 on")),
            Ok(n) => Ok(when(n)),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nth(n) => write!(f, "{n}"),
            &Self::EVERY => f.write_str("*"),
            Self::From(n) => write!(f, "{n}+"),
        }
    }
}

impl FromStr for Misbehaviour {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self> {
        let mut items = Items::split(text);
        let what = misbehaviour(&mut items)?;
        match items.0.first() {
            Some((name, _)) => error(format!("`{name}` does not go with `{text}`")),
            None => Ok(what),
        }
    }
}

fn misbehaviour(items: &mut Items) -> Result<Misbehaviour> {
    let Some((name, value)) = items.0.first().cloned() else {
        return error("the fault does not say what goes wrong");
    };
    let reply = ["status", "html", "code", "xml", "raw"].contains(&name.as_str());
    if reply {
        return Ok(Misbehaviour::Reply(items.reply(None)?));
    }
    items.0.remove(0);
    let needed = || value.clone().map_or_else(|| error(format!("`{name}` needs a value")), Ok);
    Ok(match name.as_str() {
        "expired" => expired(value.as_deref())?,
        "early" => early(&needed()?, items)?,
        "redirect" => redirect(&needed()?, items)?,
        "delay" => Misbehaviour::Delay(duration(&needed()?)?),
        "stall" => Misbehaviour::Stall(needed()?.parse()?),
        "cut" => Misbehaviour::Cut { place: needed()?.parse()?, fin: items.flag("fin")? },
        "huge" => Misbehaviour::Huge(value.as_deref().map(number).transpose()?),
        "slow-read" => match number(&needed()?)? {
            0 => return error("`slow-read` needs at least one byte a second"),
            rate => Misbehaviour::SlowRead(rate),
        },
        "slow-answer" => Misbehaviour::SlowAnswer(duration(&needed()?)?),
        _ if value.is_some() => return error(format!("`{name}` is no fault with a value")),
        "truncated" => Misbehaviour::Truncated,
        "wrong-checksum" => Misbehaviour::WrongChecksum,
        "dropped" => Misbehaviour::Dropped,
        "refuse-expect" => Misbehaviour::RefuseExpect,
        "ignore-expect" => Misbehaviour::IgnoreExpect,
        _ => return error(format!("`{name}` is no fault")),
    })
}

fn expired(variant: Option<&str>) -> Result<Misbehaviour> {
    match variant {
        None => Ok(Misbehaviour::Reply(Reply::expired())),
        Some("denied") => Ok(Misbehaviour::Reply(Reply::request_expired())),
        Some(other) => {
            error(format!("`expired={other}` is neither `expired` nor `expired=denied`"))
        }
    }
}

fn early(value: &str, items: &mut Items) -> Result<Misbehaviour> {
    let (status, after) = match value.split_once('@') {
        Some((status, after)) => (status, Some(number(after)?)),
        None => (value, None),
    };
    let manner = match items.take("manner").as_deref() {
        None => Manner::Drain,
        Some(text) => text.parse()?,
    };
    let mut reply = items.reply(Some(status_code(status)?))?;
    if std::mem::take(&mut reply.done) {
        return error("`done` does not go with `early`: there is no whole request yet");
    }
    Ok(Misbehaviour::Early { reply, after, manner })
}

fn redirect(value: &str, items: &mut Items) -> Result<Misbehaviour> {
    let status = status_code(value)?;
    if ![301, 302, 303, 307, 308].contains(&status) {
        return error(format!("`{value}` is no redirect"));
    }
    Ok(Misbehaviour::Redirect { status, location: items.take("location") })
}

/// The options that are still to be understood: names and values.
struct Items(Vec<(String, Option<String>)>);

impl Items {
    fn split(text: &str) -> Self {
        let mut pieces: Vec<String> = Vec::new();
        for piece in text.split(',') {
            match pieces.last_mut() {
                // A comma before a space belongs to a text, as in dates.
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
        let said = self.take("status").map(|text| status_code(&text)).transpose()?;
        if status.is_some() && said.is_some() {
            return error("the status is given twice");
        }
        let body = self.body()?;
        let default = if matches!(body, ReplyBody::Xml { .. }) { 403 } else { 200 };
        Ok(Reply {
            status: status.or(said).unwrap_or(default),
            retry_after: self.take("retry-after"),
            body,
            done: self.flag("done")?,
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
            let message = self.take("message").unwrap_or_else(|| "The sandbox was told so".into());
            return Ok(ReplyBody::Xml { code, message });
        }
        let Some(code) = self.take("code") else {
            return Ok(ReplyBody::Empty);
        };
        let Ok(code) = code.parse() else {
            return error(format!("`{code}` is no code of the API"));
        };
        let message = self.take("message").unwrap_or_else(|| "the sandbox was told so".into());
        Ok(ReplyBody::Json { code, message })
    }
}

fn number(text: &str) -> Result<u64> {
    text.parse().or_else(|_| error(format!("`{text}` is no number")))
}

fn status_code(text: &str) -> Result<u16> {
    match text.parse() {
        Ok(status @ 200..=599) => Ok(status),
        _ => error(format!("`{text}` is no final HTTP status")),
    }
}

/// The units of durations, in nanoseconds, the largest first.
const UNITS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

fn duration(text: &str) -> Result<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..) {
        None | Some("") => "s",
        Some(unit) => unit,
    };
    let known = UNITS.iter().find(|(name, _)| *name == unit);
    let nanos = known.and_then(|(_, nanos)| digits.parse::<u64>().ok()?.checked_mul(*nanos));
    nanos.map_or_else(
        || error(format!("`{text}` is no duration such as 250ms or 2s")),
        |nanos| Ok(Duration::from_nanos(nanos)),
    )
}

#[allow(clippy::arithmetic_side_effects, reason = "no unit is zero")]
fn write_duration(f: &mut fmt::Formatter<'_>, duration: &Duration) -> fmt::Result {
    let nanos = duration.as_nanos();
    for (name, unit) in UNITS {
        let unit = u128::from(unit);
        if nanos > 0 && nanos % unit == 0 {
            return write!(f, "{}{name}", nanos / unit);
        }
    }
    f.write_str("0s")
}

impl fmt::Display for Misbehaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply(reply) => write!(f, "status={}{}", reply.status, Options(reply)),
            Self::Early { reply, after, manner } => {
                write!(f, "early={}", reply.status)?;
                if let Some(after) = after {
                    write!(f, "@{after}")?;
                }
                write!(f, "{},manner={manner}", Options(reply))
            }
            Self::Redirect { status, location: None } => write!(f, "redirect={status}"),
            Self::Redirect { status, location: Some(location) } => {
                write!(f, "redirect={status},location={}", escape(location))
            }
            Self::Truncated => f.write_str("truncated"),
            Self::Delay(delay) => f.write_str("delay=").and_then(|()| write_duration(f, delay)),
            Self::Stall(place) => write!(f, "stall={place}"),
            Self::Cut { place, fin: false } => write!(f, "cut={place}"),
            Self::Cut { place, fin: true } => write!(f, "cut={place},fin"),
            Self::Huge(None) => f.write_str("huge"),
            Self::Huge(Some(mib)) => write!(f, "huge={mib}"),
            Self::SlowRead(rate) => write!(f, "slow-read={rate}"),
            Self::SlowAnswer(gap) => {
                f.write_str("slow-answer=").and_then(|()| write_duration(f, gap))
            }
            Self::WrongChecksum => f.write_str("wrong-checksum"),
            Self::Dropped => f.write_str("dropped"),
            Self::RefuseExpect => f.write_str("refuse-expect"),
            Self::IgnoreExpect => f.write_str("ignore-expect"),
        }
    }
}

/// The options of a reply, each after its comma.
struct Options<'a>(&'a Reply);

impl fmt::Display for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(value) = &self.0.retry_after {
            write!(f, ",retry-after={}", escape(value))?;
        }
        match &self.0.body {
            ReplyBody::Empty => {}
            ReplyBody::Html => f.write_str(",html")?,
            ReplyBody::Json { code, message } => {
                write!(f, ",code={code},message={}", escape(message))?;
            }
            ReplyBody::Xml { code, message } => {
                write!(f, ",xml={},message={}", escape(code), escape(message))?;
            }
            ReplyBody::Raw(text) => write!(f, ",raw={}", escape(text))?,
        }
        if self.0.done { f.write_str(",done") } else { Ok(()) }
    }
}

fn escape(text: &str) -> String {
    text.replace('%', "%25").replace(',', "%2C").replace("%2C ", ", ")
}

fn unescape(text: &str) -> String {
    text.replace("%2C", ",").replace("%2c", ",").replace("%25", "%")
}

impl FromStr for Place {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "head" => Ok(Self::Head),
            "body" => Ok(Self::Body),
            "done" => Ok(Self::Done),
            "answer" => Ok(Self::Answer),
            bytes => match bytes.parse() {
                Ok(bytes) => Ok(Self::Bytes(bytes)),
                Err(_) => error(format!("`{text}` is not head, body, done, answer or a number")),
            },
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head => f.write_str("head"),
            Self::Bytes(bytes) => write!(f, "{bytes}"),
            Self::Body => f.write_str("body"),
            Self::Done => f.write_str("done"),
            Self::Answer => f.write_str("answer"),
        }
    }
}

impl FromStr for Manner {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "linger" => Ok(Self::Linger),
            "drain" => Ok(Self::Drain),
            "reset" => Ok(Self::Reset),
            _ => error(format!("`{text}` is not linger, drain or reset")),
        }
    }
}

impl fmt::Display for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Linger => "linger",
            Self::Drain => "drain",
            Self::Reset => "reset",
        })
    }
}
