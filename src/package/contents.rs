//! Finds out what an archive is from the names of its entries.

use super::Refusal;
use super::not_a_package::{BUNDLES, HSP, LIBRARY, NearMiss, OTHERS, UNKNOWN};
use crate::types::BuildType;

/// What an entry's name reveals about the archive.
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

/// The set of marks that were seen. Its size is constant, however many entries there are.
#[derive(Debug, Default)]
pub(super) struct Contents(u32);

impl Contents {
    /// Adds the mark of an entry's name, if it has one.
    pub(super) fn note(&mut self, name: &[u8]) {
        if let Some(mark) = mark_of_name(name).or_else(|| mark_of_path(name)) {
            self.0 |= 1 << mark as u32;
        }
    }

    fn has(&self, mark: Mark) -> bool {
        self.0 & (1 << mark as u32) != 0
    }

    /// Decides the type of the package, or refuses what is not one.
    ///
    /// The order matters. An APK may contain any of the files that make the other types, so it goes
    /// first. A HAP's `config.json` is the weakest mark, so bundles go before it.
    pub(super) fn build_type(&self, extension: &str) -> Result<BuildType, Refusal> {
        if self.has(Mark::AndroidManifest) {
            // A library has neither DEX nor compiled resources; its code is in a JAR, if it has any.
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
            return if extension == "hsp" { Err(HSP.refusal()) } else { Ok(BuildType::HarmonyOs) };
        }
        Err(self.first_of(&OTHERS).unwrap_or(&UNKNOWN).refusal())
    }

    fn is_hap(&self) -> bool {
        self.has(Mark::HapModule) || (self.has(Mark::HapConfig) && self.has(Mark::BesideHapConfig))
    }

    fn first_of<'a>(&self, misses: &'a [NearMiss]) -> Option<&'a NearMiss> {
        misses.iter().find(|miss| miss.marks.iter().all(|mark| self.has(*mark)))
    }

    /// Warns of what will keep devices from installing the package.
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
            BuildType::HarmonyOs => (
                ends_with_hap_block(signing_block),
                "the HAP is not signed (it has no signing block): HarmonyOS will not install it",
            ),
        };
        (!fine).then(|| warning.to_owned())
    }
}

/// A HAP's signing block ends with a magic of 16 bytes and a version of 4.
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
    let mut parts = name.splitn(4, |byte| *byte == b'/');
    match [parts.next(), parts.next(), parts.next(), parts.next()] {
        [Some(b"Payload"), Some(app), Some(file), None] if has_extension(app, "app") => {
            mark_of_app_file(file)
        }
        [Some(b"Products"), Some(b"Applications"), Some(app), Some(_)]
            if has_extension(app, "app") =>
        {
            Some(Mark::XcodeArchive)
        }
        [Some(archive), Some(b"Info.plist" | b"Products"), ..]
            if has_extension(archive, "xcarchive") =>
        {
            Some(Mark::XcodeArchive)
        }
        [Some(app), Some(b"Info.plist"), None, None] if has_extension(app, "app") => {
            Some(Mark::BareIosApp)
        }
        [Some(app), Some(b"Contents"), Some(b"Info.plist"), None] if has_extension(app, "app") => {
            Some(Mark::MacApp)
        }
        [Some(b"ets" | b"assets" | b"libs"), Some(_), ..] => Some(Mark::BesideHapConfig),
        [Some(b"META-INF"), Some(file), None, None] => mark_of_signature(file),
        [Some(b"splits"), Some(file), None, None] if has_extension(file, "apk") => {
            Some(Mark::ApkSet)
        }
        _ => mark_of_inner_package(name),
    }
}

fn mark_of_app_file(file: &[u8]) -> Option<Mark> {
    match file {
        b"Info.plist" => Some(Mark::IosApp),
        b"embedded.mobileprovision" => Some(Mark::Provision),
        _ => None,
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
