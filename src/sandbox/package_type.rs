//! What the service knows about each type of package.

use crate::types::BuildType;

/// Returns the type that a `buildType` parameter names. The page does not know `harmony`, which
/// some of the vendor's own clients send.
pub(super) fn from_parameter(text: &str) -> Option<BuildType> {
    match text {
        "ios" | "ipa" => Some(BuildType::Ios),
        "android" | "apk" => Some(BuildType::Android),
        "harmonyos" | "hap" | "harmony" => Some(BuildType::HarmonyOs),
        _ => None,
    }
}

/// Guesses the type from the name and the first bytes of a file.
pub(super) fn guess(file_name: &str, start: &[u8]) -> BuildType {
    let extension = file_name.rsplit_once('.').map(|(_, ext)| ext.to_ascii_lowercase());
    let holds = |name: &str| start.windows(name.len()).any(|bytes| bytes == name.as_bytes());
    match extension.as_deref() {
        Some("hap") => BuildType::HarmonyOs,
        _ if holds("AndroidManifest.xml") => BuildType::Android,
        _ if holds("module.json") && !holds("Payload/") => BuildType::HarmonyOs,
        Some("ipa") => BuildType::Ios,
        _ if holds("Payload/") => BuildType::Ios,
        _ => BuildType::Android,
    }
}

pub(super) fn extension(build_type: BuildType) -> &'static str {
    match build_type {
        BuildType::Ios => "ipa",
        BuildType::Android => "apk",
        BuildType::HarmonyOs => "hap",
    }
}

/// Returns the number in a published build. The page has none for HarmonyOS.
pub(super) fn number(build_type: BuildType) -> u8 {
    match build_type {
        BuildType::Ios => 1,
        BuildType::Android => 2,
        BuildType::HarmonyOs => 3,
    }
}
