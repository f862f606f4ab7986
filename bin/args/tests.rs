//! What command lines come to, and what is said about wrong ones.

use std::ffi::{OsStr, OsString};
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

mod syntax {
    use super::*;

    #[test]
    fn options_follow_the_gnu_conventions() {
        let expected = command("upload --jobs 2 --quiet a.apk b.apk");
        for line in [
            "upload --jobs=2 -q a.apk b.apk",
            "upload a.apk --jobs 2 b.apk -q",
            "upload -q a.apk b.apk --jobs 7 --jobs 2",
            "-q --jobs 2 upload a.apk b.apk",
            "upload -vq --jobs=2 -- a.apk b.apk",
        ] {
            assert_eq!(command(line), expected, "{line}");
        }
    }

    #[test]
    fn two_dashes_end_the_options() {
        assert_eq!(upload("upload -- -q --help").files, ["-q", "--help"].map(PathBuf::from));
        assert_eq!(upload("upload -- --").files, [PathBuf::from("--")]);
    }

    #[test]
    fn a_value_may_look_like_an_option() {
        let notes = upload("upload --notes --quiet a").release.notes;
        assert_eq!(notes, Some(Notes::Text("--quiet".into())));
        let name = upload("upload --file-name=-x a").file_name;
        assert_eq!(name.as_deref(), Some("-x"));
    }

    #[test]
    fn bundled_options() {
        assert_eq!(command("upload -qv a").output.verbosity, Verbosity::Verbose);
        assert_eq!(command("upload -vq a").output.verbosity, Verbosity::Quiet);
        assert_eq!(command("upload a").output.verbosity, Verbosity::Normal);
    }

    #[test]
    fn repeatable_options_add_up() {
        let upload = upload("upload --hsp a.hsp --hsp=b.hsp x.hap");
        assert_eq!(upload.hsps, ["a.hsp", "b.hsp"].map(PathBuf::from));
        assert_eq!(
            command("doctor --resolve a:1:1.1.1.1 --resolve b:2:::1").network.resolve.len(),
            2
        );
    }

    #[cfg(unix)]
    #[test]
    fn operands_and_files_may_be_any_bytes() {
        use std::os::unix::ffi::OsStrExt;
        let odd = OsStr::from_bytes(b"\xff'\n;.apk").to_owned();
        let args = vec!["upload".into(), odd.clone(), "--ca-file".into(), odd.clone()];
        let Ok(Parsed::Run(command)) = parse_with(args, &[]) else { panic!() };
        assert_eq!(command.network.ca_file, Some(PathBuf::from(&odd)));
        assert_eq!(upload_of(*command).files, [PathBuf::from(&odd)]);

        let args = vec!["upload".into(), "a".into(), "--notes".into(), odd.clone()];
        assert_eq!(parse_with(args, &[]).unwrap_err().message, "--notes is not UTF-8");
        let args = vec!["upload".into(), "a".into(), "--file-name".into(), odd.clone()];
        let Ok(Parsed::Run(command)) = parse_with(args, &[]) else { panic!() };
        assert_eq!(upload_of(*command).file_name.as_deref(), Some("\u{fffd}'\n;.apk"));
        assert!(parse_with(vec!["status".into(), odd], &[]).is_err());
    }

    #[test]
    fn wrong_lines_get_one_line() {
        says("", &["no command", "pgyer --help"]);
        says("-q", &["no command"]);
        says("upload --jobs", &["--jobs needs a value", "N"]);
        says("upload --no-wait=x a", &["--no-wait takes no value"]);
        says("upload -q=x a", &["-q takes no value"]);
        says("upload", &["FILE"]);
        says("check", &["FILE"]);
        says("status", &["one KEY", "none"]);
        says("status a b", &["one KEY", "2"]);
        says("token", &["FILE or --type"]);
        says("token a b", &["one FILE"]);
        says("put --token t", &["one FILE"]);
        says("put --token t a b", &["one FILE"]);
        says("put a", &["--token"]);
        says("harmony-cert k", &["KEY and one FILE"]);
        says("harmony-cert k a b", &["KEY and one FILE"]);
        says("harmony-hsp k", &["KEY and a FILE"]);
        says("doctor x", &["no operand"]);
        says("man x", &["no operand"]);
        says("completions", &["bash, zsh or fish"]);
        says("completions tcsh", &["tcsh", "bash, zsh or fish"]);
        let empty = vec!["status".into(), "".into()];
        assert!(parse_with(empty, &[]).unwrap_err().message.contains("KEY is empty"));
    }

