//! Peers that mean no good, and the end.

use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::super::Endpoint;
use super::*;

#[test]
fn bad_heads_get_an_answer_and_the_end() {
    let sandbox = strict();
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}", "a".repeat(80_000));
    let heads: [(&[u8], u16); 5] = [
        (b"\x16\x03\x01\x02\0\x01\0\x01\xfc", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
        (b"POST /storage/ HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (long.as_bytes(), 431),
    ];
    for (head, status) in heads {
        let mut peer = Peer::new(&sandbox);
        peer.send(head);
        assert_eq!(peer.answer().status, status);
        assert_eq!(peer.end().unwrap(), b"");
    }
}

#[test]
fn heads_may_come_byte_by_byte() {
    let sandbox = strict();
    let mut peer = Peer::new(&sandbox);
    for byte in b"GET /apiv2 HTTP/1.1\r\nHost: x\r\n\r\n" {
        peer.send([*byte]);
    }
    assert_eq!(peer.answer().code(), 1001);
}

#[test]
fn long_bodies_are_not_kept() {
    let sandbox = strict();
    let mut peer = Peer::new(&sandbox);
    peer.head("POST", "/apiv2/app/getCOSToken", "Content-Length: 2000000\r\n");
    assert_eq!(peer.answer().status, 413);
}

#[test]
fn peers_that_leave_are_noticed() {
    let sandbox = strict();
    let mut peer = Peer::new(&sandbox);
    peer.head("POST", "/storage/", "Content-Length: 100\r\n");
    peer.send("half");
    drop(peer);
    assert!(sandbox.wait_for(|seen| seen.closed_connections == 1, LONG));
    let request = &sandbox.seen().requests[0];
    assert_eq!((request.status, request.ended), (None, true));
    assert_eq!((request.body_bytes, request.body_complete), (4, false));
}

#[test]
fn a_hundred_peers_are_served_at_once() {
    let sandbox = strict();
    let mut peers: Vec<Peer> = (0..100).map(|_| Peer::new(&sandbox)).collect();
    for peer in &mut peers {
        peer.head("GET", "/apiv2", "");
    }
    assert!(peers.iter_mut().all(|peer| peer.answer().code() == 1001));
    assert_eq!(sandbox.seen().connections, 100);
}

#[test]
fn each_request_is_told_before_its_answer() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sandbox = {
        let told = Arc::clone(&told);
        build(Sandbox::builder().strict().on_request(move |request| {
            told.lock().unwrap().push((request.number, request.endpoint, request.status));
        }))
    };
    let mut peer = Peer::new(&sandbox);
    peer.head("GET", "/apiv2", "");
    peer.answer();
    peer.head("GET", "/favicon.ico", "");
    peer.answer();
    let expected = [(1, Some(Endpoint::Probe), Some(200)), (2, None, Some(404))];
    assert_eq!(*told.lock().unwrap(), expected);
}

#[test]
fn a_wait_ends_in_time() {
    let sandbox = strict();
    assert!(!sandbox.wait_for(|_| false, Duration::from_millis(20)));
    assert!(sandbox.wait_for(|seen| seen.connections == 0, Duration::ZERO));
}

#[test]
fn the_end_comes_soon_whatever_is_under_way() {
    let sandbox = with("probe:*:stall=done");
    let addr = sandbox.addr();
    let mut stalled = Peer::new(&sandbox);
    stalled.head("GET", "/apiv2", "");
    let (idle, mut half) = (Peer::new(&sandbox), Peer::new(&sandbox));
    half.head("POST", "/storage/", "Content-Length: 100\r\n");
    assert!(sandbox.wait_for(|seen| seen.requests.len() == 2 && seen.connections == 3, LONG));
    let start = Instant::now();
    drop(sandbox);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(TcpStream::connect(addr).is_err());
    for peer in [stalled, idle, half] {
        assert!(peer.end().is_ok_and(|rest| rest.is_empty()));
    }
}
