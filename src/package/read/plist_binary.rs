//! Property lists in their binary form: objects that refer to each other by number.

use super::bytes::big;
use super::plist::{Budget, DEEPEST, MOST_VALUES, Value};
use super::time;

const TRAILER: usize = 32;
/// Seconds from 1970 to 2001, from where dates are counted.
const EPOCH: i64 = 978_307_200;
/// The most bytes that all texts may have together: one text may be referenced many times.
const MOST_TEXT: u32 = 1 << 20;

/// The value that the bytes are.
pub(super) fn parse(bytes: &[u8]) -> Option<Value> {
    let trailer = bytes.get(bytes.len().checked_sub(TRAILER)?..)?;
    let size = |at| big(trailer, at, 1).and_then(|size| usize::try_from(size).ok());
    let number = |at| big(trailer, at, 8).and_then(|number| usize::try_from(number).ok());
    let table = number(24)?;
    let mut list = List {
        // Objects stand before the table that says where.
        objects: bytes.get(..table)?,
        table: bytes.get(table..)?,
        offset_size: size(6).filter(|size| (1..=8).contains(size))?,
        reference_size: size(7).filter(|size| (1..=8).contains(size))?,
        count: number(8)?,
        values: Budget::new(MOST_VALUES),
        text: Budget::new(MOST_TEXT),
    };
    list.object(number(16)?, DEEPEST)
}

struct List<'a> {
    objects: &'a [u8],
    table: &'a [u8],
    offset_size: usize,
    reference_size: usize,
    count: usize,
    values: Budget,
    text: Budget,
}

impl<'a> List<'a> {
    /// The object with this index. A cycle of references ends at the depth limit.
    fn object(&mut self, number: usize, depth: u32) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        self.values.take(1)?;
        if number >= self.count {
            return None;
        }
        let entry = number.checked_mul(self.offset_size)?;
        let offset = usize::try_from(big(self.table, entry, self.offset_size)?).ok()?;
        let (marker, rest) = self.objects.get(offset..)?.split_first()?;
        let low = usize::from(marker & 0x0F);
        match marker >> 4 {
            0x0 => Some(match low {
                8 => Value::Bool(false),
                9 => Value::Bool(true),
                _ => Value::Other,
            }),
            0x1 => integer(rest, low),
            0x3 => Some(date(big(rest, 0, 8)?)),
            0x5 => self.ascii(counted(rest, low, 1)?),
            0x6 => self.utf16(counted(rest, low, 2)?),
            0xA => self.array(counted(rest, low, self.reference_size)?, depth),
            0xD => self.dictionary(counted(rest, low, self.reference_size.checked_mul(2)?)?, depth),
            _ => Some(Value::Other),
        }
    }

    fn ascii(&mut self, bytes: &[u8]) -> Option<Value> {
        self.text.take(bytes.len())?;
        let text = std::str::from_utf8(bytes).ok()?;
        Some(Value::Text(text.to_owned()))
    }

    fn utf16(&mut self, bytes: &[u8]) -> Option<Value> {
        // A unit may become three bytes.
        self.text.take(bytes.len().saturating_mul(2))?;
        let units = bytes.chunks_exact(2).map(|pair| big(pair, 0, 2).unwrap_or_default() as u16);
        let text: Result<String, _> = char::decode_utf16(units).collect();
        Some(text.map_or(Value::Other, Value::Text))
    }

    fn array(&mut self, references: &[u8], depth: u32) -> Option<Value> {
        let mut values = Vec::new();
        for reference in references.chunks_exact(self.reference_size) {
            values.push(self.referred(reference, depth)?);
        }
        Some(Value::Array(values))
    }

    /// All keys stand before all values.
    fn dictionary(&mut self, references: &[u8], depth: u32) -> Option<Value> {
        let (keys, values) = references.split_at_checked(references.len() / 2)?;
        let mut members = Vec::new();
        let keys = keys.chunks_exact(self.reference_size);
        for (key, value) in keys.zip(values.chunks_exact(self.reference_size)) {
            let Value::Text(key) = self.referred(key, depth)? else { return None };
            members.push((key, self.referred(value, depth)?));
        }
        Some(Value::Dictionary(members))
    }

    fn referred(&mut self, reference: &[u8], depth: u32) -> Option<Value> {
        let number = big(reference, 0, reference.len())?;
        self.object(usize::try_from(number).ok()?, depth)
    }
}

/// The bytes of an object that consists of units of this size; the marker has their count. 15
/// stands for a count that follows as an integer.
fn counted(bytes: &[u8], low: usize, unit: usize) -> Option<&[u8]> {
    let (count, bytes) = if low == 0x0F {
        let (marker, rest) = bytes.split_first()?;
        let length = 1usize.checked_shl(u32::from(marker & 0x0F))?;
        if marker >> 4 != 1 || length > 8 {
            return None;
        }
        (usize::try_from(big(rest, 0, length)?).ok()?, rest.get(length..)?)
    } else {
        (low, bytes)
    };
    bytes.get(..count.checked_mul(unit)?)
}

/// Up to four bytes are without a sign, eight are with one, and sixteen are a larger number.
fn integer(bytes: &[u8], power: usize) -> Option<Value> {
    match power {
        0..=3 => Some(Value::Integer(big(bytes, 0, 1 << power)? as i64)),
        _ => Some(Value::Other),
    }
}

