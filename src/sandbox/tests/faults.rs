//! What each fault does to a request.

use std::io::ErrorKind;
use std::time::Instant;

use super::super::{Endpoint, Seen, SeenRequest};
use super::*;

/// A storage upload against `fault`, of more than the kernel's buffers hold if `large`.
struct Upload {
    sandbox: Sandbox,
    key: String,
    peer: Peer,
    body: String,
}

impl Upload {
    fn new(fault: &str, size: usize) -> Self {
        let sandbox = with(fault);
        let token = token(&sandbox, "apk");
        let (body, peer) = (form(&token, &"x".repeat(size)), Peer::new(&sandbox));
        Self { sandbox, key: token.key, peer, body }
    }

    fn head(&mut self, headers: &str) {
        let length = self.body.len();
        let headers = format!("Content-Type: {MULTIPART}\r\nContent-Length: {length}\r\n{headers}");
        self.peer.head("POST", "/storage/", &headers);
    }

    fn whole(mut self) -> Self {
        self.head("");
        self.peer.send(&self.body);
        self
    }

    fn stored(&self) -> bool {
        !self.sandbox.seen().objects.is_empty()
    }

    fn request(&self) -> SeenRequest {
        self.sandbox.seen().requests.last().unwrap().clone()
    }

    /// Waits until the second request, which is the upload, has its last word.
    fn ended(&self) -> SeenRequest {
        let ended = |seen: &Seen| seen.requests.get(1).is_some_and(|request| request.ended);
        assert!(self.sandbox.wait_for(ended, LONG));
        self.request()
    }
}

#[test]
fn another_answer_is_given_once_and_nothing_is_done() {
    let mut upload = Upload::new("storage:1:status=503,retry-after=2,xml=SlowDown", 9).whole();
    let answer = upload.peer.answer();
    assert_eq!((answer.status, answer.header("Retry-After")), (503, Some("2")));
    assert_eq!(answer.xml_code(), "SlowDown");
    assert!(!upload.stored());
    assert!(upload.request().fault.unwrap().starts_with("storage:1:status=503"));
    upload.head("");
    upload.peer.send(&upload.body);
    assert_eq!(upload.peer.answer().status, 204);
    assert_eq!(upload.sandbox.seen().connections, 2);
}

#[test]
fn a_wrong_answer_can_come_after_the_deed() {
    for status in [203, 409, 500] {
        let mut upload = Upload::new(&format!("storage:1:status={status},done"), 9).whole();
        assert_eq!(upload.peer.answer().status, status);
        assert!(upload.stored());
        assert_eq!(poll(&upload.sandbox, &upload.key).code(), 1247);
    }
}

#[test]
fn a_wrong_answer_can_have_a_checksum_and_a_label() {
    for (fault, is_right) in [("checksum=right", true), ("checksum=wrong", false)] {
        let fault = format!("storage:1:status=203,done,type=text/html,{fault}");
        let mut upload = Upload::new(&fault, 9).whole();
        let answer = upload.peer.answer();
        assert_eq!((answer.status, answer.header("Content-Type")), (203, Some("text/html")));
        let crc64 = upload.sandbox.seen().objects[0].crc64.to_string();
        let shown = answer.header("x-cos-hash-crc64ecma").unwrap();
        assert_eq!(shown == crc64, is_right);
    }
    let mut plain = Upload::new("storage:1:status=203,done", 9).whole();
    assert_eq!(plain.peer.answer().header("x-cos-hash-crc64ecma"), None);
    let mut labelled = Upload::new("storage:1:xml=SlowDown,type=text/html", 9).whole();
    let answer = labelled.peer.answer();
    let types: Vec<_> = answer.headers.iter().filter(|(name, _)| name == "Content-Type").collect();
    assert_eq!(types, [&("Content-Type".to_owned(), "text/html".to_owned())]);
}

#[test]
fn tokens_expire_on_demand() {
    for (fault, code) in [("expired", "ExpiredToken"), ("expired=denied", "AccessDenied")] {
        let mut upload = Upload::new(&format!("storage:1:{fault}"), 9).whole();
        let answer = upload.peer.answer();
        assert_eq!((answer.status, answer.xml_code()), (403, code));
        assert!(answer.body.contains("expired"));
    }
}

