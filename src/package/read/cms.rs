//! The content of a signed message (CMS, PKCS #7), which is all that a profile is read for.

use crate::der::{any_element, element};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OBJECT: u8 = 0x06;
const EXPLICIT: u8 = 0xA0;
const OCTETS: u8 = 0x04;
const PIECES: u8 = 0x24;
const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2];
/// How deep pieces of an octet string may lie in each other.
const DEEPEST: u32 = 32;

/// What was signed.
pub(super) fn content(message: &[u8]) -> Option<Vec<u8>> {
    let (message, _) = element(message, SEQUENCE)?;
    let (kind, message) = element(message, OBJECT)?;
    if kind != SIGNED_DATA {
        return None;
    }
    let (signed, _) = element(message, EXPLICIT)?;
    let (signed, _) = element(signed, SEQUENCE)?;
    let (_version, signed) = element(signed, INTEGER)?;
    let (_digests, signed) = element(signed, SET)?;
    let (encapsulated, _) = element(signed, SEQUENCE)?;
    let (_kind, encapsulated) = element(encapsulated, OBJECT)?;
    let (octets, _) = element(encapsulated, EXPLICIT)?;
    let mut content = Vec::new();
    join(octets, DEEPEST, &mut content)?;
    Some(content)
}

/// An octet string, in one piece or in several.
fn join<'a>(bytes: &'a [u8], depth: u32, content: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (tag, octets, rest) = any_element(bytes)?;
    match tag {
        OCTETS => content.extend_from_slice(octets),
        PIECES => {
            let mut pieces = octets;
            while !pieces.is_empty() {
                pieces = join(pieces, depth.checked_sub(1)?, content)?;
            }
        }
        _ => return None,
    }
    Some(rest)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let length = match content.len() {
            short if short < 0x80 => vec![short as u8],
            long => [&[0x84][..], &(long as u32).to_be_bytes()].concat(),
        };
        [vec![tag], length, content].concat()
    }

    fn unknown_length(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        [&[tag, 0x80][..], &parts.concat(), &[0, 0]].concat()
    }

    type Wrap = fn(u8, &[&[u8]]) -> Vec<u8>;

    fn message(wrap: Wrap, octets: &[u8]) -> Vec<u8> {
        let data = der(OBJECT, &[&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 1]]);
        let encapsulated = wrap(SEQUENCE, &[&data, &wrap(EXPLICIT, &[octets])]);
        let digests = der(SET, &[]);
        let certificates = wrap(EXPLICIT, &[&der(SEQUENCE, &[b"certificate"])]);
        let signed = wrap(SEQUENCE, &[b"\x02\x01\x01", &digests, &encapsulated, &certificates]);
        wrap(SEQUENCE, &[&der(OBJECT, &[SIGNED_DATA]), &wrap(EXPLICIT, &[&signed])])
    }

    /// A signed message around these bytes, without a signature.
    pub(crate) fn signed(bytes: &[u8]) -> Vec<u8> {
        message(der, &der(OCTETS, &[bytes]))
    }

    #[test]
    fn content_comes_in_one_piece_or_in_several() {
        let pieces =
            [der(OCTETS, &[b"con"]), der(OCTETS, &[b""]), der(OCTETS, &[b"tent"])].concat();
        let nested = der(PIECES, &[&der(PIECES, &[&pieces])]);
        for octets in [
            der(OCTETS, &[b"content"]),
            der(PIECES, &[&pieces]),
            unknown_length(PIECES, &[&pieces]),
            nested,
        ] {
            for wrap in [der as Wrap, unknown_length] {
                let message = message(wrap, &octets);
                assert_eq!(content(&message).as_deref(), Some(&b"content"[..]));
                assert_eq!(
                    content(&[&message[..], b"more"].concat()).as_deref(),
                    Some(&b"content"[..])
                );
            }
        }
    }

    #[test]
    fn other_messages_have_none() {
        let data = der(
            SEQUENCE,
            &[
                &der(OBJECT, &[&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 1]]),
                &der(EXPLICIT, &[&der(OCTETS, &[b"x"])]),
            ],
        );
        for other in [&data[..], b"", b"<plist>", b"{}", &[0x30, 0x80]] {
            assert_eq!(content(other), None);
        }
        // Detached: nothing is in it.
        assert_eq!(content(&message(der, b"")), None);
        assert_eq!(content(&message(der, &der(PIECES, &[&der(SEQUENCE, &[])]))), None);
    }

    #[test]
    fn nesting_has_an_end() {
        let deep = |depth| (0..depth).fold(der(OCTETS, &[b"x"]), |inner, _| der(PIECES, &[&inner]));
        assert!(content(&message(der, &deep(32))).is_some());
        assert!(content(&message(der, &deep(33))).is_none());
        assert!(content(&message(der, &deep(2_000))).is_none());
    }

    #[test]
    fn every_beginning_ends_quietly() {
        for wrap in [der as Wrap, unknown_length] {
            let whole = message(wrap, &der(PIECES, &[&der(OCTETS, &[b"content"])]));
            for length in 0..whole.len() {
                assert_ne!(content(&whole[..length]).as_deref(), Some(&b"cont"[..]));
            }
        }
    }
}
