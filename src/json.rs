//! JSON objects as they came: in their order, with every value as it was written.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::escape;
use crate::secret::is_password;

/// The most members of an object, far above any legitimate answer: 1 MiB could hold 200,000.
pub(crate) const MOST_MEMBERS: usize = 10_000;

/// The members of a JSON object, in the order received, unparsed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    /// Parses an object with at most [`MOST_MEMBERS`] members.
    pub(crate) fn parse(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.get()))
    }

    /// Returns the value of a member as JSON.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// Returns a string, or a number or truth value as it is written; `None` for anything else.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.raw(name).and_then(text_of)
    }

    /// Returns an integer, written as a number or as a string.
    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.text(name)?.trim().parse().ok()
    }

    /// A string.
    pub(crate) fn string(&self, name: &str) -> Option<String> {
        self.raw(name).filter(|json| json.starts_with('"')).and_then(text_of)
    }

    /// An object.
    pub(crate) fn object(&self, name: &str) -> Option<Self> {
        self.raw(name).and_then(Self::parse)
    }

    /// An array.
    pub(crate) fn array(&self, name: &str) -> Option<Items> {
        self.raw(name).and_then(Items::parse)
    }
}

// `RawValue` can't be compared.
impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Fields {}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                limited(|| map.next_entry()).map(Fields)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// The elements of a JSON array, unparsed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Items(Vec<Box<RawValue>>);

impl Items {
    /// The elements of this text, if it is an array of no more than [`MOST_MEMBERS`].
    pub(crate) fn parse(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|value| value.get())
    }

    /// All elements as strings; `None` if one of them is not a string.
    pub(crate) fn strings(&self) -> Option<Vec<String>> {
        self.iter().map(|json| text_of(json).filter(|_| json.starts_with('"'))).collect()
    }
}

impl<'de> Deserialize<'de> for Items {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements;
        impl<'de> Visitor<'de> for Elements {
            type Value = Items;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Items, A::Error> {
                limited(|| array.next_element()).map(Items)
            }
        }
        deserializer.deserialize_seq(Elements)
    }
}

/// Collects members or elements, up to [`MOST_MEMBERS`].
fn limited<T, E: de::Error>(mut next: impl FnMut() -> Result<Option<T>, E>) -> Result<Vec<T>, E> {
    let mut all = Vec::new();
    while let Some(one) = next()? {
        if all.len() == MOST_MEMBERS {
            return Err(E::custom("there are too many members"));
        }
        all.push(one);
    }
    Ok(all)
}

/// Returns a JSON string, number, `true` or `false` as text.
pub(crate) fn text_of(json: &str) -> Option<String> {
    match json.bytes().next()? {
        b'"' => serde_json::from_str(json).ok(),
        b'-' | b'0'..=b'9' | b't' | b'f' => Some(json.to_owned()),
        _ => None,
    }
}

/// Splits JSON into its tokens, without the white space between them.
fn tokens(json: &str) -> impl Iterator<Item = &str> {
    let is_bracket = |c: char| "{}[]:,\"".contains(c);
    let mut rest = json;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let length = match rest.chars().next()? {
            '"' => string_length(rest),
            c if is_bracket(c) => 1,
            _ => {
                rest.find(|c: char| c.is_ascii_whitespace() || is_bracket(c)).unwrap_or(rest.len())
            }
        };
        let (token, after) = rest.split_at_checked(length)?;
        rest = after;
        Some(token)
    })
}

/// The length of the string at the start, with its quotes.
fn string_length(json: &str) -> usize {
    let mut escaped = false;
    let end = json.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(json.len(), |end| end + 2)
}

/// Removes the white space between tokens, so that the JSON stays on one line.
pub(crate) fn compact(json: &str) -> String {
    tokens(json).collect()
}

/// Returns JSON on one line with `***` instead of secrets: of the API key, within strings and as a
/// number, and of the strings and numbers of what is called a password, at any depth. Within the
/// member `kept`, passwords stay.
pub(crate) fn without_secrets(json: &str, api_key: &str, kept: Option<&str>) -> String {
    let mut shown = String::with_capacity(json.len());
    let mut tokens = tokens(json).peekable();
    // `passwords` holds for the next value, and `outer` for the enclosing arrays and objects.
    let mut passwords = Passwords::Named;
    let mut outer = Vec::new();
    while let Some(token) = tokens.next() {
        let is_name = tokens.peek() == Some(&":");
        match token {
            "{" | "[" => outer.push(passwords),
            "}" | "]" => drop(outer.pop()),
            "," => passwords = outer.last().copied().unwrap_or_default(),
            name if is_name => passwords = passwords.within(&lossy_text(name), kept),
            _ => {}
        }
        if passwords == Passwords::All && !is_name && is_text(token) {
            shown.push_str("\"***\"");
        } else {
            shown.push_str(&without_key(token, api_key));
        }
    }
    shown
}

