//! Reads the storage's answers: its error document, its checksum, its request IDs.

use crate::escape;
use crate::redact::Redactor;
use crate::transport::Answer;

/// The storage's CRC-64 of the object, as each of the two vendors calls it.
const CRC64: [&str; 2] = ["x-cos-hash-crc64ecma", "x-oss-hash-crc64ecma"];

/// The storage's request ID, as each of the two vendors calls it.
const REQUEST_ID: [&str; 2] = ["x-cos-request-id", "x-oss-request-id"];

/// The storage's own words: `<Error><Code>…</Code><Message>…`. Decisions need them as received,
/// because a secret may be a word such as `AccessDenied`; [`cleaned`](Self::cleaned) is for people.
#[derive(Debug, Default)]
pub(crate) struct StorageError {
    pub(super) code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    server_time: Option<String>,
}

impl StorageError {
    pub(crate) fn read(answer: &Answer) -> Self {
        let body = String::from_utf8_lossy(&answer.body);
        Self {
            code: xml_text(&body, "Code"),
            message: xml_text(&body, "Message").or_else(|| short_text(&body).map(str::to_owned)),
            request_id: xml_text(&body, "RequestId")
                .or_else(|| header(answer, REQUEST_ID).map(str::to_owned)),
            server_time: xml_text(&body, "ServerTime"),
        }
    }

    pub(crate) fn cleaned(&self, redactor: &Redactor) -> Self {
        let clean = |text: &Option<String>| text.as_ref().map(|text| redactor.clean(text));
        Self {
            code: clean(&self.code),
            message: clean(&self.message),
            request_id: clean(&self.request_id),
            server_time: clean(&self.server_time),
        }
    }

    /// Whether the token has expired, in the words of either storage vendor. A plain
    /// `AccessDenied` is final: only the message distinguishes the two.
    pub(crate) fn is_expired(&self) -> bool {
        let message = self.message.as_deref().unwrap_or_default().to_ascii_lowercase();
        match self.code.as_deref() {
            Some("ExpiredToken" | "SecurityTokenExpired") => true,
            Some("AccessDenied") => message.contains("expired"),
            _ => message.contains("policy expired"),
        }
    }

    /// Whether a 400 of the storage is about the transfer and not the request, so that a retry may
    /// succeed.
    pub(super) fn may_recover(&self) -> bool {
        let codes = ["RequestTimeout", "UserNetworkTooSlow", "IncompleteBody", "BadDigest"];
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }

    pub(super) fn has_code(&self) -> bool {
        self.code.is_some()
    }

    pub(super) fn is_clock_skew(&self) -> bool {
        self.code.as_deref() == Some("RequestTimeTooSkewed")
    }

    /// `, AccessDenied, "no", its time is … (RequestId …)`
    pub(crate) fn details(&self) -> String {
        let mut details = String::new();
        if let Some(code) = &self.code {
            details.push_str(&format!(", {code}"));
        }
        if let Some(message) = &self.message {
            details.push_str(&format!(", \"{message}\""));
        }
        if let Some(time) = &self.server_time {
            details.push_str(&format!(", its time is {time}"));
        }
        if let Some(id) = &self.request_id {
            details.push_str(&format!(" (RequestId {id})"));
        }
        details
    }
}

/// Whether the storage's body is its `<Error>`, whatever the status.
pub(super) fn is_error(answer: &Answer) -> bool {
    let body = String::from_utf8_lossy(&answer.body);
    let start = body.trim_start_matches('\u{feff}').trim_start();
    let root = match start.strip_prefix("<?xml") {
        Some(declaration) => declaration.split_once("?>").map_or("", |(_, rest)| rest.trim_start()),
        None => start,
    };
    root.starts_with("<Error>") || root.starts_with("<Error ") || root.starts_with("<Error/")
}

/// The CRC-64 of the object, unless the storage gave none or an empty one.
pub(super) fn checksum(answer: &Answer) -> Option<&str> {
    header(answer, CRC64).map(str::trim).filter(|text| !text.is_empty())
}

/// The first header that is there of several.
fn header<'a>(answer: &'a Answer, names: [&str; 2]) -> Option<&'a str> {
    names.iter().find_map(|name| answer.header(name))
}

/// The body as a message, if it is a short text or JSON, and not markup.
fn short_text(body: &str) -> Option<&str> {
    const MAX_LENGTH: usize = 300;
    let text = body.trim_start_matches('\u{feff}').trim();
    (!text.is_empty() && text.len() <= MAX_LENGTH && !text.starts_with('<')).then_some(text)
}

/// The text of the first element with this tag.
fn xml_text(xml: &str, tag: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{tag}>"))?;
    let (text, _) = rest.split_once(&format!("</{tag}>"))?;
    let text = text.trim();
    let text = match text.strip_prefix("<![CDATA[").and_then(|text| text.strip_suffix("]]>")) {
        Some(text) => text.to_owned(),
        None => escape::ENTITY.decode(text),
    };
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: &str, message: &str) -> StorageError {
        StorageError {
            code: Some(code.to_owned()).filter(|code| !code.is_empty()),
            message: Some(message.to_owned()),
            ..StorageError::default()
        }
    }

    #[test]
    fn the_storages_words_are_found() {
        let xml = "<?xml version='1.0'?><Error><Code>AccessDenied</Code>\n<Message>Request has \
                   expired &amp; gone</Message><RequestId>r1</RequestId></Error>";
        assert_eq!(xml_text(xml, "Message").unwrap(), "Request has expired & gone");
        assert_eq!(xml_text("<M>it&#39;s &#x4E2D;</M>", "M").unwrap(), "it's 中");
        assert_eq!(xml_text("<M><![CDATA[a &amp; b]]></M>", "M").unwrap(), "a &amp; b");
        assert_eq!(xml_text(xml, "TraceId"), None);
        assert_eq!(xml_text("<Code>cut", "Code"), None);
    }

    #[test]
    fn an_expired_token_is_known_in_the_words_of_both_vendors() {
        assert!(said("ExpiredToken", "").is_expired());
        assert!(said("SecurityTokenExpired", "").is_expired());
        assert!(said("AccessDenied", "You post object request has been Expired").is_expired());
        assert!(said("AccessDenied", "Invalid according to Policy: Policy expired.").is_expired());
        assert!(said("InvalidPolicyDocument", "Invalid Policy: Policy expired.").is_expired());
        assert!(!said("AccessDenied", "Access Denied.").is_expired());
        assert!(!said("SignatureDoesNotMatch", "expired").is_expired());
        assert!(!said("", "the certificate has expired").is_expired());
    }

    #[test]
    fn an_error_is_known_by_its_root() {
        let answer = |body: &str| Answer { body: body.as_bytes().to_vec(), ..Answer::default() };
        for body in ["<Error/>", "\u{feff}<?xml version='1.0'?>\n<Error><Code>x</Code></Error>"] {
            assert!(is_error(&answer(body)), "{body}");
        }
        for body in ["", "<Errors/>", "<PostResponse><Error/></PostResponse>", "<?xml <Error>"] {
            assert!(!is_error(&answer(body)), "{body}");
        }
    }

    #[test]
    fn a_short_text_without_markup_is_a_reason() {
        assert_eq!(short_text(" no room\n"), Some("no room"));
        let json = r#"{"code":"NoRoom","requestid":"r1"}"#;
        assert_eq!(short_text(json), Some(json));
        for body in ["", "<Error/>", &"x".repeat(301)] {
            assert_eq!(short_text(body), None);
        }
    }
}
