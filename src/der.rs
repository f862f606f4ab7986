//! Reads the elements of ASN.1: DER, and BER's indefinite lengths, which Java's libraries write.

/// How deeply elements of indefinite length may be nested.
const DEEPEST: u32 = 32;

/// Reads the content of an element with this tag, and what follows it.
pub(crate) fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = any_element(bytes)?;
    (found == tag).then_some((content, rest))
}

/// Reads the tag and content of the element at the start, and what follows it.
pub(crate) fn any_element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    within(bytes, DEEPEST)
}

fn within(bytes: &[u8], depth: u32) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    const CONSTRUCTED: u8 = 0x20;
    if first == 0x80 && tag & CONSTRUCTED != 0 {
        return until_end(tag, rest, depth.checked_sub(1)?);
    }
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
        if digits.len() > 4 {
            return None;
        }
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// An element of unknown length: it ends at an element of two zeros.
fn until_end(tag: u8, bytes: &[u8], depth: u32) -> Option<(u8, &[u8], &[u8])> {
    const END: &[u8] = &[0, 0];
    let mut rest = bytes;
    loop {
        if let Some(after) = rest.strip_prefix(END) {
            let length = bytes.len().checked_sub(rest.len())?;
            return Some((tag, bytes.get(..length)?, after));
        }
        (_, _, rest) = within(rest, depth)?;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An element with this tag around what others make together.
    pub(crate) fn der(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
        let content = parts.concat();
        let length = match content.len() {
            short if short < 0x80 => vec![short as u8],
            long => vec![0x82, (long >> 8) as u8, long as u8],
        };
        [vec![tag], length, content].concat()
    }

    #[test]
    fn lengths_are_short_or_long() {
        for length in [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x1234] {
            let bytes = [der(0x04, &[vec![7; length]]), b"rest".to_vec()].concat();
            let (content, rest) = element(&bytes, 0x04).unwrap();
            assert_eq!((content.len(), rest), (length, &b"rest"[..]));
            assert_eq!(element(&bytes, 0x05), None);
        }
        assert_eq!(element(b"\x04\x84\0\0\0\x01xy", 0x04), Some((&b"x"[..], &b"y"[..])));
        assert_eq!(element(b"\x04\x80rest", 0x04), Some((&b""[..], &b"rest"[..])));
        for wrong in [&b"\x04\x85\0\0\0\0\x01x"[..], b"\x04\x02x", b"\x04\x82\0", b"\x04", b""] {
            assert_eq!(element(wrong, 0x04), None, "{wrong:?}");
        }
    }

    #[test]
    fn unknown_lengths_end_at_two_zeros() {
        let nested = b"\x30\x80\x30\x80\x04\x02\0\0\0\0\x02\x01\x07\0\0rest";
        let (content, rest) = element(nested, 0x30).unwrap();
        assert_eq!((content, rest), (&b"\x30\x80\x04\x02\0\0\0\0\x02\x01\x07"[..], &b"rest"[..]));
        for length in 0..nested.len() - 4 {
            assert_eq!(element(&nested[..length], 0x30), None, "{length}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |depth: usize| [[0x30, 0x80].repeat(depth), vec![0; 2 * depth]].concat();
        assert!(any_element(&nested(32)).is_some());
        assert!(any_element(&nested(33)).is_none());
        assert!(any_element(&[0x30, 0x80].repeat(500_000)).is_none());
    }
}
