//! A file to be sent: one open handle, and a check that it is still the same file.
//!
//! Everything that depends on the operating system is in [`platform`].

use std::cmp::Ordering;
use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

use crc64fast::Digest;

use crate::error::{Error, Result};
use crate::missing;

mod platform;

/// Files up to this size are read once before they are sent, which takes some 20 ms right after a
/// build.
const MAX_LEARNED_SIZE: u64 = 64 << 20;

/// A regular, non-empty file of at most [`Source::MAX_SIZE`], opened once and read through that
/// handle.
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
    /// Only a name if the source was not opened by its path.
    path: PathBuf,
    sent_name: Option<String>,
    content: Content,
    /// Whether the path leads to the content, unless another file has taken its place.
    has_path: bool,
    stamp: Stamp,
    /// The CRC-64 of the content as it was opened; `None` if it can't be known.
    learned: OnceLock<Option<u64>>,
}

enum Content {
    File(File),
    Bytes(Vec<u8>),
}

impl Content {
    fn stamp(&self) -> io::Result<Stamp> {
        match self {
            Self::File(file) => Ok(Stamp::new(file, &file.metadata()?)),
            Self::Bytes(bytes) => Ok(Stamp { size: bytes.len() as u64, ..Stamp::default() }),
        }
    }
}

/// Shows no bytes: they may be a certificate.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.fmt(f),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
        }
    }
}

/// What shows that a file was overwritten, or that another one took its place.
#[derive(Debug, Default, PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
    identity: Option<(u64, u64)>,
    /// When anything about it changed last, its names and permissions included.
    changed: Option<(i64, i64)>,
}

impl Stamp {
    fn new(file: &File, metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
            identity: platform::identity(file, metadata),
            changed: platform::changed(metadata),
        }
    }
}

impl Source {
    /// The largest file that the storage takes in one form upload: 5 GiB, in bytes.
    pub const MAX_SIZE: u64 = 5 << 30;

