//! The results in each format: what they contain, and that no name breaks out of them.

use std::fmt;
use std::process::{Command, Stdio};

use pgyer::sandbox::Sandbox;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::support::{Ran, data, faulty, folder, pgyer, program_for, run, sandbox, words};

/// A name that tries to break out of quotes and lines, and to control a terminal.
const EVIL: &str = "it's'; touch PWNED; echo \"$(touch PWNED)`touch PWNED`\"\n\
    touch PWNED\r\nPGYER_KEY=evil\n\\'\u{1b}[31m\u{85}\u{9b}x\u{2028}$HOME\u{7f}\u{202e}!! #";

fn evil() -> Sandbox {
    sandbox(|builder| {
        builder
            .build_field("buildName", &Value::from(EVIL).to_string())
            .build_field("buildVersion", r#""1'\n2""#)
            .build_field("buildIdentifier", r#""a\u0000b""#)
            .build_field("buildQRCodeURL", r#""https://q.example/\u001b]0;x\u0007""#)
    })
}

/// The names of a JSON object's members, in order.
fn members(ran: &Ran) -> String {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Vec<String>, A::Error> {
            let mut names = Vec::new();
            while let Some((name, IgnoredAny)) = object.next_entry()? {
                names.push(name);
            }
            Ok(names)
        }
    }
    let names = serde_json::Deserializer::from_str(&ran.stdout).deserialize_map(Members);
    names.unwrap().join(" ")
}

#[test]
fn json_has_the_promised_fields_of_each_command() {
    let sandbox = sandbox(|builder| builder.polls(0));
    let urls = "build install_url icon_url qr_code_url";
    let about = "file size type package findings";
    let stored = format!("{about} key upload_seconds");
    let is = |line: &str, expected: &str| {
        let mut command = program_for(&sandbox);
        command.current_dir(data("")).env("PGYER_P12_PASSWORD", "pw");
        let ran = run(&mut command, words(line)).expect(0);
        assert_eq!(ran.stdout.lines().count(), 1, "{ran:#?}");
        assert_eq!(members(&ran), expected, "{line}");
        ran.json().remove(0)
    };
    let all = format!("{about} key {urls} upload_seconds publish_seconds");
    let result = is("upload --json app.apk", &all);
    for name in
        ["buildType", "buildIsFirst", "buildIsLastest", "buildFileSize", "buildBuildVersion"]
    {
        assert!(result["build"][name].is_u64(), "{name}: {result}");
    }
    assert!(
        result["build"]["buildVersionNo"].is_string()
            && result["build"]["buildFileKey"].is_string()
    );
    assert!(result["upload_seconds"].is_f64() && result["publish_seconds"].is_f64());
    is("upload --json --no-wait app.apk", &stored);
    is("upload --json --legacy app.apk", &format!("{about} {urls} upload_seconds"));
    let checked = is("check --json app.apk", &format!("{about} warnings"));
    for from in [&checked, &result] {
        assert_eq!(from["package"]["identifier"], "com.example.sample", "{from}");
        assert_eq!(from["findings"], Value::Array(Vec::new()), "{from}");
    }
    for options in ["", "--no-wait ", "--legacy "] {
        let line = format!("upload --json --no-check {options}app.apk");
        let unchecked = pgyer(&sandbox, &line).expect(0).json().remove(0);
        assert_eq!(unchecked.get("package"), Some(&Value::Null), "{line}");
        assert_eq!(unchecked["findings"], Value::Array(Vec::new()), "{line}");
    }
    let key = is("upload --json --no-wait app.hap", &stored)["key"].clone();
    let key = key.as_str().unwrap();
    is(&format!("status --json {key}"), &format!("key {urls}"));
    is(&format!("status --json --wait {key}"), &format!("key {urls}"));
    is(&format!("harmony-cert --json {key} cert.p12"), "file size key");
    is(&format!("harmony-hsp --json {key} app.hsp"), "file size key");
    let token = is("token --json app.apk", "key endpoint params");
    let text = is("token app.apk", "key endpoint params");
    assert!(token["params"]["signature"].is_string() && text["params"]["signature"].is_string());
}

#[test]
fn put_has_its_fields_and_a_url_that_cannot_be_made_is_null() {
    let sandbox = sandbox(|builder| {
        ["buildIcon", "buildKey", "buildQRCodeURL", "buildShortcutUrl"]
            .into_iter()
            .fold(builder.polls(0), |builder, name| builder.build_field(name, "\"\""))
    });
    let folder = folder();
    let token = pgyer(&sandbox, "token app.apk").expect(0).stdout;
    std::fs::write(folder.path().join("t.json"), token).unwrap();
    let mut command = program_for(&sandbox);
    command.current_dir(folder.path());
    let ran = run(&mut command, words("put --json --token=t.json app.apk")).expect(0);
    assert_eq!(members(&ran), "file size type package findings key upload_seconds");
    let result = pgyer(&sandbox, "upload --json app.apk").expect(0).json().remove(0);
    for url in ["install_url", "icon_url", "qr_code_url"] {
        assert_eq!(result.get(url), Some(&Value::Null), "{url}");
    }
}

#[test]
fn a_number_that_is_none_is_handed_on_as_it_came() {
    for (json, shown) in [("\"1.5\"", "1.5"), ("5", "5"), ("\"+7\"", "+7")] {
        let sandbox = sandbox(|builder| builder.polls(0).build_field("buildBuildVersion", json));
        let ran = pgyer(&sandbox, "upload --format=env app.apk").expect(0);
        assert!(ran.stdout.contains(&format!("PGYER_APP_BUILD='{shown}'\n")), "{ran:#?}");
    }
}

#[test]
fn json_is_one_line_whatever_the_app_is_called() {
    let ran = pgyer(&evil(), "upload --json app.apk").expect(0);
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    assert_eq!(ran.stdout.chars().filter(|c| breaks(*c)).collect::<String>(), "\n");
    assert_eq!(ran.json()[0]["build"]["buildName"], EVIL);
    assert_eq!(ran.json()[0]["build"]["buildIdentifier"], "a\0b");
}

#[test]
fn text_has_no_control_characters_of_others() {
    let ran = pgyer(&evil(), "upload app.apk").expect(0);
    for (text, lines) in [(&ran.stdout, 2..=6), (&ran.stderr, 0..=6)] {
        assert!(lines.contains(&text.lines().count()), "{ran:#?}");
        let harmful = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}');
        assert!(!text.replace('\n', "").contains(harmful), "{ran:#?}");
    }
    assert!(ran.stdout.contains("it's") && ran.stdout.contains("https://www.pgyer.com/"));
}

#[cfg(unix)]
#[test]
fn messages_have_no_control_characters_of_file_names_and_servers() {
    let folder = folder();
    let name = "a\u{1b}[31m\nb\u{9b}.apk";
    std::fs::write(folder.path().join(name), "no package").unwrap();
    let sandbox = faulty(&["token:*:code=1009,message=a\u{1b}[0m\nb\u{9b}"]);
    for (file, code) in [(name, 3), ("missing\u{7}\n", 1), ("app.apk", 5)] {
        for format in ["text", "json"] {
            let mut command = program_for(&sandbox);
            command.current_dir(folder.path());
            let ran = run(&mut command, ["upload", "--format", format, file]).expect(code);
            for text in [&ran.stdout, &ran.stderr] {
                assert!(!text.replace('\n', "").contains(char::is_control), "{ran:#?}");
            }
            let json = if format == "json" { 1 } else { 0 };
            assert_eq!(ran.stdout.lines().count(), json, "{ran:#?}");
        }
    }
}

#[test]
fn dotenv_lines_stay_one_line_each() {
    let ran = pgyer(&evil(), "upload --format=dotenv app.apk").expect(0);
    let names: Vec<&str> = ran.stdout.split('\n').map(|l| l.split('=').next().unwrap()).collect();
    assert_eq!(
        names,
        [
            "PGYER_KEY",
            "PGYER_BUILD_KEY",
            "PGYER_INSTALL_URL",
            "PGYER_QR_CODE_URL",
            "PGYER_APP_NAME",
            "PGYER_APP_VERSION",
            "PGYER_APP_VERSION_NO",
            "PGYER_APP_BUILD",
            "PGYER_APP_IDENTIFIER",
            ""
        ]
    );
    assert!(!ran.stdout.replace('\n', "").contains(|c: char| c.is_control() || c == '\u{2028}'));
    assert!(ran.stdout.contains("\nPGYER_APP_VERSION=1' 2\n"), "{ran:#?}");
    assert!(ran.stdout.contains("\nPGYER_APP_IDENTIFIER=a b\n"), "{ran:#?}");
}

/// The shells whose `eval` is tried, if they are installed.
fn shells() -> impl Iterator<Item = Command> {
    let shells: [&[&str]; 3] = [&["dash"], &["bash"], &["busybox", "sh"]];
    let installed = |shell: &&[&str]| {
        Command::new(shell[0]).arg("-c").arg(":").stderr(Stdio::null()).status().is_ok()
    };
    shells.into_iter().filter(|_| cfg!(unix)).filter(installed).map(|words| {
        let mut shell = Command::new(words[0]);
        shell.args(&words[1..]);
        shell
    })
}

/// Runs a script with the program's folder first in PATH.
fn script(mut shell: Command, sandbox: &Sandbox, text: &str) -> (Ran, tempfile::TempDir) {
    let folder = folder();
    let own = std::path::Path::new(env!("CARGO_BIN_EXE_pgyer")).parent().unwrap();
    let path = format!("{}:{}", own.display(), std::env::var("PATH").unwrap());
    shell.env_clear().env("PATH", path).current_dir(folder.path()).stdin(Stdio::null());
    shell.env("PGYER_API_URL", sandbox.api_url()).env("PGYER_API_KEY", sandbox.api_key());
    (run(&mut shell, ["-c", text]), folder)
}

#[test]
fn a_shell_gets_the_name_and_nothing_else() {
    let mut tried = 0;
    for shell in shells() {
        let text = "set -eu; eval \"$(pgyer upload --poll-interval 10ms --format env app.apk)\"\n\
            printf '%s' \"$PGYER_APP_NAME|$PGYER_APP_VERSION|$PGYER_APP_IDENTIFIER|$PGYER_KEY\"";
        let sandbox = evil();
        let (ran, folder) = script(shell, &sandbox, text);
        let ran = ran.expect(0);
        let key = &sandbox.seen().objects[0].key;
        assert_eq!(ran.stdout, format!("{EVIL}|1'\n2|ab|{key}"));
        assert!(!folder.path().join("PWNED").exists());
        tried += 1;
    }
    assert!(tried > 0 || cfg!(windows), "no shell is installed");
}

#[test]
fn a_failure_ends_a_shell_that_wants_to_know() {
    let sandbox = faulty(&["poll:*:code=1216"]);
    for (command, code) in [
        ("upload --format env app.apk", 8),
        ("upload --format env missing.apk", 1),
        ("upload --format env --bogus", 2),
        ("status --format=env k", 8),
    ] {
        for shell in shells() {
            let text = format!("set -e; eval \"$(pgyer {command})\"; echo alive");
            let (ran, _folder) = script(shell, &sandbox, &text);
            assert_eq!(ran.expect(code).stdout, "");
        }
        for shell in shells() {
            let text = format!("eval \"$(pgyer {command})\" || echo failed $?");
            let (ran, _folder) = script(shell, &sandbox, &text);
            assert_eq!(ran.expect(0).stdout, format!("failed {code}\n"));
        }
    }
}

#[test]
fn variables_without_a_value_are_empty() {
    let sandbox = crate::support::strict();
    let ran = pgyer(&sandbox, "upload --no-wait --format=env app.apk").expect(0);
    let key = &sandbox.seen().objects[0].key;
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], format!("PGYER_KEY='{key}'"));
    assert_eq!(lines.len(), 9);
    assert!(lines[1..].iter().all(|line| line.ends_with("=''")), "{ran:#?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_went_away_is_no_error_and_a_full_disk_is_one() {
    let sandbox = crate::support::strict();
    let line = "upload --json app.apk app.ipa";
    let mut command = program_for(&sandbox);
    command.current_dir(data("")).args(words(line)).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(crate::support::wait(&mut child), Some(0));

    let cases = [
        (line, 1),
        ("upload --format=env app.apk", 1),
        ("token app.apk", 1),
        ("check --json app.apk cert.p12", 1),
        // The first failure counts, even if it can't be written.
        ("check --json cert.p12 app.apk", 3),
        ("--help", 1),
        ("man", 1),
    ];
    for (line, code) in cases {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = program_for(&sandbox);
        command.current_dir(data("")).args(words(line)).stdout(full).stderr(Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        assert!(said.contains("cannot write the result"), "{line}: {said}");
    }
}

/// Results that a job would lose, and then publish a second time.
#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_said_on_standard_error() {
    let sandbox = crate::support::strict();
    let key = pgyer(&sandbox, "upload --json app.apk").expect(0).json()[0]["key"].clone();
    let page = "https://www.pgyer.com/";
    for (line, has_page) in [
        ("upload -q app.apk".to_owned(), true),
        ("upload -q --json app.apk".to_owned(), true),
        ("upload -q --format=env app.apk".to_owned(), true),
        ("upload -q --format=dotenv app.apk".to_owned(), true),
        (format!("status -q --json {}", key.as_str().unwrap()), true),
        ("upload -q --json --legacy app.apk".to_owned(), true),
        ("upload -q --json --no-wait app.apk".to_owned(), false),
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = program_for(&sandbox);
        command.current_dir(data("")).args(words(&line)).stdout(full).stderr(Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{line}: {said}");
        assert_eq!(said.contains(page), has_page, "{line}: {said}");
        let seen = sandbox.seen();
        let key = &seen.objects.last().unwrap().key;
        if line.contains("upload") && !line.contains("legacy") {
            assert!(said.contains(key.as_str()), "{line}: {said}");
        }
    }
}

#[test]
fn a_ci_log_says_what_was_published_and_where() {
    let sandbox = crate::support::strict();
    let key = pgyer(&sandbox, "upload --json app.apk").expect(0).json()[0]["key"].clone();
    let status = format!("status {}", key.as_str().unwrap());
    let has_line = |line: &str| {
        let ran = pgyer(&sandbox, &format!("{line} --progress=never")).expect(0);
        let lines: Vec<&str> = ran.stderr.lines().collect();
        match lines[..] {
            [] => false,
            [line] if line.contains(": published ") => {
                assert!(line.contains(": https://www.pgyer.com/"), "{line}");
                true
            }
            _ => panic!("{ran:#?}"),
        }
    };
    for command in ["upload app.apk", "upload --legacy app.apk", &status] {
        for format in ["json", "env", "dotenv"] {
            assert!(has_line(&format!("{command} --format={format}")), "{command} {format}");
        }
        assert!(!has_line(command), "{command}");
        assert!(!has_line(&format!("{command} -q --json")), "{command}");
    }
    for command in ["upload --no-wait --json app.apk", "token app.apk", "check --json app.apk"] {
        assert!(!has_line(command), "{command}");
    }
}

/// Commands of CI systems in the names of files, apps and the words of servers.
#[test]
fn no_ci_system_gets_commands_from_names_and_servers() {
    let folder = folder();
    let file = "##[set-output name=x]y##vso[task.complete].apk";
    let name = "::add-mask::a\n::error::b##[group]c";
    std::fs::copy(data("app.apk"), folder.path().join(file)).unwrap();
    // On Windows the colons make another stream of the file before them.
    let broken = if cfg!(windows) { "##[stop]x" } else { "::stop-commands::x" };
    std::fs::write(folder.path().join(broken), "no package").unwrap();
    let named = sandbox(|builder| builder.build_field("buildName", &Value::from(name).to_string()));
    let refusing = faulty(&["token:*:code=1009,message=::error::x%0A##[debug]y"]);
    for (sandbox, file, code) in [
        (&named, file, 0),
        (&refusing, file, 5),
        (&named, broken, 3),
        (&named, "##[warning]missing", 1),
    ] {
        for options in [&["-v"][..], &["-v", "--json"], &["--color=always"]] {
            let mut command = program_for(sandbox);
            command.current_dir(folder.path()).args(["upload", "--poll-interval=10ms"]);
            let ran = run(command.args(options), [file]).expect(code);
            for text in [&ran.stdout, &ran.stderr] {
                assert!(!text.contains("##[") && !text.contains("##vso["), "{ran:#?}");
                let is_command = |line: &str| line.trim_start().starts_with("::");
                assert!(!text.lines().any(is_command), "{ran:#?}");
            }
            if options.contains(&"--json") {
                assert_eq!(ran.json()[0]["file"], file);
            }
        }
    }
}

#[test]
fn several_files_end_in_a_table_for_people() {
    let sandbox = faulty(&[]);
    let table = |line: &str, code| {
        let ran = pgyer(&sandbox, line).expect(code);
        let (_, table) = ran.stdout.rsplit_once("\n\n").unwrap_or_default();
        table.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let rows = table("upload app.apk no.apk app.ipa make-apk.sh", 1);
    let starts = [
        "app.apk      published        https://www.pgyer.com/",
        "no.apk       failed: io",
        "app.ipa      published        https://www.pgyer.com/",
        "make-apk.sh  failed: package",
    ];
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert!(rows.iter().zip(starts).all(|(row, start)| row.starts_with(start)), "{rows:#?}");
    let rows = table("upload --no-wait --jobs=2 app.apk app.ipa", 0);
    assert!(rows[1].starts_with("app.ipa  stored  "), "{rows:#?}");
    // A long name gives way and a link does not.
    let long = format!("upload app.apk {}no.apk", "./".repeat(60));
    assert!(table(&long, 1).iter().all(|row| row.chars().count() <= 80));
    for line in ["upload app.apk", "check app.apk app.ipa", "upload --json app.apk app.ipa"] {
        assert_eq!(table(line, 0), [""; 0]);
    }
}
