//! Random walks: whole uploads through the library with random faults, and what holds after each of
//! them.
//!
//! `PGYER_WALKS=5000 cargo test … walks` runs more of them; a failure prints the
//! `PGYER_WALK_SEED` that repeats it.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use pgyer::sandbox::{Endpoint, Sandbox, Seen};
use pgyer::{ApiKey, BuildType, Client, Error, Package, Release, RetryPolicy, UploadOptions, Wait};
use tempfile::TempDir;

use crate::support::builder;

const WALKS: u64 = 200;
const DEADLINE: Duration = Duration::from_secs(4);

/// A random number generator with a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as usize % sides
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }
}

/// Faults of every endpoint.
const ANYWHERE: &[&str] = &[
    "status=503",
    "status=502,html",
    "status=429,retry-after=0",
    "status=408",
    "status=404",
    "status=401,html",
    "html",
    "redirect=302",
    "truncated",
    "cut=head",
    "cut=head,fin",
    "cut=0",
    "cut=body",
    "cut=done",
    "cut=done,fin",
    "cut=answer",
    "cut=answer,fin",
    "stall=head",
    "stall=body",
    "stall=done",
    "stall=answer",
    "delay=20ms",
    "slow-answer=50us",
    "huge=2",
    "early=503",
    "early=503,manner=reset",
    "early=502,html,manner=linger",
    "early=408@3000,manner=reset",
    "refuse-expect",
];
const OF_THE_API: &[&str] = &[
    "code=1001",
    "code=1002",
    "code=1216",
    "code=1246",
    "code=1247",
    "code=0",
    "status=500,code=0",
    "html,done",
    "status=504,done",
];
const OF_THE_STORAGE: &[&str] = &[
    "expired",
    "expired=denied",
    "xml=AccessDenied",
    "status=400,xml=RequestTimeout",
    "status=203,done",
    "status=409,done",
    "status=409",
    "wrong-checksum",
    "early=403@20000,xml=ExpiredToken,manner=reset",
    "early=403@20000,xml=AccessDenied,manner=linger",
    "early=400@1000,xml=EntityTooLarge",
    "cut=20000",
    "cut=20000,fin",
    "stall=20000",
    "slow-read=2000000",
    "ignore-expect",
];
/// The storage claims to have what it does not have: only the wait can find that out.
const LIES: &[&str] = &["dropped", "status=203", "status=204", "early=204@2000"];

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Job {
    Publish,
    Leave,
    Put,
    Legacy,
}

/// One walk, as decided by its seed.
#[derive(Debug)]
struct Walk {
    seed: u64,
    job: Job,
    size: usize,
    polls: u32,
    faults: Vec<String>,
    /// After how many events it is cancelled, if it is.
    cancelled: Option<usize>,
}

impl Walk {
    fn draw(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let job = dice.pick(&[Job::Publish, Job::Publish, Job::Leave, Job::Put, Job::Legacy]);
        let size = dice.pick(&[10, 5_000, 100_000, 100_000, 3_000_000]);
        let polls = u32::try_from(dice.roll(3)).unwrap();
        let faults = (0..=dice.roll(5)).map(|_| Self::fault(&mut dice, job)).collect();
        let cancelled = (dice.roll(3) == 0).then(|| dice.roll(12));
        Self { seed, job, size, polls, faults, cancelled }
    }

    fn fault(dice: &mut Dice, job: Job) -> String {
        let place = match job {
            Job::Legacy => "legacy",
            Job::Put => "storage",
            _ => dice.pick(&["token", "storage", "storage", "storage", "poll", "poll"]),
        };
        let mut faults = ANYWHERE.to_vec();
        faults.extend(if place == "storage" { OF_THE_STORAGE } else { OF_THE_API });
        if place == "storage" && job == Job::Publish {
            faults.extend(LIES);
        }
        // Without a wait nobody can find out that a file did not arrive if the API says it did.
        if job == Job::Leave {
            faults.retain(|fault| !["code=1246", "code=1247"].contains(fault));
        }
        format!(
            "{place}:{}:{}",
            dice.pick(&["1", "1", "2", "2", "3", "4", "2+"]),
            dice.pick(&faults)
        )
    }