    #[test]
    fn control_characters_stay_out_of_messages() {
        let message = parse_with(vec!["\u{1b}[31m\n".into()], &[]).unwrap_err().message;
        assert!(!message.contains(char::is_control), "{message:?}");
        let args = vec!["upload".into(), "--type".into(), "a\r\nb".into(), "f".into()];
        let message = parse_with(args, &[]).unwrap_err().message;
        assert!(!message.contains(char::is_control), "{message:?}");
    }
}

mod help {
    use super::*;

    #[test]
    fn help_and_version_are_values() {
        assert!(printed("-h").contains("Commands:"));
        assert!(printed("--help").contains("Exit status:"));
        assert!(printed("upload -h").contains("--install-type TYPE"));
        assert!(printed("upload --help").contains("Examples:"));
        assert_eq!(printed("-V"), printed("--version"));
        assert_eq!(printed("upload --version"), printed("-V"));
        assert!(printed("-V").contains("neither made nor endorsed by Pgyer"));
    }

    #[test]
    fn what_comes_first_counts() {
        assert_eq!(printed("upload -h --bogus"), printed("upload -h"));
        assert_eq!(printed("upload a b -qh"), printed("upload -h"));
        says("upload --bogus -h", &["--bogus"]);
        assert_eq!(upload("upload -- -h").files, [PathBuf::from("-h")]);
    }
}

mod names {
    use super::*;

    #[test]
    fn the_nearest_command_is_named() {
        says("uplaod a", &["uplaod", "pgyer upload?"]);
        says("stat", &["pgyer status?"]);
        says("harmony_cert", &["pgyer harmony-cert?"]);
        says("Doctor", &["pgyer doctor?"]);
    }

    #[test]
    fn commands_of_the_official_program_get_an_answer() {
        for word in ["auth", "login"] {
            says(word, &[word, "PGYER_API_KEY", "--api-key-file"]);
        }
        for word in ["list", "app"] {
            says(word, &[word, "only uploads"]);
        }
        says("help", &["--help"]);
    }

    #[test]
    fn the_nearest_option_is_named() {
        says("upload --descripton x a", &["--descripton", "--description?"]);
        says("upload --desc=SECRET a", &["--desc ", "--description?"]);
        says("upload --instal-type 1", &["--install-type?"]);
        says("check --colour never", &["--color?"]);
        says("--formt json upload a", &["--format?"]);
        says("upload --Quiet a", &["--quiet?"]);
        says("upload -format json", &["-f", "--format?"]);
        says("upload -Q a", &["-q?"]);
        says("upload -d text", &["--notes?"]);
        says("status -w KEY", &["--wait?"]);
        says("status -x KEY", &["-h?"]);
    }

    #[test]
    fn an_option_of_another_command_is_said_to_be_one() {
        says("check --jobs 2 a", &["pgyer check has no option --jobs", "upload"]);
        says("--hsp a status KEY", &["pgyer status has no option --hsp"]);
        says("check --api-url http://x a", &["--api-url"]);
        says("upload --wait a", &["--wait", "status"]);
        says("upload --token t a", &["--token", "put"]);
        says("man --format json", &["--format"]);
    }

