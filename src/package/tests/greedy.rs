//! Packages that ask for as much memory and time as they can. A process each, which Linux tells how
//! much it had.
#![allow(clippy::print_stdout)]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use super::hostile::{MANIFEST, package, parts};
use crate::package::read::cms::tests::signed;
use crate::package::read::plist_binary::tests as plist;
use crate::package::testing::NOW;
use crate::package::testing::axml::axml;
use crate::package::testing::zip::{File, deflated, stored, zip};

const LIST_START: &str =
    "<plist><dict><key>CFBundleIdentifier</key><string>a</string><key>b</key><array>";
const LIST_END: &str = "</array></dict></plist>";
const MEGABYTE: usize = 1 << 20;

/// A text of nearly a megabyte, with as many of these in its middle as there is room for.
fn filled(start: &str, middle: &str, end: &str) -> Vec<u8> {
    let count = (MEGABYTE - start.len() - end.len()) / middle.len();
    format!("{start}{}{end}", middle.repeat(count)).into_bytes()
}

fn list_of(count: usize, middle: &str) -> Vec<u8> {
    format!("{LIST_START}{}{LIST_END}", middle.repeat(count)).into_bytes()
}

type Named = (&'static str, Vec<u8>);

fn greedy_manifests() -> Vec<Named> {
    let activity =
        "<activity><intent-filter><action android:name=\"b\"/></intent-filter></activity>";
    let manifest = |part: &str, count: usize| {
        let xml = format!("<manifest><application>{}</application></manifest>", part.repeat(count));
        package(0, &axml(&xml))
    };
    let long = "x".repeat(MEGABYTE - 100_000);
    let names = format!("<manifest package=\"{long}\" android:versionName=\"{long}\"/>");
    vec![
        ("many activities", manifest(activity, 6_500)),
        ("many libraries", manifest("<uses-library android:name=\"a\"/>", 25_000)),
        ("a long name", package(0, &axml(&names))),
    ]
}

fn greedy_lists() -> Vec<Named> {
    let long = "x".repeat(MEGABYTE - 100_000);
    let text = format!("<plist><dict><key>a</key><string>{long}</string></dict></plist>");
    let binary = |last: &[Vec<u8>]| {
        let objects = [&[plist::dictionary(&[1, 2]), plist::ascii("a")], last].concat();
        package(3, &plist::list(&objects))
    };
    let texts = [plist::array(&[3; 17]), plist::ascii(&"x".repeat(60_000))];
    let devices = list_of(19_000, "<string>00008030-001A1D2E3C4F5A6B</string>");
    vec![
        (
            "many values",
            package(2, &list_of(19_000, "<string>abcdefghijklmnopqrstuvwxyz</string>")),
        ),
        ("too many values", package(2, &filled(LIST_START, "<true/>", LIST_END))),
        ("many keys", package(2, &list_of(7_000, "<dict><key>a</key><string>b</string></dict>"))),
        ("deep values", package(2, &filled(LIST_START, "<array>", LIST_END))),
        ("a long text", package(2, text.as_bytes())),
        ("one text for many", binary(&[plist::array(&vec![1; 19_000])])),
        ("one long text for many", binary(&texts)),
        ("many devices", package(4, &signed(&devices))),
        ("deep message", package(4, &[0x30, 0x80].repeat(MEGABYTE / 2))),
    ]
}

fn greedy_modules() -> Vec<Named> {
    let module = |middle: &str| {
        package(6, &filled("{\"app\":{},\"module\":{\"dependencies\":[", middle, "0]}}"))
    };
    let dependency = "{\"moduleName\":\"abcdefghijklmnop\",\"bundleName\":\"c\",\"a\":1234567890},";
    let end = "\"b\":0},\"module\":{}}";
    vec![
        ("many elements", module("0,")),
        ("deep arrays", module("[")),
        ("many dependencies", module(dependency)),
        ("many members", package(6, &filled("{\"app\":{", "\"a\":0,", end))),
        ("long members", package(6, &filled("{\"app\":{\"a\":\"", "x", "\"},\"module\":{}}"))),
    ]
}

fn greedy_archives() -> Vec<Named> {
    let names = (0..200_000).map(|number| stored(&format!("res/drawable/{number}.png"), ""));
    let libraries = (0..3000)
        .map(|number| deflated(&format!("lib/arm64-v8a/lib{number}{}.so", "x".repeat(250)), ""));
    let with = |files: Vec<File>| {
        let manifest = deflated("AndroidManifest.xml", axml(MANIFEST));
        zip(&[vec![manifest], files].concat(), b"")
    };
    vec![
        ("many entries", with(names.collect())),
        ("many native libraries", with(libraries.collect())),
    ]
}

/// The most memory that this process has had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// What the test below measures, in a process of its own.
#[test]
#[ignore = "the test below runs it in a process of its own"]
fn child() {
    let look = |path: &str| {
        let file =
            std::fs::File::open(Path::new(&std::env::var("LOOK_IN").unwrap()).join(path)).unwrap();
        let read = |buffer: &mut [u8], offset: u64| {
            std::os::unix::fs::FileExt::read_at(&file, buffer, offset)
        };
        crate::package::testing::look(&read, file.metadata().unwrap().len(), NOW, &[]).unwrap()
    };
    look("small");
    let before = peak();
    let started = Instant::now();
    look("greedy");
    println!("took {} {}", peak() - before, started.elapsed().as_millis());
}

#[test]
fn memory_and_time_are_bounded() {
    let folder = std::env::temp_dir().join(format!("pgyer-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let all = [greedy_manifests(), greedy_lists(), greedy_modules(), greedy_archives()].concat();
    for (name, bytes) in all {
        std::fs::write(folder.join("small"), package(0, &parts()[0])).unwrap();
        std::fs::write(folder.join("greedy"), bytes).unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "package::tests::greedy::child", "--ignored", "--nocapture"])
            .env("LOOK_IN", &folder)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text
            .lines()
            .find_map(|line| line.split_once("took "))
            .unwrap_or_else(|| panic!("{name}: {text}"));
        let numbers: Vec<u64> =
            line.1.split_whitespace().map(|number| number.parse().unwrap()).collect();
        println!("{name}: {} KiB, {} ms", numbers[0], numbers[1]);
        assert!(numbers[0] < 12 * 1000, "{name}: {} KiB", numbers[0]);
        assert!(numbers[1] < 5000, "{name}: {} ms", numbers[1]);
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
