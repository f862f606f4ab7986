//! Texts as editors and shells write them.

/// Drops the byte order mark of UTF-8.
pub(crate) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)
}

/// Whether a text is UTF-16, as PowerShell's `>` writes it.
pub(crate) fn is_utf16(text: &[u8]) -> bool {
    text.starts_with(b"\xFF\xFE") || text.starts_with(b"\xFE\xFF")
}

/// Decodes a text, without the byte order mark that it may begin with, or says what is wrong.
pub(crate) fn decoded(bytes: &[u8]) -> Result<String, &'static str> {
    if is_utf16(bytes) {
        return Err("it is UTF-16, as PowerShell's > writes it; save it as UTF-8");
    }
    let text = std::str::from_utf8(without_mark(bytes)).map_err(|_| "it is not UTF-8 text")?;
    Ok(text.to_owned())
}

/// Decodes a secret, without one line break at its end, which editors and `echo` put there.
pub(crate) fn secret(bytes: &[u8]) -> Result<String, &'static str> {
    let mut text = decoded(bytes)?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_dropped_and_utf_16_is_named() {
        for (bytes, text) in [
            ("\u{feff}a\u{feff}".as_bytes(), "a\u{feff}"),
            (b"a\r\n", "a\r\n"),
            (b"", ""),
            (b"\0", "\0"),
        ] {
            assert_eq!(decoded(bytes).unwrap(), text);
        }
        for (bytes, problem) in [
            (&b"\xFF\xFEa\0"[..], "UTF-16, as PowerShell's > writes it"),
            (b"\xFE\xFF\0a", "UTF-16, as PowerShell's > writes it"),
            (b"\xFF", "not UTF-8"),
            // The mark belongs at the start.
            (b"a\xEF\xBB", "not UTF-8"),
        ] {
            let said = decoded(bytes).unwrap_err();
            assert!(said.contains(problem), "{said}");
        }
        assert_eq!(without_mark(b"a\xEF\xBB\xBF"), b"a\xEF\xBB\xBF");
    }

    #[test]
    fn a_secret_loses_one_line_break_at_its_end() {
        for (written, text) in [
            ("pw", "pw"),
            ("pw\n", "pw"),
            ("pw\r\n", "pw"),
            ("\u{feff}pw\n\n", "pw\n"),
            ("pw\n\r\n", "pw\n"),
            ("pw\r", "pw\r"),
            (" p w \n", " p w "),
            ("\n", ""),
        ] {
            assert_eq!(secret(written.as_bytes()).unwrap(), text);
        }
    }
}
