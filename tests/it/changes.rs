//! A file that changes while it is being uploaded is never stored, not even in part.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use pgyer::sandbox::{Endpoint, Sandbox};
use tempfile::TempDir;

use crate::support::{LIMIT, Ran, big_file, builder, program_for, run};

/// An offset that has not been read yet when the change is made: the sandbox reads slowly, and the
/// kernel's buffers hold less than this.
const UNREAD: u64 = 11_000_000;

/// Uploads a large file to a slow server, and changes the file halfway.
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

fn write_at(file: &Path, place: u64) {
    let mut file = open(file);
    file.seek(SeekFrom::Start(place)).unwrap();
    file.write_all(&[7; 4096]).unwrap();
}

/// Writes to the file and puts its modification time back.
fn write_unseen(file: &Path, place: u64) {
    let modified = fs::metadata(file).unwrap().modified().unwrap();
    write_at(file, place);
    open(file).set_modified(modified).unwrap();
}

#[cfg(unix)]
fn chmod(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

fn link(file: &Path) {
    fs::hard_link(file, file.with_extension("link")).unwrap();
}

fn rename(file: &Path) {
    fs::rename(file, file.with_extension("renamed")).unwrap();
}

fn delete(file: &Path) {
    fs::remove_file(file).unwrap();
}

fn replace_by_a_copy(file: &Path) {
    let other = file.with_extension("new");
    fs::copy(file, &other).unwrap();
    fs::rename(other, file).unwrap();
}

fn exchange_and_back(file: &Path) {
    let (away, other) = (file.with_extension("away"), file.with_extension("new"));
    fs::write(&other, "another file").unwrap();
    fs::rename(file, &away).unwrap();
    fs::rename(&other, file).unwrap();
    fs::rename(away, file).unwrap();
}

type Change = fn(&Path);

/// A change to the file, and the words of the error.
const CHANGES: &[(&str, Change, &str)] = &[
    ("cut", |file| open(file).set_len(9_000_000).unwrap(), "shrank"),
    ("emptied", |file| open(file).set_len(0).unwrap(), "shrank"),
    ("extended", |file| open(file).set_len(100_000_000).unwrap(), "grew"),
    ("appended to", |file| write_at(file, fs::metadata(file).unwrap().len()), "grew"),
    ("overwritten where it was read", |file| write_at(file, 0), "was overwritten"),
    ("overwritten where it was not", |file| write_at(file, UNREAD), "was overwritten"),
    ("replaced by its copy", replace_by_a_copy, "was replaced"),
];

/// Overwrites that hide behind something harmless.
const HIDDEN_CHANGES: &[(&str, Change, &str)] = &[
    ("read half", |file| write_unseen(file, 0), "was overwritten"),
    ("unread half", |file| write_unseen(file, UNREAD), "was overwritten"),
    #[cfg(unix)]
    ("read half, chmod", |file| (write_unseen(file, 0), chmod(file)).1, "was overwritten"),
    #[cfg(unix)]
    ("unread half, chmod", |file| (write_unseen(file, UNREAD), chmod(file)).1, "was overwritten"),
    #[cfg(unix)]
    ("chmod, unread half", |file| (chmod(file), write_unseen(file, UNREAD)).1, "was overwritten"),
    ("read half, link", |file| (write_unseen(file, 0), link(file)).1, "was overwritten"),
    ("unread half, link", |file| (write_unseen(file, UNREAD), link(file)).1, "was overwritten"),
    ("unread half, rename", |file| (write_unseen(file, UNREAD), rename(file)).1, "was overwritten"),
    ("unread half, delete", |file| (write_unseen(file, UNREAD), delete(file)).1, "was overwritten"),
    (
        "unread half, there and back",
        |file| (write_unseen(file, UNREAD), exchange_and_back(file)).1,
        "was overwritten",
    ),
];

/// Changes that leave the content alone.
const HARMLESS: &[(&str, Change)] = &[
    #[cfg(unix)]
    ("chmod", chmod),
    ("link", link),
    ("rename", rename),
    ("delete", delete),
    ("there and back", exchange_and_back),
];

fn are_errors(changes: &[(&str, Change, &str)], legacy: bool) {
    std::thread::scope(|scope| {
        for (name, change, word) in changes {
            scope.spawn(move || {
                let (ran, sandbox) = upload_while(legacy, change);
                assert_eq!(ran.code, Some(1), "{name}: {ran:#?}");
                assert!(ran.stderr.contains(word), "{name}: {ran:#?}");
                assert!(!ran.stderr.contains("trying again"), "{name}: {ran:#?}");
                let seen = sandbox.seen();
                assert!(seen.objects.is_empty() && seen.builds.is_empty(), "{name}: {seen:?}");
            });
        }
    });
}

#[test]
fn a_file_that_changes_is_not_stored() {
    are_errors(CHANGES, false);
}

#[test]
fn a_file_that_changes_is_not_published_by_the_legacy_upload() {
    are_errors(CHANGES, true);
}

#[test]
fn a_file_that_changes_unseen_is_not_stored() {
    are_errors(HIDDEN_CHANGES, false);
}

#[test]
fn a_file_that_changes_unseen_is_not_published_by_the_legacy_upload() {
    are_errors(HIDDEN_CHANGES, true);
}

#[test]
fn a_file_that_is_only_touched_is_still_whole() {
    std::thread::scope(|scope| {
        for (name, change) in HARMLESS {
            scope.spawn(move || {
                let (ran, sandbox) = upload_while(false, change);
                assert_eq!(ran.code, Some(0), "{name}: {ran:#?}");
                assert_eq!(sandbox.seen().objects.len(), 1, "{name}");
            });
        }
    });
}
