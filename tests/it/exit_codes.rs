//! Every exit code with its kind, and what goes where when something fails.

use std::path::Path;

use pgyer::sandbox::Sandbox;
use tempfile::TempDir;

use crate::support::{Ran, data, faulty, folder, pgyer, program, program_for, run, sandbox, words};

/// A failure: the sandbox's faults, the command line, the exit code, and words of the message.
struct Case {
    faults: &'static [&'static str],
    line: &'static str,
    code: i32,
    kind: &'static str,
    says: &'static [&'static str],
}

const fn case(
    faults: &'static [&'static str],
    line: &'static str,
    code: i32,
    kind: &'static str,
    says: &'static [&'static str],
) -> Case {
    Case { faults, line, code, kind, says }
}

/// One for each way to fail that concerns a FILE or KEY.
const CASES: &[Case] = &[
    case(&[], "upload missing.apk", 1, "io", &["missing.apk"]),
    case(&[], "upload --p12=missing.p12 app.hap", 1, "io", &["missing.p12"]),
    case(&[], "upload --hsp=missing.hsp app.hap", 1, "io", &["missing.hsp"]),
    case(&[], "upload broken.apk", 3, "package", &["broken.apk"]),
    case(&[], "upload empty.apk", 3, "package", &["empty.apk", "empty"]),
    case(&[], "upload .", 3, "package", &["folder"]),
    case(&[], "upload --type=ios app.apk", 3, "package", &["app.apk", "APK", "ios"]),
    case(&[], "upload --p12=empty.apk app.hap", 3, "package", &["empty.apk", "empty"]),
    case(&[], "upload --hsp=app.hsp app.apk", 3, "package", &["app.hsp", "HAP"]),
    case(&[], "upload --legacy app.hap", 3, "package", &["HAP", "--legacy"]),
    case(&[], "upload --no-check cert.p12", 3, "package", &["cert.p12", "--type"]),
    case(&["token:*:code=1002,message=bad"], "upload app.apk", 4, "auth", &["1002", "bad", "key"]),
    case(&["poll:*:code=1001"], "upload app.apk", 4, "auth", &["1001"]),
    case(&["legacy:*:code=1001"], "upload --legacy app.apk", 4, "auth", &["1001"]),
    case(
        &["token:*:code=1009,message=no such app"],
        "upload app.apk",
        5,
        "api",
        &["getCOSToken", "1009", "no such app"],
    ),
    case(&["poll:1:code=1249,message=channel"], "upload app.apk", 5, "api", &["1249", "channel"]),
    case(&["token:*:raw={\"code\":0%2C\"data\":[]}"], "upload app.apk", 5, "api", &["getCOSToken"]),
    case(&["poll:*:raw={\"code\":\"0\"}"], "upload app.apk", 5, "api", &["buildInfo"]),
    case(&["token:*:html"], "upload app.apk", 6, "network", &["getCOSToken", "web page"]),
    case(
        &["token:*:redirect=302,location=https://x.example/"],
        "upload app.apk",
        6,
        "network",
        &["redirect", "x.example"],
    ),
    case(&["token:*:truncated"], "upload app.apk", 6, "network", &["getCOSToken"]),
    case(&["storage:*:html"], "upload app.apk", 6, "network", &["app.apk", "--region"]),
    case(&["storage:*:cut=head"], "upload app.apk", 6, "network", &["app.apk", "--region"]),
    case(
        &["storage:*:status=403,xml=AccessDenied,message=go away"],
        "upload app.apk",
        7,
        "storage",
        &["app.apk", "403", "AccessDenied", "go away"],
    ),
    case(&["storage:*:wrong-checksum"], "upload app.apk", 7, "storage", &["CRC-64", "key"]),
    case(&["storage:*:expired"], "upload app.apk", 7, "storage", &["ExpiredToken"]),
    case(
        &["poll:*:code=1216,message=publish failed"],
        "upload app.apk",
        8,
        "publish",
        &["1216", "publish failed", "key"],
    ),
    case(
        &["poll:*:code=1247"],
        "upload --wait-timeout=0 app.apk",
        9,
        "pending",
        &["pgyer status --wait", "queue"],
    ),
    case(&["legacy:*:code=1216"], "upload --legacy app.apk", 8, "publish", &["1216"]),
    case(
        &["poll:*:code=1247,message=in the queue"],
        "upload --wait-timeout=0 app.apk",
        9,
        "pending",
        &["pgyer status --wait", "1247", "in the queue"],
    ),
    case(
        &["poll:*:html"],
        "upload --wait-timeout=0 app.apk",
        9,
        "pending",
        &["pgyer status --wait", "web page"],
    ),
];

