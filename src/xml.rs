//! The entities of XML.

/// Decodes the entity at the start of a text, its `&` already taken off. Returns the character and
/// the length of the rest of the entity.
pub(crate) fn entity(text: &str) -> Option<(char, usize)> {
    // `#x10ffff;`, and some leading zeros.
    const LONGEST: usize = 12;
    let end = text.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let c = match text.get(..end)? {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        number => numbered(number.strip_prefix('#')?)?,
    };
    Some((c, end.saturating_add(1)))
}

fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    char::from_u32(code.ok()?)
}

/// Replaces the entities in a text by their characters.
pub(crate) fn without_entities(xml: &str) -> String {
    let mut parts = xml.split('&');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (c, length) = entity(part).unwrap_or(('&', 0));
        text.push(c);
        text.push_str(part.get(length..).unwrap_or_default());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_stand_for_characters() {
        assert_eq!(
            without_entities("&lt;a&gt; &amp;lt; &quot;&apos;&#39;&#x4e2D;"),
            "<a> &lt; \"''中"
        );
        for same in ["", "a", "&", "&;", "&#;", "&#x110000;", "&nbsp;", "&amp", "é&é;&&"] {
            assert_eq!(without_entities(same), same);
        }
    }
}
