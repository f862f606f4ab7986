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
