//! Misbehaviour on demand, as values. `fault_text` reads and writes them as text.

use std::time::Duration;

/// The places where a request can go.
///
/// ```
/// use pgyer::sandbox::Endpoint;
/// assert!(Endpoint::ALL.contains(&Endpoint::Storage));
/// assert_eq!(Endpoint::Storage.name(), "storage");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `getCOSToken`.
    Token,
    /// The form upload to the storage.
    Storage,
    /// `buildInfo`.
    Poll,
    /// `uploadHarmonyCert`.
    Cert,
    /// `uploadHarmonyHsp`.
    Hsp,
    /// The legacy `upload`.
    Legacy,
    /// The bare API address, which answers 1001 and needs no key.
    Probe,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: &[Self] =
        &[Self::Token, Self::Storage, Self::Poll, Self::Cert, Self::Hsp, Self::Legacy, Self::Probe];

    /// The name in faults and in logs: `token`, `storage`, `poll`, ….
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Storage => "storage",
            Self::Poll => "poll",
            Self::Cert => "cert",
            Self::Hsp => "hsp",
            Self::Legacy => "legacy",
            Self::Probe => "probe",
        }
    }
}

/// One fault: what goes wrong, with which requests of which endpoint.
///
/// Of several faults that fit a request the first one counts.
///
/// ```
/// use pgyer::sandbox::{Fault, Misbehaviour, Endpoint, Place, When};
///
/// let fault: Fault = "storage:2:stall=65536".parse()?;
/// assert_eq!(fault.endpoint, Endpoint::Storage);
/// assert_eq!(fault.when, When::Nth(2));
/// assert_eq!(fault.what, Misbehaviour::Stall(Place::Bytes(65536)));
/// assert_eq!(fault.to_string(), "storage:2:stall=65536");
/// # Ok::<(), pgyer::sandbox::ParseFaultError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// Where.
    pub endpoint: Endpoint,
    /// With which of the endpoint's requests.
    pub when: When,
    /// What happens.
    pub what: Misbehaviour,
}

impl Fault {
    /// A fault of `endpoint`.
    pub fn new(endpoint: Endpoint, when: When, what: Misbehaviour) -> Self {
        Self { endpoint, when, what }
    }

    /// Whether it strikes the `count`-th request of `endpoint`, counted from 1.
    pub(super) fn strikes(&self, endpoint: Endpoint, count: u64) -> bool {
        self.endpoint == endpoint
            && match self.when {
                When::Nth(nth) => count == nth,
                When::From(first) => count >= first,
            }
    }
}

/// Which requests of an endpoint, counted from 1 in the order in which their heads arrive.
///
/// ```
/// use pgyer::sandbox::{Fault, When};
/// assert_eq!("poll:*:html".parse::<Fault>()?.when, When::EVERY);
/// assert_eq!("poll:2:html".parse::<Fault>()?.when, When::Nth(2));
/// assert_eq!("poll:2+:html".parse::<Fault>()?.when, When::From(2));
/// # Ok::<(), pgyer::sandbox::ParseFaultError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// This one only.
    Nth(u64),
    /// This one and all after it.
    From(u64),
}

impl When {
    /// All requests.
    pub const EVERY: Self = Self::From(1);
}

/// What goes wrong.
///
/// ```
/// use pgyer::sandbox::{Endpoint, Fault, Misbehaviour, Place, When};
///
/// let what = Misbehaviour::Cut { place: Place::Done, fin: false };
/// let fault = Fault::new(Endpoint::Storage, When::Nth(1), what);
/// assert_eq!(fault.to_string(), "storage:1:cut=done");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misbehaviour {
    /// Another answer in the place of the true one.
    Reply(Reply),
    /// An answer before the body has been read.
    Early {
        /// The answer; its `done` means nothing here.
        reply: Reply,
        /// After how many bytes of the body; none is on the head, before any `100 Continue`.
        after: Option<u64>,
        /// What becomes of the rest of the body.
        manner: Manner,
    },
    /// A redirect; nothing is done.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// Where to; none is the address of the request itself.
        location: Option<String>,
    },
    /// The true answer, its body cut off half-way, with the length of what is left.
    Truncated,
    /// The true answer, late: everything has been done by then.
    Delay(Duration),
    /// At that place all reading and writing stops for ever, and the connection stays open.
    Stall(Place),
    /// At that place the connection ends.
    Cut {
        /// Where.
        place: Place,
        /// With a FIN and not with a reset.
        fin: bool,
    },
    /// An answer of so many MiB, or one without an end.
    Huge(Option<u64>),
    /// The body is read at so many bytes a second. What the kernel buffers hides small bodies.
    SlowRead(u64),
    /// The true answer, one byte at a time, this long apart.
    SlowAnswer(Duration),
    /// Stored, and the checksum in the answer is of something else.
    WrongChecksum,
    /// The answer says stored, and nothing is.
    Dropped,
    /// 417 where the request has an `Expect`.
    RefuseExpect,
    /// Never a `100 Continue`: the body is waited for in silence.
    IgnoreExpect,
}

