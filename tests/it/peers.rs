//! The 25 faults that other clients were measured with (see "If you come from…" in
//! docs/reference.md), put in the way of this one. Right is: published with exit 0, or a failure
//! that names its cause; no hang, and no secret shown or sent to anybody else. The row of the
//! reference is what comes out here.

use std::fs::OpenOptions;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use pgyer::sandbox::{Endpoint, Sandbox};
use tempfile::TempDir;

use crate::support::relay::{Authority, Relay};
use crate::support::{LIMIT, Ran, big_file, builder, data, program_for, run};

/// What a right end is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Right {
    Published,
    /// A failure that says this.
    Fails(&'static str),
}
use Right::{Fails, Published};

/// What is uploaded.
#[derive(Debug, Clone, Copy, PartialEq)]
enum File {
    Small,
    /// Larger than what the buffers on the way hide.
    Large,
    /// One that loses its second half while it goes out.
    Shrinking,
    /// One that lost its second half before.
    Truncated,
    /// `"`, `'`, `;` and line breaks in the name.
    OddName,
}
use File::{Large, OddName, Shrinking, Small, Truncated};

struct Scenario {
    name: &'static str,
    file: File,
    /// With `; ` between; `OTHER` is the address of another host.
    faults: &'static str,
    right: Right,
}

const fn scenario(name: &'static str, file: File, faults: &'static str, right: Right) -> Scenario {
    Scenario { name, file, faults, right }
}

const SCENARIOS: [Scenario; 25] = [
    scenario("no fault", Small, "", Published),
    scenario("API key wrong", Small, "token:*:code=1002", Fails("1002")),
    scenario("getCOSToken 503 twice", Small, "token:1:status=503; token:2:status=503", Published),
    scenario("getCOSToken answers HTML with 200", Small, "token:*:html", Fails("web page")),
    scenario("storage 503 once", Small, "storage:1:status=503,xml=SlowDown", Published),
    scenario("storage 403", Small, "storage:*:xml=AccessDenied", Fails("AccessDenied")),
    scenario(
        "early 403 in mid-body",
        Large,
        "storage:*:early=403@5000000,xml=AccessDenied,manner=reset",
        Fails("AccessDenied"),
    ),
    scenario("connection cut in mid-body once", Large, "storage:1:cut=5000000", Published),
    scenario("stall in mid-body for ever, once", Large, "storage:1:stall=5000000", Published),
    scenario("stored, the answer lost", Small, "storage:1:cut=done", Published),
    scenario("a wrong CRC-64, always", Small, "storage:*:wrong-checksum", Fails("CRC-64")),
    scenario("token expired once", Small, "storage:1:expired", Published),
    scenario(
        "1247 three times",
        Small,
        "poll:1:code=1247; poll:2:code=1247; poll:3:code=1247",
        Published,
    ),
    scenario("1246 once", Small, "poll:1:code=1246", Published),
    scenario("1216", Small, "poll:*:code=1216", Fails("1216")),
    scenario("1246 for ever", Small, "poll:*:code=1246", Fails("queue")),
    scenario("buildInfo 503 once", Small, "poll:1:status=503", Published),
    scenario("buildInfo connection cut once", Small, "poll:1:cut=done", Published),
    scenario("buildInfo unknown code", Small, "poll:*:code=1300", Fails("1300")),
    scenario(
        "302 to another host",
        Small,
        "token:*:redirect=302,location=OTHER",
        Fails("redirect"),
    ),
    scenario(
        "307 to another host",
        Small,
        "token:*:redirect=307,location=OTHER",
        Fails("redirect"),
    ),
    scenario(
        "file truncated during the upload",
        Shrinking,
        "storage:*:slow-read=8000000",
        Fails("shrank"),
    ),
    scenario("odd file name", OddName, "", Published),
    scenario("a truncated APK", Truncated, "", Fails("truncated")),
    // All of them are looked through for secrets; this one talks most.
    scenario(
        "secrets in argv and output",
        Small,
        "storage:1:status=503; poll:1:cut=done",
        Published,
    ),
];

/// How one ended.
#[derive(Debug, Clone, PartialEq)]
enum End {
    Right,
    FalseSuccess,
    Wrong(String),
}

/// Another host, which gives away whatever it is sent.
fn other_host() -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}/apiv2/app/getCOSToken", listener.local_addr().unwrap());
    let (told, heard) = channel();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut bytes = vec![0; 64 * 1024];
            let count = client.read(&mut bytes).unwrap_or(0);
            bytes.truncate(count);
            let _ = told.send(bytes);
        }
    });
    (url, heard)
}

fn file(kind: File, folder: &Path) -> PathBuf {
    let small = || std::fs::read(data("app.apk")).unwrap();
    let (name, bytes) = match kind {
        Large | Shrinking => return big_file(folder),
        Small => ("app.apk", small()),
        Truncated => ("app.apk", small()[..4000].to_vec()),
        OddName if cfg!(windows) => ("a ';b.apk", small()),
        OddName => ("a\"b';c\r\nContent-Type: d\r\n\r\n.apk", small()),
    };
    std::fs::write(folder.join(name), bytes).unwrap();
    folder.join(name)
}

