//! The signing block of a HAP, which lies before the central directory, and the profile in it.

use super::bytes::{exactly, index_at, little, u32_at};
use super::{cms, time};
use crate::json::{Fields, Items};
use crate::package::ReadAt;

/// Count of heads, size of the whole, magic and version.
const FOOTER: u64 = 32;
const MAGIC: &[u8] = b"<hap sign block>";
/// That of versions below 3.
const OLD_MAGIC: &[u8] = b"HAP Sig Block 42";
/// Type, length and offset.
const BLOCK_HEAD: usize = 12;
const MOST_BLOCKS: u32 = 10;
const PROFILE: u32 = 0x2000_0002;
const PROFILE_LIMIT: u64 = 1 << 20;

/// What a profile says. A field is `None` if it is missing or malformed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    /// `debug` or `release`.
    pub(crate) kind: Option<String>,
    /// How a release gets onto devices.
    pub(crate) distribution: Option<String>,
    pub(crate) bundle: Option<String>,
    pub(crate) devices: Devices,
    /// Seconds since 1970.
    pub(crate) not_before: Option<i64>,
    /// Seconds since 1970.
    pub(crate) not_after: Option<i64>,
}

/// The devices that a profile is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Devices {
    #[default]
    NoList,
    Listed(usize),
    /// What it says is not a list.
    Unknown,
}

/// Whether there is a signing block before the directory, and the profile in it.
pub(super) fn block(read: &ReadAt<'_>, directory: u64) -> Option<(bool, Option<Profile>)> {
    let Some(footer) = directory.checked_sub(FOOTER) else { return Some((false, None)) };
    let footer = exactly(read, footer, FOOTER as usize)?;
    let magic = if u32_at(&footer, 28)? < 3 { OLD_MAGIC } else { MAGIC };
    let is_signed = footer.get(12..28) == Some(magic);
    let profile = if is_signed { profile(read, directory, &footer) } else { None };
    Some((is_signed, profile))
}

fn profile(read: &ReadAt<'_>, directory: u64, footer: &[u8]) -> Option<Profile> {
    let count = u32_at(footer, 0).filter(|count| *count <= MOST_BLOCKS)?;
    let size = little(footer, 4, 8)?;
    let start = directory.checked_sub(size)?;
    let heads = exactly(read, start, BLOCK_HEAD.checked_mul(usize::try_from(count).ok()?)?)?;
    let head = heads.chunks_exact(BLOCK_HEAD).find(|head| u32_at(head, 0) == Some(PROFILE))?;
    let (length, offset) = (little(head, 4, 4)?, little(head, 8, 4)?);
    let fits = offset.checked_add(length)? <= size.checked_sub(FOOTER)?;
    if !fits || length > PROFILE_LIMIT {
        return None;
    }
    let bytes = exactly(read, start.checked_add(offset)?, index_at(head, 4)?)?;
    // An unsigned one is the text itself.
    let text =
        if bytes.trim_ascii_start().starts_with(b"{") { bytes } else { cms::content(&bytes)? };
    Profile::parse(std::str::from_utf8(&text).ok()?)
}

impl Profile {
    fn parse(json: &str) -> Option<Self> {
        let fields = Fields::parse(json)?;
        let bundle = fields.object("bundle-info").unwrap_or_default();
        let debug = fields.object("debug-info").unwrap_or_default();
        let validity = fields.object("validity").unwrap_or_default();
        let time = |name| validity.integer(name).and_then(time::plausible);
        Some(Self {
            kind: fields.string("type"),
            distribution: fields.string("app-distribution-type"),
            bundle: bundle.string("bundle-name").filter(|name| !name.is_empty()),
            devices: devices(&debug),
            not_before: time("not-before"),
            not_after: time("not-after"),
        })
    }
}

