//! Rules about signatures and about how files lie in the archive.

use super::*;

#[test]
fn not_signed() {
    assert_found(&apk().pairs(&[]).build(), "android-not-signed", &["not signed", "neither"]);
    // Padding alone, and a signature file without a block.
    assert_found(&apk().pairs(&[(0x4272_6577, b"padding")]).build(), "android-not-signed", &[]);
    let half = apk().pairs(&[]).v1(PLAIN_LIST).without("META-INF/CERT.RSA");
    assert_found(&half.build(), "android-not-signed", &[]);
    assert_quiet(&for_sdk("21", "29").pairs(&[]).v1(PLAIN_LIST).build());
}

#[test]
fn signature_stripped() {
    let stripped = |list: &str| for_sdk("21", "34").pairs(&[]).v1(list).build();
    let words = ["v1 signature", "Android 7", "sign it last"];
    assert_found(&stripped(LIST_WITH_V2), "android-signature-stripped", &words);
    let folded = "Signature-Version: 1.0\r\nX-Android-APK-Signed: 1,\r\n  3\r\n\r\n";
    assert_found(&stripped(folded), "android-signature-stripped", &[]);
    // In another section it says nothing, nor does another version.
    for list in [
        "Signature-Version: 1.0\r\n\r\nName: a\r\nX-Android-APK-Signed: 2\r\n\r\n",
        "Signature-Version: 1.0\r\nX-Android-APK-Signed: 1, 22\r\n\r\n",
    ] {
        assert_eq!(codes(&stripped(list)), ["android-v1-only"]);
    }
    assert_quiet(&for_sdk("21", "34").v1(LIST_WITH_V2).build());
    assert_quiet(&for_sdk("21", "34").v1(LIST_WITH_V2).pairs(&[(V3, b"")]).build());
}

#[test]
fn v1_only() {
    let signed = |target: &str| for_sdk("21", target).pairs(&[]).v1(PLAIN_LIST);
    assert_found(&signed("30").build(), "android-v1-only", &["SDK 30", "v2"]);
    assert_quiet(&signed("29").build());
    assert_quiet(&signed("30").pairs(&[(V3, b"")]).build());
}

#[test]
fn signature_too_new() {
    let code = "android-signature-too-new";
    assert_found(&for_sdk("23", "34").build(), code, &["23", "v2", "Android 7.0"]);
    assert_quiet(&for_sdk("24", "34").build());
    assert_quiet(&for_sdk("23", "34").v1(LIST_WITH_V2).build());
    let only_v3 = |min: &str| for_sdk(min, "34").pairs(&[(V3, b"")]);
    assert_found(&only_v3("27").build(), code, &["27", "v3", "Android 9"]);
    assert_quiet(&only_v3("28").build());
    assert_quiet(&for_sdk("24", "34").pairs(&[(V2, b""), (V3, b""), (V31, b"")]).build());
}

#[test]
fn resources() {
    let code = "android-resources";
    let placed = |target: &str, file: File| {
        for_sdk("24", target).without("resources.arsc").file(file).build()
    };
    let compressed = deflated("resources.arsc", "resources");
    assert_found(&placed("30", compressed.clone()), code, &["SDK 30", "compressed", "zipalign 4"]);
    assert_quiet(&placed("29", compressed));
    let stored = |behind| stored("resources.arsc", "resources").at(4, behind);
    for behind in 1..4 {
        assert_found(&placed("34", stored(behind)), code, &["not aligned to 4 bytes"]);
        assert_quiet(&placed("29", stored(behind)));
    }
    assert_quiet(&placed("34", stored(0)));
    assert_quiet(&placed("34", stored(4)));
    // Compressed by another method, or encrypted: not judged.
    assert_quiet(&placed("34", File { method: 12, ..stored(1) }));
    assert_quiet(&placed("34", File { flags: 1, ..stored(1) }));
}

