//! Values that must not be shown. Their memory is not wiped: copies of them are in buffers that are
//! not ours.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_none_are_refused_without_being_shown() {
        for wrong in ["", "two words", "line\nbreak"] {
            assert!(ApiKey::new(wrong).is_err());
        }
        assert!(Password::new("").is_err());
        assert!(!format!("{:?}", Password::new("hunter2").unwrap()).contains("hunter2"));
    }
}