/// A folder with packages, and with files that are not packages.
fn workshop() -> TempDir {
    let folder = folder();
    std::fs::write(folder.path().join("broken.apk"), "not an archive").unwrap();
    std::fs::write(folder.path().join("empty.apk"), "").unwrap();
    let token = r#"{"key":"k","endpoint":"http://s.example/","params":{"key":"k"}}"#;
    std::fs::write(folder.path().join("http.json"), token).unwrap();
    folder
}

fn fail(case: &Case, folder: &Path, format: &str) -> Ran {
    let sandbox = faulty(case.faults);
    let mut arguments = words(case.line);
    arguments.extend(["--format", format, "--retries=1"]);
    let mut command = program_for(&sandbox);
    command.current_dir(folder).env("PGYER_P12_PASSWORD", "pw");
    run(&mut command, arguments)
}

#[test]
fn a_failure_has_the_key_and_the_status_that_there_were() {
    let folder = workshop();
    let ran = |sandbox: &Sandbox| {
        let mut command = program_for(sandbox);
        run(command.current_dir(folder.path()), words("upload --json app.apk")).expect(5).json()
    };
    let elsewhere = sandbox(|builder| builder.storage_url("ftp://s.example/"));
    let line = ran(&elsewhere).remove(0);
    assert!(line["key"].as_str().is_some_and(|key| key.contains("apps/")), "{line}");
    let line = ran(&faulty(&["token:*:code=0"])).remove(0);
    assert_eq!(
        (&line["error"]["kind"], &line["error"]["http_status"]),
        (&"api".into(), &200.into())
    );
}

#[test]
fn each_kind_of_failure_has_its_code_in_json() {
    let folder = workshop();
    for case in CASES {
        let ran = fail(case, folder.path(), "json").expect(case.code);
        let [line] = ran.json().try_into().unwrap();
        let error = &line["error"];
        assert_eq!(error["kind"], case.kind, "{}: {ran:#?}", case.line);
        let file = case.line.rsplit(' ').next().unwrap();
        assert_eq!(line["file"], file);
        let message = error["message"].as_str().unwrap();
        for part in case.says.iter().chain([&file]) {
            assert!(message.contains(part) || ran.stderr.contains(part), "{part}: {ran:#?}");
        }
        assert!(ran.stderr.contains(message), "said in every format: {ran:#?}");
        assert!(line.get("build").is_none());
    }
}

#[test]
fn each_kind_of_failure_has_its_code_in_the_other_formats() {
    let folder = workshop();
    for case in CASES {
        for format in ["text", "env", "dotenv"] {
            let ran = fail(case, folder.path(), format).expect(case.code);
            let line = format!("(exit {})\n", case.code);
            assert_eq!(ran.stdout, if format == "env" { line.as_str() } else { "" });
            for part in case.says {
                assert!(ran.stderr.contains(part), "{part} in {format}: {ran:#?}");
            }
        }
    }
}

#[test]
fn codes_and_statuses_are_in_the_json_where_there_are_some() {
    for (fault, api_code, http_status) in [
        ("token:*:status=400,code=1009", Some(1009), Some(400)),
        ("poll:*:code=1216", Some(1216), Some(200)),
        ("storage:*:status=403,xml=AccessDenied", None, Some(403)),
        ("token:*:status=502,html", None, Some(502)),
        ("token:*:cut=head", None, None),
    ] {
        let ran = pgyer(&faulty(&[fault]), "upload --json --retries=0 app.apk");
        let error = &ran.json()[0]["error"];
        assert_eq!(error.get("api_code").and_then(|code| code.as_i64()), api_code, "{ran:#?}");
        assert_eq!(error.get("http_status").and_then(|s| s.as_u64()), http_status, "{ran:#?}");
    }
}

#[test]
fn the_storages_refusal_has_its_request_id_and_the_key_is_in_the_result() {
    let sandbox = faulty(&["storage:*:status=403,xml=AccessDenied,message=no"]);
    let ran = pgyer(&sandbox, "upload --json app.apk").expect(7);
    let line = &ran.json()[0];
    let message = line["error"]["message"].as_str().unwrap();
    assert!(message.contains("RequestId") || message.contains("request"), "{message}");
    assert!(line["key"].as_str().is_some_and(|key| message.contains(key)), "{line}");
}