/// An answer that is not the true one.
///
/// ```
/// use pgyer::sandbox::{Misbehaviour, Reply};
///
/// let mut reply = Reply::xml(503, "SlowDown", "Please reduce your request rate.");
/// reply.retry_after = Some("2".into());
/// let busy = Misbehaviour::Reply(reply);
/// let refused = Misbehaviour::Reply(Reply::json(1002, "_api_key"));
/// let late = [Reply::expired(), Reply::request_expired()].map(Misbehaviour::Reply);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The HTTP status, 200 to 599.
    pub status: u16,
    /// The value of `Retry-After`, whatever it is.
    pub retry_after: Option<String>,
    /// What it says.
    pub body: ReplyBody,
    /// Whether what was asked for is done first, and only the answer is wrong.
    pub done: bool,
}

impl Reply {
    /// An answer without a body; nothing is done.
    pub fn status(status: u16) -> Self {
        Self { status, retry_after: None, body: ReplyBody::Empty, done: false }
    }

    /// The storage's answer to a token that has expired.
    pub fn expired() -> Self {
        Self::xml(403, "ExpiredToken", "The token has expired")
    }

    /// The storage's other answer to a token that has expired.
    pub fn request_expired() -> Self {
        Self::xml(403, "AccessDenied", "Request has expired")
    }

    /// An error of the storage.
    pub fn xml(status: u16, code: &str, message: &str) -> Self {
        let body = ReplyBody::Xml { code: code.into(), message: message.into() };
        Self { body, ..Self::status(status) }
    }

    /// An answer of the API.
    pub fn json(code: i64, message: &str) -> Self {
        let body = ReplyBody::Json { code, message: message.into() };
        Self { body, ..Self::status(200) }
    }
}

/// The body of a [`Reply`].
///
/// ```
/// use pgyer::sandbox::{Reply, ReplyBody};
/// let mut reply = Reply::status(200);
/// reply.body = ReplyBody::Html;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyBody {
    /// Nothing.
    Empty,
    /// A page such as gateways and captive portals show.
    Html,
    /// The API's JSON.
    Json {
        /// The code.
        code: i64,
        /// The message.
        message: String,
    },
    /// The storage's XML.
    Xml {
        /// The storage's code, `SlowDown` for one.
        code: String,
        /// The message.
        message: String,
    },
    /// This text, called `application/json`.
    Raw(String),
}

/// What becomes of the rest of the body after an early answer.
///
/// ```
/// use pgyer::sandbox::{Manner, Misbehaviour, Reply};
///
/// let after = Some(65536);
/// let early = Misbehaviour::Early { reply: Reply::status(403), after, manner: Manner::Reset };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Manner {
    /// It is not read, and the connection stays open.
    Linger,
    /// It is read.
    Drain,
    /// It is not read, and the connection ends with a reset.
    Reset,
}

/// A place in the course of a request.
///
/// ```
/// use pgyer::sandbox::{Misbehaviour, Place};
/// let stalled = Misbehaviour::Stall(Place::Bytes(65536));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// After the head, before any `100 Continue`.
    Head,
    /// After so many bytes of the body, or all of it if it is shorter.
    Bytes(u64),
    /// After the body, before anything is done.
    Body,
    /// After all is done, before the answer.
    Done,
    /// In the middle of the answer.
    Answer,
}
