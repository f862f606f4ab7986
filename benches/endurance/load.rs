//! Many uploads at once, long ones, large ones.

use std::fs::File;
use std::process::Stdio;

use pgyer::sandbox::{Endpoint, Sandbox};
use tempfile::TempDir;

use crate::program::{PGYER, apk, command, end, run, start, upload};

const PROCESSES: usize = 64;
const FILES: usize = 60;
const ROUNDS: u32 = 10_000;
/// The largest file that the storage accepts.
const LARGE: u64 = 5 << 30;
/// The most memory, in KiB.
const MAX_PEAK: u64 = 6 * 1024;

pub(crate) fn many_processes() -> String {
    let sandbox = Sandbox::start().unwrap();
    let children: Vec<_> =
        (0..PROCESSES).map(|_| start(upload(&sandbox).arg(apk()).stdout(Stdio::piped()))).collect();
    let ran: Vec<_> = children.into_iter().map(|child| end(child).expect(0)).collect();
    assert!(ran.iter().all(|ran| ran.stdout.contains("\"install_url\":\"https://")));
    assert_eq!(sandbox.seen().builds.len(), PROCESSES);
    format!("{PROCESSES} published")
}

pub(crate) fn many_files() -> String {
    let sandbox = Sandbox::start().unwrap();
    let folder = TempDir::new().unwrap();
    let names: Vec<String> = (0..FILES).map(|number| format!("{number}.apk")).collect();
    for name in &names {
        std::fs::copy(apk(), folder.path().join(name)).unwrap();
    }
    let ran = run(upload(&sandbox).arg("--jobs=8").args(&names).current_dir(folder.path()));
    let ran = ran.expect(0);
    let files: Vec<String> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| line["file"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(files, names);
    assert_eq!(sandbox.seen().builds.len(), FILES);
    format!("{FILES} published, printed in order, peak {} KiB", ran.peak)
}

pub(crate) fn long_poll() -> String {
    let sandbox = Sandbox::builder().polls(ROUNDS).start().unwrap();
    let ran = run(upload(&sandbox).arg("--poll-interval=1ms").arg(apk())).expect(0);
    let seen = sandbox.seen();
    let polls = seen.requests_to(Endpoint::Poll).count();
    let connections = seen.requests.iter().map(|request| request.connection).max().unwrap();
    assert!(polls > ROUNDS as usize);
    assert!(ran.peak < MAX_PEAK, "{} KiB", ran.peak);
    format!("{polls} questions, {connections} connections, peak {} KiB", ran.peak)
}

/// A sparse file: reading it is real work, but not for the disk.
pub(crate) fn large_file() -> String {
    let sandbox = Sandbox::builder().polls(0).start().unwrap();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("large.apk");
    std::fs::copy(apk(), &file).unwrap();
    File::options().write(true).open(&file).unwrap().set_len(LARGE).unwrap();
    let mut command = command(&sandbox, PGYER);
    command.args(["upload", "--no-check", "--format=json"]).arg(&file);
    let ran = run(&mut command).expect(0);
    assert!(ran.stdout.contains(&format!("\"size\":{LARGE}")), "{}", ran.stdout);
    assert!(ran.peak < MAX_PEAK, "{} KiB", ran.peak);
    format!("published, peak {} KiB", ran.peak)
}
