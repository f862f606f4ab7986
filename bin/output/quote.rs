//! Quoting and escaping, for terminals, logs, shells and JSON.

use crate::shell;

/// Escapes what JSON allows unescaped but a terminal or a log would obey: DEL, the C1 controls,
/// Unicode's line separators and bidi controls, and commands to CI systems. The value stays the
/// same.
pub(super) fn escape_controls(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        // The only line break is the final one. `##` occurs only within strings, where a bracket
        // may be escaped.
        if is_harmful(c) && c != '\n' || c == '[' && ends_like_a_command(&escaped) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// A whole line that may go to a terminal or into a log. What either would obey is replaced: escape
/// sequences, and the commands of CI systems, which are `::` at the start of a line (GitHub) and
/// `##[` or `##word[` anywhere (GitHub, Azure Pipelines, TeamCity).
pub(crate) fn harmless(line: &str) -> String {
    let mut clean = String::with_capacity(line.len());
    // GitHub's runner looks for :: behind blanks.
    let command = line.trim_start().starts_with("::").then(|| line.len() - line.trim_start().len());
    for (at, c) in line.char_indices() {
        if is_harmful(c) || Some(at) == command || c == '[' && ends_like_a_command(&clean) {
            clean.push('\u{fffd}');
        } else {
            clean.push(c);
        }
    }
    clean
}

/// Whether a bracket after this text would make it a command: `##[`, `##vso[`.
fn ends_like_a_command(text: &str) -> bool {
    text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).ends_with("##")
}

/// Control characters, line separators, and what turns the direction of text around (Unicode's
/// Bidi_Control).
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Quotes a value for a POSIX shell, which gets it unchanged. Characters that a terminal would obey
/// are spelled out for `printf`, because people do look at this text.
pub(super) fn shell_quoted(value: &str) -> String {
    // No shell has a NUL in a variable.
    let quoted = shell::quoted(&value.replace('\0', ""));
    let mut spelled_out = String::with_capacity(quoted.len());
    let mut rest = quoted.chars().peekable();
    let is_spelled_out = |c: &char| is_harmful(*c) && !matches!(c, '\n' | '\t');
    while let Some(c) = rest.next() {
        if is_spelled_out(&c) {
            spelled_out.push_str("'\"$(printf '");
            spelled_out.push_str(&octal(c));
            while let Some(c) = rest.next_if(is_spelled_out) {
                spelled_out.push_str(&octal(c));
            }
            spelled_out.push_str("')\"'");
        } else {
            spelled_out.push(c);
        }
    }
    spelled_out
}

fn octal(c: char) -> String {
    c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\{byte:03o}")).collect()
}

/// A value on one line.
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

    #[test]
    fn nothing_that_a_ci_system_obeys_comes_through() {
        for (line, shown) in [
            ("::add-mask::x", "\u{fffd}:add-mask::x"),
            (" \u{a0}::error::x", " \u{a0}\u{fffd}:error::x"),
            ("a ::b::", "a ::b::"),
            (":a", ":a"),
            ("a##[set-output name=x]", "a##\u{fffd}set-output name=x]"),
            ("###[group]##vso[task]", "###\u{fffd}group]##vso\u{fffd}task]"),
            ("#\x1b#[x]", "#\u{fffd}#[x]"),
            ("# #[x] ##a b[c] ##1[x]", "# #[x] ##a b[c] ##1[x]"),
        ] {
            assert_eq!(harmless(line), shown);
        }
        let json = escape_controls("{\"a\":\"##[x] ##vso[\",\"b\":[1]}\n");
        assert_eq!(json, "{\"a\":\"##\\u005bx] ##vso\\u005b\",\"b\":[1]}\n");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["a"], "##[x] ##vso[");
    }
}
