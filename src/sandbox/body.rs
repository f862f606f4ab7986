//! The bodies of requests, read piece by piece.

use super::form::{FormError, FormReader, ReceivedForm, boundary};
use super::request_head::RequestHead;
use super::urlencoded;

/// The longest body that has no file in it.
pub(super) const MAX_PLAIN: usize = 1024 * 1024;
/// The longest that all text fields of a form may be together.
const MAX_TEXT: usize = 1024 * 1024;

/// What a body turned out to be.
#[derive(Debug)]
pub(super) enum Received {
    /// `multipart/form-data`.
    Form(Result<ReceivedForm, FormError>),
    /// `application/x-www-form-urlencoded`.
    Fields(Result<Vec<(String, String)>, String>),
    /// Something else.
    Other,
}

impl Received {
    /// Returns the text fields in order, as far as they could be read.
    pub(super) fn fields(&self) -> Vec<(String, Vec<u8>)> {
        match self {
            Self::Form(Ok(form)) => form.fields.clone(),
            Self::Fields(Ok(fields)) => {
                let bytes = |(name, value): &(String, String)| (name.clone(), value.clone().into());
                fields.iter().map(bytes).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Reads a body of any type.
pub(super) enum Sink {
    Form(Box<FormReader>),
    Broken(FormError),
    Plain(Vec<u8>),
    Ignored,
}

impl Sink {
    pub(super) fn new(head: &RequestHead) -> Self {
        let content_type = head.header("content-type").unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if let Some(boundary) = boundary(content_type) {
            Self::Form(Box::new(FormReader::new(boundary, MAX_TEXT)))
        } else if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Self::Plain(Vec::new())
        } else {
            Self::Ignored
        }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        match self {
            Self::Form(reader) => {
                if let Err(error) = reader.feed(bytes) {
                    *self = Self::Broken(error);
                }
            }
            Self::Plain(plain) if plain.len() <= MAX_PLAIN => plain.extend_from_slice(bytes),
            _ => {}
        }
    }

    pub(super) fn finish(self) -> Received {
        match self {
            Self::Form(reader) => Received::Form(reader.finish()),
            Self::Broken(error) => Received::Form(Err(error)),
            Self::Plain(plain) if plain.len() > MAX_PLAIN => {
                Received::Fields(Err("the body is too long".into()))
            }
            Self::Plain(plain) => Received::Fields(urlencoded::parse(&plain)),
            Self::Ignored => Received::Other,
        }
    }
}
