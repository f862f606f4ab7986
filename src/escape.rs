//! The escapes of URLs, JSON and XML, decoded one kind at a time.

/// Decodes the escape at the start of a text, if there is one, to a character and the length of the
/// escape.
pub(crate) type Decode = fn(&str) -> Option<(char, usize)>;

/// The characters of a text, with one kind of escape decoded; each with its offset in the text.
pub(crate) fn decoded(text: &str, decode: Decode) -> impl Iterator<Item = (usize, char)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let (c, length) = decode(rest).unwrap_or((first, first.len_utf8()));
        let at = text.len() - rest.len();
        rest = rest.get(length..)?;
        Some((at, c))
    })
}

/// `%C3%A9`, all bytes of one character.
pub(crate) fn percent(text: &str) -> Option<(char, usize)> {
    const LONGEST: usize = 4;
    let mut bytes = Vec::with_capacity(LONGEST);
    for escape in text.as_bytes().chunks_exact(3).take(LONGEST) {
        let digits = std::str::from_utf8(escape).ok()?.strip_prefix('%')?;
        bytes.push(u8::try_from(hexadecimal(digits)?).ok()?);
        if let Ok(decoded) = std::str::from_utf8(&bytes) {
            return Some((decoded.chars().next()?, bytes.len() * 3));
        }
    }
    None
}

/// `\"` and `\u00e9`, or two of the latter for one character.
pub(crate) fn json(text: &str) -> Option<(char, usize)> {
    let c = match text.strip_prefix('\\')?.chars().next()? {
        c @ ('"' | '\\' | '/' | '\'') => c,
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return utf16(text),
        _ => return None,
    };
    Some((c, 2))
}

fn utf16(text: &str) -> Option<(char, usize)> {
    const LENGTH: usize = r"\u0000".len();
    let unit = |text: &str| {
        let digits = text.get(..LENGTH)?.strip_prefix("\\u")?;
        u16::try_from(hexadecimal(digits)?).ok()
    };
    let second = text.get(LENGTH..).and_then(unit);
    let c = char::decode_utf16([unit(text)?].into_iter().chain(second)).next()?.ok()?;
    Some((c, c.len_utf16() * LENGTH))
}

/// `&quot;` and `&#34;`.
pub(crate) fn entity(text: &str) -> Option<(char, usize)> {
    // `#x10ffff;`, and some leading zeros.
    const LONGEST: usize = 12;
    let name = text.strip_prefix('&')?;
    let end = name.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let c = match name.get(..end)? {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        number => numbered(number.strip_prefix('#')?)?,
    };
    Some((c, end + 2))
}

fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => hexadecimal(digits)?,
        None => number.parse().ok()?,
    };
    char::from_u32(code)
}

/// Digits alone: `from_str_radix` would take a sign too.
fn hexadecimal(digits: &str) -> Option<u32> {
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if are_digits { u32::from_str_radix(digits, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str, decode: Decode) -> String {
        decoded(text, decode).map(|(_, c)| c).collect()
    }

    #[test]
    fn each_kind_is_decoded_by_itself() {
        let all = r"%41 \u0041 &#65;";
        assert_eq!(text(all, percent), r"A \u0041 &#65;");
        assert_eq!(text(all, json), r"%41 A &#65;");
        assert_eq!(text(all, entity), r"%41 \u0041 A");
    }

    #[test]
    fn characters_have_the_offsets_of_their_escapes() {
        let offsets = [(0, 'a'), (1, 'é'), (7, 'é'), (9, '%')];
        assert!(decoded("a%c3%A9é%", percent).eq(offsets));
    }

    #[test]
    fn bytes_make_up_characters() {
        assert_eq!(text("%F0%9F%98%80%e4%B8%ad%7e", percent), "😀中~");
        for same in ["", "%", "%4", "%zz", "%é1", "%80%80%80%80%80", "%f0%9f%98", "%+f", "a"] {
            assert_eq!(text(same, percent), same);
        }
        assert_eq!(text("%C3%41", percent), "%C3A");
    }

    #[test]
    fn json_has_short_escapes_and_numbers() {
        assert_eq!(text(r#"\"\\\/\'\n\r\t"#, json), "\"\\/'\n\r\t");
        assert_eq!(text(r"\u00E9\ud83d\ude00\ud83d\u0041\\u0041", json), r"é😀\ud83dA\u0041");
        for same in ["\\", "\\u", "\\u004", "\\x41", "\\ude00", "\\u+041", "a"] {
            assert_eq!(text(same, json), same);
        }
    }

    #[test]
    fn entities_stand_for_characters() {
        let xml = "&lt;a&gt; &amp;lt; &quot;&apos;&#39;&#x4e2D;";
        assert_eq!(text(xml, entity), "<a> &lt; \"''中");
        for same in ["", "a", "&", "&;", "&#;", "&#x110000;", "&nbsp;", "&amp", "é&é;&&"] {
            assert_eq!(text(same, entity), same);
        }
    }
}
