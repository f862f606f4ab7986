//! How many columns a text takes on a terminal.
//!
//! Terminals disagree about emoji and about recent additions to Unicode. What counts here is that a
//! line never wraps, so this is an upper bound: a table of blocks is enough, where an exact one
//! would be another dependency, larger, and still wrong on some terminals.

/// Stands for the part that was left out. Terminals set up for Chinese draw it two columns wide.
const ELLIPSIS: char = '…';
const ELLIPSIS_COLUMNS: usize = 2;

/// Combining marks, as far as file names have them: macOS decomposes letters, Korean and Japanese
/// ones too.
const NONE: &[(u32, u32)] = &[
    (0x0300, 0x036f),
    (0x0591, 0x05bd),
    (0x064b, 0x065f),
    (0x0e34, 0x0e3a),
    (0x0e47, 0x0e4e),
    (0x1160, 0x11ff),
    (0x1ab0, 0x1ace),
    (0x1dc0, 0x1dff),
    (0x200b, 0x200f),
    (0x20d0, 0x20f0),
    (0x3099, 0x309a),
    // Variation selectors; the last one, 0xfe0f, can make a character wide.
    (0xfe00, 0xfe0e),
    (0xfe20, 0xfe2f),
];

const TWO: &[(u32, u32)] = &[
    (0x1100, 0x115f),
    // Clocks, arrows and symbols that may be drawn as emoji.
    (0x231a, 0x232a),
    (0x23cf, 0x23fa),
    (0x25aa, 0x27bf),
    (0x2934, 0x2935),
    (0x2b05, 0x2b55),
    // From the radicals to the Yi syllables: CJK.
    (0x2e80, 0xa4cf),
    (0xa960, 0xa97f),
    (0xac00, 0xd7a3),
    (0xf900, 0xfaff),
    (0xfe10, 0xfe19),
    (0xfe30, 0xfe6f),
    (0xff01, 0xff60),
    (0xffe0, 0xffe6),
    (0x16fe0, 0x18dff),
    (0x1aff0, 0x1b2ff),
    (0x1d300, 0x1d37f),
    // Emoji, and the letters in boxes among them.
    (0x1f000, 0x1faff),
    (0x20000, 0x3fffd),
];

/// The most columns that a text without control characters takes.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

fn columns_of(c: char) -> usize {
    if c.is_ascii() {
        return 1;
    }
    let is_in = |ranges: &[(u32, u32)]| {
        ranges.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(c)))
    };
    match c {
        ELLIPSIS => ELLIPSIS_COLUMNS,
        _ if is_in(NONE) => 0,
        _ if is_in(TWO) => 2,
        _ => 1,
    }
}

/// Shortens a text to `room` columns. It loses its middle: names differ at their ends, and an
/// extension says what they are.
pub(crate) fn shortened(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let Some(room) = room.checked_sub(ELLIPSIS_COLUMNS) else { return String::new() };
    let end = end_of(text, room.div_ceil(2));
    let start = start_of(text, room.saturating_sub(columns(end)));
    format!("{start}{ELLIPSIS}{end}")
}

/// A text of exactly this many columns.
pub(crate) fn padded(text: &str, room: usize) -> String {
    let text = shortened(text, room);
    let blanks = room.saturating_sub(columns(&text));
    text + &" ".repeat(blanks)
}

/// Shortens a sentence to `room` columns. It loses its end.
pub(crate) fn begun(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    format!("{}{ELLIPSIS}", start_of(text, room.saturating_sub(ELLIPSIS_COLUMNS)))
}

/// As much of the beginning as fits, with the combining marks of its last character.
pub(crate) fn start_of(text: &str, room: usize) -> &str {
    let mut used = 0;
    let beyond = text.char_indices().find(|(_, c)| {
        used += columns_of(*c);
        used > room
    });
    beyond.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

/// As much of the end as fits. It does not begin with a combining mark.
fn end_of(text: &str, room: usize) -> &str {
    let mut used = 0;
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        used += columns_of(c);
        if used > room {
            break;
        }
        if columns_of(c) > 0 {
            start = at;
        }
    }
    text.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_and_emoji_take_two_columns_and_marks_none() {
        for (text, width) in [
            ("app.apk", 7),
            ("应用.apk", 8),
            ("ｱアガカ\u{3099}", 7),
            ("e\u{301}", 1),
            ("\u{1112}\u{1161}\u{11ab}한", 4),
            ("🚀🇨🇳", 6),
            ("☺\u{fe0f}", 3),
            ("…", 2),
        ] {
            assert_eq!(columns(text), width, "{text}");
        }
    }

    #[test]
    fn a_beginning_has_the_marks_of_its_last_character() {
        for (room, start) in [(0, ""), (1, "e\u{301}"), (2, "e\u{301}"), (3, "e\u{301}应")] {
            assert_eq!(start_of("e\u{301}应b", room), start, "{room}");
        }
        assert_eq!(start_of("e\u{301}应b", 4), "e\u{301}应b");
    }

    #[test]
    fn names_are_shortened_in_the_middle() {
        for (name, room, short) in [
            ("app.apk", 7, "app.apk"),
            ("application.apk", 10, "appl….apk"),
            ("应用程序发布版.apk", 14, "应用程…版.apk"),
            ("应用程序发布版.apk", 11, "应用….apk"),
            ("e\u{301}e\u{301}e\u{301}e\u{301}", 3, "…e\u{301}"),
            ("应用", 2, "…"),
            ("应用", 1, ""),
        ] {
            assert_eq!(shortened(name, room), short, "{name} {room}");
        }
    }

    #[test]
    fn sentences_lose_their_end_and_cells_are_filled() {
        assert_eq!(begun("it is too long", 9), "it is t…");
        assert_eq!(begun("it fits", 7), "it fits");
        assert_eq!(padded("应用", 6), "应用  ");
        assert_eq!(padded("application.apk", 10), "appl….apk");
    }

    #[test]
    fn what_is_short_enough_fits() {
        let name = "é应e\u{301}🚀用.\u{1112}\u{1161}\u{11ab}☺\u{fe0f}x.apk";
        for room in 0..30 {
            assert!(columns(&shortened(name, room)) <= room, "{room}");
        }
    }
}
