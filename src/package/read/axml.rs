//! The binary form of Android's XML: chunks, with all strings in a pool before them.
//!
//! Protectors bend everything in it that Android does not look at, and so nothing else is looked at
//! here. Strings are compared where they lie and decoded only to be kept: one string may be named a
//! hundred thousand times.

use super::bytes::{index_at, u16_at, u32_at};

const DOCUMENT: u16 = 0x0003;
const STRING_POOL: u16 = 0x0001;
const RESOURCE_IDS: u16 = 0x0180;
const START: u16 = 0x0102;
const END: u16 = 0x0103;

const CHUNK_HEADER: usize = 8;
const ATTRIBUTE: usize = 20;
const NO_STRING: u32 = u32::MAX;
const ANDROID: &str = "http://schemas.android.com/apk/res/android";

/// An attribute of Android's: the id of its resource, and the name it has in texts.
pub(super) type Name = (u32, &'static str);

/// The beginning of an element, or the end of the last one that is open.
pub(super) enum Event<'a> {
    Start(Element<'a>),
    End,
}

/// The value of an attribute.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    Absent,
    Text(Text<'a>),
    Integer(u32),
    /// A reference, which only the package's resources know, or what can't be read.
    Unknown,
}

impl Value<'_> {
    pub(super) fn is_absent(self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Yes or no, with what it is when it is absent.
    pub(super) fn flag(self, default: bool) -> Option<bool> {
        match self {
            Self::Absent => Some(default),
            Self::Integer(number) => Some(number != 0),
            Self::Text(text) if text.is("true") || text.is("1") => Some(true),
            Self::Text(text) if text.is("false") || text.is("0") => Some(false),
            Self::Text(_) | Self::Unknown => None,
        }
    }

    /// A text that is not empty.
    pub(super) fn text(self) -> Option<String> {
        if let Self::Text(text) = self {
            text.decoded().filter(|text| !text.is_empty())
        } else {
            None
        }
    }
}

/// A string where it lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    bytes: &'a [u8],
    is_utf8: bool,
}

impl Text<'_> {
    pub(super) fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn is(self, text: &str) -> bool {
        if self.is_utf8 {
            return self.bytes == text.as_bytes();
        }
        // No character has more units than it has bytes in UTF-8.
        self.bytes.len() / 2 <= text.len() && self.units().eq(text.encode_utf16())
    }

    pub(super) fn decoded(self) -> Option<String> {
        if self.is_utf8 {
            return std::str::from_utf8(self.bytes).ok().map(str::to_owned);
        }
        char::decode_utf16(self.units()).collect::<Result<_, _>>().ok()
    }

    fn units(&self) -> impl Iterator<Item = u16> {
        self.bytes.chunks_exact(2).map(|pair| u16_at(pair, 0).unwrap_or_default())
    }
}

/// Walks through a document; `None` as soon as it turns out to be damaged.
pub(super) fn read<'a>(bytes: &'a [u8], mut visit: impl FnMut(Event<'a>)) -> Option<()> {
    let (kind, document, _) = chunk(bytes)?;
    if kind != DOCUMENT {
        return None;
    }
    let mut names = Names::default();
    let mut rest = document.get(usize::from(u16_at(document, 2)?)..)?;
    while rest.len() >= CHUNK_HEADER {
        let (kind, chunk, after) = chunk(rest)?;
        match kind {
            STRING_POOL => names.pool = Pool::new(chunk)?,
            RESOURCE_IDS => names.ids = chunk.get(usize::from(u16_at(chunk, 2)?)..)?,
            START => visit(Event::Start(Element::new(chunk, names)?)),
            END => visit(Event::End),
            _ => {}
        }
        rest = after;
    }
    Some(())
}

/// The kind of the chunk at the start, all of it, and what follows.
fn chunk(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let size = index_at(bytes, 4).filter(|size| *size >= CHUNK_HEADER)?;
    let (chunk, rest) = bytes.split_at_checked(size)?;
    Some((u16_at(chunk, 0)?, chunk, rest))
}

/// All strings of a document.
#[derive(Debug, Clone, Copy, Default)]
struct Pool<'a> {
    /// Where each string is.
    offsets: &'a [u8],
    strings: &'a [u8],
    is_utf8: bool,
}

impl<'a> Pool<'a> {
    fn new(chunk: &'a [u8]) -> Option<Self> {
        const IS_UTF8: u32 = 0x100;
        let header = usize::from(u16_at(chunk, 2)?);
        let count = index_at(chunk, 8)?;
        let offsets = chunk.get(header..)?.get(..count.checked_mul(4)?)?;
        // Without strings nothing says where they begin.
        let strings = if count == 0 { &[] } else { chunk.get(index_at(chunk, 20)?..)? };
        Some(Self { offsets, strings, is_utf8: u32_at(chunk, 16)? & IS_UTF8 != 0 })
    }

