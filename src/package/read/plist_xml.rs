//! Property lists written as XML.

use super::plist::{Budget, DEEPEST, MOST_VALUES, Value};
use super::time;
use crate::escape::entity;

/// The value that the text is. What is not UTF-8, the old style with braces, and documents with
/// entities of their own have none.
pub(super) fn parse(bytes: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser { rest: text, budget: Budget::new(MOST_VALUES) };
    let tag = parser.tag()?;
    match tag.name {
        "plist" if !tag.is_empty => {
            let tag = parser.tag()?;
            parser.value(&tag, DEEPEST)
        }
        _ => parser.value(&tag, DEEPEST),
    }
}

struct Parser<'a> {
    rest: &'a str,
    budget: Budget,
}

/// `<name>`, `</name>` with the stroke in its name, or `<name/>`.
struct Tag<'a> {
    name: &'a str,
    is_empty: bool,
}

impl<'a> Parser<'a> {
    /// What stands before `end`, which is taken away too.
    fn until(&mut self, end: &str) -> Option<&'a str> {
        let (before, after) = self.rest.split_once(end)?;
        self.rest = after;
        Some(before)
    }

    /// The next tag. Only white space, comments and declarations may stand before it.
    fn tag(&mut self) -> Option<Tag<'a>> {
        loop {
            self.rest = self.rest.trim_start().strip_prefix('<')?;
            if let Some(comment) = self.rest.strip_prefix("!--") {
                self.rest = comment;
                self.until("-->")?;
            } else if self.rest.starts_with('?') {
                self.until("?>")?;
            } else if self.rest.starts_with("!DOCTYPE") {
                self.document_type()?;
            } else {
                break;
            }
        }
        let tag = self.until(">")?;
        let (tag, is_empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let name = tag.split_ascii_whitespace().next()?;
        Some(Tag { name, is_empty })
    }

    /// A document type may have declarations in brackets. Entities are not among those that are
    /// understood: they can make a gigabyte of a few lines.
    fn document_type(&mut self) -> Option<()> {
        let end = self.rest.find(['[', '>'])?;
        if self.rest.get(end..)?.starts_with('>') {
            self.until(">")?;
            return Some(());
        }
        let declarations = self.until("]")?;
        if declarations.contains("<!ENTITY") {
            return None;
        }
        self.rest = self.rest.trim_start().strip_prefix('>')?;
        Some(())
    }

    fn value(&mut self, tag: &Tag<'a>, depth: u32) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        self.budget.take(1)?;
        match tag.name {
            "dict" => self.dictionary(tag, depth),
            "array" => self.array(tag, depth),
            "true" | "false" => {
                let value = tag.name == "true";
                self.content(tag)?;
                Some(Value::Bool(value))
            }
            "string" => self.content(tag).map(Value::Text),
            "integer" => self.content(tag).map(|text| integer(text.trim())),
            "date" => {
                let text = self.content(tag)?;
                Some(time::parse(text.trim()).map_or(Value::Other, Value::Date))
            }
            "data" | "real" => self.content(tag).map(|_| Value::Other),
            _ => None,
        }
    }

    fn dictionary(&mut self, tag: &Tag<'a>, depth: u32) -> Option<Value> {
        let mut members = Vec::new();
        let mut is_empty = tag.is_empty;
        while !is_empty {
            let tag = self.tag()?;
            match tag.name {
                "/dict" => is_empty = true,
                "key" => {
                    let key = self.content(&tag)?;
                    let tag = self.tag()?;
                    members.push((key, self.value(&tag, depth)?));
                }
                _ => return None,
            }
        }
        Some(Value::Dictionary(members))
    }

    fn array(&mut self, tag: &Tag<'a>, depth: u32) -> Option<Value> {
        let mut values = Vec::new();
        let mut is_empty = tag.is_empty;
        while !is_empty {
            let tag = self.tag()?;
            if tag.name == "/array" {
                is_empty = true;
            } else {
                values.push(self.value(&tag, depth)?);
            }
        }
        Some(Value::Array(values))
    }

    /// The text up to the end of an element that has no others in it.
    fn content(&mut self, tag: &Tag<'a>) -> Option<String> {
        let mut text = String::new();
        if tag.is_empty {
            return Some(text);
        }
        loop {
            append_unescaped(&mut text, self.until("<")?)?;
            if let Some(rest) = self.rest.strip_prefix("![CDATA[") {
                self.rest = rest;
                text.push_str(self.until("]]>")?);
            } else if let Some(rest) = self.rest.strip_prefix("!--") {
                self.rest = rest;
                self.until("-->")?;
            } else {
                let end = self.until(">")?.strip_prefix('/')?;
                return (end.trim_end() == tag.name).then_some(text);
            }
        }
    }
}

