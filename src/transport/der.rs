//! DER, the encoding of certificates: elements of a tag, a length and a content.

/// Reads the content of an element with this tag, and what follows it.
pub(super) fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = any_element(bytes)?;
    (found == tag).then_some((content, rest))
}

/// Reads the tag and content of an element, and what follows it.
pub(super) fn any_element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An element with this tag around what others make together.
    pub(in super::super) fn der(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
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
}