    #[test]
    fn names_from_elsewhere_work() {
        let ours = command(
            "upload --type ios --install-type invite --description a --notes b --valid-from \
             2025-01-01 --valid-until 2025-01-02 --channel c --region china --file-name d --format \
             json f",
        );
        let theirs = command(
            "upload --build-type ipa --build-install-type 3 --build-description a \
             --build-update-description b --build-install-start-date 2025-01-01 \
             --build-install-end-date 2025-01-02 --build-channel-shortcut c --oversea 2 \
             --x-cos-meta-file-name d --json f",
        );
        assert_eq!(ours, theirs);
    }

    #[test]
    fn json_is_a_format_like_any_other() {
        assert_eq!(command("status --json --format env K").output.format, Format::Env);
        assert_eq!(command("status --format env --json K").output.format, Format::Json);
        says("status --json=x K", &["--json takes no value"]);
        says("man --json", &["no option --json"]);
    }
}

mod secrets {
    use super::*;

    #[test]
    fn an_api_key_is_refused_and_never_repeated() {
        for option in [
            "--api-key SECRET",
            "--api-key=SECRET",
            "--api_key=SECRET",
            "--_api_key=SECRET",
            "--_api_key SECRET",
            "--apiKey=SECRET",
            "--key=SECRET",
            "--token-value=SECRET",
            "--user-token SECRET",
            "--client-secret=SECRET",
            "-k SECRET",
            "-kSECRET",
            "-k=SECRET",
            "-qkSECRET",
            "-qvk SECRET",
            "-key=SECRET",
            "-api-key=SECRET",
            "-apikey SECRET",
        ] {
            for line in [format!("upload {option} a"), format!("{option} status K")] {
                says(&line, &["refused", FROM_API_KEY_FILE]);
                assert!(!error(&line).contains("SECRET"), "{line}");
            }
        }
    }

    #[test]
    fn a_password_is_refused_and_never_repeated() {
        let install = "PGYER_INSTALL_PASSWORD or --install-password-file";
        let p12 = "PGYER_P12_PASSWORD or --p12-password-file";
        for (line, instead) in [
            ("upload --password SECRET a", install),
            ("upload --password=SECRET a", install),
            ("upload --build-password=SECRET a", install),
            ("upload --buildPassword=SECRET a", install),
            ("upload --install-password SECRET a", install),
            ("upload --passwd=SECRET a", install),
            ("upload -pSECRET a", install),
            ("upload --p12-password=SECRET a", p12),
            ("upload --cert-password SECRET a", p12),
            ("harmony-cert K c.p12 --password SECRET", p12),
            ("harmony-cert K c.p12 -p SECRET", p12),
            ("upload --proxy-password=SECRET a", "HTTPS_PROXY"),
            ("upload --proxy-user me:SECRET a", "HTTPS_PROXY"),
        ] {
            says(line, &["refused", instead]);
            assert!(!error(line).contains("SECRET"), "{line}");
        }
    }

    #[test]
    fn the_name_of_a_file_is_no_secret() {
        says("upload --password-file x a", &["--install-password-file?"]);
        says("harmony-cert --password-file x K c", &["--p12-password-file?"]);
        says("upload --key-file x a", &["did you mean"]);
        let release = upload("upload --build-password-file x a").release;
        assert_eq!(release.install, Some(Install::Password(Secret::Input(file("x")))));
    }

    #[test]
    fn values_that_may_hold_a_secret_are_never_repeated() {
        for line in [
            "upload --bogus=SECRET a",
            "upload --no-wait=SECRET a",
            "upload -q=SECRET a",
            "upload -xSECRET a",
            "upload --proxy http://u:SECRET@h a",
            "upload --proxy u:SECRET@h a",
            "upload --proxy http://SECRET%40h a",
            "upload --api-url https://u:SECRET@h a",
            "upload --api-url https://h/?_api_key=SECRET a",
            "upload --api-url SECRET a",
            "put --token {\"key\":\"SECRET\"} a",
            "upload --type --api-key=SECRET a",
            "upload --jobs -kSECRET a",
            "-- --api-key=SECRET",
            "-- -kSECRET",
            "api_key=SECRET upload a",
            "completions -- -kSECRET",
        ] {
            assert!(!error(line).contains("SECRET"), "{line}: {}", error(line));
        }
        let env = [("PGYER_API_URL", "ftp://u:SECRET@h")];
        let message = error_with("upload a", &env);
        assert!(message.starts_with("PGYER_API_URL ") && !message.contains("SECRET"), "{message}");
    }
}

