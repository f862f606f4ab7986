//! What an archive is, from the names of its entries.

use super::Refusal;
use super::near_misses::{BUNDLES, HSP, LIBRARY, NearMiss, OTHERS, UNKNOWN};
use crate::types::BuildType;

/// What a name of an entry gives away.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    AndroidManifest,
    AndroidCode,
    ClassesJar,
    SignatureFile,
    SignatureBlock,
    AndroidBundle,
    ApkSet,
    XapkManifest,
    IosApp,
    Provision,
    XcodeArchive,
    BareIosApp,
    MacApp,
    HapModule,
    HapConfig,
    BesideHapConfig,
    PackInfo,
    InnerApk,
    InnerIpa,
    InnerHap,
    JavaArchive,
}

/// The marks that were seen: a set of constant size, however many entries there are.
#[derive(Debug, Default)]
pub(super) struct Contents(u32);

impl Contents {
    /// Takes the name of an entry into account.
    pub(super) fn note(&mut self, name: &[u8]) {
        if let Some(mark) = mark_of_name(name).or_else(|| mark_of_path(name)) {
            self.0 |= 1 << mark as u32;
        }
    }

    fn has(&self, mark: Mark) -> bool {
        self.0 & (1 << mark as u32) != 0
    }

    /// The type of the package, or what it is instead.
    ///
    /// An APK may contain any of the files that make the other types, so it comes first; of what
    /// is left, `config.json` says the least, so the HAP comes after the bundles.
    pub(super) fn build_type(&self, extension: &str) -> Result<BuildType, Refusal> {
        if self.has(Mark::AndroidManifest) {
            // A library has neither DEX nor compiled resources, and what code it has in a JAR.
            let may_be_library = self.has(Mark::ClassesJar) || extension == "aar";
            let is_library = may_be_library && !self.has(Mark::AndroidCode);
            return if is_library { Err(LIBRARY.refusal()) } else { Ok(BuildType::Android) };
        }
        if self.has(Mark::IosApp) {
            return Ok(BuildType::Ios);
        }
        if let Some(bundle) = self.first_of(&BUNDLES) {
            return Err(bundle.refusal());
        }
        if self.is_hap() {
            return if extension == "hsp" { Err(HSP.refusal()) } else { Ok(BuildType::Harmonyos) };
        }
        Err(self.first_of(&OTHERS).unwrap_or(&UNKNOWN).refusal())
    }

    fn is_hap(&self) -> bool {
        self.has(Mark::HapModule) || (self.has(Mark::HapConfig) && self.has(Mark::BesideHapConfig))
    }

    fn first_of<'a>(&self, misses: &'a [NearMiss]) -> Option<&'a NearMiss> {
        misses.iter().find(|miss| miss.marks.iter().all(|mark| self.has(*mark)))
    }

    /// What will keep devices from installing the package.
    pub(super) fn warning(&self, build_type: BuildType, signing_block: &[u8]) -> Option<String> {
        let (fine, warning) = match build_type {
            BuildType::Android => (
                (self.has(Mark::SignatureFile) && self.has(Mark::SignatureBlock))
                    || signing_block.ends_with(b"APK Sig Block 42"),
                "the APK is not signed (it has neither a v1 signature nor a signing block): \
                 Android will not install it",
            ),
            BuildType::Ios => (
                self.has(Mark::Provision),
                "the IPA has no embedded.mobileprovision: devices outside the App Store will not \
                 install it",
            ),
            BuildType::Harmonyos => (
                ends_with_hap_block(signing_block),
                "the HAP is not signed (it has no signing block): HarmonyOS will not install it",
            ),
        };
        (!fine).then(|| warning.to_owned())
    }
}

/// A HAP's block ends with a magic of 16 bytes and a version of 4.
fn ends_with_hap_block(bytes: &[u8]) -> bool {
    let magic = bytes.len().checked_sub(4).and_then(|end| bytes.get(..end)).unwrap_or_default();
    magic.ends_with(b"<hap sign block>") || magic.ends_with(b"HAP Sig Block 42")
}

fn mark_of_name(name: &[u8]) -> Option<Mark> {
    match name {
        b"AndroidManifest.xml" => Some(Mark::AndroidManifest),
        b"classes.dex" | b"resources.arsc" => Some(Mark::AndroidCode),
        b"classes.jar" => Some(Mark::ClassesJar),
        b"BundleConfig.pb" | b"base/manifest/AndroidManifest.xml" => Some(Mark::AndroidBundle),
        b"toc.pb" | b"universal.apk" | b"base.apk" => Some(Mark::ApkSet),
        b"manifest.json" => Some(Mark::XapkManifest),
        b"module.json" => Some(Mark::HapModule),
        b"config.json" => Some(Mark::HapConfig),
        b"resources.index" => Some(Mark::BesideHapConfig),
        b"pack.info" => Some(Mark::PackInfo),
        b"META-INF/MANIFEST.MF" => Some(Mark::JavaArchive),
        _ => None,
    }
}

fn mark_of_path(name: &[u8]) -> Option<Mark> {
    let mut parts = [&b""[..]; 4];
    let count = parts
        .iter_mut()
        .zip(name.splitn(4, |byte| *byte == b'/'))
        .map(|(slot, part)| *slot = part)
        .count();
    match parts.get(..count)? {
        [b"Payload", app, b"Info.plist"] if has_extension(app, "app") => Some(Mark::IosApp),
        [b"Payload", app, b"embedded.mobileprovision"] if has_extension(app, "app") => {
            Some(Mark::Provision)
        }
        [b"Products", b"Applications", app, _] if has_extension(app, "app") => {
            Some(Mark::XcodeArchive)
        }
        [archive, b"Info.plist" | b"Products", ..] if has_extension(archive, "xcarchive") => {
            Some(Mark::XcodeArchive)
        }
        [app, b"Info.plist"] if has_extension(app, "app") => Some(Mark::BareIosApp),
        [app, b"Contents", b"Info.plist"] if has_extension(app, "app") => Some(Mark::MacApp),
        [b"ets" | b"assets" | b"libs", _, ..] => Some(Mark::BesideHapConfig),
        [b"META-INF", file] => mark_of_signature(file),
        [b"splits", file] if has_extension(file, "apk") => Some(Mark::ApkSet),
        _ => mark_of_inner_package(name),
    }
}

fn mark_of_signature(file: &[u8]) -> Option<Mark> {
    if has_extension(file, "sf") {
        return Some(Mark::SignatureFile);
    }
    let is_block = ["rsa", "dsa", "ec"].iter().any(|extension| has_extension(file, extension));
    is_block.then_some(Mark::SignatureBlock)
}

fn mark_of_inner_package(name: &[u8]) -> Option<Mark> {
    let inner = [("apk", Mark::InnerApk), ("ipa", Mark::InnerIpa), ("hap", Mark::InnerHap)];
    inner.iter().find(|(extension, _)| has_extension(name, extension)).map(|(_, mark)| *mark)
}

fn has_extension(name: &[u8], extension: &str) -> bool {
    let mut parts = name.rsplitn(2, |byte| *byte == b'.');
    let matches = parts.next().is_some_and(|end| end.eq_ignore_ascii_case(extension.as_bytes()));
    matches && parts.next().is_some()
}
