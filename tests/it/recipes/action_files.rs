//! The GitHub Action: which files it takes, and what it says about them.

use std::fs;
use std::path::Path;

use pgyer::sandbox::Sandbox;
use serde_json::Value;
use tempfile::TempDir;

use super::runner::{Job, steps};
use super::{ACTION, CHINESE, ENGLISH, builds, odd_sandbox, section, stand_ins};
use crate::support::document::value;
use crate::support::{Ran, sandbox};

/// The step that uploads, with these files and options.
fn upload(job: &mut Job, sandbox: &Sandbox, file: &str, options: &str) -> Ran {
    let context =
        [("inputs.api-key", sandbox.api_key()), ("inputs.file", file), ("inputs.options", options)];
    job.step(&steps(ACTION)[1], &context)
}

/// A job with the program and copies of the package under these names.
fn job(sandbox: &Sandbox, names: &[&str]) -> Job {
    let mut job = Job::new(sandbox);
    job.prepend_path(stand_ins::bin());
    for name in names {
        let path = job.folder().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(job.folder().join("app.apk"), path).unwrap();
    }
    job
}

/// The files in the output `json`, each of which went well.
fn uploaded(job: &Job) -> Vec<String> {
    let all: Value = serde_json::from_str(job.output("json")).unwrap();
    let all = all.as_array().unwrap().clone();
    all.iter()
        .map(|result| {
            assert!(result["install_url"].is_string(), "{result}");
            result["file"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn is_without_jq() -> bool {
    !stand_ins::installed(&["jq"])
}

/// What each pattern takes, in order, of the same files.
#[test]
fn takes_what_patterns_match() {
    if is_without_jq() {
        return;
    }
    let names = ["out/b.apk", "out/a.apk", "out/deep/er/c.apk", "out/x.apk/d.apk", ".hid/e.apk"];
    let all = [".hid/e.apk", "app.apk", "out/a.apk", "out/b.apk", "out/deep/er/c.apk"];
    let all = [&all[..], &["out/x.apk/d.apk"]].concat();
    for (lines, taken) in [
        ("app.apk", &["app.apk"][..]),
        ("**/*.apk", &all),
        ("./out/*.apk", &["out/a.apk", "out/b.apk"]),
        ("out/**/?.apk", &all[2..]),
        ("out/[!a].apk", &["out/b.apk"]),
        ("out/[a-b].apk", &["out/a.apk", "out/b.apk"]),
        ("out/**/er/*", &["out/deep/er/c.apk"]),
        ("\n  out/b.apk \r\n\nout/*.apk\n", &["out/b.apk", "out/a.apk"]),
    ] {
        let sandbox = sandbox(|builder| builder.polls(0));
        let mut job = job(&sandbox, &names);
        let ran = upload(&mut job, &sandbox, lines, "--jobs 2").expect(0);
        assert_eq!(uploaded(&job), taken, "{lines}");
        let named: Vec<&str> =
            ran.stdout.lines().filter_map(|line| line.strip_prefix("Uploads ")).collect();
        assert_eq!(named, taken, "{lines}");
        let first: Value = serde_json::from_str(job.output("json")).unwrap();
        assert_eq!(job.output("key"), first[0]["key"].as_str().unwrap());
        assert_eq!(job.summary().matches("![QR code](").count(), taken.len());
    }
}

#[test]
fn takes_whole_paths() {
    if is_without_jq() {
        return;
    }
    let (sandbox, elsewhere) = (sandbox(|builder| builder.polls(0)), TempDir::new().unwrap());
    let mut job = job(&sandbox, &[]);
    let file = elsewhere.path().join("folder/far.apk");
    fs::create_dir(file.parent().unwrap()).unwrap();
    fs::copy(job.folder().join("app.apk"), &file).unwrap();
    let pattern = format!("{}/**/*.apk", elsewhere.path().display());
    upload(&mut job, &sandbox, &pattern, "").expect(0);
    assert_eq!(uploaded(&job), [file.to_str().unwrap()]);
}

/// The step of the recipe with patterns, which leaves a name that is no package alone.
#[test]
fn the_recipe_takes_several_files() {
    if is_without_jq() {
        return;
    }
    let text = &section("GitHub Actions")[1].text;
    let input = |name: &str| {
        let start = format!("          {name}: ");
        let mut lines = text.lines().skip_while(|line| !line.starts_with(&start));
        value(lines.next().unwrap().strip_prefix(&start).unwrap(), lines, 10)
    };
    let sandbox = sandbox(|builder| builder.polls(0));
    let names = ["app/build/outputs/apk/release/app.apk", "app/build/outputs/apk/release/app.json"];
    let mut job = job(&sandbox, &[&names[..], &["ios/build/app.ipa"]].concat());
    fs::copy(job.folder().join("app.ipa"), job.folder().join("ios/build/app.ipa")).unwrap();
    upload(&mut job, &sandbox, &input("file"), &input("options")).expect(0);
    assert_eq!(uploaded(&job), [names[0], "ios/build/app.ipa"]);
}

#[test]
fn the_recipes_name_every_input_and_output() {
    let names = ACTION.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(':'));
    let names: Vec<&str> = names.map(|(name, _)| name).filter(|n| !n.starts_with(' ')).collect();
    let names: Vec<&&str> = names.iter().filter(|n| !["using", "steps"].contains(n)).collect();
    assert!(names.len() >= 14, "{names:?}");
    for (name, document) in names.iter().flat_map(|n| [(n, ENGLISH), (n, CHINESE)]) {
        assert!(document.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn fails_where_a_line_names_nothing() {
    let sandbox = odd_sandbox();
    for (lines, message) in [
        ("*.aab", "No file matches the pattern *.aab"),
        ("app.apk\nno/**/*.apk", "No file matches the pattern no/**/*.apk"),
        ("*.apk/**", "No file matches the pattern *.apk/**"),
        ("%0A*::x", "No file matches the pattern %250A*::x"),
        (" \n", "The input file names no file."),
    ] {
        if is_without_jq() {
            return;
        }
        let mut job = job(&sandbox, &[]);
        let ran = upload(&mut job, &sandbox, lines, "").expect(1);
        assert_eq!(ran.stdout, format!("::error title=Pgyer::{message}\n"), "{lines}");
    }
    assert!(sandbox.seen().requests.is_empty());
}

/// What a runner takes for commands.
fn commands(text: &str) -> Vec<&str> {
    let is_command = |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
    text.lines().filter(is_command).collect()
}

#[test]
fn names_are_names_and_nothing_more() {
    if is_without_jq() {
        return;
    }
    let names = [
        "::error::a.apk",
        "a b'c\"d.apk",
        "-v.apk",
        "--help.apk",
        "$(touch pwned).apk",
        "`touch pwned`.apk",
        "line\n::add-mask::x.apk",
        "##[error]x.apk",
        "[a]*.apk",
        "应用.apk",
        "x;touch pwned;.apk",
    ];
    let sandbox = odd_sandbox();
    let mut job = job(&sandbox, &names);
    let ran = upload(&mut job, &sandbox, "*.apk", "").expect(0);
    let mut expected = [&names[..], &["app.apk"]].concat();
    expected.sort_unstable();
    assert_eq!(uploaded(&job), expected);
    assert_eq!(builds(&sandbox), names.len() + 1);
    assert!(!job.folder().join("pwned").exists());
    assert_eq!(commands(&(ran.stdout + &ran.stderr)), [""; 0]);
    // The same names, each on a line of its own.
    let on_lines = names.iter().filter(|name| !name.contains('\n'));
    for name in on_lines {
        upload(&mut job, &sandbox, name, "").expect(0);
        assert_eq!(uploaded(&job), [*name]);
    }
}

#[test]
fn what_others_name_stays_text_in_the_summary() {
    if is_without_jq() {
        return;
    }
    let name = "<img src=x>[a](https://evil.example)![b](c)|`d`@me\n# e\u{202e}";
    let sandbox = sandbox(|builder| {
        builder.polls(0).build_field("buildName", &Value::from(name).to_string())
    });
    let mut job = job(&sandbox, &[]);
    upload(&mut job, &sandbox, "app.apk", "").expect(0);
    let summary = job.summary();
    assert_eq!(
        summary.lines().next().unwrap(),
        "### \\<img src\\=x\\>\\[a\\]\\(https\\:\\/\\/evil\\.example\\)\\!\\[b\\]\\(c\\)\\|\\`d\\`\\@me \\# e  1\\.2\\.3"
    );
}

#[test]
fn each_failure_is_an_error_in_the_programs_words() {
    if is_without_jq() {
        return;
    }
    let sandbox = odd_sandbox();
    let mut job = job(&sandbox, &[]);
    fs::write(job.folder().join("cut.apk"), "PK\u{3}\u{4} no").unwrap();
    let ran = upload(&mut job, &sandbox, "cut.apk\napp.apk\nno%0Asuch.apk", "").expect(3);
    let all: Value = serde_json::from_str(job.output("json")).unwrap();
    let message = |nth: usize| all[nth]["error"]["message"].as_str().unwrap().replace('%', "%25");
    let said = commands(&ran.stdout).join("\n");
    let errors = [message(0), message(2)].map(|message| format!("::error title=Pgyer::{message}"));
    assert_eq!(said, errors.join("\n"));
    assert!(message(0).contains("cut.apk") && message(2).contains("no%250Asuch.apk"));
    assert_eq!((job.output("install-url"), builds(&sandbox)), ("", 1));
    assert!(job.summary().contains("| not published | **package**: "), "{}", job.summary());
}

#[test]
fn a_refusal_of_the_command_line_is_an_error_in_its_words() {
    if is_without_jq() {
        return;
    }
    let sandbox = odd_sandbox();
    let mut job = job(&sandbox, &[]);
    let ran = upload(&mut job, &sandbox, "app.apk", "--region moon").expect(2);
    let said = "::error title=Pgyer::--region 'moon' is not auto, overseas or china";
    assert_eq!(commands(&ran.stdout), [said]);
    assert_eq!(job.output("json"), "[]");
    // What fails after the result is one, too.
    let ran = upload(&mut job, &sandbox, "app.apk", "--qr-file temp").expect(1);
    let said = commands(&ran.stdout);
    let start = "::error title=Pgyer::app.apk: cannot write the QR code to temp: ";
    assert!(said.len() == 1 && said[0].starts_with(start), "{ran:#?}");
    assert!(job.output("install-url").starts_with("https://www.pgyer.com/"));
    // Options are split at blanks and nothing else.
    let ran =
        upload(&mut job, &sandbox, "app.apk", "--channel * --region $(touch pwned)").expect(2);
    assert!(ran.stdout.contains("'$(touch'") && !job.folder().join("pwned").exists());
}

/// A program that prints this and ends with this code.
fn stand_in(folder: &Path, results: &str, code: i32) {
    fs::write(folder.join("results"), results).unwrap();
    let text = format!("#!/bin/sh\ncat '{}/results'\nexit {code}\n", folder.display());
    stand_ins::script(folder.join("pgyer"), &text);
}

const FOUND: &str = r#"{"file":"a.ipa","size":2500,"type":"ios","package":{"identifier":"com.example.app","version":"1.2","build":"7","min_os":"15.0","target_os":"18.1","archs":["arm64"],"debuggable":false,"signing":"ad-hoc","profile":{"name":"Team","expires":"2026-12-01T10:00:00Z","devices":3}},"findings":[{"code":"ios-ipad-only","level":"some-devices","message":"only iPads"},{"code":"ios-profile-expires-soon","level":"note","message":"2 days\n::x"}],"key":"k`1"}
{"file":"b.apk","error":{"kind":"package","message":"b.apk: not signed [android-not-signed]"},"findings":[{"code":"android-not-signed","level":"blocks","message":"not signed"}]}
"#;

#[test]
fn the_summary_says_what_the_package_is_and_what_was_found() {
    if is_without_jq() {
        return;
    }
    let (sandbox, bin) = (odd_sandbox(), TempDir::new().unwrap());
    let mut job = job(&sandbox, &["b.apk"]);
    stand_in(bin.path(), FOUND, 3);
    job.prepend_path(bin.path());
    let ran = upload(&mut job, &sandbox, "b.apk", "").expect(3);
    assert_eq!(
        commands(&ran.stdout),
        [
            "::warning title=Pgyer::a.ipa: only iPads [ios-ipad-only]",
            "::notice title=Pgyer::a.ipa: 2 days%0A::x [ios-profile-expires-soon]",
            "::warning title=Pgyer::b.apk: not signed [android-not-signed]",
            "::error title=Pgyer::b.apk: not signed [android-not-signed]",
        ]
    );
    assert_eq!(job.output("app-identifier"), "com.example.app");
    let summary = job.summary().replace('\\', "");
    for line in [
        "| file | a.ipa, ios, 2.4 KiB |",
        "| identifier | com.example.app |",
        "| version | 1.2, build 7 |",
        "| system | from 15.0, made for 18.1 |",
        "| processors | arm64 |",
        "| signed | ad-hoc |",
        "| profile | Team, expires 2026-12-01T10:00:00Z, 3 devices |",
        "| not published yet | pgyer status --wait k`1 |",
        "- **some-devices**: only iPads [ios-ipad-only]",
        "- **note**: 2 days ::x [ios-profile-expires-soon]",
        "### b.apk",
        "- **blocks**: not signed [android-not-signed]",
    ] {
        assert!(summary.lines().any(|found| found == line), "{line} in {summary}");
    }
}