mod release {
    use super::*;

    #[test]
    fn types() {
        for (name, build_type) in [
            ("ios", BuildType::Ios),
            ("ipa", BuildType::Ios),
            ("android", BuildType::Android),
            ("apk", BuildType::Android),
            ("harmonyos", BuildType::Harmonyos),
            ("hap", BuildType::Harmonyos),
            ("harmony", BuildType::Harmonyos),
        ] {
            let release = upload(&format!("upload --type {name} a")).release;
            assert_eq!(release.build_type, Some(build_type), "{name}");
        }
        says("upload --type windows a", &["--type 'windows'", "ios, android or harmonyos"]);
    }

    #[test]
    fn install_types() {
        for (given, install) in [
            ("public", Install::Public),
            ("1", Install::Public),
            ("invite", Install::Invite),
            ("3", Install::Invite),
        ] {
            let release = upload(&format!("upload --install-type {given} a")).release;
            assert_eq!(release.install, Some(install), "{given}");
        }
        says("upload --install-type 4 a", &["'4'", "public, password or invite"]);
        let args = ["upload", "--install-type", "", "a"].map(OsString::from).to_vec();
        assert!(
            parse_with(args, &[]).is_err(),
            "a build must not become public by an unset variable"
        );
    }

    const VARIABLE: &[(&str, &str)] = &[("PGYER_INSTALL_PASSWORD", "SECRET")];

    #[test]
    fn an_install_password_implies_its_type() {
        let of = |line: &str, env| upload_of(command_with(line, env)).release.install;
        let from_file = Some(Install::Password(Secret::Input(file("p"))));
        let from_env = Some(Install::Password(Secret::Env("PGYER_INSTALL_PASSWORD")));
        assert_eq!(of("upload a", VARIABLE), from_env);
        assert_eq!(of("upload --install-type 2 a", VARIABLE), from_env);
        assert_eq!(of("upload --install-password-file p a", &[]), from_file);
        assert_eq!(of("upload --install-password-file p a", VARIABLE), from_file);
        assert_eq!(
            of("upload --install-type password --install-password-file p a", &[]),
            from_file
        );
        assert_eq!(of("upload a", &[("PGYER_INSTALL_PASSWORD", "")]), None);
    }

    #[test]
    fn an_install_password_goes_with_no_other_type() {
        says(
            "upload --install-type password a",
            &["PGYER_INSTALL_PASSWORD", "--install-password-file"],
        );
        says(
            "upload --install-type public --install-password-file p a",
            &["--install-password-file"],
        );
        for kind in ["public", "invite", "1", "3"] {
            let message = error_with(&format!("token --install-type {kind} a"), VARIABLE);
            assert!(message.contains("PGYER_INSTALL_PASSWORD"), "{message}");
            assert!(!message.contains("SECRET"), "{message}");
        }
        let unset = [("PGYER_INSTALL_PASSWORD", "")];
        assert!(error_with("upload --install-type 2 a", &unset).contains("needs a password"));
        command_with("check a", VARIABLE);
    }

    #[test]
    fn notes_come_from_one_place() {
        let notes = |line: &str| upload(line).release.notes;
        assert_eq!(notes("upload --notes-file n a"), Some(Notes::File(file("n"))));
        assert_eq!(notes("upload --notes-file - a"), Some(Notes::File(Input::Stdin)));
        assert_eq!(notes("upload --notes-file ./- a"), Some(Notes::File(file("./-"))));
        assert_eq!(notes(r"upload --notes a\nb a"), Some(Notes::Text(r"a\nb".into())));
        says("upload --notes x --notes-file n a", &["--notes and --notes-file exclude"]);
    }

