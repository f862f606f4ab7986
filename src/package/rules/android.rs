//! The rules about APKs.

use super::{Context, Rule};
use crate::finding::{Finding, Level, shown};
use crate::package::read::android::{Android, Signatures};
use crate::package::read::entry::Placement;
use crate::package::read::manifest::Sdk;

/// The rules that apply to one APK of a split set; the others are about a whole app.
const BESIDE_SPLIT: [&str; 5] = [
    "android-split",
    "android-not-signed",
    "android-signature-stripped",
    "android-duplicate-entry",
    "android-debug-key",
];

/// Java and native libraries that every device has.
const EVERYWHERE: [&str; 15] = [
    "android.test.base",
    "android.test.mock",
    "android.test.runner",
    "org.apache.http.legacy",
    "javax.obex",
    "android.hidl.base-V1.0-java",
    "android.hidl.manager-V1.0-java",
    "com.android.location.provider",
    "com.android.media.remotedisplay",
    "com.android.future.usb.accessory",
    "com.android.mediadrm.signer",
    "com.android.nfc_extras",
    "android.net.ipsec.ike",
    "androidx.window.extensions",
    "androidx.window.sidecar",
];

pub(crate) fn judge(apk: &Android, context: &Context<'_>) -> Vec<Finding> {
    let is_split = apk.manifest.as_ref().is_some_and(|manifest| manifest.split.is_some());
    super::findings(&RULES, apk, context, |code| !is_split || BESIDE_SPLIT.contains(&code))
}

