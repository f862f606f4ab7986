//! Finds the central directory of a ZIP archive and walks through it, with few large reads and in
//! bounded memory, whatever the archive claims about itself.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::io::{self, Read};

use rawzip::{
    ErrorKind, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ReaderAt, ZipArchive, ZipFileHeaderRecord,
    ZipLocator,
};

use super::{AGAIN, ReadAt, Refusal, foreign};

/// One read. Large enough that the longest comment, the end records before it and a usual
/// directory come with the first one.
pub(super) const BLOCK: usize = 128 * 1024;

const END: &[u8] = b"PK\x05\x06";
const END_SIZE: usize = 22;
const ENTRY: &[u8] = b"PK\x01\x02";
const ENTRY_SIZE: u64 = 46;
const LOCAL_HEADER: &[u8] = b"PK\x03\x04";
const LOCAL_HEADER_SIZE: u64 = 30;
const MAX_COMMENT: usize = u16::MAX as usize;

/// A ZIP64 archive has another end record, of any length, and its locator right before the end
/// record.
const ZIP64_RECORD: &[u8] = b"PK\x06\x06";
const ZIP64_RECORD_SIZE: usize = 56;
const ZIP64_LOCATOR: &[u8] = b"PK\x06\x07";
const ZIP64_LOCATOR_SIZE: usize = 20;

/// Both kinds of signing block end at the directory, within this many bytes of a magic.
const SIGNING_BLOCK_END: usize = 32;

/// The file in blocks: its end, which stays, and one more, which moves.
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
    /// What the block has from an offset in the file on.
    fn from(&self, offset: u64) -> Option<&[u8]> {
        let skip = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        self.bytes.get(skip..).filter(|bytes| !bytes.is_empty())
    }

    fn fill(&mut self, read: &ReadAt<'_>, start: u64, length: usize) -> io::Result<()> {
        self.start = start;
        self.bytes.resize(length, 0);
        let mut filled = 0;
        let mut offset = start;
        while let Some(rest) = self.bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let count = read(rest, offset)?;
            if count == 0 {
                break;
            }
            filled = filled.saturating_add(count);
            offset = offset.saturating_add(count as u64);
        }
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

    /// So many bytes from an offset on; fewer only at the end of the file.
    fn bytes(&self, offset: u64, count: usize) -> io::Result<Vec<u8>> {
        let mut block = Block::default();
        block.fill(&|buffer, offset| self.read_at(buffer, offset), offset, count)?;
        Ok(block.bytes)
    }
}

impl ReaderAt for Blocks<'_> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset >= self.size {
            return Ok(0);
        }
        if let Some(mut bytes) = self.tail.from(offset) {
            return bytes.read(buffer);
        }
        let mut window = self.window.borrow_mut();
        if window.from(offset).is_none() {
            // The end of a signing block, which lies before the directory, comes with its first
            // block. A block before the tail is never cut short by the end of the file.
            let start = offset.saturating_sub(SIGNING_BLOCK_END as u64);
            window.fill(self.read, start, BLOCK)?;
        }
        window.from(offset).map_or(Ok(0), |mut bytes| bytes.read(buffer))
    }
}

/// The record at the end of an archive, as far as it matters here.
struct EndRecord {
    /// Where it stands in the file.
    offset: u64,
    comment: u64,
    entries: u64,
    directory_size: u64,
    directory_offset: u64,
    /// Where the directory has to end: at this record, or at the ZIP64 record before it.
    directory_limit: u64,
}

impl EndRecord {
    fn parse(offset: u64, bytes: &[u8]) -> Option<Self> {
        if !bytes.starts_with(END) {
            return None;
        }
        Some(Self {
            offset,
            comment: number(bytes, 20, 2)?,
            entries: number(bytes, 10, 2)?,
            directory_size: number(bytes, 12, 4)?,
            directory_offset: number(bytes, 16, 4)?,
            directory_limit: offset,
        })
    }

    /// Takes over what a ZIP64 record before this one says.
    fn with_zip64(self, blocks: &Blocks<'_>) -> io::Result<Self> {
        let Some(end) = self.offset.checked_sub(ZIP64_LOCATOR_SIZE as u64) else {
            return Ok(self);
        };
        let locator = blocks.bytes(end, ZIP64_LOCATOR_SIZE)?;
        let start = number(&locator, 8, 8).filter(|_| locator.starts_with(ZIP64_LOCATOR));
        let Some(start) = start else { return Ok(self) };
        let bytes = blocks.bytes(start, ZIP64_RECORD_SIZE)?;
        // The size leaves out itself and what comes before it.
        let size = number(&bytes, 4, 8).and_then(|size| size.checked_add(12));
        let ends = size.and_then(|size| start.checked_add(size)) == Some(end);
        if !bytes.starts_with(ZIP64_RECORD) || !ends {
            return Ok(self);
        }
        Ok(Self {
            entries: number(&bytes, 24, 8).unwrap_or(self.entries),
            directory_size: number(&bytes, 40, 8).unwrap_or(self.directory_size),
            directory_offset: number(&bytes, 48, 8).unwrap_or(self.directory_offset),
            directory_limit: start,
            ..self
        })
    }