    #[test]
    fn what_is_empty_is_not_sent() {
        let release = upload("upload --notes= --description= --channel= a").release;
        assert_eq!(release, Release::default());
    }

    #[test]
    fn validity_is_two_days_or_forever() {
        let validity = |line: &str| upload(line).release.validity;
        let between = |from: &str, until: &str| {
            Some(Validity::Between { from: from.into(), until: until.into() })
        };
        assert_eq!(
            validity("upload --valid-from 2024-02-29 --valid-until 2024-02-29 a"),
            between("2024-02-29", "2024-02-29")
        );
        assert_eq!(
            validity("upload --valid-until 2025-01-01 --valid-from 2024-12-31 a"),
            between("2024-12-31", "2025-01-01")
        );
        assert_eq!(validity("upload --valid-forever a"), Some(Validity::Forever));
        says("upload --valid-from 2025-01-01 a", &["--valid-from needs --valid-until"]);
        says("upload --valid-until 2025-01-01 a", &["--valid-until needs --valid-from"]);
        says("upload --valid-from 2025-01-02 --valid-until 2025-01-01 a", &["is after"]);
        says(
            "upload --valid-from 2025-02-29 --valid-until 2025-03-01 a",
            &["--valid-from '2025-02-29'"],
        );
        says("upload --valid-forever --valid-from 2025-01-01 a", &["exclude"]);
        says("token --type ios --valid-forever --valid-until 2025-01-01", &["exclude"]);
    }

    #[test]
    fn regions() {
        for (given, region) in [
            ("--region auto", None),
            ("--region overseas", Some(Region::Overseas)),
            ("--oversea 1", Some(Region::Overseas)),
            ("--oversea china", Some(Region::China)),
            ("--region 2", Some(Region::China)),
        ] {
            assert_eq!(upload(&format!("upload {given} a")).release.region, region, "{given}");
        }
        says("upload --region europe a", &["'europe'", "auto, overseas or china"]);
        says("upload --oversea 0 a", &["'0'"]);
    }
}

mod commands {
    use super::*;

    #[test]
    fn upload_has_its_defaults() {
        let expected = Upload {
            files: vec!["a.apk".into()],
            release: Release::default(),
            file_name: None,
            wait: true,
            waiting: Waiting::default(),
            hsps: Vec::new(),
            certificate: None,
            legacy: false,
            check: true,
            jobs: 1,
            qr: When::Auto,
        };
        let command = command("upload a.apk");
        assert_eq!(command.network, Network::default());
        assert_eq!(command.output, Output::default());
        assert_eq!(upload_of(command), expected);
    }

    #[test]
    fn upload_has_its_switches() {
        let upload = upload(
            "upload --no-wait --no-check --jobs 4 --qr never --wait-timeout 1m --poll-interval 0.5 a",
        );
        assert!(!upload.wait && !upload.check);
        assert_eq!((upload.jobs, upload.qr), (4, When::Never));
        assert_eq!(upload.waiting.timeout, Some(Duration::from_secs(60)));
        assert_eq!(upload.waiting.poll_interval, Some(Duration::from_millis(500)));
        says("upload --file-name= a", &["--file-name is empty"]);
    }

    #[test]
    fn numbers() {
        says("upload --jobs 0 a", &["--jobs '0'", "from 1 up"]);
        says("upload --jobs +1 a", &["--jobs"]);
        says("upload --jobs= a", &["--jobs"]);
        says("doctor --retries -1", &["--retries '-1'"]);
        says("doctor --retries 1.5", &["--retries '1.5'"]);
        says("doctor --retries 99999999999", &["too large"]);
        assert_eq!(command("doctor --retries 0").network.retries, Some(0));
    }

