//! Removes secrets from what is shown, however they are written there. What is sent or decided by
//! never goes through here: a password may be a word such as `signature`.
//!
//! A text is searched as it is and with its escapes undone, instead of for every way in which a
//! secret could be written.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::json;
use reading::{folded, readings};

mod reading;

/// Stands where a secret was.
const HIDDEN: &str = "***";

/// The most that is shown of a text, in bytes.
const SHOWN: usize = 8 * 1024;

/// The most that is searched. It is more than what is shown, because half a secret at the end could
/// not be recognised, and it is limited, because a server may send megabytes.
const SEARCHED: usize = 2 * SHOWN;

/// The fewest base64 or hexadecimal digits that are searched for. Fewer would match by coincidence.
const MIN_DIGITS: usize = 8;

/// The secrets of a client. Clones share them: what is added to one is hidden by all.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    api_key: String,
    is_for_one_job: bool,
    /// The texts to search for: each secret as it is, in base64 and in hexadecimal, folded.
    forms: Arc<Mutex<Vec<String>>>,
}

impl Redactor {
    /// Adds a secret.
    pub(crate) fn add(&self, secret: &str) {
        // A server may have trimmed it.
        let mut forms = vec![secret.to_owned(), secret.trim().to_owned()];
        if secret.len() <= SHOWN {
            forms.extend(digits(secret));
        }
        let mut known = self.forms();
        for form in forms {
            let form: String = form.chars().map(folded).collect();
            if !form.is_empty() && !known.contains(&form) {
                known.push(form);
            }
        }
    }

    pub(crate) fn add_all<'a>(&self, secrets: impl IntoIterator<Item = &'a str>) {
        secrets.into_iter().for_each(|secret| self.add(secret));
    }

    /// Adds the API key, which results lose too.
    pub(crate) fn add_api_key(&mut self, key: &str) {
        key.clone_into(&mut self.api_key);
        self.add(key);
    }

    /// Returns a redactor for one job: it starts with these secrets, and does not share those it
    /// learns. Within a job it returns a clone, which shares them.
    pub(crate) fn for_one_job(&self) -> Self {
        if self.is_for_one_job {
            return self.clone();
        }
        let forms = Arc::new(Mutex::new(self.forms().clone()));
        Self { api_key: self.api_key.clone(), is_for_one_job: true, forms }
    }

    fn forms(&self) -> MutexGuard<'_, Vec<String>> {
        self.forms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the start of a text, for people, with `***` instead of each secret.
    pub(crate) fn clean(&self, text: &str) -> String {
        let shown = start_of(text, SHOWN);
        let mut cleaned = String::with_capacity(shown.len());
        let mut at = 0;
        for Range { start, end } in self.find(start_of(text, SEARCHED)) {
            // Otherwise it overlaps with the one before.
            if start >= at {
                let Some(before) = shown.get(at..start) else { break };
                cleaned.push_str(before);
                cleaned.push_str(HIDDEN);
            }
            at = at.max(end);
        }
        cleaned.push_str(shown.get(at..).unwrap_or_default());
        if shown.len() < text.len() {
            cleaned.push('…');
        }
        cleaned
    }

    /// Returns what the service says about a build, as JSON on one line, without the API key and
    /// without the values of fields called password. The rest is data and stays: a password may
    /// also be the app's name.
    pub(crate) fn clean_build(&self, json: &str) -> String {
        json::without_secrets(json, &self.api_key, None)
    }

    /// Cleans a token. Its `params` are there to be sent: they lose the API key alone.
    pub(crate) fn clean_token(&self, json: &str) -> String {
        json::without_secrets(json, &self.api_key, Some("params"))
    }

    /// Whether the API key is part of a text. A short one, which only a test has, may be part of
    /// any.
    pub(crate) fn has_api_key(&self, text: &str) -> bool {
        self.api_key.len() >= MIN_DIGITS && text.contains(&self.api_key)
    }

    /// Where the secrets are, in the order of their starts.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let forms = self.forms();
        readings(text).iter().for_each(|reading| reading.find(&forms, &mut found));
        found.sort_unstable_by_key(|range| range.start);
        found
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} forms)", self.forms().len())
    }
}

