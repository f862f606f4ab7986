//! The bytes of one entry of an archive, in bounded time and memory whatever it says about itself.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use super::bytes::{exactly, fill, little};
use crate::package::ReadAt;

pub(crate) const LOCAL_HEADER: &[u8] = b"PK\x03\x04";
pub(crate) const LOCAL_HEADER_SIZE: usize = 30;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const INPUT_BLOCK: usize = 16 * 1024;

/// An entry as the central directory describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// How it is compressed: 0 not at all, 8 DEFLATE.
    pub(crate) method: u16,
    /// Whether it is encrypted.
    pub(crate) encrypted: bool,
    /// Its size in the archive.
    pub(crate) compressed: u64,
    /// Its size unpacked.
    pub(crate) size: u64,
    /// Where its local header begins in the file.
    pub(crate) header: u64,
}

/// How an entry lies in the archive, for a system that maps it into memory as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Neither compressed nor out of line.
    Fine,
    /// Compressed.
    Compressed,
    /// Stored at an offset that is not a multiple of what was asked for.
    Misaligned,
}

impl Entry {
    /// Where its data begins. The local header has lengths of its own: they differ from those of
    /// the directory.
    fn data(&self, read: &ReadAt<'_>) -> Option<u64> {
        let header = exactly(read, self.header, LOCAL_HEADER_SIZE)?;
        if !header.starts_with(LOCAL_HEADER) {
            return None;
        }
        let names = little(&header, 26, 2)?.checked_add(little(&header, 28, 2)?)?;
        self.header.checked_add(LOCAL_HEADER_SIZE as u64)?.checked_add(names)
    }

    /// How it lies in the archive; `None` if that can't be read.
    pub(crate) fn placement(&self, read: &ReadAt<'_>, alignment: u64) -> Option<Placement> {
        match self.method {
            _ if self.encrypted => None,
            DEFLATED => Some(Placement::Compressed),
            STORED if self.data(read)? % alignment == 0 => Some(Placement::Fine),
            STORED => Some(Placement::Misaligned),
            _ => None,
        }
    }

    /// All of it, unless it is larger than the limit.
    pub(crate) fn whole(&self, read: &ReadAt<'_>, limit: usize) -> Option<Vec<u8>> {
        let size = usize::try_from(self.size).ok().filter(|size| *size <= limit)?;
        // One byte more shows that it does not end where the directory says.
        let bytes = self.unpack(read, size.checked_add(1)?)?;
        (bytes.len() == size).then_some(bytes)
    }

    /// Its first bytes, up to the limit.
    pub(crate) fn head(&self, read: &ReadAt<'_>, limit: usize) -> Option<Vec<u8>> {
        self.unpack(read, limit)
    }

    fn unpack(&self, read: &ReadAt<'_>, limit: usize) -> Option<Vec<u8>> {
        if self.encrypted {
            return None;
        }
        let start = self.data(read)?;
        match self.method {
            STORED => {
                let count = self.compressed.min(limit as u64);
                exactly(read, start, usize::try_from(count).ok()?)
            }
            DEFLATED => {
                let end = start.checked_add(self.compressed)?;
                inflate(&mut Input::new(read, start, end, limit), limit)
            }
            _ => None,
        }
    }
}

/// Compressed data, block by block.
struct Input<'a> {
    read: &'a ReadAt<'a>,
    offset: u64,
    end: u64,
    block: Vec<u8>,
    used: usize,
}

impl<'a> Input<'a> {
    /// Input for `limit` bytes of output. DEFLATE data can be arbitrarily long without producing
    /// any output, so no more is read than any real compressor would have written for that many
    /// bytes.
    fn new(read: &'a ReadAt<'a>, start: u64, end: u64, limit: usize) -> Self {
        let most = (limit as u64).saturating_mul(2).saturating_add(INPUT_BLOCK as u64);
        let end = end.min(start.saturating_add(most));
        Self { read, offset: start, end, block: Vec::new(), used: 0 }
    }

    /// What is not used up yet, and whether more follows.
    fn bytes(&mut self) -> Option<(&[u8], bool)> {
        if self.used == self.block.len() {
            let count = self.end.saturating_sub(self.offset).min(INPUT_BLOCK as u64);
            self.block.resize(usize::try_from(count).ok()?, 0);
            let filled = fill(self.read, &mut self.block, self.offset).ok()?;
            self.block.truncate(filled);
            self.offset = self.offset.saturating_add(filled as u64);
            self.used = 0;
            if filled == 0 {
                self.end = self.offset;
            }
        }
        Some((self.block.get(self.used..)?, self.offset < self.end))
    }
}

