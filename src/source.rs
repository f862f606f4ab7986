//! A file to be sent: one open handle, and a check that it is still the same file.
//!
//! Everything that depends on the operating system is in [`platform`].

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crc64fast::Digest;

use crate::error::{Error, Result};

/// The most that the storage takes in one form upload: 5 GiB.
///
/// ```
/// assert_eq!(pgyer::MAX_SIZE, 5_368_709_120);
/// ```
pub const MAX_SIZE: u64 = 5 << 30;

/// A regular, non-empty file of at most [`MAX_SIZE`], opened once and read through that handle.
///
/// HSPs and certificates are sent as they are; a [`Package`](crate::Package) is a source whose
/// content was checked.
///
/// ```no_run
/// # fn f() -> pgyer::Result<()> {
/// let hsp = pgyer::Source::open("library.hsp")?;
/// println!("{}: {} bytes", hsp.file_name(), hsp.size());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    file: File,
    stamp: Stamp,
}

/// What shows that a file was overwritten, or that another one took its place.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
    identity: Option<(u64, u64)>,
    /// When anything about it changed last, its names and permissions included.
    changed: Option<(i64, i64)>,
    /// Its permissions, its owners, and how many names it has.
    attributes: Option<(u32, u32, u32, u64)>,
}

impl Stamp {
    fn new(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
            identity: platform::identity(metadata),
            changed: platform::changed(metadata),
            attributes: platform::attributes(metadata),
        }
    }
}

impl Source {
    /// Opens a file to be sent. Never waits on a FIFO or a device.
    ///
    /// # Errors
    /// [`Error::Io`] if it can't be opened; [`Error::Package`] if it is not a regular file, is
    /// empty, or is larger than [`MAX_SIZE`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let failed = |source| Error::io(format!("read {}", path.display()), source);
        // Checked before it is opened, because opening some devices has effects, and again on the
        // handle, because something else may have taken the path in between.
        refuse_unless_regular(&path, &std::fs::metadata(&path).map_err(failed)?)?;
        let file = platform::open(&path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        refuse_unless_regular(&path, &metadata)?;
        Ok(Self { stamp: Stamp::new(&metadata), path, file })
    }

    /// The path, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The size in bytes when the file was opened.
    pub fn size(&self) -> u64 {
        self.stamp.size
    }

    /// The file's name without folders. What is not UTF-8 becomes U+FFFD.
    pub fn file_name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Reads at an offset. The handle's own position is neither used nor (on Unix) moved.
    pub(crate) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match platform::read_at(&self.file, buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Checks that both the handle and the path still refer to the unchanged file. `crc64` is that
    /// of the bytes that were read.
    ///
    /// A file that was merely deleted is still whole behind the handle.
    pub(crate) fn verify_unchanged(&self, crc64: u64) -> Result<()> {
        let metadata = self
            .file
            .metadata()
            .map_err(|source| Error::io(format!("read {}", self.path.display()), source))?;
        let now = Stamp::new(&metadata);
        if now.size < self.stamp.size {
            return Err(self.changed("shrank"));
        }
        if now.size > self.stamp.size {
            return Err(self.changed("grew"));
        }
        if now.modified != self.stamp.modified || now.identity != self.stamp.identity {
            return Err(self.changed("was overwritten"));
        }
        let named = std::fs::metadata(&self.path).ok().map(|named| platform::identity(&named));
        if named.is_some_and(|identity| identity != self.stamp.identity) {
            return Err(self.changed("was replaced"));
        }
        if now.changed != self.stamp.changed {
            // chmod, chown, link and rename change this time too, and only the content shows
            // whether the file was written to as well. If none of these happened, somebody wrote
            // to it and restored its modification time.
            let has_reason = now.attributes != self.stamp.attributes || named.is_none();
            if !has_reason || self.crc64()? != crc64 {
                return Err(self.changed("was overwritten"));
            }
        }
        Ok(())
    }

    fn crc64(&self) -> Result<u64> {
        let mut crc = Digest::new();
        let mut buffer = vec![0; 64 * 1024];
        let mut offset = 0;
        loop {
            let read = self
                .read_at(&mut buffer, offset)
                .map_err(|source| Error::io(format!("read {}", self.path.display()), source))?;
            if read == 0 {
                return Ok(crc.sum64());
            }
            crc.write(buffer.get(..read).unwrap_or_default());
            offset = offset.saturating_add(read as u64);
        }
    }

    pub(crate) fn changed(&self, change: &'static str) -> Error {
        Error::FileChanged { path: self.path.clone(), change }
    }
}

fn refuse_unless_regular(path: &Path, metadata: &Metadata) -> Result<()> {
    let refused = |problem: &str, advice: Option<&str>| {
        Err(Error::Package {
            path: path.to_owned(),
            problem: problem.to_owned(),
            advice: advice.map(str::to_owned),
        })
    };
    if metadata.is_dir() {
        return match path.extension().and_then(|extension| extension.to_str()) {
            Some("xcarchive") => refused(
                "this is an Xcode archive, not an IPA",
                Some(
                    "export an IPA from it: xcodebuild -exportArchive, or Distribute App in \
                     Xcode's Organizer",
                ),
            ),
            Some("app") => refused(
                "this is an .app folder, not an IPA",
                Some("export an IPA: xcodebuild -exportArchive"),
            ),
            _ => refused("this is a folder, not a file", Some("name the package file itself")),
        };
    }
    if !metadata.is_file() {
        return refused("this is not a regular file", Some("write it to a file first"));
    }
    match metadata.len() {
        0 => refused("the file is empty", Some("see whether the build wrote it")),
        1..=MAX_SIZE => Ok(()),
        _ => refused("the file is larger than 5 GiB, the most that the storage takes", None),
    }
}

/// What differs from one operating system to another.
mod platform {
    use super::{File, Metadata, Path, io};

    /// Opens a file for reading, without waiting should a FIFO have taken the path by now.
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

    /// The device and the file on it, where the system tells them.
    #[cfg(unix)]
    pub(super) fn identity(metadata: &Metadata) -> Option<(u64, u64)> {
        use std::os::unix::fs::MetadataExt;
        Some((metadata.dev(), metadata.ino()))
    }

    #[cfg(unix)]
    pub(super) fn changed(metadata: &Metadata) -> Option<(i64, i64)> {
        use std::os::unix::fs::MetadataExt;
        Some((metadata.ctime(), metadata.ctime_nsec()))
    }

    #[cfg(unix)]
    pub(super) fn attributes(metadata: &Metadata) -> Option<(u32, u32, u32, u64)> {
        use std::os::unix::fs::MetadataExt;
        Some((metadata.mode(), metadata.uid(), metadata.gid(), metadata.nlink()))
    }

    #[cfg(windows)]
    pub(super) fn attributes(_: &Metadata) -> Option<(u32, u32, u32, u64)> {
        None
    }

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
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn opening_a_fifo_does_not_wait() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let (done, opened) = std::sync::mpsc::channel();
        std::thread::spawn(move || done.send(platform::open(&path).unwrap()));
        let file = opened.recv_timeout(std::time::Duration::from_secs(10)).unwrap();
        assert!(refuse_unless_regular(Path::new("fifo"), &file.metadata().unwrap()).is_err());
    }
}
