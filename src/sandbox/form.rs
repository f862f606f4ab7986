//! A strict reader of `multipart/form-data` that keeps only a digest of the file.

use std::io::BufRead;

use crc64fast::Digest;

/// How much of a file is kept, to guess its type.
const KEPT: usize = 64 * 1024;
/// The longest that the headers of one part may be.
const MAX_PART_HEAD: usize = 16 * 1024;

/// A complete form.
#[derive(Debug, Default)]
pub(super) struct ReceivedForm {
    /// The fields before the file, in the order received.
    pub(super) fields: Vec<(String, Vec<u8>)>,
    pub(super) file: Option<ReceivedFile>,
}

/// The file of a form, without its content.
#[derive(Debug, Default)]
pub(super) struct ReceivedFile {
    pub(super) field: String,
    pub(super) file_name: String,
    pub(super) content_type: String,
    pub(super) size: u64,
    pub(super) crc64: u64,
    /// The first bytes.
    pub(super) start: Vec<u8>,
}

/// The problem with a form, with the storage's code for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FormError {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl FormError {
    fn malformed(message: impl Into<String>) -> Self {
        Self { code: "MalformedPOSTRequest", message: message.into() }
    }
}

type Result<T> = std::result::Result<T, FormError>;

/// Reads a form that arrives in pieces of any size.
pub(super) struct FormReader {
    /// A line break, two hyphens and the boundary.
    delimiter: Vec<u8>,
    pending: Vec<u8>,
    state: Stage,
    form: ReceivedForm,
    digest: Digest,
    /// How many bytes of text fields may still follow.
    text_left: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Before the first delimiter.
    Start,
    /// Right after a delimiter.
    Delimited,
    /// In the headers of a part.
    PartHead,
    /// In the value of a field.
    Text,
    /// In the file.
    File,
    /// After the closing delimiter.
    End,
}

impl FormReader {
    /// Returns a reader for a body with this `boundary`, whose text fields may be `max_text` long.
    pub(super) fn new(boundary: &str, max_text: usize) -> Self {
        Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            // The first delimiter has no line break before it; with this one it is like the others.
            pending: b"\r\n".to_vec(),
            state: Stage::Start,
            form: ReceivedForm::default(),
            digest: Digest::new(),
            text_left: max_text,
        }
    }

    /// Takes the next bytes of the body.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<()> {
        self.pending.extend_from_slice(bytes);
        while self.step()? {}
        Ok(())
    }

    /// Returns the form once the body has ended.
    pub(super) fn finish(self) -> Result<ReceivedForm> {
        let ended = self.state == Stage::End && matches!(&*self.pending, b"" | b"\r\n");
        if ended {
            Ok(self.form)
        } else {
            Err(FormError::malformed("The form ends before its closing delimiter"))
        }
    }

    /// Takes one step. Returns `false` if that needs more bytes.
    fn step(&mut self) -> Result<bool> {
        match self.state {
            Stage::Start => self.start(),
            Stage::Delimited => self.delimited(),
            Stage::PartHead => self.part_head(),
            Stage::Text | Stage::File => self.content(),
            Stage::End if b"\r\n".starts_with(&self.pending) => Ok(false),
            Stage::End => {
                Err(FormError::malformed("The form does not end with its closing delimiter"))
            }
        }
    }

    fn start(&mut self) -> Result<bool> {
        if self.pending.len() < self.delimiter.len() {
            return Ok(false);
        }
        if !self.pending.starts_with(&self.delimiter) {
            return Err(FormError::malformed("The body does not begin with its delimiter"));
        }
        self.advance(self.delimiter.len(), Stage::Delimited);
        Ok(true)
    }

    fn delimited(&mut self) -> Result<bool> {
        match self.pending.get(..2) {
            None => return Ok(false),
            Some(b"\r\n") => self.advance(2, Stage::PartHead),
            Some(b"--") => self.advance(2, Stage::End),
            Some(_) => {
                return Err(FormError::malformed("A delimiter is not followed by a line break"));
            }
        }
        Ok(true)
    }

    fn part_head(&mut self) -> Result<bool> {
        let Some(length) = find(&self.pending, b"\r\n\r\n") else {
            if self.pending.len() > MAX_PART_HEAD {
                return Err(FormError::malformed("The headers of a part are too long"));
            }
            return Ok(false);
        };
        let head = PartHead::parse(self.pending.get(..length).unwrap_or_default())?;
        if self.form.file.is_some() {
            return Err(after_file(&head));
        }
        let state = self.begin(head)?;
        self.advance(length + 4, state);
        Ok(true)
    }

    fn begin(&mut self, head: PartHead) -> Result<Stage> {
        if self.form.fields.iter().any(|(name, _)| *name == head.name) {
            return Err(FormError::malformed(format!("The field {} occurs twice", head.name)));
        }
        let Some(file_name) = head.file_name else {
            self.form.fields.push((head.name, Vec::new()));
            return Ok(Stage::Text);
        };
        let Some(content_type) = head.content_type else {
            return Err(FormError::malformed("The file has no Content-Type"));
        };
        let field = head.name;
        self.form.file =
            Some(ReceivedFile { field, file_name, content_type, ..ReceivedFile::default() });
        Ok(Stage::File)
    }

    fn content(&mut self) -> Result<bool> {
        let found = find(&self.pending, &self.delimiter);
        // The last bytes may be the start of the delimiter.
        let sure = found.unwrap_or_else(|| self.pending.len().saturating_sub(self.delimiter.len()));
        let content: Vec<u8> = self.pending.drain(..sure).collect();
        self.take_content(&content)?;
        if found.is_some() {
            self.advance(self.delimiter.len(), Stage::Delimited);
        }
        Ok(found.is_some())
    }

    fn take_content(&mut self, content: &[u8]) -> Result<()> {
        if let Some(file) = &mut self.form.file {
            self.digest.write(content);
            file.size += content.len() as u64;
            file.crc64 = self.digest.sum64();
            let room = KEPT.saturating_sub(file.start.len()).min(content.len());
            file.start.extend_from_slice(content.get(..room).unwrap_or_default());
        } else if let Some((_, value)) = self.form.fields.last_mut() {
            let Some(left) = self.text_left.checked_sub(content.len()) else {
                return Err(FormError {
                    code: "MaxPostPreDataLengthExceededError",
                    message: "The fields before the file are too long".into(),
                });
            };
            self.text_left = left;
            value.extend_from_slice(content);
        }
        Ok(())
    }

    fn advance(&mut self, length: usize, state: Stage) {
        self.pending.drain(..length.min(self.pending.len()));
        self.state = state;
    }
}

