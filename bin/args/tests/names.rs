//! Names: ours, nearly ours, and those from elsewhere.

use super::*;
use crate::options::{OPTIONS, Value};

#[test]
fn the_nearest_command_is_named() {
    says("uplaod a", &["uplaod", "pgyer upload?"]);
    says("stat", &["pgyer status?"]);
    says("harmony_cert", &["pgyer harmony-cert?"]);
    says("Doctor", &["pgyer doctor?"]);
}

#[test]
fn commands_of_other_programs_get_an_answer() {
    for word in ["auth", "login"] {
        says(word, &[word, "PGYER_API_KEY", "--api-key-file"]);
    }
    for word in ["list", "app"] {
        says(word, &[word, "only uploads"]);
    }
    for word in ["distribute", "publish", "release", "Publish"] {
        says(&format!("{word} a.apk"), &[word, "pgyer upload?"]);
    }
    says("getCOSToken", &["pgyer token?"]);
    says("help", &["--help"]);
}

#[test]
fn a_package_is_no_command() {
    says("app.apk", &["did you mean pgyer upload app.apk?"]);
    says("build/A.IPA --json", &["pgyer upload build/A.IPA?"]);
    says("api_key=SECRET.apk", &["unknown command api_key: "]);
}

#[test]
fn the_nearest_option_is_named() {
    says("upload --descripton x a", &["--descripton", "--description?"]);
    says("upload --desc=SECRET a", &["--desc ", "--description?"]);
    says("upload --instal-type 1", &["--install-type?"]);
    says("--formt json upload a", &["--format?"]);
    says("upload --Quiet a", &["--quiet?"]);
    says("upload -format json", &["-f", "--format?"]);
    says("upload -Q a", &["-q?"]);
}

#[test]
fn nothing_is_suggested_where_nothing_is_near() {
    for (line, help) in [
        ("upload --frobnicate a", "see pgyer upload -h"),
        ("upload --no a", "see pgyer upload -h"),
        ("--frobnicate upload a", "see pgyer -h"),
        ("check --retrys 1 a", "see pgyer check -h"),
        ("status -x KEY", "see pgyer status -h"),
        ("upload -n a", "see pgyer upload -h"),
        ("frobnicate", "see pgyer --help"),
        ("frobnicate=SECRET", "unknown command frobnicate: see"),
    ] {
        says(line, &[help]);
        assert!(!error(line).contains("did you mean"), "{}", error(line));
    }
}

/// An option that changes where something goes or what is checked has to be meant.
#[test]
fn nothing_harmful_is_suggested_unless_one_letter_is_wrong() {
    let harmful = [
        "api-url",
        "proxy",
        "resolve",
        "ca-file",
        "insecure-http",
        "no-check",
        "legacy",
        "region",
        "type",
        "file-name",
    ];
    for name in harmful {
        let wrong: String = name.chars().skip(1).collect();
        says(&format!("upload --{wrong} a"), &[&format!("--{name}?")]);
        let two_wrong = format!("xx{}", name.get(2..).unwrap());
        let abbreviated = name.get(..name.len() - 2).unwrap();
        for typed in [&two_wrong, abbreviated] {
            let message = error(&format!("upload --{typed} a"));
            assert!(!message.contains(&format!("--{name}?")), "{message}");
        }
    }
    for typed in ["api-uri-base", "proxied", "no-cache", "regional", "types", "resolver"] {
        let message = error(&format!("upload --{typed} x a"));
        let suggested = harmful.iter().find(|name| message.contains(&format!("--{name}?")));
        let is_one_letter = ["types", "resolver"].contains(&typed);
        assert_eq!(suggested.is_some(), is_one_letter, "{message}");
    }
}

#[test]
fn names_of_other_programs_come_first() {
    for (names, ours) in [
        (
            "update_description updateDescription UpdateDescription update-description changelog \
             release-notes message buildUpdateDescription build_update_description",
            "--notes?",
        ),
        ("changelog-file", "--notes-file?"),
        ("short-url shortUrl channelShortcut buildChannelShortcut", "--channel?"),
        ("concurrency threads", "--jobs?"),
        ("install-start-date install_start_date", "--valid-from?"),
        ("installEndDate", "--valid-until?"),
        ("install_date buildInstallDate", "--valid-forever"),
        ("qrcode qrCode", "--qr?"),
        ("installType buildInstallType", "--install-type?"),
        ("password-file", "--install-password-file?"),
        ("passwordEnv PASSWORD_ENV", "--password-env?"),
        ("max-time", "--timeout?"),
        ("cacert", "--ca-file?"),
        ("insecure", "always verified"),
        ("no-color", "--color never?"),
        ("no-progress", "--progress never?"),
        ("dry-run", "pgyer check"),
        ("jsonOutput", "--format json?"),
        ("file filePath apk ipa hap app_file_path", "without an option: pgyer upload FILE"),
        ("x-cos-meta-fileName", "--file-name?"),
    ] {
        for name in names.split_whitespace() {
            says(
                &format!("upload --{name}=SECRET a"),
                &[&format!("unknown option --{name}"), ours],
            );
            says(&format!("--{name} x upload a"), &[ours]);
        }
    }
    for (letter, ours) in [
        ("t", "--install-type?"),
        ("d", "--notes?"),
        ("s", "--valid-from?"),
        ("e", "--valid-until?"),
        ("c", "--channel?"),
        ("j", "--format json?"),
        ("f", "pgyer upload FILE"),
        ("updateDescription", "--notes?"),
        ("apk", "pgyer upload FILE"),
    ] {
        says(&format!("upload -{letter} x a"), &[ours]);
    }
    says("check --apk a.apk", &["without an option: pgyer check FILE..."]);
    says("put --file a.apk", &["without an option: pgyer put --token TOKEN.json FILE"]);
    says("status -w KEY", &["--wait?"]);
    says("harmony-cert --password-file x K c", &["--p12-password-file?"]);
    says("check --colour never", &["--color?"]);
}

#[test]
fn a_name_of_another_program_is_that_of_the_same_command() {
    for line in
        ["check --changelog x a", "status --concurrency 2 K", "doctor -d x", "status --apk x K"]
    {
        says(line, &["see pgyer "]);
    }
    says("check --buildChannelShortcut x a", &["it belongs to upload, token"]);
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
fn every_word_that_a_row_shows_is_understood() {
    for opt in OPTIONS {
        let Value::Choice(_, words) = opt.value else { continue };
        for word in words {
            let env: &[_] = match *word {
                "password" => &[("PGYER_INSTALL_PASSWORD", "x")],
                _ => &[],
            };
            command_with(&format!("upload --{} {word} a", opt.long), env);
            says(&format!("upload --{} bogus a", opt.long), &["'bogus' is not ", word]);
        }
    }
}

#[test]
fn json_is_a_format_like_any_other() {
    assert_eq!(command("status --json --format env K").output.format, Format::Env);
    assert_eq!(command("status --format env --json K").output.format, Format::Json);
    says("status --json=x K", &["--json takes no value"]);
    says("man --json", &["no option --json"]);
}
