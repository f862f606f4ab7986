//! Archives that are easily mistaken for a package: what they are, and what to do instead.

use super::Refusal;
use super::contents::Mark;

/// A kind of archive that is easily mistaken for a package.
pub(super) struct NearMiss {
    /// It is this kind if all of these were seen.
    pub(super) marks: &'static [Mark],
    problem: &'static str,
    advice: &'static str,
}

impl NearMiss {
    pub(super) fn refusal(&self) -> Refusal {
        Refusal::new(self.problem, self.advice)
    }
}

const UNPACK: &str = "unpack it, and upload what is inside";

/// Recognized by what it lacks of an APK.
pub(super) const LIBRARY: NearMiss = NearMiss {
    marks: &[],
    problem: "this is an Android library (.aar), not an app: it has no classes.dex",
    advice: "upload the APK of the app that uses it (gradlew assembleRelease)",
};

/// Recognized by the file's name: its content is like a HAP's.
pub(super) const HSP: NearMiss = NearMiss {
    marks: &[],
    problem: "this is a HarmonyOS shared package (.hsp), which a HAP depends on",
    advice: "upload the HAP, and name this file with --hsp",
};

const XAPK: NearMiss = NearMiss {
    marks: &[Mark::XapkManifest, Mark::InnerApk],
    problem: "this is an .xapk bundle: several APKs and their data in one archive",
    advice: "upload one APK that has everything in it (gradlew assembleRelease)",
};

/// Those whose marks are stronger evidence than a HAP's `config.json`.
pub(super) const BUNDLES: [NearMiss; 3] = [
    NearMiss {
        marks: &[Mark::AndroidBundle],
        problem: "this is an Android App Bundle (.aab), which no device can install",
        advice: "build an APK: gradlew assembleRelease, or bundletool build-apks --mode=universal",
    },
    NearMiss { marks: &[Mark::XapkManifest, Mark::ApkSet], ..XAPK },
    NearMiss {
        marks: &[Mark::ApkSet],
        problem: "this is a set of APKs (.apks) made from an App Bundle, not one APK",
        advice: "make it with bundletool build-apks --mode=universal, and upload the universal.apk \
                 in it",
    },
];

/// All others, tried in order: the first whose marks were all seen wins.
pub(super) const OTHERS: [NearMiss; 9] = [
    NearMiss {
        marks: &[Mark::XcodeArchive],
        problem: "this is a zipped Xcode archive (.xcarchive), not an IPA",
        advice: "export an IPA from it: xcodebuild -exportArchive, or Distribute App in Xcode's \
                 Organizer",
    },
    NearMiss {
        marks: &[Mark::BareIosApp],
        problem: "this is a zipped .app folder, not an IPA: the folder is not inside Payload/",
        advice: "export an IPA: xcodebuild -exportArchive; or put the .app into a folder Payload, \
                 and zip that",
    },
    NearMiss {
        marks: &[Mark::MacApp],
        problem: "this is an app for macOS, not for iOS",
        advice: "build it for iOS, and export an IPA",
    },
    NearMiss {
        marks: &[Mark::PackInfo, Mark::InnerHap],
        problem: "this is a HarmonyOS .app pack, which is for AppGallery alone",
        advice: "upload the HAP inside it, or build one: hvigorw assembleHap",
    },
    XAPK,
    NearMiss {
        marks: &[Mark::InnerApk],
        problem: "this is a ZIP archive with an APK inside",
        advice: UNPACK,
    },
    NearMiss {
        marks: &[Mark::InnerIpa],
        problem: "this is a ZIP archive with an IPA inside",
        advice: UNPACK,
    },
    NearMiss {
        marks: &[Mark::InnerHap],
        problem: "this is a ZIP archive with a HAP inside",
        advice: UNPACK,
    },
    NearMiss {
        marks: &[Mark::JavaArchive],
        problem: "this is a Java archive (.jar), not an app",
        advice: "upload an APK, an IPA or a HAP",
    },
];

pub(super) const UNKNOWN: NearMiss = NearMiss {
    marks: &[],
    problem: "this is a ZIP archive, and neither an APK (AndroidManifest.xml at the top) nor an IPA \
              (Payload/*.app/Info.plist) nor a HAP (module.json, or config.json beside its \
              resources)",
    advice: "name the package that the build made",
};
