//! Texts as editors and shells write them.

use pgyer::Result;

use crate::bom;
use crate::inputs::usage;

/// Decodes a text, without the byte order mark that it may begin with. `name` says what it is.
pub(crate) fn decoded(name: &str, bytes: Vec<u8>) -> Result<String> {
    if bom::is_utf16(&bytes) {
        let problem = "it is UTF-16, as PowerShell's > writes it; save it as UTF-8";
        return Err(usage(format!("{name}: {problem}")));
    }
    String::from_utf8(bom::without(&bytes).to_vec())
        .map_err(|_| usage(format!("{name}: it is not UTF-8 text")))
}

/// Decodes a secret, without one line break at its end, which editors and `echo` put there.
pub(crate) fn secret(name: &str, bytes: Vec<u8>) -> Result<String> {
    let mut text = decoded(name, bytes)?;
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
            assert_eq!(decoded("FILE", bytes.to_vec()).unwrap(), text);
        }
        for (bytes, problem) in [
            (&b"\xFF\xFEa\0"[..], "UTF-16, as PowerShell's > writes it"),
            (b"\xFE\xFF\0a", "UTF-16, as PowerShell's > writes it"),
            (b"\xFF", "not UTF-8"),
        ] {
            let message = decoded("FILE", bytes.to_vec()).unwrap_err().to_string();
            assert!(message.starts_with("FILE: ") && message.contains(problem), "{message}");
        }
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
            assert_eq!(secret("FILE", written.into()).unwrap(), text);
        }
    }
}
