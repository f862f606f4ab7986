//! A `multipart/form-data` body around one file, assembled by hand and read from disk as it goes.

use std::io::{self, Read};

use crc64fast::Digest;

use crate::error::Error;
use crate::percent::percent_encode_where;
use crate::rand::random;
use crate::source::Source;

/// The file of a form.
#[derive(Debug)]
pub(crate) struct FormFile<'a> {
    pub(crate) field: &'a str,
    pub(crate) name: String,
    pub(crate) source: &'a Source,
}

impl<'a> FormFile<'a> {
    pub(crate) fn new(field: &'a str, source: &'a Source) -> Self {
        Self { field, name: source.file_name(), source }
    }
}

/// The text fields of a form, in order. The file comes last, because the storage ignores the
/// fields after it.
pub(crate) struct Form {
    boundary: String,
    head: Vec<u8>,
}

impl Form {
    pub(crate) fn new() -> Self {
        // 128 random bits do not occur in a field or a file by coincidence.
        let boundary = format!("pgyer-{:016x}{:016x}", random(), random());
        Self { boundary, head: Vec::new() }
    }

    pub(crate) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// Adds a field; the value goes as it is.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        let start = format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n",
            self.boundary,
            quoted(name)
        );
        self.head.extend_from_slice(start.as_bytes());
        self.head.extend_from_slice(value.as_bytes());
        self.head.extend_from_slice(b"\r\n");
    }

    /// The whole body, for one attempt.
    pub(crate) fn body<'a>(&self, file: &FormFile<'a>, on_progress: &'a dyn Fn(u64)) -> Body<'a> {
        let source = file.source;
        let file_head = format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n",
            self.boundary,
            quoted(file.field),
            quoted(&file.name)
        );
        // Before the connection is made, since it takes a moment.
        source.learn_content();
        let mut head = self.head.clone();
        head.extend_from_slice(file_head.as_bytes());
        let tail = format!("\r\n--{}--\r\n", self.boundary).into_bytes();
        Body { head, source, tail, position: 0, crc: Digest::new(), on_progress }
    }
}

/// Percent-encodes what could end a name between quotes: `"`, `\` and control characters.
///
/// Browsers do so with `"` and line breaks, but send `\` as it is, which many servers take for an
/// escape: of 21 servers that were tried 7 lost the file or its name that way, and none this way.
fn quoted(name: &str) -> String {
    percent_encode_where(name, |c| c == '"' || c == '\\' || c.is_control())
}

/// One form as a stream of exactly [`len`](Self::len) bytes.
pub(crate) struct Body<'a> {
    head: Vec<u8>,
    source: &'a Source,
    tail: Vec<u8>,
    position: u64,
    crc: Digest,
    on_progress: &'a dyn Fn(u64),
}

impl Body<'_> {
    pub(crate) fn len(&self) -> u64 {
        self.file_end().saturating_add(self.tail.len() as u64)
    }

    /// The CRC-64 (ECMA-182, reflected) of what has been read of the file.
    pub(crate) fn crc64(&self) -> u64 {
        self.crc.sum64()
    }

    /// Starts anew. The file is read by position, so that nothing has to be undone.
    pub(crate) fn rewind(&mut self) {
        self.position = 0;
        self.crc = Digest::new();
    }

    fn file_end(&self) -> u64 {
        self.source.size().saturating_add(self.head.len() as u64)
    }

    fn read_file(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let offset = self.position.saturating_sub(self.head.len() as u64);
        let left = self.source.size().saturating_sub(offset);
        let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let buffer = buffer.get_mut(..wanted).ok_or(io::ErrorKind::InvalidInput)?;
        let read = self.source.read_at(buffer, offset).map_err(|source| {
            let action = format!("read {}", self.source.path().display());
            io::Error::other(Error::io(action, source))
        })?;
        // Neither at the end nor with an empty buffer (`read` sees to that): the file is shorter
        // than it was.
        if read == 0 {
            return Err(io::Error::other(self.source.changed("shrank")));
        }
        self.crc.write(buffer.get(..read).unwrap_or_default());
        (self.on_progress)(offset.saturating_add(read as u64));
        Ok(read)
    }

    /// The closing delimiter is withheld until the file is known to be the one that was opened,
    /// so that the storage never gets a whole form of half a file.
    fn read_tail(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let offset = self.position.saturating_sub(self.file_end());
        if offset == 0 {
            self.source.verify_unchanged(self.crc64()).map_err(io::Error::other)?;
        }
        Ok(copy_from(&self.tail, offset, buffer))
    }

    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = if self.position < self.head.len() as u64 {
            copy_from(&self.head, self.position, buffer)
        } else if self.position < self.file_end() {
            self.read_file(buffer)?
        } else {
            self.read_tail(buffer)?
        };
        self.position = self.position.saturating_add(read as u64);
        Ok(read)
    }
}

