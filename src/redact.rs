//! Keeps secrets out of texts, as they are or as URLs, JSON, XML, base64 and hexadecimal digits write
//! them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::{json, xml};

/// What stands in the place of a secret.
pub(crate) const HIDDEN: &str = "***";

/// By so many characters a secret is known; what follows goes with them. So no pair of a long
/// secret and a long text takes long to compare.
const KNOWN_BY: usize = 64;

/// Of secrets this long the case of their letters does not matter.
const LONG: usize = 8;

/// Secrets shorter than this stay within the values of a build. They would tear others apart, such
/// as a year out of each date.
const SHORT: usize = 6;

/// A secret this long is not met by chance, whatever it is made of.
const UNMISTAKABLE: usize = 12;

/// So many backslashes before a character make it one that was escaped several times over. More are
/// not counted: a text may consist of them.
const MOST_SLASHES: usize = 16;

/// The most that is repeated of what a server says.
const LONGEST: usize = 8 * 1024;

/// The secrets that a job has to do with, to be taken out of whatever is said about it.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    /// Longest first, so that a secret within another leaves nothing of the longer one.
    secrets: Vec<String>,
    api_key: String,
}

impl Redactor {
    /// Adds a secret, and what it is in other alphabets.
    pub(crate) fn add(&mut self, secret: &str) {
        // Of what is longer than any real one, whole megabytes, only the text itself.
        let short = if secret.len() <= LONGEST { secret } else { "" };
        let base64 = within_base64(short).chain([STANDARD_NO_PAD.encode(short)]);
        let base64 = base64.flat_map(|digits| [digits.replace('+', "-").replace('/', "_"), digits]);
        let hex: String = short.bytes().map(|byte| format!("{byte:02x}")).collect();
        let hex = Some(hex).filter(|digits| digits.len() >= LONG);
        // A server may have trimmed it.
        let bare = [secret.to_owned(), secret.trim().to_owned()];
        for form in base64.chain(hex).chain(bare) {
            if !form.is_empty() && !self.secrets.contains(&form) {
                self.secrets.push(form);
            }
        }
        self.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// Adds the API key, which is no word that people choose.
    pub(crate) fn add_api_key(&mut self, key: &str) {
        key.clone_into(&mut self.api_key);
        self.add(key);
    }

    /// What a server says, with `***` in the place of each secret.
    pub(crate) fn clean(&self, text: &str) -> String {
        let mut cleaned = replaced(text, self.secrets.iter().map(String::as_str).collect());
        if cleaned.len() > LONGEST {
            // Only now: half a secret could not be told from another text.
            cleaned = cleaned.chars().take(LONGEST).chain(['…']).collect();
        }
        cleaned
    }

    /// What the API says about a build, as JSON, without the secrets in it. A password may be a
    /// word or a date that the app's name, its address or a name of a field has too: there it stays.
    pub(crate) fn clean_build(&self, json: &str) -> String {
        self.clean_strings(json, |secret| {
            secret.len() >= UNMISTAKABLE
                || secret.len() >= SHORT && (secret == self.api_key || is_mixed(secret))
        })
    }

    /// The API's token, as JSON, without the secrets that have no place in it. All of it is sent or
    /// decides something, so nothing goes that may be meant.
    pub(crate) fn clean_token(&self, json: &str) -> String {
        self.clean_strings(json, |secret| secret.len() >= UNMISTAKABLE)
    }

    fn clean_strings(&self, json: &str, goes: impl Fn(&str) -> bool) -> String {
        let secrets = self.secrets.iter().map(String::as_str);
        let secrets: Vec<&str> = secrets.filter(|secret| goes(secret)).collect();
        json::map_strings(json, |text| {
            let cleaned = replaced(text, secrets.clone());
            (cleaned != text).then_some(cleaned)
        })
    }
}

/// Whether letters and something else are in it: neither a word nor a number nor a date.
fn is_mixed(secret: &str) -> bool {
    secret.contains(char::is_alphabetic) && !secret.chars().all(char::is_alphabetic)
}

/// The digits that stand for a secret and nothing else in the base64 of a longer text. They differ
/// with its place in it, of which there are three.
fn within_base64(secret: &str) -> impl Iterator<Item = String> {
    (0..3).filter_map(|before| {
        let bytes = [vec![0; before], secret.as_bytes().to_vec()].concat();
        let whole_digits = bytes.len().saturating_mul(8) / 6;
        let digits = STANDARD_NO_PAD.encode(bytes);
        let own = digits.get(before.saturating_mul(8).div_ceil(6)..whole_digits)?;
        // A few digits can be met by chance.
        (own.len() >= LONG).then(|| own.to_owned())
    })
}

fn replaced(text: &str, secrets: Vec<&str>) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let may_begin = |secret: &&&str| {
            let same = |first: char| first.eq_ignore_ascii_case(&c);
            matches!(c, '%' | '\\' | '&' | '+') || secret.chars().next().is_some_and(same)
        };
        let mut candidates = secrets.iter().filter(may_begin);
        let length = match candidates.find_map(|secret| spelled(rest, secret)) {
            Some(length) => {
                cleaned.push_str(HIDDEN);
                length
            }
            None => {
                cleaned.push(c);
                c.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    cleaned
}

/// The length of the secret at the start of the text, as it is or with any of its characters
/// written as URLs, JSON or XML write them, once or twice.
fn spelled(text: &str, secret: &str) -> Option<usize> {
    if text.starts_with(secret) {
        return Some(secret.len());
    }
    [1, 2].into_iter().find_map(|depth| escaped_text(text, secret, depth))
}

fn escaped_text(text: &str, secret: &str, depth: usize) -> Option<usize> {
    let any_case = secret.len() >= LONG;
    let mut length = 0;
    for (count, c) in secret.chars().enumerate() {
        let rest = text.get(length..)?;
        match escaped(rest, c, depth).or_else(|| plain(rest, c, any_case)) {
            Some(more) => length = length.saturating_add(more),
            None if count >= KNOWN_BY => break,
            None => return None,
        }
    }
    Some(length)
}

fn plain(text: &str, c: char, any_case: bool) -> Option<usize> {
    let found = text.chars().next()?;
    let same = found == c || any_case && found.eq_ignore_ascii_case(&c);
    same.then(|| found.len_utf8())
}

/// The length of an escape at the start of the text, if it stands for this character. How often it
/// was escaped has to be known for the characters alone that escapes begin with.
fn escaped(text: &str, c: char, depth: usize) -> Option<usize> {
    let of_escapes = match c {
        '%' => format!("%{}", "25".repeat(depth)),
        '&' => format!("&{}", "amp;".repeat(depth)),
        '\\' => "\\\\".repeat(depth),
        _ => String::new(),
    };
    if !of_escapes.is_empty() && text.starts_with(&of_escapes) {
        return Some(of_escapes.len());
    }
    match text.bytes().next()? {
        b'%' => {
            let mut buffer = [0; 4];
            let mut bytes = c.encode_utf8(&mut buffer).bytes();
            bytes.try_fold(0_usize, |length, byte| {
                let more = percent_escaped(text.get(length..)?, byte)?;
                Some(length.saturating_add(more))
            })
        }
        b'\\' => json_escaped(text, c),
        b'&' => entity(text, c),
        b'+' if c == ' ' => Some(1),
        _ => None,
    }
}

/// `%2F`, and what becomes of it when that is escaped again, and again: `%252F`.
fn percent_escaped(text: &str, byte: u8) -> Option<usize> {
    let digits = format!("{byte:02x}");
    let mut rest = text.strip_prefix('%')?;
    while prefix(rest, &digits).is_none() {
        rest = rest.strip_prefix("25")?;
    }
    Some(text.len().saturating_sub(rest.len()).saturating_add(digits.len()))
}

fn prefix(text: &str, escape: &str) -> Option<usize> {
    let found = text.get(..escape.len())?;
    found.eq_ignore_ascii_case(escape).then_some(escape.len())
}

/// `\"`, and what becomes of it when that is escaped again: `\\\"`.
fn json_escaped(text: &str, c: char) -> Option<usize> {
    let short = match c {
        '"' | '\\' | '/' | '\'' => Some(c),
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        _ => None,
    };
    let slashes = text.bytes().take(MOST_SLASHES).take_while(|byte| *byte == b'\\').count();
    let rest = text.get(slashes..)?;
    if short.is_some_and(|short| rest.starts_with(short)) {
        return Some(slashes.saturating_add(1));
    }
    if !rest.starts_with(['u', 'U']) {
        return None;
    }
    let mut buffer = [0; 2];
    let units = c.encode_utf16(&mut buffer).iter();
    let all = prefix(text, &units.map(|unit| format!("\\u{unit:04x}")).collect::<String>());
    all.or_else(|| Some(slashes.saturating_add(prefix(rest, &format!("u{:04x}", u32::from(c)))?)))
}

/// `&quot;`, and what becomes of it when that is escaped again: `&amp;quot;`.
fn entity(text: &str, c: char) -> Option<usize> {
    let mut rest = text.strip_prefix('&')?;
    loop {
        if let Some(length) = named(rest, c) {
            let before = text.len().saturating_sub(rest.len());
            return Some(before.saturating_add(length));
        }
        rest = rest.strip_prefix("amp;")?;
    }
}

/// The length of `quot;`, if it stands for this character.
fn named(text: &str, c: char) -> Option<usize> {
    let (found, length) = xml::entity(text)?;
    (found == c).then_some(length)
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} forms)", self.secrets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        let mut redactor = Redactor::default();
        secrets.iter().for_each(|secret| redactor.add(secret));
        redactor
    }

    #[test]
    fn secrets_go_in_every_form_they_are_written_in() {
        let redactor = redactor(&["q-sign=a;b&c=\"d/é\" "]);
        for said in [
            "said q-sign=a;b&c=\"d/é\"  here",
            "said Q-SIGN=a;b&c=\"d/é\"  here",
            "said q-sign=a;b&amp;c=&quot;d/é&quot;  here",
            "said q-sign=a;b&#38;c=&#x22;d&#X2f;é&#34;  here",
            r#"said q-sign=a;b&c=\"d/é\"  here"#,
            r#"said q-sign=a;b&c=\"d\/\u00E9\"  here"#,
            r#"said q-sign=a;b\u0026c=\u0022d\/\u00e9\"\u0020 here"#,
            "said q-sign%3Da%3Bb%26c%3D%22d%2F%C3%A9%22%20 here",
            "said q-sign%3da%3bb%26c%3d%22d/%c3%a9%22+ here",
            "said cS1zaWduPWE7YiZjPSJkL8OpIiA here",
            // Escaped twice.
            "said q-sign%253Da%253bb%2526c%253D%2522d%252f%25C3%25A9%2522%2520 here",
            "said q-sign=a;b&#38;c=&amp;quot;d/é&amp;amp;quot;  here",
            r#"said q-sign=a;b\\u0026c=\\\"d\\\/\\u00e9\\\"  here"#,
        ] {
            assert_eq!(redactor.clean(said), "said *** here");
        }
        for other in
            ["q-sign", "%71-sign=b", "q+sign=a;b&c=\"d/é\" ", "\\u", "&#x110000;", "&amp", "%", "é"]
        {
            assert_eq!(redactor.clean(other), other);
        }
    }

    #[test]
    fn a_secret_in_the_base64_of_a_longer_text_goes_too() {
        let redactor = redactor(&["hunter2-hunter2", "short"]);
        for (text, cleaned) in [
            ("_api_key=hunter2-hunter2&buildKey=1", "X2FwaV9rZXk9***JmJ1aWxkS2V5PTE"),
            ("api_key=hunter2-hunter2&buildKey=1", "YXBpX2tleT1***ImYnVpbGRLZXk9MQ"),
            ("key=hunter2-hunter2&buildKey=12345", "a2V5PW***iZidWlsZEtleT0xMjM0NQ"),
            ("key=short", "a2V5PXNob3J0"),
        ] {
            assert_eq!(redactor.clean(&STANDARD_NO_PAD.encode(text)), cleaned, "{text}");
        }
    }

    #[test]
    fn what_looks_like_an_escape_may_be_the_secret_itself() {
        assert_eq!(redactor(&["100%25x"]).clean("100%25x 100%2525x 100%x"), "*** *** 100%x");
        assert_eq!(redactor(&["a&lt;b"]).clean("a&lt;b a&amp;lt;b a<b"), "*** *** a<b");
    }

    #[test]
    fn what_escapes_begin_with_is_escaped_too() {
        let redactor = redactor(&[r#"a\"b%41&lt;c"#]);
        for said in [
            r#"a\\\"b%41&lt;c"#,
            r#"a\\\\\\\"b%41&lt;c"#,
            r#"a%5C%22b%2541%26lt%3Bc"#,
            r#"a%255C%2522b%252541%2526lt%253Bc"#,
            r#"a\&quot;b%41&amp;lt;c"#,
            r#"a\&amp;quot;b%41&amp;amp;lt;c"#,
            r#"a\\&quot;b%41&#38;lt;c"#,
        ] {
            assert_eq!(redactor.clean(said), "***", "{said}");
        }
    }

    #[test]
    fn other_alphabets_have_the_secret_too() {
        let redactor = redactor(&["a?b>c~d?e>f~", "1234", "abc"]);
        assert_eq!(redactor.clean("YT9iPmN+ZD9lPmZ+ YT9iPmN-ZD9lPmZ-"), "*** ***");
        assert_eq!(redactor.clean("613f623e637E643f653e667e 31323334 616263"), "*** *** 616263");
    }

    #[test]
    fn a_text_of_backslashes_takes_no_time() {
        let redactor = redactor(&["secret", "\"quoted\"", "\\x"]);
        let began = std::time::Instant::now();
        let text = "\\".repeat(1 << 15);
        assert!(redactor.clean(&text).starts_with(r"\\\"));
        redactor.clean_build(&format!("[\"{text}\"]"));
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    }

    #[test]
    fn a_secret_that_was_trimmed_is_one_all_the_same() {
        assert_eq!(redactor(&[" pass word\r\n"]).clean("[pass word]"), "[***]");
    }

    #[test]
    fn line_breaks_and_tabs_have_escapes_of_their_own() {
        let redactor = redactor(&["a\n\r\tb"]);
        assert_eq!(redactor.clean(r"a\n\r\tb a\u000a\r\tb a\t\r\nb"), r"*** *** a\t\r\nb");
    }

    #[test]
    fn no_secret_hides_nothing_and_none_is_kept_twice() {
        assert_eq!(redactor(&[""]).clean("a%b+c&d\\"), "a%b+c&d\\");
        assert_eq!(format!("{:?}", redactor(&["", "secret", "secret"])), "Redactor(3 forms)");
    }

    #[test]
    fn a_secret_within_another_leaves_no_rest() {
        assert_eq!(redactor(&["abc", "abcdef"]).clean("abcdef abc"), "*** ***");
    }

    #[test]
    fn a_long_secret_that_is_cut_off_is_one_all_the_same() {
        let secret = "0123456789".repeat(20);
        assert_eq!(redactor(&[&secret]).clean(&format!("{}|", &secret[..150])), "***|");
        assert_eq!(redactor(&[&secret]).clean("0123456789"), "0123456789");
    }

    #[test]
    fn no_more_is_repeated_than_anyone_would_read() {
        let cleaned = redactor(&["secret"]).clean(&"secret ".repeat(10_000));
        assert!(cleaned.starts_with("*** *** ") && cleaned.ends_with('…'));
        assert_eq!(cleaned.chars().count(), LONGEST + 1);
        let page = "a".repeat(8192);
        assert_eq!(redactor(&[]).clean(&page), page);
        assert!(redactor(&[]).clean(&"é".repeat(10_000)).chars().count() <= LONGEST + 1);
    }

    #[test]
    fn builds_keep_what_may_be_met_by_chance() {
        let redactor = redactor(&["1.2", "android", "2026-11-24", "hunter2", "long/secret/s"]);
        let json = r#"{"a":"1.2","x long\/secret/s":["\u006cong\/secret\/s",1.2],"b":"A\u00e9",
            "c":"com.android.hunter2","d":"2026-11-24"}"#;
        let cleaned = r#"{"a":"1.2","x ***":["***",1.2],"b":"A\u00e9",
            "c":"com.android.***","d":"2026-11-24"}"#;
        assert_eq!(redactor.clean_build(json), cleaned);
        assert_eq!(redactor.clean("1.2 com.android.hunter2 2026-11-24"), "*** com.***.*** ***");
    }

    #[test]
    fn the_api_key_leaves_builds_whatever_it_is_made_of() {
        let mut redactor = redactor(&["secret"]);
        redactor.add_api_key("apikey");
        assert_eq!(redactor.clean_build(r#"["apikey","secret"]"#), r#"["***","secret"]"#);
        redactor.add_api_key("short");
        assert_eq!(redactor.clean_build(r#"["short"]"#), r#"["short"]"#);
    }

    #[test]
    fn tokens_lose_what_is_unmistakable_alone() {
        let mut redactor = redactor(&["hunter2", "installation"]);
        redactor.add_api_key("a-long-api-key");
        assert_eq!(
            redactor.clean_token(r#"["hunter2","installation","a-long-api-key"]"#),
            r#"["hunter2","***","***"]"#
        );
    }
}