#[test]
fn the_api_gets_other_answers_too() {
    let ask = |fault: &str| {
        let sandbox = with(fault);
        let mut peer = Peer::new(&sandbox);
        peer.head("GET", "/apiv2", "");
        peer.answer()
    };
    assert_eq!(ask("probe:1:code=1216").code(), 1216);
    assert_eq!(ask("probe:1:raw={\"code\":0%2C\"data\":[]}").body, "{\"code\":0,\"data\":[]}");
    assert!(ask("probe:1:html").body.starts_with("<!DOCTYPE html>"));
    assert_eq!(ask("probe:1:status=502,html").status, 502);
    assert!(serde_json::from_str::<Value>(&ask("probe:1:truncated").body).is_err());
    let answer = ask("probe:1:redirect=307");
    assert!(answer.header("Location").unwrap().ends_with("/apiv2"));
    let answer = ask("probe:1:redirect=302,location=https://x/");
    assert_eq!((answer.status, answer.header("Location")), (302, Some("https://x/")));
    assert_eq!(ask("probe:1:huge=2").body.len(), 2 * 1024 * 1024 + 23);
    assert_eq!(ask("probe:1:slow-answer=1ms").code(), 1001);
}

#[test]
fn an_endless_answer_ends_with_its_reader() {
    let sandbox = with("probe:1:huge");
    let mut peer = Peer::new(&sandbox);
    peer.head("GET", "/apiv2", "");
    peer.0.read_exact(&mut vec![0; 3_000_000]).unwrap();
    drop(peer);
    assert!(sandbox.wait_for(|seen| seen.closed_connections == 1, LONG));
}

#[test]
fn a_delay_comes_after_the_deed() {
    let start = Instant::now();
    let mut upload = Upload::new("storage:1:delay=150ms", 9).whole();
    assert!(upload.sandbox.wait_for(|seen| !seen.objects.is_empty(), LONG));
    assert_eq!(upload.peer.answer().status, 204);
    assert!(start.elapsed() >= Duration::from_millis(150));
}

#[test]
fn a_slow_reader_takes_its_time() {
    let start = Instant::now();
    let mut upload = Upload::new("storage:1:slow-read=10000", 2000).whole();
    assert_eq!(upload.peer.answer().status, 204);
    assert!(start.elapsed() >= Duration::from_millis(200), "{:?}", start.elapsed());
}

#[test]
fn checksums_can_be_wrong_and_files_dropped() {
    let mut wrong = Upload::new("storage:1:wrong-checksum", 9).whole();
    let answer = wrong.peer.answer();
    let crc64 = wrong.sandbox.seen().objects[0].crc64;
    assert_ne!(answer.header("x-cos-hash-crc64ecma"), Some(&*crc64.to_string()));
    let mut dropped = Upload::new("storage:1:dropped", 9).whole();
    assert_eq!(dropped.peer.answer().status, 204);
    assert!(!dropped.stored());
    assert_eq!(poll(&dropped.sandbox, &dropped.key).code(), 1244);
}

#[test]
fn a_cut_is_a_reset_wherever_it_strikes() {
    for (place, stored) in [("head", false), ("9", false), ("body", false), ("done", true)] {
        let upload = Upload::new(&format!("storage:1:cut={place}"), 9).whole();
        let request = upload.ended();
        assert_eq!((request.status, upload.stored()), (None, stored), "{place}");
        assert_eq!(request.body_complete, !["head", "9"].contains(&place));
        let error = upload.peer.end().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{place}");
    }
}

#[test]
fn a_cut_can_be_a_plain_end() {
    for place in ["head", "9", "body", "done"] {
        let upload = Upload::new(&format!("storage:1:cut={place},fin"), 9).whole();
        assert_eq!(upload.peer.end().unwrap(), b"", "{place}");
    }
}

#[test]
fn an_answer_can_break_off() {
    let sandbox = with("probe:1:cut=answer,fin");
    let mut peer = Peer::new(&sandbox);
    peer.head("GET", "/apiv2", "");
    let text = String::from_utf8(peer.end().unwrap()).unwrap();
    assert!(text.contains("{\"code\":1001") && !text.contains('}'), "{text}");
    assert_eq!(sandbox.seen().requests[0].status, Some(200));
}

