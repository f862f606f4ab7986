//! A model of the upload, gone through event by event. After each request of a run any event may
//! follow at the next ones, up to three in a row; whatever comes of it, three things hold:
//!
//! 1. Exit code 0 only for what was stored whole and published (or, without a wait, stored whole).
//! 2. Nothing is published that the output does not name, with `--quiet` too.
//! 3. Nothing is published twice without both names; by the legacy endpoint, nothing at all.
//!
//! The suite plays every single event, each followed by two random ones. More of them, exhaustively
//! up to a number of events (2 takes about ten minutes on two cores, 3 hours):
//!
//! ```sh
//! PGYER_MODEL=3 cargo test --all-features --test it model
//! ```
//!
//! A sequence that fails is printed as the options of a `pgyer sandbox` that repeats it.

mod events;

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use pgyer::sandbox::{Build, Endpoint, Sandbox, Seen, SeenRequest};
use tempfile::TempDir;

use self::events::{LEGACY, LIE_TO_ALL_BUT_PUT, LIES, POLL, STORAGE, TOKEN};
use crate::support::{Ran, builder, program_for, run};

/// The most events of one sequence.
const DEPTH: usize = 3;
/// An event may follow at this many of an endpoint's requests after the event before it: the first
/// poll may ask whether a file arrived, the second whether it is published.
const POSITIONS: usize = 2;
/// Long enough for an event in the middle of the body.
const SIZE: usize = 300_000;

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Job {
    Upload,
    NoWait,
    Put,
    Legacy,
}

const JOBS: [Job; 4] = [Job::Upload, Job::NoWait, Job::Put, Job::Legacy];

impl Job {
    /// The events that a request to this endpoint can meet.
    fn events(self, endpoint: Endpoint) -> Vec<&'static str> {
        let mut events = match endpoint {
            Endpoint::Token if self != Self::Put => TOKEN.to_vec(),
            Endpoint::Storage => STORAGE.to_vec(),
            Endpoint::Poll => POLL.to_vec(),
            Endpoint::Legacy => LEGACY.to_vec(),
            _ => Vec::new(),
        };
        if endpoint == Endpoint::Storage {
            events.extend(if self == Self::Upload { LIES } else { &[] });
            events.extend((self != Self::Put).then_some(LIE_TO_ALL_BUT_PUT));
        }
        // That a file arrived which did not, `--no-wait` has to believe.
        if self == Self::NoWait && endpoint == Endpoint::Poll {
            events.retain(|event| !["code=1246", "code=1247", "code=0"].contains(event));
        }
        events
    }

    fn command(self, sandbox: &Sandbox, folder: &Path) -> Command {
        let mut command = program_for(sandbox);
        match self {
            Self::Upload => command.args(["upload", "--poll-interval=1ms", "--wait-timeout=400ms"]),
            Self::NoWait => command.args(["upload", "--no-wait"]),
            Self::Legacy => command.args(["upload", "--legacy"]),
            Self::Put => {
                let path = folder.join(format!("{}.json", sandbox.addr().port()));
                let token = run(&mut program_for(sandbox), ["token", "--type=android"]).expect(0);
                std::fs::write(&path, token.stdout).unwrap();
                command.arg("put").arg("--token").arg(path)
            }
        };
        command.args(["--format=json", "--quiet", "--no-check", "--timeout=15s", "--retries=2"]);
        command.arg("--retry-delay=1ms").arg(folder.join("app.apk"));
        command
    }
}

/// Events in their order, each as a fault of a numbered request.
#[derive(Debug, Clone)]
struct Sequence {
    job: Job,
    events: Vec<(Endpoint, usize, &'static str)>,
}

/// A sequence that was played.
struct Played {
    seen: Seen,
    wrong: Option<String>,
}

impl Sequence {
    fn faults(&self) -> Vec<String> {
        let fault = |(endpoint, number, event): &(Endpoint, usize, &str)| {
            format!("{}:{number}:{event}", name(*endpoint))
        };
        self.events.iter().map(fault).collect()
    }

