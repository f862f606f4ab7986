mod archives;
mod findings;
#[cfg(target_os = "linux")]
mod greedy;
mod hostile;
mod mutations;
mod not_a_package;
mod zip;

use std::cell::RefCell;
use std::io::{self, Read};
use std::path::PathBuf;

use super::facts::Facts;
use super::testing::{NOW, in_memory};
use super::{Package, Refusal, inspect};
use crate::error::{Error, ErrorKind};
use crate::types::BuildType;

use zip::zip;

const APK: [&str; 5] = [
    "AndroidManifest.xml",
    "classes.dex",
    "META-INF/CERT.SF",
    "META-INF/CERT.RSA",
    "META-INF/MANIFEST.MF",
];
const IPA: [&str; 3] = [
    "Payload/Sample.app/Info.plist",
    "Payload/Sample.app/embedded.mobileprovision",
    "Payload/Sample.app/_CodeSignature/CodeResources",
];
const HAP: [&str; 3] = ["module.json", "ets/modules.abc", "resources.index"];

type Checked = Result<(BuildType, Facts), Refusal>;

/// What the check says of these bytes, under a name with this extension.
fn check_named(bytes: &[u8], extension: &str) -> Checked {
    inspect(&in_memory(bytes), bytes.len() as u64, extension)
}

fn check(bytes: &[u8]) -> Checked {
    check_named(bytes, "")
}

/// The codes of what was found.
fn codes(facts: &Facts) -> Vec<&'static str> {
    facts.findings(NOW, &[]).iter().map(|finding| finding.code).collect()
}

/// The type of a package that is fine, without findings.
fn type_of(bytes: &[u8]) -> BuildType {
    let (build_type, facts) = check(bytes).unwrap();
    assert_eq!(codes(&facts), [""; 0]);
    build_type
}

/// Problem and advice of a refusal, joined.
fn refusal_of(result: Checked) -> String {
    match result {
        Err(Refusal::Package { problem, advice }) => format!("{problem}; {advice}"),
        other => panic!("not refused: {other:?}"),
    }
}

#[track_caller]
fn assert_refused(bytes: &[u8], words: &[&str]) {
    let said = refusal_of(check(bytes));
    for word in words {
        assert!(said.contains(word), "no '{word}' in: {said}");
    }
}

struct Dir(tempfile::TempDir);

impl Dir {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

#[track_caller]
fn assert_package_error(result: Result<Package, Error>, words: &[&str]) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Package);
    let said = error.report();
    for word in words {
        assert!(said.contains(word), "no '{word}' in: {said}");
    }
}

#[test]
fn opens_each_type_by_its_content() {
    let dir = Dir::new();
    let rows = [
        (zip(&APK).build(), BuildType::Android),
        (zip(&IPA).build(), BuildType::Ios),
        (zip(&HAP).signing_block(b"....<hap sign block>\x03\0\0\0").build(), BuildType::HarmonyOs),
    ];
    for (bytes, build_type) in rows {
        let path = dir.file("build.bin", &bytes);
        let package = Package::open(&path).unwrap();
        assert_eq!(package.build_type(), build_type);
        assert_eq!(package.size(), bytes.len() as u64);
        assert_eq!(package.path(), path);
        assert_eq!(package.source().path(), path);
        assert_eq!(package.file_name(), "build.bin");
        assert_eq!(package.warnings(), [""; 0]);
        assert_eq!(Package::open_as(&path, build_type).unwrap().build_type(), build_type);
    }
}

#[test]
fn what_no_device_installs_opens_with_a_warning() {
    let dir = Dir::new();
    let path = dir.file("app.apk", &zip(&APK[..2]).build());
    let package = Package::open(&path).unwrap();
    let [warning] = package.warnings()[..] else { panic!("{:?}", package.warnings()) };
    assert!(warning.contains("not signed"), "{warning}");
}

#[test]
fn a_type_that_the_content_contradicts_is_refused() {
    let dir = Dir::new();
    let path = dir.file("app.ipa", &zip(&APK).build());
    let result = Package::open_as(&path, BuildType::Ios);
    assert_package_error(result, &["app.ipa", "an APK (android)", "an IPA (ios)", "--type"]);
}

#[test]
fn unchecked_takes_the_type_from_the_argument_or_the_name() {
    let dir = Dir::new();
    let unchecked = |name: &str, build_type| {
        Package::open_unchecked(dir.file(name, b"anything"), build_type)
            .map(|package| package.build_type())
    };
    assert_eq!(unchecked("a.apk", None).unwrap(), BuildType::Android);
    assert_eq!(unchecked("a.IPA", None).unwrap(), BuildType::Ios);
    assert_eq!(unchecked("a.b.Hap", None).unwrap(), BuildType::HarmonyOs);
    assert_eq!(unchecked("a.apk", Some(BuildType::Ios)).unwrap(), BuildType::Ios);
    for name in ["a.zip", "apk", ".apk", "a.apk.bak"] {
        let result = Package::open_unchecked(dir.file(name, b"anything"), None);
        assert_package_error(result, &[name, "--type"]);
    }
}

