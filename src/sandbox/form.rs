//! Reads `multipart/form-data`.
//!
//! It takes any form that RFC 7578 allows and that servers are known to take. It refuses what they
//! do: a form without its closing delimiter, line feeds alone, parts without a name.

use std::borrow::Cow;
use std::io::BufRead;
use std::mem;

use crc64fast::Digest;

use super::content::Content;
use super::deviations::Deviations;
use super::header_value::disposition;

/// The longest that the headers of one part may be, or the blanks after a delimiter.
const MAX_PART_HEAD: usize = 16 * 1024;

/// Names and values of text fields.
pub(super) type Fields = Vec<(String, Vec<u8>)>;

/// A complete form.
#[derive(Debug, Default)]
pub(super) struct ReceivedForm {
    /// The text fields in the order received.
    pub(super) fields: Fields,
    pub(super) file: Option<ReceivedFile>,
    /// The first field after the file.
    pub(super) after_file: Option<String>,
}

/// The file of a form.
#[derive(Debug, Default)]
pub(super) struct ReceivedFile {
    pub(super) field: String,
    pub(super) file_name: String,
    pub(super) content_type: String,
    pub(super) crc64: u64,
    pub(super) content: Content,
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
pub(super) struct FormReader<'d> {
    /// A line break, two hyphens and the boundary.
    delimiter: Vec<u8>,
    pending: Vec<u8>,
    stage: Stage,
    form: ReceivedForm,
    digest: Digest,
    /// How many bytes of text fields may still follow.
    text_left: usize,
    deviations: &'d Deviations,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Before the first delimiter.
    Preamble,
    /// Right after a delimiter.
    Delimited,
    /// In the headers of a part.
    PartHead,
    /// In the value of a field.
    Text,
    /// In the file.
    File,
    /// After the closing delimiter.
    Epilogue,
}

impl<'d> FormReader<'d> {
    /// Returns a reader for a body with this `boundary`, whose text fields may be `max_text` long.
    pub(super) fn new(boundary: &str, max_text: usize, deviations: &'d Deviations) -> Self {
        Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            // The first delimiter has no line break before it; with this one it is like the others.
            pending: b"\r\n".to_vec(),
            stage: Stage::Preamble,
            form: ReceivedForm::default(),
            digest: Digest::new(),
            text_left: max_text,
            deviations,
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
        if self.stage != Stage::Epilogue {
            let message = "The form ends before its closing delimiter";
            return Err(FormError::malformed(message));
        }
        if !matches!(&*self.pending, b"" | b"\r\n") {
            self.deviations.add("there is something after the form");
        }
        Ok(self.form)
    }

    /// Takes one step. Returns `false` if that needs more bytes.
    fn step(&mut self) -> Result<bool> {
        match self.stage {
            Stage::Preamble | Stage::Text | Stage::File => self.content(),
            Stage::Delimited => self.delimited(),
            Stage::PartHead => self.part_head(),
            Stage::Epilogue => {
                // Three bytes are enough to know that it is more than a line break.
                self.pending.truncate(3);
                Ok(false)
            }
        }
    }

    fn delimited(&mut self) -> Result<bool> {
        if self.pending.starts_with(b"--") {
            self.advance(2, Stage::Epilogue);
            return Ok(true);
        }
        let is_blank = |b: &&u8| matches!(b, b' ' | b'\t');
        let blanks = self.pending.iter().take_while(is_blank).count();
        match self.pending.get(blanks..blanks + 2) {
            None if blanks < MAX_PART_HEAD => return Ok(false),
            Some(b"\r\n") => {}
            _ => {
                return Err(FormError::malformed("A delimiter is not followed by a line break"));
            }
        }
        if blanks > 0 {
            self.deviations.add("there are blanks after a delimiter");
        }
        self.advance(blanks + 2, Stage::PartHead);
        Ok(true)
    }

    fn part_head(&mut self) -> Result<bool> {
        let Some(length) = find(&self.pending, b"\r\n\r\n") else {
            if self.pending.len() > MAX_PART_HEAD {
                return Err(FormError::malformed("The headers of a part are too long"));
            }
            return Ok(false);
        };
        let head = self.pending.get(..length).unwrap_or_default();
        let stage = self.begin(PartHead::parse(head, self.deviations)?)?;
        self.advance(length + 4, stage);
        Ok(true)
    }

