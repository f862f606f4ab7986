//! What differs from one operating system to another.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// Opens a file for reading. Does not block, even if a FIFO has replaced it in the meantime.
#[cfg(unix)]
pub(super) fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    match File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path) {
        // Another program holds a lease on the file. Waiting gives it time to let go.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => File::open(path),
        result => result,
    }
}

#[cfg(windows)]
pub(super) fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(unix)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

/// Which file this is: the device and its number there, if the system tells.
#[cfg(unix)]
pub(super) fn identity(_: &File, metadata: &Metadata) -> Option<(u64, u64)> {
    number(metadata)
}

/// Which file the path leads to.
#[cfg(unix)]
pub(super) fn identity_at(path: &Path) -> Option<(u64, u64)> {
    number(&std::fs::metadata(path).ok()?)
}

#[cfg(unix)]
fn number(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

/// The volume and the file's index on it, which some file systems (ReFS, FAT) may give twice or
/// change. The time of creation says less: a file that takes another's name within 15 seconds gets
/// that too.
#[cfg(windows)]
pub(super) fn identity(file: &File, _: &Metadata) -> Option<(u64, u64)> {
    index(file)
}

/// Opens the file without asking to read it, which another program may forbid.
#[cfg(windows)]
pub(super) fn identity_at(path: &Path) -> Option<(u64, u64)> {
    use std::os::windows::fs::OpenOptionsExt;
    index(&File::options().access_mode(0).open(path).ok()?)
}

#[cfg(windows)]
fn index(file: &File) -> Option<(u64, u64)> {
    let known = winapi_util::file::information(file).ok()?;
    Some((known.volume_serial_number(), known.file_index()))
}

/// When anything about the file changed last, which no program can set.
#[cfg(unix)]
pub(super) fn changed(metadata: &Metadata) -> Option<(i64, i64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.ctime(), metadata.ctime_nsec()))
}

/// Not available from std: here an overwrite of a large file goes unnoticed if its modification
/// time is restored.
#[cfg(windows)]
pub(super) fn changed(_: &Metadata) -> Option<(i64, i64)> {
    None
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn another_file_of_the_same_name_is_not_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let (path, away) = (folder.path().join("app.apk"), folder.path().join("away.apk"));
        fs::write(&path, "content").unwrap();
        let file = open(&path).unwrap();
        let first = identity(&file, &file.metadata().unwrap());
        assert!(first.is_some());
        assert_eq!(identity_at(&path), first);

        fs::rename(&path, &away).unwrap();
        assert_eq!(identity_at(&path), None);
        fs::write(&path, "content").unwrap();
        assert_ne!(identity_at(&path), first);
        assert_eq!(identity_at(&away), first);
    }
}