#[test]
fn a_file_must_be_regular_and_not_empty_even_unchecked() {
    let dir = Dir::new();
    let empty = dir.file("empty.apk", b"");
    let folder = dir.0.path().to_owned();
    for path in [&empty, &folder] {
        assert_package_error(Package::open(path), &[]);
        assert_package_error(Package::open_unchecked(path, Some(BuildType::Android)), &[]);
    }
    let missing = Package::open(folder.join("missing.apk")).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Io);
}

#[test]
fn a_file_that_does_not_exist_gets_advice() {
    let dir = Dir::new();
    let neighbour = dir.file("app-release-unsigned.apk", b"x");
    let missing = dir.0.path().join("app-release.apk");
    for (path, words) in [
        (missing.as_path(), neighbour.to_str().unwrap()),
        ("".as_ref(), "cannot read \"\""),
        ("".as_ref(), "the name is empty"),
        ("~/app.apk".as_ref(), "replaces ~"),
    ] {
        let error = Package::open(path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.report().contains(words), "{}", error.report());
    }
    #[cfg(unix)]
    assert!(Package::open(missing.join("x\0y\nz")).unwrap_err().advice().is_some());
}

#[test]
fn what_is_no_file_is_said_to_be_what_it_is() {
    let dir = Dir::new();
    for (name, words) in [
        ("A.xcarchive", &["Xcode archive", "-exportArchive"][..]),
        ("A.app", &[".app folder", "-exportArchive"]),
        ("folder", &["a folder", "package file"]),
    ] {
        let path = dir.0.path().join(name);
        std::fs::create_dir(&path).unwrap();
        assert_package_error(Package::open(path), words);
    }
    #[cfg(unix)]
    assert_package_error(Package::open("/dev/null"), &["/dev/null", "regular file"]);
}

#[test]
fn more_than_the_storage_takes_is_refused() {
    let dir = Dir::new();
    let path = dir.file("large.apk", b"");
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len((5 << 30) + 1).unwrap();
    assert_package_error(Package::open(&path), &["5 GiB"]);
    file.set_len(5 << 30).unwrap();
    assert!(Package::open_unchecked(&path, Some(BuildType::Android)).is_ok());
}

#[test]
fn an_error_of_reading_is_no_fault_of_the_package() {
    for (healthy, what) in [(0, "the end"), (1, "the directory"), (2, "more of it")] {
        let bytes = large_directory();
        let reads = RefCell::new(0);
        let read = |buffer: &mut [u8], offset: u64| {
            *reads.borrow_mut() += 1;
            if *reads.borrow() > healthy {
                return Err(io::Error::other("the disk is gone"));
            }
            (&bytes[offset as usize..]).read(buffer)
        };
        let result = inspect(&read, bytes.len() as u64, "");
        assert!(matches!(result, Err(Refusal::Io(_))), "while reading {what}: {result:?}");
    }
}

#[test]
fn a_file_that_ends_while_it_is_read_is_truncated() {
    for whole in 1..4 {
        let bytes = large_directory();
        let reads = RefCell::new(0);
        let read = |buffer: &mut [u8], offset: u64| {
            *reads.borrow_mut() += 1;
            if *reads.borrow() > whole { Ok(0) } else { (&bytes[offset as usize..]).read(buffer) }
        };
        let said = refusal_of(inspect(&read, bytes.len() as u64, ""));
        assert!(said.contains("truncated"), "after {whole} reads: {said}");
    }
}

/// An archive whose directory is larger than a block.
fn large_directory() -> Vec<u8> {
    let mut archive = zip(&APK);
    for number in 0..10_000 {
        archive = archive.entry(format!("res/drawable/picture_{number}.png").as_bytes(), b"");
    }
    archive.build()
}

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

#[test]
fn the_packages_to_test_with_are_fine() {
    for (name, build_type) in [
        ("app.apk", BuildType::Android),
        ("app.ipa", BuildType::Ios),
        ("app.hap", BuildType::HarmonyOs),
    ] {
        let package = Package::open(data(name)).unwrap();
        assert_eq!(package.build_type(), build_type);
        assert_eq!(package.warnings(), [""; 0]);
    }
    assert_package_error(Package::open(data("app.hsp")), &["app.hsp", "--hsp"]);
    assert_package_error(Package::open(data("cert.p12")), &["not a ZIP archive"]);
}

#[test]
fn every_beginning_of_a_real_apk_is_truncated() {
    let bytes = std::fs::read(data("app.apk")).unwrap();
    for length in 1..bytes.len() {
        assert_refused(&bytes[..length], &["truncated"]);
    }
}
