//! The content of a file that was sent, kept until it is known what app it is.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::service::random_hex;
use crate::package::{Identity, look_into};

/// How much is kept in memory.
const IN_MEMORY: usize = 64 * 1024;

/// A file's content: its beginning in memory, the rest in a temporary file without a name.
#[derive(Debug, Default)]
pub(super) struct Content {
    start: Vec<u8>,
    rest: Rest,
    size: u64,
}

#[derive(Debug, Default)]
enum Rest {
    #[default]
    None,
    File(File),
    /// This machine has no folder for temporary files.
    Lost,
}

impl Content {
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The first 64 KiB.
    pub(super) fn start(&self) -> &[u8] {
        &self.start
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        let free = IN_MEMORY.saturating_sub(self.start.len()).min(bytes.len());
        let (first, more) = bytes.split_at(free);
        self.start.extend_from_slice(first);
        if !more.is_empty() && self.spool(more).is_err() {
            self.rest = Rest::Lost;
        }
    }

    fn spool(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Rest::None = self.rest {
            self.rest = Rest::File(nameless()?);
        }
        match &mut self.rest {
            Rest::File(file) => file.write_all(bytes),
            Rest::None | Rest::Lost => Ok(()),
        }
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let in_memory = self.start.len() as u64;
        match (&self.rest, offset.checked_sub(in_memory)) {
            (Rest::File(file), Some(offset)) => {
                let mut file = file;
                file.seek(SeekFrom::Start(offset))?;
                file.read(buffer)
            }
            (Rest::Lost, Some(_)) => Err(io::ErrorKind::NotFound.into()),
            _ => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                self.start.get(from..).unwrap_or_default().read(buffer)
            }
        }
    }

    /// What the package says it is; empty if it is not a package or can't be read.
    pub(super) fn identity(&self) -> Identity {
        look_into(&|buffer, offset| self.read_at(buffer, offset), self.size).unwrap_or_default()
    }
}

/// A file that is gone once it is closed.
fn nameless() -> io::Result<File> {
    let path = std::env::temp_dir().join(format!("pgyer-sandbox-{}", random_hex(16)));
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_can_be_read_again() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
        let mut content = Content::default();
        bytes.chunks(7001).for_each(|piece| content.push(piece));
        assert_eq!((content.size(), content.start().len()), (200_000, IN_MEMORY));
        for from in [0, 1, IN_MEMORY - 1, IN_MEMORY, IN_MEMORY + 1, 150_000, 199_999] {
            let mut read = Vec::new();
            while from + read.len() < bytes.len() {
                let mut buffer = [0; 4096];
                let count = content.read_at(&mut buffer, (from + read.len()) as u64).unwrap();
                assert_ne!(count, 0);
                read.extend_from_slice(&buffer[..count]);
            }
            assert!(read == bytes[from..], "from {from}");
        }
        assert_eq!(content.read_at(&mut [0; 10], 200_000).unwrap(), 0);
    }

    #[test]
    fn what_is_no_package_says_nothing() {
        let mut content = Content::default();
        content.push(b"PK?");
        assert_eq!(content.identity(), Identity::default());
        content.rest = Rest::Lost;
        content.push(&[0; IN_MEMORY]);
        assert_eq!(content.identity(), Identity::default());
    }
}