    fn begin(&mut self, head: PartHead) -> Result<Stage> {
        let Some(file_name) = head.file_name else {
            if self.form.file.is_some() && self.form.after_file.is_none() {
                self.form.after_file = Some(head.name.clone());
            }
            self.form.fields.push((head.name, Vec::new()));
            return Ok(Stage::Text);
        };
        if self.form.file.is_some() {
            let message = "There is more than one file".into();
            return Err(FormError { code: "IncorrectNumberOfFilesInPostRequest", message });
        }
        if head.content_type.is_empty() {
            self.deviations.add("the file's part has no Content-Type");
        }
        let (field, content_type) = (head.name, head.content_type);
        self.form.file =
            Some(ReceivedFile { field, file_name, content_type, ..ReceivedFile::default() });
        Ok(Stage::File)
    }

    fn content(&mut self) -> Result<bool> {
        let found = find(&self.pending, &self.delimiter);
        // The last bytes may be the start of the delimiter.
        let sure = found.unwrap_or_else(|| self.pending.len().saturating_sub(self.delimiter.len()));
        let rest = self.pending.split_off(sure);
        let content = mem::replace(&mut self.pending, rest);
        self.take_content(&content)?;
        if found.is_some() {
            self.advance(self.delimiter.len(), Stage::Delimited);
        }
        Ok(found.is_some())
    }

    fn take_content(&mut self, content: &[u8]) -> Result<()> {
        match (self.stage, &mut self.form.file, self.form.fields.last_mut()) {
            (Stage::File, Some(file), _) => {
                self.digest.write(content);
                file.crc64 = self.digest.sum64();
                file.content.push(content);
            }
            (Stage::Text, _, Some((_, value))) => {
                self.text_left = self.text_left.checked_sub(content.len()).ok_or(FormError {
                    code: "MaxPostPreDataLengthExceededError",
                    message: "The fields before the file are too long".into(),
                })?;
                value.extend_from_slice(content);
            }
            _ if content.is_empty() => {}
            _ => self.deviations.add("there is something before the form"),
        }
        Ok(())
    }

    fn advance(&mut self, length: usize, stage: Stage) {
        self.pending.drain(..length.min(self.pending.len()));
        self.stage = stage;
    }
}

/// The headers of one part.
struct PartHead {
    name: String,
    file_name: Option<String>,
    /// Empty if there is none.
    content_type: String,
}

impl PartHead {
    fn parse(bytes: &[u8], deviations: &Deviations) -> Result<Self> {
        let text = String::from_utf8_lossy(bytes);
        if matches!(text, Cow::Owned(_)) {
            deviations.add("the headers of a part are not UTF-8");
        }
        let (mut names, mut content_type) = (None, None);
        for line in unfolded(&text, deviations).split("\r\n") {
            let (name, value) = header(line, deviations)?;
            let known = match name.to_ascii_lowercase().as_str() {
                "content-disposition" => names.replace(disposition(value, deviations)).map(|_| ()),
                "content-type" => content_type.replace(value.to_owned()).map(|_| ()),
                _ => {
                    deviations.add(format!("a part has a header {name}"));
                    None
                }
            };
            if known.is_some() {
                return Err(FormError::malformed(format!("A part has two headers {name}")));
            }
        }
        let Some((name, file_name)) = names.flatten() else {
            let message = "A part has no Content-Disposition of form-data with a name";
            return Err(FormError::malformed(message));
        };
        Ok(Self { name, file_name, content_type: content_type.unwrap_or_default() })
    }
}

/// Joins the lines of a header that goes on in a line that begins with a blank.
fn unfolded(text: &str, deviations: &Deviations) -> String {
    let joined = text.replace("\r\n ", " ").replace("\r\n\t", " ");
    if joined != text {
        deviations.add("a part has a header of several lines");
    }
    joined
}

fn header<'l>(line: &'l str, deviations: &Deviations) -> Result<(&'l str, &'l str)> {
    let is_clean = !line.chars().any(|c| c.is_control() && c != '\t');
    let Some((name, value)) = line.split_once(':').filter(|_| is_clean) else {
        return Err(FormError::malformed("A part has a line that is not a header"));
    };
    if !value.starts_with(' ') || value.trim().is_empty() {
        deviations.add(format!("a part has the header `{line}`"));
    }
    Ok((name, value.trim()))
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
