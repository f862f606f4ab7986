//! Packages that were made to do harm: never a panic, never a long time, never much memory, and no
//! word of what is not to be told.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::package::read::apk_signing::tests as apk;
use crate::package::read::cms::tests::signed;
use crate::package::read::hap_signing::tests as hap;
use crate::package::read::macho::tests as macho;
use crate::package::read::plist_binary::tests as plist;
use crate::package::testing::NOW;
use crate::package::testing::axml::{PLAIN, Style, axml, axml_as};
use crate::package::testing::look_at;
use crate::package::testing::zip::{deflated, stored, zip};

pub(super) const MANIFEST: &str = "<manifest package=\"com.example\" android:versionCode=\"7\" \
    android:versionName=\"1.2\" android:sharedUserId=\"android.uid.system\">\
    <uses-sdk android:minSdkVersion=\"21\" android:targetSdkVersion=\"34\"/>\
    <application android:extractNativeLibs=\"false\" android:testOnly=\"true\">\
    <uses-library android:name=\"a.b\"/><activity android:name=\".A\"><intent-filter>\
    <action android:name=\"android.intent.action.MAIN\"/>\
    <category android:name=\"android.intent.category.LAUNCHER\"/></intent-filter></activity>\
    </application></manifest>";

const LIST: &str = "<?xml version=\"1.0\"?><!DOCTYPE plist><plist version=\"1.0\"><dict>\
    <key>CFBundleIdentifier</key><string>com.example</string>\
    <key>CFBundleExecutable</key><string>A</string>\
    <key>CFBundleSupportedPlatforms</key><array><string>iPhoneOS</string></array>\
    <key>UIDeviceFamily</key><array><integer>2</integer></array></dict></plist>";

const PROFILE: &str = "<plist><dict><key>Name</key><string>N</string>\
    <key>ProvisionedDevices</key><array><string>SECRET-DEVICE</string></array>\
    <key>ExpirationDate</key><date>2026-01-01T00:00:00Z</date><key>Entitlements</key><dict>\
    <key>application-identifier</key><string>T.com.other</string></dict></dict></plist>";

const MODULE: &str = r#"{"app":{"bundleName":"com.example","versionName":"1","versionCode":7},
    "module":{"name":"entry","type":"shared","deviceTypes":["tv"],"dependencies":[{"moduleName":"a"}]}}"#;

const HAP_PROFILE: &str = r#"{"type":"release","app-distribution-type":"internaltesting",
    "bundle-info":{"bundle-name":"com.other"},"debug-info":{"device-ids":["SECRET-DEVICE"]},
    "validity":{"not-after":1}}"#;

/// What lies in packages and is read: the plain bytes of each.
pub(super) fn parts() -> Vec<Vec<u8>> {
    let objects = [
        plist::dictionary(&[1, 2, 3, 4, 5, 6]),
        plist::ascii("CFBundleIdentifier"),
        plist::ascii("com.example"),
        plist::ascii("CFBundleExecutable"),
        plist::ascii("A"),
        plist::ascii("UIDeviceFamily"),
        plist::array(&[7]),
        vec![0x10, 2],
    ];
    let program =
        macho::thin(macho::ARM64, &[macho::platform(2), macho::signature(), macho::encryption(1)]);
    vec![
        axml(MANIFEST),
        axml_as(MANIFEST, Style { utf8: true, blank_names: true, ..PLAIN }),
        LIST.into(),
        plist::list(&objects),
        signed(PROFILE.as_bytes()),
        macho::fat(false, &[(macho::ARMV7, program.clone()), (macho::ARM64, program)]),
        MODULE.into(),
        hap::signing_block(
            b"<hap sign block>",
            3,
            &[(0x2000_0002, &signed(HAP_PROFILE.as_bytes()))],
        ),
        apk::signing_block(&[(apk::V2, b"signer"), (apk::V3, b"other")]),
        b"Signature-Version: 1.0\r\nX-Android-APK-Signed: 2,\r\n 3\r\n\r\n".to_vec(),
    ]
}

