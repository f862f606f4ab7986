//! What each command takes.

use pgyer::{Expected, RetryPolicy, Wait};

use super::*;

fn status(line: &str) -> Status {
    match command(line).action {
        Action::Status(status) => status,
        other => panic!("{other:?}"),
    }
}

#[test]
fn upload_has_its_defaults() {
    let expected = Upload {
        files: vec!["a.apk".into()],
        release: Release::default(),
        file_name: None,
        wait: Some(Wait::default()),
        hsps: Vec::new(),
        certificate: None,
        legacy: false,
        check: true,
        expected: Expected::default(),
        jobs: 1,
        qr: Qr::default(),
    };
    let command = command("upload a.apk");
    assert_eq!(command.network, Network::default());
    assert_eq!(command.output, Output::default());
    assert_eq!(upload_of(command), expected);
}

#[test]
fn upload_has_its_switches() {
    let upload = upload("upload --no-wait --no-check --jobs 4 --qr never a");
    assert!(upload.wait.is_none() && !upload.check);
    assert_eq!((upload.jobs, upload.qr.show), (4, When::Never));
    // What is empty is not sent.
    assert_eq!(self::upload("upload --file-name= a").file_name, None);
}

#[test]
fn a_wait_has_its_limits() {
    let wait = Wait::default();
    let limited =
        wait.clone().timeout(Duration::from_secs(60)).interval(Duration::from_millis(500));
    let limits = "--wait-timeout 1m --poll-interval 0.5";
    assert_eq!(upload(&format!("upload {limits} a")).wait, Some(limited.clone()));
    assert_eq!(status(&format!("status --wait {limits} K")).wait, Some(limited));
    assert_eq!(status("status --wait K").wait, Some(wait));
    assert_eq!(status(&format!("status {limits} K")).wait, None);
}

#[test]
fn numbers() {
    says("upload --jobs 0 a", &["--jobs '0'", "from 1 up"]);
    says("upload --jobs +1 a", &["--jobs"]);
    says("upload --jobs= a", &["--jobs"]);
    says("doctor --retries -1", &["--retries '-1'"]);
    says("doctor --retries 1.5", &["--retries '1.5'"]);
    says("doctor --retries 99999999999", &["too large"]);
    let never = RetryPolicy::default().retries(0);
    assert_eq!(command("doctor --retries 0").network.retry, never);
}

#[test]
fn a_certificate_needs_its_password() {
    let variable = [("PGYER_P12_PASSWORD", "SECRET")];
    let certificate = |line: &str, env: &[_]| upload_of(command_with(line, env)).certificate;
    let file = || Input::File("c.p12".into());
    let with = |password| Some(Certificate { file: file(), password });
    let env = || Secret::Env("PGYER_P12_PASSWORD");
    assert_eq!(certificate("upload --p12 c.p12 a.hap", &variable), with(env()));
    assert_eq!(
        certificate("upload --p12 c.p12 --p12-password-file - a.hap", &variable),
        with(Secret::Input(Input::Stdin))
    );
    let from_stdin = Certificate { file: Input::Stdin, password: env() };
    assert_eq!(certificate("upload --p12 - a.hap", &variable), Some(from_stdin));
    says("upload --p12 - --p12-password-file - a.hap", &["--p12", "one option only"]);
    assert_eq!(certificate("upload a.hap", &variable), None);
    says("upload --p12 c.p12 a.hap", &["PGYER_P12_PASSWORD", "--p12-password-file"]);
    says("upload --p12-password-file p a.hap", &["--p12-password-file needs --p12"]);
    assert!(error_with("upload --p12 c a", &[("PGYER_P12_PASSWORD", "")]).contains("password"));

    let action = command_with("harmony-cert K c.p12", &variable).action;
    let expected = Action::HarmonyCert { key: "K".into(), file: "c.p12".into(), password: env() };
    assert_eq!(action, expected);
    says("harmony-cert K c.p12", &["PGYER_P12_PASSWORD"]);
}

#[test]
fn hsps_and_certificates_go_with_one_file() {
    let variable = [("PGYER_P12_PASSWORD", "x")];
    says("upload --hsp h a b", &["--hsp", "single FILE"]);
    assert!(error_with("upload --p12 c a b", &variable).contains("single FILE"));
    says("upload --hsp= a", &["--hsp names no file"]);
}

