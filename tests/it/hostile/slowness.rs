//! Servers that are slow on purpose: a connection that moves is not a stall, but the deadline of
//! the whole command still ends it.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection};
use tempfile::TempDir;

use super::{
    Attack, Measured, NETWORK, Out, Serve, Villain, all_well, attack, complaints, impatient,
    measured,
};
use crate::support::proxy_server::{ProxyServer, Reply, Speaks};
use crate::support::raw_server::{http, listen};
use crate::support::relay::{Authority, HOST};
use crate::support::{data, for_each, within};

/// The time between two bytes.
const PAUSE: Duration = Duration::from_millis(50);

const BUILD: &str = r#"{"code":0,"message":"","data":{"buildKey":"b"}}"#;

/// Sends a byte again and again until the peer is gone.
fn drip(out: &mut Out<'_>, start: &str, byte: &str) -> io::Result<()> {
    out.say(start)?;
    loop {
        out.dribble(byte, PAUSE)?;
    }
}

/// Each goes on forever, a byte at a time.
const DRIPS: &[Attack] = &[
    attack("a status line", |out| drip(out, "HTTP/1.1 200 ", "x"), NETWORK, "--timeout"),
    attack("a header", |out| drip(out, "HTTP/1.1 200 OK\r\nX: ", "y"), NETWORK, "--timeout"),
    attack("interim answers", |out| drip(out, "", "HTTP/1.1 102 X\r\n\r\n"), NETWORK, "--timeout"),
    attack("a body", |out| drip(out, "HTTP/1.1 200 OK\r\n\r\n", " "), NETWORK, "--timeout"),
    attack(
        "a body with a length",
        |out| drip(out, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", " "),
        NETWORK,
        "--timeout",
    ),
    attack("a refusal", |out| drip(out, "HTTP/1.1 403 X\r\n\r\n", "x"), NETWORK, "--timeout"),
    attack(
        "chunks",
        |out| drip(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"),
        NETWORK,
        "--timeout",
    ),
    attack(
        "trailers",
        |out| drip(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"),
        NETWORK,
        "--timeout",
    ),
];

#[test]
fn the_deadline_does_not_care_for_bytes() {
    let wrong = Mutex::new(Vec::new());
    for_each(DRIPS, |_, attack| {
        let villain = Villain::start(attack.serve);
        // The stall timeout would end it earlier if it did not see the bytes.
        let limits = ["--stall-timeout=400ms", "--timeout=1200ms", "--retries=0"];
        let mut command = impatient(&["status", "k"]);
        command.args(limits).env("PGYER_API_URL", villain.api_url());
        let ended = measured(&mut command);
        let took = ended.ran.elapsed;
        let mut wrong = wrong.lock().unwrap();
        wrong.extend(complaints(attack.name, attack.code, attack.says, &ended));
        if took < Duration::from_millis(1200) || took > Duration::from_millis(2200) {
            wrong.push(format!("{}: it took {took:?}", attack.name));
        }
    });
    all_well(wrong);
}

#[test]
fn a_slow_answer_is_an_answer() {
    let villain = Villain::start(|out| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", BUILD.len());
        out.dribble(&(head + BUILD), Duration::from_millis(5))
    });
    let mut command = impatient(&["status", "k", "--stall-timeout=200ms", "--retries=0"]);
    let ended = measured(command.env("PGYER_API_URL", villain.api_url()));
    assert_eq!(complaints("a slow answer", 0, "", &ended), None);
    assert!(ended.ran.elapsed > Duration::from_millis(300), "{:?}", ended.ran);
}

/// Connecting has one time limit, however many bytes move.
#[test]
fn bytes_do_not_stretch_the_time_to_connect() {
    let drips: &[(&str, Serve)] = &[
        ("--api-url=https://localhost:PORT/apiv2", |out| drip(out, "\x16\x03\x03\x20\0", "\0")),
        ("--proxy=http://127.0.0.1:PORT", |out| drip(out, "HTTP/1.1 200 OK\r\n", "x")),
        ("--proxy=https://127.0.0.1:PORT", |out| drip(out, "\x16\x03\x03\x20\0", "\0")),
        ("--proxy=socks5h://127.0.0.1:PORT", |out| drip(out, "\x05\0\x05\0\0\x03\u{7f}", "x")),
    ];
    for_each(drips, |_, (option, serve)| {
        let serve = *serve;
        let addr = listen(move |client| serve(&mut Out(client)));
        let option = option.replace("PORT", &addr.port().to_string());
        within(Duration::from_millis(1600), || {
            let mut command = impatient(&["status", "k", "--retries=0", "--connect-timeout=600ms"]);
            if option.starts_with("--proxy") {
                command.args(["--insecure-http", "--api-url=http://x.example/apiv2"]);
            }
            let ended = measured(command.arg(&option));
            assert_eq!(complaints(&option, NETWORK, "--connect-timeout", &ended), None);
            ended.ran.elapsed
        });
    });
}

/// A TLS server that sends records of its own forever, such as session tickets. They do not extend
/// the deadline.
#[test]
fn tickets_do_not_stretch_the_deadline() {
    within(Duration::from_secs(2), || {
        let ended = against_tls(400, "", "--timeout=1s");
        assert_eq!(complaints("tickets", NETWORK, "--timeout", &ended), None);
        ended.ran.elapsed
    });
}

/// Less than a whole TLS record counts as movement too.
#[test]
fn a_slow_record_is_no_standstill() {
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{BUILD}", BUILD.len());
    let ended = against_tls(0, &answer, "--stall-timeout=300ms");
    assert_eq!(complaints("a slow record", 0, "", &ended), None);
    assert!(ended.ran.elapsed > Duration::from_millis(600), "{:#?}", ended.ran);
}

/// A request to a server that completes the handshake and then answers byte by byte.
fn against_tls(tickets: usize, answer: &str, option: &str) -> Measured {
    let folder = TempDir::new().unwrap();
    let authority = Authority::usual().file(folder.path());
    let mut config = ServerConfig::clone(&Authority::usual().server(&[HOST], |_| {}));
    config.send_tls13_tickets = tickets;
    let (config, answer) = (Arc::new(config), answer.to_owned());
    let addr = listen(move |client| serve_slowly(&config, &answer, client));
    let port = addr.port();
    let mut command = impatient(&["status", "k", "--retries=0", option, "--ca-file"]);
    command.arg(&authority).arg(format!("--api-url=https://{HOST}:{port}/apiv2"));
    measured(command.arg(format!("--resolve={HOST}:{port}:127.0.0.1")))
}

fn serve_slowly(
    config: &Arc<ServerConfig>,
    answer: &str,
    mut client: &TcpStream,
) -> io::Result<()> {
    let mut session = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut bytes = Vec::new();
    while session.is_handshaking() {
        client.write_all(&bytes)?;
        session.read_tls(&mut client)?;
        session.process_new_packets().map_err(io::Error::other)?;
        bytes.clear();
        while session.wants_write() {
            session.write_tls(&mut bytes)?;
        }
    }
    session.writer().write_all(answer.as_bytes())?;
    while session.wants_write() {
        session.write_tls(&mut bytes)?;
    }
    Out(client).dribble(&bytes, Duration::from_millis(10))
}

/// An upload to a storage that trickles: it ends in time, and says what may have come of it.
#[test]
fn a_storage_that_drips_keeps_nobody() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("t.json");
    let villain = Villain::start(|out| drip(out, "HTTP/1.1 204 X\r\nX: ", "y"));
    let endpoint = format!("http://{}/", villain.addr);
    std::fs::write(&file, format!(r#"{{"key":"k","endpoint":"{endpoint}","params":{{"a":"b"}}}}"#))
        .unwrap();
    within(Duration::from_secs(2), || {
        let mut command = impatient(&["put", "--stall-timeout=400ms", "--timeout=1s", "--token"]);
        let ended = measured(command.arg(&file).arg(data("app.apk")));
        assert_eq!(complaints("a storage", NETWORK, "may still appear", &ended), None);
        ended.ran.elapsed
    });
}

/// A poll that is never decided: the wait's limit ends it.
#[test]
fn a_queue_without_end_ends_with_the_patience() {
    let busy = |until: &str| http("503 X", &format!("Retry-After: {until}\r\n"), "");
    let manners = [
        ("publishing", http("200 OK", "", r#"{"code":1247,"message":"soon"}"#)),
        ("busy", busy("99999999999999999999")),
        ("busy until a date", busy("Fri, 31 Dec 9999 23:59:59 GMT")),
        ("busy since long ago", busy("Thu, 01 Jan 1970 00:00:00 GMT")),
        ("busy for less than no time", busy("-1")),
    ];
    for_each(&manners, |_, (name, answer)| {
        let answer = answer.clone();
        let villain =
            Villain::that(move |_, mut client| client.write_all(answer.as_bytes()).map(|()| true));
        within(Duration::from_millis(1700), || {
            let mut command = impatient(&["status", "--wait", "k", "--wait-timeout=700ms"]);
            command.arg("--poll-interval=20ms").env("PGYER_API_URL", villain.api_url());
            let ended = measured(&mut command);
            assert_eq!(complaints(name, 9, "queue", &ended), None);
            ended.ran.elapsed
        });
    });
}

/// A tunnel that opens and leads nowhere.
#[test]
fn a_tunnel_that_stalls_is_a_stall() {
    let nowhere = listen(|mut client| io::copy(&mut client, &mut io::sink()).map(drop));
    let proxy = ProxyServer::start(Speaks::Http, None, move |_| Reply::To(nowhere));
    let mut command = impatient(&["status", "k", "--retries=0", "--stall-timeout=400ms"]);
    command.args(["--insecure-http", "--api-url=http://x.example/apiv2"]);
    let ended = measured(command.arg(format!("--proxy=http://{}", proxy.addr())));
    assert_eq!(complaints("a tunnel", NETWORK, "--stall-timeout", &ended), None);
}
