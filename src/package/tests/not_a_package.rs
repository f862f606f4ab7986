//! What a file is: the three types, what is taken for one of them, and their warnings.

use super::zip::zip;
use super::*;

#[track_caller]
fn assert_type(names: &[&str], build_type: BuildType) {
    assert_eq!(check(&zip(names).build()).unwrap().0, build_type, "{names:?}");
}

#[track_caller]
fn assert_names_refused(names: &[&str], words: &[&str]) {
    assert_refused(&zip(names).build(), words);
}

#[test]
fn what_makes_an_apk() {
    assert_type(&["AndroidManifest.xml"], BuildType::Android);
    // An app may carry any of these along.
    assert_type(
        &["classes.jar", "AndroidManifest.xml", "classes.dex", "lib/x86/a.so"],
        BuildType::Android,
    );
    assert_type(&["AndroidManifest.xml", "assets/classes.jar"], BuildType::Android);
    assert_type(&["AndroidManifest.xml", "module.json", "config.json"], BuildType::Android);
    assert_type(&["assets/other.apk", "AndroidManifest.xml"], BuildType::Android);
    assert_type(&["base/manifest/AndroidManifest.xml", "AndroidManifest.xml"], BuildType::Android);
}

#[test]
fn what_makes_an_ipa() {
    assert_type(&["Payload/", "Payload/A b.app/", "Payload/A b.app/Info.plist"], BuildType::Ios);
    assert_type(&["config.json", "assets/a", "Payload/A.app/Info.plist"], BuildType::Ios);
    for name in [
        "Payload/A.app/B/Info.plist",
        "Payload/A/B.app/Info.plist",
        "Payload/A.app/Info.plist/",
        "Payload/Info.plist",
        "Payload/A.ipa/Info.plist",
        "payload/A.app/Info.plist",
        "Payload\\A.app\\Info.plist",
        "x/Payload/A.app/Info.plist",
    ] {
        assert_names_refused(&[name], &["neither an APK"]);
    }
}

#[test]
fn what_makes_a_hap() {
    assert_type(&["module.json"], BuildType::HarmonyOs);
    assert_type(&["module.json", "pack.info"], BuildType::HarmonyOs);
    assert_type(
        &["module.json", "manifest.json", "resources/rawfile/tool.apk"],
        BuildType::HarmonyOs,
    );
    for beside in
        ["resources.index", "ets/", "ets/modules.abc", "assets/entry/a", "libs/arm64/a.so"]
    {
        assert_type(&["config.json", beside], BuildType::HarmonyOs);
        assert_type(&[beside, "config.json"], BuildType::HarmonyOs);
    }
    for names in [
        &["config.json"][..],
        &["config.json", "ets"],
        &["config.json", "x/resources.index"],
        &["resources.index", "ets/a"],
        &["x/module.json"],
        &["Module.json"],
    ] {
        assert_names_refused(names, &["neither an APK"]);
    }
}

#[test]
fn android_near_misses_are_named() {
    assert_names_refused(
        &["AndroidManifest.xml", "classes.jar", "R.txt", "res/"],
        &[".aar", "APK"],
    );
    let aar = zip(&["AndroidManifest.xml", "R.txt"]).build();
    assert!(refusal_of(check_named(&aar, "aar")).contains("(.aar)"));
    assert_eq!(check_named(&zip(&APK).build(), "aar").unwrap().0, BuildType::Android);
    let aab = ["BundleConfig.pb", "base/manifest/AndroidManifest.xml", "base/dex/classes.dex"];
    assert_names_refused(&aab, &[".aab", "gradlew assembleRelease", "--mode=universal"]);
    assert_names_refused(&aab[1..], &[".aab"]);
    assert_names_refused(&["toc.pb", "splits/base-master.apk"], &[".apks", "universal"]);
    assert_names_refused(&["splits/base-master.apk"], &[".apks"]);
    assert_names_refused(&["universal.apk"], &[".apks"]);
    assert_names_refused(&["manifest.json", "icon.png", "com.example.apk"], &[".xapk", "one APK"]);
    assert_names_refused(&["manifest.json", "base.apk", "config.en.apk"], &[".xapk", "one APK"]);
    assert_names_refused(&["app-release.apk", "notes.txt"], &["an APK inside", "unpack"]);
    assert_names_refused(&["META-INF/MANIFEST.MF", "a/B.class"], &["Java archive"]);
    assert_names_refused(&["splits/notes.txt"], &["neither an APK"]);
}

#[test]
fn apple_near_misses_are_named() {
    for name in [
        "A.xcarchive/Info.plist",
        "A.xcarchive/Products/Applications/A.app/Info.plist",
        "Products/Applications/A.app/Info.plist",
    ] {
        assert_names_refused(&[name], &["Xcode archive", "-exportArchive"]);
    }
    assert_names_refused(&["A.app/Info.plist", "A.app/A"], &[".app folder", "Payload"]);
    assert_names_refused(&["A.app/Contents/Info.plist"], &["macOS"]);
    assert_names_refused(&["out/A.ipa"], &["an IPA inside"]);
    for name in ["Products/Applications/A/Info.plist", "A/Info.plist", "A/Contents/Info.plist"] {
        assert_names_refused(&[name], &["neither an APK"]);
    }
}

