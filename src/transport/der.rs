//! Just enough of X.509 to say who issued a certificate.

/// The common name of the issuer, or its organisation.
pub(super) fn issuer(certificate: &[u8]) -> Option<String> {
    let (certificate, _) = element(certificate, 0x30)?;
    let (mut rest, _) = element(certificate, 0x30)?;
    // Version (optional), serial number and signature algorithm stand before the issuer.
    if let Some((_, after)) = element(rest, 0xA0) {
        rest = after;
    }
    let (_, rest) = element(rest, 0x02)?;
    let (_, rest) = element(rest, 0x30)?;
    let (name, _) = element(rest, 0x30)?;
    const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
    const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0A];
    attribute(name, COMMON_NAME).or_else(|| attribute(name, ORGANISATION))
}

fn attribute(mut name: &[u8], wanted: &[u8]) -> Option<String> {
    while let Some((set, rest)) = element(name, 0x31) {
        name = rest;
        let Some((pair, _)) = element(set, 0x30) else { continue };
        let Some((kind, value)) = element(pair, 0x06) else { continue };
        if kind == wanted {
            let (_, text, _) = any_element(value)?;
            let text: String =
                String::from_utf8_lossy(text).chars().filter(|c| !c.is_control()).collect();
            return Some(text).filter(|text| !text.is_empty());
        }
    }
    None
}

/// The content of an element with this tag, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = any_element(bytes)?;
    (found == tag).then_some((content, rest))
}

fn any_element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
        if digits.len() > 4 {
            return None;
        }
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An element with this tag around what others make together.
    fn der(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
        let content = parts.concat();
        let length = match content.len() {
            short if short < 0x80 => vec![short as u8],
            long => vec![0x82, (long >> 8) as u8, long as u8],
        };
        [vec![tag], length, content].concat()
    }

    /// One attribute of a name, under the last byte of its kind.
    fn attribute_of(kind: u8, text: &[u8]) -> Vec<u8> {
        let pair = [der(0x06, &[vec![0x55, 0x04, kind]]), der(0x0C, &[text.to_vec()])];
        der(0x31, &[der(0x30, &pair)])
    }

    /// As much of a certificate as is read, with these attributes of its issuer.
    fn certificate_by(version: &[Vec<u8>], attributes: &[Vec<u8>]) -> Vec<u8> {
        let serial = der(0x02, &[vec![1]]);
        let algorithm = der(0x30, &[vec![]]);
        let name = der(0x30, attributes);
        der(0x30, &[der(0x30, &[version.concat(), serial, algorithm, name])])
    }

    const NAME: u8 = 0x03;
    const COUNTRY: u8 = 0x06;
    const ORGANISATION: u8 = 0x0A;

    #[test]
    fn the_name_goes_before_the_organisation() {
        let (name, company) = (attribute_of(NAME, b"CA"), attribute_of(ORGANISATION, b"Corp"));
        let country = attribute_of(COUNTRY, b"CN");
        let odd = [der(0x31, &[]), der(0x31, &[der(0x30, &[])])].concat();
        for (attributes, issued_by) in [
            (vec![company.clone(), name.clone()], Some("CA")),
            (vec![country.clone(), odd, company.clone()], Some("Corp")),
            (vec![attribute_of(NAME, b""), company], Some("Corp")),
            (vec![attribute_of(NAME, b"C\x1b\nA")], Some("CA")),
            (vec![country], None),
            (vec![], None),
        ] {
            for version in [&[der(0xA0, &[vec![2, 1, 2]])][..], &[]] {
                let certificate = certificate_by(version, &attributes);
                assert_eq!(issuer(&certificate).as_deref(), issued_by, "{attributes:?}");
            }
        }
    }

    #[test]
    fn lengths_are_short_or_long() {
        for length in [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x1234] {
            let bytes = [der(0x04, &[vec![7; length]]), b"rest".to_vec()].concat();
            let (content, rest) = element(&bytes, 0x04).unwrap();
            assert_eq!((content.len(), rest), (length, &b"rest"[..]));
            assert_eq!(element(&bytes, 0x05), None);
        }
        assert_eq!(element(b"\x04\x84\0\0\0\x01xy", 0x04), Some((&b"x"[..], &b"y"[..])));
        assert_eq!(element(b"\x04\x80rest", 0x04), Some((&b""[..], &b"rest"[..])));
        for wrong in [&b"\x04\x85\0\0\0\0\x01x"[..], b"\x04\x02x", b"\x04\x82\0", b"\x04", b""] {
            assert_eq!(element(wrong, 0x04), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_issuer_is_found() {
        let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
        ca.distinguished_name = rcgen::DistinguishedName::new();
        ca.distinguished_name.push(rcgen::DnType::OrganizationName, "Example Corp");
        ca.distinguished_name.push(rcgen::DnType::CommonName, "Example Proxy CA");
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = ca.self_signed(&key).unwrap();
        assert_eq!(issuer(certificate.der()).as_deref(), Some("Example Proxy CA"));
        for end in 0..certificate.der().len() {
            let _ = issuer(&certificate.der()[..end]);
        }
    }
}
