//! What came back for a request.

use std::io::Read;
use std::time::{Duration, SystemTime};

use ureq::{Body, http};

use super::exchange::Exchange;
use super::failure::Failure;
use crate::html::is_html;
use crate::retry::parse_retry_after;

/// The most that is read of an answer's body.
const MAX_BODY: u64 = 1 << 20;

#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case, with their values; what of these is not UTF-8 has been replaced.
    pub(crate) headers: Vec<(String, String)>,
    /// Up to 1 MiB of it.
    pub(crate) body: Vec<u8>,
    /// Whether the whole request body had gone out.
    pub(crate) all_sent: bool,
    /// Whether it came before that.
    pub(crate) is_early: bool,
}

impl Answer {
    pub(super) fn read(
        response: http::Response<Body>,
        exchange: &Exchange,
    ) -> Result<Self, Failure> {
        let (parts, body) = response.into_parts();
        let text =
            |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let mut answer = Self {
            status: parts.status.as_u16(),
            headers: parts
                .headers
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), text(value)))
                .collect(),
            body: Vec::new(),
            all_sent: exchange.has_sent_all(),
            is_early: exchange.was_answered_early(),
        };
        let read = body.into_reader().take(MAX_BODY).read_to_end(&mut answer.body);
        match read.map_err(Failure::from_io) {
            // A refusal that came before the connection broke is still one; but no answer survives
            // a deadline.
            Err(failure) if answer.status < 400 || failure.is_stop() => Err(failure),
            _ => Ok(answer),
        }
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn is_redirect(&self) -> bool {
        (300..400).contains(&self.status)
    }

    /// Whether this is a 2xx that came before the whole body was sent, which is not a success.
    pub(crate) fn is_early_success(&self) -> bool {
        self.is_early && self.is_success()
    }

    /// The first value of a header, whose name is given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(found, _)| found == name)?;
        Some(value)
    }

    pub(crate) fn is_html(&self) -> bool {
        is_html(self.header("content-type"), &self.body)
    }

    /// How long the server wants to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        parse_retry_after(self.header("retry-after")?, SystemTime::now())
    }
}
