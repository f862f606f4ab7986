//! Commands for people to copy into a shell.

/// Returns the program's command that resumes the wait for a build.
pub(crate) fn wait_command(key: &str) -> String {
    let end_of_options = if key.starts_with('-') { "-- " } else { "" };
    format!("pgyer status --wait {end_of_options}{}", shell_word(key))
}

/// Quotes a word for the shells of this system, if it has to be quoted.
pub(crate) fn shell_word(text: &str) -> String {
    if cfg!(windows) { windows_word(text) } else { posix_word(text) }
}

fn posix_word(text: &str) -> String {
    if is_plain(text, "-_./+@%") { text.to_owned() } else { quoted(text) }
}

/// Quotes a word for cmd and PowerShell alike, if it has to be quoted.
///
/// Double quotes are all that the two have in common. Within them, both read a doubled quote as
/// one; PowerShell does so with typographic quotes too. A backtick keeps PowerShell from evaluating
/// what a server sent; in cmd it is an ordinary character, so there a name with `$` has to be typed
/// by hand.
fn windows_word(text: &str) -> String {
    if is_plain(text, r"-_./\:+") {
        return text.to_owned();
    }
    let mut word = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' => word.push(c),
            '$' | '`' => word.push('`'),
            _ => {}
        }
        word.push(c);
    }
    word + "\""
}

/// Whether a text is nothing but letters and digits of ASCII and these others.
fn is_plain(text: &str, others: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

/// Quotes any text for a POSIX shell.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_a_word_as_it_is() {
        for (text, word) in [
            ("a1-_./+@%", "a1-_./+@%"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", "'it'\\''s'"),
            ("$(x)", "'$(x)'"),
            ("应用", "'应用'"),
        ] {
            assert_eq!(posix_word(text), word);
        }
    }

    #[test]
    fn cmd_and_powershell_take_a_word_as_it_is() {
        for (text, word) in [
            (r"C:\builds\a-1.apk", r"C:\builds\a-1.apk"),
            ("", r#""""#),
            ("a b", r#""a b""#),
            ("it's", r#""it's""#),
            ("@a%b", r#""@a%b""#),
            ("应用", r#""应用""#),
            (r#"" & calc ""#, r#"""" & calc """"#),
            ("\u{201d};calc", "\"\u{201d}\u{201d};calc\""),
            ("$(calc)`", r#""`$(calc)``""#),
        ] {
            assert_eq!(windows_word(text), word);
        }
    }

    #[test]
    fn a_key_is_no_option_of_the_command_that_waits() {
        assert_eq!(wait_command("abc"), "pgyer status --wait abc");
        assert_eq!(wait_command("-v"), "pgyer status --wait -- -v");
    }
}