pub(super) const RULES: [Rule<Android>; 20] = [
    Rule {
        code: "android-not-signed",
        level: Level::Blocks,
        says: |apk, _| {
            let signatures = apk.signatures.as_ref()?;
            (!signatures.v1 && !signatures.in_block()).then(|| {
                "the APK is not signed (it has neither a v1 signature nor a signing block): \
                 Android will not install it"
                    .to_owned()
            })
        },
    },
    Rule {
        code: "android-signature-stripped",
        level: Level::Blocks,
        says: |apk, _| {
            apk.signatures.as_ref()?.stripped.then(|| {
                "its v1 signature says that it had a v2 signature, and it has none now: Android 7 \
                 and later take it for tampered with. Something changed the APK after it was \
                 signed (zipalign, a packer, a channel tool): sign it last"
                    .to_owned()
            })
        },
    },
    Rule {
        code: "android-v1-only",
        level: Level::Blocks,
        says: |apk, _| {
            let (target, signatures) = (apk.target()?, apk.signatures.as_ref()?);
            let only_v1 = signatures.v1 && !signatures.in_block() && !signatures.stripped;
            (target >= 30 && only_v1).then(|| {
                format!(
                    "it targets SDK {target} and has only a v1 signature: Android 11 and later \
                     want a v2 signature of apps that target SDK 30 or higher. Sign it with \
                     apksigner"
                )
            })
        },
    },
    Rule {
        code: "android-signature-too-new",
        level: Level::SomeDevices,
        says: |apk, _| {
            let (min, signatures) = (apk.min()?, apk.signatures.as_ref()?);
            let (scheme, level, system) = oldest(signatures)?;
            (min < level).then(|| {
                format!(
                    "its minSdkVersion is {min} and its oldest signature is {scheme}, which \
                     {system} was the first to read: older devices refuse it. Sign it with v1 as \
                     well, or raise minSdkVersion"
                )
            })
        },
    },
    Rule {
        code: "android-test-only",
        level: Level::Blocks,
        says: |apk, _| {
            apk.application()?.test_only?.then(|| {
                "it is marked testOnly: Android installs it over adb alone. Build it with gradlew \
                 assembleDebug or assembleRelease, not with Android Studio's Run button"
                    .to_owned()
            })
        },
    },
    Rule {
        code: "android-split",
        level: Level::Blocks,
        says: |apk, _| {
            let split = apk.manifest.as_ref()?.split.as_ref()?;
            Some(format!(
                "this is one APK of a set (the split {}), which Android installs only together \
                 with the others. {ONE_APK}",
                shown(split)
            ))
        },
    },
    Rule {
        code: "android-splits-missing",
        level: Level::Blocks,
        says: |apk, _| {
            let types = apk.manifest.as_ref()?.required_splits.as_ref()?;
            let types =
                if types.is_empty() { String::new() } else { format!(" ({})", shown(types)) };
            Some(format!(
                "this is the base APK of a set and needs its splits{types}, which are not in it. \
                 {ONE_APK}"
            ))
        },
    },
    Rule {
        code: "android-preview-sdk",
        level: Level::Blocks,
        says: |apk, _| {
            let manifest = apk.manifest.as_ref()?;
            let versions = [manifest.target.as_ref(), manifest.min.as_ref()];
            let name = versions.into_iter().flatten().find_map(preview)?;
            Some(format!(
                "it is built for a preview of Android ({name}), and released systems refuse it. \
                 Build it with the SDK of a release"
            ))
        },
    },
    Rule {
        code: "android-old-target",
        level: Level::SomeDevices,
        says: |apk, _| {
            let target = apk.target().filter(|target| *target < 24)?;
            if apk.application().is_some_and(|app| app.test_only != Some(false)) {
                return None;
            }
            let system = if target == 23 { "Android 15" } else { "Android 14" };
            Some(format!(
                "its targetSdkVersion is {target}: {system} and later refuse it. Target SDK 24 or \
                 higher"
            ))
        },
    },
    Rule {
        code: "android-resources",
        level: Level::Blocks,
        says: |apk, _| {
            let target = apk.target().filter(|target| *target >= 30)?;
            let how = wrong(apk.resources?, "4")?;
            Some(format!(
                "it targets SDK {target} and its resources.arsc is {how}: Android 11 and later \
                 refuse that. Leave it uncompressed, run zipalign 4, then sign"
            ))
        },
    },
    Rule {
        code: "android-native-libs",
        level: Level::Blocks,
        says: |apk, _| {
            let (name, placement) = apk.misplaced.as_ref()?;
            let how = wrong(*placement, "4096")?;
            Some(format!(
                "{} is {how} and extractNativeLibs is false: Android refuses that. Leave \
                 libraries uncompressed and run zipalign -p 4 before signing, or set \
                 extractNativeLibs to true",
                shown(name)
            ))
        },
    },
    Rule {
        code: "android-no-arm",
        level: Level::Blocks,
        says: |apk, _| {
            let has_arm =
                ["arm64-v8a", "armeabi-v7a", "armeabi"].iter().any(|abi| apk.abis.has(abi));
            (!apk.abis.is_empty() && !has_arm).then(|| {
                format!(
                    "its native code is for {} alone, and phones have ARM processors. Build it \
                     for arm64-v8a",
                    apk.abis.names().collect::<Vec<_>>().join(", ")
                )
            })
        },
    },
    Rule {
        code: "android-32-bit-only",
        level: Level::SomeDevices,
        says: |apk, _| {
            let abis = apk.abis.names().filter(|abi| ["armeabi-v7a", "armeabi"].contains(abi));
            let abis: Vec<_> = abis.collect();
            (!abis.is_empty() && !apk.abis.has("arm64-v8a")).then(|| {
                format!(
                    "its native code is 32-bit alone ({}): phones that run no 32-bit code refuse \
                     it. Build it for arm64-v8a as well",
                    abis.join(", ")
                )
            })
        },
    },
    Rule {
        code: "android-exported",
        level: Level::Blocks,
        says: |apk, _| {
            let target = apk.target().filter(|target| *target >= 31)?;
            let name = apk.application()?.not_exported.as_ref()?;
            Some(format!(
                "it targets SDK {target}, and {} has an intent filter and no android:exported: \
                 Android 12 and later refuse that. Set android:exported in the manifest",
                shown(name)
            ))
        },
    },
    Rule {
        code: "android-no-code",
        level: Level::Blocks,
        says: |apk, _| {
            (apk.application()?.has_code? && !apk.has_dex).then(|| {
                "it has no classes.dex, and its manifest does not say hasCode=\"false\": Android \
                 refuses it. Build it again"
                    .to_owned()
            })
        },
    },
    Rule {
        code: "android-duplicate-entry",
        level: Level::Blocks,
        says: |apk, _| {
            let name = apk.duplicate.as_ref()?;
            Some(format!(
                "the archive has two entries called {}: Android refuses such a file. See which \
                 step adds the second one",
                shown(name)
            ))
        },
    },
    Rule {
        code: "android-system-user",
        level: Level::SomeDevices,
        says: |apk, _| {
            let user = apk.manifest.as_ref()?.shared_user.as_ref()?;
            user.starts_with("android.uid.").then(|| {
                format!(
                    "it wants to share a user with the system (sharedUserId {}): only devices \
                     whose system is signed with its key install it",
                    shown(user)
                )
            })
        },
    },
    Rule {
        code: "android-library",
        level: Level::SomeDevices,
        says: |apk, _| {
            let app = apk.application()?;
            // Older targets get native libraries without asking.
            let asks = apk.target().is_some_and(|target| target >= 31);
            let native = if asks { &app.native_libraries[..] } else { &[] };
            let mut libraries = app.libraries.iter().chain(native);
            let name = libraries.find(|name| !EVERYWHERE.contains(&name.as_str()))?;
            Some(format!(
                "it needs the library {}: devices whose system lacks it refuse the app. If it can \
                 do without, say android:required=\"false\"",
                shown(name)
            ))
        },
    },
    Rule {
        code: "android-no-launcher",
        level: Level::Note,
        says: |apk, _| {
            (apk.application()?.launcher == Some(false)).then(|| {
                "it has no activity for the launcher: testers find no icon to open it with"
                    .to_owned()
            })
        },
    },
    Rule {
        code: "android-debug-key",
        level: Level::Note,
        says: |apk, _| {
            apk.signatures.as_ref()?.debug_key.then(|| {
                "it is signed with a debug key: unless your machines share it, a phone that has a \
                 build from another one refuses this. Sign test builds with one key of your own"
                    .to_owned()
            })
        },
    },
];

const ONE_APK: &str =
    "Upload one APK that has everything in it (bundletool build-apks --mode=universal)";

/// The oldest signature of an APK without v1, and the first system that reads it.
fn oldest(signatures: &Signatures) -> Option<(&'static str, u32, &'static str)> {
    match signatures {
        Signatures { v1: true, .. } => None,
        Signatures { v2: true, .. } => Some(("v2", 24, "Android 7.0")),
        Signatures { v3: true, .. } | Signatures { v31: true, .. } => Some(("v3", 28, "Android 9")),
        _ => None,
    }
}

/// The name of a version that was never released.
fn preview(sdk: &Sdk) -> Option<String> {
    match sdk {
        Sdk::Codename(name) => Some(shown(name)),
        Sdk::Level(level) => (*level >= 10_000).then(|| level.to_string()),
    }
}

/// What is wrong with the placement of an entry, if anything.
fn wrong(placement: Placement, alignment: &str) -> Option<String> {
    match placement {
        Placement::Fine => None,
        Placement::Compressed => Some("compressed".to_owned()),
        Placement::Misaligned => Some(format!("not aligned to {alignment} bytes")),
    }
}
