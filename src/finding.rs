//! What was found in a package that testers will notice.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// What will keep phones from installing a package, or what testers will meet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// A name that stays, as `android-not-signed`.
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// One line: what it is, and what to do.
    pub message: String,
}

impl fmt::Display for Finding {
    /// Writes the message, and the code in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.message, self.code)
    }
}

/// How bad a finding is, the worst first.
///
/// ```
/// use pgyer::Level;
///
/// assert_eq!(Level::SomeDevices.to_string(), "some-devices");
/// assert_eq!("some-devices".parse::<Level>()?, Level::SomeDevices);
/// # Ok::<(), pgyer::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// No phone, or none whose system is of the last five years, installs it from a page.
    Blocks,
    /// Some phones refuse it; the message says which.
    SomeDevices,
    /// It installs; the message says what testers will meet.
    Note,
}

impl Level {
    /// All levels, the worst first.
    const ALL: [Self; 3] = [Self::Blocks, Self::SomeDevices, Self::Note];

    /// Its name in JSON: `blocks`, `some-devices` or `note`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::SomeDevices => "some-devices",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Level {
    /// Writes its name in JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Level {
    type Err = Error;

    /// Reads its name in JSON.
    fn from_str(name: &str) -> Result<Self, Error> {
        let level = Self::ALL.into_iter().find(|level| level.as_str() == name);
        level.ok_or_else(|| Error::usage(format!("'{name}' is not a level of findings")))
    }
}

/// A name from a package as messages show it: on one line, and not without end.
pub(crate) fn shown(name: &str) -> String {
    const LONGEST: usize = 100;
    let is_shown = |c: &char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    let mut text: String = name.chars().filter(is_shown).take(LONGEST + 1).collect();
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_on_one_line() {
        assert_eq!(shown("a\r\n\u{1b}[31mb\u{2028}c\u{7f}中"), "a[31mbc中");
        assert_eq!(shown(&"é".repeat(100)), "é".repeat(100));
        assert_eq!(shown(&"é".repeat(101)), format!("{}…", "é".repeat(100)));
    }

    #[test]
    fn the_worst_comes_first() {
        let mut levels = [Level::Note, Level::Blocks, Level::SomeDevices];
        levels.sort();
        assert_eq!(levels.map(Level::as_str), ["blocks", "some-devices", "note"]);
        assert_eq!(levels, Level::ALL);
    }

    #[test]
    fn every_level_is_read_by_its_name() {
        for level in Level::ALL {
            assert_eq!(level.to_string().parse::<Level>().unwrap(), level);
        }
        assert!("Note".parse::<Level>().is_err());
    }
}
