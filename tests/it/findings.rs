//! What the packages in `tests/data/findings` are, what keeps phones from installing them, and the
//! options that make errors of it.

use std::path::{Path, PathBuf};

use pgyer::sandbox::Sandbox;
use serde_json::Value;

use crate::support::{Ran, data, program_for, run, sandbox, strict, words};

fn folder() -> PathBuf {
    data("findings")
}

fn pgyer(sandbox: &Sandbox, line: &str) -> Ran {
    run(program_for(sandbox).current_dir(folder()), words(line))
}

/// The packages that end in one of these, with the codes that they have to have.
fn packages() -> Vec<(String, Vec<String>)> {
    let names = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let is_package = |name: &String| [".apk", ".ipa", ".hap"].iter().any(|end| name.ends_with(end));
    let mut names: Vec<_> =
        names.map(|name| name.into_string().unwrap()).filter(is_package).collect();
    names.sort();
    let with_code = |name: String| {
        let code = Path::new(&name).file_stem().unwrap().to_str().unwrap().to_owned();
        let codes = if code.starts_with("none-") { vec![] } else { vec![code] };
        (name, codes)
    };
    names.into_iter().map(with_code).collect()
}

fn codes(findings: &Value) -> Vec<String> {
    let findings = findings.as_array().expect("an array");
    findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_package_has_the_finding_of_its_name() {
    let sandbox = strict();
    let packages = packages();
    let line = packages.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ");
    let ran = pgyer(&sandbox, &format!("check --json {line}")).expect(0);
    assert_eq!(ran.json().len(), packages.len());
    for (line, (name, expected)) in ran.json().iter().zip(&packages) {
        assert_eq!(&codes(&line["findings"]), expected, "{name}");
        let said = |finding: &Value| {
            let word = if finding["level"] == "note" { "note" } else { "warning" };
            let message = finding["message"].as_str().unwrap();
            format!("pgyer: {word}: {name}: {message} [{}]", finding["code"].as_str().unwrap())
        };
        for finding in line["findings"].as_array().unwrap() {
            assert!(ran.stderr.lines().any(|line| line == said(finding)), "{ran:#?}");
        }
        let is =
            if name == "ios-no-identifier.ipa" { Value::Null } else { "com.example.sample".into() };
        assert_eq!(line["package"]["identifier"], is, "{name}");
    }
    assert_eq!(sandbox.seen().connections, 0);
}

#[test]
fn strict_stops_what_blocks_before_any_connection() {
    let sandbox = strict();
    for (name, expected) in packages() {
        let ran = pgyer(&sandbox, &format!("check --json {name}")).expect(0);
        let blocks = ran.json()[0]["findings"].as_array().unwrap().iter().any(is_blocking);
        let ran = pgyer(&sandbox, &format!("check --strict --json {name}"));
        let ran = ran.expect(if blocks { 3 } else { 0 });
        assert_eq!(codes(&ran.json()[0]["findings"]), expected, "{name}");
        if blocks {
            let error = &ran.json()[0]["error"];
            assert_eq!(error["kind"], "package");
            let code = format!("[{}]", expected[0]);
            assert!(error["message"].as_str().unwrap().contains(&code), "{ran:#?}");
            assert!(ran.stderr.lines().last().unwrap().contains(&code), "{ran:#?}");
        }
    }
    for line in [
        "upload --strict",
        "upload --strict --legacy",
        "upload --strict --no-wait",
        "token --strict",
    ] {
        let ran = pgyer(&sandbox, &format!("{line} --json android-test-only.apk")).expect(3);
        let line = &ran.json()[0];
        assert_eq!(line["error"]["kind"], "package");
        assert_eq!(codes(&line["findings"]), ["android-test-only"]);
    }
    assert_eq!(sandbox.seen().connections, 0);
}

fn is_blocking(finding: &Value) -> bool {
    finding["level"] == "blocks"
}

#[test]
fn what_is_expected_is_compared_before_any_connection() {
    let sandbox = strict();
    let all = "--expect-identifier=com.example.sample --expect-version=1.2.3 --expect-build=7";
    pgyer(&sandbox, &format!("check {all} none-android.apk")).expect(0);
    for (option, says) in [
        ("--expect-identifier=com.example.Sample", ["com.example.sample", "com.example.Sample"]),
        ("--expect-version=1.2", ["1.2.3", "1.2 is expected"]),
        ("--expect-build=07", ["build is 7", "07"]),
    ] {
        for verb in ["check", "upload", "upload --legacy", "token"] {
            let line = format!("{verb} --json --strict {option} none-android.apk");
            let ran = pgyer(&sandbox, &line).expect(3);
            let message = ran.json()[0]["error"]["message"].as_str().unwrap().to_owned();
            assert!(says.iter().all(|words| message.contains(words)), "{message}");
            assert!(ran.json()[0].get("findings").is_none(), "{ran:#?}");
        }
    }
    // It goes before strictness, and holds for each file.
    let line = "check --json --strict --expect-build=8 android-test-only.apk none-android.apk";
    let ran = pgyer(&sandbox, line).expect(3);
    for line in ran.json() {
        let message = line["error"]["message"].as_str().unwrap();
        assert!(message.contains("8 is expected") && !message.contains("testOnly"), "{message}");
    }
    assert_eq!(sandbox.seen().connections, 0);
}

#[test]
fn a_package_is_put_as_expected_or_not_at_all() {
    let sandbox = strict();
    let token = pgyer(&sandbox, "token none-android.apk").expect(0).stdout;
    let before = sandbox.seen().connections;
    let folder = crate::support::folder();
    let file = folder.path().join("token.json");
    std::fs::write(&file, token).unwrap();
    let put = |options: &[&str], name: &str| {
        let mut command = program_for(&sandbox);
        command.current_dir(self::folder()).args(["put", "--json", "--token"]).arg(&file);
        run(&mut command, options.iter().chain([&name]))
    };
    let ran = put(&["--expect-build=8"], "none-android.apk").expect(3);
    assert!(ran.json()[0]["error"]["message"].as_str().unwrap().contains("8 is expected"));
    let ran = put(&["--strict"], "android-test-only.apk").expect(3);
    assert_eq!(codes(&ran.json()[0]["findings"]), ["android-test-only"]);
    assert_eq!(sandbox.seen().connections, before);
    put(&["--strict", "--expect-build=7"], "none-android.apk").expect(0);
}

#[test]
fn hsps_are_taken_into_account() {
    let sandbox = strict();
    let codes_of = |line: &str| {
        let ran = pgyer(&sandbox, &format!("check --json {line} harmony-hsp-missing.hap"));
        codes(&ran.expect(0).json()[0]["findings"])
    };
    assert_eq!(codes_of(""), ["harmony-hsp-missing"]);
    assert_eq!(codes_of("--hsp library.hsp"), [""; 0]);
    assert_eq!(codes_of("--hsp library-of-another-version.hsp"), ["harmony-hsp-version"]);
    let ran = pgyer(&sandbox, "check --json --hsp=library.hsp none-android.apk").expect(3);
    assert!(ran.json()[0]["error"]["message"].as_str().unwrap().contains("library.hsp"));
    pgyer(&sandbox, "check --hsp=missing.hsp harmony-hsp-missing.hap").expect(1);
    let line = "upload --strict --json --hsp library.hsp harmony-hsp-missing.hap";
    assert_eq!(codes(&pgyer(&sandbox, line).expect(0).json()[0]["findings"]), [""; 0]);
    assert_eq!(sandbox.seen().hsps.len(), 1);
}

#[test]
fn the_sandbox_publishes_what_the_package_is() {
    let sandbox = strict();
    for name in ["none-android.apk", "none-ios.ipa", "none-harmony.hap"] {
        let ran = pgyer(&sandbox, &format!("upload --json {name}")).expect(0);
        let line = &ran.json()[0];
        let (build, package) = (&line["build"], &line["package"]);
        assert_eq!(build["buildIdentifier"], package["identifier"], "{ran:#?}");
        assert_eq!(build["buildVersion"], package["version"]);
        assert_eq!(build["buildVersionNo"], package["build"]);
        assert!(!ran.stderr.contains("published-other-app"), "{ran:#?}");
    }
}

#[test]
fn another_app_than_was_sent_is_said() {
    let other = sandbox(|builder| builder.build_field("buildIdentifier", "\"com.other\""));
    for line in ["upload", "upload --legacy"] {
        let ran = pgyer(&other, &format!("{line} --json android-no-launcher.apk")).expect(0);
        let result = &ran.json()[0];
        assert_eq!(codes(&result["findings"]), ["published-other-app", "android-no-launcher"]);
        let page = result["install_url"].as_str().unwrap();
        let said = ran.stderr.lines().find(|line| line.ends_with("[published-other-app]")).unwrap();
        for words in ["pgyer: warning: ", "com.other", "com.example.sample", page] {
            assert!(said.contains(words), "{ran:#?}");
        }
        for option in ["--strict", "--expect-identifier=com.example.sample"] {
            let line = format!("{line} --json {option} android-no-launcher.apk");
            let ran = pgyer(&other, &line).expect(8);
            let result = &ran.json()[0];
            assert_eq!(result["error"]["kind"], "publish");
            let message = result["error"]["message"].as_str().unwrap();
            for words in ["com.other", "com.example.sample", "https://www.pgyer.com/"] {
                assert!(message.contains(words), "{message}");
            }
            if let Some(key) = result.get("key").and_then(Value::as_str) {
                assert!(message.contains(&format!("pgyer status --wait {key}")), "{message}");
            }
            let expected = ["published-other-app", "android-no-launcher"];
            match option {
                "--strict" => assert_eq!(codes(&result["findings"]), expected),
                _ => assert!(result.get("findings").is_none(), "{result}"),
            }
        }
    }
    // Nothing is known yet, or nothing of the package is.
    for line in ["upload --no-wait", "upload --no-check"] {
        let ran = pgyer(&other, &format!("{line} --json none-android.apk")).expect(0);
        assert!(!ran.stderr.contains("published-other-app"), "{ran:#?}");
    }
}

/// Files of the same name in several folders are told apart.
#[test]
fn findings_name_the_file_whole() {
    let sandbox = strict();
    for verb in ["check", "upload", "upload --legacy", "upload --no-wait", "token"] {
        let mut command = program_for(&sandbox);
        command.current_dir(data(""));
        let file = "findings/android-no-launcher.apk";
        let ran = run(&mut command, words(&format!("{verb} {file}"))).expect(0);
        assert!(ran.stderr.contains(&format!("pgyer: note: {file}: it has no")), "{ran:#?}");
    }
}

#[test]
fn without_the_check_nothing_is_known() {
    let ran = pgyer(&strict(), "upload --no-check --json android-test-only.apk").expect(0);
    let line = &ran.json()[0];
    assert_eq!((&line["package"], &line["findings"]), (&Value::Null, &Value::Array(vec![])));
}
