//! The commands: what each does, in which order, and what it leaves alone.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use pgyer::sandbox::{Endpoint, Sandbox, SeenRequest};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Ran, data, faulty, folder, pgyer, program_for, run, sandbox, words};

/// Runs the program in a folder, with the password of the certificate.
fn pgyer_in(folder: &TempDir, sandbox: &Sandbox, line: &str) -> Ran {
    let mut command = program_for(sandbox);
    command.current_dir(folder.path()).env("PGYER_P12_PASSWORD", "pw");
    run(&mut command, words(line))
}

fn endpoints(sandbox: &Sandbox) -> Vec<&'static str> {
    let seen = sandbox.seen();
    seen.requests.iter().map(|request| request.endpoint.map_or("?", Endpoint::name)).collect()
}

fn fields(request: &SeenRequest) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut fields: Vec<_> =
        request.fields.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    fields.retain(|(name, _)| name != "_api_key");
    fields.sort();
    fields
}

fn last_fields(sandbox: &Sandbox) -> Vec<(String, String)> {
    fields(sandbox.seen().requests.last().unwrap())
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn key_of(ran: &Ran) -> String {
    ran.json()[0]["key"].as_str().unwrap().to_owned()
}

#[test]
fn the_steps_go_one_by_one_with_their_json_unchanged() {
    let (sandbox, folder) = (crate::support::strict(), folder());
    let token = pgyer_in(&folder, &sandbox, "token app.apk").expect(0).stdout;
    fs::write(folder.path().join("t.json"), &token).unwrap();
    let put = pgyer_in(&folder, &sandbox, "put --json --token=t.json app.apk").expect(0);
    let token: Value = serde_json::from_str(&token).unwrap();
    let key = key_of(&put);
    assert_eq!(token["key"], *key);
    assert_eq!(endpoints(&sandbox), ["token", "storage"]);
    let status = pgyer_in(&folder, &sandbox, &format!("status --json --wait {key}")).expect(0);
    assert_eq!(status.json()[0]["key"], *key);
    assert_ne!(status.json()[0]["build"]["buildKey"], *key);
    assert_eq!(endpoints(&sandbox), ["token", "storage", "poll", "poll", "poll"]);
}

#[test]
fn put_reads_a_token_from_standard_input_and_a_whole_answer_too() {
    let (sandbox, folder) = (sandbox(|builder| builder.file_field("package")), folder());
    for whole in [false, true] {
        let token = pgyer_in(&folder, &sandbox, "token app.apk").expect(0).stdout;
        let text = if whole { format!("{{\"code\":0,\"data\":{token}}}") } else { token };
        let path = folder.path().join("t.json");
        fs::write(&path, text).unwrap();
        let mut command = program_for(&sandbox);
        command.stdin(Stdio::from(fs::File::open(path).unwrap())).current_dir(folder.path());
        let line = "put --json --token - --file-name=other.apk app.apk";
        assert_eq!(run(&mut command, words(line)).expect(0).json()[0]["type"], "android");
    }
    let seen = sandbox.seen();
    assert_eq!(seen.objects.len(), 2);
    assert!(seen.objects.iter().all(|object| object.file_name == "other.apk"));
}

#[test]
fn a_method_that_is_not_known_and_an_unsafe_token_cannot_be_used() {
    let put = sandbox(|builder| builder.method("PUT"));
    pgyer(&put, "upload app.apk").expect(5);
    let insecure = sandbox(|builder| builder.storage_url("http://storage.example/storage/"));
    let ran = pgyer(&insecure, "upload app.apk").expect(5);
    assert!(ran.stderr.contains("--insecure-http"), "{ran:#?}");
    for sandbox in [&put, &insecure] {
        assert_eq!(endpoints(sandbox), ["token"]);
    }
}

#[test]
fn options_become_the_parameters_of_the_token() {
    let sandbox = crate::support::strict();
    let notes = "one\ntwo\\nthree\n";
    let arguments = ["token", "app.hap", "--notes", notes, "--description=", "--channel", "ab"];
    run(program_for(&sandbox).current_dir(data("")), arguments).expect(0);
    let expected =
        [("buildChannelShortcut", "ab"), ("buildType", "hap"), ("buildUpdateDescription", notes)];
    assert_eq!(last_fields(&sandbox), pairs(&expected));
    for (line, expected) in [
        ("--region=china", ("oversea", "2")),
        ("--region=overseas", ("oversea", "1")),
        ("--valid-forever", ("buildInstallDate", "2")),
        ("--install-type=invite", ("buildInstallType", "3")),
        ("--install-type=1", ("buildInstallType", "1")),
    ] {
        pgyer(&sandbox, &format!("token --type=ipa {line}")).expect(0);
        let mut expected = pairs(&[("buildType", "ios"), expected]);
        expected.sort();
        assert_eq!(last_fields(&sandbox), expected, "{line}");
    }
    pgyer(&sandbox, "token --type=harmony --region=china --region=auto").expect(0);
    assert_eq!(last_fields(&sandbox), pairs(&[("buildType", "hap")]));
}

#[test]
fn notes_come_from_a_file_or_standard_input_as_they_are() {
    let (sandbox, folder) = (crate::support::strict(), TempDir::new().unwrap());
    let notes = "one\u{feff}\r\n\n two\\n &=;\0\n\n";
    let path = folder.path().join("notes");
    // An editor put a byte order mark there.
    fs::write(&path, format!("\u{feff}{notes}")).unwrap();
    for file in ["notes", "-"] {
        let mut command = program_for(&sandbox);
        command.current_dir(folder.path()).stdin(Stdio::from(fs::File::open(&path).unwrap()));
        run(&mut command, ["token", "--type=ios", "--notes-file", file]).expect(0);
        let expected = [("buildType", "ios"), ("buildUpdateDescription", notes)];
        assert_eq!(last_fields(&sandbox), pairs(&expected), "{file}");
    }
    fs::write(&path, "").unwrap();
    pgyer_in(&folder, &sandbox, "token --type=ios --notes-file=notes").expect(0);
    assert_eq!(last_fields(&sandbox), pairs(&[("buildType", "ios")]));
}

#[test]
fn the_names_of_the_api_work_too() {
    let sandbox = crate::support::strict();
    let line = "upload app.apk --json --no-wait --oversea 1 --build-update-description x \
        --build-description d --build-install-type 3 --build-channel-shortcut abcd \
        --build-install-start-date 2026-01-01 --build-install-end-date 2026-01-01 \
        --build-type apk --x-cos-meta-file-name n.apk";
    pgyer(&sandbox, line).expect(0);
    let expected = [
        ("buildChannelShortcut", "abcd"),
        ("buildDescription", "d"),
        ("buildInstallDate", "1"),
        ("buildInstallEndDate", "2026-01-01"),
        ("buildInstallStartDate", "2026-01-01"),
        ("buildInstallType", "3"),
        ("buildType", "android"),
        ("buildUpdateDescription", "x"),
        ("oversea", "1"),
    ];
    let seen = sandbox.seen();
    assert_eq!(fields(seen.requests_to(Endpoint::Token).next().unwrap()), pairs(&expected));
    assert_eq!(seen.objects[0].file_name, "n.apk");
}

#[test]
fn hsps_and_the_certificate_go_between_the_package_and_the_wait() {
    let (sandbox, folder) = (crate::support::strict(), folder());
    fs::copy(data("app.hsp"), folder.path().join("b.hsp")).unwrap();
    let line = "upload --json --hsp b.hsp --p12 cert.p12 --hsp app.hsp app.hap";
    let key = key_of(&pgyer_in(&folder, &sandbox, line).expect(0));
    let order = ["token", "storage", "hsp", "hsp", "cert", "poll", "poll", "poll"];
    assert_eq!(endpoints(&sandbox), order);
    let seen = sandbox.seen();
    let names: Vec<_> = seen.hsps.iter().map(|hsp| hsp.file_name.as_str()).collect();
    assert_eq!(names, ["b.hsp", "app.hsp"]);
    assert_eq!(seen.certificates[0].password.as_deref(), Some("pw"));
    assert!(seen.hsps.iter().chain(&seen.certificates).all(|file| file.key == key));
    assert_eq!(seen.connections, 1, "connections are reused");
}

/// With a shell's own rules for words.
#[cfg(unix)]
#[test]
fn a_certificate_need_not_be_on_a_disk() {
    let sandbox = crate::support::strict();
    let certificate = fs::File::open(data("cert.p12")).unwrap();
    for (given, code) in [(certificate.into(), 0), (Stdio::null(), 3)] {
        let mut command = program_for(&sandbox);
        command.current_dir(data("")).env("PGYER_P12_PASSWORD", "pw").stdin(given);
        run(&mut command, words("upload --json --p12 - app.hap")).expect(code);
    }
    let (seen, size) = (sandbox.seen(), fs::metadata(data("cert.p12")).unwrap().len());
    let sent: Vec<_> = seen.certificates.iter().map(|it| (&*it.file_name, it.size)).collect();
    assert_eq!(sent, [("certificate.p12", size)]);
}

/// A shell runs the command.
#[cfg(unix)]
#[test]
fn what_is_refused_after_the_package_is_named_with_the_command_that_goes_on() {
    for (fault, named, left) in [
        ("hsp:2:code=1009,message=bad", "-b'2.hsp", 1),
        ("cert:1:code=1280", "cert.p12", 0),
        ("hsp:1:code=1009", "app.hsp", 2),
    ] {
        let (sandbox, folder) = (faulty(&[fault]), folder());
        fs::copy(data("app.hsp"), folder.path().join("-b'2.hsp")).unwrap();
        let line = "upload --json --hsp app.hsp --hsp=-b'2.hsp --p12 cert.p12 app.hap";
        let ran = pgyer_in(&folder, &sandbox, line).expect(5);
        let result = &ran.json()[0];
        let message = result["error"]["message"].as_str().unwrap();
        assert_eq!(result["file"], "app.hap");
        assert!(message.contains(named) && message.contains("stored"), "{message}");
        assert_eq!(endpoints(&sandbox).iter().filter(|name| **name == "poll").count(), 0);
        let (_, next) = message.split_once("go on with: ").unwrap();
        assert_eq!(next.matches("hsp").count() > 0, left > 0, "{next}");
        let own = env!("CARGO_BIN_EXE_pgyer").strip_suffix("/pgyer").unwrap();
        let mut shell = std::process::Command::new("sh");
        shell.current_dir(folder.path()).env("PGYER_P12_PASSWORD", "pw");
        shell.env("PATH", format!("{own}:{}", std::env::var("PATH").unwrap()));
        shell.env("PGYER_API_URL", sandbox.api_url()).env("PGYER_API_KEY", sandbox.api_key());
        let quick = next.replace("--wait", "--poll-interval=10ms --wait");
        run(&mut shell, ["-c", &quick]).expect(0);
        let seen = sandbox.seen();
        assert_eq!((seen.objects.len(), seen.certificates.len()), (1, 1));
        let names: Vec<_> = seen.hsps.iter().map(|hsp| hsp.file_name.as_str()).collect();
        assert_eq!(names, ["app.hsp", "-b'2.hsp"], "{fault}: nothing is repeated");
    }
}

#[test]
fn the_legacy_upload_is_one_request_under_the_name_that_was_given() {
    let sandbox = crate::support::strict();
    let line = "upload --json --legacy --notes n --channel ab --file-name other.apk app.apk";
    let ran = pgyer(&sandbox, line).expect(0);
    assert_eq!(endpoints(&sandbox), ["legacy"]);
    let expected = [("buildChannelShortcut", "ab"), ("buildUpdateDescription", "n")];
    assert_eq!(last_fields(&sandbox), pairs(&expected));
    assert_eq!(ran.json()[0]["build"]["buildFileName"], "other.apk");
    assert!(ran.json()[0]["install_url"].is_string());
}

#[test]
fn the_legacy_upload_is_not_sent_again_once_something_may_be_published() {
    for fault in ["legacy:*:cut=done", "legacy:*:status=502,html", "legacy:*:truncated"] {
        let sandbox = faulty(&[fault]);
        let ran = pgyer(&sandbox, "upload --legacy app.apk").expect(6);
        assert_eq!(endpoints(&sandbox), ["legacy"], "{fault}");
        assert!(ran.stderr.contains("may have been published"), "{ran:#?}");
    }
}

#[test]
fn an_empty_file_name_is_none() {
    let sandbox = crate::support::strict();
    pgyer(&sandbox, "upload --no-wait --file-name= app.apk").expect(0);
    assert_eq!(sandbox.seen().objects[0].file_name, "app.apk");
}

#[test]
fn without_the_check_the_type_comes_from_the_option_or_the_name() {
    let (sandbox, folder) = (crate::support::strict(), TempDir::new().unwrap());
    for (name, option, expected) in [
        ("a.IPA", "", "ios"),
        ("a.hap", "", "hap"),
        ("a.bin", "--type=apk", "android"),
        ("b.ipa", "--type=android", "android"),
    ] {
        fs::write(folder.path().join(name), "no archive").unwrap();
        for command in ["upload --no-wait", "token"] {
            let line = format!("{command} --json --no-check {option} {name}");
            pgyer_in(&folder, &sandbox, &line).expect(0);
            let seen = sandbox.seen();
            let request = seen.requests_to(Endpoint::Token).last().unwrap();
            assert_eq!(request.field("buildType"), Some(expected.as_bytes()), "{line}");
        }
    }
    for line in ["upload --no-check a.bin", "upload --no-check .", "upload b.ipa", "token b.ipa"] {
        pgyer_in(&folder, &sandbox, line).expect(3);
    }
}

#[test]
fn polls_and_retries_are_never_faster_than_asked_for() {
    let sandbox = faulty(&["token:1:status=503"]);
    let line = ["upload", "--poll-interval=150ms", "--retry-delay=200ms", "app.apk"];
    let ran = run(program_for(&sandbox).current_dir(data("")), line).expect(0);
    assert_eq!(sandbox.seen().count(Endpoint::Poll), 3);
    // The jitter takes at most a quarter of the delay.
    assert!(ran.elapsed >= Duration::from_millis(2 * 150 + 150), "{ran:#?}");
}

#[test]
fn n_files_go_at_a_time_and_no_more() {
    let sandbox = faulty(&["token:*:stall=done"]);
    let mut command = program_for(&sandbox);
    command.current_dir(data("")).stdout(Stdio::null()).stderr(Stdio::null());
    command.args(words("upload --jobs=3 app.apk app.ipa app.hap app.apk app.ipa"));
    let mut child = command.spawn().unwrap();
    let count =
        |count: usize| move |seen: &pgyer::sandbox::Seen| seen.count(Endpoint::Token) >= count;
    let three = sandbox.wait_for(count(3), Duration::from_secs(20));
    let four = sandbox.wait_for(count(4), Duration::from_millis(200));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(three && !four, "{:?}", endpoints(&sandbox));
}

/// A thread's stack that no address space has room for.
#[test]
fn files_are_uploaded_where_threads_cannot_be_had() {
    let sandbox = crate::support::strict();
    let mut command = program_for(&sandbox);
    command.current_dir(data("")).env("RUST_MIN_STACK", (1_u64 << 47).to_string());
    let line = "upload --json --jobs=8 --timeout=1m app.apk app.ipa app.hap";
    let ran = run(&mut command, words(line)).expect(0);
    let files: Vec<_> = ran.json().iter().map(|line| line["file"].clone()).collect();
    assert_eq!(files, ["app.apk", "app.ipa", "app.hap"]);
}

#[test]
fn results_are_written_in_order_as_soon_as_it_allows() {
    use std::io::{BufRead, BufReader};
    let sandbox = faulty(&["token:3:stall=done"]);
    let mut command = program_for(&sandbox);
    command.current_dir(data("")).stdout(Stdio::piped()).stderr(Stdio::null());
    command.args(words("upload --json app.apk app.ipa app.hap"));
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for file in ["app.apk", "app.ipa"] {
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(line["file"], file);
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn connections_are_reused_by_all_files() {
    let sandbox = crate::support::strict();
    pgyer(&sandbox, "upload --json --no-wait app.apk app.ipa app.hap").expect(0);
    assert_eq!(sandbox.seen().connections, 1);
    // A file that waits for its publishing may need one beside the next upload.
    pgyer(&sandbox, "upload --json app.apk app.ipa app.hap").expect(0);
    assert!(sandbox.seen().connections <= 1 + 3);
    pgyer(&sandbox, "upload --json --jobs=2 app.apk app.ipa app.hap").expect(0);
    assert!(sandbox.seen().connections <= 1 + 3 + 3);
}

#[test]
fn check_needs_nothing_and_says_what_it_found() {
    let sandbox = crate::support::strict();
    let mut command = program_for(&sandbox);
    command.env("PGYER_API_KEY", "two words").current_dir(data(""));
    let ran = run(&mut command, ["check", "--json", "app.apk", "app.ipa", "app.hap", "app.hsp"]);
    let json = ran.expect(3).json();
    let types: Vec<_> = json.iter().map(|line| line["type"].as_str()).collect();
    assert_eq!(types, [Some("android"), Some("ios"), Some("harmonyos"), None]);
    assert!(json[0]["warnings"].is_array() && json[3]["error"]["kind"] == "package");
    assert_eq!(sandbox.seen().connections, 0);
}

/// An IPA without a profile, so that there is a warning.
fn unsigned(folder: &TempDir) {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    let (mut entry, config) = archive.new_file("Payload/A.app/Info.plist").start().unwrap();
    let (_, descriptor) = config.wrap(&mut entry).finish().unwrap();
    entry.finish(descriptor).unwrap();
    fs::write(folder.path().join("u.ipa"), archive.finish().unwrap()).unwrap();
}

#[test]
fn quiet_says_errors_alone() {
    let (sandbox, folder) = (crate::support::strict(), folder());
    unsigned(&folder);
    let ran = pgyer_in(&folder, &sandbox, "upload u.ipa").expect(0);
    let mut warnings =
        ran.stderr.lines().filter(|line| line.starts_with("pgyer: warning: u.ipa: "));
    assert!(warnings.any(|line| line.ends_with(" [ios-no-profile]")), "{ran:#?}");
    for line in ["upload -q u.ipa", "check -q u.ipa", "upload -q --progress=always u.ipa"] {
        let ran = pgyer_in(&folder, &sandbox, line).expect(0);
        assert_eq!(ran.stderr, "", "{line}");
        assert_ne!(ran.stdout, "");
    }
    let ran = pgyer_in(&folder, &sandbox, "upload -q cert.p12").expect(3);
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:#?}");
}

#[test]
fn progress_is_a_plain_line_off_a_terminal_or_none() {
    let run = |option: &str, lines: usize| {
        let sandbox = faulty(&["token:1:delay=3s"]);
        let ran = pgyer(&sandbox, &format!("upload --progress={option} app.apk")).expect(0);
        let begun =
            ran.stderr.lines().filter(|line| line.starts_with("pgyer: app.apk: starting, "));
        assert_eq!((begun.count(), ran.stderr.lines().count()), (lines, lines), "{ran:#?}");
        assert!(!ran.stderr.contains(['\u{1b}', '\r']), "{ran:#?}");
    };
    std::thread::scope(|scope| {
        for (option, lines) in [("auto", 1), ("always", 1), ("never", 0)] {
            scope.spawn(move || run(option, lines));
        }
    });
    // Nobody needs a line about what is over already.
    let ran = pgyer(&crate::support::strict(), "upload app.apk").expect(0);
    assert!(ran.stderr.is_empty() || ran.elapsed >= Duration::from_secs(1), "{ran:#?}");
}

#[test]
fn verbose_shows_each_request_with_its_status_and_no_key() {
    let sandbox = crate::support::strict();
    let ran = pgyer(&sandbox, "upload -v app.apk").expect(0);
    for part in ["/apiv2/app/getCOSToken 200", "/storage/ 204", "/apiv2/app/buildInfo 200"] {
        assert!(ran.stderr.contains(part), "{part}: {ran:#?}");
    }
    assert!(!ran.stderr.contains(sandbox.api_key()), "{ran:#?}");
}
