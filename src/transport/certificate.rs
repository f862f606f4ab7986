//! Just enough X.509 for what `rustls-webpki` does not report: who issued a certificate, and
//! whether an added one belongs to an authority. (`webpki` accepts any certificate as an anchor,
//! without checking its dates or its usages.)

use std::time::Duration;

use rustls::pki_types::UnixTime;

use crate::calendar::{days, days_in};
use crate::der::{any_element, element};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;

/// What an authority's certificate has to say for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Certificate {
    pub(crate) not_before: UnixTime,
    pub(crate) not_after: UnixTime,
    /// Whether it may issue others: `CA:TRUE`, and no list of usages without "sign certificates".
    pub(crate) is_authority: bool,
    /// The most authorities that may stand between it and a server.
    pub(crate) path_length: Option<usize>,
}

impl Certificate {
    /// Reads a certificate of version 3; `None` for anything else.
    pub(crate) fn parse(der: &[u8]) -> Option<Self> {
        let fields = Fields::of(der)?;
        let (not_before, not_after) = validity(fields.validity)?;
        let (is_ca, path_length) = match extension(fields.extensions, BASIC_CONSTRAINTS) {
            Some(value) => basic_constraints(value)?,
            None => (false, None),
        };
        let may_sign = match extension(fields.extensions, KEY_USAGE) {
            Some(value) => may_sign_certificates(value)?,
            None => true,
        };
        Some(Self { not_before, not_after, is_authority: is_ca && may_sign, path_length })
    }
}

/// The parts of a certificate that are read.
struct Fields<'a> {
    validity: &'a [u8],
    /// Empty if there are none.
    extensions: &'a [u8],
}

impl<'a> Fields<'a> {
    fn of(certificate: &'a [u8]) -> Option<Self> {
        let (_issuer, rest) = up_to_issuer(certificate)?;
        let (validity, rest) = element(rest, SEQUENCE)?;
        let (_subject, rest) = element(rest, SEQUENCE)?;
        let (_key, mut rest) = element(rest, SEQUENCE)?;
        // Identifiers of issuer and subject that nobody uses any more.
        for tag in [0xA1, 0xA2, 0x81, 0x82] {
            if let Some((_, after)) = element(rest, tag) {
                rest = after;
            }
        }
        let extensions = match element(rest, 0xA3) {
            Some((tagged, _)) => element(tagged, SEQUENCE)?.0,
            None => &[],
        };
        Some(Self { validity, extensions })
    }
}

/// The name of a certificate's issuer, and what follows it.
fn up_to_issuer(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let (certificate, _) = element(certificate, SEQUENCE)?;
    let (mut rest, _) = element(certificate, SEQUENCE)?;
    // The version is optional: the first had none.
    if let Some((_, after)) = element(rest, 0xA0) {
        rest = after;
    }
    let (_serial, rest) = element(rest, INTEGER)?;
    let (_algorithm, rest) = element(rest, SEQUENCE)?;
    element(rest, SEQUENCE)
}

/// The common name of a certificate's issuer, or its organisation.
pub(super) fn issuer(certificate: &[u8]) -> Option<String> {
    const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
    const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0A];
    let (name, _) = up_to_issuer(certificate)?;
    attribute(name, COMMON_NAME).or_else(|| attribute(name, ORGANISATION))
}

fn attribute(mut name: &[u8], wanted: &[u8]) -> Option<String> {
    while let Some((set, rest)) = element(name, 0x31) {
        name = rest;
        let Some((pair, _)) = element(set, SEQUENCE) else { continue };
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

/// `id-ce-basicConstraints` and `id-ce-keyUsage`.
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1D, 0x13];
const KEY_USAGE: &[u8] = &[0x55, 0x1D, 0x0F];

/// The value of an extension.
fn extension<'a>(mut extensions: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    while let Some((extension, rest)) = element(extensions, SEQUENCE) {
        extensions = rest;
        let (id, mut value) = element(extension, 0x06)?;
        // Whether it is critical.
        if let Some((_, after)) = element(value, 0x01) {
            value = after;
        }
        if id == wanted {
            return element(value, 0x04).map(|(value, _)| value);
        }
    }
    None
}

/// Whether it is an authority's, and how many others may follow it.
fn basic_constraints(value: &[u8]) -> Option<(bool, Option<usize>)> {
    let (content, _) = element(value, SEQUENCE)?;
    let (is_ca, rest) = match element(content, 0x01) {
        Some((flag, rest)) => (flag == [0xFF], rest),
        None => (false, content),
    };
    if rest.is_empty() {
        return Some((is_ca, None));
    }
    let path_length = match element(rest, INTEGER)?.0 {
        [] => return None,
        [first, ..] if *first >= 0x80 => return None,
        [length] | [0, length] => usize::from(*length),
        // Longer than any path.
        _ => usize::MAX,
    };
    Some((is_ca, Some(path_length)))
}

/// Whether the sixth bit is set, which is `keyCertSign`.
fn may_sign_certificates(value: &[u8]) -> Option<bool> {
    let (bits, _) = element(value, 0x03)?;
    let (_unused, bits) = bits.split_first()?;
    Some(bits.first().is_some_and(|bits| bits & 0x04 != 0))
}

fn validity(content: &[u8]) -> Option<(UnixTime, UnixTime)> {
    let (tag, not_before, rest) = any_element(content)?;
    let not_before = time(tag, not_before)?;
    let (tag, not_after, _) = any_element(rest)?;
    Some((not_before, time(tag, not_after)?))
}