#[test]
fn what_status_and_the_others_answer_has_its_code() {
    let sandbox = sandbox(|builder| builder.polls(2));
    let key = pgyer(&sandbox, "upload --json --no-wait app.apk").expect(0).json()[0]["key"].clone();
    let line = format!("status --json {}", key.as_str().unwrap());
    for _ in 0..2 {
        let ran = pgyer(&sandbox, &line).expect(9);
        assert_eq!(ran.json()[0]["error"]["kind"], "pending");
        assert_eq!(ran.json()[0]["key"], key);
        assert!(ran.json()[0].get("file").is_none());
        assert!(ran.stderr.contains("pgyer status --wait"), "{ran:#?}");
    }
    assert_eq!(pgyer(&sandbox, &line).expect(0).json()[0]["key"], key);
    let ran = pgyer(&sandbox, "status --json no-such-key").expect(5);
    assert_eq!(ran.json()[0]["error"]["api_code"], 1244);
    pgyer(&faulty(&["poll:*:code=1216"]), "status --wait k").expect(8);
    let ran = pgyer(&sandbox, "harmony-hsp --json no-such-key app.hsp app.hap").expect(5);
    assert_eq!(ran.json().len(), 2);
    assert_eq!(
        (&ran.json()[1]["key"], &ran.json()[1]["file"]),
        (&"no-such-key".into(), &"app.hap".into())
    );
    let ran = pgyer(&sandbox, "token --json cert.p12").expect(3);
    assert_eq!(ran.json()[0]["error"]["kind"], "package");
    pgyer(&faulty(&["token:*:code=1003"]), "token --type=ios").expect(5);
}

#[test]
fn without_a_key_each_file_fails_and_nothing_is_sent() {
    let sandbox = crate::support::strict();
    for (line, lines) in [
        ("upload --json app.apk app.ipa", 2),
        ("status --json k", 1),
        ("token --json --type=ios", 1),
        ("harmony-hsp --json k app.hsp", 1),
    ] {
        let mut command = program_for(&sandbox);
        command.env_remove("PGYER_API_KEY").current_dir(data(""));
        let ran = run(&mut command, words(line)).expect(4);
        assert_eq!(ran.json().len(), lines, "{ran:#?}");
        assert!(ran.json().iter().all(|line| line["error"]["kind"] == "auth"), "{ran:#?}");
        assert!(ran.stderr.contains("PGYER_API_KEY"), "{ran:#?}");
    }
    assert_eq!(sandbox.seen().connections, 0);
}

#[test]
fn of_several_files_all_are_tried_and_the_first_that_failed_counts() {
    let folder = workshop();
    let sandbox = crate::support::strict();
    for (files, code) in [
        ("app.apk broken.apk missing.apk app.ipa", 3),
        ("app.apk missing.apk broken.apk app.ipa", 1),
        ("app.apk app.ipa", 0),
    ] {
        for jobs in ["1", "3"] {
            let line = format!("upload --json --jobs={jobs} {files}");
            let mut command = program_for(&sandbox);
            let ran = run(command.current_dir(folder.path()), words(&line)).expect(code);
            let json = ran.json();
            let given: Vec<_> = json.iter().filter_map(|line| line["file"].as_str()).collect();
            assert_eq!(given.join(" "), files);
            for line in &json {
                let good = line["file"].as_str().unwrap().starts_with("app.");
                assert_eq!(line.get("error").is_none(), good, "{line}");
            }
        }
    }
}

