//! What a file is: the three types, and what is taken for one of them.

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
    for code in ["classes.dex", "resources.arsc"] {
        assert_type(&["AndroidManifest.xml", code], BuildType::Android);
        // An app may carry any of these along.
        for other in [
            "classes.jar",
            "R.txt",
            "lib/x86/a.so",
            "mapping.txt",
            "project.properties",
            "apktool.yml",
            "module.json",
            "config.json",
            "index.html",
            "assets/classes.jar",
            "assets/other.apk",
            "base/manifest/AndroidManifest.xml",
            "Payload/A.app/Info.plist",
            "apex_manifest.pb",
        ] {
            assert_type(&[other, "AndroidManifest.xml", code], BuildType::Android);
        }
    }
}

#[test]
fn what_makes_an_ipa() {
    assert_type(&["Payload/", "Payload/A b.app/", "Payload/A b.app/Info.plist"], BuildType::Ios);
    assert_type(&["config.json", "assets/a", "Payload/A.app/Info.plist"], BuildType::Ios);
    assert_type(&["AndroidManifest.xml", "Payload/A.app/Info.plist"], BuildType::Ios);
    for name in [
        "Payload/A/B.app/Info.plist",
        "Payload/Info.plist",
        "Payload/A.ipa/Info.plist",
        "payload/A.app/Info.plist",
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
    assert_type(&["module.json", "index.html", "AndroidManifest.xml"], BuildType::HarmonyOs);
    for beside in
        ["resources.index", "ets/", "ets/modules.abc", "assets/entry/a", "libs/arm64/a.so"]
    {
        assert_type(&["config.json", beside], BuildType::HarmonyOs);
        assert_type(&[beside, "config.json", "pack.info", "index.html"], BuildType::HarmonyOs);
        assert_type(&[beside, "config.json", "classes.dex"], BuildType::HarmonyOs);
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
fn a_website_is_no_hap() {
    let names = ["index.html", "config.json", "assets/index-4f2a.js", "libs/jquery.js"];
    assert_names_refused(&names, &["a website", "built around it"]);
    assert_names_refused(&["index.html", "static/app.js"], &["a website"]);
    for code in ["resources.index", "ets/a", "pack.info"] {
        assert_type(&[&names[..], &[code]].concat(), BuildType::HarmonyOs);
    }
}

#[test]
fn android_libraries_and_bundles_are_named() {
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
    assert_names_refused(&["splits/notes.txt"], &["neither an APK"]);
}

#[test]
fn a_module_of_android_is_no_app() {
    let code = ["AndroidManifest.xml", "resources.arsc"];
    for content in ["apex_payload.img", "original_apex"] {
        for manifest in ["apex_manifest.pb", "apex_manifest.json"] {
            assert_names_refused(&[&code[..], &[manifest, content]].concat(), &["an APEX", "APK"]);
        }
        assert_type(&[&code[..], &[content]].concat(), BuildType::Android);
    }
}

#[test]
fn what_is_only_part_of_an_apk_is_named() {
    let manifest = "AndroidManifest.xml";
    assert_names_refused(&[manifest, "res/a.xml"], &["neither classes.dex nor", "build the APK"]);
    assert_names_refused(&[manifest, "lib/arm64-v8a/a.so"], &["one APK of a set", "universal"]);
    assert_names_refused(&[manifest, "lib/a.so"], &["neither classes.dex nor"]);
    assert_names_refused(&["classes.dex", "res/a.xml"], &["without its AndroidManifest.xml"]);
    assert_names_refused(&["resources.arsc"], &["without its AndroidManifest.xml"]);
    for names in [
        &[manifest, "mapping.txt"][..],
        &["mapping.txt", "seeds.txt", "usage.txt"],
        &["release/mapping.txt", "META-INF/MANIFEST.MF"],
    ] {
        assert_names_refused(names, &["ProGuard", "upload the APK"]);
    }
    assert_names_refused(&["mapping.txt", "app-release.apk"], &["an APK inside"]);
    for folder in ["", "app/"] {
        let names = |file| [format!("{folder}AndroidManifest.xml"), format!("{folder}{file}")];
        let refused = |file, words: &[&str]| {
            let [manifest, file] = names(file);
            assert_names_refused(&[&manifest, &file, "bin/app.apk"], words);
        };
        refused("apktool.yml", &["apktool took apart", "apktool b"]);
        for file in ["project.properties", ".classpath", "gradlew", "build.gradle"] {
            refused(file, &["the project of an Android app", "build it"]);
        }
    }
    assert_names_refused(&["a/b/gradlew", "app.apk"], &["an APK inside"]);
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
    for name in ["Products/Applications/A/Info.plist", "A/Info.plist", "A/Contents/Info.plist"] {
        assert_names_refused(&[name], &["neither an APK"]);
    }
}

#[test]
fn a_payload_that_devices_do_not_find_is_named() {
    for name in ["Payload/A.app/", "Payload/A.app/A", "Payload/A.app/B/Info.plist"] {
        assert_names_refused(&[name], &["without the Info.plist", "-exportArchive"]);
    }
    assert_names_refused(&["Payload/A.app/Info.plist/"], &["without the Info.plist"]);
    for name in ["x/Payload/A.app/Info.plist", "x/y/Payload/A.app/A"] {
        assert_names_refused(&[name], &["inside another folder", "at the top"]);
    }
    for name in ["./Payload/A.app/Info.plist", "./AndroidManifest.xml", "./module.json"] {
        assert_names_refused(&[name, "./classes.dex"], &["begin with ./", "without ./"]);
    }
    for name in ["Payload\\A.app\\Info.plist", "Payload\\A.app\\"] {
        assert_names_refused(&[name], &["backslashes"]);
    }
    for name in ["x/Payload/A/B.app", "Payload\\A\\Info.plist", "x/Payload/A.app", "./Payload/A"] {
        assert_names_refused(&[name], &["neither an APK"]);
    }
}

#[test]
fn an_archive_within_an_archive_is_named() {
    assert_names_refused(&["app-release.apk", "notes.txt"], &["an APK inside", "unpack"]);
    assert_names_refused(&["out/A.ipa"], &["an IPA inside", "unpack"]);
    assert_names_refused(&["out/entry.hap"], &["a HAP inside", "unpack"]);
    for bundle in ["app-release.aab", "out/app.apks", "app.xapk"] {
        assert_names_refused(&[bundle], &["an Android bundle inside", "--mode=universal"]);
    }
    for archive in ["build.zip", "out/a.tar", "a.tar.gz", "a.tgz", "a.7z", "a.rar"] {
        assert_names_refused(&[archive], &["another archive inside", "unpack"]);
    }
    assert_names_refused(&["META-INF/MANIFEST.MF", "a/B.class", "a.zip"], &["Java archive"]);
}

#[test]
fn harmonyos_near_misses_are_named() {
    assert_names_refused(&["pack.info", "entry-default.hap"], &[".app pack", "HAP"]);
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
fn no_name_of_an_entry_gets_into_a_message() {
    let name = b"\x1b[2J\r\n\xff.apk";
    let said = refusal_of(check(&zip(&[]).entry(name, b"").build()));
    assert!(said.contains("an APK inside"));
    assert!(!said.contains(char::is_control), "{said:?}");
}
