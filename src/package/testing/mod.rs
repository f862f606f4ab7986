//! Makes packages from bytes, right ones and wrong ones.

pub(crate) mod axml;
pub(crate) mod zip;

use std::io::{self, Read};

use crate::finding::Finding;
use crate::package::archive::{Archive, Blocks};
use crate::package::facts::Facts;
use crate::package::read::harmony::Hsp;
use crate::package::{Identity, Look, ReadAt};

/// The time that packages are looked at: 2026-11-29T10:00:00Z.
pub(crate) const NOW: i64 = 1_795_946_400;

/// Looks into a package, whatever the check says of it.
pub(crate) fn look(read: &ReadAt<'_>, size: u64, now: i64, hsps: &[Vec<u8>]) -> Option<Look> {
    let blocks = Blocks::new(read, size).ok()?;
    let mut archive = Archive::locate(&blocks).ok()?;
    let (mut is_apk, mut is_ipa) = (false, false);
    archive.each_entry(&mut |name, _| {
        is_apk |= name == b"AndroidManifest.xml";
        is_ipa |= name.starts_with(b"Payload/") && name.ends_with(b".app/Info.plist");
    })?;
    let facts = match (is_apk, is_ipa) {
        (true, _) => Facts::of_apk(&mut archive),
        (_, true) => Facts::of_ipa(&mut archive),
        _ => Facts::of_hap(&mut archive),
    };
    let hsps: Vec<_> = hsps.iter().map(|bytes| hsp(bytes)).collect();
    let (identity, findings) = (facts.identity(), facts.findings(now, &hsps));
    Some(Look { facts, identity, findings })
}

/// Looks at a package in memory.
pub(crate) fn look_at(bytes: &[u8], now: i64, hsps: &[Vec<u8>]) -> Option<Look> {
    look(&in_memory(bytes), bytes.len() as u64, now, hsps)
}

fn hsp(bytes: &[u8]) -> Option<Hsp> {
    let read = in_memory(bytes);
    let blocks = Blocks::new(&read, bytes.len() as u64).ok()?;
    Hsp::read(&mut Archive::locate(&blocks).ok()?)
}

pub(crate) fn in_memory(bytes: &[u8]) -> impl Fn(&mut [u8], u64) -> io::Result<usize> + '_ {
    |buffer, offset| {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        bytes.get(start..).unwrap_or_default().read(buffer)
    }
}

/// The findings in a package.
#[track_caller]
pub(crate) fn findings(bytes: &[u8]) -> Vec<Finding> {
    look_at(bytes, NOW, &[]).unwrap().findings
}

/// The codes of the findings.
#[track_caller]
pub(crate) fn codes(bytes: &[u8]) -> Vec<&'static str> {
    findings(bytes).iter().map(|finding| finding.code).collect()
}

#[track_caller]
pub(crate) fn identity(bytes: &[u8]) -> Identity {
    look_at(bytes, NOW, &[]).unwrap().identity
}

/// That there is this one finding, and that its message has these words.
#[track_caller]
pub(crate) fn assert_found(bytes: &[u8], code: &str, words: &[&str]) {
    let found = findings(bytes);
    let [finding] = &found[..] else { panic!("not one finding: {found:#?}") };
    assert_eq!(finding.code, code, "{}", finding.message);
    for word in words {
        assert!(finding.message.contains(word), "no '{word}' in: {}", finding.message);
    }
}

#[track_caller]
pub(crate) fn assert_quiet(bytes: &[u8]) {
    assert_eq!(codes(bytes), [""; 0]);
}
