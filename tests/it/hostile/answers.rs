//! Answers that never end, are not what they claim to be, or are hard to parse.

use std::io;
use std::sync::Mutex;

use tempfile::TempDir;

use super::framing::{BODIES, HEADS};
use super::words::WORDS;
use super::{
    Attack, DONE, NETWORK, Out, STORAGE, Villain, all_well, attack, complaints, impatient, measured,
};
use crate::support::raw_server::http;
use crate::support::relay::{Authority, Relay};
use crate::support::{data, for_each};

pub(super) const OK: &str = "HTTP/1.1 200 OK\r\n";
pub(super) const BUILD: &str = r#"{"code":0,"message":"","data":{"buildKey":"b","buildName":"n"}}"#;

pub(super) fn json(body: &str) -> String {
    http("200 OK", "Content-Type: application/json\r\n", body)
}

pub(super) const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

pub(super) fn endless(out: &mut Out<'_>, start: &str, more: &str) -> io::Result<()> {
    out.say(start)?;
    out.say_for_ever(more)
}

pub(super) fn chunked(body: &str) -> String {
    unfinished(body) + "\r\n"
}

/// A chunked body without the last line.
pub(super) fn unfinished(body: &str) -> String {
    format!("{:x}\r\n{body}\r\n0\r\n", body.len())
}

#[test]
fn answers_of_the_api() {
    let framed = HEADS.iter().chain(BODIES).map(|attack| (attack, "json"));
    let said = WORDS.iter().flat_map(|attack| [(attack, "json"), (attack, "text")]);
    let wrong = Mutex::new(Vec::new());
    for_each(&framed.chain(said).collect::<Vec<_>>(), |_, (attack, format)| {
        let villain = Villain::start(attack.serve);
        let mut command = impatient(&["status", "--retries=0", "k", "--format", format]);
        command.env("PGYER_API_URL", villain.api_url());
        let ended = measured(&mut command);
        let what = format!("{} ({format})", attack.name);
        wrong.lock().unwrap().extend(complaints(&what, attack.code, attack.says, &ended));
        assert!(!villain.heard_the_key_elsewhere(), "{what}");
    });
    all_well(wrong);
}

#[test]
fn answers_of_the_api_behind_tls() {
    let (wrong, folder) = (Mutex::new(Vec::new()), TempDir::new().unwrap());
    let authority = Authority::usual().file(folder.path());
    // What an answer says is the same behind TLS.
    let framed: Vec<&Attack> = HEADS.iter().chain(BODIES).collect();
    for_each(&framed, |_, attack| {
        let (villain, relay) = (Villain::start(attack.serve), Relay::usual());
        relay.lead_to(villain.addr);
        let mut command = impatient(&["status", "--retries=0", "k", "--json"]);
        command.env("PGYER_API_URL", format!("{}/apiv2", relay.url()));
        let ended = measured(command.arg(relay.pin()).arg("--ca-file").arg(&authority));
        let what = format!("{} (TLS)", attack.name);
        wrong.lock().unwrap().extend(complaints(&what, attack.code, attack.says, &ended));
    });
    all_well(wrong);
}

