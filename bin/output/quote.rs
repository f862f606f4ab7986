//! What a value has to become for those who read it: a terminal, a shell, a line of JSON.

/// JSON may have DEL, the C1 controls and Unicode's own as they are.
pub(crate) fn escape_controls(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        // The line break is the one at the end.
        if is_harmful(c) && c != '\n' {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// A text that may go to a terminal.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if is_harmful(c) { '\u{fffd}' } else { c }).collect()
}

/// What terminals obey, what ends lines, and what turns them around (Unicode's Bidi_Control).
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// For a POSIX shell, which gets the value as it is. What a terminal would obey is made there.
pub(super) fn shell_quoted(value: &str) -> String {
    let mut quoted = "'".to_owned();
    // No shell has a NUL in a variable.
    let mut rest = value.chars().filter(|c| *c != '\0').peekable();
    let is_made = |c: &char| is_harmful(*c) && !matches!(c, '\n' | '\t');
    while let Some(c) = rest.next() {
        if is_made(&c) {
            quoted.push_str("'\"$(printf '");
            quoted.push_str(&octal(c));
            while let Some(c) = rest.next_if(is_made) {
                quoted.push_str(&octal(c));
            }
            quoted.push_str("')\"'");
        } else if c == '\'' {
            quoted.push_str("'\\''");
        } else {
            quoted.push(c);
        }
    }
    quoted + "'"
}

fn octal(c: char) -> String {
    c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\{byte:03o}")).collect()
}

pub(super) fn one_line(value: &str) -> String {
    value.chars().map(|c| if is_harmful(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_keeps_a_shell_from_reading_values() {
        assert_eq!(shell_quoted("a'; rm -rf $HOME '\n`x`"), "'a'\\''; rm -rf $HOME '\\''\n`x`'");
        assert_eq!(
            shell_quoted("a\u{1b}\0\t\u{202e}\0\r"),
            "'a'\"$(printf '\\033')\"'\t'\"$(printf '\\342\\200\\256\\015')\"''"
        );
        assert_eq!(one_line("a\nPGYER_KEY=evil\r\u{85}\u{2028}b"), "a PGYER_KEY=evil   b");
    }

    #[test]
    fn nothing_that_a_terminal_obeys_comes_through() {
        assert_eq!(
            harmless("a\x1b[31m\r\n\u{9b}b\u{202e}"),
            "a\u{fffd}[31m\u{fffd}\u{fffd}\u{fffd}b\u{fffd}"
        );
        assert_eq!(escape_controls("\"\u{9b}\u{2028}\u{200f}\"\n"), "\"\\u009b\\u2028\\u200f\"\n");
    }
}