fn devices(debug: &Fields) -> Devices {
    match debug.raw("device-ids") {
        None => Devices::NoList,
        Some(json) => Items::parse(json).map_or(Devices::Unknown, |ids| Devices::Listed(ids.len())),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Read;

    use super::super::cms::tests::signed;
    use super::*;

    /// A block of these parts.
    pub(crate) fn signing_block(magic: &[u8], version: u32, parts: &[(u32, &[u8])]) -> Vec<u8> {
        let mut heads = Vec::new();
        let mut bodies = Vec::new();
        for (kind, body) in parts {
            let offset = parts.len() * BLOCK_HEAD + bodies.len();
            for number in [*kind, body.len() as u32, offset as u32] {
                heads.extend(number.to_le_bytes());
            }
            bodies.extend(*body);
        }
        let size = (heads.len() + bodies.len()) as u64 + FOOTER;
        let count = (parts.len() as u32).to_le_bytes();
        [&heads, &bodies, &count[..], &size.to_le_bytes(), magic, &version.to_le_bytes()].concat()
    }

    fn read(bytes: &[u8]) -> (bool, Option<Profile>) {
        let read = |buffer: &mut [u8], offset: u64| {
            bytes.get(offset as usize..).unwrap_or_default().read(buffer)
        };
        block(&read, bytes.len() as u64).unwrap()
    }

    const JSON: &str = r#"{"type":"release","app-distribution-type":"internaltesting","bundle-info":
        {"bundle-name":"com.example","app":[{}]},"debug-info":{"device-ids":["a","b"]},
        "validity":{"not-before":7,"not-after":1795946400}}"#;

    #[test]
    fn the_profile_is_found_in_any_order() {
        let message = signed(JSON.as_bytes());
        let parts =
            [(0x2000_0003, &b"properties"[..]), (PROFILE, &message), (0x2000_0000, b"signature")];
        let profile = Profile {
            kind: Some("release".into()),
            distribution: Some("internaltesting".into()),
            bundle: Some("com.example".into()),
            devices: Devices::Listed(2),
            not_before: Some(7),
            not_after: Some(1_795_946_400),
        };
        for (magic, version) in [(MAGIC, 3), (OLD_MAGIC, 2)] {
            for order in [[0, 1, 2], [1, 2, 0], [2, 0, 1]] {
                let block = signing_block(magic, version, &order.map(|at| parts[at]));
                let bytes = [b"entries", &block[..]].concat();
                assert_eq!(read(&bytes), (true, Some(profile.clone())));
            }
            let plain = signing_block(magic, version, &[(PROFILE, JSON.as_bytes())]);
            assert_eq!(read(&plain), (true, Some(profile.clone())));
        }
    }

    #[test]
    fn without_a_magic_it_is_not_signed() {
        assert_eq!(read(b""), (false, None));
        assert_eq!(read(&[0; 100]), (false, None));
        assert_eq!(
            read(&signing_block(b"APK Sig Block 42", 3, &[(PROFILE, b"{}")])),
            (false, None)
        );
        // Each version has its own.
        for (magic, version) in [(MAGIC, 2), (OLD_MAGIC, 3)] {
            let block = signing_block(magic, version, &[(PROFILE, b"{}")]);
            assert_eq!(read(&block), (false, None), "{version}");
        }
    }

    #[test]
    fn a_profile_that_is_not_whole_is_unknown() {
        let block = |parts: &[(u32, &[u8])]| signing_block(MAGIC, 3, parts);
        let whole = block(&[(PROFILE, b"{}")]);
        assert_eq!(read(&whole), (true, Some(Profile::default())));
        for (at, byte) in [(0, 1), (4, 3), (7, 1), (8, 13), (12, b'['), (14, 11), (18, 1), (20, 1)]
        {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            assert_eq!(read(&bytes), (true, None), "{at}");
        }
        assert_eq!(read(&whole[1..]), (true, None));
        let many = |count: usize| {
            block(&[vec![(1, &b""[..]); count - 1], vec![(PROFILE, b"{}")]].concat())
        };
        assert!(read(&many(10)).1.is_some() && read(&many(11)).1.is_none());
        let large = [b"{", &vec![b' '; 1 << 20][..], b"}"].concat();
        assert!(read(&block(&[(PROFILE, &large[2..])])).1.is_none());
        assert!(read(&block(&[(PROFILE, &large)])).1.is_none());
        assert!(
            read(&block(&[(PROFILE, &[&b"{"[..], &vec![b' '; (1 << 20) - 2], b"}"].concat())]))
                .1
                .is_some()
        );
    }

    #[test]
    fn values_of_other_types_are_unknown() {
        let json = r#"{"type":1,"bundle-info":[],"debug-info":{"device-ids":"a"},"validity":{"not-after":"soon"}}"#;
        let expected = Profile { devices: Devices::Unknown, ..Profile::default() };
        assert_eq!(Profile::parse(json), Some(expected));
        assert_eq!(Profile::parse("[]"), None);
    }
}
