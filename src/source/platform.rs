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

/// The device and the file on it, if the system reports them.
#[cfg(unix)]
pub(super) fn identity(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
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

/// The time of creation, because std does not give the file's index: a file that takes the
/// place of another has its own.
#[cfg(windows)]
pub(super) fn identity(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::windows::fs::MetadataExt;
    Some((metadata.creation_time(), 0))
}
