//! The escapes of URLs, JSON and XML, decoded one kind at a time.

/// A kind of escapes.
#[derive(Clone, Copy)]
pub(crate) struct Escape {
    begins_with: char,
    /// Decodes the escape at the start of a text, if there is one, to a character and the length
    /// of the escape.
    decode_first: fn(&str) -> Option<(char, usize)>,
}

pub(crate) const PERCENT: Escape = Escape { begins_with: '%', decode_first: percent };
pub(crate) const JSON: Escape = Escape { begins_with: '\\', decode_first: json };
pub(crate) const ENTITY: Escape = Escape { begins_with: '&', decode_first: entity };

/// A run of plain text, and the character that the escape after it stands for, if there is one.
pub(crate) struct Piece<'t> {
    pub(crate) plain: &'t str,
    pub(crate) decoded: Option<char>,
    /// The offset of the escape, or of the end of the stretch.
    pub(crate) at: usize,
}

impl Escape {
    pub(crate) fn decode(self, text: &str) -> String {
        let mut decoded = String::with_capacity(text.len());
        for piece in self.pieces(text) {
            decoded.push_str(piece.plain);
            decoded.extend(piece.decoded);
        }
        decoded
    }

    /// Takes a text apart at its escapes.
    pub(crate) fn pieces(self, text: &str) -> impl Iterator<Item = Piece<'_>> {
        let mut rest = text;
        std::iter::from_fn(move || {
            let begin = text.len() - rest.len();
            let mut length = rest.find(self.begins_with).unwrap_or(rest.len());
            let decoded = rest.get(length..).and_then(self.decode_first);
            if decoded.is_none() && length < rest.len() {
                // It begins like an escape but is not one, so it is plain.
                length += self.begins_with.len_utf8();
            }
            let (plain, after) = rest.split_at_checked(length)?;
            rest = after.get(decoded.map_or(0, |(_, length)| length)..)?;
            let piece = Piece { plain, decoded: decoded.map(|(c, _)| c), at: begin + length };
            (rest.len() < text.len() - begin).then_some(piece)
        })
    }
}

/// `%C3%A9`, all bytes of one character.
fn percent(text: &str) -> Option<(char, usize)> {
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
fn json(text: &str) -> Option<(char, usize)> {
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

    #[test]
    fn each_kind_is_decoded_by_itself() {
        let all = r"%41 \u0041 &#65;";
        assert_eq!(PERCENT.decode(all), r"A \u0041 &#65;");
        assert_eq!(JSON.decode(all), r"%41 A &#65;");
        assert_eq!(ENTITY.decode(all), r"%41 \u0041 A");
    }

    #[test]
    fn pieces_have_the_offsets_of_their_escapes() {
        let pieces = |text| {
            let pieces = PERCENT.pieces(text);
            pieces.map(|piece| (piece.plain, piece.decoded, piece.at)).collect::<Vec<_>>()
        };
        let all = [("a", Some('é'), 1), ("é%", None, 10), ("b", None, 11)];
        assert_eq!(pieces("a%c3%A9é%b"), all);
        assert_eq!(pieces("a%41"), [("a", Some('A'), 1)]);
        assert_eq!(pieces("%"), [("%", None, 1)]);
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn bytes_make_up_characters() {
        assert_eq!(PERCENT.decode("%F0%9F%98%80%e4%B8%ad%7e"), "😀中~");
        for same in ["", "%", "%4", "%zz", "%é1", "%80%80%80%80%80", "%f0%9f%98", "%+f", "a"] {
            assert_eq!(PERCENT.decode(same), same);
        }
        assert_eq!(PERCENT.decode("%C3%41"), "%C3A");
    }

    #[test]
    fn json_has_short_escapes_and_numbers() {
        assert_eq!(JSON.decode(r#"\"\\\/\'\n\r\t"#), "\"\\/'\n\r\t");
        assert_eq!(JSON.decode(r"\u00E9\ud83d\ude00\ud83d\u0041\\u0041"), r"é😀\ud83dA\u0041");
        for same in ["\\", "\\u", "\\u004", "\\x41", "\\ude00", "\\u+041", "a"] {
            assert_eq!(JSON.decode(same), same);
        }
    }

    #[test]
    fn entities_stand_for_characters() {
        let xml = "&lt;a&gt; &amp;lt; &quot;&apos;&#39;&#x4e2D;";
        assert_eq!(ENTITY.decode(xml), "<a> &lt; \"''中");
        for same in ["", "a", "&", "&;", "&#;", "&#x110000;", "&nbsp;", "&amp", "é&é;&&"] {
            assert_eq!(ENTITY.decode(same), same);
        }
    }
}