    fn play(&self, folder: &Path) -> Played {
        let faults = self.faults();
        let sandbox = builder(faults.iter().map(String::as_str)).polls(1).start().unwrap();
        // On a busy machine a short limit would lose answers that no event has lost.
        let stalls = self.events.iter().any(|(_, _, event)| event.starts_with("stall"));
        let limit = if stalls { "--stall-timeout=600ms" } else { "--stall-timeout=10s" };
        let ran = run(&mut self.job.command(&sandbox, folder), [limit]);
        let seen = sandbox.seen();
        let wrong = violations(self.job, &ran, &seen);
        let wrong = (!wrong.is_empty()).then(|| self.finding(&wrong, &ran, &seen));
        Played { seen, wrong }
    }

    fn finding(&self, wrong: &[String], ran: &Ran, seen: &Seen) -> String {
        let options = self.faults().into_iter().map(|fault| format!(" --fault '{fault}'"));
        let requests = seen.requests.iter().filter_map(|request| request.endpoint).map(name);
        format!(
            "{:?}{}\n    {}\n    {}\n    exit {:?}: {}",
            self.job,
            options.collect::<String>(),
            wrong.join("\n    "),
            requests.collect::<Vec<_>>().join(", "),
            ran.code,
            ran.stderr.trim_end()
        )
    }

    /// This sequence with one more event, at each of the places where one can follow.
    fn longer(&self, seen: &Seen) -> Vec<Self> {
        let mut numbers = HashMap::<Endpoint, usize>::new();
        let mut places = BTreeMap::<&str, Vec<(Endpoint, usize)>>::new();
        let mut before = self.events.len();
        for request in &seen.requests {
            let Some(endpoint) = request.endpoint else { continue };
            let number = numbers.entry(endpoint).and_modify(|number| *number += 1).or_insert(1);
            if request.fault.is_some() {
                before -= 1;
                places.clear();
            } else {
                places.entry(name(endpoint)).or_default().push((endpoint, *number));
            }
        }
        // The last event of a sequence that ended before it is none.
        if before > 0 || self.events.len() == DEPTH {
            return Vec::new();
        }
        let places = places.into_values().flat_map(|places| places.into_iter().take(POSITIONS));
        let with = |(endpoint, number)| {
            let events = self.job.events(endpoint).into_iter();
            events.map(move |event| {
                let mut longer = self.clone();
                longer.events.push((endpoint, number, event));
                longer
            })
        };
        places.flat_map(with).collect()
    }
}

fn name(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Token => "token",
        Endpoint::Storage => "storage",
        Endpoint::Poll => "poll",
        Endpoint::Legacy => "legacy",
        _ => "other",
    }
}

/// Names each invariant that does not hold.
fn violations(job: Job, ran: &Ran, seen: &Seen) -> Vec<String> {
    let mut wrong = Vec::new();
    match ran.code {
        Some(0) => wrong.extend(untrue(job, ran, seen)),
        Some(1..=9) => {}
        _ => wrong.push(format!("exit code {:?}", ran.code)),
    }
    let unnamed = seen.builds.iter().filter(|build| !is_named(build, ran));
    wrong.extend(unnamed.map(|build| format!("published and not named: {build:?}")));
    if job == Job::Legacy && seen.builds.len() > 1 {
        wrong.push("published twice".to_owned());
    }
    wrong
}

/// A failure names it to people, a success in the result or beside it.
fn is_named(build: &Build, ran: &Ran) -> bool {
    let said =
        |text: &str| ran.stderr.contains(text) || ran.code == Some(0) && ran.stdout.contains(text);
    match &build.key {
        Some(key) => said(key),
        None => said(&build.build_key) || said("may have been published"),
    }
}