#[test]
fn nothing_is_sent_when_anything_on_the_command_line_is_wrong() {
    let folder = workshop();
    let sandbox = crate::support::strict();
    for line in [
        "",
        "uplaod app.apk",
        "upload",
        "upload --bogus app.apk",
        "upload app.apk --jobs=0",
        "upload app.apk --jobs=x",
        "upload app.apk --format=xml",
        "upload app.apk --region=mars",
        "upload app.apk --oversea=0",
        "upload app.apk --type=exe",
        "upload app.apk --install-type=password",
        "upload app.apk --valid-from=2026-01-01",
        "upload app.apk --valid-from=2026-02-30 --valid-until=2026-03-01",
        "upload app.apk --valid-from=2026-03-02 --valid-until=2026-03-01",
        "upload app.apk --valid-forever --valid-from=2026-01-01 --valid-until=2026-03-01",
        "upload app.apk --notes=x --notes-file=app.apk",
        "upload app.apk --notes-file=app.apk",
        "upload app.apk --install-password-file=empty.apk",
        "upload app.apk --api-key-file=empty.apk",
        "upload app.apk --api-key-file=- --notes-file=-",
        "upload app.apk app.ipa --format=env",
        "upload app.apk app.ipa --hsp=app.hsp",
        "upload app.hap --p12=cert.p12",
        "upload app.apk --p12-password-file=empty.apk",
        "upload app.apk --legacy --type=android",
        "upload app.apk --legacy --description=x",
        "upload app.apk --legacy --region=auto",
        "upload app.apk --legacy --no-wait",
        "upload app.hap --legacy --hsp=app.hsp",
        "upload app.apk --api-url=ftp://x",
        "upload app.apk --api-url=http://pgyer.example/apiv2",
        "upload app.apk --proxy=http://user:secret@127.0.0.1:1",
        "upload app.apk --proxy=gopher://127.0.0.1",
        "upload app.apk --resolve=www.pgyer.com",
        "upload app.apk --timeout=soon",
        "upload app.apk --timeout=-1",
        "upload app.apk --retries=1.5",
        "upload app.apk --ca-file=broken.apk",
        "upload app.apk --api-key=secret",
        "upload app.apk -ksecret",
        "upload app.apk --build-password=secret",
        "upload app.apk --wait",
        "upload app.apk -q=1",
        "status",
        "status a b",
        "status k --no-wait",
        "status k --token=x",
        "token",
        "token app.apk app.ipa",
        "token app.apk --format=env",
        "token app.apk --file-name=x",
        "put app.apk",
        "put --token=http.json",
        "put --token=http.json app.apk",
        "put --token=http.json app.apk app.ipa",
        "put --token=broken.apk app.apk",
        "put --token=app.apk app.apk",
        "put --token=http.json app.apk --notes=x",
        "harmony-cert k",
        "harmony-cert k cert.p12",
        "harmony-cert k cert.p12 app.hsp",
        "harmony-hsp k",
        "harmony-hsp k app.hsp --format=dotenv",
        "check",
        "check app.apk --api-url=http://127.0.0.1",
        "check app.apk --format=env",
        "completions",
        "completions tcsh",
        "man x",
        "auth",
        "login",
        "list",
        "app",
    ] {
        let arguments: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        let mut command = program_for(&sandbox);
        let ran = run(command.current_dir(folder.path()), &arguments).expect(2);
        assert_eq!(ran.stderr.lines().count(), 1, "{line}: {ran:#?}");
        assert!(!ran.stderr.contains("secret@") && !ran.stderr.contains("=secret"), "{ran:#?}");
        let env = line.contains("--format=env");
        assert_eq!(ran.stdout, if env { "(exit 2)\n" } else { "" }, "{line}");
    }
    assert_eq!(sandbox.seen().connections, 0);
}

#[test]
fn a_wrong_environment_or_configuration_is_said_before_anything_is_sent() {
    let folder = workshop();
    let sandbox = crate::support::strict();
    let elsewhere = ("PGYER_API_URL", "https://pgyer.example/apiv2");
    for (variables, code) in [
        (&[("PGYER_API_URL", "nonsense")][..], 2),
        (&[("PGYER_API_URL", "http://pgyer.example/apiv2")], 2),
        (&[("PGYER_API_KEY", "two words")], 2),
        (&[elsewhere, ("https_proxy", "gopher://x")], 2),
        (&[elsewhere, ("ALL_PROXY", "socks5://")], 2),
        (&[("SSL_CERT_FILE", "missing.pem")], 1),
        (&[("SSL_CERT_FILE", "broken.apk")], 2),
    ] {
        for format in ["text", "json", "env", "dotenv"] {
            let mut command = program_for(&sandbox);
            command.current_dir(folder.path()).envs(variables.iter().copied());
            let arguments = ["upload", "--format", format, "app.apk"];
            let ran = run(&mut command, arguments).expect(code);
            let line = format!("(exit {code})\n");
            assert_eq!(
                ran.stdout,
                if format == "env" { line.as_str() } else { "" },
                "{variables:?}"
            );
            assert!(!ran.stderr.contains('{'), "plain text: {ran:#?}");
        }
    }
    assert_eq!(sandbox.seen().connections, 0);
}

