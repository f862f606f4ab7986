//! JSON objects as they came: in their order, with every value as it was written.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::{RawValue, to_raw_value};

/// More members than any object has that is meant well. A megabyte could have 200,000.
pub(crate) const MOST_MEMBERS: usize = 10_000;

/// The members of a JSON object, in the order received, unparsed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    /// The members of this text, if it is an object with no more than [`MOST_MEMBERS`].
    pub(crate) fn parse(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.get()))
    }

    /// The same with `***` in the place of texts that are called passwords.
    pub(crate) fn without_passwords(mut self) -> Self {
        for (name, value) in &mut self.0 {
            let is_password = name.to_ascii_lowercase().contains("password");
            if is_password && text_of(value.get()).is_some_and(|text| !text.is_empty()) {
                *value = to_raw_value("***").unwrap_or_default();
            }
        }
        self
    }

    /// The value of a member as JSON.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// A string, or a number or truth value as it is written; none for anything else.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.raw(name).and_then(text_of)
    }

    /// An integer, written as a number or as a string.
    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.text(name)?.trim().parse().ok()
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    if members.len() == MOST_MEMBERS {
                        return Err(A::Error::custom("there are too many members"));
                    }
                    members.push(member);
                }
                Ok(Fields(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A JSON string, number, `true` or `false` as text.
pub(crate) fn text_of(json: &str) -> Option<String> {
    match json.bytes().next()? {
        b'"' => serde_json::from_str(json).ok(),
        b'-' | b'0'..=b'9' | b't' | b'f' => Some(json.to_owned()),
        _ => None,
    }
}

/// The same JSON without white space between its tokens, so that it stays on one line.
pub(crate) fn compact(json: &str) -> String {
    let mut compacted = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in json.chars() {
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if c.is_ascii_whitespace() {
            continue;
        } else {
            in_string = c == '"';
        }
        compacted.push(c);
    }
    compacted
}

/// The same JSON with another text in the place of each string, names too, for which there is one.
pub(crate) fn map_strings(json: &str, mut other: impl FnMut(&str) -> Option<String>) -> String {
    let mut mapped = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, from_quote)) = rest.find('"').and_then(|at| rest.split_at_checked(at)) {
        let Some((string, after)) = from_quote.split_at_checked(string_length(from_quote)) else {
            break;
        };
        mapped.push_str(before);
        // Half a surrogate pair makes a text unreadable to us, not to others.
        let text = text_of(string).unwrap_or_else(|| within_quotes(string).to_owned());
        match other(&text) {
            Some(text) => mapped.push_str(&serde_json::Value::from(text).to_string()),
            None => mapped.push_str(string),
        }
        rest = after;
    }
    mapped.push_str(rest);
    mapped
}

fn within_quotes(string: &str) -> &str {
    let text = string.strip_prefix('"').unwrap_or(string);
    text.strip_suffix('"').unwrap_or(text)
}

/// The length of the JSON string at the start, with its quotes.
fn string_length(json: &str) -> usize {
    let mut escaped = false;
    let end = json.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(json.len(), |end| end.saturating_add(2))
}

/// A string that holds a decimal integer, of whatever size, as a JSON number.
pub(crate) fn number_of(json: &str) -> Option<String> {
    let text = text_of(json)?;
    let text = text.trim();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match digits.trim_start_matches('0') {
        "" => Some("0".to_owned()),
        digits => Some(format!("{sign}{digits}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_order_and_spelling() {
        let fields = Fields::parse(r#"{"z":1.50,"a":"x","big":123456789012345678901234567890}"#);
        let fields = fields.unwrap();
        let all: Vec<_> = fields.iter().collect();
        assert_eq!(all, [("z", "1.50"), ("a", "\"x\""), ("big", "123456789012345678901234567890")]);
        assert_eq!(fields.text("z").as_deref(), Some("1.50"));
        assert_eq!(fields.integer("a"), None);
        assert!(Fields::parse("[]").is_none());
        let many = |count| format!("{{{}}}", vec!["\"\":1"; count].join(","));
        assert!(Fields::parse(&many(MOST_MEMBERS)).is_some());
        assert!(Fields::parse(&many(MOST_MEMBERS + 1)).is_none());
    }

    #[test]
    fn passwords_are_known_by_their_names() {
        let fields = Fields::parse(r#"{"buildPassword":"47","password":"","passwordless":[1]}"#);
        let fields = fields.unwrap().without_passwords();
        assert_eq!(fields.text("buildPassword").as_deref(), Some("***"));
        assert_eq!(fields.raw("password"), Some("\"\""));
        assert_eq!(fields.raw("passwordless"), Some("[1]"));
    }

    #[test]
    fn what_is_no_text_is_none() {
        for (json, text) in [
            (r#""a\"\u00fc""#, Some("a\"ü")),
            ("-1.50", Some("-1.50")),
            ("0", Some("0")),
            ("9e9", Some("9e9")),
            ("true", Some("true")),
            ("false", Some("false")),
            ("null", None),
            ("[]", None),
            ("{}", None),
            ("", None),
        ] {
            assert_eq!(text_of(json).as_deref(), text, "{json}");
        }
    }

    #[test]
    fn a_member_is_found_by_its_name() {
        let fields = Fields::parse(r#"{"a":" 7 ","b":-8,"c":null}"#).unwrap();
        assert_eq!((fields.integer("a"), fields.integer("b")), (Some(7), Some(-8)));
        assert_eq!((fields.raw("c"), fields.raw("d")), (Some("null"), None));
        assert_eq!(fields.text("c"), None);
        assert!(!fields.is_empty() && Fields::parse("{}").unwrap().is_empty());
    }

    #[test]
    fn compacting_leaves_strings_alone() {
        let json = "{ \"a b\" : [ 1 ,\n2 ] , \"c\\\" \\\\\" : \" x \" }";
        assert_eq!(compact(json), "{\"a b\":[1,2],\"c\\\" \\\\\":\" x \"}");
    }

    #[test]
    fn a_string_that_is_no_text_can_be_exchanged_too() {
        let json = r#"{"a":"\ud800\"b"}"#;
        let mapped =
            map_strings(json, |text| text.contains("ud800").then(|| text.replace('b', "c")));
        assert_eq!(mapped, r#"{"a":"\\ud800\\\"c"}"#);
    }

    #[test]
    fn strings_can_be_exchanged() {
        let json = r#"{"a" : ["a", "\u0061", "b\"a", "\\"], "c": 1.0, "é":"a" }"#;
        let mapped = map_strings(json, |text| (text == "a").then(|| "\"".to_owned()));
        assert_eq!(mapped, r#"{"\"" : ["\"", "\"", "b\"a", "\\"], "c": 1.0, "é":"\"" }"#);
        for json in ["", "\"", "\"a", "\"\\\"", "1", "\"é"] {
            assert_eq!(map_strings(json, |_| None), json);
        }
    }

    #[test]
    fn integers_in_strings_become_numbers() {
        assert_eq!(number_of("\"0012\"").as_deref(), Some("12"));
        assert_eq!(number_of("\"-3\"").as_deref(), Some("-3"));
        assert_eq!(number_of("\"000\"").as_deref(), Some("0"));
        assert_eq!(number_of("7").as_deref(), Some("7"));
        assert_eq!(number_of("\"99999999999999999999\"").as_deref(), Some("99999999999999999999"));
        for other in ["\"\"", "\"1.0\"", "\"x\"", "null", "1.5", "[1]", "\"--1\"", "\"-\""] {
            assert_eq!(number_of(other), None, "{other}");
        }
    }
}