#[test]
fn harmonyos_near_misses_are_named() {
    assert_names_refused(&["pack.info", "entry-default.hap"], &[".app pack", "HAP"]);
    assert_names_refused(&["out/entry.hap"], &["a HAP inside"]);
    let hsp = refusal_of(check_named(&zip(&HAP).build(), "hsp"));
    assert!(hsp.contains(".hsp") && hsp.contains("--hsp"), "{hsp}");
    let dir = Dir::new();
    let path = dir.file("lib.HSP", &zip(&HAP).build());
    assert_package_error(Package::open_as(path, BuildType::HarmonyOs), &["lib.HSP", "(.hsp)"]);
}

#[test]
fn what_is_no_archive_is_named() {
    let lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    assert_refused(lfs, &["Git LFS pointer", "git lfs pull"]);
    for page in [
        "<!DOCTYPE html><title>Sign in</title>",
        "<head><title>Sign in</title>",
        "\u{feff}\r\n  <!doctype HTML>",
        "<HTML lang=en>",
        "<?xml version='1.0'?><!DOCTYPE html>",
        "<!-- page --><html>",
    ] {
        assert_refused(page.as_bytes(), &["HTML page", "download"]);
    }
    assert_refused(b"<?xml version=\"1.0\"?><Error/>", &["XML"]);
    assert_refused(b"{\"message\":\"Not Found\"}", &["JSON"]);
    assert_refused(b"<b>Not Found</b>", &["a plain text"]);
    assert_refused(b"{\"message\":\x01\x02", &["this is not a ZIP archive"]);
    let chinese = "错误".repeat(200);
    assert_refused(chinese.as_bytes(), &["a plain text"]);
    assert_refused(&[0; 4096], &["zeros"]);
    assert_refused(b"\x1f\x8b\x08\0\0\0", &["gzip"]);
    assert_refused(&[&[1; 257][..], b"ustar\0", &[0; 200]].concat(), &["tar archive"]);
    assert_refused(b"dex\n035\0", &["dex"]);
    assert_refused(b"\x01\x02\x03\xff\xfe", &["not a ZIP archive"]);
    assert_refused(b"\n", &["not a ZIP archive"]);
}

#[test]
fn an_apk_without_a_signature_is_warned_of() {
    let warned = |names: &[&str], block: &[u8]| {
        let bytes = zip(names).entry(b"AndroidManifest.xml", b"").signing_block(block).build();
        !check(&bytes).unwrap().1.is_empty()
    };
    assert!(warned(&[], b""));
    assert!(warned(&["META-INF/A.SF"], b""));
    assert!(warned(&["META-INF/A.RSA", "META-INF/MANIFEST.MF"], b""));
    assert!(warned(&["META-INF/x/A.SF", "META-INF/x/A.RSA"], b""));
    assert!(warned(&[], b"APK Sig Block 42."));
    assert!(!warned(&["META-INF/A.SF", "META-INF/A.RSA"], b""));
    assert!(!warned(&["META-INF/A.SF", "META-INF/A.DSA"], b""));
    assert!(!warned(&["META-INF/a.sf", "META-INF/a.ec"], b""));
    assert!(!warned(&[], b"................APK Sig Block 42"));
}

#[test]
fn an_ipa_without_a_profile_is_warned_of() {
    let warning = |name: &str| check(&zip(&[IPA[0], name]).build()).unwrap().1.pop();
    assert!(warning("x").unwrap().contains("embedded.mobileprovision"));
    assert!(warning("Payload/A/embedded.mobileprovision").is_some());
    assert!(warning("Payload/A.app/PlugIns/B.appex/embedded.mobileprovision").is_some());
    assert!(warning(IPA[1]).is_none());
}

#[test]
fn a_hap_without_a_signing_block_is_warned_of() {
    let warning = |block: &[u8]| {
        let bytes = zip(&HAP).signing_block(block).build();
        check(&bytes).unwrap().1.pop()
    };
    assert!(warning(b"").unwrap().contains("signing block"));
    assert!(warning(b"............<hap sign block>").is_some());
    assert!(warning(b"............<hap sign block>\x03\0\0\0").is_none());
    assert!(warning(b"............HAP Sig Block 42\x02\0\0\0").is_none());
}

#[test]
fn no_name_of_an_entry_gets_into_a_message() {
    let name = b"\x1b[2J\r\n\xff.apk";
    let said = refusal_of(check(&zip(&[]).entry(name, b"").build()));
    assert!(said.contains("an APK inside"));
    assert!(!said.contains(char::is_control), "{said:?}");
}