/// Reads `YYMMDDHHMMSSZ` (UTCTime) or `YYYYMMDDHHMMSSZ` (GeneralizedTime).
fn time(tag: u8, text: &[u8]) -> Option<UnixTime> {
    let digits = text.strip_suffix(b"Z").filter(|text| text.iter().all(u8::is_ascii_digit))?;
    let number =
        |pair: &[u8]| pair.iter().fold(0, |number, digit| number * 10 + i64::from(digit & 15));
    let (year, rest) = match (tag, digits.len()) {
        (0x17, 12) => {
            let (year, rest) = digits.split_at_checked(2)?;
            // Two-digit years mean 1950 to 2049.
            (number(year) + if number(year) < 50 { 2000 } else { 1900 }, rest)
        }
        (0x18, 14) => digits.split_at_checked(4).map(|(year, rest)| (number(year), rest))?,
        _ => return None,
    };
    let mut parts = rest.chunks_exact(2).map(number);
    let (month, day) = (parts.next()?, parts.next()?);
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let is_date = (1..=days_in(year, month)?).contains(&day);
    if !is_date || hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let seconds = ((days(year, month, day) * 24 + hours) * 60 + minutes) * 60 + seconds;
    // A time before 1970 can't be represented.
    let seconds = u64::try_from(seconds).ok()?;
    Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tests::der;

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

    fn certificate(adjust: impl FnOnce(&mut rcgen::CertificateParams)) -> Certificate {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        adjust(&mut params);
        let key = rcgen::KeyPair::generate().unwrap();
        Certificate::parse(params.self_signed(&key).unwrap().der()).unwrap()
    }

    #[test]
    fn an_authority_says_so_and_may_sign() {
        use rcgen::BasicConstraints::{Constrained, Unconstrained};
        use rcgen::{IsCa, KeyUsagePurpose};
        for (is_ca, usages, is_authority, path_length) in [
            (IsCa::NoCa, &[][..], false, None),
            (IsCa::ExplicitNoCa, &[], false, None),
            (IsCa::Ca(Unconstrained), &[], true, None),
            (IsCa::Ca(Unconstrained), &[KeyUsagePurpose::KeyCertSign], true, None),
            (IsCa::Ca(Unconstrained), &[KeyUsagePurpose::DigitalSignature], false, None),
            (IsCa::Ca(Constrained(0)), &[], true, Some(0)),
            (IsCa::Ca(Constrained(200)), &[], true, Some(200)),
        ] {
            let found = certificate(|params| {
                params.is_ca = is_ca;
                params.key_usages = usages.to_vec();
            });
            let expected = (is_authority, path_length);
            assert_eq!((found.is_authority, found.path_length), expected, "{is_ca:?} {usages:?}");
        }
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (tag, text, seconds) in [
            (0x17, "700101000000Z", Some(0)),
            (0x17, "491231235959Z", Some(2_524_607_999)),
            (0x17, "991231235959Z", Some(946_684_799)),
            (0x17, "240229120000Z", Some(1_709_208_000)),
            (0x18, "20500101000000Z", Some(2_524_608_000)),
            (0x18, "20000229000001Z", Some(951_782_401)),
            (0x18, "99991231235959Z", Some(253_402_300_799)),
            (0x18, "21000228000000Z", Some(4_107_456_000)),
            // Days that there are not, and times before 1970.
            (0x17, "230229120000Z", None),
            (0x18, "21000229000000Z", None),
            (0x17, "500101000000Z", None),
            (0x17, "691231235959Z", None),
            (0x17, "240001000000Z", None),
            (0x17, "241301000000Z", None),
            (0x17, "240100000000Z", None),
            (0x17, "240431000000Z", None),
            (0x17, "240430240000Z", None),
            (0x17, "240430236000Z", None),
            (0x17, "240430235960Z", None),
            (0x17, "240430235900", None),
            (0x17, "24043023590 Z", None),
            (0x18, "240430235900Z", None),
            (0x17, "20240430235900Z", None),
            (0x04, "240430235900Z", None),
        ] {
            let found = time(tag, text.as_bytes()).map(|time| time.as_secs());
            assert_eq!(found, seconds, "{text}");
        }
    }

    #[test]
    fn a_path_length_is_a_number_that_is_not_negative() {
        let constraints = |length: &[u8]| {
            let content = [der(0x01, &[vec![0xFF]]), der(INTEGER, &[length.to_vec()])];
            basic_constraints(&der(SEQUENCE, &content))
        };
        assert_eq!(constraints(&[0]), Some((true, Some(0))));
        assert_eq!(constraints(&[0x7F]), Some((true, Some(127))));
        assert_eq!(constraints(&[0, 0x80]), Some((true, Some(128))));
        assert_eq!(constraints(&[1, 0]), Some((true, Some(usize::MAX))));
        assert_eq!(constraints(&[0x80]), None);
        assert_eq!(constraints(&[]), None);
        assert_eq!(basic_constraints(&der(SEQUENCE, &[])), Some((false, None)));
    }

    #[test]
    fn what_is_cut_is_no_certificate() {
        let key = rcgen::KeyPair::generate().unwrap();
        let whole = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
        for end in 0..whole.der().len() {
            assert_eq!(Certificate::parse(&whole.der()[..end]), None);
        }
    }
}
