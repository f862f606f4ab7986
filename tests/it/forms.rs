//! The forms: strange values and names, read back by an independent decoder.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use pgyer::{Client, Package, UploadToken};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::decoder::{Part, decode};

/// The parts of a form, by the `multipart` crate. Fails the test unless the form is whole.
#[track_caller]
pub(crate) fn parts(content_type: &str, body: &[u8]) -> Vec<Part> {
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    assert!(boundary.len() >= 16 && boundary.len() <= 70, "{boundary}");
    assert!(body.ends_with(format!("\r\n--{boundary}--\r\n").as_bytes()));
    decode(boundary, body)
}

/// A request as received.
struct Caught {
    head: String,
    body: Vec<u8>,
}

impl Caught {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.rev().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn parts(&self) -> Vec<Part> {
        parts(self.header("content-type").unwrap(), &self.body)
    }
}

/// A storage that accepts everything.
struct Storage {
    url: String,
    caught: Receiver<Caught>,
}

impl Storage {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (sender, caught) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let sender = sender.clone();
                thread::spawn(move || while serve(stream.as_ref().unwrap(), &sender) {});
            }
        });
        Self { url, caught }
    }

    fn caught(&self) -> Caught {
        self.caught.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    fn token(&self, params: Value) -> UploadToken {
        let token = json!({"key": "k", "endpoint": self.url, "params": params});
        UploadToken::from_json(&token.to_string()).unwrap()
    }
}

/// Reads one request. Returns whether another may follow.
fn serve(mut stream: &TcpStream, sender: &Sender<Caught>) -> bool {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return false,
        }
    }
    let mut caught = Caught { head: String::from_utf8(head).unwrap(), body: Vec::new() };
    if caught.header("expect").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
    }
    let length = caught.header("content-length").unwrap().parse().unwrap();
    caught.body = vec![0; length];
    stream.read_exact(&mut caught.body).unwrap();
    sender.send(caught).is_ok() && stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").is_ok()
}

/// An unchecked file whose content has what could end a form.
fn package(folder: &Path) -> Package {
    let path = folder.join("app.apk");
    std::fs::write(&path, b"\r\n--pgyer-0000\r\nContent-Disposition: form-data\r\n\r\nx").unwrap();
    Package::open_unchecked(path, None).unwrap()
}

fn client() -> Client {
    Client::builder().build().unwrap()
}

/// Names between quotes: `"`, `\` and control characters are percent-encoded.
fn quoted(name: &str) -> String {
    let mut quoted = String::new();
    for c in name.chars() {
        if c == '"' || c == '\\' || c.is_control() {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes).bytes().for_each(|b| quoted.push_str(&format!("%{b:02X}")));
        } else {
            quoted.push(c);
        }
    }
    quoted
}

const STRANGE: [&str; 12] = [
    "plain.apk",
    "two words.apk",
    "a\"; filename=\"b.apk",
    "a\r\nContent-Type: text/html\r\n\r\nb",
    "semi;colon",
    "ends in a backslash\\",
    "--pgyer-0000--",
    "-rf",
    "蒲公英 \u{1f33c}.apk",
    "%22%0D%0A",
    "tab\tnul\u{1}del\u{7f}c1\u{85}\u{2028}",
    "../../etc/passwd",
];

#[test]
fn strange_file_names_leave_one_form_and_one_file() {
    let (storage, folder) = (Storage::start(), TempDir::new().unwrap());
    let long = "x".repeat(251) + ".apk";
    for name in STRANGE.into_iter().chain([long.as_str()]) {
        client()
            .put(&storage.token(json!({"key": "k"})), &package(folder.path()).sent_as(name))
            .unwrap();
        let caught = storage.caught();
        let parts = caught.parts();
        let names: Vec<_> = parts.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["key", "x-cos-meta-file-name", "file"], "{name}");
        let sent = String::from_utf8(parts[1].2.clone()).unwrap();
        let harmless = if name.chars().any(char::is_control) { &quoted(name) } else { name };
        assert_eq!(sent, *harmless);
        // The decoder cuts a name at its first semicolon.
        let line = format!("name=\"file\"; filename=\"{}\"\r\n", quoted(name));
        assert!(String::from_utf8_lossy(&caught.body).contains(&line), "{name}");
        assert_eq!(parts[2].2, std::fs::read(folder.path().join("app.apk")).unwrap());
    }
}

#[test]
fn the_request_is_exact_and_asks_before_it_sends() {
    let (storage, folder) = (Storage::start(), TempDir::new().unwrap());
    client().put(&storage.token(json!({"key": "k"})), &package(folder.path())).unwrap();
    let caught = storage.caught();
    assert!(caught.head.starts_with("POST / HTTP/1.1\r\n"), "{}", caught.head);
    assert_eq!(caught.header("expect"), Some("100-continue"));
    assert_eq!(caught.header("content-length").unwrap(), caught.body.len().to_string());
    assert_eq!(caught.header("transfer-encoding"), None);
    assert!(caught.header("user-agent").unwrap().starts_with("pgyer/"), "{}", caught.head);
    assert!(caught.header("host").is_some_and(|host| storage.url.contains(host)));
    let boundary = |caught: &Caught| caught.header("content-type").unwrap().to_owned();
    client().put(&storage.token(json!({"key": "k"})), &package(folder.path())).unwrap();
    assert_ne!(boundary(&caught), boundary(&storage.caught()), "a boundary is random");
}

