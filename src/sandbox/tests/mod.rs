//! The sandbox from outside, by raw sockets: nothing here knows the client half of the library.

mod api;
mod fault_text;
mod faults;
mod form;
mod hostile;
mod lenient;
mod storage;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::{Builder, DEFAULT_API_KEY, Sandbox};

/// Nothing here takes that long, unless it hangs.
const LONG: Duration = Duration::from_secs(20);
const URLENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=b0undary";

/// One connection of a client.
struct Peer(BufReader<TcpStream>);

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    fn code(&self) -> i64 {
        self.json()["code"].as_i64().unwrap()
    }

    fn message(&self) -> String {
        self.json()["message"].as_str().unwrap().into()
    }

    /// The code in the storage's XML.
    fn xml_code(&self) -> &str {
        self.body.split_once("<Code>").unwrap().1.split_once("</Code>").unwrap().0
    }
}

impl Peer {
    fn new(sandbox: &Sandbox) -> Self {
        let stream = TcpStream::connect(sandbox.addr()).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.set_write_timeout(Some(LONG)).unwrap();
        Self(BufReader::new(stream))
    }

    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    fn head(&mut self, method: &str, path: &str, headers: &str) {
        self.send(format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n"));
    }

    fn post(&mut self, path: &str, content_type: &str, body: &str) -> Answer {
        let length = body.len();
        let headers = format!("Content-Type: {content_type}\r\nContent-Length: {length}\r\n");
        // In one piece: the sandbox must not read beyond the head.
        self.send(format!("POST {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n{body}"));
        self.answer()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().into()
    }

    fn answer(&mut self) -> Answer {
        let status = self.line();
        let status = status.split(' ').nth(1).unwrap_or_else(|| panic!("{status:?}"));
        let status = status.parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            match line.split_once(": ") {
                Some((name, value)) => headers.push((name.into(), value.into())),
                None => break,
            }
        }
        let mut answer = Answer { status, headers, body: String::new() };
        let length = answer.header("Content-Length").map_or(0, |value| value.parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        answer.body = String::from_utf8(body).unwrap();
        answer
    }

    /// How the connection ends: what is still to be read, or the error.
    fn end(mut self) -> std::io::Result<Vec<u8>> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).map(|_| rest)
    }
}

/// What step one gave.
struct Token {
    key: String,
    params: Vec<(String, String)>,
}

fn token(sandbox: &Sandbox, build_type: &str) -> Token {
    let body = format!("_api_key={DEFAULT_API_KEY}&buildType={build_type}");
    let answer = Peer::new(sandbox).post("/apiv2/app/getCOSToken", URLENCODED, &body);
    assert_eq!(answer.code(), 0, "{}", answer.body);
    let data = &answer.json()["data"];
    assert_eq!(data["endpoint"], sandbox.storage_url());
    // serde_json sorts; the order of the fields is in the text.
    let text = &answer.body[answer.body.find("\"params\"").unwrap()..];
    let params = data["params"].as_object().unwrap();
    let mut params: Vec<_> =
        params.iter().map(|(n, v)| (n.clone(), v.as_str().unwrap().into())).collect();
    params.sort_by_key(|(name, _)| text.find(&format!("\"{name}\":")));
    Token { key: data["key"].as_str().unwrap().into(), params }
}

fn field(name: &str, value: &str) -> String {
    format!("--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn file(name: &str, file_name: &str, content: &str) -> String {
    format!(
        "--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\
         \r\nContent-Type: application/octet-stream\r\n\r\n{content}\r\n--b0undary--\r\n"
    )
}

fn form(token: &Token, content: &str) -> String {
    let fields = token.params.iter().map(|(name, value)| field(name, value));
    fields
        .chain([field("x-cos-meta-file-name", "My App.apk"), file("file", "a.apk", content)])
        .collect()
}

/// A storage upload as it should be.
fn upload(sandbox: &Sandbox, token: &Token, content: &str) -> Answer {
    Peer::new(sandbox).post("/storage/", MULTIPART, &form(token, content))
}

fn poll(sandbox: &Sandbox, key: &str) -> Answer {
    let body = format!("_api_key={DEFAULT_API_KEY}&buildKey={key}");
    Peer::new(sandbox).post("/apiv2/app/buildInfo", URLENCODED, &body)
}

fn with(fault: &str) -> Sandbox {
    build(Sandbox::builder().strict().fault(fault.parse().unwrap()))
}

fn strict() -> Sandbox {
    build(Sandbox::builder().strict())
}

fn build(builder: Builder) -> Sandbox {
    builder.start().unwrap()
}
