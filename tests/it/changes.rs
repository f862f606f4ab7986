//! A file that changes while it is being uploaded is never stored, not even in part.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use pgyer::sandbox::{Endpoint, Sandbox};
use tempfile::TempDir;

use crate::support::{LIMIT, Ran, big_file, builder, program_for, run};

/// Uploads a large file to a server that is slow, and does this to it on the way.
fn upload_while(legacy: bool, change: impl Fn(&Path)) -> (Ran, Sandbox) {
    let folder = TempDir::new().unwrap();
    let file = big_file(folder.path());
    let faults = ["storage:*:slow-read=8000000", "legacy:*:slow-read=8000000"];
    let sandbox = builder(faults).polls(0).start().unwrap();
    let (place, option) =
        if legacy { (Endpoint::Legacy, "--legacy") } else { (Endpoint::Storage, "--json") };
    let mut command = program_for(&sandbox);
    command.args(["upload", "--no-check", "--retry-delay=1ms", option]);
    let ran = std::thread::scope(|scope| {
        let run = scope.spawn(|| run(&mut command, [&file]));
        assert!(sandbox.wait_for(|seen| seen.count(place) == 1, LIMIT));
        change(&file);
        run.join().unwrap()
    });
    (ran, sandbox)
}

fn open(file: &Path) -> File {
    OpenOptions::new().read(true).write(true).open(file).unwrap()
}

type Change = (fn(&Path), &'static str);

const CHANGES: &[Change] = &[
    (|file| open(file).set_len(9_000_000).unwrap(), "shrank"),
    (|file| open(file).set_len(0).unwrap(), "shrank"),
    (|file| open(file).set_len(100_000_000).unwrap(), "grew"),
    (|file| open(file).write_all(&[7; 4096]).unwrap(), "was overwritten"),
    (
        |file| {
            let other = file.with_extension("new");
            fs::copy(file, &other).unwrap();
            fs::rename(other, file).unwrap();
        },
        "was replaced",
    ),
];

fn changes_are_errors(legacy: bool) {
    std::thread::scope(|scope| {
        for (change, word) in CHANGES {
            scope.spawn(move || {
                let (ran, sandbox) = upload_while(legacy, change);
                let ran = ran.expect(1);
                assert!(ran.stderr.contains(word), "{word}: {ran:#?}");
                assert!(!ran.stderr.contains("trying again"), "{ran:#?}");
                let seen = sandbox.seen();
                assert!(seen.objects.is_empty() && seen.builds.is_empty(), "{word}: {seen:?}");
            });
        }
    });
}

#[test]
fn a_file_that_changes_is_not_stored() {
    changes_are_errors(false);
}

#[test]
fn a_file_that_changes_is_not_published_by_the_legacy_upload() {
    changes_are_errors(true);
}

#[cfg(unix)]
#[test]
fn a_file_that_gets_other_rights_is_the_same() {
    use std::os::unix::fs::PermissionsExt;
    let (ran, sandbox) = upload_while(false, |file| {
        fs::set_permissions(file, fs::Permissions::from_mode(0o400)).unwrap();
    });
    ran.expect(0);
    assert_eq!(sandbox.seen().objects.len(), 1);
}

#[test]
fn a_file_that_is_only_deleted_is_still_whole() {
    let (ran, sandbox) = upload_while(false, |file| fs::remove_file(file).unwrap());
    ran.expect(0);
    assert_eq!(sandbox.seen().objects.len(), 1);
}
