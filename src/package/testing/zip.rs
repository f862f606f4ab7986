//! Writes ZIP archives by hand.

/// An entry of an archive to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct File {
    pub(crate) name: Vec<u8>,
    pub(crate) data: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    /// The unpacked size in the central directory.
    pub(crate) size: usize,
    /// At a multiple of what its data begins, and how many bytes behind it.
    pub(crate) at: Option<(usize, usize)>,
}

/// An entry that is stored as it is.
pub(crate) fn stored(name: &str, data: impl AsRef<[u8]>) -> File {
    let data = data.as_ref().to_vec();
    File { name: name.into(), size: data.len(), data, ..File::default() }
}

/// An entry that is compressed.
pub(crate) fn deflated(name: &str, data: impl AsRef<[u8]>) -> File {
    let packed = miniz_oxide::deflate::compress_to_vec(data.as_ref(), 6);
    File { size: data.as_ref().len(), data: packed, method: 8, ..stored(name, "") }
}

impl File {
    pub(crate) fn at(mut self, multiple: usize, behind: usize) -> Self {
        self.at = Some((multiple, behind));
        self
    }

    fn header(&self, extra: usize) -> Vec<u8> {
        let mut bytes = vec![20, 0];
        bytes.extend(self.flags.to_le_bytes());
        bytes.extend(self.method.to_le_bytes());
        bytes.extend([0, 0, 0x21, 0x58, 0, 0, 0, 0]);
        bytes.extend((self.data.len() as u32).to_le_bytes());
        bytes.extend((self.size as u32).to_le_bytes());
        bytes.extend((self.name.len() as u16).to_le_bytes());
        bytes.extend((extra as u16).to_le_bytes());
        bytes
    }

    /// How many bytes have to stand between its name and its data.
    fn padding(&self, start: usize) -> usize {
        let Some((multiple, behind)) = self.at else { return 0 };
        let data = start + 30 + self.name.len();
        (multiple - data % multiple) % multiple + behind
    }
}

/// An archive of these entries, with this before its directory.
pub(crate) fn zip(files: &[File], block: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for file in files {
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(file.header(0));
        directory.extend([0; 10]);
        directory.extend((bytes.len() as u32).to_le_bytes());
        directory.extend(&file.name);
        let padding = file.padding(bytes.len());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(file.header(padding));
        bytes.extend(&file.name);
        bytes.resize(bytes.len() + padding, 0);
        bytes.extend(&file.data);
    }
    bytes.extend(block);
    let start = bytes.len() as u32;
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend((files.len() as u16).to_le_bytes());
    end.extend((files.len() as u16).to_le_bytes());
    end.extend((directory.len() as u32).to_le_bytes());
    end.extend(start.to_le_bytes());
    end.extend([0, 0]);
    [bytes, directory, end].concat()
}