fn date(bits: u64) -> Value {
    let seconds = f64::from_bits(bits);
    // A cast of a float saturates.
    time::plausible((seconds as i64).saturating_add(EPOCH)).map_or(Value::Other, Value::Date)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Objects in the order of their numbers, the first of which is the top.
    pub(crate) fn list(objects: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = b"bplist00".to_vec();
        let mut table = Vec::new();
        for object in objects {
            table.extend((bytes.len() as u32).to_be_bytes());
            bytes.extend(object);
        }
        let start = bytes.len() as u64;
        bytes.extend(table);
        bytes.extend([0, 0, 0, 0, 0, 0, 4, 2]);
        bytes.extend((objects.len() as u64).to_be_bytes());
        bytes.extend(0u64.to_be_bytes());
        bytes.extend(start.to_be_bytes());
        bytes
    }

    pub(crate) fn ascii(text: &str) -> Vec<u8> {
        [&[0x5F, 0x11][..], &(text.len() as u16).to_be_bytes(), text.as_bytes()].concat()
    }

    fn references(high: u8, numbers: &[u16], units: usize) -> Vec<u8> {
        let mut bytes = vec![high | 0x0F, 0x12];
        bytes.extend(((numbers.len() / units) as u32).to_be_bytes());
        bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        bytes
    }

    pub(crate) fn array(numbers: &[u16]) -> Vec<u8> {
        references(0xA0, numbers, 1)
    }

    pub(crate) fn dictionary(keys_and_values: &[u16]) -> Vec<u8> {
        references(0xD0, keys_and_values, 2)
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn values_are_read() {
        let real = |seconds: f64| [&[0x33][..], &seconds.to_bits().to_be_bytes()].concat();
        for (object, expected) in [
            (vec![0x08], Value::Bool(false)),
            (vec![0x09], Value::Bool(true)),
            (vec![0x00], Value::Other),
            (vec![0x10, 0xFF], Value::Integer(255)),
            (vec![0x11, 1, 0], Value::Integer(256)),
            (vec![0x12, 0, 1, 0, 0], Value::Integer(65_536)),
            (vec![0x13, 255, 255, 255, 255, 255, 255, 255, 254], Value::Integer(-2)),
            (vec![0x14; 17], Value::Other),
            (vec![0x23, 0, 0, 0, 0, 0, 0, 0, 0], Value::Other),
            (real(1.5), Value::Date(978_307_201)),
            (real(f64::NAN), Value::Date(978_307_200)),
            (real(f64::INFINITY), Value::Other),
            (real(-1e300), Value::Other),
            (vec![0x42, 1, 2], Value::Other),
            (vec![0x80, 1], Value::Other),
            (b"\x53abc".to_vec(), text("abc")),
            (ascii("a longer text than fifteen"), text("a longer text than fifteen")),
            (b"\x62\x4e\x2d\x00a".to_vec(), text("中a")),
            (b"\x61\xd8\x00".to_vec(), Value::Other),
            (array(&[]), Value::Array(vec![])),
            (dictionary(&[]), Value::Dictionary(vec![])),
        ] {
            assert_eq!(parse(&list(std::slice::from_ref(&object))), Some(expected), "{object:?}");
        }
    }

    #[test]
    fn objects_refer_to_others() {
        let objects =
            [dictionary(&[1, 2, 3, 1]), ascii("key"), ascii("other"), array(&[1, 4]), vec![0x09]];
        let value = Value::parse(&list(&objects)).unwrap();
        assert_eq!(value.get("key"), Some(&Value::Array(vec![text("key"), Value::Bool(true)])));
        assert_eq!(value.text("other"), Some("key"));
        assert_eq!(Value::parse(&list(&[array(&[])])), None);
    }

    #[test]
    fn what_is_wrong_is_unreadable() {
        for object in [
            vec![0x11, 1],
            vec![0x55, 1],
            vec![0x5F, 0x50],
            vec![0x5F, 0x14],
            vec![0x61, 0],
            vec![0x51, 0xFF],
            array(&[1]),
            dictionary(&[0, 0]),
            vec![0xA1, 0],
            vec![0x33, 1],
            [&[0xAF, 0x13][..], &[255; 8]].concat(),
        ] {
            assert_eq!(parse(&list(std::slice::from_ref(&object))), None, "{object:?}");
        }
        let whole = list(&[vec![0x09]]);
        for length in 0..whole.len() {
            assert_ne!(parse(&whole[..length]), Some(Value::Bool(true)), "{length}");
        }
        for (at, size) in [(6, 0), (6, 9), (7, 0), (7, 9)] {
            let mut bytes = whole.clone();
            let trailer = bytes.len() - 32;
            bytes[trailer + at] = size;
            assert_eq!(parse(&bytes), None);
        }
    }

    #[test]
    fn circles_and_shared_objects_have_an_end() {
        assert_eq!(parse(&list(&[array(&[0])])), None);
        assert_eq!(parse(&list(&[array(&[1]), array(&[0])])), None);
        assert_eq!(parse(&list(&[dictionary(&[1, 0]), ascii("a")])), None);
        // 2 to the power of 30 values in a few hundred bytes.
        let doubled: Vec<_> =
            (1..=30).map(|next| array(&[next, next])).chain([vec![0x09]]).collect();
        assert_eq!(parse(&list(&doubled)), None);
        // A text of 60 KB, a thousand times.
        let long = [array(&[1; 1000]), ascii(&"x".repeat(60_000))];
        assert_eq!(parse(&list(&long)), None);
        let many = |count: usize| list(&[array(&vec![1; count]), vec![0x09]]);
        assert!(parse(&many(19_999)).is_some());
        assert!(parse(&many(20_000)).is_none());
    }
}