fn append_unescaped(text: &mut String, xml: &str) -> Option<()> {
    let mut rest = xml;
    while let Some((plain, from)) = rest.find('&').and_then(|at| rest.split_at_checked(at)) {
        let (c, length) = entity(from)?;
        text.push_str(plain);
        text.push(c);
        rest = from.get(length..)?;
    }
    text.push_str(rest);
    Some(())
}

fn integer(text: &str) -> Value {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let number = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => i64::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    number.map_or(Value::Other, |number: i64| Value::Integer(number.saturating_mul(sign)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \
        \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n";

    fn value(xml: &str) -> Option<Value> {
        parse(format!("{HEAD}<plist version=\"1.0\">\n{xml}\n</plist>\n").as_bytes())
    }

    #[test]
    fn values_are_read() {
        for (xml, expected) in [
            ("<string>a &lt; b &amp;amp; &#20013;</string>", text("a < b &amp; 中")),
            ("<string>a<![CDATA[<&]]><!-- no -->b</string >", text("a<&b")),
            ("<string/>", text("")),
            ("<string></string>", text("")),
            ("<string> blank </string>", text(" blank ")),
            ("<integer> 42 </integer>", Value::Integer(42)),
            ("<integer>-0x1F</integer>", Value::Integer(-31)),
            ("<integer>99999999999999999999</integer>", Value::Other),
            ("<integer>--1</integer>", Value::Integer(1)),
            ("<true/>", Value::Bool(true)),
            ("<false></false>", Value::Bool(false)),
            ("<real>1.5</real>", Value::Other),
            ("<data>\nAAAA\n</data>", Value::Other),
            ("<date>1970-01-02T00:00:00Z</date>", Value::Date(86_400)),
            ("<date>some day</date>", Value::Other),
            ("<array/>", Value::Array(vec![])),
            ("<dict />", Value::Dictionary(vec![])),
            (
                "<!-- a > b --><array><true/>\n<array></array></array>",
                Value::Array(vec![Value::Bool(true), Value::Array(vec![])]),
            ),
            (
                "<dict><key>a</key><true/><key>b</key><dict/></dict>",
                Value::Dictionary(vec![
                    ("a".into(), Value::Bool(true)),
                    ("b".into(), Value::Dictionary(vec![])),
                ]),
            ),
        ] {
            assert_eq!(value(xml), Some(expected), "{xml}");
        }
    }

    #[test]
    fn only_dictionaries_count_at_the_top() {
        assert!(Value::parse(b"<plist><dict/></plist>").is_some());
        assert!(Value::parse(b"\xEF\xBB\xBF<?xml version='1.0'?><dict/>").is_some());
        assert!(Value::parse(b"<plist><array/></plist>").is_none());
    }

    #[test]
    fn what_is_wrong_is_unreadable() {
        for xml in [
            "",
            "<plist/>",
            "<dict>",
            "<dict><true/></dict>",
            "<dict><key>a</key></dict>",
            "<string>a",
            "<string>a</sting>",
            "<string>a<b/></string>",
            "<set/>",
            "text<dict/>",
            "<string>&other;</string>",
            "<string>a & b</string>",
            "<array></dict>",
            "<array>x</array>",
            "<true>",
        ] {
            assert_eq!(value(xml), None, "{xml}");
        }
        assert_eq!(parse(b"{ CFBundleIdentifier = \"a.b\"; }"), None);
        assert_eq!(parse(b"<plist><string>\xff</string></plist>"), None);
    }

    #[test]
    fn entities_of_its_own_make_a_document_unreadable() {
        let bomb =
            "<!DOCTYPE plist [ <!ENTITY a \"aa\"> <!ENTITY b \"&a;&a;\"> ]><plist><dict/></plist>";
        assert_eq!(parse(bomb.as_bytes()), None);
        let harmless = "<!DOCTYPE plist [ <!ELEMENT plist ANY> ] ><plist><dict/></plist>";
        assert!(parse(harmless.as_bytes()).is_some());
        for cut in ["<!DOCTYPE plist [", "<!DOCTYPE", "<!DOCTYPE plist []<dict/>"] {
            assert_eq!(parse(cut.as_bytes()), None, "{cut}");
        }
    }

    #[test]
    fn nesting_and_count_have_an_end() {
        let nested =
            |depth: usize| format!("{}{}", "<array>".repeat(depth), "</array>".repeat(depth));
        assert!(value(&nested(32)).is_some());
        assert!(value(&nested(33)).is_none());
        assert!(value(&nested(100_000)).is_none());
        let many = |count| format!("<array>{}</array>", "<true/>".repeat(count));
        assert!(value(&many(19_999)).is_some());
        assert!(value(&many(20_000)).is_none());
    }
}
