//! `Client::with_cancel`: whatever is being done ends at once, and what may come of it is told.

use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use pgyer::sandbox::{Endpoint, Sandbox, Seen};
use pgyer::{
    ApiKey, BuildType, Client, ClientBuilder, Error, ErrorKind, Event, Package, Password, Release,
    Result, RetryPolicy, Source, UploadOptions, Wait,
};
use tempfile::TempDir;

#[cfg(target_os = "linux")]
use crate::support::black_hole::BlackHole;
use crate::support::raw_server::listen;
use crate::support::{LIMIT, big_file, data, faulty, within};
use When::{Asked, Pausing, Sent, Taken};

/// How long the end may take. 100 ms are promised, and a busy machine adds to that.
const AT_ONCE: Duration = Duration::from_millis(500);

/// The settings for a server, with long waits: none of them ends by itself while a test runs.
fn patient(url: impl Into<String>) -> ClientBuilder {
    let retry = RetryPolicy::default().delay(Duration::from_secs(30));
    let key = ApiKey::new(pgyer::sandbox::DEFAULT_API_KEY).unwrap();
    let builder = Client::builder().api_key(key).api_url(url).retry(retry);
    builder.connect_timeout(LIMIT).stall_timeout(LIMIT)
}

/// What is waited for.
fn options() -> UploadOptions {
    let mut options = UploadOptions::default();
    options.wait = Wait::default().interval(LIMIT).timeout(10 * LIMIT);
    options
}

/// Cancels a job once `has_come` returns. Returns what became of it, and how long that took.
fn cancelled<T: Send>(
    client: &Client,
    has_come: impl FnOnce(),
    job: impl FnOnce(&Client) -> T + Send,
) -> (T, Duration) {
    let flag = Arc::<AtomicBool>::default();
    let client = client.with_cancel(Arc::clone(&flag));
    thread::scope(|scope| {
        let running = scope.spawn(move || job(&client));
        has_come();
        assert!(!running.is_finished(), "it ended by itself: {:?}", running.join().map(drop));
        flag.store(true, Ordering::Relaxed);
        let began = Instant::now();
        (running.join().unwrap(), began.elapsed())
    })
}

/// What a failure has to tell, beside that it was cancelled.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Told {
    /// Nothing can have been published.
    Nothing,
    /// The key under which a build may appear.
    Key,
    /// That a build may appear, under a key that nobody knows.
    Perhaps,
}

fn what_is_told(error: &Error, key: &str) -> Told {
    match error {
        Error::Cancelled { .. } => Told::Nothing,
        Error::Uncertain { key: None, .. } => Told::Perhaps,
        Error::Uncertain { .. } | Error::NotConfirmed { .. } | Error::Attachment { .. } => {
            assert!(error.report().contains(&format!("pgyer status --wait {key}")), "{error:?}");
            Told::Key
        }
        other => panic!("{other:?}"),
    }
}

#[derive(Debug, Clone, Copy)]
enum Job {
    Small,
    Large,
    Limited,
    Legacy,
    WithHsp,
}

impl Job {
    fn run(self, client: &Client, big: &Path) -> Result<()> {
        let mut options = options();
        let open = |path: &Path| Package::open_unchecked(path, Some(BuildType::Android));
        match self {
            Self::Small => client.publish(&Package::open(data("app.apk"))?, &options).map(drop),
            Self::Large | Self::Limited => client.publish(&open(big)?, &options).map(drop),
            Self::Legacy => client.upload_legacy(&open(big)?, &options).map(drop),
            Self::WithHsp => {
                options.hsps = vec![Source::open(data("app.hsp"))?];
                client.publish(&Package::open(data("app.hap"))?, &options).map(drop)
            }
        }
    }
}

/// When to cancel.
#[derive(Debug, Clone, Copy)]
enum When {
    /// A request has come.
    Asked(Endpoint),
    /// A request has come whole.
    Sent(Endpoint),
    /// So much of a file has been taken.
    Taken(u64),
    /// A pause is about to begin.
    Pausing,
}

impl When {
    fn wait(self, sandbox: &Sandbox, told: &Notes) {
        let come = match self {
            Self::Asked(endpoint) => sandbox.wait_for(|seen| seen.count(endpoint) > 0, LIMIT),
            Self::Sent(endpoint) => sandbox
                .wait_for(|seen| seen.requests_to(endpoint).any(|it| it.body_complete), LIMIT),
            Self::Taken(bytes) => becomes_true(|| told.taken.load(Ordering::Relaxed) >= bytes),
            Self::Pausing => becomes_true(|| told.pausing.load(Ordering::Relaxed)),
        };
        assert!(come, "{self:?}: {:#?}", sandbox.seen().requests);
    }
}

