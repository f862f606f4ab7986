//! Property lists: one value type for both of their forms.

use super::{plist_binary, plist_xml};

/// How deep values may lie in each other: real ones have five levels.
pub(super) const DEEPEST: u32 = 32;
/// How many values there may be: real ones have hundreds, and devices for a profile thousands.
pub(super) const MOST_VALUES: u32 = 20_000;

/// A value of a property list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Bool(bool),
    /// Seconds since 1970.
    Date(i64),
    Array(Vec<Self>),
    Dictionary(Vec<(String, Self)>),
    /// What nothing is read from: data, floats, numbers and dates beyond all use.
    Other,
}

impl Value {
    /// The dictionary that these bytes are.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let value = if bytes.starts_with(b"bplist00") {
            plist_binary::parse(bytes)
        } else {
            plist_xml::parse(bytes)
        };
        value.filter(|value| matches!(value, Self::Dictionary(_)))
    }

    /// The value of a key of a dictionary.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Dictionary(members) = self else { return None };
        members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text of a key; `None` if the value is not a text.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(values) = self { Some(values) } else { None }
    }

    /// Whether a key is there and true.
    pub(super) fn is_true(&self, key: &str) -> bool {
        self.get(key) == Some(&Self::Bool(true))
    }

    /// The time of a key.
    pub(super) fn date(&self, key: &str) -> Option<i64> {
        if let Self::Date(unix) = self.get(key)? { Some(*unix) } else { None }
    }
}

/// Counts down what a list may still have.
#[derive(Debug)]
pub(super) struct Budget(u32);

impl Budget {
    pub(super) const fn new(most: u32) -> Self {
        Self(most)
    }

    /// Takes that many; `None` if fewer are left.
    pub(super) fn take(&mut self, count: usize) -> Option<()> {
        self.0 = self.0.checked_sub(u32::try_from(count).ok()?)?;
        Some(())
    }
}
