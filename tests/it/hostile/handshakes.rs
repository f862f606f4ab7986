//! Servers that do not speak TLS, proxies that are not proxies, and connections that end halfway.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;

use super::{Attack, NETWORK, Out, all_well, attack, complaints, impatient, measured};
use crate::support::for_each;
use crate::support::raw_server::listen;

/// Reads the first bytes that the program sends, if it sends any in reasonable time.
fn heard(out: &mut Out<'_>) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 16 * 1024];
    let count = Read::read(&mut { out.0 }, &mut bytes)?;
    bytes.truncate(count);
    Ok(bytes)
}

/// A TLS record.
fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3], &length[..], body].concat()
}

fn records_for_ever(out: &mut Out<'_>, kind: u8, body: &[u8]) -> io::Result<()> {
    heard(out)?;
    let block = record(kind, body).repeat((16 * 1024 / (body.len() + 5)).max(1));
    loop {
        out.say(&block)?;
    }
}

const TLS: &[Attack] = &[
    attack("an end at once", |_| Ok(()), NETWORK, ""),
    attack("an end after the greeting", |out| heard(out).map(drop), NETWORK, "TLS"),
    attack(
        "half an end",
        |out| {
            out.0.shutdown(Shutdown::Write)?;
            heard(out).map(drop)
        },
        NETWORK,
        "TLS",
    ),
    attack("garbage", |out| out.say("garbage\r\n\r\n"), NETWORK, ""),
    attack("endless garbage", |out| out.say_for_ever("garbage"), NETWORK, ""),
    attack("endless NULs", |out| out.say_for_ever("\0"), NETWORK, ""),
    attack("plain HTTP", |out| out.say("HTTP/1.1 400 X\r\nContent-Length: 0\r\n\r\n"), NETWORK, ""),
    attack("SSH", |out| out.say("SSH-2.0-x\r\n"), NETWORK, ""),
    attack(
        "its own greeting",
        |out| {
            let greeting = heard(out)?;
            out.say(greeting)
        },
        NETWORK,
        "",
    ),
    attack("an alert", |out| out.say(record(21, &[2, 40])), NETWORK, ""),
    attack("endless warnings", |out| records_for_ever(out, 21, &[1, 90]), NETWORK, ""),
    attack("a record of no known kind", |out| records_for_ever(out, 99, b"x"), NETWORK, ""),
    attack("empty records", |out| records_for_ever(out, 22, b""), NETWORK, ""),
    attack(
        "records of data before their time",
        |out| records_for_ever(out, 23, &[0; 16_000]),
        NETWORK,
        "",
    ),
    attack("cipher changes without end", |out| records_for_ever(out, 20, &[1]), NETWORK, ""),
    attack(
        "a record that is too long",
        |out| {
            heard(out)?;
            out.say([22, 3, 3, 0xff, 0xff])?;
            out.say_for_ever("x")
        },
        NETWORK,
        "",
    ),
    attack(
        "a greeting of 16 MiB",
        |out| {
            heard(out)?;
            out.say(record(22, &[2, 0xff, 0xff, 0xff]))?;
            let block = record(22, &[0; 16_000]);
            loop {
                out.say(&block)?;
            }
        },
        NETWORK,
        "",
    ),
    attack(
        "a cut greeting",
        |out| {
            heard(out)?;
            out.say([22, 3, 3, 0, 100, 2, 0, 0])
        },
        NETWORK,
        "",
    ),
    attack("silence", silent, NETWORK, "--connect-timeout"),
    attack(
        "silence after a byte",
        |out| {
            out.say([22])?;
            silent(out)
        },
        NETWORK,
        "--connect-timeout",
    ),
];

/// Until the peer closes.
fn silent(out: &mut Out<'_>) -> io::Result<()> {
    while !heard(out)?.is_empty() {}
    Ok(())
}

#[test]
fn what_speaks_no_tls_is_told_from_what_does() {
    let wrong = Mutex::new(Vec::new());
    for_each(TLS, |_, attack| {
        let serve = attack.serve;
        let addr = listen(move |client| serve(&mut Out(client)));
        let mut command = impatient(&["status", "k", "--retries=0", "--connect-timeout=700ms"]);
        command.env("PGYER_API_URL", format!("https://localhost:{}/apiv2", addr.port()));
        command.arg(format!("--resolve=localhost:{}:127.0.0.1", addr.port()));
        let ended = measured(&mut command);
        wrong.lock().unwrap().extend(complaints(attack.name, attack.code, attack.says, &ended));
    });
    all_well(wrong);
}

