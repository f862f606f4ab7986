//! Compiles small XML texts to Android's binary form, plainly or with the tricks of protectors.

/// How a document is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) utf8: bool,
    /// Whether attributes have the ids of their resources.
    pub(crate) ids: bool,
    /// Whether attributes with ids have empty names.
    pub(crate) blank_names: bool,
}

pub(crate) const PLAIN: Style = Style { utf8: false, ids: true, blank_names: false };

const NAMESPACE: &str = "http://schemas.android.com/apk/res/android";

const IDS: [(&str, u32); 17] = [
    ("theme", 0x0101_0000),
    ("name", 0x0101_0003),
    ("sharedUserId", 0x0101_000B),
    ("hasCode", 0x0101_000C),
    ("debuggable", 0x0101_000F),
    ("exported", 0x0101_0010),
    ("minSdkVersion", 0x0101_020C),
    ("versionCode", 0x0101_021B),
    ("versionName", 0x0101_021C),
    ("targetSdkVersion", 0x0101_0270),
    ("testOnly", 0x0101_0272),
    ("required", 0x0101_028E),
    ("extractNativeLibs", 0x0101_04EA),
    ("versionCodeMajor", 0x0101_0576),
    ("isSplitRequired", 0x0101_0591),
    ("sharedUserMaxSdkVersion", 0x0101_064D),
    ("requiredSplitTypes", 0x0101_064E),
];

/// A document as aapt writes it.
pub(crate) fn axml(xml: &str) -> Vec<u8> {
    axml_as(xml, PLAIN)
}

/// In the text, a value is a truth value or a number where it looks like one, a reference after
/// `@`, and a string otherwise or after `'`.
pub(crate) fn axml_as(xml: &str, style: Style) -> Vec<u8> {
    let mut writer = Writer::new(style);
    let mut rest = xml;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap();
        rest = after;
        let is_empty = tag.ends_with('/');
        let tag = tag.trim_end_matches('/');
        if let Some(name) = tag.strip_prefix('/') {
            writer.end(name);
            continue;
        }
        let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        writer.start(name, attributes);
        if is_empty {
            writer.end(name);
        }
    }
    writer.finish()
}

struct Writer {
    style: Style,
    strings: Vec<String>,
    body: Vec<u8>,
}

impl Writer {
    fn new(style: Style) -> Self {
        // Those with ids come first, and the map goes as far as they do.
        let name = |(name, _): &(&str, u32)| {
            if style.blank_names { String::new() } else { (*name).to_owned() }
        };
        Self { style, strings: IDS.iter().map(name).collect(), body: Vec::new() }
    }

    /// The number of a string that is not the name of an attribute with an id.
    fn string(&mut self, text: &str) -> u32 {
        let known = self.strings.iter().skip(IDS.len()).position(|string| string == text);
        let number = known.unwrap_or_else(|| {
            self.strings.push(text.to_owned());
            self.strings.len() - IDS.len() - 1
        });
        (IDS.len() + number) as u32
    }

    fn start(&mut self, name: &str, attributes: &str) {
        let attributes: Vec<_> =
            pairs(attributes).iter().map(|(name, value)| self.attribute(name, value)).collect();
        let mut body = u32::MAX.to_le_bytes().to_vec();
        body.extend(self.string(name).to_le_bytes());
        body.extend([20, 0, 20, 0]);
        body.extend((attributes.len() as u16).to_le_bytes());
        body.extend([0; 6]);
        body.extend(attributes.concat());
        self.node(0x0102, &body);
    }

    fn end(&mut self, name: &str) {
        let name = self.string(name);
        self.node(0x0103, &[u32::MAX.to_le_bytes(), name.to_le_bytes()].concat());
    }

    fn node(&mut self, kind: u16, body: &[u8]) {
        let position = [1u32.to_le_bytes(), u32::MAX.to_le_bytes()].concat();
        self.body.extend(chunk(kind, &position, body));
    }

    fn attribute(&mut self, name: &str, value: &str) -> Vec<u8> {
        let (namespace, name) = match name.strip_prefix("android:") {
            Some(name) => {
                let known = IDS.iter().position(|(known, _)| *known == name).unwrap();
                (self.string(NAMESPACE), known as u32)
            }
            None => (u32::MAX, self.string(name)),
        };
        let (kind, data) = match value {
            "true" => (0x12, u32::MAX),
            "false" => (0x12, 0),
            _ if value.starts_with('@') => (0x01, 0x7F01_0001),
            _ => match value.parse() {
                Ok(number) => (0x10, number),
                Err(_) => (0x03, self.string(value.strip_prefix('\'').unwrap_or(value))),
            },
        };
        let raw = if kind == 3 { data } else { u32::MAX };
        let mut bytes = [namespace, name, raw].map(u32::to_le_bytes).concat();
        bytes.extend([8, 0, 0, kind]);
        bytes.extend(data.to_le_bytes());
        bytes
    }

    fn finish(self) -> Vec<u8> {
        let mut body = self.pool();
        if self.style.ids {
            let ids: Vec<_> = IDS.iter().flat_map(|(_, id)| id.to_le_bytes()).collect();
            body.extend(chunk(0x0180, &[], &ids));
        }
        body.extend(chunk(0x0100, &[0; 8], &[0; 8]));
        body.extend(&self.body);
        body.extend(chunk(0x0101, &[0; 8], &[0; 8]));
        chunk(0x0003, &[], &body)
    }

    fn pool(&self) -> Vec<u8> {
        let mut offsets = Vec::new();
        let mut data = Vec::new();
        for string in &self.strings {
            offsets.extend((data.len() as u32).to_le_bytes());
            if self.style.utf8 {
                data.extend(short_length(string.encode_utf16().count()));
                data.extend(short_length(string.len()));
                data.extend(string.bytes().chain([0]));
            } else {
                data.extend(wide_length(string.encode_utf16().count()));
                data.extend(string.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
            }
        }
        data.resize(data.len().next_multiple_of(4), 0);
        let flags = if self.style.utf8 { 0x100 } else { 0 };
        let start = 28 + offsets.len();
        let head = [self.strings.len() as u32, 0, flags, start as u32, 0].map(u32::to_le_bytes);
        chunk(0x0001, &head.concat(), &[offsets, data].concat())
    }
}

fn short_length(length: usize) -> Vec<u8> {
    if length < 0x80 { vec![length as u8] } else { vec![0x80 | (length >> 8) as u8, length as u8] }
}

fn wide_length(length: usize) -> Vec<u8> {
    let low = (length as u16).to_le_bytes();
    if length < 0x8000 {
        return low.to_vec();
    }
    [(0x8000 | (length >> 16) as u16).to_le_bytes(), low].concat()
}

fn chunk(kind: u16, head: &[u8], body: &[u8]) -> Vec<u8> {
    let header = 8 + head.len();
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend((header as u16).to_le_bytes());
    bytes.extend(((header + body.len()) as u32).to_le_bytes());
    [&bytes, head, body].concat()
}

/// `a="1" b="2"` as pairs.
fn pairs(text: &str) -> Vec<(&str, &str)> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"').unwrap();
        pairs.push((name.trim(), value));
        rest = after;
    }
    pairs
}
