//! The v1 signature of an APK: files in `META-INF`, as in a signed JAR.

use super::entry::Entry;
use crate::package::ReadAt;

/// More than any APK has of each.
const MOST: usize = 64;
/// How much of a signature file is looked at: its main section comes first.
const HEAD: usize = 4 * 1024;
const SIGNED_BY: &str = "X-Android-APK-Signed";

/// The files of v1 signatures.
#[derive(Debug, Default)]
pub(super) struct SignatureFiles {
    has_manifest: bool,
    /// Names without extension, in upper case.
    lists: Vec<(Vec<u8>, Entry)>,
    blocks: Vec<(Vec<u8>, Entry)>,
    /// There are more than are kept.
    is_more: bool,
}

impl SignatureFiles {
    /// Takes an entry into account. Names are compared without case.
    pub(super) fn note(&mut self, name: &[u8], entry: Entry) {
        const FOLDER: &[u8] = b"META-INF/";
        let Some((folder, file)) = name.split_at_checked(FOLDER.len()) else { return };
        if !folder.eq_ignore_ascii_case(FOLDER) || file.contains(&b'/') {
            return;
        }
        let file = file.to_ascii_uppercase();
        if file == b"MANIFEST.MF" {
            self.has_manifest = true;
        } else if let Some(name) = file.strip_suffix(b".SF") {
            self.is_more |= !keep(&mut self.lists, name, entry);
        } else if let Some(name) = [&b".RSA"[..], b".DSA", b".EC"]
            .iter()
            .find_map(|extension| file.strip_suffix(*extension))
        {
            self.is_more |= !keep(&mut self.blocks, name, entry);
        }
    }

    /// Whether there is a whole signature; `None` if that is not known.
    pub(super) fn is_complete(&self) -> Option<bool> {
        let is_complete = self.has_manifest && self.pairs().next().is_some();
        (is_complete || !self.is_more).then_some(is_complete)
    }

    /// The `.SF` files that have a signature block, with their blocks.
    fn pairs(&self) -> impl Iterator<Item = (&Entry, &Entry)> {
        self.lists.iter().filter_map(|(name, list)| {
            let block = self.blocks.iter().find(|(of, _)| of == name)?;
            Some((list, &block.1))
        })
    }

    /// The signature block of the first pair.
    pub(super) fn block(&self) -> Option<&Entry> {
        self.pairs().next().map(|(_, block)| block)
    }

    /// Whether a signature says that the APK has one of a later kind as well, v2 or v3.
    pub(super) fn tells_of_later_ones(&self, read: &ReadAt<'_>) -> bool {
        self.pairs().any(|(list, _)| {
            let head = list.head(read, HEAD).unwrap_or_default();
            main_attribute(&head, SIGNED_BY).is_some_and(|value| {
                value.split(',').any(|version| matches!(version.trim(), "2" | "3"))
            })
        })
    }
}

/// Says whether there was room.
fn keep(list: &mut Vec<(Vec<u8>, Entry)>, name: &[u8], entry: Entry) -> bool {
    // A name that long is of no use to anybody.
    let has_room = list.len() < MOST && name.len() <= 1024;
    if has_room {
        list.push((name.to_vec(), entry));
    }
    has_room
}

/// An attribute of the section at the start, which ends at an empty line. A line that begins with a
/// blank goes on where the one before it ended.
fn main_attribute(head: &[u8], wanted: &str) -> Option<String> {
    let text = String::from_utf8_lossy(head).replace("\r\n", "\n").replace('\r', "\n");
    let section = text.split("\n\n").next()?.replace("\n ", "");
    section.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: Entry = Entry { method: 0, encrypted: false, compressed: 0, size: 0, header: 0 };

    fn complete(names: &[&str]) -> Option<bool> {
        let mut files = SignatureFiles::default();
        names.iter().for_each(|name| files.note(name.as_bytes(), ENTRY));
        files.is_complete()
    }

    #[test]
    fn a_signature_has_three_files() {
        const MANIFEST: &str = "META-INF/MANIFEST.MF";
        for (names, expected) in [
            (&[MANIFEST, "META-INF/CERT.SF", "META-INF/CERT.RSA"][..], true),
            (&["meta-inf/manifest.mf", "META-INF/Cert.sf", "META-INF/cert.Ec"], true),
            (&[MANIFEST, "META-INF/A.SF", "META-INF/B.SF", "META-INF/B.DSA"], true),
            (&[MANIFEST, "META-INF/A.SF", "META-INF/B.RSA"], false),
            (&["META-INF/A.SF", "META-INF/A.RSA"], false),
            (&[MANIFEST, "META-INF/A.SF"], false),
            (&[MANIFEST, "META-INF/x/A.SF", "META-INF/x/A.RSA"], false),
            (&[MANIFEST, "META-INF/A.SF", "META-INF/A.P7"], false),
            (&[], false),
        ] {
            assert_eq!(complete(names), Some(expected), "{names:?}");
        }
    }

    #[test]
    fn too_many_files_can_not_be_judged() {
        let names: Vec<_> = (0..100).map(|number| format!("META-INF/{number}.SF")).collect();
        let names: Vec<_> =
            names.iter().map(String::as_str).chain(["META-INF/MANIFEST.MF"]).collect();
        assert_eq!(complete(&names), None);
        let whole = [&["META-INF/A.SF", "META-INF/A.RSA"][..], &names].concat();
        assert_eq!(complete(&whole), Some(true));
    }

    #[test]
    fn attributes_stand_in_the_section_at_the_start() {
        for (text, value) in [
            ("Signature-Version: 1.0\r\nX-Android-APK-Signed: 2, 3\r\n\r\n", Some("2, 3")),
            ("x-android-apk-signed: 2\nOther: 1\n", Some("2")),
            ("X-Android-APK-Signed: 2,\n  3\n", Some("2, 3")),
            ("X-Android-APK-Signed:\r 2\r", Some("2")),
            ("A: 1\n\nX-Android-APK-Signed: 2\n", None),
            ("A: 1\r\n\r\nX-Android-APK-Signed: 2\r\n", None),
            ("A: X-Android-APK-Signed: 2\n", None),
            ("", None),
        ] {
            assert_eq!(main_attribute(text.as_bytes(), SIGNED_BY).as_deref(), value, "{text}");
        }
    }
}
