//! What command lines come to, and what is said about wrong ones.

mod commands;
mod help;
mod names;
mod network;
mod output;
mod release;
#[cfg(feature = "sandbox")]
mod sandbox;
mod secrets;
mod syntax;

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use pgyer::BuildType;
use proptest::prelude::*;

use super::*;

const FROM_API_KEY_FILE: &str = "PGYER_API_KEY or --api-key-file";

/// Parses a line whose words are separated by blanks.
fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

fn parse_with(args: Vec<OsString>, env: &[(&str, &str)]) -> Result<Parsed, UsageError> {
    parse(args, &|name| {
        env.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
    })
}

fn command_with(line: &str, env: &[(&str, &str)]) -> Command {
    match parse_with(words(line), env) {
        Ok(Parsed::Run(command)) => *command,
        other => panic!("{line}: {other:?}"),
    }
}

fn command(line: &str) -> Command {
    command_with(line, &[])
}

fn error_with(line: &str, env: &[(&str, &str)]) -> String {
    match parse_with(words(line), env) {
        Err(error) => {
            assert!(!error.message.contains('\n'), "{}", error.message);
            error.message
        }
        other => panic!("{line}: {other:?}"),
    }
}

fn error(line: &str) -> String {
    error_with(line, &[])
}

#[track_caller]
fn says(line: &str, parts: &[&str]) {
    let message = error(line);
    for part in parts {
        assert!(message.contains(part), "{line}: {message}");
    }
}

fn printed(line: &str) -> String {
    match parse_with(words(line), &[]) {
        Ok(Parsed::Print(text)) => text,
        other => panic!("{line}: {other:?}"),
    }
}

fn upload_of(command: Command) -> Upload {
    match command.action {
        Action::Upload(upload) => upload,
        other => panic!("{other:?}"),
    }
}

fn upload(line: &str) -> Upload {
    upload_of(command(line))
}

fn file(name: &str) -> Input {
    Input::File(name.into())
}

#[cfg(not(feature = "sandbox"))]
#[test]
fn a_build_without_the_sandbox_says_so() {
    says("sandbox", &["no sandbox", "feature"]);
    assert!(!printed("--help").contains("sandbox"));
}

/// Pieces of command lines, right and wrong, with a secret in places where it may turn up.
fn piece() -> impl Strategy<Value = String> {
    let plain = prop::sample::select(vec![
        "upload",
        "status",
        "token",
        "put",
        "harmony-cert",
        "sandbox",
        "-",
        "--",
        "-q",
        "-h",
        "-V",
        "-qv",
        "--format",
        "env",
        "--format=env",
        "--json",
        "--no-wait",
        "--type",
        "apk",
        "--jobs",
        "2",
        "--token",
        "t.json",
        "a.apk",
        "",
        "-=",
        "--=",
        "--=SECRET",
        "-k",
        "-kSECRET",
        "--api-key=SECRET",
        "--password=SECRET",
        "--quiet=SECRET",
        "-q=SECRET",
        "--nonsense=SECRET",
        "-zSECRET",
        "--proxy=http://u:SECRET@h",
        "--api-url=https://SECRET@h",
        "-é",
        "--ü=SECRET",
    ]);
    prop_oneof![4 => plain.prop_map(str::to_owned), 1 => "[-=a-z:./\\PC]{0,6}"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_line_panics_or_tells_a_secret(line in prop::collection::vec(piece(), 0..8)) {
        let args: Vec<OsString> = line.iter().map(OsString::from).collect();
        if let Err(error) = parse_with(args, &[]) {
            prop_assert!(!error.message.contains("SECRET"), "{line:?}: {}", error.message);
            prop_assert!(!error.message.contains('\n'), "{line:?}: {}", error.message);
        }
    }
}