    /// Opens a file to be sent. Never waits on a FIFO or a device.
    ///
    /// # Errors
    /// [`Error::Io`] if it can't be opened; [`Error::Package`] if it is not a regular file, is
    /// empty, or is larger than [`MAX_SIZE`](Self::MAX_SIZE).
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let failed = |source| Error::io(format!("read {}", path.display()), source);
        // Checked before it is opened, because opening some devices has effects, and again on the
        // handle, because something else may have taken the path in between.
        let metadata = std::fs::metadata(&path).map_err(|source| missing_file(&path, source))?;
        refuse_unless_regular(&path, &metadata)?;
        let file = platform::open(&path).map_err(failed)?;
        Ok(Self { has_path: true, ..Self::from_file(file, path)? })
    }

    /// Takes a file that is open already; `name` is what it is called in messages and sent under.
    /// It is read by offsets from its start, wherever its own position is.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    ///
    /// ```no_run
    /// # fn f() -> Result<(), Box<dyn std::error::Error>> {
    /// let file = std::fs::File::open("/proc/self/fd/3")?;
    /// let hsp = pgyer::Source::from_file(file, "library.hsp")?;
    /// # Ok(()) }
    /// ```
    pub fn from_file(file: File, name: impl Into<PathBuf>) -> Result<Self> {
        let path = name.into();
        let failed = |source| Error::io(format!("read {}", path.display()), source);
        let metadata = file.metadata().map_err(failed)?;
        refuse_unless_regular(&path, &metadata)?;
        let stamp = Stamp::new(&file, &metadata);
        Ok(Self::new(path, Content::File(file), stamp))
    }

    /// Takes bytes, so that a certificate need never be on a disk; `name` is what they are called
    /// in messages and sent under.
    ///
    /// # Errors
    /// [`Error::Package`] if there are none, or more than [`MAX_SIZE`](Self::MAX_SIZE).
    ///
    /// ```
    /// let p12 = pgyer::Source::from_bytes("cert.p12", b"what a CI secret holds")?;
    /// assert_eq!((p12.file_name().as_str(), p12.size()), ("cert.p12", 22));
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    pub fn from_bytes(name: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> Result<Self> {
        let (path, bytes) = (name.into(), bytes.into());
        let stamp = Stamp { size: bytes.len() as u64, ..Stamp::default() };
        refuse_size(&path, stamp.size)?;
        Ok(Self::new(path, Content::Bytes(bytes), stamp))
    }

    fn new(path: PathBuf, content: Content, stamp: Stamp) -> Self {
        let learned = OnceLock::new();
        Self { path, sent_name: None, content, has_path: false, stamp, learned }
    }

    /// The path or the name, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The size in bytes when the file was opened.
    pub fn size(&self) -> u64 {
        self.stamp.size
    }

    /// Sends the file under this name instead of its own.
    #[must_use]
    pub fn sent_as(mut self, name: impl Into<String>) -> Self {
        self.sent_name = Some(name.into());
        self
    }

    /// The name that the file is sent under. Default: its own without folders, in which U+FFFD
    /// replaces what is not UTF-8.
    pub fn file_name(&self) -> String {
        self.sent_name.clone().unwrap_or_else(|| {
            self.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
        })
    }

    /// Reads at an offset. The handle's own position is neither used nor (on Unix) moved.
    pub(crate) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            let read = match &self.content {
                Content::File(file) => platform::read_at(file, buffer, offset),
                Content::Bytes(bytes) => {
                    let from = usize::try_from(offset).ok().and_then(|at| bytes.get(at..));
                    from.unwrap_or_default().read(buffer)
                }
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Reads the whole file once if it is small, so that what was sent can be compared with it.
    /// Call it before sending; further calls do nothing.
    pub(crate) fn learn_content(&self) {
        self.learned.get_or_init(|| {
            if self.size() > MAX_LEARNED_SIZE {
                return None;
            }
            let crc64 = self.crc64().ok()?;
            // Nothing about the file has changed until now, so this is what was opened.
            (self.stamp_now().ok()? == self.stamp).then_some(crc64)
        });
    }

    /// Checks that both the handle and the path still refer to the unchanged file, and that
    /// `crc64`, that of the bytes that were read, is that of its content when it was opened.
    ///
    /// Size and modification time do not prove it, because a program can set the latter. It can't
    /// set the change time (ctime, which Windows does not have), but chmod, a hard link, a rename
    /// and a deletion update it just as an overwrite does. (Comparing permissions and the link
    /// count as well was tried: whoever overwrites the half that has not been read yet can also run
    /// chmod.) Only the content tells these apart, and only if it was known beforehand. Reading
    /// every file twice would add half to the processor time of a fast upload, so only small files
    /// are; a large one must not be touched at all.
    ///
    /// A file that was merely deleted is still whole behind the handle.
    pub(crate) fn verify_unchanged(&self, crc64: u64) -> Result<()> {
        let now = self.stamp_now().map_err(|source| self.unreadable(source))?;
        match now.size.cmp(&self.stamp.size) {
            Ordering::Less => return Err(self.changed("shrank")),
            Ordering::Greater => return Err(self.changed("grew")),
            Ordering::Equal => {}
        }
        if now.modified != self.stamp.modified || now.identity != self.stamp.identity {
            return Err(self.changed("was overwritten"));
        }
        if self.was_replaced() {
            return Err(self.changed("was replaced"));
        }
        match self.learned.get().copied().flatten() {
            Some(content) if content != crc64 => Err(self.changed("was overwritten")),
            // Windows has no change time, so compare the content again.
            Some(_) if now.changed.is_none() => self.verify_content(crc64),
            _ if now.changed == self.stamp.changed => Ok(()),
            None => Err(self.changed(
                "may have been overwritten (chmod, a hard link or a new name look the same)",
            )),
            Some(_) => self.verify_content(crc64),
        }
    }

    /// Checks that what was sent is still in the file: if not, it was overwritten behind the
    /// reader.
    fn verify_content(&self, crc64: u64) -> Result<()> {
        match self.crc64().map_err(|source| self.unreadable(source))? {
            content if content == crc64 => Ok(()),
            _ => Err(self.changed("was overwritten")),
        }
    }

    /// Whether the path leads to another file now.
    fn was_replaced(&self) -> bool {
        let named = platform::identity_at(&self.path).filter(|_| self.has_path);
        named.zip(self.stamp.identity).is_some_and(|(named, opened)| named != opened)
    }

    fn crc64(&self) -> io::Result<u64> {
        let mut crc = Digest::new();
        let mut buffer = vec![0; 64 * 1024];
        let mut offset = 0;
        // Only up to its original size: the file may be growing without end.
        while offset < self.size() {
            let read = self.read_at(&mut buffer, offset)?;
            if read == 0 {
                break;
            }
            crc.write(buffer.get(..read).unwrap_or_default());
            offset += read as u64;
        }
        Ok(crc.sum64())
    }

    fn stamp_now(&self) -> io::Result<Stamp> {
        self.content.stamp()
    }

    fn unreadable(&self, source: io::Error) -> Error {
        Error::io(format!("read {}", self.path.display()), source)
    }

    pub(crate) fn changed(&self, change: &'static str) -> Error {
        Error::FileChanged { path: self.path.clone(), change }
    }
}

/// The error for a file whose metadata can't be read. Only `PermissionDenied` shows that it exists:
/// the other kinds also occur with names that no file can have.
fn missing_file(path: &Path, source: io::Error) -> Error {
    let exists = source.kind() == io::ErrorKind::PermissionDenied;
    let advice = if exists { None } else { missing::advice(path) };
    let name = if path == Path::new("") { "\"\"".into() } else { path.display().to_string() };
    Error::Io { action: format!("read {name}"), source, advice }
}

fn refuse_unless_regular(path: &Path, metadata: &Metadata) -> Result<()> {
    let refused = |problem: &str, advice| refusal(path, problem, advice);
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
    refuse_size(path, metadata.len())
}

fn refuse_size(path: &Path, size: u64) -> Result<()> {
    match size {
        0 => refusal(path, "the file is empty", Some("see whether the build wrote it")),
        1..=Source::MAX_SIZE => Ok(()),
        _ => refusal(path, "the file is larger than 5 GiB, the most that the storage takes", None),
    }
}

fn refusal(path: &Path, problem: &str, advice: Option<&str>) -> Result<()> {
    Err(Error::Package {
        path: path.to_owned(),
        problem: problem.to_owned(),
        advice: advice.map(str::to_owned),
    })
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::*;

    fn overwrite_with_time_put_back(path: &Path) {
        let mut file = File::options().write(true).open(path).unwrap();
        let modified = file.metadata().unwrap().modified().unwrap();
        file.write_all(b"new").unwrap();
        file.set_modified(modified).unwrap();
    }

    fn chmod(path: &Path) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o640)).unwrap();
    }

    fn link(path: &Path) {
        let other = path.with_extension("other");
        let _ = std::fs::remove_file(&other);
        std::fs::hard_link(path, other).unwrap();
    }

    /// Does this to the file, again and again until its time tells: some kernels' clocks tick
    /// slowly.
    fn touch_visibly(source: &Source, touch: fn(&Path)) {
        while source.stamp_now().unwrap() == source.stamp {
            touch(source.path());
        }
    }

    fn file_of(content: &[u8]) -> (tempfile::TempDir, Source) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.apk");
        std::fs::write(&path, content).unwrap();
        (folder, Source::open(path).unwrap())
    }

    fn crc64_of(content: &[u8]) -> u64 {
        let mut crc = Digest::new();
        crc.write(content);
        crc.sum64()
    }

    #[test]
    fn what_is_only_touched_is_told_by_its_content_where_that_is_known() {
        for touch in [chmod, link] {
            let (_folder, source) = file_of(b"content");
            source.learn_content();
            touch_visibly(&source, touch);
            assert!(source.verify_unchanged(crc64_of(b"content")).is_ok());
            // Half of this was read before an overwrite, half after it.
            let error = source.verify_unchanged(crc64_of(b"conTENT")).unwrap_err();
            assert!(error.to_string().contains("the file was overwritten"), "{error}");
        }
    }

    #[test]
    fn what_is_touched_is_refused_where_its_content_is_not_known() {
        for touch in [chmod, link] {
            let (_folder, source) = file_of(b"content");
            assert!(source.verify_unchanged(crc64_of(b"content")).is_ok());
            touch_visibly(&source, touch);
            let error = source.verify_unchanged(crc64_of(b"content")).unwrap_err();
            assert!(error.to_string().contains("may have been overwritten"), "{error}");
        }
    }

    #[test]
    fn content_is_learned_from_the_file_that_was_opened_alone() {
        let (_folder, source) = file_of(b"content");
        touch_visibly(&source, overwrite_with_time_put_back);
        source.learn_content();
        assert_eq!(source.learned.get(), Some(&None));
        assert!(source.verify_unchanged(crc64_of(b"newtent")).is_err());
    }

    #[test]
    fn the_content_of_a_large_file_is_not_learned() {
        for (size, is_learned) in [(MAX_LEARNED_SIZE, true), (MAX_LEARNED_SIZE + 1, false)] {
            let (_folder, source) = file_of(b"content");
            File::options().write(true).open(source.path()).unwrap().set_len(size).unwrap();
            let source = Source::open(source.path()).unwrap();
            source.learn_content();
            assert_eq!(source.learned.get().unwrap().is_some(), is_learned, "{size}");
        }
    }

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
