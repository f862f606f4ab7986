//! The fault matrix: what goes wrong, where, and the outcome. The tables describe what the program
//! does when things go wrong.

mod api;
mod legacy;
mod put;
mod storage;
mod tls;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use pgyer::sandbox::{Endpoint, Sandbox, Seen};
use tempfile::TempDir;

use crate::support::relay::{Authority, Relay};
use crate::support::{Ran, big_file, data, program_for, run};

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Job {
    /// A small APK, the fast flow.
    Upload,
    /// A package too large for the buffers on the way to hide.
    Big,
    /// One whose form is 48 KiB and this many bytes.
    Edge(i64),
    /// A HAP with an HSP and a certificate.
    Hap,
    /// A small APK by the one-request endpoint.
    Legacy,
    /// The one-request endpoint with a large package.
    BigLegacy,
    /// Step two alone, with a token obtained before.
    Put,
}

/// One line of the matrix.
pub(crate) struct Row {
    pub(crate) job: Job,
    /// Faults as `--fault` takes them, with `; ` between.
    pub(crate) faults: &'static str,
    /// The exit code.
    pub(crate) code: i32,
    /// The requests in order: (t)oken, (s)torage, (p)oll, (h)sp, (c)ert, (l)egacy.
    pub(crate) requests: &'static str,
    /// What standard error has to say.
    pub(crate) says: &'static str,
}

/// Exit codes.
pub(crate) const DONE: i32 = 0;
pub(crate) const AUTH: i32 = 4;
pub(crate) const API: i32 = 5;
pub(crate) const NETWORK: i32 = 6;
pub(crate) const STORAGE: i32 = 7;
pub(crate) const PUBLISH: i32 = 8;
pub(crate) const PENDING: i32 = 9;

pub(crate) const fn row(
    job: Job,
    faults: &'static str,
    code: i32,
    requests: &'static str,
    says: &'static str,
) -> Row {
    Row { job, faults, code, requests, says }
}

/// The options that a row runs with: two retries, at once.
const TIMES: &[&str] = &["--json", "--retries=2", "--retry-delay=1ms", "--connect-timeout=2s"];

/// Short only if time has to run out: a busy machine needs more for the others.
fn polling(row: &Row) -> [&'static str; 2] {
    let wait = if row.code == PENDING { "--wait-timeout=400ms" } else { "--wait-timeout=20s" };
    ["--poll-interval=1ms", wait]
}

/// How the sandbox is reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Way {
    Plain,
    Tls,
}

/// Runs every row, some at a time, and names each with another outcome.
pub(crate) fn hold(rows: &[Row]) {
    hold_over(Way::Plain, rows);
}