    #[test]
    fn a_certificate_needs_its_password() {
        let variable = [("PGYER_P12_PASSWORD", "SECRET")];
        let certificate = |line: &str, env: &[_]| upload_of(command_with(line, env)).certificate;
        let with = |password| Some(Certificate { file: "c.p12".into(), password });
        let env = || Secret::Env("PGYER_P12_PASSWORD");
        assert_eq!(certificate("upload --p12 c.p12 a.hap", &variable), with(env()));
        assert_eq!(
            certificate("upload --p12 c.p12 --p12-password-file - a.hap", &variable),
            with(Secret::Input(Input::Stdin))
        );
        assert_eq!(certificate("upload a.hap", &variable), None);
        says("upload --p12 c.p12 a.hap", &["PGYER_P12_PASSWORD", "--p12-password-file"]);
        says("upload --p12-password-file p a.hap", &["--p12-password-file needs --p12"]);
        assert!(error_with("upload --p12 c a", &[("PGYER_P12_PASSWORD", "")]).contains("password"));

        let action = command_with("harmony-cert K c.p12", &variable).action;
        let expected =
            Action::HarmonyCert { key: "K".into(), file: "c.p12".into(), password: env() };
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
        };
        assert_eq!(put("put a --token t.json --file-name n --no-check --type apk"), expected);
        assert_eq!(put("put a --token -").token, Input::Stdin);
    }

    #[test]
    fn the_other_commands() {
        let status = match command("status K --wait --qr always").action {
            Action::Status(status) => status,
            other => panic!("{other:?}"),
        };
        assert_eq!((status.key.as_str(), status.wait, status.qr), ("K", true, When::Always));
        let files = || vec!["a".into(), "b".into()];
        assert_eq!(command("check a b").action, Action::Check { files: files() });
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
}

mod network {
    use super::*;

    fn network(line: &str) -> Network {
        command(line).network
    }

    #[test]
    fn every_option_arrives() {
        let ip: IpAddr = "10.0.0.1".parse().unwrap();
        let expected = Network {
            api_key_file: Some(file("k")),
            api_url: Some("https://relay.example:8443/apiv2".into()),
            proxy: Some("socks5h://proxy:1080".into()),
            ca_file: Some("ca.pem".into()),
            resolve: vec![Pin { host: "www.pgyer.com".into(), port: 443, ip }],
            connect_timeout: Some(Duration::from_secs(5)),
            stall_timeout: Some(Duration::from_secs(30)),
            timeout: Some(Duration::from_secs(3600)),
            retries: Some(5),
            retry_delay: Some(Duration::from_millis(250)),
            insecure_http: true,
        };
        let line = "--api-key-file k --api-url https://relay.example:8443/apiv2/ --proxy \
                    socks5h://proxy:1080 --ca-file ca.pem --resolve WWW.pgyer.com:443:10.0.0.1 \
                    --connect-timeout 5 --stall-timeout 30s --timeout 1h --retries 5 --retry-delay \
                    250ms --insecure-http";
        for verb in
            ["upload a", "status K", "token a", "put --token t a", "harmony-hsp K h", "doctor"]
        {
            assert_eq!(network(&format!("{verb} {line}")), expected, "{verb}");
        }
    }

    #[test]
    fn durations_are_named() {
        says("doctor --timeout 5x", &["--timeout '5x'", "250ms"]);
        says("doctor --timeout 0", &["--timeout", "more than 0"]);
        says("doctor --connect-timeout -1", &["--connect-timeout '-1'"]);
        says("doctor --retry-delay nan", &["--retry-delay 'nan'"]);
        says("upload --wait-timeout 1e9 a", &["--wait-timeout"]);
        assert_eq!(network("doctor --retry-delay 0").retry_delay, Some(Duration::ZERO));
    }

