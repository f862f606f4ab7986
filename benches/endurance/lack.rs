//! Descriptors that run out, folders that are missing, clocks that jump.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use pgyer::sandbox::{Endpoint, Sandbox};
use tempfile::TempDir;

use crate::program::{PGYER, apk, command, end, run, start, upload};

/// A shell that limits its descriptors and then becomes the program.
fn limited(sandbox: &Sandbox, descriptors: u32) -> Command {
    let mut command = command(sandbox, "/bin/sh");
    let script = format!("ulimit -n {descriptors} && exec \"$@\"");
    command.args(["-c", &script, "sh", PGYER, "upload", "--format=json", "--poll-interval=10ms"]);
    command.arg("--retry-delay=10ms");
    command
}

pub(crate) fn few_descriptors() -> String {
    let sandbox = Sandbox::start().unwrap();
    run(limited(&sandbox, 16).arg(apk())).expect(0);
    run(limited(&sandbox, 16).arg("--jobs=2").args([apk(), apk()])).expect(0);
    let fewest = (3..16).find(|fewest| run(limited(&sandbox, *fewest).arg(apk())).code == Some(0));
    format!("published, two at a time too; {} are enough for one", fewest.unwrap())
}

/// Each file has its line and each failure its message; nothing hangs or ends in a panic.
pub(crate) fn too_few_descriptors() -> String {
    let sandbox = Sandbox::start().unwrap();
    let mut failures = 0;
    for descriptors in 4..16 {
        let ran = run(limited(&sandbox, descriptors).arg("--jobs=8").args(vec![apk(); 24]));
        assert_eq!(ran.stdout.lines().count(), 24, "{ran:#?}");
        let failed = ran.stdout.lines().filter(|line| line.contains("\"error\":{")).count();
        assert!(matches!(ran.code, Some(0 | 1 | 6)), "{ran:#?}");
        assert_eq!(ran.code == Some(0), failed == 0, "{ran:#?}");
        assert!(!ran.stderr.contains("panicked"), "{ran:#?}");
        failures += failed;
    }
    assert!(failures > 0);
    format!("with 4 to 15 of them {failures} of {} files failed, each with its message", 24 * 12)
}

pub(crate) fn full_disk() -> String {
    let sandbox = Sandbox::start().unwrap();
    for format in ["text", "json", "env", "dotenv"] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = upload(&sandbox);
        command.arg(format!("--format={format}")).arg(apk()).stdout(full);
        let ran = end(start(&mut command)).expect(1);
        assert!(ran.stderr.contains("No space left on device"), "{ran:#?}");
    }
    "exit 1 and the reason, in each format".into()
}

pub(crate) fn no_home() -> String {
    let sandbox = Sandbox::start().unwrap();
    for home in [None, Some(""), Some("/nonexistent"), Some("relative"), Some("/dev/null")] {
        let mut command = upload(&sandbox);
        home.map(|home| command.env("HOME", home));
        run(command.arg(apk())).expect(0);
        let ran = run(command.env_remove("PGYER_API_KEY")).expect(4);
        assert!(ran.stderr.contains("there is no API key"), "{ran:#?}");
    }
    "published with the key in the environment, exit 4 without".into()
}

/// The wall clock of the program alone: ten days ahead, and twenty back, while it polls.
pub(crate) fn jumping_clock() -> String {
    let Some(library) = faketime() else {
        return "passed over: there is no libfaketime".into();
    };
    let sandbox = Sandbox::builder().polls(100).start().unwrap();
    let folder = TempDir::new().unwrap();
    let clock = folder.path().join("clock");
    std::fs::write(&clock, "+0d").unwrap();
    let mut command = upload(&sandbox);
    command.args(["--timeout=60s", "--wait-timeout=60s"]).arg(apk()).stdout(Stdio::piped());
    command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", &clock);
    // The monotonic clock is the kernel's and does not jump.
    command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let child = start(&mut command);
    for (polls, time) in [(20, "+10d"), (50, "-10d")] {
        let has_asked = |count| {
            move |seen: &pgyer::sandbox::Seen| seen.requests_to(Endpoint::Poll).count() >= count
        };
        assert!(sandbox.wait_for(has_asked(polls), Duration::from_secs(30)));
        std::fs::write(&clock, time).unwrap();
    }
    let ran = end(child).expect(0);
    let line: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let seconds = line["publish_seconds"].as_f64().unwrap();
    assert!((0.5..30.0).contains(&seconds), "{seconds}");
    format!("10 days ahead, 20 back: published after {seconds:.1} s of its own")
}

fn faketime() -> Option<&'static str> {
    let places = [
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
        "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    ];
    places.into_iter().find(|place| Path::new(place).exists())
}
