//! The packages in `tests/data/findings`: each has the one finding that its name says.

use std::path::PathBuf;

use crate::finding::Level;
use crate::package::Expected;
use crate::package::testing::{NOW, look_at};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/findings")
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

fn codes(bytes: &[u8], hsps: &[Vec<u8>]) -> Vec<&'static str> {
    look_at(bytes, NOW, hsps).unwrap().findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn each_has_the_finding_of_its_name() {
    let mut count = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let expected = if name.starts_with("none-") {
            vec![]
        } else if name.starts_with("library") {
            vec!["harmony-shared-module"]
        } else {
            vec![name]
        };
        assert_eq!(codes(&std::fs::read(&path).unwrap(), &[]), expected, "{name}");
        count += 1;
    }
    assert_eq!(count, 49);
}

#[test]
fn what_they_are_is_read() {
    for (name, signing) in [
        ("none-android.apk", "v2"),
        ("android-v1-only.apk", "v1"),
        ("android-not-signed.apk", "none"),
        ("none-ios.ipa", "ad-hoc"),
        ("none-ios-enterprise.ipa", "enterprise"),
        ("ios-app-store.ipa", "app-store"),
        ("ios-development.ipa", "development"),
        ("ios-simulator.ipa", "none"),
        ("none-harmony.hap", "internaltesting"),
        ("harmony-debug-profile.hap", "debug"),
        ("harmony-not-signed.hap", "none"),
    ] {
        let identity = look_at(&bytes(name), NOW, &[]).unwrap().identity;
        assert_eq!(identity.identifier.as_deref(), Some("com.example.sample"), "{name}");
        assert_eq!(identity.signing.as_deref(), Some(signing), "{name}");
        assert!(identity.version.is_some() && identity.build.is_some() && identity.archs.is_some());
    }
}

#[test]
fn hsps_that_are_given_are_not_missing() {
    let hap = bytes("harmony-hsp-missing.hap");
    assert_eq!(codes(&hap, &[bytes("library.hsp")]), [""; 0]);
    let other = bytes("library-of-another-version.hsp");
    assert_eq!(codes(&hap, &[other]), ["harmony-hsp-version"]);
}

#[test]
fn strictness_stops_what_blocks() {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let look = look_at(&std::fs::read(&path).unwrap(), NOW, &[]).unwrap();
        let blocks = look.findings.iter().any(|finding| finding.level == Level::Blocks);
        let mut strict = Expected::default();
        assert!(strict.check(&path, &look.identity, &look.findings).is_ok());
        strict.strict = true;
        let refused = strict.check(&path, &look.identity, &look.findings).is_err();
        assert_eq!(refused, blocks, "{}", path.display());
    }
}
