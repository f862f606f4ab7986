//! Reads the heads of requests.

use std::io::{self, Read};
use std::net::TcpStream;

/// The longest head that is accepted.
const MAX_HEAD: usize = 64 * 1024;
const MAX_HEADERS: usize = 100;

/// The head of a well-formed request.
#[derive(Debug)]
pub(super) struct RequestHead {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    /// Whether the target was a whole URL, as for a proxy.
    pub(super) is_absolute: bool,
    /// HTTP/1.1, and not 1.0.
    is_current: bool,
    /// Whether another request may follow on the connection.
    pub(super) keep_alive: bool,
    /// The `Content-Length`.
    pub(super) length: Option<u64>,
}

/// Why there is no head.
#[derive(Debug)]
pub(super) enum NoHead {
    /// The peer is gone, or has no further request.
    Gone,
    /// The peer sent something else: the status to answer with, and the problem.
    Bad(u16, &'static str),
}

impl RequestHead {
    /// Returns the value of the header `name`.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the `Expect`. HTTP/1.0 knows none, and its clients no interim answers.
    pub(super) fn expect(&self) -> Option<&str> {
        self.header("expect").filter(|_| self.is_current)
    }

    /// Whether the peer waits for a `100 Continue` before it sends the body.
    pub(super) fn expects_continue(&self) -> bool {
        self.expect().is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
    }

    /// Whether the header `name`, a list, has this item.
    fn lists(&self, name: &str, item: &str) -> bool {
        let values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let mut items = values.flat_map(|(_, value)| value.split(','));
        items.any(|value| value.trim().eq_ignore_ascii_case(item))
    }

    /// Reads a head from `stream`, and not one byte more: some faults have to leave the body unread
    /// in the kernel. That is why it looks at the bytes (`peek`) before it takes them.
    pub(super) fn read(stream: &TcpStream) -> Result<Self, NoHead> {
        let mut seen = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let count = match stream.peek(&mut chunk) {
                Ok(0) | Err(_) => return Err(NoHead::Gone),
                Ok(count) => count,
            };
            let before = seen.len();
            seen.extend_from_slice(chunk.get(..count).unwrap_or_default());
            let parsed = parse(&seen);
            let taken = match &parsed {
                Ok(Some((_, length))) => length.saturating_sub(before),
                _ => count,
            };
            let mut taken = stream.take(taken as u64);
            io::copy(&mut taken, &mut io::sink()).map_err(|_| NoHead::Gone)?;
            match parsed? {
                Some((head, _)) => return Ok(head),
                None if seen.len() > MAX_HEAD => {
                    return Err(NoHead::Bad(431, "the head of the request is too long"));
                }
                None => {}
            }
        }
    }
}

/// Returns the head at the start of `bytes` and its length; `None` while it is incomplete.
fn parse(bytes: &[u8]) -> Result<Option<(RequestHead, usize)>, NoHead> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(NoHead::Bad(431, "there are too many headers"));
        }
        Err(_) => return Err(NoHead::Bad(400, "this is not an HTTP request")),
    };
    if bare_line_feed(bytes.get(..length).unwrap_or_default()) {
        return Err(NoHead::Bad(400, "a line of the head does not end with CR and LF"));
    }
    interpret(&request).map(|head| Some((head, length)))
}

fn bare_line_feed(head: &[u8]) -> bool {
    head.split(|&b| b == b'\n').rev().skip(1).any(|line| !line.ends_with(b"\r"))
}

fn interpret(request: &httparse::Request<'_, '_>) -> Result<RequestHead, NoHead> {
    let target = request.path.unwrap_or_default();
    let own = path_of(target).ok_or(NoHead::Bad(400, "the target of the request is not a path"))?;
    let (path, query) = match own.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (own, None),
    };
    let named = |h: &httparse::Header<'_>| {
        (h.name.to_owned(), String::from_utf8_lossy(h.value).into_owned())
    };
    let mut head = RequestHead {
        method: request.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query,
        headers: request.headers.iter().map(named).collect(),
        is_absolute: own != target,
        is_current: request.version == Some(1),
        keep_alive: false,
        length: None,
    };
    single(&head, "expect")?;
    if single(&head, "host")?.is_none() && head.is_current {
        return Err(NoHead::Bad(400, "there is no Host"));
    }
    head.length = length(&head)?;
    head.keep_alive = head.is_current && !head.lists("connection", "close");
    Ok(head)
}