    #[test]
    fn pins() {
        for (given, ip) in [
            ("a.b:443:127.0.0.1", "127.0.0.1"),
            ("a.b:443:::1", "::1"),
            ("a.b:443:[::1]", "::1"),
            ("A.B:443:fe80::1", "fe80::1"),
        ] {
            let pin = Pin { host: "a.b".into(), port: 443, ip: ip.parse().unwrap() };
            assert_eq!(network(&format!("doctor --resolve {given}")).resolve, [pin], "{given}");
        }
        for given in [
            "a",
            "a:1",
            "a:1:",
            ":1:::1",
            "a:0:::1",
            "a:65536:::1",
            "a:+1:::1",
            "a::127.0.0.1",
            "a:1:b",
            "a:1:[127.0.0.1]",
            "a:1:127.0.0.1:2",
            "a/b:1:::1",
        ] {
            says(&format!("doctor --resolve {given}"), &["--resolve", "HOST:PORT:IP"]);
        }
    }

    #[test]
    fn api_urls() {
        for (given, url) in [
            ("https://h", "https://h"),
            ("HTTPS://h/x/", "HTTPS://h/x"),
            ("http://localhost:80/apiv2//", "http://localhost:80/apiv2"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://h/a@b", "https://h/a@b"),
        ] {
            let network = network(&format!("doctor --api-url {given}"));
            assert_eq!(network.api_url.as_deref(), Some(url), "{given}");
        }
        for given in [
            "h",
            "ftp://h",
            "https:/h",
            "https://",
            "https:///x",
            "https://u@h",
            "https://h:0",
            "https://h:x",
            "https://h:",
            "https://h:70000",
            "https://h?q",
            "https://h#f",
            "https://[::1",
            "https://::1",
            "https://[x]",
            "https://h_ü",
            "",
        ] {
            let message = error(&format!("doctor --api-url={given}"));
            assert!(message.starts_with("--api-url "), "{given}: {message}");
        }
        let spaced = ["doctor", "--api-url", "https://h/a b"].map(OsString::from).to_vec();
        assert!(parse_with(spaced, &[]).is_err());
    }

    #[test]
    fn the_address_may_stand_in_the_environment() {
        let env = |url| [("PGYER_API_URL", url)];
        let of = |line: &str, url| command_with(line, &env(url)).network.api_url;
        assert_eq!(of("upload a", "http://localhost:1/").as_deref(), Some("http://localhost:1"));
        assert_eq!(of("upload --api-url https://h a", "nonsense").as_deref(), Some("https://h"));
        assert_eq!(of("upload a", ""), None);
        assert_eq!(of("check a", "nonsense"), None);
        assert!(error_with("status K", &env("nonsense")).starts_with("PGYER_API_URL is not a URL"));
    }

    #[test]
    fn proxies() {
        for given in ["http://p", "https://p:3128/", "socks5://p:1", "SOCKS5H://[::1]:1"] {
            assert_eq!(network(&format!("doctor --proxy {given}")).proxy.as_deref(), Some(given));
        }
        for given in
            ["p:3128", "socks4://p", "http://", "http://p:x", "http://p/x", "http://p?x", ""]
        {
            let message = error(&format!("doctor --proxy={given}"));
            assert!(message.starts_with("--proxy "), "{given}: {message}");
        }
        says("doctor --proxy http://u@p", &["--proxy", "user or password", "HTTPS_PROXY"]);
    }
}

mod output {
    use super::*;

    #[test]
    fn formats() {
        for (given, format) in [
            ("text", Format::Text),
            ("json", Format::Json),
            ("env", Format::Env),
            ("dotenv", Format::Dotenv),
        ] {
            assert_eq!(command(&format!("upload --format {given} a")).output.format, format);
        }
        says("upload --format xml a", &["'xml'", "text, json, env or dotenv"]);
    }

    #[test]
    fn variables_describe_one_build() {
        for format in ["env", "dotenv"] {
            for line in ["upload a", "status K", "put --token t a"] {
                command(&format!("{line} --format {format}"));
            }
            for line in ["token a", "check a", "doctor", "harmony-hsp K a"] {
                says(&format!("{line} --format {format}"), &["upload, status and put"]);
            }
            says(&format!("upload a b --format {format}"), &["one FILE"]);
        }
    }

