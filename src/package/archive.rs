//! Finds the central directory of a ZIP archive and walks through it with few large reads, in
//! bounded memory, whatever the archive claims about itself.
//!
//! The end record is found here, and `rawzip` reads the directory. Its own search for the end
//! record takes the last signature in the file, which may be part of the comment, does not ask
//! whether the comment reaches the end of the file, and can't tell a truncated archive from one
//! that never was.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::io::{self, Read};

use rawzip::{
    ErrorKind, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ReaderAt, ZipArchive, ZipFileHeaderRecord,
    ZipLocator,
};

use super::not_zip::{self, HEAD};
use super::read::bytes::{fill, little};
use super::read::entry::{Entry, LOCAL_HEADER, LOCAL_HEADER_SIZE};
use super::{AGAIN, ReadAt, Refusal, leading};

/// The size of one read: the longest comment, the end records before it and a typical directory fit
/// into the first one.
pub(super) const BLOCK: usize = 128 * 1024;

const END: &[u8] = b"PK\x05\x06";
const END_SIZE: usize = 22;
const ENTRY: &[u8] = b"PK\x01\x02";
const ENTRY_SIZE: u64 = 46;
const MAX_COMMENT: usize = u16::MAX as usize;

/// A ZIP64 archive has a second end record, of any length, followed by its locator, which ends
/// where the classic end record begins.
const ZIP64_RECORD: &[u8] = b"PK\x06\x06";
const ZIP64_RECORD_SIZE: usize = 56;
const ZIP64_LOCATOR: &[u8] = b"PK\x06\x07";
const ZIP64_LOCATOR_SIZE: usize = 20;

/// Reads the file in blocks: keeps the last one for good, and one other at a time.
pub(super) struct Blocks<'a> {
    read: &'a ReadAt<'a>,
    size: u64,
    tail: Block,
    window: RefCell<Block>,
}

#[derive(Default)]
struct Block {
    start: u64,
    bytes: Vec<u8>,
}

impl Block {
    /// The block's bytes from this offset in the file on; `None` if it has none.
    fn starting_at(&self, offset: u64) -> Option<&[u8]> {
        let skip = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        self.bytes.get(skip..).filter(|bytes| !bytes.is_empty())
    }

    fn fill(&mut self, read: &ReadAt<'_>, start: u64, length: usize) -> io::Result<()> {
        self.start = start;
        self.bytes = vec![0; length];
        let filled = fill(read, &mut self.bytes, start)?;
        self.bytes.truncate(filled);
        Ok(())
    }
}

impl<'a> Blocks<'a> {
    pub(super) fn new(read: &'a ReadAt<'a>, size: u64) -> io::Result<Self> {
        let length = usize::try_from(size).map_or(BLOCK, |size| size.min(BLOCK));
        let mut tail = Block::default();
        tail.fill(read, size.saturating_sub(length as u64), length)?;
        Ok(Self { read, size, tail, window: RefCell::default() })
    }

    /// Reads `count` bytes at an offset; fewer only at the end of the file.
    fn bytes(&self, offset: u64, count: usize) -> io::Result<Vec<u8>> {
        let mut block = Block::default();
        block.fill(&|buffer, offset| self.read_at(buffer, offset), offset, count)?;
        Ok(block.bytes)
    }

    fn begins_with_entry(&self) -> io::Result<bool> {
        Ok(self.bytes(0, LOCAL_HEADER.len())? == LOCAL_HEADER)
    }
}

impl ReaderAt for Blocks<'_> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset >= self.size {
            return Ok(0);
        }
        if let Some(mut bytes) = self.tail.starting_at(offset) {
            return bytes.read(buffer);
        }
        let mut window = self.window.borrow_mut();
        if window.starting_at(offset).is_none() {
            // The block can't reach past the end of the file, since whatever is that near to it is
            // in the tail.
            window.fill(self.read, offset, BLOCK)?;
        }
        window.starting_at(offset).map_or(Ok(0), |mut bytes| bytes.read(buffer))
    }
}

/// The fields of an end record that are used here.
struct EndRecord {
    /// Its own offset in the file.
    offset: u64,
    comment: u64,
    entries: u64,
    directory_size: u64,
    directory_offset: u64,
    /// The offset at which the directory has to end: where this record begins, or the ZIP64 record
    /// before it.
    directory_limit: u64,
}

impl EndRecord {
    fn parse(offset: u64, bytes: &[u8]) -> Option<Self> {
        if !bytes.starts_with(END) {
            return None;
        }
        Some(Self {
            offset,
            comment: little(bytes, 20, 2)?,
            entries: little(bytes, 10, 2)?,
            directory_size: little(bytes, 12, 4)?,
            directory_offset: little(bytes, 16, 4)?,
            directory_limit: offset,
        })
    }

