//! Writes ZIP archives by hand, right ones and wrong ones.

/// An archive to be: entries with their bytes stored, and what stands around them.
#[derive(Default, Clone)]
pub(super) struct Zip {
    entries: Vec<(Vec<u8>, Vec<u8>)>,
    prelude: Vec<u8>,
    declared_prelude: Vec<u8>,
    hole: u64,
    signing_block: Vec<u8>,
    comment: Vec<u8>,
    zip64: bool,
    sector: Vec<u8>,
}

pub(super) fn zip(names: &[&str]) -> Zip {
    let entries = names.iter().map(|name| (name.as_bytes().to_vec(), b"data".to_vec())).collect();
    Zip { entries, ..Zip::default() }
}

/// The offset of the end record in an archive without a comment.
pub(super) fn end_record(bytes: &[u8]) -> usize {
    bytes.len() - 22
}

impl Zip {
    pub(super) fn entry(mut self, name: &[u8], data: &[u8]) -> Self {
        self.entries.push((name.to_vec(), data.to_vec()));
        self
    }

    /// Data that the offsets in the archive know nothing of, as before a self-extracting one.
    pub(super) fn prelude(mut self, bytes: &[u8]) -> Self {
        self.prelude = bytes.to_vec();
        self
    }

    /// Bytes before the archive that its offsets take into account.
    pub(super) fn declared_prelude(mut self, bytes: &[u8]) -> Self {
        self.declared_prelude = bytes.to_vec();
        self
    }

    /// Leaves out so many bytes behind the first entry, which the offsets count, modulo 2^32.
    pub(super) fn hole(mut self, length: u64) -> Self {
        self.hole = length;
        self
    }

    /// Where the hole is.
    pub(super) fn hole_offset(&self) -> usize {
        let (name, data) = &self.entries[0];
        self.declared_prelude.len() + local_header(name, data).len() + data.len()
    }

    pub(super) fn signing_block(mut self, bytes: &[u8]) -> Self {
        self.signing_block = bytes.to_vec();
        self
    }

    pub(super) fn comment(mut self, bytes: &[u8]) -> Self {
        self.comment = bytes.to_vec();
        self
    }

    pub(super) fn zip64(mut self) -> Self {
        self.zip64 = true;
        self
    }

    /// What a ZIP64 end record may have behind its fields.
    pub(super) fn sector(mut self, bytes: &[u8]) -> Self {
        self.sector = bytes.to_vec();
        self.zip64()
    }

    pub(super) fn build(&self) -> Vec<u8> {
        let mut bytes = self.declared_prelude.clone();
        let mut directory = Vec::new();
        for (index, (name, data)) in self.entries.iter().enumerate() {
            let hole = if index == 0 { 0 } else { self.hole };
            directory.extend(self.directory_entry(name, data, bytes.len() as u64 + hole));
            bytes.extend(local_header(name, data));
            bytes.extend(data);
        }
        bytes.extend(&self.signing_block);
        let end = self.end(bytes.len() as u64 + self.hole, directory.len());
        [&self.prelude[..], &bytes, &directory, &end, &self.comment].concat()
    }

    fn directory_entry(&self, name: &[u8], data: &[u8], offset: u64) -> Vec<u8> {
        let mut extra = Vec::new();
        if self.zip64 {
            extra.extend([1, 0, 8, 0]);
            extra.extend(offset.to_le_bytes());
        }
        let offset = if self.zip64 { u32::MAX } else { offset as u32 };
        let mut bytes = b"PK\x01\x02\x14\0".to_vec();
        bytes.extend(common_header(name, data, extra.len()));
        bytes.extend([0; 10]);
        bytes.extend(offset.to_le_bytes());
        bytes.extend(name);
        bytes.extend(extra);
        bytes
    }

    fn end(&self, directory_offset: u64, directory_size: usize) -> Vec<u8> {
        let count = self.entries.len();
        let mut bytes = Vec::new();
        if self.zip64 {
            let record_offset = directory_offset + directory_size as u64;
            bytes.extend(b"PK\x06\x06");
            bytes.extend((44 + self.sector.len() as u64).to_le_bytes());
            bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            for number in [count as u64, count as u64, directory_size as u64, directory_offset] {
                bytes.extend(number.to_le_bytes());
            }
            bytes.extend(&self.sector);
            bytes.extend(b"PK\x06\x07\0\0\0\0");
            bytes.extend(record_offset.to_le_bytes());
            bytes.extend(1u32.to_le_bytes());
            bytes.extend(classic_end(u16::MAX, u32::MAX, u32::MAX, self.comment.len()));
        } else {
            let (size, offset) = (directory_size as u32, directory_offset as u32);
            bytes.extend(classic_end(count as u16, size, offset, self.comment.len()));
        }
        bytes
    }
}

/// An end record; what it says need not be true.
pub(super) fn classic_end(entries: u16, size: u32, offset: u32, comment: usize) -> Vec<u8> {
    let mut bytes = b"PK\x05\x06\0\0\0\0".to_vec();
    bytes.extend(entries.to_le_bytes());
    bytes.extend(entries.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.extend((comment as u16).to_le_bytes());
    bytes
}

fn local_header(name: &[u8], data: &[u8]) -> Vec<u8> {
    [&b"PK\x03\x04"[..], &common_header(name, data, 0), name].concat()
}

/// What an entry's two headers have in common: version to extra field's length.
fn common_header(name: &[u8], data: &[u8], extra: usize) -> Vec<u8> {
    let mut bytes = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x58];
    bytes.extend([0; 4]);
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend((name.len() as u16).to_le_bytes());
    bytes.extend((extra as u16).to_le_bytes());
    bytes
}