    /// Where the archive ends by this record.
    fn end(&self) -> u64 {
        self.offset.saturating_add(END_SIZE as u64).saturating_add(self.comment)
    }

    fn directory_end(&self) -> u64 {
        self.directory_offset.saturating_add(self.directory_size)
    }

    /// Whether a directory like the one that it tells of ends where it should.
    fn follows_directory(&self, blocks: &Blocks<'_>) -> io::Result<bool> {
        let plausible = self.entries > 0
            && self.directory_size >= self.entries.saturating_mul(ENTRY_SIZE)
            && self.directory_end() <= self.directory_limit;
        match self.directory_limit.checked_sub(self.directory_size) {
            Some(start) if plausible => Ok(blocks.bytes(start, ENTRY.len())? == ENTRY),
            _ => Ok(false),
        }
    }

    /// Whether the archive is what is left of another one, cut off where an archive within it ends:
    /// there is something before it, and that is an archive's beginning.
    fn is_of_inner_archive(&self, blocks: &Blocks<'_>) -> io::Result<bool> {
        Ok(self.directory_end() < self.directory_limit
            && blocks.bytes(0, LOCAL_HEADER.len())? == LOCAL_HEADER)
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

/// A number of so many bytes, the lowest first.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.get(..length)?;
    Some(bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

/// Finds the end record: the last one whose comment reaches exactly to the end of the file and
/// that has a directory before it. A comment may contain what looks like another one.
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
            // Only a record that is right to the byte: in what is left of a truncated archive may
            // stand the whole of another one that it contained.
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
        None => Err(foreign::refusal(&blocks.bytes(0, foreign::HEAD)?)),
    }
}

fn followed_by(count: u64) -> Refusal {
    let bytes = if count == 1 { "byte" } else { "bytes" };
    Refusal::new(
        format!("after the end of the ZIP archive the file goes on for {count} {bytes}"),
        "devices do not install such a file: see what appends to it, and build it again",
    )
}

/// An archive whose directory was found.
pub(super) struct Archive<'a> {
    zip: ZipArchive<&'a Blocks<'a>>,
    buffer: Vec<u8>,
}

impl<'a> Archive<'a> {
    pub(super) fn locate(blocks: &'a Blocks<'a>) -> Result<Self, Refusal> {
        let record = find_end_record(blocks)?;
        // Of any length an entry may have: a shorter buffer makes some directories unreadable.
        let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
        // Left to itself the locator takes a false record within the comment, so its search is
        // made to start and to end with the signature of the right one.
        let signature = END.len() as u64;
        let zip = ZipLocator::new()
            .max_search_space(signature)
            .locate_in_reader(blocks, &mut buffer, record.offset.saturating_add(signature))
            .map_err(|(_, error)| unreadable(error))?;
        Ok(Self { zip, buffer })
    }

    /// The last bytes before the directory, where a signing block has its magic.
    pub(super) fn signing_block(&self) -> io::Result<Vec<u8>> {
        match self.zip.directory_offset().checked_sub(SIGNING_BLOCK_END as u64) {
            Some(start) => self.zip.get_ref().bytes(start, SIGNING_BLOCK_END),
            None => Ok(Vec::new()),
        }
    }

    /// Goes through the whole directory and hands over the name of each entry.
    pub(super) fn each_name(&mut self, mut visit: impl FnMut(&[u8])) -> Result<(), Refusal> {
        let mut entries = self.zip.entries(&mut self.buffer);
        let mut count = 0u64;
        while let Some(entry) = entries.next_entry().map_err(unreadable)? {
            if end_of(&entry) > self.zip.directory_offset() {
                return Err(Refusal::truncated("an entry lies beyond the directory"));
            }
            visit(entry.file_path().as_ref());
            count = count.saturating_add(1);
        }
        let declared = self.zip.entries_hint();
        // Without ZIP64 some tools write the count modulo 65,536.
        if count == declared || count & 0xffff == declared {
            return Ok(());
        }
        Err(Refusal::truncated(&format!("its directory has {count} entries of {declared}")))
    }
}

/// The least offset at which the data of an entry can end.
fn end_of(entry: &ZipFileHeaderRecord<'_>) -> u64 {
    entry
        .local_header_offset()
        .saturating_add(LOCAL_HEADER_SIZE)
        .saturating_add(entry.compressed_size_hint())
}

fn unreadable(error: rawzip::Error) -> Refusal {
    match error.into_kind() {
        ErrorKind::IO(cause) => Refusal::Io(cause),
        _ => Refusal::truncated("its directory is not whole"),
    }
}
