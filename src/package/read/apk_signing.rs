//! The APK Signing Block, which lies before the central directory.

use super::bytes::{exactly, fill, little};
use crate::package::ReadAt;

const MAGIC: &[u8] = b"APK Sig Block 42";
/// The size again, and the magic.
const FOOTER: u64 = 24;
/// A pair's length and its id.
const PAIR_HEAD: usize = 12;
/// More pairs than any APK has.
const MOST_PAIRS: usize = 1_000;
/// How much of a signer is looked at.
pub(super) const SIGNER: usize = 64 * 1024;

/// The signatures that are looked for: their ids, and the first system that reads each.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) v2: Option<Value>,
    pub(super) v3: Option<Value>,
    pub(super) v31: Option<Value>,
}

/// Where the value of a pair is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value {
    offset: u64,
    size: u64,
}

impl Value {
    /// Its first bytes.
    pub(super) fn head(&self, read: &ReadAt<'_>) -> Option<Vec<u8>> {
        let count = self.size.min(SIGNER as u64);
        exactly(read, self.offset, usize::try_from(count).ok()?)
    }
}

/// The signing block before the directory: an empty one if there is none or it is damaged; `None`
/// if its pairs can't all be read.
pub(super) fn block(read: &ReadAt<'_>, directory: u64) -> Option<Block> {
    let Some((start, end)) = bounds(read, directory) else { return Some(Block::default()) };
    let mut block = Block::default();
    let mut at = start;
    for _ in 0..MOST_PAIRS {
        if at == end {
            return Some(block);
        }
        let mut head = [0; PAIR_HEAD];
        fill(read, &mut head, at).ok()?;
        // The length counts the id, and not itself.
        let after = little(&head, 0, 8).filter(|length| *length >= 4);
        let after = after.and_then(|length| at.checked_add(8)?.checked_add(length));
        let Some(after) = after.filter(|after| *after <= end) else {
            return Some(Block::default());
        };
        let offset = at.saturating_add(PAIR_HEAD as u64);
        block.note(little(&head, 8, 4)?, Value { offset, size: after.saturating_sub(offset) });
        at = after;
    }
    None
}

/// Where the pairs begin and end.
fn bounds(read: &ReadAt<'_>, directory: u64) -> Option<(u64, u64)> {
    let end = directory.checked_sub(FOOTER)?;
    let footer = exactly(read, end, FOOTER as usize)?;
    let size = little(&footer, 0, 8).filter(|_| footer.ends_with(MAGIC))?;
    let start = directory.checked_sub(size)?.checked_sub(8)?;
    let again = little(&exactly(read, start, 8)?, 0, 8)?;
    let pairs = start.checked_add(8)?;
    (again == size && pairs <= end).then_some((pairs, end))
}

impl Block {
    fn note(&mut self, id: u64, value: Value) {
        match id {
            0x7109_871A => self.v2 = Some(value),
            0xF053_68C0 => self.v3 = Some(value),
            0x1B93_AD61 => self.v31 = Some(value),
            // Padding, a source stamp, what Google and channel tools add: no signatures.
            _ => {}
        }
    }
}

/// Whether a certificate in these bytes is of a debug key: its common name says so.
pub(super) fn has_debug_key(bytes: &[u8]) -> bool {
    const COMMON_NAME: [u8; 5] = [0x06, 0x03, 0x55, 0x04, 0x03];
    const UTF8: u8 = 0x0C;
    const PRINTABLE: u8 = 0x13;
    let name = b"Android Debug";
    [UTF8, PRINTABLE].iter().any(|tag| {
        let attribute = [&COMMON_NAME[..], &[*tag, name.len() as u8], name].concat();
        super::bytes::find(bytes, &attribute).is_some()
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Read;

    use super::*;

    pub(crate) const V2: u32 = 0x7109_871A;
    pub(crate) const V3: u32 = 0xF053_68C0;
    pub(crate) const V31: u32 = 0x1B93_AD61;

    /// A block of these pairs.
    pub(crate) fn signing_block(pairs: &[(u32, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (id, value) in pairs {
            bytes.extend((value.len() as u64 + 4).to_le_bytes());
            bytes.extend(id.to_le_bytes());
            bytes.extend(*value);
        }
        let size = (bytes.len() as u64 + FOOTER).to_le_bytes();
        [&size[..], &bytes, &size, MAGIC].concat()
    }

    fn block_of(bytes: &[u8]) -> Option<Block> {
        let read = |buffer: &mut [u8], offset: u64| {
            bytes.get(offset as usize..).unwrap_or_default().read(buffer)
        };
        block(&read, bytes.len() as u64)
    }

    fn found(bytes: &[u8]) -> (bool, bool, bool) {
        let block = block_of(bytes).unwrap();
        (block.v2.is_some(), block.v3.is_some(), block.v31.is_some())
    }

    #[test]
    fn signatures_are_known_by_their_ids() {
        let before = b"entries".to_vec();
        for (pairs, expected) in [
            (&[(V2, &b"a signer"[..])][..], (true, false, false)),
            (&[(V3, b"")], (false, true, false)),
            (&[(V2, b"a"), (V3, b"b"), (V31, b"c")], (true, true, true)),
            (
                &[(0x4272_6577, &[0; 4000]), (0x7177_7777, b"channel"), (0x6DFF_800D, b"")],
                (false, false, false),
            ),
            (&[], (false, false, false)),
        ] {
            assert_eq!(found(&[&before[..], &signing_block(pairs)].concat()), expected);
        }
    }

    #[test]
    fn a_block_that_is_not_whole_is_none() {
        let whole = [&b"entries"[..], &signing_block(&[(V2, b"signer"), (V3, b"other")])].concat();
        let with = |at: usize, byte: u8| {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            bytes
        };
        let end = whole.len();
        let nothing = (false, false, false);
        assert_eq!(found(&whole), (true, true, false));
        // The sizes, the magic, the lengths of the two pairs.
        for at in [7, end - 24, end - 1, 15, 16, 33, 34] {
            assert_eq!(found(&with(at, 0xF0)), nothing, "{at}");
        }
        assert_eq!(found(&with(15, 3)), nothing);
        assert_eq!(found(&whole[1..end - 1]), nothing);
        for start in 8..whole.len() {
            assert_eq!(found(&whole[start..]), nothing, "{start}");
        }
        let none = [&40u64.to_le_bytes()[..], MAGIC].concat();
        assert_eq!(found(&none), nothing);
    }

    #[test]
    fn pairs_without_end_can_not_be_judged() {
        assert_eq!(block_of(&signing_block(&vec![(1, &b""[..]); 1_000])), None);
        assert!(block_of(&signing_block(&vec![(1, &b""[..]); 999])).is_some());
    }

    #[test]
    fn debug_keys_have_a_name() {
        let name = b"\x06\x03\x55\x04\x03\x0c\x0dAndroid Debug";
        assert!(has_debug_key(&[&[1; 9][..], name, &[2; 9]].concat()));
        assert!(has_debug_key(b"\x06\x03\x55\x04\x03\x13\x0dAndroid Debug"));
        assert!(!has_debug_key(b"\x06\x03\x55\x04\x0a\x0c\x0dAndroid Debug"));
        assert!(!has_debug_key(&name[..name.len() - 1]));
        assert!(!has_debug_key(b"\x06\x03\x55\x04\x03\x0c\x12Android Debug Team"));
    }
}
