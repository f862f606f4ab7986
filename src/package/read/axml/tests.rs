use super::*;
use crate::package::testing::axml::{PLAIN, Style, axml, axml_as};

const LABEL: Name = (0x0101_0003, "name");

/// The kinds of values of `name` and `package` of each element; none for a damaged document.
fn values(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let mut values = Vec::new();
    read(bytes, |event| {
        if let Event::Start(element) = event {
            values.push((shown(element.android(LABEL)), shown(element.plain("package"))));
        }
    })?;
    Some(values)
}

fn shown(value: Value<'_>) -> String {
    match value {
        Value::Absent => "absent".to_owned(),
        Value::Text(text) => format!("{:?}", text.decoded()),
        Value::Integer(number) => number.to_string(),
        Value::Unknown => "unknown".to_owned(),
    }
}

fn one(xml: &str, style: Style) -> (String, String) {
    values(&axml_as(xml, style)).unwrap().remove(0)
}

#[test]
fn values_have_types() {
    for utf8 in [false, true] {
        let style = Style { utf8, ..PLAIN };
        for (value, expected) in [
            ("text", "Some(\"text\")"),
            ("'", "Some(\"\")"),
            ("中😀é", "Some(\"中😀é\")"),
            ("7", "7"),
            ("true", "4294967295"),
            ("@string/name", "unknown"),
        ] {
            let read = one(&format!("<a android:name=\"{value}\"/>"), style);
            assert_eq!(read, (expected.to_owned(), "absent".to_owned()));
        }
        for length in [127, 128, 300, if utf8 { 10_000 } else { 40_000 }] {
            let long = "é".repeat(length);
            assert_eq!(
                one(&format!("<a package=\"{long}\"/>"), style).1.chars().count(),
                length + 8
            );
        }
    }
}

#[test]
fn attributes_are_known_by_id_or_by_name() {
    const XML: &str =
        "<a name=\"plain\" android:name=\"right\" android:theme=\"other\" package=\"p\"/>";
    for utf8 in [false, true] {
        for (ids, blank_names) in [(true, false), (true, true), (false, false)] {
            let read = one(XML, Style { utf8, ids, blank_names });
            assert_eq!(read, ("Some(\"right\")".to_owned(), "Some(\"p\")".to_owned()));
        }
    }
    // With neither, nothing can be known.
    let read = one(XML, Style { utf8: true, ids: false, blank_names: true });
    assert_eq!(read.0, "absent");
    // The first of equal ones counts.
    let read = one("<a android:name=\"1\" android:name=\"2\" package=\"b\" package=\"c\"/>", PLAIN);
    assert_eq!(read, ("1".to_owned(), "Some(\"b\")".to_owned()));
}

#[test]
fn flags_are_numbers_or_words() {
    let flag = |value: &str| {
        let mut flags = Vec::new();
        read(&axml(&format!("<a android:name=\"{value}\"/>")), |event| {
            if let Event::Start(element) = event {
                flags.push(element.android(LABEL).flag(false));
            }
        })
        .unwrap();
        flags.remove(0)
    };
    for (value, expected) in [
        ("true", Some(true)),
        ("'true", Some(true)),
        ("'1", Some(true)),
        ("2", Some(true)),
        ("false", Some(false)),
        ("'false", Some(false)),
        ("'0", Some(false)),
        ("0", Some(false)),
        ("'yes", None),
        ("'", None),
        ("@bool/a", None),
    ] {
        assert_eq!(flag(value), expected, "{value}");
    }
}

/// Where chunks begin: the document, the pool, the ids, a namespace, the element.
fn chunks(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![0, 8];
    while let Some(size) = index_at(bytes, starts[starts.len() - 1] + 4) {
        starts.push(starts[starts.len() - 1] + size);
    }
    starts
}

