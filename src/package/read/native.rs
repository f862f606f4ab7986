//! Which processors a package has native code for, from the names in it.

/// The processors, by the names that Android and HarmonyOS have for them, in alphabetical order.
const ABIS: [&str; 8] =
    ["arm64-v8a", "armeabi", "armeabi-v7a", "mips", "mips64", "riscv64", "x86", "x86_64"];

/// The processors that a package has code for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Abis(u8);

impl Abis {
    /// Adds one of the known ones.
    pub(super) fn add(&mut self, abi: &str) {
        if let Some(at) = ABIS.iter().position(|known| *known == abi) {
            self.0 |= 1 << at;
        }
    }

    pub(crate) fn has(self, abi: &str) -> bool {
        self.names().any(|name| name == abi)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Their names in alphabetical order.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        ABIS.into_iter()
            .enumerate()
            .filter(move |(at, _)| self.0 & 1 << at != 0)
            .map(|(_, abi)| abi)
    }
}

/// The processor of an APK's library, whose name is of the form that Android looks for.
pub(super) fn of_apk(name: &[u8]) -> Option<&'static str> {
    let (abi, file) = within(name, b"lib/")?;
    let name = file.strip_prefix(b"lib")?.strip_suffix(b".so")?;
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"+,-.=_".contains(byte);
    name.iter().all(is_plain).then_some(abi)
}

/// The processor of a HAP's library.
pub(super) fn of_hap(name: &[u8]) -> Option<&'static str> {
    let (abi, file) = within(name, b"libs/")?;
    // As in `libz.so.1.2`.
    let file = file.trim_ascii();
    let is_version = |byte: &u8| *byte == b'.' || byte.is_ascii_digit();
    let end = file.iter().rposition(|byte| !is_version(byte)).map_or(0, |at| at + 1);
    let (name, version) = file.split_at_checked(end)?;
    let is_library = name.ends_with(b".so") && (version.is_empty() || version.starts_with(b"."));
    is_library.then_some(abi)
}

/// The processor that the folder is for, and what lies in it.
fn within<'a>(name: &'a [u8], folder: &[u8]) -> Option<(&'static str, &'a [u8])> {
    let name = name.strip_prefix(folder)?;
    let end = name.iter().position(|byte| *byte == b'/')?;
    let (folder, file) = name.split_at_checked(end)?;
    let abi = ABIS.into_iter().find(|abi| abi.as_bytes() == folder)?;
    Some((abi, file.strip_prefix(b"/")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_of_an_apk_have_names_of_one_form() {
        for (name, abi) in [
            ("lib/arm64-v8a/libapp.so", Some("arm64-v8a")),
            ("lib/x86/lib+,-.=_9.so", Some("x86")),
            ("lib/x86/lib.so", Some("x86")),
            ("lib/arm64-v8a/app.so", None),
            ("lib/arm64-v8a/libapp.so.1", None),
            ("lib/arm64-v8a/libä.so", None),
            ("lib/arm64-v8a/lib a.so", None),
            ("lib/arm64-v8a/sub/libapp.so", None),
            ("lib/arm64/libapp.so", None),
            ("lib/libapp.so", None),
            ("assets/lib/x86/libapp.so", None),
            ("libs/x86/libapp.so", None),
        ] {
            assert_eq!(of_apk(name.as_bytes()), abi, "{name}");
        }
    }

    #[test]
    fn libraries_of_a_hap_may_have_versions() {
        for (name, abi) in [
            ("libs/arm64-v8a/app.so", Some("arm64-v8a")),
            ("libs/x86_64/libz.so.1.2", Some("x86_64")),
            ("libs/x86_64/libz.so1", None),
            ("libs/x86_64/libz.so.a", None),
            ("libs/x86_64/12", None),
            ("libs/x86_64/", None),
            ("lib/x86_64/libz.so", None),
        ] {
            assert_eq!(of_hap(name.as_bytes()), abi, "{name}");
        }
    }

    #[test]
    fn names_come_in_order() {
        assert!(ABIS.is_sorted());
        let mut abis = Abis::default();
        assert!(abis.is_empty());
        for abi in ["x86_64", "armeabi", "arm64-v8a", "other", "x86_64"] {
            abis.add(abi);
        }
        assert_eq!(abis.names().collect::<Vec<_>>(), ["arm64-v8a", "armeabi", "x86_64"]);
        assert!(abis.has("armeabi") && !abis.has("x86"));
    }
}