/// What the observer was told.
#[derive(Default)]
struct Notes {
    key: Mutex<String>,
    taken: AtomicU64,
    pausing: AtomicBool,
}

impl Notes {
    fn note(&self, event: &Event<'_>) {
        match event {
            Event::TokenReceived { key, .. } => (*key).clone_into(&mut self.key.lock().unwrap()),
            Event::Sent { sent, .. } => self.taken.store(*sent, Ordering::Relaxed),
            Event::Retry { .. } | Event::Publishing { .. } => {
                self.pausing.store(true, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

fn becomes_true(condition: impl Fn() -> bool) -> bool {
    let began = Instant::now();
    while !condition() {
        if began.elapsed() > LIMIT {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
    true
}

/// What is sent, the fault, when to cancel, and what has to be told.
type Case = (Job, &'static str, When, Told);

const CASES: &[Case] = &[
    // A server that does not answer, and one that does it slowly.
    (Job::Small, "token:*:stall=head", Asked(Endpoint::Token), Told::Nothing),
    (Job::Small, "token:*:stall=answer", Sent(Endpoint::Token), Told::Nothing),
    (Job::Small, "token:*:slow-answer=50ms", Sent(Endpoint::Token), Told::Nothing),
    // One that does not read, or slowly.
    (Job::Large, "storage:*:stall=65536", Taken(200_000), Told::Nothing),
    (Job::Large, "storage:*:slow-read=500000", Taken(200_000), Told::Nothing),
    (Job::Legacy, "legacy:*:stall=65536", Taken(200_000), Told::Nothing),
    // All is sent.
    (Job::Small, "storage:*:stall=done", Sent(Endpoint::Storage), Told::Key),
    (Job::Large, "storage:*:stall=done", Sent(Endpoint::Storage), Told::Key),
    (Job::Legacy, "legacy:*:stall=done", Sent(Endpoint::Legacy), Told::Perhaps),
    (Job::WithHsp, "hsp:*:stall=done", Sent(Endpoint::Hsp), Told::Key),
    // In a question, and between two.
    (Job::Small, "poll:*:stall=done", Sent(Endpoint::Poll), Told::Key),
    (Job::Small, "poll:*:code=1247", Pausing, Told::Key),
    (Job::Small, "poll:*:status=503", Pausing, Told::Key),
    // In the pause before another try.
    (Job::Small, "token:*:status=503", Pausing, Told::Nothing),
    (Job::Small, "storage:*:early=503", Pausing, Told::Nothing),
    (Job::Small, "storage:*:status=503,retry-after=60", Pausing, Told::Key),
    // Under a limit of the rate, in the middle.
    (Job::Limited, "probe:1:html", Taken(100_000), Told::Nothing),
];

fn check(case: &Case, big: &Path) {
    let (job, fault, when, told) = *case;
    within(AT_ONCE, || {
        let sandbox = faulty(&[fault]);
        let notes = Arc::<Notes>::default();
        let noted = Arc::clone(&notes);
        let mut client = patient(sandbox.api_url());
        if let Job::Limited = job {
            client = client.limit_rate(100_000);
        }
        let client = client.build().unwrap().with_observer(move |event| noted.note(event));
        let is_time = || when.wait(&sandbox, &notes);
        let (result, took) = cancelled(&client, is_time, |client| job.run(client, big));
        let error = result.expect_err("it was cancelled");
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{case:?} {error:?}");
        assert_eq!(what_is_told(&error, &notes.key.lock().unwrap()), told, "{case:?} {error:?}");
        assert!(!error.is_retryable());
        took
    });
}

#[test]
fn whatever_is_being_done_ends_and_what_may_come_of_it_is_told() {
    let folder = TempDir::new().unwrap();
    let big = big_file(folder.path());
    // Only a few at a time, because time is measured.
    for some in CASES.chunks(3) {
        thread::scope(|scope| {
            some.iter().for_each(|case| drop(scope.spawn(|| check(case, &big))));
        });
    }
}

/// Whether a connection to this port is being made.
#[cfg(target_os = "linux")]
fn is_dialling(url: &str) -> bool {
    let port: u16 = url.rsplit(':').next().unwrap().parse().unwrap();
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap_or_default();
    // A connection of ours whose first packet has no answer: SYN_SENT.
    table.contains(&format!(" 0100007F:{port:04X} 02 "))
}

#[cfg(target_os = "linux")]
#[test]
fn a_host_that_does_not_answer_is_not_waited_for() {
    let Some(hole) = BlackHole::dig() else { return };
    let client = patient(hole.url()).build().unwrap();
    let is_time = || assert!(becomes_true(|| is_dialling(&hole.url())), "nobody dialled");
    within(AT_ONCE, || {
        let (result, took) = cancelled(&client, is_time, |client| client.build_info("k"));
        assert!(matches!(result, Err(Error::Cancelled { .. })), "{result:?}");
        took
    });
}

/// A server that is silent from its first byte on, and says when it is asked something.
fn silent() -> (String, Receiver<()>) {
    let (sender, asked) = mpsc::channel();
    let address = listen(move |client: &TcpStream| {
        client.peek(&mut [0])?;
        let _ = sender.send(());
        thread::sleep(LIMIT);
        Ok(())
    });
    (address.to_string(), asked)
}

#[test]
fn handshakes_are_cancelled_too() {
    let (address, asked) = silent();
    let is_time = || asked.recv_timeout(LIMIT).unwrap();
    let through = |proxy: &str| {
        let proxies =
            pgyer::Proxies::default().with_proxy(&format!("{proxy}://{address}")).unwrap();
        patient("https://pgyer.example").proxies(proxies).build().unwrap()
    };
    for client in [
        patient(format!("https://{address}")).build().unwrap(),
        through("http"),
        through("https"),
        through("socks5h"),
    ] {
        within(AT_ONCE, || {
            let (result, took) = cancelled(&client, is_time, |client| client.build_info("k"));
            assert!(matches!(result, Err(Error::Cancelled { .. })), "{result:?}");
            took
        });
    }
}

#[test]
fn one_flag_ends_all_files() {
    within(AT_ONCE, || {
        let sandbox = faulty(&["storage:*:stall=done"]);
        let client = patient(sandbox.api_url()).build().unwrap();
        let packages = ["app.apk", "app.ipa", "app.hap", "app.apk"];
        let packages = packages.map(|name| Package::open(data(name)).unwrap());
        let is_time = || {
            let two_are_sent = |seen: &Seen| {
                seen.requests_to(Endpoint::Storage).filter(|it| it.body_complete).count() == 2
            };
            assert!(sandbox.wait_for(two_are_sent, LIMIT));
        };
        let (told, took) = cancelled(&client, is_time, |client| {
            let mut told = Vec::new();
            client.publish_all(&packages, &options(), 2, |_, result| {
                let error = result.expect_err("it was cancelled");
                assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
                told.push(what_is_told(&error, "apps/"));
            });
            told
        });
        assert_eq!(told, [Told::Key, Told::Key, Told::Nothing, Told::Nothing]);
        assert_eq!(sandbox.seen().requests.len(), 4, "two tokens, two uploads");
        took
    });
}

fn each_call(client: &Client, sandbox: &Sandbox) -> Vec<Error> {
    let (apk, options) = (Package::open(data("app.apk")).unwrap(), options());
    let (p12, hsp) = (data("cert.p12"), data("app.hsp"));
    let (p12, hsp) = (Source::open(p12).unwrap(), Source::open(hsp).unwrap());
    let password = Password::new("secret").unwrap();
    let other = patient(sandbox.api_url()).build().unwrap();
    let token = other.get_cos_token(BuildType::Android, &Release::default()).unwrap();
    let before = sandbox.seen().requests.len();
    let errors = [
        client.publish(&apk, &options).map(drop),
        client.store(&apk, &options).map(drop),
        client.put(&token, &apk),
        client.upload_legacy(&apk, &options).map(drop),
        client.get_cos_token(BuildType::Ios, &Release::default()).map(drop),
        client.build_info("key").map(drop),
        client.wait("key", &Wait::default()).map(drop),
        client.upload_harmony_cert("key", &p12, &password),
        client.upload_harmony_hsp("key", &hsp),
    ];
    let mut errors: Vec<Error> = errors.into_iter().filter_map(Result::err).collect();
    let diagnosis = client.doctor(|_| {});
    assert!(!diagnosis.can_upload);
    errors.extend(diagnosis.probes.into_iter().filter_map(|probe| probe.result.err()));
    let seen = sandbox.seen();
    assert_eq!((seen.requests.len(), seen.connections), (before, 1), "{:#?}", seen.requests);
    errors
}

#[test]
fn nothing_begins_once_the_flag_is_set() {
    let sandbox = faulty(&[]);
    let flag = Arc::new(AtomicBool::new(true));
    let client = patient(sandbox.api_url()).build().unwrap().with_cancel(flag);
    // A second flag takes nothing from the first.
    let client = client.with_cancel(Arc::default());
    let errors = each_call(&client, &sandbox);
    assert_eq!(errors.len(), 10, "{errors:#?}");
    for error in errors {
        assert!(matches!(error, Error::Cancelled { .. }), "{error:?}");
        assert!(error.to_string().ends_with(": it was cancelled"), "{error}");
        assert!(error.advice().unwrap().contains("flag"), "{error:?}");
    }
}
