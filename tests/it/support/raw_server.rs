//! A server that sends what a test wants, byte for byte.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How long a server waits for a client.
const PATIENCE: Duration = Duration::from_secs(60);

/// A complete request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The request line and the headers.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// Everything that came, as text.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.head, String::from_utf8_lossy(&self.body))
    }
}

/// Listens until the tests end, with a thread for each connection.
pub(crate) fn listen(
    serve: impl Fn(&TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            // A client that leaves early is not the server's concern.
            thread::spawn(move || {
                client.set_read_timeout(Some(PATIENCE))?;
                client.set_write_timeout(Some(PATIENCE))?;
                serve(&client)
            });
        }
    });
    addr
}

/// Listens for requests and passes each to `answer`, with its connection, which stays open while
/// `answer` returns true.
pub(crate) fn answer_with(
    answer: impl Fn(&Asked, &TcpStream) -> io::Result<bool> + Send + Sync + 'static,
) -> SocketAddr {
    listen(move |client| {
        while let Some(asked) = hear(client)? {
            if !answer(&asked, client)? {
                break;
            }
        }
        Ok(())
    })
}

/// The next request; `None` at the end of the connection.
pub(crate) fn hear(mut client: &TcpStream) -> io::Result<Option<Asked>> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            let head = String::from_utf8_lossy(&bytes).into_owned();
            return hear_body(head, body, client).map(Some);
        }
        match client.read(&mut buffer)? {
            0 => return Ok(None),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

fn hear_body(head: String, mut body: Vec<u8>, mut client: &TcpStream) -> io::Result<Asked> {
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.map_or(0, |value| value.trim().parse().unwrap());
    if lower.contains("\r\nexpect:") && body.len() < length {
        client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let had = body.len();
    body.resize(length.max(had), 0);
    client.read_exact(&mut body[had..])?;
    Ok(Asked { head, body })
}

/// An answer with a length.
pub(crate) fn http(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}
