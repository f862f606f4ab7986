//! How the directory is found and read: comments, ZIP64, lies, and how much is read.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use super::zip::{Zip, classic_end, end_record, zip};
use super::*;
use crate::package::archive::BLOCK;
use crate::source::Source;

#[test]
fn comments_of_any_length() {
    for length in [1, 22, 1000, 65_535] {
        assert_eq!(type_of(&zip(&APK).comment(&vec![b'x'; length]).build()), BuildType::Android);
    }
}

#[test]
fn a_false_end_record_within_the_comment_is_not_the_end() {
    let falsehoods = [
        classic_end(0, 0, 0, 0),
        classic_end(0, 0, 0, 7),
        classic_end(1, 46, 0, 0),
        classic_end(3, 4000, 2, 0),
        classic_end(u16::MAX, u32::MAX, u32::MAX, 0),
        b"PK\x05\x06".repeat(16_000),
        classic_end(0, 0, 0, 0).repeat(2900),
        [&b"PK\x06\x07"[..], &[0; 16], &classic_end(1, 46, 0, 0)].concat(),
    ];
    for falsehood in falsehoods {
        for after in ["", "seven..", &"x".repeat(500)] {
            let comment = [b"before ", &falsehood[..], after.as_bytes()].concat();
            assert_eq!(type_of(&zip(&APK).comment(&comment).build()), BuildType::Android);
            assert_eq!(type_of(&zip(&IPA).zip64().comment(&comment).build()), BuildType::Ios);
        }
    }
}

#[test]
fn a_false_end_record_that_points_to_the_directory_is_not_the_end() {
    let directory = zip(&APK).build().windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let size = (zip(&APK).build().len() - directory) as u32;
    for falsehood in [
        classic_end(0, size, 0, 0),
        classic_end(60_000, size, 0, 0),
        classic_end(1, size, u32::MAX, 0),
    ] {
        assert_eq!(type_of(&zip(&APK).comment(&falsehood).build()), BuildType::Android);
    }
}

#[test]
fn half_a_zip64_end_is_none() {
    // The last name of the directory lies where the two records would.
    let record = [&b"PK\x06\x06"[..], &[b'x'; 72]].concat();
    let locator = [&[b'x'; 56][..], b"PK\x06\x07", &[b'x'; 16]].concat();
    for name in [record, locator] {
        assert_eq!(type_of(&zip(&APK).entry(&name, b"").build()), BuildType::Android);
    }
}

#[test]
fn an_entry_may_end_right_at_the_directory() {
    assert_eq!(type_of(&zip(&APK).entry(b"", b"").build()), BuildType::Android);
}

#[test]
fn what_only_looks_like_a_zip64_end_is_none() {
    for (signature, size) in [(b"PK\x06\x06", 43u64), (b"PK\x06\x05", 44), (b"PK\x06\x05", 0)] {
        // As the last name of the directory it stands where the records would.
        let archive = |at: usize| {
            let record = [&signature[..], &size.to_le_bytes(), &[0; 44]].concat();
            let locator = [&b"PK\x06\x07\0\0\0\0"[..], &at.to_le_bytes(), &[1, 0, 0, 0]].concat();
            zip(&APK).entry(&[record, locator].concat(), b"").build()
        };
        let at = end_record(&archive(0)) - 76;
        assert_eq!(type_of(&archive(at)), BuildType::Android, "{signature:?} {size}");
    }
}

#[test]
fn zip64_is_read() {
    assert_eq!(type_of(&zip(&APK).zip64().build()), BuildType::Android);
    let mut archive = zip(&IPA).zip64();
    for number in 0..70_000 {
        archive = archive.entry(number.to_string().as_bytes(), b"");
    }
    assert_eq!(type_of(&archive.build()), BuildType::Ios);
}

#[test]
fn a_count_modulo_65536_is_what_old_tools_write() {
    let mut archive = zip(&IPA);
    for number in 0..70_000 {
        archive = archive.entry(number.to_string().as_bytes(), b"");
    }
    let mut bytes = archive.build();
    assert_eq!(type_of(&bytes), BuildType::Ios);
    let count = end_record(&bytes) + 10;
    bytes[count] ^= 1;
    assert_refused(&bytes, &["70003 entries of 4466"]);
}

#[test]
fn bytes_before_an_ipa_or_a_hap_are_no_matter() {
    let prelude = b"#!/bin/sh\nexit\n";
    assert_eq!(type_of(&zip(&IPA).prelude(prelude).build()), BuildType::Ios);
    let signed = zip(&HAP).signing_block(b"............<hap sign block>\x03\0\0\0");
    assert_eq!(type_of(&signed.prelude(&[7; 300_000]).build()), BuildType::HarmonyOs);
}

