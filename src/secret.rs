//! Values that must not be shown. Their memory is not wiped: buffers that are not ours have copies.

use std::fmt;

use crate::error::{Error, Result};

/// An API key, `_api_key` in the API. Its `Debug` shows `***`, and it has no `Display`. Memory that
/// held it is not wiped.
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

/// An install password or the password of a `.p12` file. Its `Debug` shows `***`. Memory that held
/// it is not wiped.
///
/// ```
/// let password = pgyer::Password::new("let me in")?;
/// assert_eq!(format!("{password:?}"), "Password(***)");
/// # Ok::<(), pgyer::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl ApiKey {
    /// Takes a key as it is; the caller removes a line break at its end.
    ///
    /// # Errors
    /// [`Error::Usage`] if it is empty or has white space or a control character in it: most often
    /// it is a file with something else in it. The message has the position of the character, not
    /// the key.
    pub fn new(key: impl Into<String>) -> Result<Self> {
        let key = refuse_controls(key.into(), "the API key")?;
        match position(&key, char::is_whitespace) {
            Some((at, _)) => Err(Error::usage(format!(
                "the API key has white space at position {at}: give the key alone, on one line"
            ))),
            None => Ok(Self(key)),
        }
    }

    /// Returns the key itself, for the request that carries it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Password {
    /// Takes a password as it is; the caller removes a line break at its end.
    ///
    /// # Errors
    /// [`Error::Usage`] if it is empty, which the API takes for no password, or has a control
    /// character in it, which nobody can type. The message has the position of the character, not
    /// the password.
    pub fn new(password: impl Into<String>) -> Result<Self> {
        refuse_controls(password.into(), "the password").map(Self)
    }

    /// Returns the password itself, for the request that carries it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Whether the value that goes by this name is a password: `password`, `buildPassword`, and what
/// the service may add.
pub(crate) fn is_password(name: &str) -> bool {
    name.to_ascii_lowercase().contains("password")
}

fn refuse_controls(secret: String, what: &str) -> Result<String> {
    if secret.is_empty() {
        return Err(Error::usage(format!("{what} is empty")));
    }
    let Some((at, c)) = position(&secret, char::is_control) else { return Ok(secret) };
    let name = match c {
        '\0' => "a NUL, as UTF-16 text has,".to_owned(),
        '\n' | '\r' => "a line break".to_owned(),
        '\t' => "a tab".to_owned(),
        c => format!("the control character U+{:04X}", u32::from(c)),
    };
    Err(Error::usage(format!("{what} has {name} at position {at}")))
}

/// Returns the first such character and its position, counted from 1.
fn position(text: &str, is_wanted: impl Fn(char) -> bool) -> Option<(usize, char)> {
    (1..).zip(text.chars()).find(|(_, c)| is_wanted(*c))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_secret_is_refused_without_being_shown() {
        for (secret, said) in [
            ("", "is empty"),
            ("sécret\nline", "a line break at position 7"),
            ("\rsecret", "a line break at position 1"),
            ("s\0e\0c\0", "a NUL, as UTF-16 text has, at position 2"),
            ("sec\tret", "a tab at position 4"),
            ("secret\u{7f}", "U+007F at position 7"),
            ("s\u{85}ecret", "U+0085 at position 2"),
        ] {
            let key = ApiKey::new(secret).unwrap_err().to_string();
            let password = Password::new(secret).unwrap_err().to_string();
            for message in [key, password] {
                assert!(message.contains(said) && !message.contains("sec"), "{message}");
            }
        }
        assert!(!format!("{:?}", Password::new("hunter2").unwrap()).contains("hunter2"));
    }

    #[test]
    fn a_key_has_no_white_space_and_a_password_may() {
        for (key, at) in [("two words", 4), (" key", 1), ("key\u{3000}", 4)] {
            let message = ApiKey::new(key).unwrap_err().to_string();
            assert!(message.contains(&format!("white space at position {at}")), "{message}");
            assert_eq!(Password::new(key).unwrap().expose(), key);
        }
    }
}
