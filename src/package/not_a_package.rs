//! Archives that are easily mistaken for a package: what they are, and what to do instead.

use super::Refusal;
use super::marks::Mark;

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

pub(super) const APEX: NearMiss = NearMiss {
    marks: &[Mark::ApexManifest, Mark::ApexContent],
    problem: "this is an APEX, a module of the Android system, not an app",
    advice: "upload the APK of an app",
};

/// Recognized by the file's name too: it need not have code.
pub(super) const LIBRARY: NearMiss = NearMiss {
    marks: &[Mark::AndroidManifest, Mark::ClassesJar],
    problem: "this is an Android library (.aar), not an app: it has no classes.dex",
    advice: "upload the APK of the app that uses it (gradlew assembleRelease)",
};

/// Recognized by the file's name: its content is like a HAP's.
pub(super) const HSP: NearMiss = NearMiss {
    marks: &[],
    problem: "this is a HarmonyOS shared package (.hsp), which a HAP depends on",
    advice: "upload the HAP, and name this file with --hsp",
};

const MAPPING: NearMiss = NearMiss {
    marks: &[Mark::MappingFile],
    problem: "this is an archive of ProGuard's or R8's mapping files, not an app",
    advice: "upload the APK that was built with them (app/build/outputs/apk)",
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

/// All others, tried in order: the first whose marks were all seen wins. An Android manifest means
/// here that neither code nor compiled resources are beside it.
pub(super) const OTHERS: [NearMiss; 24] = [
    LIBRARY,
    NearMiss {
        marks: &[Mark::ApktoolProject],
        problem: "this is an APK that apktool took apart, not an APK",
        advice: "put it together (apktool b), sign it, and upload the APK",
    },
    NearMiss { marks: &[Mark::AndroidManifest, Mark::MappingFile], ..MAPPING },
    NearMiss {
        marks: &[Mark::AndroidProject],
        problem: "this is the project of an Android app, not an APK",
        advice: "build it, and upload the APK (gradlew assembleRelease; Eclipse writes it to bin)",
    },
    NearMiss {
        marks: &[Mark::AndroidManifest, Mark::NativeLibrary],
        problem: "this is one APK of a set, with the libraries for one kind of processor: it has \
                  neither classes.dex nor resources.arsc",
        advice: "upload one APK that has everything in it (gradlew assembleRelease, or bundletool \
                 build-apks --mode=universal)",
    },
    NearMiss {
        marks: &[Mark::AndroidManifest],
        problem: "this has an AndroidManifest.xml, and neither classes.dex nor resources.arsc, as \
                  an APK has",
        advice: "build the APK (gradlew assembleRelease), and upload that",
    },
    NearMiss {
        marks: &[Mark::AndroidCode],
        problem: "this is an APK without its AndroidManifest.xml",
        advice: "upload the APK as the build made it (gradlew assembleRelease)",
    },
    NearMiss {
        marks: &[Mark::PayloadApp],
        problem: "this is an IPA without the Info.plist of its app (Payload/*.app/Info.plist)",
        advice: "export it again: xcodebuild -exportArchive",
    },
    NearMiss {
        marks: &[Mark::PayloadWithBackslash],
        problem: "this is an IPA whose names have backslashes, which iOS does not take for folders",
        advice: "zip the folder Payload with a program that writes slashes, or on a Mac",
    },
    NearMiss {
        marks: &[Mark::DotSlash],
        problem: "the names in this archive begin with ./, and devices do not find them there",
        advice: "zip it by its names, without ./ (zip -r app.ipa Payload)",
    },
    NearMiss {
        marks: &[Mark::PayloadElsewhere],
        problem: "this is an IPA whose folder Payload is inside another folder",
        advice: "zip the folder Payload itself, so that it is at the top of the archive",
    },
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
        marks: &[Mark::InnerBundle],
        problem: "this is a ZIP archive with an Android bundle inside (.aab, .apks or .xapk), which \
                  no device can install",
        advice: "build an APK: gradlew assembleRelease, or bundletool build-apks --mode=universal",
    },
    MAPPING,
    NearMiss {
        marks: &[Mark::WebPage],
        problem: "this is a website (index.html at the top), not an app",
        advice: "upload the APK, IPA or HAP that was built around it",
    },
    NearMiss {
        marks: &[Mark::JavaArchive],
        problem: "this is a Java archive (.jar), not an app",
        advice: "upload an APK, an IPA or a HAP",
    },
    NearMiss {
        marks: &[Mark::InnerArchive],
        problem: "this is a ZIP archive with another archive inside",
        advice: UNPACK,
    },
];

pub(super) const UNKNOWN: NearMiss = NearMiss {
    marks: &[],
    problem: "this is a ZIP archive, and neither an APK (AndroidManifest.xml at the top, \
              beside classes.dex or resources.arsc) nor an IPA (Payload/*.app/Info.plist) nor a \
              HAP (module.json, or config.json beside its resources)",
    advice: "name the package that the build made",
};
