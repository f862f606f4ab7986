//! Responses, and the texts in them.

use serde_json::Value;

/// One HTTP response.
#[derive(Debug, Clone)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Response {
    /// A response without a body.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    fn with_body(status: u16, content_type: &str, body: String) -> Self {
        let headers = vec![("Content-Type", content_type.to_owned())];
        Self { status, headers, body: body.into_bytes() }
    }

    /// Wraps `text`, which is JSON.
    pub(super) fn json(text: String) -> Self {
        Self::with_body(200, "application/json; charset=utf-8", text)
    }

    /// The API's answer with another code than 0.
    pub(super) fn refusal(code: i64, message: &str) -> Self {
        let fields = [("code", code.to_string()), ("message", Value::from(message).to_string())];
        Self::json(object(fields))
    }

    /// The API's answer with code 0 and, if there are any, `data`, which are JSON.
    pub(super) fn success(data: Option<String>) -> Self {
        let mut fields = vec![("code", "0".to_owned()), ("message", "\"\"".to_owned())];
        fields.extend(data.map(|data| ("data", data)));
        Self::json(object(fields))
    }

    /// An error of the storage; its `RequestId` comes from the request's number.
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
             <body><h1>{title}</h1><p>This is not the service you asked for.</p></body></html>\n"
        );
        Self::with_body(status, "text/html", text)
    }

    /// Adds a header.
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the status.
    pub(super) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// Returns the head for a body of `length` bytes; `None` is one that ends with the connection.
    pub(super) fn head(&self, length: Option<u64>, close: bool) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            let value: String = value.chars().filter(|c| !c.is_control()).collect();
            text += &format!("{name}: {value}\r\n");
        }
        // A 204 or a 304 has neither body nor length.
        if let (Some(length), false) = (length, matches!(self.status, 204 | 304)) {
            text += &format!("Content-Length: {length}\r\n");
        }
        if close {
            text += "Connection: close\r\n";
        }
        text += "Server: pgyer-sandbox\r\n\r\n";
        text.into_bytes()
    }

    /// Returns the whole response, after which the connection stays open unless `close`.
    pub(super) fn to_bytes(&self, close: bool) -> Vec<u8> {
        let content = self.content();
        let mut bytes = self.head(Some(content.len() as u64), close);
        bytes.extend_from_slice(content);
        bytes
    }

    /// Returns the body that is sent.
    pub(super) fn content(&self) -> &[u8] {
        if matches!(self.status, 204 | 304) { &[] } else { &self.body }
    }
}

/// Returns the storage's ID of a request.
pub(super) fn request_id(number: u64) -> String {
    format!("c2FuZGJveA_{number}")
}

/// Returns a JSON object with these fields in this order. The values are JSON already.
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
        let answer = Response::empty(200).header("Location", "a\r\nb: c");
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
        let head = String::from_utf8(Response::html(200).status(204).head(Some(9), false)).unwrap();
        assert!(!head.contains("Content-Length"), "{head}");
        assert!(Response::html(200).status(204).content().is_empty());
    }
}