/// Which values are passwords.
#[derive(Clone, Copy, Default, PartialEq)]
enum Passwords {
    /// Those of members whose name says so.
    #[default]
    Named,
    All,
    None,
}

impl Passwords {
    /// Which values of a member are.
    fn within(self, name: &str, kept: Option<&str>) -> Self {
        match self {
            Self::Named if kept == Some(name) => Self::None,
            Self::Named if is_password(name) => Self::All,
            inherited => inherited,
        }
    }
}

/// Whether a token is a number, or a string that is not empty.
fn is_text(token: &str) -> bool {
    token.starts_with('"') && token != "\"\"" || is_number(token)
}

fn is_number(token: &str) -> bool {
    token.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

fn without_key<'a>(token: &'a str, api_key: &str) -> Cow<'a, str> {
    if api_key.is_empty() {
        return token.into();
    }
    if token.starts_with('"') {
        let text = lossy_text(token);
        if text.contains(api_key) {
            return Value::from(text.replace(api_key, "***")).to_string().into();
        }
    } else if is_number(token) && token.contains(api_key) {
        return "\"***\"".into();
    }
    token.into()
}

/// The text of a string. An unpaired surrogate stays as it is written: it can't be decoded here,
/// but another reader may accept it.
fn lossy_text(string: &str) -> String {
    let within_quotes = string.strip_prefix('"').unwrap_or(string);
    let within_quotes = within_quotes.strip_suffix('"').unwrap_or(within_quotes);
    escape::JSON.decode(within_quotes)
}

/// Converts a string that holds a decimal integer, of whatever size, to a JSON number.
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
    fn passwords_are_known_by_their_names_at_any_depth() {
        for (json, shown) in [
            (
                r#"{"buildPassword":"47","password":"","n":"47"}"#,
                r#"{"buildPassword":"***","password":"","n":"47"}"#,
            ),
            (r#"{"password":4711,"p":4711}"#, r#"{"password":"***","p":4711}"#),
            (
                r#"{"a":[{"b":{"oldPASSWORD" : -1.5e3}},7],"c":1}"#,
                r#"{"a":[{"b":{"oldPASSWORD":"***"}},7],"c":1}"#,
            ),
            (
                r#"{"passwords":["a",1,{"b":"c","d":[2]}],"e":3}"#,
                r#"{"passwords":["***","***",{"b":"***","d":["***"]}],"e":3}"#,
            ),
            (
                r#"{"pass\u0077ord":"x","y":"password"}"#,
                r#"{"pass\u0077ord":"***","y":"password"}"#,
            ),
            (
                r#"{"password":null,"passwordless":true}"#,
                r#"{"password":null,"passwordless":true}"#,
            ),
            (r#"[{"params":{"password":"x"}}]"#, r#"[{"params":{"password":"***"}}]"#),
        ] {
            assert_eq!(without_secrets(json, "", None), shown);
        }
        let kept = r#"{"params":{"password":["x"],"a":1},"password":"***"}"#;
        assert_eq!(without_secrets(kept, "", Some("params")), kept);
    }

    #[test]
    fn the_api_key_goes_wherever_it_is() {
        for (json, shown) in [
            (
                r#"{"k1":"see k1, \u006b1","k1k1":["k2",{"a":"k1"}]}"#,
                r#"{"***":"see ***, ***","******":["k2",{"a":"***"}]}"#,
            ),
            (r#"{"a":"A\u00e9","b":"\ud800k1"}"#, r#"{"a":"A\u00e9","b":"\\ud800***"}"#),
        ] {
            assert_eq!(without_secrets(json, "k1", None), shown);
        }
        assert_eq!(without_secrets("[1234567,12,true]", "2345", None), r#"["***",12,true]"#);
        assert_eq!(without_secrets("[true,null]", "u", None), "[true,null]");
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
    fn what_is_not_json_stays_too() {
        for text in ["", "\"", "\"a", "\"\\\"", "1", "\"é", "é[x}\"", "[]]"] {
            assert_eq!(without_secrets(text, "k", None), text);
        }
    }

    #[test]
    fn depth_takes_no_time_and_no_stack() {
        let began = std::time::Instant::now();
        let json = "[".repeat(1 << 19) + &"]".repeat(1 << 19);
        assert_eq!(without_secrets(&json, "k", None), json);
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
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
