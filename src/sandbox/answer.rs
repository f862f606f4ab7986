//! Answers, and the texts that stand in them.

use serde_json::Value;

/// One answer over HTTP.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// An answer without a body.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    fn with_body(status: u16, content_type: &str, body: String) -> Self {
        let headers = vec![("Content-Type", content_type.to_owned())];
        Self { status, headers, body: body.into_bytes() }
    }

    /// `text`, which is JSON.
    pub(super) fn json(text: String) -> Self {
        Self::with_body(200, "application/json; charset=utf-8", text)
    }

    /// The API's answer with a code other than 0.
    pub(super) fn refusal(code: i64, message: &str) -> Self {
        let fields = [("code", code.to_string()), ("message", Value::from(message).to_string())];
        Self::json(object(fields))
    }

    /// The API's answer with the code 0 and, if there is one, with `data`, which is JSON.
    pub(super) fn success(data: Option<String>) -> Self {
        let mut fields = vec![("code", "0".to_owned()), ("message", "\"\"".to_owned())];
        fields.extend(data.map(|data| ("data", data)));
        Self::json(object(fields))
    }

    /// An error of the storage for the `resource`, with the request's number.
    pub(super) fn xml(status: u16, code: &str, message: &str, resource: &str, number: u64) -> Self {
        let id = request_id(number);
        let text = format!(
            "<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n\t<Code>{}</Code>\n\
             \t<Message>{}</Message>\n\t<Resource>{}</Resource>\n\
             \t<RequestId>{id}</RequestId>\n\t<TraceId>{id}-trace</TraceId>\n</Error>\n",
            escape_xml(code),
            escape_xml(message),
            escape_xml(resource),
        );
        Self::with_body(status, "application/xml", text).header("x-cos-request-id", id)
    }

    /// A page for people.
    pub(super) fn html(status: u16) -> Self {
        let title = format!("{status} {}", reason(status));
        let text = format!(
            "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n\
             <body><h1>{title}</h1><p>Something is in the way.</p></body></html>\n"
        );
        Self::with_body(status, "text/html", text)
    }

    /// The same with one more header.
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with another status.
    pub(super) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The head for a body of `length` bytes, or of one that ends with the connection.
    pub(super) fn head(&self, length: Option<u64>, close: bool) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            let value: String = value.chars().filter(|c| !c.is_control()).collect();
            text += &format!("{name}: {value}\r\n");
        }
        // A 204 and a 304 have no body and no length.
        if let (Some(length), false) = (length, matches!(self.status, 204 | 304)) {
            text += &format!("Content-Length: {length}\r\n");
        }
        if close {
            text += "Connection: close\r\n";
        }
        text += "Server: pgyer-sandbox\r\n\r\n";
        text.into_bytes()
    }

    /// The body as it is sent.
    pub(super) fn content(&self) -> &[u8] {
        if matches!(self.status, 204 | 304) { &[] } else { &self.body }
    }
}

/// The storage's name for a request.
pub(super) fn request_id(number: u64) -> String {
    format!("c2FuZGJveA_{number}")
}

/// A JSON object of values that are JSON already, in this order.
pub(super) fn object<N: AsRef<str>>(fields: impl IntoIterator<Item = (N, String)>) -> String {
    let field = |(name, value): (N, String)| format!("{}:{value}", Value::from(name.as_ref()));
    let fields: Vec<String> = fields.into_iter().map(field).collect();
    format!("{{{}}}", fields.join(","))
}

fn escape_xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        411 => "Length Required",
        413 => "Content Too Large",
        417 => "Expectation Failed",
        425 => "Too Early",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_stay_lines() {
        let answer = Answer::empty(200).header("Location", "a\r\nb: c");
        let head = String::from_utf8(answer.head(Some(0), true)).unwrap();
        assert_eq!(
            head,
            "HTTP/1.1 200 OK\r\nLocation: ab: c\r\nContent-Length: 0\r\nConnection: close\r\n\
             Server: pgyer-sandbox\r\n\r\n"
        );
    }

    #[test]
    fn objects_keep_their_order_and_escape() {
        let text = object([("b", "1".to_owned()), ("a\"", Value::from("\n").to_string())]);
        assert_eq!(text, r#"{"b":1,"a\"":"\n"}"#);
    }

    #[test]
    fn a_204_has_neither_length_nor_body() {
        let head = String::from_utf8(Answer::html(200).status(204).head(Some(9), false)).unwrap();
        assert!(!head.contains("Content-Length"), "{head}");
        assert!(Answer::html(200).status(204).content().is_empty());
    }
}
