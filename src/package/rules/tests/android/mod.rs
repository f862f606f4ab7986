mod archive;
mod manifest;

use crate::finding::Level;
use crate::package::read::apk_signing::tests::{V2, V3, V31, signing_block};
use crate::package::testing::axml::{Style, axml, axml_as};
use crate::package::testing::zip::{File, deflated, stored, zip};
use crate::package::testing::{assert_found, assert_quiet, codes, findings, identity};

/// An APK to be.
struct Apk {
    manifest: Vec<u8>,
    files: Vec<File>,
    block: Vec<u8>,
}

const MAIN: &str = "<activity android:name=\".Main\" android:exported=\"true\"><intent-filter>\
    <action android:name=\"android.intent.action.MAIN\"/>\
    <category android:name=\"android.intent.category.LAUNCHER\"/></intent-filter></activity>";

/// A manifest: what stands in `manifest`, `uses-sdk` and `application`, and within the latter.
fn manifest(attributes: &str, sdk: &str, application: &str, parts: &str) -> String {
    format!(
        "<manifest package=\"com.example\" android:versionCode=\"7\" android:versionName=\"1.2\" \
         {attributes}><uses-sdk {sdk}/><application {application}>{parts}</application></manifest>"
    )
}

fn sdk(min: &str, target: &str) -> String {
    format!("android:minSdkVersion=\"{min}\" android:targetSdkVersion=\"{target}\"")
}

/// An APK that every phone installs.
fn apk() -> Apk {
    with(&manifest("", &sdk("24", "34"), "", MAIN))
}

fn with(manifest: &str) -> Apk {
    let files = vec![stored("classes.dex", "dex"), stored("resources.arsc", "resources").at(4, 0)];
    Apk { manifest: axml(manifest), files, block: signing_block(&[(V2, b"signer")]) }
}

fn for_sdk(min: &str, target: &str) -> Apk {
    with(&manifest("", &sdk(min, target), "", MAIN))
}

impl Apk {
    fn file(mut self, file: File) -> Self {
        self.files.push(file);
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.files.retain(|file| file.name != name.as_bytes());
        self
    }

    fn pairs(mut self, pairs: &[(u32, &[u8])]) -> Self {
        self.block = if pairs.is_empty() { Vec::new() } else { signing_block(pairs) };
        self
    }

    fn v1(self, list: &str) -> Self {
        self.file(deflated("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n"))
            .file(deflated("META-INF/CERT.SF", list))
            .file(stored("META-INF/CERT.RSA", "certificate"))
    }

    fn build(self) -> Vec<u8> {
        zip(
            &[vec![deflated("AndroidManifest.xml", self.manifest)], self.files].concat(),
            &self.block,
        )
    }
}

const PLAIN_LIST: &str = "Signature-Version: 1.0\r\nCreated-By: 1.0\r\n\r\n";
const LIST_WITH_V2: &str = "Signature-Version: 1.0\r\nX-Android-APK-Signed: 2\r\n\r\n";

#[test]
fn a_good_one_is_quiet() {
    assert_quiet(&apk().build());
}

#[test]
fn what_cannot_be_read_is_not_judged() {
    let mut damaged = for_sdk("1", "1");
    damaged.manifest[0] = 9;
    let bytes = damaged.without("classes.dex").build();
    assert_quiet(&bytes);
    let identity = identity(&bytes);
    assert_eq!((identity.identifier, identity.version, identity.build), (None, None, None));
    assert_eq!((identity.min_os, identity.target_os, identity.debuggable), (None, None, None));
    assert_eq!(identity.signing.as_deref(), Some("v2"));
}

#[test]
fn the_identity_is_that_of_the_manifest() {
    let attributes = "android:versionCodeMajor=\"1\"";
    let xml = manifest(attributes, &sdk("'21", "Baklava"), "android:debuggable=\"true\"", MAIN);
    for style in [
        Style { utf8: false, ids: true, blank_names: false },
        Style { utf8: true, ids: true, blank_names: true },
        Style { utf8: true, ids: false, blank_names: false },
    ] {
        let mut apk = apk().v1(LIST_WITH_V2).pairs(&[(V2, b""), (V3, b""), (V31, b"")]);
        apk.manifest = axml_as(&xml, style);
        let identity = identity(&apk.build());
        assert_eq!(identity.identifier.as_deref(), Some("com.example"), "{style:?}");
        assert_eq!(identity.version.as_deref(), Some("1.2"));
        assert_eq!(identity.build.as_deref(), Some("4294967303"));
        assert_eq!(identity.min_os.as_deref(), Some("21"));
        assert_eq!(identity.target_os.as_deref(), Some("Baklava"));
        assert_eq!(identity.debuggable, Some(true));
        assert_eq!(identity.signing.as_deref(), Some("v1+v2+v3+v3.1"));
        assert_eq!(identity.profile, None);
    }
    let none = with("<manifest/>").pairs(&[]).build();
    let identity = identity(&none);
    assert_eq!((identity.min_os.as_deref(), identity.target_os.as_deref()), (Some("1"), Some("1")));
    assert_eq!((identity.identifier, identity.build), (None, None));
    assert_eq!((identity.debuggable, identity.signing.as_deref()), (Some(false), Some("none")));
}

#[test]
fn names_can_not_break_a_line() {
    let evil = with(&manifest("split=\"a\nb\u{1b}[31m\"", &sdk("24", "34"), "", ""));
    let found = findings(&evil.build());
    assert!(found[0].message.contains("ab[31m"), "{}", found[0].message);
    assert!(!found[0].message.contains(char::is_control));
}
