//! What has to hold for any bytes at all: one function for each part of the library that reads what
//! others wrote. `fuzz/` looks for bytes for which it does not; the tests below go through those
//! that were worth keeping.

use std::io::Read;
use std::sync::LazyLock;
use std::time::SystemTime;

use serde_json::value::RawValue;

use crate::json::Fields;
use crate::multipart::Form;
use crate::package::{Refusal, inspect};
use crate::redact::Redactor;
use crate::retry::parse_retry_after;
use crate::source::Source;
use crate::storage::Said;
use crate::transport::{Answer, Proxies, Url, first_head};
use crate::types::{BuildInfo, Date, Envelope, UploadToken};

const SECRETS: [&str; 3] =
    ["s3cr3t-key-0123456789", "pä\"ss/word& long", "q-sign=ab;cd&q-ak=1234567890"];

fn redactor() -> Redactor {
    let mut redactor = Redactor::default();
    SECRETS.iter().for_each(|secret| redactor.add(secret));
    redactor
}

fn has_no_secret(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{text}");
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

/// The package check: it ends, and says no more than that this is a package or that it is none.
pub fn package(data: &[u8]) {
    let read = |buffer: &mut [u8], offset: u64| {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        data.get(start..).unwrap_or_default().read(buffer)
    };
    for extension in ["", "apk", "hsp", "aab"] {
        match inspect(&read, data.len() as u64, extension) {
            Err(Refusal::Io(error)) => panic!("no reading failed, and yet: {error}"),
            Err(Refusal::Package { problem, .. }) => assert!(!problem.is_empty()),
            Ok(_) => assert!(data.windows(4).any(|bytes| bytes == b"PK\x05\x06")),
        }
    }
}

/// Answers of the API: what comes out of them is JSON where it was, on one line, without secrets.
pub fn answers(data: &[u8]) {
    let Some(envelope) = Envelope::parse(200, data) else { return };
    has_no_secret(&redactor().clean(&envelope.message));
    assert!(is_json(&envelope.data));
    let cleaned = redactor().clean_build(&envelope.data);
    assert!(is_json(&cleaned), "{cleaned}");
    if let Some(build) = Fields::parse(&cleaned).and_then(BuildInfo::from_fields) {
        check_build(&build);
    }
    if let Ok(token) = UploadToken::parse(&redactor().clean_token(&envelope.data)) {
        check_token(&token);
    }
}

/// What ends a line of JSON or can't be in it.
fn is_break(c: char) -> bool {
    c.is_ascii_control() && c != '\u{7f}'
}

fn check_build(build: &BuildInfo) {
    let json = build.to_json();
    assert!(is_json(&json) && !json.contains(is_break), "{json}");
    has_no_secret(&json);
    for text in [&build.name, &build.version, &build.qr_code_url, &build.update_description] {
        has_no_secret(text);
    }
    for url in [build.install_url(), build.icon_url()].into_iter().flatten() {
        assert!(Url::parse(&url).is_ok(), "{url}");
    }
}

fn check_token(token: &UploadToken) {
    let json = token.expose_json();
    assert!(!json.contains(is_break), "{json}");
    let again = UploadToken::parse(json).expect("what was a token still is one");
    assert_eq!((again.key(), again.endpoint()), (token.key(), token.endpoint()));
    assert_eq!(again.params, token.params);
    let shown = format!("{token:?}");
    for secret in token.secrets().filter(|secret| secret.len() > 16) {
        let is_elsewhere = [token.key(), token.endpoint()].iter().any(|it| it.contains(secret));
        let is_a_name = token.params.iter().any(|(name, _)| name.contains(secret));
        assert!(is_elsewhere || is_a_name || !shown.contains(secret), "{shown}");
    }
}

/// The storage's answers: the first two bytes are the status, the rest is the body.
pub fn storage(data: &[u8]) {
    let Some((status, body)) = data.split_first_chunk() else { return };
    let answer = Answer {
        status: u16::from_le_bytes(*status),
        content_type: None,
        retry_after: None,
        crc64: None,
        location: None,
        request_id: Some(SECRETS.join(" ")),
        body: body.to_vec(),
        all_sent: true,
        is_early: false,
    };
    let said = Said::from(&answer);
    let details = said.cleaned(&redactor()).details();
    has_no_secret(&details);
    assert!(!said.is_expired() || !details.is_empty());
}

/// The early-answer reader: a head is found when its last byte has come, and not before, and any
/// number of interim ones comes to an end.
pub fn heads(data: &[u8]) {
    let mut rest = data;
    while let Some(head) = first_head(rest) {
        assert!(rest.get(..head.length).is_some_and(|bytes| bytes.ends_with(b"\n")));
        let length = head.length;
        assert_eq!(first_head(&rest[..length]), Some(head));
        assert_eq!(first_head(&rest[..length - 1]), None);
        let head = first_head(rest).expect("it was there");
        if !head.is_interim() {
            return;
        }
        rest = &rest[head.length..];
    }
}

/// Dates of the calendar and of HTTP.
pub fn dates(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(date) = text.parse::<Date>() {
        assert_eq!(date.to_string(), text);
    }
    let now = SystemTime::UNIX_EPOCH;
    if let Some(wait) = parse_retry_after(text, now) {
        assert_eq!(parse_retry_after(&format!(" {text} "), now), Some(wait));
    }
}

/// Proxies, `NO_PROXY` and URLs: a line for each variable, then a proxy, then URLs.
pub fn proxies(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (http, https, all, none, explicit) = (next(), next(), next(), next(), next());
    let variable = |name: &str| match name {
        "HTTP_PROXY" => Some(http.to_owned()),
        "HTTPS_PROXY" => Some(https.to_owned()),
        "ALL_PROXY" => Some(all.to_owned()),
        "NO_PROXY" => Some(none.to_owned()),
        _ => None,
    };
    let proxies = Proxies::from_variables(variable).and_then(|proxies| {
        if explicit.is_empty() { Ok(proxies) } else { proxies.with_proxy(explicit) }
    });
    match proxies {
        Err(error) => assert!(!error.report().contains('@'), "{error}"),
        Ok(proxies) => {
            // Entries of NO_PROXY are shown as they are.
            assert!(none.contains('@') || !format!("{proxies:?}").contains('@'), "{proxies:?}");
            lines.filter_map(|line| Url::parse(line).ok()).for_each(|url| {
                check_url(&url);
                let chosen = proxies.choose(&url);
                let direct = url.is_loopback() || none.trim() == "*";
                assert!(!direct || chosen.is_none(), "{url} {chosen:?}");
                assert!(chosen.is_none_or(|proxy| !proxy.to_string().contains('@')));
            });
        }
    }
}

fn check_url(url: &Url) {
    let shown = url.to_string();
    assert!(!shown.contains(['@', '?']) || url.has_query() || shown.contains("/"), "{shown}");
    let again = Url::parse(&shown).expect("what is shown is a URL");
    assert_eq!(
        (again.host(), again.port(), again.is_tls()),
        (url.host(), url.port(), url.is_tls())
    );
    assert!(!url.host().contains(['@', '/', '?', '#', ' ']), "{}", url.host());
}

/// The decoder has room for 1 KiB of a part's headers. Any name that a file can have is shorter.
const LONGEST_NAME: usize = 3 * 255;

/// A part of a form as a decoder sees it: name, file name, content.
type Part = (String, Option<String>, Vec<u8>);

/// Forms, against a decoder that is not ours (boundary, body): whatever goes in as names and values
/// comes out as one form with those values. `data` has a name and a value in turn, with U+001F
/// between them, and at the end the file's name.
pub fn form(data: &[u8], decode: fn(&str, &[u8]) -> Vec<Part>) {
    static FILE: LazyLock<Source> = LazyLock::new(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/cert.p12");
        Source::open(path).expect("the file is there")
    });
    let text = String::from_utf8_lossy(data);
    let pieces: Vec<&str> = text.split('\u{1f}').collect();
    let (fields, rest) = pieces.split_at(pieces.len() / 2 * 2);
    // The decoder ends a name at a semicolon, quotes or not.
    let name_of = |text: &str| text.replace(';', ",");
    let file_name = name_of(rest.first().copied().unwrap_or("app.apk"));
    let mut names = fields.iter().copied().step_by(2).chain([file_name.as_str()]);
    if names.any(|name| encoded(name).len() > LONGEST_NAME) {
        return;
    }
    let mut form = Form::new();
    let mut expected: Vec<Part> = Vec::new();
    for pair in fields.chunks_exact(2) {
        let (name, value) = (name_of(pair[0]), pair[1]);
        form.text(&name, value);
        expected.push((encoded(&name), None, value.as_bytes().to_vec()));
    }
    let mut body = form.body("file", &file_name, &FILE, &|_| {});
    let length = body.len();
    let mut bytes = Vec::new();
    body.read_to_end(&mut bytes).expect("the file can be read");
    assert_eq!(bytes.len() as u64, length);
    let content = std::fs::read(FILE.path()).expect("the file can be read");
    expected.push(("file".to_owned(), Some(encoded(&file_name)), content));
    let boundary = form.content_type();
    let boundary = boundary.strip_prefix("multipart/form-data; boundary=").expect("it has one");
    assert_eq!(decode(boundary, &bytes), expected);
}

/// What stands between quotes, by the rule and not by our code for it.
fn encoded(name: &str) -> String {
    let is_encoded = |c: char| c.is_control() || matches!(c, '"' | '\\');
    let encode = |c: char| match is_encoded(c) {
        true => c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect(),
        false => c.to_string(),
    };
    name.chars().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goes through the bytes that were kept for a target.
    fn replay(target: &str, property: impl Fn(&[u8])) {
        let folder = format!("{}/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
        assert!(files.len() >= 10, "{} inputs of {target}", files.len());
        for file in files {
            property(&std::fs::read(file.path()).unwrap());
        }
    }

    #[test]
    fn what_was_found_before_is_found_no_more() {
        replay("package", package);
        replay("answers", answers);
        replay("storage", storage);
        replay("heads", heads);
        replay("times", dates);
        replay("proxies", proxies);
        replay("form", |data| form(data, crate::decoder::decode));
    }
}