    /// The string with this index; `None` if it reaches beyond the pool or is not followed by a
    /// zero, as Android requires.
    fn get(&self, number: u32) -> Option<Text<'a>> {
        let at = usize::try_from(number).ok()?.checked_mul(4)?;
        let string = self.strings.get(index_at(self.offsets, at)?..)?;
        let is_utf8 = self.is_utf8;
        let (bytes, end) = if is_utf8 {
            let (_units, rest) = length_of_utf8(string)?;
            let (length, rest) = length_of_utf8(rest)?;
            (rest.get(..length)?, rest.get(length..)?.get(..1)?)
        } else {
            let (units, rest) = length_of_utf16(string)?;
            let length = units.checked_mul(2)?;
            (rest.get(..length)?, rest.get(length..)?.get(..2)?)
        };
        end.iter().all(|byte| *byte == 0).then_some(Text { bytes, is_utf8 })
    }
}

/// A length of one byte or, with the highest bit set, two.
fn length_of_utf8(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first & 0x80 == 0 {
        return Some((usize::from(first), rest));
    }
    let (&second, rest) = rest.split_first()?;
    Some((usize::from(first & 0x7F) << 8 | usize::from(second), rest))
}

/// A length of one unit or, with the highest bit set, two.
fn length_of_utf16(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let first = usize::from(u16_at(bytes, 0)?);
    if first & 0x8000 == 0 {
        return Some((first, bytes.get(2..)?));
    }
    let second = usize::from(u16_at(bytes, 2)?);
    Some(((first & 0x7FFF) << 16 | second, bytes.get(4..)?))
}

/// What the names of elements and attributes mean.
#[derive(Debug, Clone, Copy, Default)]
struct Names<'a> {
    pool: Pool<'a>,
    /// The resource id of each string of the pool, as far as they go.
    ids: &'a [u8],
}

impl Names<'_> {
    /// The resource ID of a name; `None` if it has none.
    fn id(&self, name: u32) -> Option<u32> {
        let at = usize::try_from(name).ok()?.checked_mul(4)?;
        u32_at(self.ids, at).filter(|id| *id != 0)
    }

    fn is(&self, name: u32, text: &str) -> bool {
        self.pool.get(name).is_some_and(|name| name.is(text))
    }
}

/// An element with its attributes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    names: Names<'a>,
    name: u32,
    attributes: &'a [u8],
    /// From one attribute to the next.
    stride: usize,
}

impl<'a> Element<'a> {
    fn new(chunk: &'a [u8], names: Names<'a>) -> Option<Self> {
        let body = chunk.get(usize::from(u16_at(chunk, 2)?)..)?;
        let number = |at| u16_at(body, at).map(usize::from);
        let stride = number(10)?;
        let length = stride.checked_mul(number(12)?)?;
        // Less than an attribute has would make few bytes many attributes.
        let attributes = if length == 0 {
            &[]
        } else if stride < ATTRIBUTE {
            return None;
        } else {
            body.get(number(8)?..)?.get(..length)?
        };
        Some(Self { names, name: u32_at(body, 4)?, attributes, stride })
    }

    /// Whether its name is this.
    pub(super) fn is(&self, name: &str) -> bool {
        self.names.is(self.name, name)
    }

    /// The value of one of Android's attributes: known by its resource id, or, where its name has
    /// none, by name and namespace. Protectors blank the names; other tools leave out the ids.
    pub(super) fn android(&self, (id, text): Name) -> Value<'a> {
        self.find(|namespace, name| match self.names.id(name) {
            Some(found) => found == id,
            None => self.names.is(name, text) && self.names.is(namespace, ANDROID),
        })
    }

    /// The value of an attribute without a namespace.
    pub(super) fn plain(&self, text: &str) -> Value<'a> {
        self.find(|namespace, name| {
            namespace == NO_STRING && self.names.id(name).is_none() && self.names.is(name, text)
        })
    }

    /// The first of equal attributes counts.
    fn find(&self, is_it: impl Fn(u32, u32) -> bool) -> Value<'a> {
        let mut attributes = self.attributes.chunks_exact(self.stride.max(1));
        let found = attributes.find(|attribute| {
            let names = u32_at(attribute, 0).zip(u32_at(attribute, 4));
            names.is_some_and(|(namespace, name)| is_it(namespace, name))
        });
        found.map_or(Value::Absent, |attribute| self.value(attribute).unwrap_or(Value::Unknown))
    }

    fn value(&self, attribute: &[u8]) -> Option<Value<'a>> {
        let data = u32_at(attribute, 16)?;
        match attribute.get(15)? {
            0x03 => self.names.pool.get(data).map(Value::Text),
            0x10..=0x1F => Some(Value::Integer(data)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
