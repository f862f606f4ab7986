//! Says what a file that is not a ZIP archive is, from its first bytes.

use super::{AGAIN, Refusal};
use crate::html::is_html;

/// How many bytes at the beginning of the file are looked at.
pub(super) const HEAD: usize = 512;

const PACKAGE: &str = "upload an APK, an IPA or a HAP";
const DOWNLOAD: &str =
    "see what it says, and download the package again: the address may be wrong or want a login";

/// Magic numbers: their offset, and what they mean.
const MAGICS: [(usize, &[u8], &str); 16] = [
    (0, b"\x1f\x8b", "a gzip archive (.tar.gz, or a HarmonyOS .har)"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ\0", "an xz archive"),
    (0, b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"xar!", "an xar archive (an installer for macOS)"),
    (0, b"dex\n", "Android code (.dex) without an APK around it"),
    (0, b"\x7fELF", "a program or library for Linux or Android (ELF)"),
    (0, b"\xcf\xfa\xed\xfe", "a program for iOS or macOS (Mach-O) without an IPA around it"),
    (0, b"\xca\xfe\xba\xbe", "a program for macOS (Mach-O) or Java code"),
    (0, b"MZ", "a program for Windows"),
    (0, b"bplist", "a property list"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\x89PNG", "a picture"),
];

/// Refuses a file without an end record, saying what it is.
pub(super) fn refusal(head: &[u8]) -> Refusal {
    if head.starts_with(b"PK") || b"PK".starts_with(head) {
        return Refusal::truncated("its end, with the directory of its entries, is missing");
    }
    if head.starts_with(b"version https://git-lfs.github.com/spec/") {
        return Refusal::new(
            "this is a Git LFS pointer, which stands for the file and is not the file itself",
            "run: git lfs pull",
        );
    }
    if head.iter().all(|byte| *byte == 0) {
        return Refusal::new("the file begins with zeros alone: it was never written", AGAIN);
    }
    if let Some(meaning) = magic(head) {
        return Refusal::new(format!("this is {meaning}, not a ZIP archive"), PACKAGE);
    }
    match kind_of_text(head) {
        Some(kind) => Refusal::new(
            format!("this is {kind}, not a package: perhaps an error message saved as one"),
            DOWNLOAD,
        ),
        None => Refusal::new("this is not a ZIP archive", PACKAGE),
    }
}

pub(super) fn magic(head: &[u8]) -> Option<&'static str> {
    let is_here = |at: usize, magic| head.get(at..).is_some_and(|head| head.starts_with(magic));
    MAGICS.iter().find(|(at, magic, _)| is_here(*at, magic)).map(|(_, _, meaning)| *meaning)
}

pub(super) fn kind_of_text(head: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let text = text
        .trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
        // A character that was cut in two at the end of `head`.
        .trim_end_matches('\u{fffd}');
    // Log lines may be coloured.
    let is_text =
        |c: char| c.is_whitespace() || c == '\u{1b}' || (!c.is_control() && c != '\u{fffd}');
    match text.chars().next()? {
        '<' if is_html(None, head) => Some("an HTML page"),
        '<' if text.starts_with("<?xml") || text.starts_with("<error") => Some("an XML text"),
        '{' | '[' if starts_like_json(text) && text.chars().all(is_text) => Some("a JSON text"),
        _ if text.chars().all(is_text) => Some("a plain text"),
        _ => None,
    }
}

/// Whether a text that begins with a bracket is more likely JSON than a line of a log.
fn starts_like_json(text: &str) -> bool {
    let next = text.chars().skip(1).find(|c| !c.is_whitespace());
    next.is_none_or(|c| matches!(c, '"' | '{' | '[' | '}' | ']'))
}