#[test]
fn bytes_before_an_apk_are_named() {
    let page = "<!DOCTYPE html><title>Sign in</title>".repeat(20);
    let rows: [(&[u8], &str); 15] = [
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
            "38 bytes that are not part of it: the head",
        ),
        (b"Downloading app.apk ... done\n", "a plain text"),
        (b"{\"status\":\"ok\"}", "a JSON text"),
        (b"[INFO] downloading\n", "a plain text"),
        (b"[1/3] fetch\n", "a plain text"),
        (b"WARNING: \x1b[31mred\x1b[0m\n", "a plain text"),
        (page.as_bytes(), "740 bytes that are not part of it: an HTML page"),
        (b"\xef\xbb\xbf", "a byte order mark;"),
        (b"\xff\xfe", "a byte order mark (UTF-16)"),
        (b"dex\n035\0\x01\x02", "Android code (DEX)"),
        (b"#!/bin/sh\n", "a script"),
        (b"\0", "1 byte that is not part of it: zeros"),
        (b"\r\n", "line breaks"),
        (b"\x89PNG\r\n", "a picture"),
        (b"\x01\xfe", "of it: 01 fe;"),
    ];
    for (bytes, words) in rows {
        let signed = zip(&APK).signing_block(b"................APK Sig Block 42");
        for archive in [signed.clone().prelude(bytes), signed.declared_prelude(bytes)] {
            assert_refused(&archive.build(), &["an APK behind", words]);
        }
    }
    let janus = zip(&APK).declared_prelude(b"dex\n035\0").build();
    assert_refused(&janus, &["CVE-2017-13156", "again"]);
    let long = zip(&APK).prelude(&[7; 300_000]).build();
    assert_refused(&long, &["300000 bytes"]);
}

#[test]
fn an_apk_whose_first_entry_is_damaged_is_not_one() {
    let mut bytes = zip(&APK).build();
    bytes[3] = 5;
    assert_refused(&bytes, &["truncated or damaged", "first entry"]);
    let mut bytes = zip(&IPA).build();
    bytes[3] = 5;
    assert_eq!(type_of(&bytes), BuildType::Ios);
}

/// The check of an archive with a hole behind its first entry, which reads as zeros.
fn check_holed(archive: &Zip, length: u64, bytes: &[u8]) -> Checked {
    let start = archive.hole_offset();
    let read = |buffer: &mut [u8], offset: u64| {
        let (head, tail) = bytes.split_at(start);
        let tail_offset = start as u64 + length;
        let mut rest = match offset.checked_sub(tail_offset) {
            Some(offset) => tail.get(offset as usize..).unwrap_or_default(),
            None => head.get(offset as usize..).unwrap_or_default(),
        };
        if rest.is_empty() && offset < tail_offset {
            let count = buffer.len().min((tail_offset - offset) as usize);
            buffer[..count].fill(0);
            return Ok(count);
        }
        rest.read(buffer)
    };
    inspect(&read, bytes.len() as u64 + length, "")
}

#[test]
fn an_ipa_of_over_4_gib_without_zip64_is_whole() {
    // The directory lies beyond 4 GiB in each; the last entry or all but the first too.
    for length in [(1 << 32) - 100, 1 << 32, (1 << 32) + 100_000] {
        let archive = zip(&IPA).entry(b"Payload/Sample.app/Sample", b"").hole(length);
        let (build_type, facts) = check_holed(&archive, length, &archive.build()).unwrap();
        assert_eq!((build_type, codes(&facts)), (BuildType::Ios, vec![]), "{length}");
    }
}

#[test]
fn no_other_package_of_over_4_gib_goes_without_zip64() {
    let length = 1 << 32;
    for names in [&APK[..], &HAP] {
        let archive = zip(names).hole(length);
        let said = refusal_of(check_holed(&archive, length, &archive.build()));
        assert!(said.contains("over 4 GiB needs ZIP64"), "{said}");
        let archive = archive.zip64();
        assert!(check_holed(&archive, length, &archive.build()).is_ok());
    }
}

#[test]
fn an_ipa_of_over_4_gib_that_lost_something_is_truncated() {
    let length = (1 << 32) + 100_000;
    let archive = zip(&IPA).hole(length);
    let bytes = archive.build();
    for lost in [1, 1000, 1 << 31] {
        let said = refusal_of(check_holed(&archive, length - lost, &bytes));
        assert!(said.contains("truncated"), "{lost}: {said}");
    }
    let said = refusal_of(check_holed(&archive, length, &bytes[..bytes.len() - 1]));
    assert!(said.contains("truncated"), "{said}");
}

#[test]
fn an_empty_archive_says_so() {
    assert_refused(&zip(&[]).build(), &["no entries"]);
    assert_refused(&zip(&[]).zip64().build(), &["no entries"]);
}

