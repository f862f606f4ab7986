//! Commands for people to copy into a shell.

/// Returns the program's command that resumes the wait for a build.
pub(crate) fn wait_command(key: &str) -> String {
    let end_of_options = if key.starts_with('-') { "-- " } else { "" };
    format!("pgyer status --wait {end_of_options}{}", shell_word(key))
}

/// Quotes a word for a POSIX shell, if it has to be quoted.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { quoted(text) }
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
            assert_eq!(shell_word(text), word);
        }
    }

    #[test]
    fn a_key_is_no_option_of_the_command_that_waits() {
        assert_eq!(wait_command("abc"), "pgyer status --wait abc");
        assert_eq!(wait_command("-v"), "pgyer status --wait -- -v");
    }
}