#[test]
fn params_go_as_they_are_in_the_order_received_and_the_file_last() {
    let (storage, folder) = (Storage::start(), TempDir::new().unwrap());
    let token = format!(
        r#"{{"key":"k","endpoint":"{}","fileField":"the \"file\"","params":{{
            "zeta":"1;2&3=4%20+","signature":"a=b;c&d","n\r\n\"":5,"none":null,"empty":"",
            "x-cos-meta-file-name":"theirs","key":"other","alpha":"\u0000 \n"}}}}"#,
        storage.url
    );
    let token = UploadToken::from_json(&token).unwrap();
    client().put(&token, &package(folder.path()).sent_as("mine.apk")).unwrap();
    let parts = storage.caught().parts();
    let fields: Vec<_> = parts
        .iter()
        .map(|(name, _, content)| (name.as_str(), String::from_utf8_lossy(content).into_owned()))
        .take(parts.len() - 1)
        .collect();
    let expected = [
        ("zeta", "1;2&3=4%20+"),
        ("signature", "a=b;c&d"),
        ("n%0D%0A%22", "5"),
        ("none", ""),
        ("empty", ""),
        ("x-cos-meta-file-name", "theirs"),
        ("key", "other"),
        ("alpha", "\0 \n"),
    ];
    assert_eq!(fields, expected.map(|(name, value)| (name, value.to_owned())));
    let (name, file_name, _) = parts.last().unwrap();
    assert_eq!((name.as_str(), file_name.as_deref()), ("the %22file%22", Some("mine.apk")));
}

#[test]
fn an_empty_file_field_is_none() {
    let (storage, folder) = (Storage::start(), TempDir::new().unwrap());
    let token = json!({"key": "k", "endpoint": storage.url, "fileField": "", "method": "post",
        "params": {"key": "k"}});
    let token = UploadToken::from_json(&token.to_string()).unwrap();
    client().put(&token, &package(folder.path())).unwrap();
    assert_eq!(storage.caught().parts().last().unwrap().0, "file");
}

#[cfg(unix)]
#[test]
fn names_on_disk_may_be_any_bytes() {
    use std::os::unix::ffi::OsStrExt;

    use crate::support::{program, run};

    let (storage, folder) = (Storage::start(), TempDir::new().unwrap());
    let token = folder.path().join("t.json");
    std::fs::write(&token, storage.token(json!({"key": "k"})).expose_json()).unwrap();
    let names: [&[u8]; 5] =
        [b"\xff\xfe.apk", b"a\"\r\n;b\\.apk", b"--file-name=x.apk", b"-V.apk", &[b'y'; 255]];
    for name in names {
        let name = std::ffi::OsStr::from_bytes(name);
        std::fs::write(folder.path().join(name), "content").unwrap();
        let mut command = program();
        command.current_dir(folder.path());
        command.args(["put", "--format=json", "--no-check", "--type=android", "--token=t.json"]);
        let ran = run(command.arg("--"), [name]).expect(0);
        assert_eq!(ran.json()[0]["file"], *name.to_string_lossy());
        let parts = storage.caught().parts();
        let sent = String::from_utf8(parts[1].2.clone()).unwrap();
        let harmless = name.to_string_lossy().replace('\r', "%0D").replace('\n', "%0A");
        assert_eq!(sent, harmless);
        assert_eq!((parts.len(), parts[2].2.as_slice()), (3, b"content".as_slice()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_values_and_names_leave_one_form(
        values in proptest::collection::vec("(\\PC|[\r\n\"\\\\;=-]|--pgyer-){0,40}", 1..6),
        name in "(\\PC|[\r\n\"\\\\=-]){1,60}",
    ) {
        let (storage, folder) = (Storage::start(), TempDir::new().unwrap());
        let params: serde_json::Map<_, _> = values
            .iter()
            .enumerate()
            .map(|(at, value)| (format!("p{at}"), Value::from(value.as_str())))
            .collect();
        let package = package(folder.path()).sent_as(&name);
        client().put(&storage.token(Value::Object(params)), &package).unwrap();
        let parts = storage.caught().parts();
        prop_assert_eq!(parts.len(), values.len() + 2);
        for (part, value) in parts.iter().zip(&values) {
            prop_assert_eq!(part.2.as_slice(), value.as_bytes());
        }
        let content = std::fs::read(package.path()).unwrap();
        prop_assert!(parts.last().is_some_and(|(_, name, bytes)| name.is_some() && *bytes == content));
    }
}