fn connected(out: &mut Out<'_>, then: &str) -> io::Result<()> {
    heard(out)?;
    out.say("HTTP/1.1 200 OK\r\n\r\n")?;
    out.say(then)
}

const PROXIES: &[Attack] = &[
    attack("an end at once", |_| Ok(()), NETWORK, "proxy"),
    attack("an end after the question", |out| heard(out).map(drop), NETWORK, "proxy"),
    attack("garbage", |out| out.say("garbage\r\n\r\n"), NETWORK, "proxy"),
    attack("endless garbage", |out| out.say_for_ever("garbage"), NETWORK, "proxy"),
    attack("endless lines", |out| out.say_for_ever("\r\n"), NETWORK, "proxy"),
    attack(
        "endless headers",
        |out| {
            out.say("HTTP/1.1 200 OK\r\n")?;
            out.say_for_ever("X: y\r\n")
        },
        NETWORK,
        "no end",
    ),
    attack("endless refusals", |out| out.say_for_ever("HTTP/1.1 403 X\r\n\r\n"), NETWORK, "403"),
    attack("a status that is none", |out| out.say("HTTP/1.1 99999 OK\r\n\r\n"), NETWORK, "proxy"),
    attack("no UTF-8", |out| out.say(b"HTTP/1.1 \xff\xfe\xfd OK\r\n\r\n"), NETWORK, "proxy"),
    attack("a tunnel to an end", |out| connected(out, ""), NETWORK, ""),
    attack("a tunnel to garbage", |out| connected(out, "garbage\r\n\r\n"), NETWORK, ""),
    attack(
        "a tunnel to a web page",
        |out| connected(out, "HTTP/1.1 200 X\r\nContent-Length: 6\r\n\r\n<html>"),
        NETWORK,
        "",
    ),
    attack("the wrong kind of SOCKS", |out| out.say([4, 0x5a, 0, 0]), NETWORK, "proxy"),
    attack("a SOCKS method that nobody offered", |out| out.say([5, 0x80]), NETWORK, "proxy"),
    attack(
        "an endless SOCKS name",
        |out| {
            out.say([5, 0, 5, 0, 0, 3, 255])?;
            out.say_for_ever("x")
        },
        NETWORK,
        "",
    ),
    attack("a SOCKS address of no known kind", |out| out.say([5, 0, 5, 0, 0, 9]), NETWORK, "proxy"),
    attack("silence", silent, NETWORK, "--connect-timeout"),
];

#[test]
fn proxies_that_are_none() {
    let wrong = Mutex::new(Vec::new());
    for_each(PROXIES, |_, attack| {
        for scheme in ["http", "socks5h", "https"] {
            let serve = attack.serve;
            let addr = listen(move |client| serve(&mut Out(client)));
            let mut command = impatient(&["status", "k", "--retries=0", "--connect-timeout=700ms"]);
            command.args(["--insecure-http", "--api-url=http://x.example/apiv2"]);
            command.env("ALL_PROXY", format!("{scheme}://u:p@{addr}"));
            let ended = measured(&mut command);
            let what = format!("{} ({scheme})", attack.name);
            let says = if scheme == "http" { attack.says } else { "" };
            wrong.lock().unwrap().extend(complaints(&what, attack.code, says, &ended));
        }
    });
    all_well(wrong);
}

/// Sends before it is asked, and keeps sending. Whether its first words arrive before the request
/// has left is up to the kernel's scheduler: either way they are no answer.
#[test]
fn a_server_that_never_stops_speaking() {
    let addr = listen(|mut client: &TcpStream| {
        let block = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".repeat(1000);
        loop {
            client.write_all(block.as_bytes())?;
        }
    });
    let mut command = impatient(&["status", "k", "--retries=1", "--retry-delay=1ms"]);
    command.env("PGYER_API_URL", format!("http://{addr}/apiv2"));
    let ended = measured(&mut command);
    assert_eq!(complaints("a flood", NETWORK, "answered HTTP 200", &ended), None);
}
