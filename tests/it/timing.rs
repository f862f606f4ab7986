//! Time limits: each takes effect within half a second, and slowness is not a stall.

use std::thread;
use std::time::Duration;

use pgyer::sandbox::{Endpoint, Sandbox};
use tempfile::TempDir;

use crate::support::black_hole::BlackHole;
use crate::support::{Ran, big_file, data, faulty, program, program_for, run, within};

const HALF: Duration = Duration::from_millis(500);

/// Options, a fault, the exit code, when it has to end, and words of the message.
type Limit = (&'static [&'static str], &'static str, i32, u64, &'static str);

const LIMITS: &[Limit] = &[
    // No byte moves: at each place of each kind of request.
    (&["--stall-timeout=300ms"], "token:*:stall=head", 6, 300, "--stall-timeout"),
    (&["--stall-timeout=300ms"], "token:*:stall=done", 6, 300, "--stall-timeout"),
    (&["--stall-timeout=300ms"], "token:*:stall=answer", 6, 300, "--stall-timeout"),
    (&["--stall-timeout=300ms"], "storage:*:stall=65536", 6, 300, "--stall-timeout"),
    (&["--stall-timeout=300ms", "--legacy"], "legacy:*:stall=65536", 6, 300, "--stall-timeout"),
    (&["--stall-timeout=300ms", "--legacy"], "legacy:*:stall=done", 6, 300, "published"),
    // The deadline of everything: in a request, in an answer that trickles.
    (&["--timeout=400ms"], "token:*:stall=head", 6, 400, "--timeout"),
    (&["--timeout=400ms"], "token:*:stall=answer", 6, 400, "--timeout"),
    (&["--timeout=400ms"], "token:*:slow-answer=50ms", 6, 400, "--timeout"),
    // A pause that leaves no time for another attempt is not slept out.
    (&["--timeout=20s", "--retries=3", "--retry-delay=30s"], "token:*:status=503", 6, 0, "503"),
    (
        &["--timeout=20s", "--retries=3"],
        "token:*:status=503,retry-after=86400",
        6,
        0,
        "no time is left",
    ),
    (&["--timeout=600ms"], "storage:*:stall=65536", 6, 600, "--timeout"),
    (&["--timeout=600ms"], "storage:*:slow-read=1000000", 6, 600, "--timeout"),
    (&["--timeout=2s"], "storage:*:stall=done", 6, 2000, "may still appear"),
    (&["--timeout=2s", "--legacy"], "legacy:*:stall=done", 6, 2000, "may have been published"),
    // Once the file is stored, only the wait is left.
    (&["--timeout=3s"], "poll:*:code=1247", 9, 3000, "pgyer status --wait apps/"),
    (&["--timeout=3s"], "poll:*:stall=done", 9, 3000, "pgyer status --wait apps/"),
    (&["--wait-timeout=400ms"], "poll:*:status=503", 9, 400, "HTTP 503"),
    (&["--wait-timeout=20s", "--poll-interval=1m"], "poll:*:code=1247", 9, 0, "queue"),
    (&["--wait-timeout=400ms", "--poll-interval=0"], "poll:*:code=1247", 9, 400, "queue"),
    (&["--wait-timeout=0", "--poll-interval=0"], "poll:*:code=1247", 9, 0, "queue"),
    (&["--timeout=3s", "--poll-interval=0"], "poll:*:stall=done", 9, 3000, "queue"),
];

/// How long it took since the request that the fault hit, or since the start for a deadline.
fn checked(limit: &Limit, file: &std::path::Path) {
    let (options, fault, code, after, words) = limit;
    // A limit that has to come while the build is waited for leaves time for what comes before.
    let small = data("app.apk");
    let file = if fault.starts_with("poll") { &small } else { file };
    let after = Duration::from_millis(*after);
    // Earlier steps (starting, a token, an upload) do not count towards a limit that begins later.
    let before = if options[0].starts_with("--timeout") { 0 } else { 1500 };
    let latest = after + HALF + Duration::from_millis(before);
    within(latest, || {
        let sandbox = Sandbox::builder().strict().fault(fault.parse().unwrap()).start().unwrap();
        let mut command = program_for(&sandbox);
        command.args(["upload", "--no-check", "--retries=0", "--poll-interval=20ms"]);
        let ran = run(command.args(*options), [file]).expect(*code);
        assert!(ran.stderr.contains(words), "{fault} {ran:#?}");
        // A wait ends once no further question fits, so up to one pause early.
        assert!(ran.elapsed + Duration::from_millis(20) >= after, "{fault} {ran:#?}");
        ran.elapsed
    });
}

