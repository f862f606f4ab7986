//! Percent-encoding, alone and as a form.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Percent-encodes all but the unreserved characters of RFC 3986.
pub(crate) fn percent_encode(text: &str) -> String {
    const RESERVED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Percent-encodes the characters for which this holds, and leaves the others as they are.
pub(crate) fn percent_encode_where(text: &str, applies: impl Fn(char) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for c in text.chars() {
        if applies(c) {
            encoded.push_str(&percent_encode(c.encode_utf8(&mut [0; 4])));
        } else {
            encoded.push(c);
        }
    }
    encoded
}

/// `name=value` pairs as `application/x-www-form-urlencoded`.
pub(crate) fn form_urlencoded(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)))
        .collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        let text = "a b&c=d;é%\r\n~";
        assert_eq!(percent_encode(text), "a%20b%26c%3Dd%3B%C3%A9%25%0D%0A~");
    }

    #[test]
    fn what_is_chosen_is_encoded_and_nothing_else() {
        assert_eq!(percent_encode_where("a/é\n%é", |c| "\né".contains(c)), "a/%C3%A9%0A%%C3%A9");
    }

    #[test]
    fn pairs_are_joined_as_a_form() {
        assert_eq!(form_urlencoded(&[]), "");
        assert_eq!(form_urlencoded(&[("a", "1&2"), ("b=", "")]), "a=1%262&b%3D=");
    }
}