fn after_file(head: &PartHead) -> FormError {
    if head.file_name.is_some() {
        let message = "There is more than one file".into();
        return FormError { code: "IncorrectNumberOfFilesInPostRequest", message };
    }
    FormError::malformed(format!("The field {} is after the file", head.name))
}

/// The headers of one part.
struct PartHead {
    name: String,
    file_name: Option<String>,
    content_type: Option<String>,
}

impl PartHead {
    fn parse(bytes: &[u8]) -> Result<Self> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err(FormError::malformed("The headers of a part are not UTF-8"));
        };
        let (mut disposition, mut content_type) = (None, None);
        for line in text.split("\r\n") {
            let (name, value) = header(line)?;
            let slot = match name.to_ascii_lowercase().as_str() {
                "content-disposition" => &mut disposition,
                "content-type" => &mut content_type,
                _ => return Err(FormError::malformed(format!("A part has a header {name}"))),
            };
            if slot.replace(value.to_owned()).is_some() {
                return Err(FormError::malformed(format!("A part has two headers {name}")));
            }
        }
        let names = disposition.as_deref().and_then(parse_disposition);
        let Some((name, file_name)) = names else {
            return Err(FormError::malformed(
                "A part has no Content-Disposition of the form-data kind with quoted names",
            ));
        };
        Ok(Self { name, file_name, content_type })
    }
}

fn header(line: &str) -> Result<(&str, &str)> {
    let clean = !line.chars().any(char::is_control);
    match line.split_once(": ") {
        Some((name, value)) if clean && !value.is_empty() => Ok((name, value)),
        _ => Err(FormError::malformed("A part has a line that is not a header")),
    }
}

/// Returns the names in `form-data; name="…"; filename="…"`. Escapes are refused, because readers
/// disagree about them.
fn parse_disposition(value: &str) -> Option<(String, Option<String>)> {
    if value.contains('\\') {
        return None;
    }
    let (name, rest) = value.strip_prefix("form-data; name=\"")?.split_once('"')?;
    if name.is_empty() {
        return None;
    }
    if rest.is_empty() {
        return Some((name.into(), None));
    }
    let file_name = rest.strip_prefix("; filename=\"")?.strip_suffix('"')?;
    (!file_name.contains('"')).then(|| (name.into(), Some(file_name.into())))
}

/// Finds `needle`, which begins with a carriage return.
///
/// `skip_until` is as fast as the C library, in debug builds too, and files may be large.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let mut end = 0;
    loop {
        let skipped = bytes.get(end..)?.skip_until(b'\r').ok()?;
        end += skipped;
        let start = end.checked_sub(1)?;
        if skipped == 0 || bytes.get(start) != Some(&b'\r') {
            return None;
        }
        if bytes.get(start..)?.starts_with(needle) {
            return Some(start);
        }
    }
}

