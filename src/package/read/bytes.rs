//! Numbers in bytes, and bytes of a file.

use std::io;

use crate::package::ReadAt;

/// Reads a little-endian number of `length` bytes.
pub(crate) fn little(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.get(..length)?;
    Some(bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

/// Reads a big-endian number of `length` bytes.
pub(crate) fn big(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.get(..length)?;
    Some(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

/// 32 bits, the lowest first.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    little(bytes, at, 4).and_then(|number| u32::try_from(number).ok())
}

/// 16 bits, the lowest first.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    little(bytes, at, 2).and_then(|number| u16::try_from(number).ok())
}

/// A number of 32 bits that counts or points to something in memory.
pub(crate) fn index_at(bytes: &[u8], at: usize) -> Option<usize> {
    u32_at(bytes, at).and_then(|number| usize::try_from(number).ok())
}

/// Where `part` is found first.
pub(crate) fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len().max(1)).position(|window| window == part)
}

/// Fills the buffer, or reads up to the end of the file. Returns the number of bytes.
pub(crate) fn fill(read: &ReadAt<'_>, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match read(rest, offset.saturating_add(filled as u64))? {
            0 => break,
            count => filled = filled.saturating_add(count),
        }
    }
    Ok(filled)
}

/// Reads `count` bytes at an offset; `None` if the file has fewer.
pub(crate) fn exactly(read: &ReadAt<'_>, offset: u64, count: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; count];
    (fill(read, &mut bytes, offset).ok()? == count).then_some(bytes)
}