#[test]
fn native_libs() {
    let code = "android-native-libs";
    let apk = |extract: &str, files: &[File]| {
        let mut apk = with(&manifest("", &sdk("24", "34"), extract, MAIN));
        apk.files.extend_from_slice(files);
        apk.build()
    };
    const FALSE: &str = "android:extractNativeLibs=\"false\"";
    let library = |name: &str| stored(name, "ELF");
    let packed = deflated("lib/arm64-v8a/liba.so", "ELF");
    assert_found(
        &apk(FALSE, std::slice::from_ref(&packed)),
        code,
        &["lib/arm64-v8a/liba.so", "compressed", "zipalign -p 4"],
    );
    for extract in
        ["", "android:extractNativeLibs=\"true\"", "android:extractNativeLibs=\"@bool/extract\""]
    {
        assert_quiet(&apk(extract, std::slice::from_ref(&packed)));
    }
    let at = |behind| library("lib/arm64-v8a/liba.so").at(4096, behind);
    assert_found(&apk(FALSE, &[at(1)]), code, &["not aligned to 4096 bytes"]);
    assert_found(&apk(FALSE, &[at(2048)]), code, &[]);
    assert_quiet(&apk(FALSE, &[at(0)]));
    // Only the first of the processors that there is counts, whatever the order.
    let other = deflated("lib/armeabi-v7a/liba.so", "ELF");
    assert_quiet(&apk(FALSE, &[other.clone(), at(0)]));
    assert_quiet(&apk(FALSE, &[at(0), other.clone()]));
    let found = codes(&apk(FALSE, &[other]));
    assert_eq!(found, [code, "android-32-bit-only"]);
    // What is no library by its name is left alone.
    assert_quiet(&apk(FALSE, &[at(0), deflated("lib/arm64-v8a/data.bin", "x")]));
    // The second one counts as well.
    let second = library("lib/arm64-v8a/libb.so").at(4096, 4);
    assert_found(&apk(FALSE, &[at(0), second]), code, &["libb.so"]);
}

#[test]
fn processors() {
    let with = |abis: &[&str]| {
        let libraries = abis.iter().map(|abi| stored(&format!("lib/{abi}/liba.so"), "ELF"));
        libraries.fold(apk(), Apk::file).build()
    };
    assert_found(&with(&["x86_64", "x86"]), "android-no-arm", &["x86, x86_64 alone", "arm64-v8a"]);
    assert_found(&with(&["armeabi-v7a"]), "android-32-bit-only", &["armeabi-v7a", "32-bit"]);
    assert_found(&with(&["armeabi", "x86_64"]), "android-32-bit-only", &["(armeabi)"]);
    assert_quiet(&with(&["arm64-v8a"]));
    assert_quiet(&with(&["arm64-v8a", "armeabi-v7a", "x86"]));
    assert_quiet(&with(&["other"]));
    assert_eq!(identity(&with(&["x86", "arm64-v8a"])).archs.unwrap(), ["arm64-v8a", "x86"]);
    assert_eq!(identity(&with(&[])).archs.unwrap(), [""; 0]);
}

#[test]
fn duplicate_entry() {
    let code = "android-duplicate-entry";
    let twice = apk().file(stored("assets/a.txt", "1")).file(stored("assets/a.txt", "2"));
    assert_found(&twice.build(), code, &["assets/a.txt"]);
    assert_found(
        &apk().file(stored("a/", "")).file(stored("a/", "")).build(),
        code,
        &["called a/"],
    );
    assert_quiet(&apk().file(stored("assets/a.txt", "")).file(stored("assets/A.txt", "")).build());
}

#[test]
fn debug_key() {
    let name = b"certificate \x06\x03\x55\x04\x03\x0c\x0dAndroid Debug and more";
    let code = "android-debug-key";
    assert_found(&apk().pairs(&[(V2, name)]).build(), code, &["debug key"]);
    assert_found(&apk().pairs(&[(V2, b"other"), (V3, name)]).build(), code, &[]);
    // The newest signer counts.
    assert_quiet(&apk().pairs(&[(V2, name), (V3, b"other")]).build());
    let far = [&[0; 64 * 1024][..], name].concat();
    assert_quiet(&apk().pairs(&[(V2, &far)]).build());
    let v1 = for_sdk("21", "29").pairs(&[]).v1(PLAIN_LIST).without("META-INF/CERT.RSA");
    assert_found(&v1.file(deflated("META-INF/CERT.RSA", name)).build(), code, &[]);
}