#[test]
fn bytes_after_the_end_are_counted() {
    let bytes = [&zip(&APK).build()[..], b"\r\n"].concat();
    assert_refused(&bytes, &["2 bytes", "append"]);
}

#[test]
fn every_beginning_of_an_archive_is_truncated() {
    let inner = zip(&HAP).build();
    let archives = [
        zip(&APK).entry(b"assets/inner.zip", &inner).comment(b"a comment").build(),
        zip(&IPA).zip64().build(),
    ];
    for bytes in archives {
        for length in 1..bytes.len() {
            let beginning = &bytes[..length];
            // Cut right behind a whole inner archive, the outer one's beginning reads as data
            // before it.
            if !beginning.ends_with(&inner) {
                assert_refused(beginning, &["truncated", "again"]);
            }
        }
    }
}

#[test]
fn an_archive_that_lost_its_middle_is_truncated() {
    let bytes = zip(&APK).entry(b"assets/a", &[7; 5000]).build();
    let lost = [&bytes[..1000], &bytes[2000..]].concat();
    assert_refused(&lost, &["truncated"]);
}

/// A valid APK with other bytes at an offset in its end record.
fn lying(at: usize, lie: &[u8]) -> Vec<u8> {
    let mut bytes = zip(&APK).build();
    let start = end_record(&bytes) + at;
    bytes[start..start + lie.len()].copy_from_slice(lie);
    bytes
}

#[test]
fn an_end_record_that_lies_is_not_believed() {
    let (entries, size, offset) = (10, 12, 16);
    for lie in [0u16, 1, 4, 6, u16::MAX] {
        let said = refusal_of(check(&lying(entries, &lie.to_le_bytes())));
        assert!(said.contains("truncated"), "{lie} entries: {said}");
    }
    for lie in [0u32, 1, 45, 100, 1 << 20, 0x7fff_ffff, 0xf000_0000, u32::MAX] {
        let said = refusal_of(check(&lying(size, &lie.to_le_bytes())));
        assert!(said.contains("truncated"), "a directory of {lie} bytes: {said}");
    }
    for lie in [1000, 1 << 20, 0x7fff_ffff, u32::MAX] {
        let said = refusal_of(check(&lying(offset, &lie.to_le_bytes())));
        assert!(said.contains("truncated"), "a directory at {lie}: {said}");
    }
}

#[test]
fn a_lie_about_the_directory_is_told_from_one_about_its_entries() {
    let (entries, offset) = (10, 16);
    assert_refused(&lying(offset, &1000u32.to_le_bytes()), &["should end at byte 1313"]);
    let said = "not where the end record says";
    assert_refused(&lying(entries, &u16::MAX.to_le_bytes()), &[said]);
    assert_refused(&lying(offset, &0u32.to_le_bytes()), &[]);
}

#[test]
fn an_archive_cut_off_at_the_end_of_one_within_it_is_truncated() {
    for inner in [zip(&APK).build(), zip(&APK).zip64().build()] {
        let whole = zip(&IPA).entry(b"inner.apk", &inner).entry(b"more", b"").build();
        let ends = whole.windows(inner.len()).position(|bytes| bytes == inner).unwrap();
        assert_refused(&whole[..ends + inner.len()], &["truncated"]);
        assert_eq!(type_of(&whole), BuildType::Ios);
    }
}

#[test]
fn a_zip64_record_may_be_of_any_length() {
    for sector in [1, 56, 100, 70_000, 300_000] {
        let bytes = zip(&APK).sector(&vec![b's'; sector]).comment(b"comment").build();
        assert_eq!(type_of(&bytes), BuildType::Android, "{sector}");
        assert_refused(&bytes[1..], &["truncated"]);
    }
}

#[test]
fn a_zip64_record_that_lies_is_not_believed() {
    let bytes = zip(&APK).zip64().build();
    let record = end_record(&bytes) - 76;
    for at in [4, 24, 40, 48, 56 + 8] {
        for lie in [0, 1, 3, 1 << 33, i64::MAX as u64, u64::MAX] {
            let mut bytes = bytes.clone();
            bytes[record + at..record + at + 8].copy_from_slice(&lie.to_le_bytes());
            assert_refused(&bytes, &["truncated"]);
        }
    }
}

#[test]
fn an_entry_must_lie_before_the_directory() {
    let bytes = zip(&APK).build();
    let directory = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let (compressed_size, uncompressed_size, offset) = (20, 24, 42);
    let with = |at: usize, lie: u32| {
        let mut bytes = bytes.clone();
        bytes[directory + at..directory + at + 4].copy_from_slice(&lie.to_le_bytes());
        bytes
    };
    for lie in [directory as u32, bytes.len() as u32, 0x7fff_ffff, u32::MAX] {
        assert_refused(&with(offset, lie), &["truncated"]);
        assert_refused(&with(compressed_size, lie), &["truncated"]);
        assert_eq!(type_of(&with(uncompressed_size, lie)), BuildType::Android);
    }
}

