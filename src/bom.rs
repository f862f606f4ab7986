//! Byte order marks, which editors and shells put at the start of texts.

/// Drops UTF-8's mark.
pub(crate) fn without(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)
}

/// Whether a text is UTF-16, as PowerShell's `>` writes it.
pub(crate) fn is_utf16(text: &[u8]) -> bool {
    text.starts_with(b"\xFF\xFE") || text.starts_with(b"\xFE\xFF")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_known() {
        assert_eq!(without(b"\xEF\xBB\xBFa"), b"a");
        assert_eq!(without(b"a\xEF\xBB\xBF"), b"a\xEF\xBB\xBF");
        assert!(is_utf16(b"\xFF\xFEa\0") && is_utf16(b"\xFE\xFF\0a") && !is_utf16(b"\xEF\xBB\xBF"));
    }
}
