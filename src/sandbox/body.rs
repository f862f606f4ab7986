//! The bodies of requests, read piece by piece.

use super::deviations::Deviations;
use super::form::{Fields, FormError, FormReader, ReceivedForm};
use super::header_value::boundary;
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
    Fields(Fields),
    /// Nothing, or something else.
    Other,
}

impl Received {
    /// Returns the text fields in order, as far as they could be read.
    pub(super) fn fields(&self) -> Fields {
        match self {
            Self::Form(Ok(form)) => form.fields.clone(),
            Self::Fields(fields) => fields.clone(),
            _ => Fields::new(),
        }
    }
}

/// Reads a body of any type.
pub(super) enum Sink<'d> {
    Form(Box<FormReader<'d>>),
    Broken(FormError),
    Plain(Vec<u8>, &'d Deviations),
    Ignored,
}

impl<'d> Sink<'d> {
    pub(super) fn new(head: &RequestHead, deviations: &'d Deviations) -> Self {
        let content_type = head.header("content-type").unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if let Some(boundary) = boundary(content_type, deviations) {
            Self::Form(Box::new(FormReader::new(&boundary, MAX_TEXT, deviations)))
        } else if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Self::Plain(Vec::new(), deviations)
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
            Self::Plain(plain, _) if plain.len() <= MAX_PLAIN => plain.extend_from_slice(bytes),
            _ => {}
        }
    }

    pub(super) fn finish(self) -> Received {
        match self {
            Self::Form(reader) => Received::Form(reader.finish()),
            Self::Broken(error) => Received::Form(Err(error)),
            Self::Plain(plain, deviations) if plain.len() <= MAX_PLAIN => {
                Received::Fields(urlencoded::parse(&plain, deviations))
            }
            Self::Plain(..) | Self::Ignored => Received::Other,
        }
    }
}
