//! A strict reader of `application/x-www-form-urlencoded`.

/// Returns the fields of `body` in order, or the problem with it.
pub(super) fn parse(body: &[u8]) -> Result<Vec<(String, String)>, String> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    body.split(|&b| b == b'&').map(pair).collect()
}

fn pair(bytes: &[u8]) -> Result<(String, String), String> {
    let Some(at) = bytes.iter().position(|&b| b == b'=') else {
        return Err("a field has no `=`".into());
    };
    let (name, value) = bytes.split_at(at);
    let name = decode(name)?;
    if name.is_empty() {
        return Err("a field has no name".into());
    }
    let value = decode(value.get(1..).unwrap_or_default())
        .map_err(|problem| format!("{name}: {problem}"))?;
    Ok((name, value))
}

fn decode(bytes: &[u8]) -> Result<String, String> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(&byte) = rest.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => match (hex(rest.next()), hex(rest.next())) {
                (Some(high), Some(low)) => high * 16 + low,
                _ => return Err("a `%` is not followed by two hexadecimal digits".into()),
            },
            0x21..=0x7e if byte != b'=' => byte,
            _ => return Err(format!("the byte {byte:#04x} is not encoded")),
        });
    }
    String::from_utf8(decoded).map_err(|_| "this is not UTF-8".into())
}

fn hex(byte: Option<&u8>) -> Option<u8> {
    let digit = char::from(*byte?).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn decodes_in_order() {
        let fields = parse(b"b=1&a=x+y%0A%e4%B8%ad&c=").unwrap();
        let expected = [("b", "1"), ("a", "x y\n中"), ("c", "")];
        assert!(fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).eq(expected));
        assert_eq!(parse(b""), Ok(Vec::new()));
    }

    #[test]
    fn refuses_what_is_not_encoded_so() {
        let bodies: [&[u8]; 10] = [
            b"a",
            b"a=1&",
            b"&a=1",
            b"=1",
            b"a=%4",
            b"a=%zz",
            b"a=%ff",
            b"a=x y",
            b"a=1=2",
            b"{\"a\":1}",
        ];
        for body in bodies {
            assert!(parse(body).is_err(), "{}", String::from_utf8_lossy(body));
        }
    }
}
