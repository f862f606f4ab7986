//! What must hold for any bytes whatsoever: one function for each part of the library that reads
//! input from outside. It is compiled into the library, whose internals it needs, for its tests and
//! for fuzzing alone.

#[cfg(test)]
mod replay;

use std::io::Read;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use rustls::pki_types::{CertificateDer, UnixTime};
use serde_json::value::RawValue;

use crate::discover::key_in;
use crate::json::Fields;
use crate::multipart::{Form, FormFile};
use crate::package::{Refusal, inspect, read_as};
use crate::redact::Redactor;
use crate::retry::parse_retry_after;
use crate::source::Source;
use crate::storage::StorageError;
use crate::transport::certificate::Certificate;
use crate::transport::{Answer, Proxies, Url, heads};
use crate::types::{BuildInfo, Date, Envelope, UploadToken};

const SECRETS: [&str; 3] =
    ["s3cr3t-key-0123456789", "pä\"ss/word& long", "q-sign=ab;cd&q-ak=1234567890"];

const API_KEY: &str = SECRETS[0];

fn redactor() -> Redactor {
    let mut redactor = Redactor::default();
    SECRETS.iter().for_each(|secret| redactor.add(secret));
    redactor.add_api_key(API_KEY);
    redactor
}

fn has_no_secret(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{text}");
    }
}

fn has_no_api_key(text: &str) {
    assert!(!text.contains(API_KEY), "{text}");
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

/// Configuration files of the official clients: a key is a single word that stands in the file, and
/// no message has more of the file than its name.
pub fn configuration(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match key_in("FILE", text) {
        Ok(None) => {}
        Ok(Some(key)) => {
            let key = key.expose();
            assert!(!key.is_empty() && !key.contains(char::is_whitespace));
            let names = ["apiKey", "PGYER_API_KEY", "api_key", "\\"];
            assert!(names.iter().any(|name| text.contains(name)), "{text}");
        }
        Err(error) => {
            let said = error.report();
            assert!(said.starts_with("FILE: ") && said.len() < 200, "{said}");
            assert!(!said.contains(char::is_control), "{said:?}");
        }
    }
}

/// Each reader of a part of a package ends, with facts or without. The first byte names the reader.
pub fn readers(data: &[u8]) {
    if let Some((format, bytes)) = data.split_first() {
        read_as(*format, bytes);
    }
}

/// The package check always ends, either with a package or with a reason why it is not one.
pub fn package(data: &[u8]) {
    let read = |buffer: &mut [u8], offset: u64| {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        data.get(start..).unwrap_or_default().read(buffer)
    };
    for extension in ["", "apk", "hsp", "aab"] {
        match inspect(&read, data.len() as u64, extension) {
            Err(Refusal::Io(error)) => panic!("reading never fails here: {error}"),
            Err(Refusal::Package { problem, .. }) => assert!(!problem.is_empty()),
            Ok(_) => assert!(data.windows(4).any(|bytes| bytes == b"PK\x05\x06")),
        }
    }
}

/// Answers of the API: what was JSON stays JSON, on one line, and loses its secrets.
pub fn answers(data: &[u8]) {
    let Some(envelope) = Envelope::parse(200, data) else { return };
    has_no_secret(&redactor().clean(&envelope.message));
    assert!(is_json(&envelope.data));
    let cleaned = redactor().clean_build(&envelope.data);
    assert!(is_json(&cleaned), "{cleaned}");
    if let Some(build) = Fields::parse(&cleaned).and_then(BuildInfo::from_fields) {
        check_build(&build);
    }
    if let Ok(token) = UploadToken::parse(&envelope.data) {
        check_token(&token);
        let cleaned = redactor().clean_token(token.expose_json());
        assert!(is_json(&cleaned), "{cleaned}");
        has_no_api_key(&cleaned);
    }
}

/// Whether a character would break a line of JSON. DEL is the one control that JSON allows.
fn is_break(c: char) -> bool {
    c.is_ascii_control() && c != '\u{7f}'
}

fn check_build(build: &BuildInfo) {
    let json = build.to_json();
    assert!(is_json(&json) && !json.contains(is_break), "{json}");
    has_no_api_key(&json);
    for text in [&build.name, &build.version, &build.qr_code_url, &build.update_description] {
        has_no_api_key(text);
    }
    for url in [build.install_url(), build.icon_url()].into_iter().flatten() {
        assert!(Url::parse(&url).is_ok(), "{url}");
    }
}

fn check_token(token: &UploadToken) {
    let json = token.expose_json();
    assert!(!json.contains(is_break), "{json}");
    let again = UploadToken::parse(json).expect("a token's own JSON is a token");
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
        headers: vec![("x-cos-request-id".to_owned(), SECRETS.join(" "))],
        body: body.to_vec(),
        all_sent: true,
        is_early: false,
    };
    let said = StorageError::read(&answer);
    let details = said.cleaned(&redactor()).details();
    has_no_secret(&details);
    assert!(!said.is_expired() || !details.is_empty());
}

/// The reader of early answers finds a head exactly when its last byte has arrived, and any number
/// of interim heads comes to an end.
pub fn heads(data: &[u8]) {
    let mut rest = data;
    while let Some(head) = heads::first(rest) {
        assert!(rest.get(..head.length).is_some_and(|bytes| bytes.ends_with(b"\n")));
        let length = head.length;
        assert_eq!(heads::first(&rest[..length]), Some(head));
        assert_eq!(heads::first(&rest[..length - 1]), None);
        let head = heads::first(rest).expect("it was found before");
        if !head.is_interim() {
            return;
        }
        rest = &rest[head.length..];
    }
}

