//! `Expect: 100-continue`: of a body larger than 48 KiB, so much goes out before the server has
//! said a word, and of any other one nothing.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use pgyer::{Client, Package, RetryPolicy, UploadToken};
use tempfile::TempDir;

use crate::support::raw_server::{http, listen};
use crate::support::{faulty, program_for, run, within};

/// What goes out of a larger body without a word from the server.
const UNASKED: usize = 48 << 10;

/// What of a form is not the file, here.
fn overhead(folder: &TempDir) -> usize {
    let (storage, counts) = refusing();
    put(storage, folder, 1);
    counts.recv_timeout(Duration::from_secs(20)).unwrap().length - 1
}

/// A request's `Content-Length`, and how much of its body came.
struct Count {
    length: usize,
    came: usize,
}

/// A storage that refuses every upload: at once, or after it has seen 48 KiB of a larger one. It
/// reads on to see what else comes.
fn refusing() -> (SocketAddr, Receiver<Count>) {
    let (sender, counts) = mpsc::channel();
    let storage = listen(move |client| {
        let (length, mut came) = head(client)?;
        let expected = if length > UNASKED { UNASKED } else { 0 };
        let mut buffer = vec![0; 64 << 10];
        while came < expected {
            came += more(client, &mut buffer)?;
        }
        let mut answer = client;
        answer.write_all(http("403 Forbidden", "", "no").as_bytes())?;
        while let Ok(count) = more(client, &mut buffer) {
            came += count;
        }
        sender.send(Count { length, came }).map_err(io::Error::other)
    });
    (storage, counts)
}

/// Reads a head. Returns the length of the body, and how much of it came along.
fn head(client: &TcpStream) -> io::Result<(usize, usize)> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = more(client, &mut buffer)?;
        bytes.extend_from_slice(&buffer[..count]);
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            assert!(head.contains("\r\nexpect: 100-continue"), "{head}");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            return Ok((length.unwrap().parse().unwrap(), bytes.len() - end - 4));
        }
    }
}

fn more(mut client: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    match client.read(buffer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => Ok(count),
    }
}

/// Uploads a file of this size, which the storage refuses.
fn put(storage: SocketAddr, folder: &TempDir, size: usize) {
    let path = folder.path().join("app.apk");
    std::fs::write(&path, vec![7; size]).unwrap();
    let token =
        format!(r#"{{"key": "k", "endpoint": "http://{storage}/", "params": {{"a": "b"}}}}"#);
    let client = Client::builder().retry(RetryPolicy::default().retries(0)).build().unwrap();
    let package = Package::open_unchecked(path, None).unwrap();
    let error = client.put(&UploadToken::from_json(&token).unwrap(), &package).unwrap_err();
    assert!(error.to_string().contains("HTTP 403, \"no\""), "{error}");
}

#[test]
fn a_refusal_of_the_head_costs_48_kib_of_a_larger_body_and_nothing_of_another_one() {
    let folder = TempDir::new().unwrap();
    let (storage, counts) = refusing();
    let overhead = overhead(&folder);
    for (length, expected) in [
        (UNASKED - 1, 0),
        (UNASKED, 0),
        (UNASKED + 1, UNASKED),
        (2 * UNASKED, UNASKED),
        (12 << 20, UNASKED),
    ] {
        // A word that is late is not waited for, and a busy machine may be late.
        let measure = || {
            put(storage, &folder, length - overhead);
            counts.recv_timeout(Duration::from_secs(20)).unwrap()
        };
        let counted: Vec<_> =
            (0..4).map(|_| measure()).take_while(|it| it.came != expected).collect();
        let came: Vec<_> = counted.iter().map(|it| it.came).collect();
        assert!(came.len() < 4, "{came:?} of {length}, not {expected}");
        assert!(counted.iter().all(|it| it.length == length));
    }
}

#[test]
fn a_word_that_does_not_come_is_not_waited_for_longer_than_an_answer_takes() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("app.apk");
    std::fs::write(&path, vec![7; 2 * UNASKED]).unwrap();
    within(Duration::from_millis(800), || {
        let sandbox = faulty(&["storage:*:ignore-expect"]);
        let mut command = program_for(&sandbox);
        command.args(["upload", "--no-check", "--no-wait"]);
        run(&mut command, [&path]).expect(0).elapsed
    });
}