#[test]
fn each_limit_fires_within_half_a_second() {
    let folder = TempDir::new().unwrap();
    let file = big_file(folder.path());
    // Only a few at a time, because time is measured; those that take long together.
    let mut limits: Vec<&Limit> = LIMITS.iter().collect();
    limits.sort_by_key(|limit| limit.3);
    for some in limits.chunks(4) {
        thread::scope(|scope| {
            for limit in some {
                scope.spawn(|| checked(limit, &file));
            }
        });
    }
}

#[test]
fn the_deadline_holds_while_the_word_for_a_small_file_is_waited_for() {
    let limit = (&["--timeout=600ms"][..], "storage:*:ignore-expect", 6, 600, "--timeout");
    checked(&limit, &data("app.apk"));
}

#[cfg(unix)]
#[test]
fn what_standard_input_keeps_to_itself_ends_with_the_deadline() {
    let sandbox = crate::support::strict();
    for line in [
        "status --timeout=400ms --api-key-file=- k",
        "put --timeout=400ms --token=- x.apk",
        "token --timeout=400ms --type=ios --notes-file=- --format=json",
    ] {
        within(Duration::from_millis(400) + HALF, || {
            let mut command = program_for(&sandbox);
            // Its other end stays open and silent.
            let (input, _other_end) = std::os::unix::net::UnixStream::pair().unwrap();
            let input = std::os::fd::OwnedFd::from(input);
            let ran = run(command.stdin(input), line.split(' ')).expect(1);
            assert!(ran.stderr.contains("--timeout") && ran.stdout.is_empty(), "{ran:#?}");
            ran.elapsed
        });
    }
    assert_eq!(sandbox.seen().connections, 0);
}

#[test]
fn no_time_left_for_an_hsp_of_a_stored_hap_is_pending() {
    let sandbox = faulty(&["hsp:*:status=503"]);
    let line = "upload --timeout=20s --retry-delay=30s --hsp=app.hsp app.hap";
    let ran = run(program_for(&sandbox).current_dir(data("")), line.split(' ')).expect(9);
    assert!(ran.stderr.contains("no time is left"), "{ran:#?}");
    assert!(ran.stderr.contains("pgyer harmony-hsp apps/"), "{ran:#?}");
    assert!(ran.elapsed < Duration::from_secs(10), "{ran:#?}");
}

#[test]
fn a_stall_on_a_kept_connection_is_a_failure_like_any_other() {
    let folder = crate::support::folder();
    let sandbox = sandbox_with("token:2+:stall=head");
    let mut command = program_for(&sandbox);
    // A wait beside the second upload could have the connection.
    command.current_dir(folder.path()).args(["upload", "--no-wait", "--retries=1"]);
    command.args(["--retry-delay=1ms", "--stall-timeout=300ms"]);
    run(&mut command, ["app.apk", "app.ipa"]).expect(6);
    let seen = sandbox.seen();
    assert_eq!(seen.count(Endpoint::Token), 3, "{:#?}", seen.requests);
    let connections: Vec<u64> =
        seen.requests_to(Endpoint::Token).map(|request| request.connection).collect();
    assert_eq!(connections[0], connections[1], "it was kept");
}