fn with(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

#[test]
fn damaged_documents_are_unreadable() {
    let whole = axml("<a android:name=\"text\"/>");
    let [_, pool, ids, other, element, ..] = chunks(&whole)[..] else { panic!() };
    assert_eq!(values(&whole).unwrap().len(), 1);
    let long = (whole.len() as u32 + 1).to_le_bytes();
    for (at, new) in [
        (0, &b"\x02"[..]),
        (2, &[0xFF, 0xFF]),
        (4, &long),
        (4, &[7, 0, 0, 0]),
        (pool + 2, &[0xFF, 0xFF]),
        (pool + 4, &[7, 0, 0, 0]),
        (pool + 4, &long),
        // Its number of strings, and where they begin.
        (pool + 8, &[0xFF, 0xFF, 0xFF, 0x3F]),
        (pool + 8, &[0xFF, 0xFF, 0xFF, 0xFF]),
        (pool + 20, &long),
        (ids + 2, &[0xFF, 0xFF]),
        (other + 4, &[0, 0, 0, 0]),
        // The header of an element, where its attributes begin, their size and number.
        (element + 2, &[0xFF, 0]),
        (element + 24, &[0xFF, 0]),
        (element + 26, &[19, 0]),
        (element + 26, &[0, 0, 0xFF, 0xFF][..3]),
        (element + 28, &[2, 0]),
    ] {
        let read = values(&with(&whole, at, new));
        let is_harmless = at == element + 26 && new.len() == 3;
        assert!(read.is_none() || is_harmless, "{at}: {read:?}");
    }
    for length in 0..whole.len() {
        assert_eq!(values(&whole[..length]), None, "{length}");
    }
    // More behind the document is no damage, nor is a chunk of an unknown kind.
    assert!(values(&[&whole[..], b"more"].concat()).is_some());
    assert!(values(&with(&whole, other, &[0x99, 0x09])).is_some());
}

#[test]
fn strings_that_leave_the_pool_are_unknown() {
    for utf8 in [false, true] {
        let whole = axml_as("<a android:name=\"text\"/>", Style { utf8, ..PLAIN });
        let [_, pool, _, _, element, ..] = chunks(&whole)[..] else { panic!() };
        let data = element + 36 + 16;
        let number = index_at(&whole, data).unwrap();
        let offset = pool + 28 + number * 4;
        let string =
            pool + index_at(&whole, pool + 20).unwrap() + index_at(&whole, offset).unwrap();
        let terminator = if utf8 { string + 6 } else { string + 2 + 8 };
        for (at, new) in [
            (data, &[0xFF, 0, 0, 0][..]),
            (data, &[0xFF; 4]),
            (offset, &[0xFF, 0xFF, 0, 0]),
            (offset, &[0xFF; 4]),
            (string, &[0xFF, 0xFF, 0xFF, 0x7F]),
            (terminator, b"x"),
        ] {
            let read = values(&with(&whole, at, new)).unwrap();
            assert_eq!(read[0].0, "unknown", "{utf8} {at} {new:?}");
        }
    }
}

#[test]
fn a_string_named_very_often_costs_little() {
    // A string of a megabyte, and 20,000 elements with that name.
    let long = "x".repeat(1_000_000);
    let started = std::time::Instant::now();
    let bytes = axml(&format!("<a package=\"{long}\"/><{long}/>"));
    let mut many = bytes.clone();
    let start = chunks(&bytes)[6];
    let first = bytes[start..start + index_at(&bytes, start + 4).unwrap()].to_vec();
    assert_eq!(u16_at(&first, 0), Some(START));
    for _ in 0..20_000 {
        many.extend(&first);
    }
    let size = many.len() as u32;
    let many = with(&many, 4, &size.to_le_bytes());
    let mut count = 0;
    let visited = read(&many, |event| {
        if let Event::Start(element) = event {
            assert!(!element.is("manifest"));
            count += usize::from(element.plain("package").is_absent());
        }
    });
    assert_eq!((visited, count), (Some(()), 20_001));
    assert!(started.elapsed().as_secs() < 5);
}