pub(crate) fn hold_over(way: Way, rows: &[Row]) {
    let folder = TempDir::new().unwrap();
    let big = big_file(folder.path());
    Authority::usual().file(folder.path());
    if rows.iter().any(|row| matches!(row.job, Job::Edge(_))) {
        write_edge_files(folder.path());
    }
    let next = AtomicUsize::new(0);
    let workers: Vec<Vec<String>> = thread::scope(|scope| {
        let work = || {
            let mut wrong = Vec::new();
            while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                wrong.extend(broken(way, row, folder.path(), &big));
            }
            wrong
        };
        let workers: Vec<_> = (0..6).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let wrong = workers.concat();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

fn broken(way: Way, row: &Row, folder: &Path, big: &Path) -> Option<String> {
    let faults = row.faults.split("; ").filter(|fault| !fault.is_empty());
    let mut builder = crate::support::builder(faults).polls(1);
    let relay = (way == Way::Tls).then(Relay::usual);
    if let Some(relay) = &relay {
        builder = builder.public_url(relay.url());
    }
    let sandbox = builder.start().unwrap();
    let (mut command, file) = command(row, &sandbox, folder, big);
    if let Some(relay) = &relay {
        relay.lead_to(sandbox.addr());
        command.arg(relay.pin()).arg("--ca-file").arg(folder.join("ca.pem"));
    }
    // Only the clock can tell a stall from slowness, and only large packages are slow.
    if row.faults.contains("stall") {
        let large = matches!(row.job, Job::Big | Job::BigLegacy);
        command.arg(if large { "--stall-timeout=2s" } else { "--stall-timeout=300ms" });
    }
    let ran = run(&mut command, TIMES);
    let seen = sandbox.seen();
    let wrong = complaints(row, &ran, &seen, &file, sandbox.api_key());
    let heading = format!("{:?} {}", row.job, row.faults);
    (!wrong.is_empty()).then(|| format!("{heading}\n  {}\n  {}", wrong.join("\n  "), ran.stderr))
}

fn command(row: &Row, sandbox: &Sandbox, folder: &Path, big: &Path) -> (Command, PathBuf) {
    let job = row.job;
    let mut command = program_for(sandbox);
    let file = match job {
        Job::Big | Job::BigLegacy => big.to_owned(),
        Job::Edge(more) => edge_file(folder, more),
        Job::Hap => data("app.hap"),
        _ => data("app.apk"),
    };
    match job {
        Job::Put => {
            let token = folder.join(format!("{}.json", sandbox.addr().port()));
            let got = run(&mut program_for(sandbox), ["token", "--type=android"]).expect(0);
            std::fs::write(&token, got.stdout).unwrap();
            command.arg("put").arg("--token").arg(token);
        }
        _ => {
            command.arg("upload");
        }
    }
    match job {
        Job::Big | Job::Edge(_) => command.arg("--no-check").args(polling(row)),
        Job::Hap => {
            command.arg("--hsp").arg(data("app.hsp")).arg("--p12").arg(data("cert.p12"));
            command.env("PGYER_P12_PASSWORD", "hunter2hunter2").args(polling(row))
        }
        Job::Legacy => command.arg("--legacy"),
        Job::BigLegacy => command.args(["--legacy", "--no-check"]),
        Job::Put => &mut command,
        Job::Upload => command.args(polling(row)),
    };
    command.arg(&file);
    (command, file)
}

/// A package whose form is 48 KiB and this many bytes.
fn edge_file(folder: &Path, more: i64) -> PathBuf {
    folder.join(format!("form{}.apk", more + 1))
}

fn write_edge_files(folder: &Path) {
    let write = |path: &Path, size: u64| {
        std::fs::write(path, vec![7; usize::try_from(size).unwrap()]).unwrap();
    };
    // Its name is as long as theirs, and part of the form.
    let smallest = folder.join("form-.apk");
    write(&smallest, 1);
    let sandbox = crate::support::strict();
    let mut command = program_for(&sandbox);
    run(command.args(["upload", "--no-check", "--no-wait"]), [&smallest]).expect(0);
    let seen = sandbox.seen();
    let form = seen.requests_to(Endpoint::Storage).next().unwrap().body_bytes;
    for more in [-1, 0, 1] {
        let size = ((48 << 10) + 1 - form).checked_add_signed(more).unwrap();
        write(&edge_file(folder, more), size);
    }
}

fn complaints(row: &Row, ran: &Ran, seen: &Seen, file: &Path, key: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut claim = |holds: bool, text: String| {
        if !holds {
            wrong.push(text);
        }
    };
    claim(ran.code == Some(row.code), format!("exit code {:?}, not {}", ran.code, row.code));
    let requests = letters(seen, row.job);
    let repeated = row.requests.strip_suffix('*');
    claim(
        repeated.map_or(requests == row.requests, |start| requests.starts_with(start)),
        format!("requests {requests}, not {}", row.requests),
    );
    claim(ran.stderr.contains(row.says), format!("it does not say \"{}\"", row.says));
    claim(ran.elapsed < Duration::from_secs(10), format!("it took {:?}", ran.elapsed));
    let output = format!("{}{}", ran.stdout, ran.stderr);
    for secret in [key, "q-sign-algorithm", "hunter2hunter2"] {
        claim(row.job == Job::Put || !output.contains(secret), format!("{secret} is shown"));
    }
    claim(is_honest(row, ran, seen, file), "it does not tell the truth".to_owned());
    wrong
}

/// Success means that the file is stored whole and the build exists; failure means that there is no
/// build that the message does not name.
fn is_honest(row: &Row, ran: &Ran, seen: &Seen, file: &Path) -> bool {
    let size = std::fs::metadata(file).unwrap().len();
    if ran.code == Some(0) {
        let whole = seen.builds.last().is_some_and(|build| build.size == size);
        return whole && ran.json().len() == 1;
    }
    seen.builds.iter().all(|build| match &build.key {
        Some(key) => ran.stderr.contains(key.as_str()) || row.code == PUBLISH,
        None => ran.stderr.contains("may have been published"),
    })
}

/// The requests in the order in which they came.
fn letters(seen: &Seen, job: Job) -> String {
    let letter = |endpoint| match endpoint {
        Endpoint::Token => 't',
        Endpoint::Storage => 's',
        Endpoint::Poll => 'p',
        Endpoint::Cert => 'c',
        Endpoint::Hsp => 'h',
        Endpoint::Legacy => 'l',
        _ => '?',
    };
    // The token that was obtained before is not one of its requests.
    let skip = usize::from(job == Job::Put);
    seen.requests.iter().skip(skip).filter_map(|r| r.endpoint).map(letter).collect()
}