/// Returns the boundary in a `Content-Type` of `multipart/form-data`.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let (media_type, parameter) = content_type.split_once(';')?;
    if !media_type.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let (name, value) = parameter.trim().split_once('=')?;
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    let value = quoted.unwrap_or(value);
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b);
    let fits = (1..=70).contains(&value.len()) && value.bytes().all(allowed);
    (name.eq_ignore_ascii_case("boundary") && fits && !value.ends_with(' ')).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE_HEAD: &str = "Content-Disposition: form-data; name=\"file\"; filename=\"a.apk\"\r\n\
                             Content-Type: application/octet-stream\r\n\r\n";

    fn text(name: &str, value: &str) -> String {
        format!("--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    }

    fn whole(content: &str) -> String {
        format!("{}--b0undary\r\n{FILE_HEAD}{content}\r\n--b0undary--\r\n", text("key", "k;&="))
    }

    fn read(body: &str, step: usize) -> Result<ReceivedForm> {
        let mut reader = FormReader::new("b0undary", 1000);
        for piece in body.as_bytes().chunks(step) {
            reader.feed(piece)?;
        }
        reader.finish()
    }

    #[test]
    fn reads_a_form_in_pieces_of_every_size() {
        let content = "a\r\n--b0undar\r\r\n\r\n--b0und\n\r";
        for step in 1..200 {
            let form = read(&whole(content), step).unwrap();
            assert_eq!(form.fields, [("key".into(), b"k;&=".to_vec())]);
            let file = form.file.unwrap();
            assert_eq!((file.field.as_str(), file.file_name.as_str()), ("file", "a.apk"));
            assert_eq!(file.content_type, "application/octet-stream");
            assert_eq!((file.size, &*file.start), (content.len() as u64, content.as_bytes()));
            let mut digest = Digest::new();
            digest.write(content.as_bytes());
            assert_eq!(file.crc64, digest.sum64());
        }
    }

    #[test]
    fn keeps_the_start_of_a_file_only() {
        let form = read(&whole(&"x".repeat(1_000_000)), 8192).unwrap();
        let file = form.file.unwrap();
        assert_eq!((file.size, file.start.len()), (1_000_000, KEPT));
    }

    #[test]
    fn refuses_what_is_not_exactly_a_form() {
        let whole = whole("x");
        let bodies = [
            String::new(),
            format!("\r\n{whole}"),
            format!("preamble\r\n{whole}"),
            format!("{whole}epilogue"),
            format!("{whole}\r\n"),
            whole.trim_end().trim_end_matches('-').into(),
            whole.replace("\r\n", "\n"),
            whole.replace("\r\n--b0undary--", "--b0undary--"),
            whole.replace("k;&=", "\r\n--b0undaryX"),
            whole.replace("form-data", "attachment"),
            whole.replace("name=\"key\"", "name=key"),
            whole.replace("name=\"key\"", "name=\"k\\\"ey\""),
            whole.replace("name=\"key\"", "name=\"k\ney\""),
            whole.replace("name=\"key\"", "name=\"\""),
            whole.replace("a.apk", "a\".apk"),
            whole.replace("; filename=", "; filename*="),
            whole.replace("Content-Type", "Content-Length"),
            whole.replace("Content-Type: application/octet-stream\r\n", ""),
            whole.replace(
                "Content-Type: application/octet-stream",
                "Content-Type: a\r\nContent-Type: b",
            ),
            whole.replace(FILE_HEAD, "\r\n"),
        ];
        for body in bodies {
            for step in [1, 7, 10_000] {
                let error = read(&body, step).map(|form| format!("{form:?}")).unwrap_err();
                assert_eq!(error.code, "MalformedPOSTRequest", "{body}");
            }
        }
    }

    #[test]
    fn nothing_comes_twice_or_after_the_file() {
        let file = format!("--b0undary\r\n{FILE_HEAD}x\r\n");
        let end = "--b0undary--";
        let code = |body: String| read(&body, 64).map(|_| ()).unwrap_err();
        let twice = code(format!("{}{}{file}{end}", text("key", "1"), text("key", "1")));
        assert_eq!(twice.message, "The field key occurs twice");
        let after = code(format!("{file}{}{end}", text("key", "1")));
        assert_eq!(after.message, "The field key is after the file");
        assert_eq!(code(format!("{file}{file}{end}")).code, "IncorrectNumberOfFilesInPostRequest");
        let long = code(format!("{}{file}{end}", text("key", &"x".repeat(1001))));
        assert_eq!(long.code, "MaxPostPreDataLengthExceededError");
    }

    #[test]
    fn a_form_without_a_file_and_an_empty_file_are_forms() {
        assert!(read("--b0undary--", 3).unwrap().file.is_none());
        assert_eq!(read(&whole(""), 3).unwrap().file.unwrap().size, 0);
    }

    #[test]
    fn finds_the_boundary() {
        assert_eq!(boundary("multipart/form-data; boundary=abc"), Some("abc"));
        assert_eq!(boundary("Multipart/Form-Data;boundary=\"a c\""), Some("a c"));
        for wrong in [
            "multipart/form-data",
            "multipart/mixed; boundary=abc",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=a\u{e9}",
            "multipart/form-data; charset=utf-8",
            "application/json",
        ] {
            assert_eq!(boundary(wrong), None, "{wrong}");
        }
    }
}
