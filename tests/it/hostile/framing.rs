//! Answers to `buildInfo` whose heads, lengths or chunks are not what they should be.

use super::answers::{BUILD, CHUNKED, OK, chunked, endless, json, unfinished};
use super::{Attack, DONE, NETWORK, attack};
use crate::support::raw_server::http;

pub(super) const HEADS: &[Attack] = &[
    attack("endless headers", |out| endless(out, OK, "X: y\r\n"), NETWORK, "head"),
    attack(
        "endless headers of refusals",
        |out| endless(out, "HTTP/1.1 500 X\r\n", "X: y\r\n"),
        NETWORK,
        "head",
    ),
    attack(
        "a header line of 100 MB",
        |out| {
            out.say(format!("{OK}X: "))?;
            out.say_times(100_000, &"x".repeat(1000))?;
            out.say("\r\n\r\n")
        },
        NETWORK,
        "head",
    ),
    attack("an endless name of a header", |out| endless(out, OK, "x"), NETWORK, "head"),
    attack("an endless status line", |out| endless(out, "HTTP/1.1 200 ", "x"), NETWORK, "head"),
    attack("an endless empty line", |out| endless(out, "", "\r\n"), NETWORK, ""),
    attack(
        "a thousand headers",
        |out| {
            out.say(OK)?;
            out.say_times(1000, "X: y\r\n")?;
            out.say(format!("Content-Length: {}\r\n\r\n{BUILD}", BUILD.len()))
        },
        NETWORK,
        "",
    ),
    attack(
        "a thousand interim answers",
        |out| {
            out.say_times(1000, "HTTP/1.1 102 X\r\n\r\n")?;
            out.say(json(BUILD))
        },
        DONE,
        "",
    ),
    attack(
        "endless interim answers",
        |out| endless(out, "", "HTTP/1.1 100 Continue\r\n\r\n"),
        NETWORK,
        "",
    ),
    attack(
        "an interim answer without end",
        |out| endless(out, "HTTP/1.1 103 X\r\n", "Link: y\r\n"),
        NETWORK,
        "",
    ),
    attack(
        "another protocol",
        |out| out.say("HTTP/1.1 101 X\r\nUpgrade: y\r\n\r\nxyz"),
        NETWORK,
        "",
    ),
    attack(
        "NUL in the status line",
        |out| out.say("HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n"),
        NETWORK,
        "",
    ),
    attack("NUL in a header", |out| out.say(http("200 OK", "X: a\0b\r\n", BUILD)), NETWORK, ""),
    attack("NUL in a name", |out| out.say(http("200 OK", "X\0: a\r\n", BUILD)), NETWORK, ""),
    attack("NULs only", |out| endless(out, "", "\0"), NETWORK, ""),
    attack(
        "another version",
        |out| out.say("HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n"),
        NETWORK,
        "",
    ),
    attack("HTTP/0.9", |out| out.say(BUILD), NETWORK, ""),
    attack(
        "HTTP/2",
        |out| {
            out.say(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff")
        },
        NETWORK,
        "",
    ),
    attack("status 000", |out| out.say("HTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n"), NETWORK, ""),
    attack("status 999", |out| out.say("HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n"), NETWORK, ""),
    attack("status -1", |out| out.say("HTTP/1.1 -1 X\r\nContent-Length: 0\r\n\r\n"), NETWORK, ""),
    attack(
        "status 2000",
        |out| out.say("HTTP/1.1 2000 X\r\nContent-Length: 0\r\n\r\n"),
        NETWORK,
        "",
    ),
    attack("a folded header", |out| out.say(http("200 OK", "X: a\r\n b\r\n", BUILD)), NETWORK, ""),
    attack("nothing", |_| Ok(()), NETWORK, ""),
];

pub(super) const BODIES: &[Attack] = &[
    attack(
        "a length that is short",
        |out| out.say(format!("{OK}Content-Length: 20\r\n\r\n{BUILD}")),
        NETWORK,
        "not with the API's JSON",
    ),
    attack(
        "a length that is long",
        |out| out.say(format!("{OK}Content-Length: 999\r\n\r\n{BUILD}")),
        NETWORK,
        "closed in the middle",
    ),
    attack(
        "a length beyond 64 bits",
        |out| out.say(format!("{OK}Content-Length: 99999999999999999999\r\n\r\n{BUILD}")),
        NETWORK,
        "",
    ),
    attack(
        "a length of 64 bits",
        |out| {
            out.say(format!("{OK}Content-Length: 18446744073709551615\r\n\r\n"))?;
            out.say_for_ever("x")
        },
        NETWORK,
        "",
    ),
    attack(
        "a negative length",
        |out| out.say(format!("{OK}Content-Length: -1\r\n\r\n{BUILD}")),
        NETWORK,
        "",
    ),
    attack(
        "a length with a sign",
        |out| out.say(format!("{OK}Content-Length: +63\r\n\r\n{BUILD}")),
        NETWORK,
        "",
    ),
    attack(
        "a length that is none",
        |out| out.say(format!("{OK}Content-Length: x\r\n\r\n{BUILD}")),
        NETWORK,
        "",
    ),
    attack(
        "two lengths",
        |out| {
            out.say(format!(
                "{OK}Content-Length: 5\r\nContent-Length: {}\r\n\r\n{BUILD}",
                BUILD.len()
            ))
        },
        NETWORK,
        "",
    ),
    attack(
        "two lengths, the second short",
        |out| {
            out.say(format!(
                "{OK}Content-Length: {}\r\nContent-Length: 5\r\n\r\n{BUILD}",
                BUILD.len()
            ))
        },
        NETWORK,
        "",
    ),
    attack(
        "two lengths in one",
        |out| out.say(format!("{OK}Content-Length: 5, 63\r\n\r\n{BUILD}")),
        NETWORK,
        "",
    ),
    attack(
        "a length and chunks",
        |out| {
            out.say(format!("{OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"))?;
            out.say(chunked(BUILD))
        },
        DONE,
        "",
    ),
    attack("no length", |out| out.say(format!("{OK}\r\n{BUILD}")), DONE, ""),
    attack(
        "a body without length or end",
        |out| endless(out, &format!("{OK}\r\n{BUILD}"), " "),
        DONE,
        "",
    ),
    attack(
        "a refusal without length or end",
        |out| endless(out, "HTTP/1.1 403 X\r\n\r\n", "x"),
        NETWORK,
        "",
    ),
    // Chunks.
    attack(
        "chunks",
        |out| out.say(format!("{OK}Transfer-Encoding: chunked\r\n\r\n{}", chunked(BUILD))),
        DONE,
        "",
    ),
    attack("endless chunks", |out| endless(out, CHUNKED, "5\r\n     \r\n"), NETWORK, ""),
    attack("endless small chunks", |out| endless(out, CHUNKED, "1\r\n \r\n"), NETWORK, ""),
    attack(
        "an endless chunk",
        |out| endless(out, &format!("{CHUNKED}ffffffffffffffff\r\n"), "x"),
        NETWORK,
        "",
    ),
    attack(
        "a chunk beyond 64 bits",
        |out| endless(out, &format!("{CHUNKED}fffffffffffffffff\r\n"), "x"),
        NETWORK,
        "",
    ),
    attack("an endless length of a chunk", |out| endless(out, CHUNKED, "0"), NETWORK, ""),
    attack(
        "an endless chunk extension",
        |out| endless(out, &format!("{CHUNKED}5;"), "x"),
        NETWORK,
        "",
    ),
    attack("a chunk without a length", |out| endless(out, CHUNKED, "\r\n"), NETWORK, ""),
    attack(
        "a chunk that is longer than it says",
        |out| out.say(format!("{CHUNKED}2\r\n{BUILD}\r\n0\r\n\r\n")),
        NETWORK,
        "",
    ),
    attack(
        "endless trailers",
        |out| endless(out, &format!("{CHUNKED}{}", unfinished(BUILD)), "X: y\r\n"),
        NETWORK,
        "",
    ),
    attack(
        "an endless trailer",
        |out| endless(out, &format!("{CHUNKED}{}X: ", unfinished(BUILD)), "y"),
        NETWORK,
        "",
    ),
];