    /// Replaces its numbers by those of the ZIP64 record before it, if there is one.
    fn with_zip64(self, blocks: &Blocks<'_>) -> io::Result<Self> {
        let Some(end) = self.offset.checked_sub(ZIP64_LOCATOR_SIZE as u64) else {
            return Ok(self);
        };
        let locator = blocks.bytes(end, ZIP64_LOCATOR_SIZE)?;
        let start = little(&locator, 8, 8).filter(|_| locator.starts_with(ZIP64_LOCATOR));
        let Some(start) = start else { return Ok(self) };
        let bytes = blocks.bytes(start, ZIP64_RECORD_SIZE)?;
        // The size does not count itself and the signature, 12 bytes.
        let size = little(&bytes, 4, 8).and_then(|size| size.checked_add(12));
        let ends = size.and_then(|size| start.checked_add(size)) == Some(end);
        if !bytes.starts_with(ZIP64_RECORD) || !ends {
            return Ok(self);
        }
        Ok(Self {
            entries: little(&bytes, 24, 8).unwrap_or(self.entries),
            directory_size: little(&bytes, 40, 8).unwrap_or(self.directory_size),
            directory_offset: little(&bytes, 48, 8).unwrap_or(self.directory_offset),
            directory_limit: start,
            ..self
        })
    }

    /// Where the archive ends according to this record.
    fn end(&self) -> u64 {
        self.offset.saturating_add(END_SIZE as u64).saturating_add(self.comment)
    }

    fn directory_end(&self) -> u64 {
        self.directory_offset.saturating_add(self.directory_size)
    }

    /// Whether a directory as it describes ends right before it. Nothing is believed without this:
    /// a comment may contain what looks like an end record.
    fn follows_directory(&self, blocks: &Blocks<'_>) -> io::Result<bool> {
        let plausible = self.entries > 0
            && self.directory_size >= self.entries.saturating_mul(ENTRY_SIZE)
            && self.directory_end() <= self.directory_limit;
        match self.directory_limit.checked_sub(self.directory_size) {
            Some(start) if plausible => Ok(blocks.bytes(start, ENTRY.len())? == ENTRY),
            _ => Ok(false),
        }
    }

    /// How many bytes more there are before the directory than its offset says.
    fn undeclared(&self) -> u64 {
        self.directory_limit.saturating_sub(self.directory_end())
    }

    /// Whether offsets are counted modulo 2^32: Xcode writes IPAs of over 4 GiB without ZIP64. The
    /// archive begins where the file does all the same.
    fn is_wrapped(&self, blocks: &Blocks<'_>) -> io::Result<bool> {
        let is_classic = self.directory_limit == self.offset;
        let is_multiple = self.undeclared() > 0 && self.undeclared() % (1 << 32) == 0;
        Ok(is_classic && is_multiple && blocks.begins_with_entry()?)
    }

    /// Whether this is the end of an inner archive, at which the outer one was cut off: there are
    /// bytes before the archive, and they begin like an archive.
    fn is_of_inner_archive(&self, blocks: &Blocks<'_>) -> io::Result<bool> {
        Ok(self.undeclared() > 0 && blocks.begins_with_entry()? && !self.is_wrapped(blocks)?)
    }

    fn refusal(&self) -> Refusal {
        if self.entries == 0 && self.directory_size == 0 {
            return Refusal::new("the ZIP archive has no entries", AGAIN);
        }
        if self.directory_end() > self.directory_limit {
            return Refusal::truncated(&format!(
                "its directory should end at byte {}, and only {} bytes come before its end record",
                self.directory_end(),
                self.directory_limit
            ));
        }
        Refusal::truncated("its directory is not where the end record says")
    }
}

/// Finds the end record: the last one whose comment ends exactly where the file does and that has a
/// directory before it. A comment may contain what looks like another one.
fn find_end_record(blocks: &Blocks<'_>) -> Result<EndRecord, Refusal> {
    let tail = &blocks.tail;
    let mut refusal = None;
    for (at, bytes) in tail.bytes.windows(END_SIZE).enumerate().rev().take(MAX_COMMENT + 1) {
        let Some(record) = EndRecord::parse(tail.start.saturating_add(at as u64), bytes) else {
            continue;
        };
        let record = record.with_zip64(blocks)?;
        match record.end().cmp(&blocks.size) {
            Ordering::Equal if record.follows_directory(blocks)? => {
                return if record.is_of_inner_archive(blocks)? {
                    Err(Refusal::truncated("its end is missing; what is whole is one within it"))
                } else {
                    Ok(record)
                };
            }
            Ordering::Equal => {
                refusal.get_or_insert_with(|| record.refusal());
            }
            // Only if it fits to the byte: a truncated archive may contain the whole of an inner
            // one, whose end record would otherwise look like this.
            Ordering::Less
                if record.directory_end() == record.directory_limit
                    && record.follows_directory(blocks)? =>
            {
                refusal
                    .get_or_insert_with(|| followed_by(blocks.size.saturating_sub(record.end())));
            }
            _ => {}
        }
    }
    match refusal {
        Some(refusal) => Err(refusal),
        None => Err(not_zip::refusal(&blocks.bytes(0, HEAD)?)),
    }
}