#[test]
fn legacy_lacks_some_options() {
    for option in [
        "--type apk",
        "--description x",
        "--region auto",
        "--hsp h",
        "--p12 c",
        "--no-wait",
        "--build-type apk",
        "--oversea 1",
    ] {
        says(&format!("upload --legacy {option} a"), &["--legacy"]);
    }
    let upload = upload(
        "upload --legacy --notes x --install-type 3 --channel c --valid-forever --file-name n \
         --no-check a",
    );
    assert!(upload.legacy);
}

#[test]
fn token_takes_a_file_or_a_type() {
    let token = |line: &str| match command(line).action {
        Action::Token(token) => (token.file, token.release.build_type),
        other => panic!("{other:?}"),
    };
    assert_eq!(token("token a"), (Some("a".into()), None));
    assert_eq!(token("token --type ipa"), (None, Some(BuildType::Ios)));
    assert_eq!(token("token --type ipa a"), (Some("a".into()), Some(BuildType::Ios)));
}

#[test]
fn a_file_is_checked_unless_told_otherwise() {
    let checks = |line: &str| match command(line).action {
        Action::Upload(upload) => upload.check,
        Action::Token(token) => token.check,
        Action::Put(put) => put.check,
        other => panic!("{other:?}"),
    };
    for line in ["upload a", "token a", "put --token t a"] {
        assert!(checks(line), "{line}");
        assert!(!checks(&format!("{line} --no-check")), "{line}");
    }
}

#[test]
fn put_takes_a_token_and_a_file() {
    let put = |line: &str| match command(line).action {
        Action::Put(put) => put,
        other => panic!("{other:?}"),
    };
    let expected = Put {
        token: file("t.json"),
        file: "a".into(),
        build_type: Some(BuildType::Android),
        file_name: Some("n".into()),
        check: false,
        expected: Expected::default(),
    };
    assert_eq!(put("put a --token t.json --file-name n --no-check --type apk"), expected);
    assert_eq!(put("put a --token -").token, Input::Stdin);
}

#[test]
fn what_a_package_has_to_be() {
    let mut expected = Expected::default();
    expected.identifier = Some("com.example".into());
    expected.version = Some("1.0".into());
    expected.build = Some("7".into());
    expected.strict = true;
    let options = "--expect-identifier com.example --expect-version=1.0 --expect-build 7 --strict";
    assert_eq!(upload(&format!("upload {options} a")).expected, expected);
    let check = Check { files: vec!["a".into()], hsps: vec!["x.hsp".into()], expected };
    assert_eq!(command(&format!("check --hsp x.hsp {options} a")).action, Action::Check(check));
    says("upload --expect-build= a", &["--expect-build", "empty"]);
    says("check --expect-identifier= a", &["--expect-identifier", "empty"]);
    says("put --token t --no-check --strict a", &["--strict", "--no-check"]);
    says("upload --no-check --expect-version 1 a", &["--expect-version", "--no-check"]);
    says("token --type ios --strict", &["--strict", "FILE"]);
    says("check --hsp x.hsp a b", &["--hsp", "single FILE"]);
    says("status --strict K", &["--strict"]);
}

#[test]
fn the_other_commands() {
    let status = status("status K --wait --qr always");
    assert_eq!((status.key.as_str(), status.qr.show), ("K", When::Always));
    let files = || vec!["a".into(), "b".into()];
    let check = Check { files: files(), hsps: Vec::new(), expected: Expected::default() };
    assert_eq!(command("check a b").action, Action::Check(check));
    let hsps = Action::HarmonyHsp { key: "K".into(), files: files() };
    assert_eq!(command("harmony-hsp K a b").action, hsps);
    assert_eq!(command("doctor").action, Action::Doctor);
    assert!(printed("completions bash").contains("complete -F"));
    assert!(printed("man").starts_with(".TH PGYER 1"));
}

#[test]
fn standard_input_serves_one_option() {
    for line in [
        "upload --notes-file - --api-key-file - a",
        "upload --notes-file - --install-password-file - a",
        "put --token - --api-key-file - a",
        "upload --p12 c --p12-password-file - --api-key-file - a",
    ] {
        says(line, &["standard input"]);
    }
    command("upload --notes-file - --notes-file n --api-key-file - a");
}