    fn file(&self, folder: &Path) -> PathBuf {
        let path = folder.join(format!("{}.apk", self.seed));
        let mut dice = Dice(self.seed ^ 1);
        let block: Vec<u8> = (0..997).map(|_| dice.roll(256) as u8).collect();
        let mut bytes = block.repeat(self.size.div_ceil(block.len()));
        bytes.truncate(self.size);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Runs the walk. Returns what does not hold afterwards.
    fn broken(&self, folder: &Path) -> Option<String> {
        let file = self.file(folder);
        let faults = self.faults.iter().map(String::as_str);
        let sandbox = builder(faults).polls(self.polls).start().unwrap();
        let said = Arc::<Mutex<String>>::default();
        let began = Instant::now();
        let result = self.run(&sandbox, &file, &said);
        let elapsed = began.elapsed();
        let seen = sandbox.seen();
        let mut said = said.lock().unwrap().clone();
        let mut wrong = self.complaints(&result, &seen, &file);
        if let Err(error) = &result {
            said.push_str(&format!(
                "{error}\n{error:?}\n{}\n{:?}\n",
                error.report(),
                error.advice()
            ));
        }
        wrong.extend(
            secrets(&seen, sandbox.api_key())
                .filter(|s| said.contains(s))
                .map(|secret| format!("{secret} is shown")),
        );
        if elapsed > DEADLINE + Duration::from_millis(1500) {
            wrong.push(format!("it took {elapsed:?}"));
        }
        let outcome = result.map_err(|error| error.report());
        (!wrong.is_empty()).then(|| format!("{self:?}\n  {outcome:?}\n  {}", wrong.join("\n  ")))
    }

    /// The key under which the file is reported to be, if any, and the published build.
    fn run(
        &self,
        sandbox: &Sandbox,
        file: &Path,
        said: &Arc<Mutex<String>>,
    ) -> Result<(Option<String>, Option<String>), Error> {
        let notes = Arc::clone(said);
        let (flag, events) = (Arc::<AtomicBool>::default(), AtomicUsize::new(0));
        let (set, cancelled) = (Arc::clone(&flag), self.cancelled);
        let client = Client::builder()
            .api_key(ApiKey::new(sandbox.api_key())?)
            .api_url(sandbox.api_url())
            .retry(RetryPolicy::default().retries(2).delay(Duration::from_millis(1)))
            .stall_timeout(Duration::from_millis(200))
            .build()?
            .with_deadline(Instant::now() + DEADLINE)
            .with_cancel(flag)
            .with_observer(move |event| {
                notes.lock().unwrap().push_str(&format!("{event:?}\n"));
                if cancelled == Some(events.fetch_add(1, Ordering::Relaxed)) {
                    set.store(true, Ordering::Relaxed);
                }
            });
        let package = Package::open_unchecked(file, Some(BuildType::Android))?;
        let mut options = UploadOptions::default();
        match self.job {
            Job::Put => {
                let token = client.get_cos_token(BuildType::Android, &Release::default())?;
                client.put(&token, &package)?;
                Ok((Some(token.key().to_owned()), None))
            }
            Job::Legacy => {
                let build = client.upload_legacy(&package, &options)?.build;
                Ok((None, Some(build.build_key)))
            }
            Job::Leave => Ok((Some(client.store(&package, &options)?.key), None)),
            Job::Publish => {
                let wait = Wait::default().timeout(Duration::from_millis(250));
                options.wait = wait.interval(Duration::from_millis(1));
                let published = client.publish(&package, &options)?;
                Ok((Some(published.key), Some(published.build.build_key)))
            }
        }
    }

    fn complaints(
        &self,
        result: &Result<(Option<String>, Option<String>), Error>,
        seen: &Seen,
        file: &Path,
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.job == Job::Legacy && seen.builds.len() > 1 {
            wrong.push("it was published twice".to_owned());
        }
        match result {
            Ok((key, build)) => wrong.extend(untrue(key.as_deref(), build.as_deref(), seen, file)),
            Err(error) => wrong.extend(unnamed(error, seen)),
        }
        wrong
    }
}

/// What a success claims falsely.
fn untrue(key: Option<&str>, build: Option<&str>, seen: &Seen, file: &Path) -> Option<String> {
    let bytes = std::fs::read(file).unwrap();
    let mut crc = crc64fast::Digest::new();
    crc.write(&bytes);
    let whole = (bytes.len() as u64, crc.sum64());
    if let Some(key) = key {
        let object = seen.objects.iter().rfind(|object| object.key == key);
        let Some(object) = object else { return Some(format!("{key} is not stored")) };
        if (object.size, object.crc64) != whole {
            return Some(format!("what is stored is not the file: {object:?}"));
        }
    }
    let is_named = |known: &&pgyer::sandbox::Build| {
        known.key.as_deref() == key && build.is_none_or(|build| build == known.build_key)
    };
    match seen.builds.iter().find(is_named) {
        Some(known) if (known.size, known.crc64) == whole => None,
        found => Some(format!("the build is {found:?}")),
    }
}

/// A build that exists and that the failure does not name.
fn unnamed(error: &Error, seen: &Seen) -> Option<String> {
    let report = error.report();
    let is_named = |key: Option<&str>| match key {
        Some(key) => report.contains(key),
        None => matches!(error, Error::Uncertain { .. }),
    };
    let build = seen.builds.iter().find(|build| !is_named(build.key.as_deref()))?;
    Some(format!("there is a build that nobody was told of: {build:?}"))
}

/// Everything that must not be shown.
fn secrets<'a>(seen: &'a Seen, api_key: &'a str) -> impl Iterator<Item = String> + 'a {
    let params = seen.requests_to(Endpoint::Storage).flat_map(|request| {
        ["signature", "x-cos-security-token"].into_iter().filter_map(|name| request.field(name))
    });
    let params = params.map(|value| String::from_utf8_lossy(value).into_owned());
    params.chain([api_key.to_owned(), "q-sign-algorithm".to_owned()])
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
#[allow(clippy::print_stdout)] // The seed has to be known also where a walk hangs.
fn whatever_goes_wrong_the_truth_is_told() {
    let walks = variable("PGYER_WALKS").unwrap_or(WALKS);
    let fresh = || RandomState::new().hash_one(Instant::now()) >> 16;
    let first = variable("PGYER_WALK_SEED").unwrap_or_else(fresh);
    println!("PGYER_WALK_SEED={first} PGYER_WALKS={walks}");
    let folder = TempDir::new().unwrap();
    let next = AtomicU64::new(0);
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(at) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < walks)
                {
                    let walk = Walk::draw(first + at);
                    let broken = walk.broken(folder.path());
                    wrong.lock().unwrap().extend(broken);
                    let _ = std::fs::remove_file(folder.path().join(format!("{}.apk", walk.seed)));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {walks} walks:\n{}", wrong.len(), wrong.join("\n"));
}