#[test]
fn the_format_is_looked_for_even_where_another_option_is_wrong() {
    for line in [
        "--format env --bogus upload",
        "upload --bogus --format=env app.apk",
        "upload --jobs --format=env",
        "bogus --format env",
        "upload --format env --format xml app.apk",
        "sandbox --bogus upload --format=env app.apk",
    ] {
        let ran = run(&mut program(), line.split(' ')).expect(2);
        assert_eq!(
            ran.stdout,
            if line.contains("--jobs --") { "" } else { "(exit 2)\n" },
            "{line}"
        );
    }
    for line in ["upload -- --format=env", "upload --notes --format=env --bogus"] {
        let ran = run(&mut program(), line.split(' '));
        assert_eq!(ran.stdout, "", "{line}");
    }
}

/// Names that occur in messages about something else.
#[test]
fn a_failure_names_its_file_whatever_it_is_called() {
    let folder = workshop();
    let names = ["a", "1", "key", "code", "API", "token", "Pgyer"];
    for name in names {
        std::fs::copy(data("app.apk"), folder.path().join(name)).unwrap();
    }
    let sandbox = faulty(&["token:*:code=1009,message=a 1 key"]);
    for key in [None, Some(sandbox.api_key())] {
        let mut command = program_for(&sandbox);
        command.env_remove("PGYER_API_KEY").current_dir(folder.path());
        command.envs(key.map(|key| ("PGYER_API_KEY", key)));
        command.args(["upload", "--progress=never"]);
        let ran = run(&mut command, names);
        for (line, name) in ran.stderr.lines().zip(names) {
            assert!(line.starts_with(&format!("pgyer: {name}: ")), "{ran:#?}");
        }
        assert_eq!(ran.stderr.lines().count(), names.len());
    }
}

#[test]
fn a_message_that_names_its_file_does_so_once() {
    let folder = workshop();
    for (faults, file) in [
        (&[][..], "missing"),
        (&[], "broken.apk"),
        (&["storage:*:status=403,xml=AccessDenied"], "app.apk"),
        (&["storage:*:stall=done"], "app.apk"),
    ] {
        let mut command = program_for(&faulty(faults));
        command.current_dir(folder.path());
        let line = format!("upload -q --retries=0 --stall-timeout=300ms {file}");
        let ran = run(&mut command, words(&line));
        assert_eq!(
            ran.stderr.matches(&format!("{file}:")).count()
                + ran.stderr.matches(&format!("{file} ")).count(),
            1,
            "{ran:#?}"
        );
    }
}

/// Files that do not exist, and what helps.
#[test]
fn a_file_that_does_not_exist_gets_advice() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("out")).unwrap();
    std::fs::create_dir(path("two")).unwrap();
    for name in ["out/app-release-unsigned.apk", "out/app.ipa", "two/a.apk", "two/b.apk"] {
        std::fs::copy(data("app.apk"), path(name)).unwrap();
    }
    for (file, advice) in [
        ("out/*.hap", "pattern"),
        ("~/app.apk", "quotes"),
        ("https://example.com/app.apk", "download"),
        ("", "variable"),
        ("out/app.ipa\n", "line break"),
        // To Windows it is the same name without the blank.
        #[cfg(unix)]
        ("out/app.ipa ", "blank"),
        ("out/app.ipa\nout/app.apk", "several lines"),
        ("out/app-release.apk", "out/app-release-unsigned.apk"),
        ("out/APP-RELEASE.APK", "out/app-release-unsigned.apk"),
    ] {
        for command in ["check", "upload"] {
            let mut program = program();
            program.current_dir(folder.path()).env("PGYER_API_KEY", "k");
            let ran = run(&mut program, [command, "--json", file]).expect(1);
            let message = ran.json()[0]["error"]["message"].as_str().unwrap().to_owned();
            let advice = advice.replace('/', std::path::MAIN_SEPARATOR_STR);
            assert!(message.contains(&advice), "{file:?}: {message}");
            assert!(ran.stderr.contains(&advice), "{ran:#?}");
        }
    }
    for file in ["two/c.apk", "out/c.hap", "nowhere/a.apk", "out/app.txt"] {
        let ran = run(program().current_dir(folder.path()), ["check", file]).expect(1);
        // Windows has a number of its own for a folder that does not exist.
        let code = if cfg!(windows) && file.starts_with("nowhere") { 3 } else { 2 };
        assert!(ran.stderr.ends_with(&format!("(os error {code})\n")), "{ran:#?}");
    }
}