impl Read for Body<'_> {
    /// Fills as much of the buffer as possible, because each read becomes one write.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let in_head = self.position < self.head.len() as u64;
        let mut filled = 0;
        while filled < buffer.len() {
            if in_head && self.position >= self.head.len() as u64 {
                // Stop after the head, so that a small file is not read before the server has had a
                // chance to refuse it.
                break;
            }
            match self.read_some(buffer.get_mut(filled..).unwrap_or_default())? {
                0 => break,
                read => filled = filled.saturating_add(read),
            }
        }
        Ok(filled)
    }
}

fn copy_from(bytes: &[u8], offset: u64, buffer: &mut [u8]) -> usize {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let rest = bytes.get(offset..).unwrap_or_default();
    let count = rest.len().min(buffer.len());
    if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
        to.copy_from_slice(from);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoder::{Part, decode};
    use std::cell::RefCell;
    use std::fs::OpenOptions;
    #[cfg(unix)]
    use std::io::{Seek, SeekFrom, Write};

    use tempfile::NamedTempFile;

    /// The file is there for as long as the first of the two is.
    fn file_of(content: &[u8]) -> (NamedTempFile, Source) {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let source = Source::open(file.path()).unwrap();
        (file, source)
    }

    /// A part of a form: name, file name, content.
    fn named<'a>(field: &'a str, name: &str, source: &'a Source) -> FormFile<'a> {
        FormFile { name: name.to_owned(), ..FormFile::new(field, source) }
    }

    fn part(name: &str, file_name: Option<&str>, content: &str) -> Part {
        (name.to_owned(), file_name.map(str::to_owned), content.as_bytes().to_vec())
    }

    fn parts(content_type: &str, body: &[u8]) -> Vec<Part> {
        decode(content_type.strip_prefix("multipart/form-data; boundary=").unwrap(), body)
    }

    #[test]
    fn the_fields_come_in_order_and_the_file_last() {
        let (_file, source) = file_of(b"123456789");
        let mut form = Form::new();
        form.text("key", "a=b&c\r\n\"\u{fc}\"");
        form.text("empty", "");
        let mut body = form.body(&named("file", "应用 1.apk", &source), &|_| {});
        let length = body.len();
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, length);
        assert_eq!(
            parts(&form.content_type(), &bytes),
            [
                part("key", None, "a=b&c\r\n\"\u{fc}\""),
                part("empty", None, ""),
                part("file", Some("应用 1.apk"), "123456789"),
            ]
        );
        // The check value of CRC-64/XZ.
        assert_eq!(body.crc64(), 0x995d_c9bb_df19_39fa);
    }

    #[test]
    fn no_name_ends_its_quotes() {
        let (_file, source) = file_of(b"x");
        let mut form = Form::new();
        form.text("a\"b", "1");
        form.text("a\\b", "2");
        form.text("a\r\nb: 3", "3");
        let mut head = vec![0; 4096];
        let read = form.body(&named("f\"", "n\n", &source), &|_| {}).read(&mut head).unwrap();
        let head = String::from_utf8(head[..read].to_vec()).unwrap();
        for name in ["a%22b", "a%5Cb", "a%0D%0Ab: 3", "f%22\"; filename=\"n%0A"] {
            assert!(head.contains(&format!("; name=\"{name}\"\r\n")), "no {name} in: {head}");
        }
    }

    #[test]
    fn each_form_has_its_own_boundary() {
        assert_ne!(Form::new().content_type(), Form::new().content_type());
    }

    #[test]
    fn reads_of_any_size_make_the_same_body() {
        let content: Vec<u8> = (0..1000).map(|number| number as u8).collect();
        let (_file, source) = file_of(&content);
        let mut form = Form::new();
        form.text("key", "value");
        let mut whole = Vec::new();
        form.body(&named("file", "a", &source), &|_| {}).read_to_end(&mut whole).unwrap();
        for size in [1, 2, 3, 64, 999, 1000, 1001, 4096] {
            let seen = RefCell::new(Vec::new());
            let progress = |sent| seen.borrow_mut().push(sent);
            let mut body = form.body(&named("file", "a", &source), &progress);
            let (mut sent, mut buffer) = (Vec::new(), vec![0; size]);
            loop {
                match body.read(&mut buffer).unwrap() {
                    0 => break,
                    read => sent.extend_from_slice(&buffer[..read]),
                }
            }
            assert!(sent == whole, "in reads of {size}");
            let seen = seen.borrow();
            assert!(seen.is_sorted() && seen.first() <= Some(&(size as u64)), "{seen:?}");
            assert_eq!(seen.last(), Some(&1000), "in reads of {size}");
        }
    }

    #[test]
    fn a_file_of_another_length_is_seen_before_the_form_is_whole() {
        let with_length = |length| {
            move |path: &std::path::Path| {
                OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap();
            }
        };
        for (length, change) in
            [(0, "shrank"), (1 << 18, "shrank"), ((1 << 20) - 1, "shrank"), (1 << 21, "grew")]
        {
            let error = read_while(with_length(length)).unwrap_err();
            assert!(error.to_string().contains(change), "{length}: {error}");
        }
    }

    /// Reads half of a file's body, does this to the file, and reads the rest.
    fn read_while(change: impl FnOnce(&std::path::Path)) -> io::Result<Vec<u8>> {
        let (file, source) = file_of(&vec![1; 1 << 20]);
        let mut body = Form::new().body(&named("file", "a", &source), &|_| {});
        let mut sent = vec![0; usize::try_from(body.len()).unwrap()];
        let (half, rest) = sent.split_at_mut(1 << 19);
        body.read_exact(half).unwrap();
        change(file.path());
        // To the last byte and no further: that one must not come for another file.
        body.read_exact(rest)?;
        Ok(sent)
    }

    #[cfg(unix)]
    fn overwrite(path: &std::path::Path, places: &[u64]) {
        let mut file = OpenOptions::new().write(true).open(path).unwrap();
        let modified = file.metadata().unwrap().modified().unwrap();
        for place in places {
            file.seek(SeekFrom::Start(*place)).unwrap();
            file.write_all(&[7; 100]).unwrap();
        }
        file.set_modified(modified).unwrap();
    }

    #[cfg(unix)]
    fn give_rights(path: &std::path::Path) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o640)).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn an_overwrite_with_its_time_put_back_is_seen() {
        // Of what was read, of what was not yet, and of both behind other rights.
        let of_both = |path: &std::path::Path| {
            overwrite(path, &[1000, 1_000_000]);
            give_rights(path);
        };
        let changes: [&dyn Fn(&std::path::Path); 3] =
            [&|path| overwrite(path, &[1000]), &|path| overwrite(path, &[1_000_000]), &of_both];
        for change in changes {
            let error = read_while(change).unwrap_err();
            assert!(error.to_string().contains("was overwritten"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn other_rights_and_another_name_change_nothing() {
        let change_name = |path: &std::path::Path| {
            let other = path.with_extension("other");
            std::fs::rename(path, &other).unwrap();
            std::fs::remove_file(other).unwrap();
        };
        for sent in [read_while(give_rights), read_while(change_name)] {
            assert!(sent.unwrap().ends_with(b"--\r\n"));
        }
    }

    #[test]
    fn the_head_is_read_alone() {
        let (_file, source) = file_of(b"content");
        let mut form = Form::new();
        form.text("key", "k");
        let mut body = form.body(&named("file", "a", &source), &|_| {});
        let mut buffer = [0; 4096];
        let first = body.read(&mut buffer).unwrap();
        assert!(buffer[..first].ends_with(b"\r\n\r\n"));
        let second = body.read(&mut buffer).unwrap();
        assert_eq!((first + second) as u64, body.len());
        assert_eq!(body.read(&mut buffer).unwrap(), 0);
    }
}