/// Returns the target without the scheme and host that some clients put before it.
fn path_of(target: &str) -> Option<&str> {
    let after_scheme =
        ["http://", "https://"].iter().find_map(|scheme| target.strip_prefix(scheme));
    match after_scheme {
        Some(rest) => Some(rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")),
        None => Some(target).filter(|target| target.starts_with('/')),
    }
}

fn length(head: &RequestHead) -> Result<Option<u64>, NoHead> {
    let Some(value) = single(head, "content-length")? else {
        return Ok(None);
    };
    if head.header("transfer-encoding").is_some() {
        return Err(NoHead::Bad(400, "there are both Content-Length and Transfer-Encoding"));
    }
    let digits = value.bytes().all(|b| b.is_ascii_digit());
    match value.parse() {
        Ok(length) if digits => Ok(Some(length)),
        _ => Err(NoHead::Bad(400, "Content-Length is not a number")),
    }
}

/// Returns the value of a header that may occur only once.
fn single<'h>(head: &'h RequestHead, name: &str) -> Result<Option<&'h str>, NoHead> {
    if head.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).count() > 1 {
        return Err(NoHead::Bad(400, "a header occurs twice"));
    }
    Ok(head.header(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str) -> u16 {
        match parse(text.as_bytes()) {
            Ok(Some(_)) => 200,
            Ok(None) => 100,
            Err(NoHead::Bad(status, _)) => status,
            Err(NoHead::Gone) => 0,
        }
    }

    #[test]
    fn reads_a_head_and_no_further() {
        let text = "POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nX-A: \u{e9}\r\n\r\nabc";
        let (head, length) = parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!((head.method.as_str(), head.path.as_str()), ("POST", "/a"));
        assert_eq!((head.query.as_deref(), head.length), (Some("b=c"), Some(3)));
        assert_eq!(head.header("x-a"), Some("\u{e9}"));
        assert_eq!(length, text.len() - 3);
        assert!(head.keep_alive);
    }

    #[test]
    fn refuses_heads_on_which_readers_differ() {
        let with = |headers: &str| status(&format!("POST / HTTP/1.1\r\nHost: x\r\n{headers}\r\n"));
        assert_eq!(with(""), 200);
        assert_eq!(with("Content-Length: 1\r\nContent-Length: 1\r\n"), 400);
        assert_eq!(with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400);
        assert_eq!(with("Content-Length: +1\r\n"), 400);
        assert_eq!(with("Content-Length: 99999999999999999999\r\n"), 400);
        assert_eq!(with("Host: y\r\n"), 400);
        assert_eq!(with("A: b\n"), 400);
        assert_eq!(with(&"A: b\r\n".repeat(100)), 431);
        assert_eq!(status("GET / HTTP/1.1\r\n\r\n"), 400);
        assert_eq!(status("GET x HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
        assert_eq!(status("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
        assert_eq!(status("\x16\x03\x01\x02\0\x01"), 400);
        assert_eq!(status("GET / HT"), 100);
    }

    #[test]
    fn knows_when_a_connection_ends() {
        let keep_alive = |text: &str| parse(text.as_bytes()).unwrap().unwrap().0.keep_alive;
        assert!(!keep_alive("GET / HTTP/1.0\r\n\r\n"));
        let with =
            |headers: &str| keep_alive(&format!("GET / HTTP/1.1\r\nHost: x\r\n{headers}\r\n"));
        assert!(with("") && with("Connection: keep-alive, TE\r\n"));
        assert!(!with("Connection: close\r\n"));
        assert!(!with("Connection: TE, Close\r\n"));
        assert!(!with("Connection: TE\r\nConnection: close\r\n"));
    }

    #[test]
    fn a_whole_url_is_a_path_with_its_host() {
        for (target, path) in [
            ("http://x/a?b=c", "/a"),
            ("https://x:1/a?b=c", "/a"),
            ("http://x", "/"),
            ("/a?u=http://x/", "/a"),
        ] {
            let text = format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
            let head = parse(text.as_bytes()).unwrap().unwrap().0;
            assert_eq!((head.path.as_str(), head.is_absolute), (path, !target.starts_with('/')));
        }
    }

    #[test]
    fn http_1_0_expects_nothing() {
        let expects = |version: &str| {
            let text = format!("GET / HTTP/{version}\r\nHost: x\r\nExpect: 100-continue\r\n\r\n");
            let head = parse(text.as_bytes()).unwrap().unwrap().0;
            (head.expects_continue(), head.expect().is_some())
        };
        assert_eq!(expects("1.1"), (true, true));
        assert_eq!(expects("1.0"), (false, false));
    }
}
