//! Faults: misbehaviour on demand. `fault_text` reads them.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The endpoints of a sandbox.
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

    /// Returns the name in faults and in logs: `token`, `storage`, `poll`, ….
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

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A fault: what goes wrong, with which requests of which endpoint.
///
/// It is written as [`FAULT_HELP`](super::FAULT_HELP) describes. When several faults match a
/// request, the first one applies.
///
/// ```
/// use pgyer::sandbox::Fault;
///
/// let fault: Fault = "storage:2:stall=65536".parse()?;
/// assert_eq!(fault.to_string(), "storage:2:stall=65536");
/// # Ok::<(), pgyer::sandbox::ParseFaultError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub(super) text: String,
    pub(super) endpoint: Endpoint,
    /// Which requests of the endpoint, counted from 1 in the order in which their heads arrive.
    pub(super) requests: RangeInclusive<u64>,
    pub(super) what: Misbehaviour,
}

impl Fault {
    /// Whether it applies to the `count`-th request of `endpoint`, counted from 1.
    pub(super) fn matches(&self, endpoint: Endpoint, count: u64) -> bool {
        self.endpoint == endpoint && self.requests.contains(&count)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Misbehaviour {
    /// Another answer instead of the true one.
    Reply(Reply),
    /// An answer before the body has been read. Its `done` has no meaning.
    Early {
        reply: Reply,
        /// After this many bytes of the body; `None`: on the head, before any `100 Continue`.
        after: Option<u64>,
        rest: BodyRest,
    },
    /// A redirect; nothing is done.
    Redirect {
        status: u16,
        /// `None` is the URL of the request itself.
        location: Option<String>,
    },
    /// The true answer with half its body, and the length of that half.
    Truncated,
    /// The true answer, late: everything has been done by then.
    Delay(Duration),
    /// At this place reading and writing stop for good, and the connection stays open.
    Stall(Place),
    /// At this place the connection ends: with a FIN, or else with a reset.
    Cut { place: Place, fin: bool },
    /// An answer of this many MiB; `None`: one without an end.
    Huge(Option<u64>),
    /// The body is read at this many bytes a second. The kernel's buffers hide it for small bodies.
    SlowRead(u64),
    /// The true answer, one byte at a time, this far apart.
    SlowAnswer(Duration),
    /// The file is stored, and the checksum in the answer belongs to something else.
    WrongChecksum,
    /// The answer says that the file was stored, and it was not.
    Dropped,
    /// 417 if the request has an `Expect`.
    RefuseExpect,
    /// Never a `100 Continue`: the sandbox waits for the body in silence.
    IgnoreExpect,
}

/// An answer other than the true one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// The value of `Retry-After`, whatever it is.
    pub(super) retry_after: Option<String>,
    /// The value of `Content-Type`, if it is not that of the body.
    pub(super) content_type: Option<String>,
    pub(super) body: ReplyBody,
    /// Whether the true answer's checksum is in it as it is, or wrong; `None`: it is not in it.
    pub(super) checksum: Option<bool>,
    /// Whether the request is carried out first, so that only the answer is wrong.
    pub(super) done: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ReplyBody {
    Empty,
    /// A page such as gateways and captive portals show.
    Html,
    /// The API's JSON.
    Json {
        code: i64,
        message: String,
    },
    /// The storage's XML.
    Xml {
        code: String,
        message: String,
    },
    /// This text, labelled `application/json`.
    Raw(String),
}

/// What happens to the rest of the body after an early answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyRest {
    /// It is not read, and the connection stays open.
    Linger,
    /// It is read.
    Drain,
    /// It is not read, and the connection ends with a reset.
    Reset,
}

/// A place in the course of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// After the head, before any `100 Continue`.
    Head,
    /// After this many bytes of the body, or all of it if it is shorter.
    Bytes(u64),
    /// After the body, before anything is done.
    Body,
    /// After all is done, before the answer.
    Done,
    /// In the middle of the answer.
    Answer,
}