fn followed_by(count: u64) -> Refusal {
    let bytes = if count == 1 { "byte" } else { "bytes" };
    Refusal::new(
        format!("after the end of the ZIP archive the file goes on for {count} {bytes}"),
        "devices do not install such a file: see what appends to it, and build it again",
    )
}

/// An archive whose directory has been found.
pub(crate) struct Archive<'a> {
    zip: ZipArchive<&'a Blocks<'a>>,
    buffer: Vec<u8>,
    /// What rawzip adds to the offsets of an archive that counts them modulo 2^32. It takes the
    /// difference for bytes before the archive.
    excess: u64,
    /// The offset of the first entry in the file, once the directory has been read.
    start: u64,
}

impl<'a> Archive<'a> {
    pub(super) fn locate(blocks: &'a Blocks<'a>) -> Result<Self, Refusal> {
        let record = find_end_record(blocks)?;
        let excess = if record.is_wrapped(blocks)? { record.undeclared() } else { 0 };
        // rawzip wants each entry whole in this buffer, so it must hold the longest possible one.
        let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
        // rawzip has no way to be handed an end record, and would accept a false one inside the
        // comment. So its search is restricted to the signature of the record that was checked.
        let signature = END.len() as u64;
        let zip = ZipLocator::new()
            .max_search_space(signature)
            .locate_in_reader(blocks, &mut buffer, record.offset.saturating_add(signature))
            .map_err(|(_, error)| unreadable(error))?;
        Ok(Self { zip, buffer, excess, start: u64::MAX })
    }

    /// Reads from the file itself: entries and signing blocks are read once, and where they lie is
    /// of no use to the next reader.
    pub(super) fn read(&self) -> &'a ReadAt<'a> {
        self.zip.get_ref().read
    }

    /// Where the directory begins in the file.
    pub(super) fn directory(&self) -> u64 {
        self.zip.directory_offset()
    }

    /// Calls `visit` with each entry of the directory; `None` if the directory is damaged.
    pub(super) fn each_entry(&mut self, visit: &mut dyn FnMut(&[u8], Entry)) -> Option<()> {
        let mut entries = self.zip.entries(&mut self.buffer);
        while let Some(record) = entries.next_entry().ok()? {
            let entry = Entry {
                method: record.compression_method().as_u16(),
                encrypted: record.flags().is_encrypted(),
                compressed: record.compressed_size_hint(),
                size: record.uncompressed_size_hint(),
                header: record.local_header_offset().saturating_sub(self.excess),
            };
            visit(record.file_path().as_ref(), entry);
        }
        Some(())
    }

    /// Refuses what only an IPA may be: without ZIP64 in spite of its size.
    pub(super) fn refuse_wrapped(&self) -> Result<(), Refusal> {
        match self.excess {
            0 => Ok(()),
            _ => Err(Refusal::new("an archive of over 4 GiB needs ZIP64, which it lacks", AGAIN)),
        }
    }

    /// Refuses bytes before the first entry. Android looks at the first four of the file alone.
    pub(super) fn refuse_leading_bytes(&self) -> Result<(), Refusal> {
        let blocks = self.zip.get_ref();
        if blocks.begins_with_entry()? {
            return Ok(());
        }
        let count = usize::try_from(self.start).map_or(HEAD, |start| start.min(HEAD));
        match count {
            0 => Err(Refusal::truncated("its first entry does not begin like one")),
            _ => Err(leading::refusal(self.start, &blocks.bytes(0, count)?)),
        }
    }

    /// Walks through the whole directory and calls `visit` with the name of each entry.
    pub(super) fn each_name(&mut self, mut visit: impl FnMut(&[u8])) -> Result<(), Refusal> {
        let mut entries = self.zip.entries(&mut self.buffer);
        let mut count = 0u64;
        while let Some(entry) = entries.next_entry().map_err(unreadable)? {
            if end_of(&entry).saturating_sub(self.excess) > self.zip.directory_offset() {
                return Err(Refusal::truncated("an entry lies beyond the directory"));
            }
            self.start = self.start.min(entry.local_header_offset());
            visit(entry.file_path().as_ref());
            count += 1;
        }
        let declared = self.zip.entries_hint();
        // Some tools write the count modulo 65,536 instead of using ZIP64.
        if count == declared || count & 0xffff == declared {
            return Ok(());
        }
        Err(Refusal::truncated(&format!("its directory has {count} entries of {declared}")))
    }
}

/// The lowest offset at which the data of an entry can end: the local header's name and extra field
/// are left out, because only the file itself knows their lengths.
fn end_of(entry: &ZipFileHeaderRecord<'_>) -> u64 {
    entry
        .local_header_offset()
        .saturating_add(LOCAL_HEADER_SIZE as u64)
        .saturating_add(entry.compressed_size_hint())
}

fn unreadable(error: rawzip::Error) -> Refusal {
    match error.into_kind() {
        ErrorKind::IO(cause) => Refusal::Io(cause),
        _ => Refusal::truncated("its directory is not whole"),
    }
}