/// A package with one of these parts.
pub(super) fn package(which: usize, part: &[u8]) -> Vec<u8> {
    let base = parts();
    let pick = |at: usize| if at == which { part.to_vec() } else { base[at].clone() };
    match which {
        0 | 1 | 8 | 9 => {
            let manifest = if which == 1 { pick(1) } else { pick(0) };
            let files = [
                deflated("AndroidManifest.xml", manifest),
                stored("resources.arsc", "x"),
                stored("lib/arm64-v8a/liba.so", "x"),
                deflated("META-INF/MANIFEST.MF", ""),
                deflated("META-INF/A.SF", pick(9)),
                deflated("META-INF/A.RSA", "x"),
            ];
            zip(&files, &if which == 9 { Vec::new() } else { pick(8) })
        }
        2..=5 => {
            let app = "Payload/A.app";
            let files = [
                deflated(&format!("{app}/Info.plist"), if which == 3 { pick(3) } else { pick(2) }),
                deflated(&format!("{app}/embedded.mobileprovision"), pick(4)),
                deflated(&format!("{app}/A"), pick(5)),
                deflated(&format!("{app}/PlugIns/B.appex/Info.plist"), pick(2)),
            ];
            zip(&files, b"")
        }
        _ => zip(&[deflated("module.json", pick(6)), deflated("pack.info", pick(6))], &pick(7)),
    }
}

fn assert_survived(bytes: &[u8]) {
    let started = Instant::now();
    if let Some(look) = look_at(bytes, NOW, &[bytes.to_vec()]) {
        for finding in &look.findings {
            assert!(!finding.message.contains(char::is_control), "{finding:?}");
            assert!(finding.message.chars().count() < 1000, "{finding:?}");
        }
        assert!(!format!("{look:?}").contains("SECRET"), "{look:?}");
    }
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn whole_parts_are_read() {
    for (which, part) in parts().iter().enumerate() {
        let bytes = package(which, part);
        assert!(look_at(&bytes, NOW, &[]).unwrap().findings.len() > 1, "{which}");
        assert_survived(&bytes);
    }
}

#[test]
fn every_beginning_of_every_part_is_survived() {
    for (which, part) in parts().iter().enumerate() {
        for end in (0..part.len()).step_by(1 + part.len() / 400) {
            assert_survived(&package(which, &part[..end]));
        }
    }
}

/// Numbers that break sums and buffers.
fn numbers() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        prop_oneof![Just(0x80), Just(0xFF), Just(0), Just(b'<'), Just(b'"'), Just(b'{')]
            .prop_map(|byte| vec![byte]),
        prop_oneof![Just(u16::MAX), any::<u16>()].prop_map(|n| n.to_le_bytes().to_vec()),
        prop_oneof![Just(u32::MAX), Just(i32::MAX as u32), 0u32..100, any::<u32>()]
            .prop_map(|n| n.to_le_bytes().to_vec()),
        prop_oneof![Just(u32::MAX), 0u32..100].prop_map(|n| n.to_be_bytes().to_vec()),
        prop_oneof![Just(u64::MAX), any::<u64>()].prop_map(|n| n.to_le_bytes().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn damaged_parts_are_survived(
        which in 0usize..10,
        damages in prop::collection::vec((any::<prop::sample::Index>(), numbers(), 0u8..3), 1..6),
    ) {
        let mut part = parts().swap_remove(which);
        for (at, with, how) in damages {
            let at = at.index(part.len());
            let end = (at + with.len()).min(part.len());
            match how {
                // Over what is there, between it, or in the place of what follows.
                0 => part[at..end].copy_from_slice(&with[..end - at]),
                1 => drop(part.splice(at..at, with)),
                _ => drop(part.splice(at..end, part[..at.min(50)].to_vec())),
            }
            if part.is_empty() {
                part.push(0);
            }
        }
        assert_survived(&package(which, &part));
    }

    #[test]
    fn damaged_packages_are_survived(
        which in 0usize..10,
        damages in prop::collection::vec((any::<prop::sample::Index>(), numbers()), 1..6),
    ) {
        let mut bytes = package(which, &parts()[which]);
        for (at, with) in damages {
            let at = at.index(bytes.len());
            let end = (at + with.len()).min(bytes.len());
            bytes[at..end].copy_from_slice(&with[..end - at]);
        }
        assert_survived(&bytes);
    }

    #[test]
    fn any_bytes_are_survived(which in 0usize..10, part in prop::collection::vec(any::<u8>(), 0..300)) {
        assert_survived(&package(which, &part));
    }
}
