//! Header values with parameters, such as `form-data; name="key"`.

use percent_encoding::percent_decode_str;

use super::deviations::Deviations;

/// A header value; it and the names of its parameters are in lower case.
struct HeaderValue {
    value: String,
    parameters: Vec<(String, String)>,
}

impl HeaderValue {
    fn parse(text: &str) -> Option<Self> {
        let (value, mut rest) = text.split_once(';').unwrap_or((text, ""));
        let mut parameters = Vec::new();
        loop {
            rest = rest.trim_start_matches([';', ' ', '\t']);
            if rest.is_empty() {
                return Some(Self { value: value.trim().to_ascii_lowercase(), parameters });
            }
            let (name, after) = rest.split_once('=')?;
            let after = after.trim_start();
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => unquote(quoted)?,
                None => {
                    let (value, after) = after.split_once(';').unwrap_or((after, ""));
                    (value.trim_end().to_owned(), after)
                }
            };
            parameters.push((name.trim().to_ascii_lowercase(), value));
            rest = after;
        }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the file name in `filename*=UTF-8''…`, as RFC 8187 writes it.
    fn extended_file_name(&self) -> Option<String> {
        let encoded = self.parameter("filename*")?.splitn(3, '\'').nth(2)?;
        Some(percent_decode_str(encoded).decode_utf8_lossy().into_owned())
    }
}

/// Returns the text up to the closing quote, and what follows the quote.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return text.get(at + 1..).map(|rest| (value, rest)),
            // Browsers on Windows used to send paths with backslashes that escape nothing.
            '\\' => match chars.next_if(|(_, next)| ['"', '\\'].contains(next)) {
                Some((_, escaped)) => value.push(escaped),
                None => value.push('\\'),
            },
            _ => value.push(c),
        }
    }
    None
}

/// Returns the boundary in a `Content-Type` of `multipart/form-data`.
pub(super) fn boundary(content_type: &str, deviations: &Deviations) -> Option<String> {
    let parsed = HeaderValue::parse(content_type)?;
    let boundary = parsed.parameter("boundary")?;
    let is_usable = (1..=200).contains(&boundary.len()) && !boundary.chars().any(char::is_control);
    if parsed.value != "multipart/form-data" || !is_usable {
        return None;
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b);
    let fits = boundary.len() <= 70 && boundary.bytes().all(allowed) && !boundary.ends_with(' ');
    let written = ["", "\""].map(|q| format!("multipart/form-data; boundary={q}{boundary}{q}"));
    if !fits || !written.iter().any(|text| text == content_type) {
        deviations.add(format!("the Content-Type is `{content_type}`"));
    }
    Some(boundary.to_owned())
}

/// Returns the name and the file name in the `Content-Disposition` of a part.
pub(super) fn disposition(
    value: &str,
    deviations: &Deviations,
) -> Option<(String, Option<String>)> {
    let parsed = HeaderValue::parse(value)?;
    let name = parsed.parameter("name").filter(|name| !name.is_empty())?;
    if parsed.value != "form-data" {
        return None;
    }
    let plain = parsed.parameter("filename");
    let written = match plain {
        Some(file_name) => format!("form-data; name=\"{name}\"; filename=\"{file_name}\""),
        None => format!("form-data; name=\"{name}\""),
    };
    // Readers disagree about backslashes.
    if written != value || value.contains('\\') {
        deviations.add(format!("a part has the Content-Disposition `{value}`"));
    }
    Some((name.to_owned(), plain.map(str::to_owned).or_else(|| parsed.extended_file_name())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_boundary() {
        let noted = |content_type: &str| {
            let deviations = Deviations::new(false);
            (boundary(content_type, &deviations), !deviations.list().is_empty())
        };
        let found = |text: &str, deviates| (Some(text.to_owned()), deviates);
        assert_eq!(noted("multipart/form-data; boundary=abc"), found("abc", false));
        assert_eq!(noted("multipart/form-data; boundary=\"a c\""), found("a c", false));
        for lenient in [
            "Multipart/Form-Data;boundary=abc",
            "multipart/form-data; charset=utf-8; boundary=abc",
            "multipart/form-data ; Boundary = \"abc\" ; charset=utf-8;",
        ] {
            assert_eq!(noted(lenient), found("abc", true), "{lenient}");
        }
        assert_eq!(noted("multipart/form-data; boundary=a\u{e9}"), found("a\u{e9}", true));
        for wrong in [
            "multipart/form-data",
            "multipart/mixed; boundary=abc",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\"abc",
            "multipart/form-data; charset=utf-8",
            "application/json",
        ] {
            assert_eq!(noted(wrong), (None, false), "{wrong}");
        }
    }

    #[test]
    fn reads_names_however_they_are_written() {
        let noted = |value: &str| {
            let deviations = Deviations::new(false);
            let names = disposition(value, &deviations);
            (names, !deviations.list().is_empty())
        };
        let names = |name: &str, file_name: Option<&str>| {
            Some((name.to_owned(), file_name.map(str::to_owned)))
        };
        assert_eq!(noted("form-data; name=\"a;b\""), (names("a;b", None), false));
        let both = "form-data; name=\"f\"; filename=\"%22a.apk\"";
        assert_eq!(noted(both), (names("f", Some("%22a.apk")), false));
        for (value, file_name) in [
            ("form-data; name=f; filename=a.apk", "a.apk"),
            ("Form-Data;name=\"f\";filename=\"a.apk\"", "a.apk"),
            ("form-data; filename=\"a.apk\"; name=\"f\"", "a.apk"),
            ("form-data ; NAME = f ; FileName = \"a b.apk\" ; size=3", "a b.apk"),
            ("form-data; name=\"f\"; filename=\"a\\\"b\\\\.apk\"", "a\"b\\.apk"),
            ("form-data; name=\"f\"; filename=\"C:\\dir\\a.apk\"", "C:\\dir\\a.apk"),
            ("form-data; name=f; filename=a.apk; filename*=utf-8''b.apk", "a.apk"),
            ("form-data; name=f; filename*=UTF-8'en'%E4%B8%AD+%41.apk", "中+A.apk"),
        ] {
            assert_eq!(noted(value), (names("f", Some(file_name)), true), "{value}");
        }
        for wrong in [
            "attachment; name=\"f\"",
            "form-data",
            "form-data; name=\"\"",
            "form-data; name=\"f",
            "form-data; name=\"f\"x",
            "form-data; filename=\"a\"",
        ] {
            assert_eq!(noted(wrong).0, None, "{wrong}");
        }
    }
}
