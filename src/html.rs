//! Web pages, which neither the API nor the storage sends.

/// Whether a body is a web page. The body decides, not its `Content-Type`: frameworks label even
/// empty answers, JSON and XML `text/html`. The label only counts for pages that begin with an
/// unusual tag.
pub(crate) fn is_html(content_type: Option<&str>, body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii_start();
    let start = first_tag(body);
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
    let is_other_markup = start.starts_with(b"<") && !body.starts_with(b"<?xml");
    starts.iter().any(|tag| start.starts_with(tag))
        || is_other_markup && !start.starts_with(b"<error") && content_type.is_some_and(is_label)
}

fn is_label(content_type: &str) -> bool {
    let content_type = content_type.to_ascii_lowercase();
    content_type.contains("text/html") || content_type.contains("application/xhtml")
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
    fn web_pages_are_known_by_their_start() {
        assert!(is_html(None, b"\xEF\xBB\xBF\n <!DOCTYPE html><p>"));
        assert!(is_html(Some("text/html; charset=utf-8"), b"<center><h1>502</h1>"));
        assert!(!is_html(Some("text/plain"), b"<center><h1>502</h1>"));
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
        let label = Some("text/html");
        for body in ["", "  ", "ok", "{\"code\":0}", "<Error><Code>AccessDenied</Code></Error>"] {
            assert!(!is_html(label, body.as_bytes()), "{body}");
        }
        assert!(!is_html(label, b"<?xml version='1.0'?><PostResponse/>"));
    }
}