fn put_through(scenario: &Scenario) -> End {
    let folder = TempDir::new().unwrap();
    let file = file(scenario.file, folder.path());
    let (other, heard) = other_host();
    let faults = scenario.faults.replace("OTHER", &other);
    let faults = faults.split("; ").filter(|fault| !fault.is_empty());
    let relay = Relay::usual();
    let sandbox = builder(faults).polls(1).public_url(relay.url()).start().unwrap();
    relay.lead_to(sandbox.addr());
    let size = std::fs::metadata(&file).unwrap().len();
    let ran = thread::scope(|scope| {
        let ran = scope.spawn(|| upload(scenario, &file, &sandbox, &relay, folder.path()));
        if scenario.file == Shrinking {
            assert!(sandbox.wait_for(|seen| seen.count(Endpoint::Storage) == 1, LIMIT));
            OpenOptions::new().write(true).open(&file).unwrap().set_len(size / 2).unwrap();
        }
        ran.join().unwrap()
    });
    if heard.try_recv().is_ok() {
        return End::Wrong("another host was spoken to".to_owned());
    }
    judge(scenario, &ran, &sandbox, size)
}

fn upload(
    scenario: &Scenario,
    file: &Path,
    sandbox: &Sandbox,
    relay: &Relay,
    folder: &Path,
) -> Ran {
    let mut command = program_for(sandbox);
    command.args(["upload", "-v", "--retry-delay=10ms", "--poll-interval=10ms"]);
    command.arg(relay.pin()).arg("--ca-file").arg(Authority::usual().file(folder));
    if matches!(scenario.file, Large | Shrinking) {
        command.arg("--no-check");
    }
    // Short only where time has to run out: the machine may be busy.
    if scenario.faults.contains("stall") {
        command.arg("--stall-timeout=2s");
    }
    if scenario.faults == "poll:*:code=1246" {
        command.arg("--wait-timeout=1s");
    }
    run(&mut command, [file])
}

fn judge(scenario: &Scenario, ran: &Ran, sandbox: &Sandbox, size: u64) -> End {
    let seen = sandbox.seen();
    let whole = seen.builds.len() == 1 && seen.builds[0].size == size;
    let output = format!("{}{}", ran.stdout, ran.stderr);
    if [sandbox.api_key(), "q-sign-", "q-signature"].iter().any(|secret| output.contains(secret)) {
        return End::Wrong(format!("a secret is shown: {output}"));
    }
    if !scenario.faults.is_empty() && seen.requests.iter().all(|request| request.fault.is_none()) {
        return End::Wrong("the fault never struck".to_owned());
    }
    let right = match scenario.right {
        Published => ran.code == Some(0) && whole && ran.stdout.contains("https://www.pgyer.com/"),
        Fails(cause) => ran.code != Some(0) && ran.stderr.contains(cause),
    };
    match ran.code {
        _ if right => End::Right,
        Some(0) if !whole => End::FalseSuccess,
        _ => End::Wrong(format!("{ran:#?}")),
    }
}

/// The numbers in this program's row of the table: right, of how many, false successes.
fn row(readme: &str) -> Vec<usize> {
    let row = readme.lines().find(|line| line.starts_with("| **`pgyer`")).unwrap_or_default();
    row.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn the_row_of_the_reference_is_what_comes_out() {
    let next = AtomicUsize::new(0);
    let work = || {
        let mine = std::iter::from_fn(|| SCENARIOS.get(next.fetch_add(1, Ordering::Relaxed)));
        mine.map(|scenario| (scenario.name, put_through(scenario))).collect::<Vec<_>>()
    };
    let ends = thread::scope(|scope| {
        let workers = [(); 4].map(|()| scope.spawn(work));
        workers.map(|worker| worker.join().unwrap()).concat()
    });
    let count = |wanted: fn(&End) -> bool| ends.iter().filter(|(_, end)| wanted(end)).count();
    let measured =
        [count(|end| *end == End::Right), SCENARIOS.len(), count(|end| *end == End::FalseSuccess)];
    let wrong: Vec<_> = ends.iter().filter(|(_, end)| *end != End::Right).collect();
    assert_eq!(row(include_str!("../../docs/reference.md")), measured, "{wrong:#?}");
    assert_eq!(row(include_str!("../../docs/reference.zh-CN.md")), measured, "{wrong:#?}");
}

/// The key has no way into the arguments, where every user of the machine could read it.
#[test]
fn no_argument_takes_the_key() {
    let sandbox = crate::support::strict();
    for option in ["--api-key", "-k", "--key", "--_api_key"] {
        let key = "0123456789abcdef0123456789abcdef";
        let ran = run(&mut program_for(&sandbox), ["upload", option, key, "app.apk"]).expect(2);
        assert!(!ran.stderr.contains(key), "{ran:#?}");
    }
    assert!(!sandbox.wait_for(|seen| !seen.requests.is_empty(), Duration::ZERO));
}