/// A secret in base64 and in hexadecimal digits.
fn digits(secret: &str) -> impl Iterator<Item = String> {
    let hex = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let parts = within_base64(secret).chain([hex]).filter(|digits| digits.len() >= MIN_DIGITS);
    let all = parts.chain([STANDARD_NO_PAD.encode(secret)]);
    // base64url has two other digits.
    all.flat_map(|digits| [digits.replace('+', "-").replace('/', "_"), digits])
}

/// The base64 digits of a longer text that stand for the secret and nothing else. They depend on
/// its offset in that text modulo 3.
fn within_base64(secret: &str) -> impl Iterator<Item = String> {
    (0..3).filter_map(|offset| {
        let bytes = [vec![0; offset], secret.as_bytes().to_vec()].concat();
        let whole_digits = bytes.len() * 8 / 6;
        let digits = STANDARD_NO_PAD.encode(bytes);
        digits.get((offset * 8).div_ceil(6)..whole_digits).map(str::to_owned)
    })
}

/// The longest prefix of at most `most` bytes that ends at a character boundary.
fn start_of(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        let redactor = Redactor::default();
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
            "said q-sign=a;b&amp;amp;c=&amp;quot;d/é&#38;quot;  here",
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
    fn no_text_takes_long() {
        let long = "%".repeat(1 << 20);
        let redactor =
            redactor(&["secret", "%%", "\"quoted\"", "\\x", &long, &"a".repeat(1 << 20)]);
        let began = Instant::now();
        for text in ["%", "\\", "&", "&amp;", "%25", "\\u005c", "&#37;25", "a", "é", "+"] {
            let text = text.repeat(1 << 20);
            assert!(redactor.clean(&text).len() < SHOWN + 4);
        }
        // A debug build on a busy machine; the first version took minutes.
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
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
    fn what_a_job_learns_all_that_work_on_it_hide_and_no_other_job() {
        let client = redactor(&["first"]);
        let (job, other) = (client.for_one_job(), client.for_one_job());
        job.for_one_job().add("second");
        assert_eq!(job.clone().clean("first second"), "*** ***");
        for redactor in [client, other] {
            assert_eq!(redactor.clean("first second"), "*** second");
        }
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
    fn no_more_is_shown_than_anyone_would_read() {
        let secrets = redactor(&["secret"]);
        let cleaned = secrets.clean(&"secret ".repeat(10_000));
        assert!(cleaned.starts_with("*** *** ") && cleaned.ends_with("*** ***…"));
        let page = "a".repeat(SHOWN);
        assert_eq!(secrets.clean(&page), page);
        assert_eq!(secrets.clean(&"é".repeat(SHOWN)), "é".repeat(SHOWN / 2) + "…");
    }

    #[test]
    fn nothing_of_a_secret_is_left_where_a_text_is_cut() {
        for secret in ["secret".to_owned(), "0123456789".repeat(SHOWN)] {
            let redactor = redactor(&[&secret]);
            for before in [1, 5, 6, 7] {
                let text = "x".repeat(SHOWN - before) + &secret + &"y".repeat(SHOWN);
                let cleaned = redactor.clean(&text);
                let rest = cleaned.trim_start_matches('x');
                assert!(["***…", "***y…"].contains(&rest), "{before}: {rest}");
            }
        }
    }

    #[test]
    fn results_lose_the_api_key_and_what_is_called_a_password() {
        let mut redactor = redactor(&["4711", "a-long-password"]);
        redactor.add_api_key("k1");
        let json =
            r#"{ "a":"a-long-password k1","password":4711,"n":4711,"params":{"password":1} }"#;
        assert_eq!(
            redactor.clean_build(json),
            r#"{"a":"a-long-password ***","password":"***","n":4711,"params":{"password":"***"}}"#
        );
        assert_eq!(
            redactor.clean_token(json),
            r#"{"a":"a-long-password ***","password":"***","n":4711,"params":{"password":1}}"#
        );
        assert_eq!(redactor.clean(json).matches("4711").count(), 0);
    }
}