/// What exit code 0 claims and is not so.
fn untrue(job: Job, ran: &Ran, seen: &Seen) -> Option<String> {
    let Some(result) = ran.json().pop() else { return Some("no result".to_owned()) };
    let key = result["key"].as_str();
    let is_whole = |size: u64, crc64: u64| (size, crc64) == (SIZE as u64, crc_of_the_file());
    if let Some(key) = key {
        if is_damaged(key, seen) {
            return Some(format!("the storage said that {key} is damaged, and nothing since"));
        }
        match seen.objects.iter().rfind(|object| object.key == key) {
            Some(object) if is_whole(object.size, object.crc64) => {}
            found => return Some(format!("not stored whole: {found:?}")),
        }
    }
    if matches!(job, Job::NoWait | Job::Put) {
        return None;
    }
    let build_key = result["build"]["buildKey"].as_str();
    let build = seen.builds.iter().find(|build| Some(build.build_key.as_str()) == build_key);
    match build {
        Some(build) if is_whole(build.size, build.crc64) && build.key.as_deref() == key => None,
        found => Some(format!("not published: {found:?}")),
    }
}

/// Whether the last thing that the storage said about a key's content is that it is another one.
/// Only an upload that it takes whole, without such a checksum, can change that.
fn is_damaged(key: &str, seen: &Seen) -> bool {
    // A request that ended early may have ended before its fields.
    let has_key =
        |request: &&SeenRequest| request.field("key").is_none_or(|field| field == key.as_bytes());
    let mut damaged = false;
    for request in seen.requests_to(Endpoint::Storage).filter(has_key) {
        let fault = request.fault.as_deref().unwrap_or_default();
        let is_clean = matches!(request.status, Some(200 | 201 | 204)) && request.body_complete;
        // To the program, a lie is a success like any other.
        let is_lie = LIES.iter().any(|lie| fault.ends_with(lie));
        let is_other = ["early", "xml", "html"].iter().any(|word| fault.contains(word));
        if fault.contains("wrong-checksum") {
            damaged = true;
        } else if is_lie || is_clean && !is_other {
            damaged = false;
        }
    }
    damaged
}

fn content() -> Vec<u8> {
    let block: Vec<u8> = (0..=250).collect();
    let mut content = block.repeat(SIZE.div_ceil(block.len()));
    content.truncate(SIZE);
    content
}

fn crc_of_the_file() -> u64 {
    let mut crc = crc64fast::Digest::new();
    crc.write(&content());
    crc.sum64()
}

/// Plays sequences, some at a time, and hands each to `next`, which may have longer ones to play
/// after it. Returns the longer ones and what was wrong.
fn play_all(
    folder: &Path,
    sequences: &[Sequence],
    next: impl Fn(&Sequence, &Played) -> Vec<Sequence> + Sync,
) -> (Vec<Sequence>, Vec<String>) {
    let (longer, wrong) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let at = AtomicUsize::new(0);
    let work = || {
        while let Some(sequence) = sequences.get(at.fetch_add(1, Ordering::Relaxed)) {
            let played = sequence.play(folder);
            longer.lock().unwrap().extend(next(sequence, &played));
            wrong.lock().unwrap().extend(played.wrong);
        }
    };
    thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(work))));
    (longer.into_inner().unwrap(), wrong.into_inner().unwrap())
}

/// One sequence without events for each job.
fn starts() -> Vec<Sequence> {
    JOBS.map(|job| Sequence { job, events: Vec::new() }).to_vec()
}

#[test]
fn whatever_happens_success_is_true_and_a_build_is_named() {
    let exhaustive = std::env::var("PGYER_MODEL").map_or(1, |depth| depth.parse().unwrap());
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("app.apk"), content()).unwrap();
    let next = |sequence: &Sequence, played: &Played| {
        let mut longer = sequence.longer(&played.seen);
        if sequence.events.len() < exhaustive || longer.is_empty() {
            return longer;
        }
        let random = RandomState::new().hash_one(()) as usize % longer.len();
        vec![longer.swap_remove(random)]
    };
    let (mut sequences, mut count, mut wrong) = (starts(), 0, Vec::new());
    while !sequences.is_empty() {
        count += sequences.len();
        let (longer, found) = play_all(folder.path(), &sequences, next);
        wrong.extend(found);
        sequences = longer;
    }
    assert!(count > 400, "{count}");
    assert!(wrong.is_empty(), "{} of {count} sequences:\n{}", wrong.len(), wrong.join("\n"));
}