    #[test]
    fn the_format_is_looked_for_where_another_option_is_wrong() {
        for (line, format) in [
            ("upload --format env --bogus a", Some(Format::Env)),
            ("upload --bogus --format=env a", Some(Format::Env)),
            ("--bogus upload --format env a", Some(Format::Env)),
            ("upload --api-key SECRET --format env a", Some(Format::Env)),
            ("upload -kSECRET --format env a", Some(Format::Env)),
            ("upload --no-wait=x --format env a", Some(Format::Env)),
            ("upload --jobs 0 --format env a", Some(Format::Env)),
            ("uplaod a --format env", Some(Format::Env)),
            ("sandbox --bogus upload a --format env", Some(Format::Env)),
            ("upload --format env", Some(Format::Env)),
            ("upload --format env --format", Some(Format::Env)),
            ("upload --format json --format env", Some(Format::Env)),
            ("upload --format env --json", Some(Format::Json)),
            ("upload --format env --format nonsense", Some(Format::Env)),
            ("token a --format env", Some(Format::Env)),
            ("upload --bogus --notes --format env", None),
            ("upload --bogus -- --format env", None),
            ("upload", None),
        ] {
            assert_eq!(parse_with(words(line), &[]).unwrap_err().format, format, "{line}");
        }
    }

    #[test]
    fn colours_follow_the_environment_unless_told() {
        let color = |line: &str, value| command_with(line, &[("NO_COLOR", value)]).output.color;
        assert_eq!(color("check a", "1"), When::Never);
        assert_eq!(color("check a", ""), When::Auto);
        assert_eq!(color("check --color always a", "1"), When::Always);
        assert_eq!(command("check --color never a").output.color, When::Never);
        assert_eq!(command("check --progress always a").output.progress, When::Always);
        says("check --color sometimes a", &["--color 'sometimes'"]);
    }
}

#[cfg(not(feature = "sandbox"))]
#[test]
fn a_build_without_the_sandbox_says_so() {
    says("sandbox", &["no sandbox", "feature"]);
    assert!(!printed("--help").contains("sandbox"));
}

#[cfg(feature = "sandbox")]
mod sandbox {
    use super::*;

    fn sandbox(line: &str) -> Sandbox {
        match command(line).action {
            Action::Sandbox(sandbox) => sandbox,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn alone() {
        let expected = Sandbox {
            port: Some(8080),
            polls: Some(0),
            faults: vec!["storage:1:cut=done".into(), "token:*:html".into()],
            run: SandboxRun::Serve,
        };
        let line = "sandbox --port 8080 --polls 0 --fault storage:1:cut=done --fault=token:*:html";
        assert_eq!(sandbox(line), expected);
        says("sandbox --port 70000", &["--port '70000'", "too large"]);
    }

    #[test]
    fn what_follows_is_not_looked_at() {
        let run = |line: &str| sandbox(line).run;
        let pgyer = |line: &str| SandboxRun::Pgyer(words(line));
        let program = |line: &str| SandboxRun::Program(words(line));
        assert_eq!(run("sandbox upload -q --bogus a -- -h"), pgyer("upload -q --bogus a -- -h"));
        assert_eq!(run("sandbox --port 1 upload --port 2"), pgyer("upload --port 2"));
        assert_eq!(run("sandbox -- sh -c --help"), program("sh -c --help"));
        assert_eq!(run("sandbox -- upload -- x"), program("upload -- x"));
        assert_eq!(run("sandbox --polls=1 -- -x"), program("-x"));
        assert_eq!(run("sandbox -- sandbox"), program("sandbox"));
    }

    #[test]
    fn wrong_lines() {
        says("sandbox --", &["no COMMAND"]);
        says("sandbox sandbox upload a", &["sandbox"]);
        says("sandbox --format env upload a", &["--format", "after its name"]);
        says("sandbox --polls -1", &["--polls"]);
    }
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