/// An answer to a form.
const TO_THE_FORM: &[Attack] = &[
    attack("well", |out| out.say("HTTP/1.1 204 X\r\n\r\n"), DONE, ""),
    attack(
        "endless headers",
        |out| endless(out, "HTTP/1.1 204 X\r\n", "X: y\r\n"),
        NETWORK,
        "head",
    ),
    attack(
        "endless interim answers",
        |out| endless(out, "", "HTTP/1.1 100 Continue\r\n\r\n"),
        NETWORK,
        "",
    ),
    attack(
        "a body of 204",
        |out| endless(out, "HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\n", "x"),
        DONE,
        "",
    ),
    attack(
        "endless XML",
        |out| endless(out, "HTTP/1.1 403 X\r\n\r\n<Error><Code>", "x"),
        STORAGE,
        "403",
    ),
    attack(
        "many codes",
        |out| endless(out, "HTTP/1.1 403 X\r\n\r\n", "<Code>a</Code>"),
        STORAGE,
        "403",
    ),
    attack(
        "a code of a megabyte",
        |out| {
            let code = "x".repeat(1_000_000);
            out.say(http("403 X", "", &format!("<Error><Code>{code}</Code></Error>")))
        },
        STORAGE,
        "403",
    ),
    attack(
        "entities",
        |out| {
            let text = "&amp;".repeat(200_000);
            out.say(http(
                "403 X",
                "",
                &format!("<Error><Code>C</Code><Message>{text}</Message></Error>"),
            ))
        },
        STORAGE,
        "403",
    ),
    attack(
        "an entity that grows",
        |out| {
            let body = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><Error><Code>&b;</Code></Error>";
            out.say(http("403 X", "", body))
        },
        STORAGE,
        "403",
    ),
    attack("deep XML", |out| out.say(http("403 X", "", &"<Code>".repeat(150_000))), STORAGE, "403"),
    attack(
        "XML with NULs",
        |out| out.say(http("403 X", "", "<Code>\0</Code><Message>\0\0</Message>")),
        STORAGE,
        "403",
    ),
    attack(
        "a checksum that is none",
        |out| out.say("HTTP/1.1 204 X\r\nx-cos-hash-crc64ecma: x\r\n\r\n"),
        STORAGE,
        "CRC-64",
    ),
    attack(
        "a checksum beyond 64 bits",
        |out| out.say("HTTP/1.1 204 X\r\nx-cos-hash-crc64ecma: 99999999999999999999\r\n\r\n"),
        STORAGE,
        "CRC-64",
    ),
    attack(
        "a checksum of 50,000 digits",
        |out| {
            out.say(format!(
                "HTTP/1.1 204 X\r\nx-cos-hash-crc64ecma: {}\r\n\r\n",
                "1".repeat(50_000)
            ))
        },
        STORAGE,
        "CRC-64",
    ),
    attack("an endless success", |out| endless(out, "HTTP/1.1 200 X\r\n\r\n", "x"), DONE, ""),
    attack(
        "an endless refusal in chunks",
        |out| {
            endless(out, "HTTP/1.1 403 X\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\n<Code\r\n")
        },
        STORAGE,
        "403",
    ),
    attack(
        "endless trailers",
        |out| endless(out, "HTTP/1.1 403 X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"),
        STORAGE,
        "403",
    ),
    attack(
        "a redirect to a file",
        |out| out.say(http("302 X", "Location: file:///etc/passwd\r\n", "")),
        NETWORK,
        "redirects",
    ),
    attack("garbage", |out| endless(out, "\x16\x03\x01", "\0"), NETWORK, ""),
    attack("nothing", |_| Ok(()), NETWORK, ""),
];

#[test]
fn answers_of_the_storage() {
    let wrong = Mutex::new(Vec::new());
    for_each(TO_THE_FORM, |_, attack| {
        for legacy in [false, true] {
            let villain = Villain::start(attack.serve);
            let folder = TempDir::new().unwrap();
            let mut command = impatient(&["--retries=0", "--json"]);
            command.env("PGYER_API_URL", villain.api_url());
            if legacy {
                command.args(["upload", "--legacy"]);
            } else {
                let token = folder.path().join("t.json");
                let endpoint = format!("http://{}/", villain.addr);
                let json = format!(r#"{{"key":"k","endpoint":"{endpoint}","params":{{"a":"b"}}}}"#);
                std::fs::write(&token, json).unwrap();
                command.arg("put").arg("--token").arg(token);
            }
            let ended = measured(command.arg(data("app.apk")));
            // An answer that is not the API's may mean anything.
            let (code, says) = if legacy {
                (NETWORK, "may have been published")
            } else {
                (attack.code, attack.says)
            };
            let what = format!("{} (legacy {legacy})", attack.name);
            wrong.lock().unwrap().extend(complaints(&what, code, says, &ended));
            assert!(!villain.heard_the_key_elsewhere(), "{what}");
        }
    });
    all_well(wrong);
}