#[test]
fn the_longest_entries_are_read() {
    let mut archive = zip(&APK);
    for which in b'a'..b'i' {
        archive = archive.entry(&[which; 65_535], b"");
    }
    assert_eq!(type_of(&archive.build()), BuildType::Android);
}

/// Each read of a check: its offset, how much was asked for, how much came.
/// The blocks that are read for the check. What an entry or a signing block is read for is less
/// than that, and little of it.
fn blocks_of(reads: &[(u64, usize)]) -> Vec<(u64, usize)> {
    let (blocks, small): (Vec<_>, Vec<_>) = reads.iter().partition(|(_, length)| *length > 512);
    assert!(small.len() < 10, "{small:?}");
    blocks
}

fn reads_of(size: u64, read_at: impl Fn(&mut [u8], u64) -> io::Result<usize>) -> Vec<(u64, usize)> {
    let reads = RefCell::new(Vec::new());
    let read = |buffer: &mut [u8], offset: u64| {
        reads.borrow_mut().push((offset, buffer.len()));
        read_at(buffer, offset)
    };
    let (build_type, _) = inspect(&read, size, "").unwrap();
    assert_eq!(build_type, BuildType::Android);
    reads.into_inner()
}

fn reads_of_bytes(bytes: &[u8]) -> Vec<(u64, usize)> {
    reads_of(bytes.len() as u64, |buffer, offset| (&bytes[offset as usize..]).read(buffer))
}

#[test]
fn a_small_package_takes_one_block() {
    let bytes = zip(&APK).build();
    assert_eq!(blocks_of(&reads_of_bytes(&bytes)), [(0, bytes.len())]);
}

#[test]
fn a_large_directory_is_read_in_large_blocks() {
    for archive in [zip(&APK), zip(&APK).zip64()] {
        let mut archive = archive.entry(b"assets/a", &vec![7; 2_000_000]).comment(&[b'x'; 60_000]);
        for number in 0..20_000 {
            archive = archive.entry(format!("res/drawable/picture_{number}.png").as_bytes(), b"");
        }
        let bytes = archive.build();
        let directory = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap() as u64;
        let reads = blocks_of(&reads_of_bytes(&bytes));
        assert_eq!(reads[0], ((bytes.len() - BLOCK) as u64, BLOCK));
        // Once for the names, and once for the entries. Between the two comes the start of the
        // file, which an APK must have an entry at.
        let mut passes = reads[1..].split(|read| *read == (0, BLOCK));
        let (names, entries) = (passes.next().unwrap(), passes.next().unwrap());
        assert_eq!(passes.next(), None);
        let whole = (bytes.len() as u64 - directory).div_ceil(BLOCK as u64);
        for pass in [names, entries] {
            assert_eq!(pass[0], (directory, BLOCK));
            assert!(pass.iter().all(|(offset, length)| *offset >= directory && *length == BLOCK));
            assert!(pass.len() as u64 <= whole + 1, "{} reads of {whole} blocks", pass.len());
        }
    }
}

/// An APK in a file of this size, with a hole behind its first entry that takes no disk space.
fn sparse_apk(dir: &Dir, size: u64) -> PathBuf {
    let hole = size - zip(&APK).build().len() as u64;
    let archive = zip(&APK).hole(hole);
    let bytes = archive.build();
    let (head, tail) = bytes.split_at(archive.hole_offset());
    let path = dir.file("large.apk", head);
    let mut file = OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(head.len() as u64 + hole)).unwrap();
    file.write_all(tail).unwrap();
    path
}

#[test]
fn a_package_of_a_gigabyte_takes_two_blocks() {
    let dir = Dir::new();
    let large = 1u64 << 30;
    let path = sparse_apk(&dir, large);
    let source = Source::open(&path).unwrap();
    let reads = reads_of(large, |buffer, offset| source.read_at(buffer, offset));
    assert_eq!(blocks_of(&reads), [(large - BLOCK as u64, BLOCK), (0, BLOCK)]);
    assert_eq!(Package::open(&path).unwrap().size(), large);
}

#[test]
fn two_hundred_thousand_entries_are_no_burden() {
    let mut archive = zip(&APK).zip64();
    for number in 0..200_000 {
        archive = archive.entry(format!("assets/{number}").as_bytes(), b"");
    }
    let bytes = archive.build();
    let started = Instant::now();
    assert_eq!(type_of(&bytes), BuildType::Android);
    assert!(started.elapsed() < Duration::from_secs(5));
}