/// Certificates: what `rustls-webpki` can read has the same times here, and is an authority's only
/// if it is one there.
pub fn certificates(data: &[u8]) {
    use webpki::Error::{CertExpired, CertNotValidYet, InvalidCertValidity, UnknownIssuer};
    let Some(read) = Certificate::parse(data) else { return };
    let der = CertificateDer::from(data);
    let Ok(server) = webpki::EndEntityCert::try_from(&der) else { return };
    let verify_at = |seconds| {
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let usage = webpki::KeyUsage::server_auth();
        server
            .verify_for_usage(&[], &[], &[], time, usage, None, None)
            .map(drop)
            .expect_err("nobody")
    };
    let (from, until) = (read.not_before.as_secs(), read.not_after.as_secs());
    if from > until {
        assert_eq!(verify_at(from), InvalidCertValidity);
        return;
    }
    if from > 0 {
        let not_yet = verify_at(from - 1);
        assert!(
            matches!(not_yet, CertNotValidYet { not_before, .. } if not_before == read.not_before)
        );
    }
    let expired = verify_at(until + 1);
    assert!(matches!(expired, CertExpired { not_after, .. } if not_after == read.not_after));
    // With nobody to trust, this is what remains to be said of a server's certificate.
    assert!(!read.is_authority || verify_at(from) != UnknownIssuer);
}

/// Calendar dates and `Retry-After`: a date prints as it was read, and blanks change nothing.
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

/// Proxies, `NO_PROXY` and URLs: nothing shown has credentials, and loopback needs no proxy. The
/// data is one line for each variable, one for `--proxy`, then one for each URL.
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
    let proxies = Proxies::from_variables(variable);
    let proxies = if explicit.is_empty() { Ok(proxies) } else { proxies.with_proxy(explicit) };
    match proxies {
        Err(error) => assert!(!error.report().contains('@'), "{error}"),
        Ok(proxies) => {
            // Entries of NO_PROXY are no secrets and are shown verbatim.
            assert!(none.contains('@') || !format!("{proxies:?}").contains('@'), "{proxies:?}");
            lines.filter_map(|line| Url::parse(line).ok()).for_each(|url| {
                check_url(&url);
                check_choice(&proxies, &url, none.trim() == "*");
            });
        }
    }
}

fn check_choice(proxies: &Proxies, url: &Url, all_direct: bool) {
    match proxies.choose(url) {
        Ok(None) => {}
        _ if url.is_loopback() || all_direct => panic!("{url} needs no proxy"),
        Ok(Some(proxy)) => assert!(!proxy.to_string().contains('@'), "{proxy}"),
        Err(error) => assert!(!error.report().contains('@'), "{error}"),
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

/// The decoder accepts at most 1 KiB of headers for each part; no file's name is that long.
const LONGEST_NAME: usize = 3 * 255;

/// A form as it goes out, and the parts that an independent decoder must find in it: name, file
/// name and content of each. The decoder is the caller's: a library built for fuzzing has none.
pub struct Written {
    pub boundary: String,
    pub body: Vec<u8>,
    pub parts: Vec<(String, Option<String>, Vec<u8>)>,
}

/// Forms: a decoder reads exactly the names and values that went in. `data` alternates names and
/// values, separated by U+001F, and ends with the file's name. `None` if a name is too long for the
/// decoder.
pub fn form(data: &[u8]) -> Option<Written> {
    static FILE: LazyLock<Source> = LazyLock::new(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/cert.p12");
        Source::open(path).expect("the file is there")
    });
    // The decoder ends a name at a semicolon, even within quotes.
    let name_of = |text: &str| text.replace(';', ",");
    let text = String::from_utf8_lossy(data);
    let pieces: Vec<&str> = text.split('\u{1f}').collect();
    let (fields, rest) = pieces.split_at(pieces.len() / 2 * 2);
    let file_name = name_of(rest.first().copied().unwrap_or("app.apk"));
    let mut form = Form::new();
    let mut parts = Vec::new();
    for pair in fields.chunks_exact(2) {
        let (name, value) = (name_of(pair[0]), pair[1]);
        form.text(&name, value);
        parts.push((encoded(&name), None, value.as_bytes().to_vec()));
    }
    let content = std::fs::read(FILE.path()).expect("the file can be read");
    parts.push(("file".to_owned(), Some(encoded(&file_name)), content));
    let names = parts.iter().map(|(name, file_name, _)| file_name.as_ref().unwrap_or(name));
    if names.map(String::len).any(|length| length > LONGEST_NAME) {
        return None;
    }
    let file = FormFile { name: file_name.clone(), ..FormFile::new("file", &FILE) };
    let mut outgoing = form.body(&file, &|_| {});
    let length = outgoing.len();
    let mut body = Vec::new();
    outgoing.read_to_end(&mut body).expect("the file can be read");
    assert_eq!(body.len() as u64, length);
    let content_type = form.content_type();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=");
    Some(Written { boundary: boundary.expect("it names its boundary").to_owned(), body, parts })
}

/// A name as it stands between quotes, spelled out here so that the code under test is not its own
/// measure.
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
    use super::replay::replay;
    use super::*;

    #[test]
    fn the_corpora_hold() {
        replay("package", package);
        replay("readers", readers);
        replay("answers", answers);
        replay("storage", storage);
        replay("heads", heads);
        replay("certificates", certificates);
        replay("times", dates);
        replay("configuration", configuration);
        replay("proxies", proxies);
        replay("form", |data| {
            let Some(form) = form(data) else { return };
            assert_eq!(crate::decoder::decode(&form.boundary, &form.body), form.parts);
        });
    }
}