/// Inflates up to `limit` bytes; `None` if the data is damaged or ends early.
fn inflate(input: &mut Input<'_>, limit: usize) -> Option<Vec<u8>> {
    let mut state = Box::<DecompressorOxide>::default();
    let mut output = vec![0; limit.min(INPUT_BLOCK)];
    let mut written = 0usize;
    loop {
        let (bytes, more) = input.bytes()?;
        let mut flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        if more {
            flags |= inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
        }
        let (status, used, made) = decompress(&mut state, bytes, &mut output, written, flags);
        input.used = input.used.saturating_add(used);
        written = written.saturating_add(made);
        match status {
            TINFLStatus::NeedsMoreInput if more => {}
            TINFLStatus::HasMoreOutput if output.len() < limit => {
                output.resize(output.len().saturating_mul(2).min(limit), 0);
            }
            TINFLStatus::Done | TINFLStatus::HasMoreOutput => {
                output.truncate(written);
                return Some(output);
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::archive::{Archive, Blocks};
    use crate::package::testing::in_memory;
    use crate::package::testing::zip::{File, deflated, stored, zip};

    /// The one entry of an archive, given what can be done with it.
    fn entry<T>(file: &File, use_it: impl Fn(&ReadAt<'_>, Entry) -> T) -> T {
        within(&zip(&[stored("first", "1"), file.clone()], b""), use_it)
    }

    fn within<T>(bytes: &[u8], use_it: impl Fn(&ReadAt<'_>, Entry) -> T) -> T {
        let read = in_memory(bytes);
        let blocks = Blocks::new(&read, bytes.len() as u64).unwrap();
        let mut archive = Archive::locate(&blocks).unwrap();
        let mut last = None;
        archive.each_entry(&mut |_, entry| last = Some(entry)).unwrap();
        use_it(&read, last.unwrap())
    }

    fn whole(file: &File, limit: usize) -> Option<Vec<u8>> {
        entry(file, |read, entry| entry.whole(read, limit))
    }

    fn head(file: &File, limit: usize) -> Option<Vec<u8>> {
        entry(file, |read, entry| entry.head(read, limit))
    }

    fn text(size: usize) -> Vec<u8> {
        (0..size).map(|at| (at / 3 * 7 % 251) as u8).collect()
    }

    #[test]
    fn entries_are_read_up_to_the_limit() {
        for size in [0, 1, 1000, INPUT_BLOCK, INPUT_BLOCK + 1, 200_000] {
            let text = text(size);
            for file in [stored("a", &text), deflated("a", &text), deflated("a", &text).at(4, 3)] {
                assert_eq!(whole(&file, size).as_ref(), Some(&text), "{size}");
                assert_eq!(whole(&file, size + 1).as_ref(), Some(&text));
                if size > 0 {
                    assert_eq!(whole(&file, size - 1), None);
                    assert_eq!(head(&file, size - 1).unwrap(), text[..size - 1]);
                    assert_eq!(head(&file, size / 2 + 1).unwrap(), text[..size / 2 + 1]);
                }
                assert_eq!(head(&file, size + 1).as_ref(), Some(&text));
            }
        }
    }

    #[test]
    fn what_is_not_as_the_directory_says_is_unreadable() {
        let text = text(1000);
        for file in [stored("a", &text), deflated("a", &text)] {
            for size in [0, 999, 1001] {
                assert_eq!(whole(&File { size, ..file.clone() }, 5000), None, "{size}");
            }
            for method in [1, 9, 12, 14, 93, 99] {
                assert_eq!(whole(&File { method, ..file.clone() }, 5000), None, "{method}");
            }
            assert_eq!(whole(&File { flags: 1, ..file.clone() }, 5000), None);
            assert_eq!(head(&File { flags: 1, ..file }, 5000), None);
        }
        let packed = deflated("a", &text);
        for length in 0..packed.data.len() {
            let data = packed.data[..length].to_vec();
            assert_eq!(whole(&File { data, ..packed.clone() }, 5000), None, "{length}");
        }
        let noise = File { data: vec![0xFF; 500], ..packed.clone() };
        assert_eq!((whole(&noise, 5000), head(&noise, 5000)), (None, None));
        // What follows the end of the compressed data does not matter.
        let longer = File { data: [&packed.data[..], b"more"].concat(), ..packed };
        assert_eq!(whole(&longer, 5000), Some(text));
    }

    #[test]
    fn a_local_header_has_to_be_there() {
        let bytes = zip(&[stored("a", "text")], b"");
        for (at, byte) in [(0, b'Q'), (3, 5), (26, 0xFF), (29, 0xFF)] {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            assert_eq!(within(&bytes, |read, entry| entry.whole(read, 100)), None, "{at}");
        }
        let far =
            within(&bytes, |read, entry| Entry { header: u64::MAX, ..entry }.whole(read, 100));
        assert_eq!(far, None);
    }

    #[test]
    fn little_is_read_of_what_makes_nothing() {
        // Empty blocks of stored data, one after another: five bytes each.
        let data = b"\x00\x00\x00\xff\xff".repeat(1_000_000);
        let bytes = zip(&[File { data, size: 10, method: 8, ..stored("a", "") }], b"");
        let memory = in_memory(&bytes);
        let count = std::cell::Cell::new(0usize);
        let read = |buffer: &mut [u8], offset: u64| {
            count.set(count.get() + buffer.len());
            memory(buffer, offset)
        };
        let blocks = Blocks::new(&memory, bytes.len() as u64).unwrap();
        let mut archive = Archive::locate(&blocks).unwrap();
        let mut found = None;
        archive.each_entry(&mut |_, entry| found = Some(entry)).unwrap();
        assert_eq!(found.unwrap().whole(&read, 1000), None);
        assert!(count.get() < 40_000, "{}", count.get());
    }

    #[test]
    fn a_bomb_makes_no_more_than_the_limit() {
        let zeros = deflated("a", vec![0; 50_000_000]);
        assert!(zeros.data.len() < 60_000);
        assert_eq!(whole(&File { size: 1000, ..zeros.clone() }, 5000), None);
        assert_eq!(head(&zeros, 5000).unwrap(), [0; 5000]);
    }

    #[test]
    fn errors_of_reading_make_it_unreadable() {
        let bytes = zip(&[deflated("a", text(100_000))], b"");
        let memory = in_memory(&bytes);
        let read = |buffer: &mut [u8], offset: u64| {
            if offset > 30 { Err(std::io::Error::other("gone")) } else { memory(buffer, offset) }
        };
        within(&bytes, |_, entry| assert_eq!(entry.whole(&read, 200_000), None));
    }
}