#[test]
fn a_stall_reads_no_further() {
    for (place, taken) in [("head", 0), ("70000", 70_000)] {
        let mut upload = Upload::new(&format!("storage:1:stall={place}"), 32 << 20);
        upload.head("");
        upload.peer.send(&upload.body[..70_000]);
        assert_eq!(upload.ended().status, None);
        let stream = upload.peer.0.get_mut();
        stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
        let error = stream.write_all(&upload.body.as_bytes()[70_000..]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
        assert!(upload.sandbox.wait_for(|seen| seen.requests[1].body_bytes == taken, LONG));
    }
}

#[test]
fn a_stall_keeps_the_connection() {
    for (place, stored) in [("body", false), ("done", true), ("answer", true)] {
        let mut upload = Upload::new(&format!("storage:1:stall={place}"), 9).whole();
        upload.ended();
        assert_eq!(upload.stored(), stored, "{place}");
        if place == "answer" {
            assert_eq!(upload.peer.line(), "HTTP/1.1 204 No Content");
        }
        // The other connection is that of step one.
        assert!(upload.sandbox.wait_for(|seen| seen.closed_connections == 1, LONG));
        let stream = upload.peer.0.get_mut();
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let mut rest = Vec::new();
        let error = upload.peer.0.read_to_end(&mut rest).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    }
}

#[test]
fn early_answers_come_in_mid_body() {
    for manner in ["linger", "drain", "reset"] {
        let fault = format!("storage:1:early=403@70000,xml=AccessDenied,manner={manner}");
        let mut upload = Upload::new(&fault, 32 << 20);
        upload.head("");
        upload.peer.send(&upload.body[..70_000]);
        let answer = upload.peer.answer();
        assert_eq!((answer.status, answer.xml_code()), (403, "AccessDenied"));
        assert_eq!(upload.request().body_bytes, 70_000);
        let stream = upload.peer.0.get_mut();
        // On Windows the limit is for all that one call sends.
        let limit = if manner == "drain" { LONG } else { Duration::from_millis(500) };
        stream.set_write_timeout(Some(limit)).unwrap();
        let rest = stream.write_all(&upload.body.as_bytes()[70_000..]);
        assert_eq!(rest.is_ok(), manner == "drain", "{manner}: {rest:?}");
        if manner == "drain" {
            assert!(upload.sandbox.wait_for(|seen| seen.requests[1].body_complete, LONG));
            upload.peer.head("GET", "/apiv2", "");
            assert_eq!(upload.peer.answer().code(), 1001);
        }
        assert!(!upload.stored());
    }
}

#[test]
fn early_answers_on_the_head_come_before_a_100() {
    for manner in ["linger", "drain", "reset"] {
        let mut upload = Upload::new(&format!("storage:1:early=403,manner={manner}"), 9);
        upload.head("Expect: 100-continue\r\n");
        assert_eq!(upload.peer.answer().status, 403);
        let request = upload.request();
        assert_eq!((request.continued, request.body_bytes), (false, 0));
    }
}

#[test]
fn expectations_can_be_refused_and_ignored() {
    let mut upload = Upload::new("storage:*:refuse-expect", 9);
    upload.head("Expect: 100-continue\r\n");
    assert_eq!(upload.peer.answer().status, 417);
    upload.peer = Peer::new(&upload.sandbox);
    let mut upload = upload.whole();
    assert_eq!(upload.peer.answer().status, 204);

    let mut upload = Upload::new("storage:1:ignore-expect", 9);
    upload.head("Expect: 100-continue\r\n");
    upload.peer.send(&upload.body);
    assert_eq!(upload.peer.answer().status, 204);
    assert!(!upload.request().continued);
}

#[test]
fn the_n_th_request_is_the_n_th_of_its_endpoint() {
    let sandbox = with("poll:2+:code=1216");
    let token = token(&sandbox, "apk");
    let codes: Vec<_> = (0..3).map(|_| poll(&sandbox, &token.key).code()).collect();
    assert_eq!(codes, [1244, 1216, 1216]);
    assert_eq!(sandbox.seen().count(Endpoint::Poll), 3);
}
