//! Web pages, which neither the API nor the storage sends.

/// Whether a body is a web page, by its type or its start.
pub(crate) fn is_html(content_type: Option<&str>, body: &[u8]) -> bool {
    let says_so = |value: &str| {
        let value = value.to_ascii_lowercase();
        value.contains("text/html") || value.contains("application/xhtml")
    };
    if content_type.is_some_and(says_so) {
        return true;
    }
    let start = first_tag(body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body));
    let start = start.get(..start.len().min(16)).unwrap_or_default().to_ascii_lowercase();
    let starts: [&[u8]; 8] = [
        b"<!doctype html",
        b"<html",
        b"<head",
        b"<title",
        b"<body",
        b"<meta",
        b"<script",
        b"<style",
    ];
    starts.iter().any(|tag| start.starts_with(tag))
}

/// Skips comments and the XML declaration.
fn first_tag(mut body: &[u8]) -> &[u8] {
    loop {
        body = body.trim_ascii_start();
        let end: &[u8] = match body {
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            [b'<', b'?', ..] => b"?>",
            _ => return body,
        };
        let Some(at) = body.windows(end.len()).position(|bytes| bytes == end) else { return body };
        body = body.get(at.saturating_add(end.len())..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_pages_are_known_by_type_or_start() {
        assert!(is_html(Some("text/html; charset=utf-8"), b""));
        assert!(is_html(None, b"\xEF\xBB\xBF\n <!DOCTYPE html><p>"));
        assert!(is_html(Some("application/xhtml+xml"), b"x"));
        for page in [
            "<HTML>",
            "<!-- a > b --><!DOCTYPE html><html>",
            "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"x\"><html>",
            "<?xml version=\"1.0\"?><!-- c --> <html xmlns=\"x\">",
            "<script>location='/login'</script>",
        ] {
            assert!(is_html(Some("text/plain"), page.as_bytes()), "{page}");
        }
        for other in ["<?xml version=\"1.0\"?><Error/>", "<!-- <html>", "<?xml <html>", "x<html>"] {
            assert!(!is_html(None, other.as_bytes()), "{other}");
        }
        assert!(!is_html(Some("application/xml"), b"<Error><Code>AccessDenied</Code>"));
        assert!(!is_html(None, b""));
    }
}
