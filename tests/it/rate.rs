//! `--limit-rate`: one limit for all files, which no upload undercuts, however the scheduler has
//! it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pgyer::sandbox::Endpoint;
use pgyer::{ApiKey, BuildType, Client, Event, Package, Release};
use tempfile::TempDir;

use crate::support::{Ran, big_file, faulty, program_for, run, strict, within};

/// Uploads files of this size with these options, `=` and no space between.
fn upload(files: usize, size: usize, options: &[&str]) -> Ran {
    let folder = TempDir::new().unwrap();
    let paths: Vec<_> = (0..files).map(|n| folder.path().join(format!("{n}.apk"))).collect();
    paths.iter().for_each(|path| std::fs::write(path, vec![7; size]).unwrap());
    let sandbox = strict();
    let mut command = program_for(&sandbox);
    command.args(["upload", "--no-check", "--no-wait"]).args(options);
    let ran = run(&mut command, paths).expect(0);
    assert!(sandbox.seen().requests_to(Endpoint::Storage).all(|it| it.body_bytes > size as u64));
    ran
}

#[test]
fn all_files_share_one_limit() {
    // A second's worth goes at once, the other two take a second each.
    std::thread::scope(|scope| {
        for (files, options) in
            [(1, &["--limit-rate=100K"][..]), (3, &["--limit-rate=100k", "--jobs=3"])]
        {
            scope.spawn(move || {
                let ran = upload(files, 300 * 1024 / files, options);
                assert!(ran.elapsed > Duration::from_millis(1950), "{ran:#?}");
            });
        }
    });
}

#[test]
fn no_limit_and_a_large_one_are_no_matter() {
    for options in [&["--limit-rate=0"][..], &["--limit-rate=1G"]] {
        within(Duration::from_secs(2), || upload(1, 300 * 1024, options).elapsed);
    }
}

#[test]
fn waiting_for_the_limit_is_no_stall() {
    let sandbox = strict();
    let mut command = program_for(&sandbox);
    command.args(["token", "--type=ios", "--limit-rate=100", "--stall-timeout=1s", "--retries=0"]);
    let ran = run(&mut command, ["--json"]).expect(0);
    // The head alone is worth more than two seconds.
    assert!(ran.elapsed > Duration::from_secs(1), "{ran:#?}");
    // The deadline holds all the same.
    let mut command = program_for(&sandbox);
    command.args(["token", "--type=ios", "--limit-rate=1", "--timeout=300ms"]);
    let ran = run(&mut command, ["--json"]).expect(6);
    assert!(ran.stderr.contains("--timeout"), "{ran:#?}");
}

#[test]
fn a_refusal_ends_a_limited_upload_at_once() {
    let folder = TempDir::new().unwrap();
    let file = big_file(folder.path());
    within(Duration::from_secs(4), || {
        let sandbox = faulty(&["storage:*:early=403@65536,xml=AccessDenied"]);
        let mut command = program_for(&sandbox);
        command.args(["upload", "--no-check", "--limit-rate=200K"]);
        let ran = run(&mut command, [&file]).expect(7);
        assert!(ran.stderr.contains("AccessDenied"), "{ran:#?}");
        ran.elapsed
    });
}

#[test]
fn progress_is_told_in_pieces_of_50_ms() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("app.apk");
    std::fs::write(&path, vec![7; 1_300_000]).unwrap();
    let sandbox = strict();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let client = Client::builder()
        .api_key(ApiKey::new(sandbox.api_key()).unwrap())
        .api_url(sandbox.api_url())
        .limit_rate(1_000_000)
        .build()
        .unwrap()
        .with_observer(move |event| {
            if let Event::Sent { sent, .. } = event {
                told.lock().unwrap().push(*sent);
            }
        });
    let began = Instant::now();
    let token = client.get_cos_token(BuildType::Android, &Release::default()).unwrap();
    client.put(&token, &Package::open_unchecked(path, None).unwrap()).unwrap();
    assert!(began.elapsed() > Duration::from_millis(290), "{:?}", began.elapsed());
    let seen = seen.lock().unwrap();
    let steps: Vec<u64> =
        std::iter::once(0).chain(seen.iter().copied()).zip(&*seen).map(|(a, b)| b - a).collect();
    assert!(steps.iter().all(|step| *step <= 50_000), "{steps:?}");
    assert_eq!(steps.iter().sum::<u64>(), 1_300_000);
}
