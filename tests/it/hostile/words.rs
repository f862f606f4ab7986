//! Answers to `buildInfo` that are hard to parse.

use super::answers::{BUILD, OK, endless, json};
use super::{API, Attack, DONE, KEY, NETWORK, attack};

pub(super) const WORDS: &[Attack] = &[
    attack("well", |out| out.say(json(BUILD)), DONE, ""),
    attack(
        "a page of a gateway without end",
        |out| endless(out, "HTTP/1.1 502 X\r\nContent-Type: text/html\r\n\r\n<html>", "<p>"),
        NETWORK,
        "web page",
    ),
    attack("NUL in the body", |out| out.say(json(&format!("{BUILD}\0"))), NETWORK, ""),
    attack("NULs in the body", |out| out.say(json(&"\0".repeat(100_000))), NETWORK, ""),
    attack(
        "no UTF-8",
        |out| {
            out.say(format!("{OK}Content-Length: 22\r\n\r\n"))?;
            out.say(b"{\"code\":0,\"data\":\"\xff\xfe\"}")
        },
        NETWORK,
        "",
    ),
    attack(
        "compressed without being asked",
        |out| {
            out.say(format!("{OK}Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n"))?;
            out.say(b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0")
        },
        NETWORK,
        "",
    ),
    attack("deep arrays", |out| out.say(json(&nested("[", "]"))), API, "no build"),
    attack("deep objects", |out| out.say(json(&nested("{\"a\":", "}"))), DONE, ""),
    attack("deep and open", |out| out.say(json(&"[".repeat(1_000_000))), NETWORK, ""),
    attack(
        "deep within a build",
        |out| {
            let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
            out.say(json(&format!(r#"{{"code":0,"data":{{"buildName":"n","deep":{deep}}}}}"#)))
        },
        DONE,
        "",
    ),
    attack(
        "deep instead of a name",
        |out| {
            let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
            out.say(json(&format!(r#"{{"code":0,"data":{{"buildName":{deep},"buildKey":"b"}}}}"#)))
        },
        DONE,
        "",
    ),
    attack(
        "a code beyond 64 bits",
        |out| out.say(json(r#"{"code":99999999999999999999,"data":{}}"#)),
        NETWORK,
        "JSON",
    ),
    attack(
        "a code with a fraction",
        |out| out.say(json(r#"{"code":0.5,"data":{}}"#)),
        NETWORK,
        "JSON",
    ),
    attack("a code of 1e999", |out| out.say(json(r#"{"code":1e999,"data":{}}"#)), NETWORK, "JSON"),
    attack(
        "a code of -0",
        |out| out.say(json(&BUILD.replace("\"code\":0", "\"code\":-0"))),
        DONE,
        "",
    ),
    attack(
        "the least code",
        |out| out.say(json(r#"{"code":-9223372036854775808}"#)),
        API,
        "-9223372036854775808",
    ),
    attack(
        "a number of a million digits",
        |out| out.say(json(&format!(r#"{{"code":{}}}"#, "9".repeat(1_000_000)))),
        NETWORK,
        "JSON",
    ),
    attack(
        "numbers beyond 64 bits in a build",
        |out| {
            let numbers = r#""buildFileSize":99999999999999999999,"buildType":1e999,"buildBuildVersion":"-99999999999999999999","x":1e-999"#;
            out.say(json(&format!(r#"{{"code":0,"data":{{"buildKey":"b",{numbers}}}}}"#)))
        },
        DONE,
        "",
    ),
    attack(
        "two codes, the first good",
        |out| out.say(json(&BUILD.replace("\"code\":0", "\"code\":0,\"code\":1009"))),
        DONE,
        "",
    ),
    attack(
        "two codes, the first bad",
        |out| out.say(json(&BUILD.replace("\"code\":0", "\"code\":1009,\"code\":0"))),
        API,
        "1009",
    ),
    attack(
        "two builds",
        |out| out.say(json(r#"{"code":0,"data":{"buildKey":"b","buildKey":"c"},"data":5}"#)),
        DONE,
        "",
    ),
    attack(
        "many names",
        |out| {
            out.say(json(&format!(
                r#"{{"code":0,"data":{{"buildKey":"b"{}}}}}"#,
                ",\"\":1".repeat(190_000)
            )))
        },
        API,
        "no build",
    ),
    attack(
        "many names around",
        |out| out.say(json(&format!(r#"{{"code":0{},"data":{{}}}}"#, ",\"\":1".repeat(190_000)))),
        NETWORK,
        "JSON",
    ),
    attack(
        "a message of a megabyte",
        |out| out.say(json(&format!(r#"{{"code":1009,"message":"{}"}}"#, "x".repeat(1_000_000)))),
        API,
        "1009",
    ),
    attack(
        "a message of escapes",
        |out| {
            out.say(json(&format!(r#"{{"code":1009,"message":"{}"}}"#, "\\u001b".repeat(170_000))))
        },
        API,
        "1009",
    ),
    attack(
        "a name of a megabyte",
        |out| {
            out.say(json(&format!(
                r#"{{"code":0,"data":{{"buildName":"{}"}}}}"#,
                "x".repeat(1_000_000)
            )))
        },
        DONE,
        "",
    ),
    attack(
        "a megabyte of quotes",
        |out| {
            out.say(json(&format!(
                r#"{{"code":0,"data":{{"buildName":"{}"}}}}"#,
                "\\\"".repeat(500_000)
            )))
        },
        DONE,
        "",
    ),
    attack(
        "more than is read",
        |out| {
            out.say(json(&format!(
                r#"{{"code":0,"data":{{"buildName":"{}"}}}}"#,
                "x".repeat(1 << 20)
            )))
        },
        NETWORK,
        "JSON",
    ),
    attack(
        "the key in pieces",
        |out| {
            let message = KEY.repeat(50_000);
            out.say(json(&format!(r#"{{"code":1009,"message":"{message}"}}"#)))
        },
        API,
        "***",
    ),
    attack(
        "what is nearly the key",
        |out| {
            let message = KEY[..KEY.len() - 1].repeat(50_000);
            out.say(json(&format!(r#"{{"code":1009,"message":"{message}"}}"#)))
        },
        API,
        "1009",
    ),
    attack(
        "Retry-After without end",
        |out| {
            out.say(format!(
                "HTTP/1.1 503 X\r\nRetry-After: {}\r\nContent-Length: 0\r\n\r\n",
                "9".repeat(50_000)
            ))
        },
        NETWORK,
        "503",
    ),
];

/// An answer whose data is 100,000 deep.
fn nested(open: &str, close: &str) -> String {
    const DEPTH: usize = 100_000;
    format!(r#"{{"code":0,"data":{}1{}}}"#, open.repeat(DEPTH), close.repeat(DEPTH))
}