#[test]
fn a_hap_whose_hsp_is_late_is_pending() {
    within(Duration::from_millis(2000) + HALF, || {
        let sandbox = faulty(&["hsp:*:stall=done"]);
        let mut command = program_for(&sandbox);
        command.args(["upload", "--timeout=2s", "--hsp"]).args([data("app.hsp"), data("app.hap")]);
        let ran = run(&mut command, ["--json"]).expect(9);
        let next = format!("pgyer harmony-hsp {} ", ran.json()[0]["key"].as_str().unwrap());
        for words in ["app.hsp", "ran out", "queue", &next, " && pgyer status --wait "] {
            assert!(ran.stderr.contains(words), "{words} {ran:#?}");
        }
        assert_eq!(ran.stderr.matches("status --wait").count(), 1, "{ran:#?}");
        ran.elapsed
    });
}

fn upload(sandbox: &Sandbox, options: &[&str], large: bool) -> Ran {
    let folder = TempDir::new().unwrap();
    let file = if large { big_file(folder.path()) } else { data("app.apk") };
    let mut command = program_for(sandbox);
    command.args(["upload", "--no-check", "--poll-interval=10ms", "--retry-delay=1ms"]);
    run(command.args(options), [file])
}

fn sandbox_with(fault: &str) -> Sandbox {
    Sandbox::builder().strict().fault(fault.parse().unwrap()).start().unwrap()
}

#[test]
fn a_slow_upload_that_moves_is_never_cut() {
    let ran = |fault, limit, large| {
        let sandbox = sandbox_with(fault);
        upload(&sandbox, &[limit, "--retries=0"], large).expect(0)
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            // The clock can't see what the kernel buffers, so the limit can't be shorter.
            let ran = ran("storage:*:slow-read=4000000", "--stall-timeout=2s", true);
            assert!(ran.elapsed > Duration::from_millis(2500), "{ran:#?}");
        });
        ran("token:*:slow-answer=2ms", "--stall-timeout=300ms", false);
    });
}

#[test]
fn an_expect_that_is_ignored_costs_a_second() {
    let sandbox = sandbox_with("storage:*:ignore-expect");
    let ran = upload(&sandbox, &["--retries=0"], false).expect(0);
    let took = ran.elapsed;
    assert!(took > Duration::from_millis(900) && took < Duration::from_millis(1900), "{took:?}");
}

#[test]
fn retry_after_is_waited_for() {
    let sandbox = sandbox_with("token:1:status=503,retry-after=1");
    let ran = upload(&sandbox, &[], false).expect(0);
    assert!(ran.elapsed >= Duration::from_secs(1), "{ran:#?}");
    assert_eq!(sandbox.seen().count(Endpoint::Token), 2);
    let date = httpdate::fmt_http_date(std::time::SystemTime::now() + Duration::from_secs(3));
    let sandbox = sandbox_with(&format!("storage:1:status=503,retry-after={date}"));
    let ran = upload(&sandbox, &[], false).expect(0);
    assert!(ran.elapsed >= Duration::from_secs(1), "{ran:#?}");
}

#[test]
fn a_host_that_does_not_answer_is_a_matter_of_the_connect_timeout() {
    let Some(hole) = BlackHole::dig() else { return };
    within(Duration::from_millis(400) + HALF, || {
        let mut command = program();
        command.env("PGYER_API_KEY", "key");
        command.env("PGYER_API_URL", hole.url());
        let options = ["status", "key", "--retries=0", "--connect-timeout=400ms"];
        let ran = run(&mut command, options).expect(6);
        assert!(ran.stderr.contains("--connect-timeout"), "{ran:#?}");
        assert!(ran.elapsed >= Duration::from_millis(400), "{ran:#?}");
        ran.elapsed
    });
}

#[test]
fn a_peer_that_reads_on_after_the_last_byte_is_not_stalled() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("app.apk");
    std::fs::write(&file, vec![7; 2_000_000]).unwrap();
    let sandbox =
        Sandbox::builder().strict().polls(0).fault("storage:1:slow-read=1000000".parse().unwrap());
    let sandbox = sandbox.start().unwrap();
    let mut command = program_for(&sandbox);
    command.args(["upload", "--no-check", "--retries=0", "--stall-timeout=600ms"]);
    let ran = run(&mut command, [&file]).expect(0);
    assert!(ran.elapsed > Duration::from_millis(1200), "the kernel hid most of it: {ran:?}");
    assert_eq!(sandbox.seen().count(Endpoint::Storage), 1);
}
