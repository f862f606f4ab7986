//! Values that must not be shown, and the means to keep them out of texts.

use std::fmt;

use crate::error::{Error, Result};

/// An API key, `_api_key` in the API. Its `Debug` shows `***`, and it has no `Display`.
///
/// ```
/// let key = pgyer::ApiKey::new("0123456789abcdef")?;
/// assert_eq!(format!("{key:?}"), "ApiKey(***)");
/// assert_eq!(key.expose(), "0123456789abcdef");
/// assert!(pgyer::ApiKey::new("two words").is_err());
/// # Ok::<(), pgyer::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

/// An install password or the password of a `.p12` file. Its `Debug` shows `***`.
///
/// ```
/// let password = pgyer::Password::new("let me in")?;
/// assert_eq!(format!("{password:?}"), "Password(***)");
/// # Ok::<(), pgyer::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl ApiKey {
    /// Takes a key as it is; a line break at its end is the caller's to remove.
    ///
    /// # Errors
    /// [`Error::Usage`] when it is empty or has white space or control characters in it, which no
    /// key has: most often a file with something else in it.
    pub fn new(key: impl Into<String>) -> Result<Self> {
        let key = key.into();
        if key.is_empty() {
            return Err(Error::usage("the API key is empty"));
        }
        if key.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Error::usage(
                "the API key has white space in it: give the key alone, on one line",
            ));
        }
        Ok(Self(key))
    }

    /// The key itself, for the request that carries it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Password {
    /// Takes a password as it is.
    ///
    /// # Errors
    /// [`Error::Usage`] when it is empty: the API takes an empty password for none.
    pub fn new(password: impl Into<String>) -> Result<Self> {
        let password = password.into();
        if password.is_empty() {
            return Err(Error::usage("the password is empty"));
        }
        Ok(Self(password))
    }

    /// The password itself, for the request that carries it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

/// The secrets that one request carries, to be taken out of whatever is said about it.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    /// Longest first, so that a secret within another leaves nothing of the longer one.
    secrets: Vec<String>,
}

impl Redactor {
    /// Adds a secret, as it is and as URLs, JSON and XML write it.
    pub(crate) fn add(&mut self, secret: &str) {
        let quoted = serde_json::to_string(secret).unwrap_or_default();
        let json = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
        let xml = secret
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        let url = crate::text::percent_encode(secret);
        let forms = [
            secret.to_owned(),
            json.to_owned(),
            json.replace('/', "\\/"),
            xml,
            url.replace("%20", "+"),
            url.replace("%2F", "/"),
            url.to_lowercase(),
            url,
        ];
        for form in forms {
            if !form.is_empty() && !self.secrets.contains(&form) {
                self.secrets.push(form);
            }
        }
        self.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// A value of the API without the secrets in it. Short ones stay: they would tear other values
    /// apart, and what a server says of them on its own is its own.
    pub(crate) fn clean_value(&self, json: &str) -> String {
        const LONG: usize = 8;
        let long = self.secrets.iter().filter(|secret| secret.len() >= LONG);
        long.fold(json.to_owned(), |json, secret| json.replace(secret, "***"))
    }

    /// The text with `***` in the place of each secret.
    pub(crate) fn clean(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} forms)", self.secrets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_in_every_form_they_are_written_in() {
        let mut redactor = Redactor::default();
        redactor.add("q-sign=a;b&c=\"d/e\"");
        for said in [
            "said q-sign=a;b&c=\"d/e\" here",
            "said q-sign=a;b&amp;c=&quot;d/e&quot; here",
            r#"said q-sign=a;b&c=\"d/e\" here"#,
            r#"said q-sign=a;b&c=\"d\/e\" here"#,
            "said q-sign%3Da%3Bb%26c%3D%22d%2Fe%22 here",
            "said q-sign%3da%3bb%26c%3d%22d%2fe%22 here",
        ] {
            assert_eq!(redactor.clean(said), "said *** here");
        }
    }

    #[test]
    fn a_secret_within_another_leaves_no_rest() {
        let mut redactor = Redactor::default();
        redactor.add("abc");
        redactor.add("abcdef");
        assert_eq!(redactor.clean("abcdef abc"), "*** ***");
    }

    #[test]
    fn keys_that_are_none_are_refused_without_being_shown() {
        for wrong in ["", "two words", "line\nbreak"] {
            assert!(ApiKey::new(wrong).is_err());
        }
        assert!(Password::new("").is_err());
        assert!(!format!("{:?}", Password::new("hunter2").unwrap()).contains("hunter2"));
    }
}
