//! Small texts that several modules write and read.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Percent-encodes all but the unreserved characters of RFC 3986.
pub(crate) fn percent_encode(text: &str) -> String {
    const RESERVED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, RESERVED).to_string()
}

/// `name=value` pairs as `application/x-www-form-urlencoded`.
pub(crate) fn form_urlencoded(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)))
        .collect();
    pairs.join("&")
}

/// The command of the program that takes up the wait for a build.
pub(crate) fn wait_command(key: &str) -> String {
    let end_of_options = if key.starts_with('-') { "-- " } else { "" };
    format!("pgyer status --wait {end_of_options}{}", shell_word(key))
}

/// A word that a POSIX shell takes as it is.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// What an entity of XML stands for, and its length, given what follows its `&`.
pub(crate) fn entity(text: &str) -> Option<(char, usize)> {
    const LONGEST: usize = 9;
    let end = text.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let c = match text.get(..end)? {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        number => numbered(number.strip_prefix('#')?)?,
    };
    Some((c, end.saturating_add(1)))
}

fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    char::from_u32(code.ok()?)
}

/// A text of XML with its entities undone.
pub(crate) fn without_entities(xml: &str) -> String {
    let mut parts = xml.split('&');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (c, length) = entity(part).unwrap_or(('&', 0));
        text.push(c);
        text.push_str(part.get(length..).unwrap_or_default());
    }
    text
}

/// 64 bits that nobody outside this process can foresee, from the system's source by way of the
/// standard library's hash keys.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0)
}

/// Whether a body is a web page: no API or storage sends one.
pub(crate) fn is_html(content_type: Option<&str>, body: &[u8]) -> bool {
    let says_so = |value: &str| {
        let value = value.to_ascii_lowercase();
        value.contains("text/html") || value.contains("application/xhtml")
    };
    if content_type.is_some_and(says_so) {
        return true;
    }
    let start = first_tag(body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body));
    let start = start.get(..start.len().min(16)).unwrap_or_default().to_ascii_lowercase();
    let starts: [&[u8]; 8] = [
        b"<!doctype html",
        b"<html",
        b"<head",
        b"<title",
        b"<body",
        b"<meta",
        b"<script",
        b"<style",
    ];
    starts.iter().any(|tag| start.starts_with(tag))
}

/// What follows the comments and the XML declaration at the start.
fn first_tag(mut body: &[u8]) -> &[u8] {
    loop {
        body = body.trim_ascii_start();
        let end: &[u8] = match body {
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            [b'<', b'?', ..] => b"?>",
            _ => return body,
        };
        let Some(at) = body.windows(end.len()).position(|bytes| bytes == end) else { return body };
        body = body.get(at.saturating_add(end.len())..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        let text = "a b&c=d;é%\r\n~";
        assert_eq!(percent_encode(text), "a%20b%26c%3Dd%3B%C3%A9%25%0D%0A~");
    }

    #[test]
    fn entities_stand_for_characters() {
        assert_eq!(
            without_entities("&lt;a&gt; &amp;lt; &quot;&apos;&#39;&#x4e2D;"),
            "<a> &lt; \"''中"
        );
        for same in ["", "a", "&", "&;", "&#;", "&#x110000;", "&nbsp;", "&amp", "é&é;&&"] {
            assert_eq!(without_entities(same), same);
        }
    }

    #[test]
    fn pairs_are_joined_as_a_form() {
        assert_eq!(form_urlencoded(&[]), "");
        assert_eq!(form_urlencoded(&[("a", "1&2"), ("b=", "")]), "a=1%262&b%3D=");
    }

    #[test]
    fn a_shell_takes_a_word_as_it_is() {
        for (text, word) in [
            ("a1-_./+@%", "a1-_./+@%"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", "'it'\\''s'"),
            ("$(x)", "'$(x)'"),
            ("应用", "'应用'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }

    #[test]
    fn a_key_is_no_option_of_the_command_that_waits() {
        assert_eq!(wait_command("abc"), "pgyer status --wait abc");
        assert_eq!(wait_command("-v"), "pgyer status --wait -- -v");
    }

    #[test]
    fn random_numbers_differ() {
        let numbers = [random(), random(), random()];
        assert!(numbers[0] != numbers[1] && numbers[1] != numbers[2], "{numbers:?}");
    }

    #[test]
    fn web_pages_are_known_by_type_or_start() {
        assert!(is_html(Some("text/html; charset=utf-8"), b""));
        assert!(is_html(None, b"\xEF\xBB\xBF\n <!DOCTYPE html><p>"));
        assert!(is_html(Some("application/xhtml+xml"), b"x"));
        for page in [
            "<HTML>",
            "<!-- a > b --><!DOCTYPE html><html>",
            "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"x\"><html>",
            "<?xml version=\"1.0\"?><!-- c --> <html xmlns=\"x\">",
            "<script>location='/login'</script>",
        ] {
            assert!(is_html(Some("text/plain"), page.as_bytes()), "{page}");
        }
        for other in ["<?xml version=\"1.0\"?><Error/>", "<!-- <html>", "<?xml <html>", "x<html>"] {
            assert!(!is_html(None, other.as_bytes()), "{other}");
        }
        assert!(!is_html(Some("application/xml"), b"<Error><Code>AccessDenied</Code>"));
        assert!(!is_html(None, b""));
    }
}
