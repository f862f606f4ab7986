//! The object around every answer of the API.

use crate::json::Fields;
use crate::text;

/// `{"code", "message", "data"}`, with the code as a number or a string.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) code: i64,
    /// May be in Chinese, empty or absent.
    pub(crate) message: String,
    /// As JSON; with an error it can be anything.
    pub(crate) data: String,
    /// The status of the HTTP response.
    pub(crate) http_status: u16,
}

impl Envelope {
    /// Returns `None` if this is not the API's JSON.
    pub(crate) fn parse(http_status: u16, body: &[u8]) -> Option<Self> {
        let fields = Fields::parse(std::str::from_utf8(text::without_mark(body)).ok()?)?;
        Some(Self {
            code: fields.integer("code")?,
            message: fields.text("message").unwrap_or_default(),
            data: fields.raw("data").unwrap_or("null").to_owned(),
            http_status,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_numbers_or_strings() {
        for json in [r#"{"code":1247,"message":"m"}"#, r#"{"message":"m","code":"1247"}"#] {
            let envelope = Envelope::parse(200, json.as_bytes()).unwrap();
            assert_eq!((envelope.code, envelope.message.as_str()), (1247, "m"));
        }
        assert_eq!(Envelope::parse(200, b"\xEF\xBB\xBF{\"code\":0}").unwrap().data, "null");
    }

    #[test]
    fn anything_else_is_not_the_api() {
        for body in ["", "[]", "{}", "<html>", "{\"code\":0", "{\"code\":\"x\"}", "{\"code\":null}"]
        {
            assert!(Envelope::parse(200, body.as_bytes()).is_none(), "{body}");
        }
        assert!(Envelope::parse(200, b"\xff").is_none());
    }
}
