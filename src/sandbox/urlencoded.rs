//! Reads `application/x-www-form-urlencoded` as PHP does, which refuses nothing.

use percent_encoding::percent_decode;

use super::deviations::Deviations;
use super::form::Fields;

/// Returns the fields of `text`, a body or a query, in order.
pub(super) fn parse(text: &[u8], deviations: &Deviations) -> Fields {
    if text.is_empty() {
        return Fields::new();
    }
    text.split(|&b| b == b'&').filter_map(|pair| field(pair, deviations)).collect()
}

fn field(pair: &[u8], deviations: &Deviations) -> Option<(String, Vec<u8>)> {
    let mut halves = pair.splitn(2, |&b| b == b'=');
    let name = decode(halves.next().unwrap_or_default(), deviations);
    let value = halves.next();
    if name.is_empty() {
        deviations.add("a field has no name");
        return None;
    }
    if value.is_none() {
        deviations.add("a field has no `=`");
    }
    let value = decode(value.unwrap_or_default(), deviations);
    Some((String::from_utf8_lossy(&name).into_owned(), value))
}

fn decode(text: &[u8], deviations: &Deviations) -> Vec<u8> {
    if text.iter().any(|byte| !(0x21..=0x7e).contains(byte) || *byte == b'=') {
        deviations.add("a character is not percent-encoded");
    }
    let is_escape = |rest: &[u8]| rest.len() >= 2 && rest.iter().take(2).all(u8::is_ascii_hexdigit);
    if !text.split(|&b| b == b'%').skip(1).all(is_escape) {
        deviations.add("a `%` is not followed by two hexadecimal digits");
    }
    let spaced: Vec<u8> = text.iter().map(|&b| if b == b'+' { b' ' } else { b }).collect();
    percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> (Vec<(String, String)>, Vec<String>) {
        let deviations = Deviations::new(false);
        let lossy = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let fields = parse(text, &deviations).into_iter().map(|(name, value)| (name, lossy(value)));
        (fields.collect(), deviations.list())
    }

    #[test]
    fn decodes_in_order() {
        let (fields, deviations) = read(b"b=1&a=x+y%0A%e4%B8%ad&c=");
        let expected = [("b", "1"), ("a", "x y\n中"), ("c", "")];
        assert!(fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).eq(expected));
        assert_eq!(deviations, [""; 0]);
        assert_eq!(read(b""), (Vec::new(), Vec::new()));
    }

    #[test]
    fn takes_what_php_takes_and_says_so() {
        let check = |text: &[u8], expected: &[(&str, &str)], deviation: &str| {
            let (fields, deviations) = read(text);
            let fields: Vec<_> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            assert_eq!(fields, expected, "{}", String::from_utf8_lossy(text));
            assert_eq!(deviations, [deviation], "{}", String::from_utf8_lossy(text));
        };
        check(b"a", &[("a", "")], "a field has no `=`");
        check(b"{\"a\":1}", &[("{\"a\":1}", "")], "a field has no `=`");
        let unnamed = "a field has no name";
        check(b"a=1&", &[("a", "1")], unnamed);
        check(b"a=1&&b=2", &[("a", "1"), ("b", "2")], unnamed);
        check(b"=1", &[], unnamed);
        let percent = "a `%` is not followed by two hexadecimal digits";
        check(b"a=100%", &[("a", "100%")], percent);
        check(b"a=%zz", &[("a", "%zz")], percent);
        check(b"a=%4", &[("a", "%4")], percent);
        let plain = "a character is not percent-encoded";
        check(b"a=x y", &[("a", "x y")], plain);
        check(b"a=\xe4\xb8\xad", &[("a", "中")], plain);
        check(b"a=1=2", &[("a", "1=2")], plain);
    }
}
