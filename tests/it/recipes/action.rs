//! The GitHub Action: what it installs, what it refuses to install, and what it hands on.

use std::fs;
use std::path::Path;

use pgyer::sandbox::Endpoint;
use serde_json::Value;
use tempfile::TempDir;

use super::runner::{Job, Step, steps};
use super::stand_ins::{self, Releases};
use super::{ACTION, NAME, builds, odd_sandbox};
use crate::support::Ran;

const OWN: &str = concat!("v", env!("CARGO_PKG_VERSION"));

fn install_step() -> Step {
    steps(ACTION).remove(0)
}

/// Runs the step that installs the program.
fn install(job: &mut Job, step: &Step, server: &str, version: &str) -> Ran {
    let context = [
        ("github.server_url", server),
        ("github.action_repository || github.repository", "OWNER/pgyer"),
        ("inputs.version", version),
    ];
    job.step(step, &context)
}

fn is_installed(job: &Job) -> bool {
    job.folder().join("temp/pgyer/pgyer-linux-x86_64").exists()
}

/// Runs the action with the inputs of a step that uses it, as it stands in a document.
pub(crate) fn run_as_written(
    job: &mut Job,
    releases: &Releases,
    step: &str,
    secrets: &[(&str, &str)],
) {
    let (uses, with) = step.split_once("        with:\n").unwrap();
    assert!(uses.contains("- uses: OWNER/pgyer@"), "{step}");
    let inputs = with.lines().filter_map(|line| line.trim().split_once(": "));
    let inputs: Vec<(String, String)> = inputs
        .map(|(name, value)| (format!("inputs.{name}"), job.evaluate(value, secrets)))
        .collect();
    let mut context = vec![
        ("github.server_url", releases.url()),
        ("github.action_repository || github.repository", "OWNER/pgyer".to_owned()),
    ];
    context.extend(inputs.iter().map(|(name, value)| (name.as_str(), value.clone())));
    let context: Vec<_> = context.iter().map(|(name, value)| (*name, value.as_str())).collect();
    job.run(ACTION, &context);
}

#[test]
fn uploads_and_passes_on_the_result() {
    if !stand_ins::installed(&["curl", "jq"]) {
        return;
    }
    let releases = Releases::start("linux-x86_64");
    let sandbox = odd_sandbox();
    let mut job = Job::new(&sandbox);
    let inputs = [
        ("github.server_url", releases.url()),
        ("github.action_repository || github.repository", "OWNER/pgyer".to_owned()),
        ("inputs.version", String::new()),
        ("inputs.api-key", sandbox.api_key().to_owned()),
        ("inputs.install-password", "pass word".to_owned()),
        ("inputs.file", "app.apk".to_owned()),
        ("inputs.notes", "One \"line\",\nand $another".to_owned()),
        ("inputs.options", "--install-type password --region china".to_owned()),
    ];
    job.run(ACTION, &inputs.each_ref().map(|(name, value)| (*name, value.as_str())));
    assert_eq!(builds(&sandbox), 1);
    let page = job.output("install-url");
    assert!(page.starts_with("https://www.pgyer.com/"), "{page}");
    assert_eq!(job.output("app-name"), NAME);
    let all: Value = serde_json::from_str(job.output("json")).unwrap();
    assert_eq!(all[0]["install_url"], page);
    assert_eq!(job.output("qr-code-url"), all[0]["qr_code_url"].as_str().unwrap());
    let summary = job.summary();
    assert!(summary.contains(&format!("| install page | <{page}> |\n")), "{summary}");
    assert!(summary.contains("\n![QR code](<https://www.pgyer.com/app/qrcode/"), "{summary}");
    let seen = sandbox.seen();
    let token = seen.requests_to(Endpoint::Token).next().unwrap();
    assert_eq!(token.field("buildUpdateDescription").unwrap(), b"One \"line\",\nand $another");
    assert_eq!(token.field("buildPassword").unwrap(), b"pass word");
    assert_eq!(token.field("oversea").unwrap(), b"2");
    // Without a version it installs the release that it belongs to itself.
    let own = format!("/OWNER/pgyer/releases/download/{OWN}/");
    assert!(releases.asked().iter().all(|path| path.starts_with(&own)), "{:?}", releases.asked());
}

#[test]
fn installs_a_given_version_on_each_system() {
    if !stand_ins::installed(&["curl"]) {
        return;
    }
    for (system, machine, name) in [
        ("Linux", "ARM64", "linux-aarch64"),
        ("macOS", "ARM64", "macos-universal"),
        ("Linux", "X64", "linux-x86_64"),
    ] {
        let releases = Releases::start(name);
        let mut job = Job::new(&odd_sandbox());
        job.machine(system, machine);
        install(&mut job, &install_step(), &releases.url(), "v0.1.0").expect(0);
        assert!(releases.asked().iter().all(|path| path.contains("/releases/download/v0.1.0/")));
    }
}

/// A commit has no release of its own: its `Cargo.toml` says which one it belongs to.
#[test]
fn a_pinned_commit_installs_the_release_of_that_commit() {
    if !stand_ins::installed(&["curl"]) {
        return;
    }
    let (releases, action) = (Releases::start("linux-x86_64"), TempDir::new().unwrap());
    let manifest =
        "[package]\nname = \"pgyer\"\nversion = \"9.8.7\"\n\n[dependencies.a]\nversion = \"1\"\n";
    fs::write(action.path().join("Cargo.toml"), manifest).unwrap();
    let mut job = Job::new(&odd_sandbox());
    job.variable("GITHUB_ACTION_PATH", action.path().to_str().unwrap());
    install(&mut job, &install_step(), &releases.url(), "").expect(0);
    assert!(releases.asked().iter().all(|path| path.contains("/releases/download/v9.8.7/")));
}

#[test]
fn a_version_that_is_none_leads_nowhere() {
    let releases = Releases::start("linux-x86_64");
    for version in [
        "latest",
        "0.1.0",
        "v",
        " v0.1.0",
        "v0.1.0 ",
        "v0.1.0/../../../../../evil/pgyer/releases/download/v0.1.0",
        "../../latest/download",
        "v0.1.0?x",
        "v0.1.0#",
        "v0.1.0%2f..",
        "v0.1.0@evil.example",
        "v0.1.0-rc.1",
        "v0.1.0\nv0.1.0",
        "v0.1.0\n::set-env name=A::b",
        "v0.1.0;touch pwned",
        "$(touch pwned)",
        "`touch pwned`",
        "--config=/etc/passwd",
        "https://evil.example/v0.1.0",
    ] {
        let mut job = Job::new(&odd_sandbox());
        let ran = install(&mut job, &install_step(), &releases.url(), version).expect(1);
        assert_eq!(ran.stdout, "::error::The input version must look like v0.1.0.\n", "{version}");
        assert!(!job.folder().join("pwned").exists() && !is_installed(&job), "{version}");
    }
    assert_eq!(releases.asked(), [""; 0]);
}

#[test]
fn a_download_with_another_checksum_is_refused() {
    if !stand_ins::installed(&["curl"]) {
        return;
    }
    let releases = Releases::start("linux-x86_64");
    releases.falsify();
    let mut job = Job::new(&odd_sandbox());
    let ran = install(&mut job, &install_step(), &releases.url(), "v0.1.0");
    assert_ne!(ran.code, Some(0), "{ran:#?}");
    assert!(!is_installed(&job));
}

/// Runs the step where github.com is this server, with a `gh` that does this.
fn install_from_github(releases: &Releases, gh: &str) -> (Job, Ran, TempDir) {
    let (mut job, bin) = (Job::new(&odd_sandbox()), TempDir::new().unwrap());
    stand_ins::script(bin.path().join("gh"), gh);
    job.prepend_path(bin.path());
    let action = ACTION.replace("https://github.com", &releases.url());
    let ran = install(&mut job, &steps(&action)[0], &releases.url(), "v0.1.0");
    (job, ran, bin)
}

/// A `gh` that writes down its arguments, and ends a verification with this code.
fn gh(log: &Path, help: &str, code: i32) -> String {
    let log = log.display();
    format!(
        "#!/bin/sh\ncase \"$*\" in *--help) echo '{help}' ;; *) echo \"$*\" >> '{log}'; exit {code} ;; esac\n"
    )
}

const NEW_GH: &str = "Flags: --repo --source-ref --signer-workflow";

#[test]
fn the_attestation_is_verified_where_gh_can() {
    if !stand_ins::installed(&["curl"]) {
        return;
    }
    let (releases, logs) = (Releases::start("linux-x86_64"), TempDir::new().unwrap());
    let log = logs.path().join("verified");
    let (job, ran, _bin) = install_from_github(&releases, &gh(&log, NEW_GH, 0));
    ran.expect(0);
    assert!(is_installed(&job));
    assert_eq!(
        fs::read_to_string(log).unwrap(),
        "attestation verify pgyer-linux-x86_64.tar.gz --repo OWNER/pgyer \
         --source-ref refs/tags/v0.1.0 \
         --signer-workflow OWNER/pgyer/.github/workflows/release.yml\n"
    );
}

#[test]
fn an_archive_that_others_built_is_refused() {
    if !stand_ins::installed(&["curl"]) {
        return;
    }
    let (releases, logs) = (Releases::start("linux-x86_64"), TempDir::new().unwrap());
    let log = logs.path().join("verified");
    let (job, ran, _bin) = install_from_github(&releases, &gh(&log, NEW_GH, 1));
    ran.expect(1);
    assert!(!is_installed(&job));
}

#[test]
fn an_old_gh_is_not_asked() {
    if !stand_ins::installed(&["curl"]) {
        return;
    }
    let (releases, logs) = (Releases::start("linux-x86_64"), TempDir::new().unwrap());
    let log = logs.path().join("verified");
    let (job, ran, _bin) = install_from_github(&releases, &gh(&log, "Flags: --repo", 1));
    assert!(ran.expect(0).stdout.contains("::notice::Attestations can't be verified here"));
    assert!(is_installed(&job) && !log.exists());
}
