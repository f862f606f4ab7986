//! Where the API key and the passwords come from, and that they go nowhere else.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use pgyer::sandbox::{Endpoint, Sandbox};
use tempfile::TempDir;

use crate::support::{Ran, data, faulty, folder, pgyer, program_for, run, words};

/// A sandbox, a folder with files, and the program in it without a key of its own.
struct Scene {
    sandbox: Sandbox,
    folder: TempDir,
}

impl Scene {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = folder();
        for (name, content) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Self { sandbox: crate::support::strict(), folder }
    }

    fn program(&self, variables: &[(&str, &str)]) -> Command {
        let mut command = program_for(&self.sandbox);
        command.env_remove("PGYER_API_KEY").current_dir(self.folder.path());
        for (name, value) in variables {
            command.env(name, value);
        }
        command
    }

    fn run(&self, variables: &[(&str, &str)], line: &str) -> Ran {
        run(&mut self.program(variables), words(line))
    }

    /// The key that a command sends.
    #[track_caller]
    fn key(&self, variables: &[(&str, &str)], line: &str) -> String {
        let ran = self.run(variables, line);
        self.last("_api_key").unwrap_or_else(|| panic!("no key was sent: {ran:#?}"))
    }

    /// A field of the last request.
    fn last(&self, field: &str) -> Option<String> {
        let seen = self.sandbox.seen();
        let value = seen.requests.last()?.field(field)?;
        Some(String::from_utf8(value.to_vec()).unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}

const ASK: &str = "token --type=ios";

#[test]
fn the_first_source_that_has_a_key_gives_it() {
    let scene = Scene::new(&[
        ("k", "of-option\n"),
        ("own.json", r#"{"apiKey":"of-own-config"}"#),
        ("xdg/pgyer/config.json", r#"{"apiKey":"of-xdg-json","other":1}"#),
        ("xdg/pgyer/config", "PGYER_API_KEY=of-xdg-lines\n"),
        ("home/.config/pgyer/config", "# key\nPGYER_API_KEY=of-home-lines"),
        ("home/.pgyer/config", "[default]\napi_key=of-home-folder\n"),
    ]);
    let (xdg, home) = (scene.path("xdg"), scene.path("home"));
    let mut variables = vec![
        ("PGYER_API_KEY", "of-variable"),
        ("PGYER_CONFIG_FILE", "own.json"),
        ("XDG_CONFIG_HOME", xdg.as_str()),
        ("HOME", home.as_str()),
    ];
    assert_eq!(scene.key(&variables, "token --type=ios --api-key-file=k"), "of-option");
    assert_eq!(scene.key(&variables, ASK), "of-variable");
    variables[0].1 = "";
    assert_eq!(scene.key(&variables, ASK), "of-own-config");
    variables[1].1 = "";
    assert_eq!(scene.key(&variables, ASK), "of-xdg-json");
    fs::write(scene.path("xdg/pgyer/config.json"), r#"{"apiKey":""}"#).unwrap();
    assert_eq!(scene.key(&variables, ASK), "of-xdg-lines");
    fs::remove_file(scene.path("xdg/pgyer/config.json")).unwrap();
    assert_eq!(scene.key(&variables, ASK), "of-xdg-lines");
    variables[2].1 = "";
    assert_eq!(scene.key(&variables, ASK), "of-home-lines");
    fs::remove_file(scene.path("home/.config/pgyer/config")).unwrap();
    assert_eq!(scene.key(&variables, ASK), "of-home-folder");
    variables[3].1 = "";
    scene.run(&variables, ASK).expect(4);
}

#[cfg(windows)]
#[test]
fn a_profile_of_windows_is_a_home_too() {
    let scene = Scene::new(&[(".config/pgyer/config", "PGYER_API_KEY=of-profile")]);
    assert_eq!(scene.key(&[("USERPROFILE", &scene.path(""))], ASK), "of-profile");
}

#[test]
fn a_relative_folder_counts_as_not_set() {
    let scene = Scene::new(&[
        ("pgyer/config", "PGYER_API_KEY=of-relative-xdg"),
        (".config/pgyer/config", "PGYER_API_KEY=of-relative-home"),
        (".pgyer/config", "api_key=of-relative-home"),
        ("home/.config/pgyer/config", "PGYER_API_KEY=of-home"),
    ]);
    let home = scene.path("home");
    assert_eq!(scene.key(&[("XDG_CONFIG_HOME", "."), ("HOME", &home)], ASK), "of-home");
    scene.run(&[("XDG_CONFIG_HOME", "."), ("HOME", ".")], ASK).expect(4);
}

#[cfg(unix)]
fn fifo(path: &str) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_default_configuration_that_is_a_fifo_is_not_waited_for() {
    for name in [".config/pgyer/config.json", ".config/pgyer/config", ".pgyer/config"] {
        let scene = Scene::new(&[(".config/pgyer/x", ""), (".pgyer/x", "")]);
        let home = scene.path("");
        fifo(&scene.path(name));
        let ran = scene.run(&[("HOME", &home)], ASK).expect(1);
        assert!(ran.stderr.contains(name) && ran.stderr.contains("not a regular file"), "{ran:#?}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_that_is_too_slow_is_no_network_error() {
    let scene = Scene::new(&[]);
    fifo(&scene.path("slow"));
    for line in ["--api-key-file=slow", "--notes-file=slow", "--ca-file=slow"] {
        let ran = scene.run(&[("PGYER_API_KEY", "k")], &format!("{ASK} --timeout=100ms {line}"));
        let ran = ran.expect(1);
        assert!(ran.stderr.contains("cannot read") && ran.stderr.contains("--timeout"), "{ran:#?}");
    }
    let ran = scene.run(&[("PGYER_CONFIG_FILE", "slow")], &format!("{ASK} --timeout=100ms"));
    let ran = ran.expect(1);
    assert!(ran.stderr.contains("API key") && ran.stderr.contains("--timeout"), "{ran:#?}");
}

#[test]
fn a_variable_that_is_set_and_empty_counts_as_not_set() {
    let scene = Scene::new(&[]);
    let mut command = scene.program(&[("PGYER_API_KEY", scene.sandbox.api_key())]);
    for name in [
        "PGYER_CONFIG_FILE",
        "PGYER_INSTALL_PASSWORD",
        "PGYER_P12_PASSWORD",
        "SSL_CERT_FILE",
        "NO_COLOR",
        "http_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "XDG_CONFIG_HOME",
        "HOME",
    ] {
        command.env(name, "");
    }
    run(&mut command, words("upload app.apk")).expect(0);
}

#[test]
fn a_key_may_come_by_standard_input() {
    let scene = Scene::new(&[("k", "of-input\r\n")]);
    let mut command = scene.program(&[("PGYER_API_KEY", "of-variable")]);
    command.stdin(Stdio::from(fs::File::open(scene.path("k")).unwrap()));
    run(&mut command, words("token --type=ios --api-key-file -"));
    assert_eq!(scene.last("_api_key").as_deref(), Some("of-input"));
}

#[test]
fn a_secrets_file_loses_one_line_break_and_no_more() {
    let scene = Scene::new(&[]);
    for (content, expected) in [
        ("pw", "pw"),
        ("pw\n", "pw"),
        ("pw\r\n", "pw"),
        (" p w \n", " p w "),
        ("\u{feff}pw\n", "pw"),
    ] {
        fs::write(scene.path("pw"), content).unwrap();
        let key = ("PGYER_API_KEY", scene.sandbox.api_key());
        let of_file = "token --type=ios --install-password-file=pw";
        let of_input = "token --type=ios --install-password-file=-";
        for (line, variable) in [(of_file, ""), (of_input, ""), (ASK, content)] {
            let mut command = scene.program(&[key, ("PGYER_INSTALL_PASSWORD", variable)]);
            command.stdin(Stdio::from(fs::File::open(scene.path("pw")).unwrap()));
            run(&mut command, words(line)).expect(0);
            let sent = scene.last("buildPassword");
            assert_eq!(sent.as_deref(), Some(expected), "{content:?}, {line}");
            assert_eq!(scene.last("buildInstallType").as_deref(), Some("2"));
        }
        // The same for a key.
        let variable = content.replace("p w", "pw").replace(' ', "");
        let ran = scene.run(&[("PGYER_API_KEY", &variable)], ASK);
        assert_eq!((ran.code, scene.last("_api_key").as_deref()), (Some(4), Some("pw")));
    }
}

#[test]
fn a_secret_with_a_control_character_is_refused_by_its_position() {
    let scene = Scene::new(&[]);
    for (content, said) in [
        ("hunter\n\n", "a line break at position 7"),
        ("\nhunter\n", "a line break at position 1"),
        ("hunter\r", "a line break at position 7"),
        ("h\tunter", "a tab at position 2"),
        ("hünter\u{9b}\n", "U+009B at position 7"),
        ("hunter\u{1b}[A", "U+001B at position 7"),
        ("\n", "is empty"),
        ("\u{feff}", "is empty"),
    ] {
        fs::write(scene.path("secret"), content).unwrap();
        let key = ("PGYER_API_KEY", "k");
        for (place, set, line) in [
            ("--api-key-file", key, "status k --api-key-file=secret"),
            ("PGYER_API_KEY", ("PGYER_API_KEY", content), "status k"),
            ("--install-password-file", key, "token --type=ios --install-password-file=secret"),
            ("PGYER_INSTALL_PASSWORD", ("PGYER_INSTALL_PASSWORD", content), ASK),
            ("PGYER_P12_PASSWORD", ("PGYER_P12_PASSWORD", content), "harmony-cert k cert.p12"),
        ] {
            let ran = scene.run(&[key, set], line).expect(2);
            let names_both = ran.stderr.contains(place) && ran.stderr.contains(said);
            assert!(names_both && !ran.stderr.contains("nter"), "{content:?}, {place}: {ran:#?}");
        }
    }
    assert_eq!(scene.sandbox.seen().connections, 0);
}

#[test]
fn nul_and_utf_16_are_named_and_byte_order_marks_dropped() {
    let scene = Scene::new(&[]);
    let key = ("PGYER_API_KEY", scene.sandbox.api_key());
    let utf_16 = |text: &str| -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    fs::write(scene.path("x"), utf_16("hunter\n")).unwrap();
    for line in [
        "status k --api-key-file=x",
        "token --type=ios --install-password-file=x",
        "harmony-cert k cert.p12 --p12-password-file=x",
        "token --type=ios --notes-file=x",
        "put --token=x app.apk",
        "status k --ca-file=x",
    ] {
        let ran = scene.run(&[key], line).expect(2);
        assert!(ran.stderr.contains("UTF-16, as PowerShell's > writes it"), "{line}: {ran:#?}");
    }
    scene.run(&[("PGYER_CONFIG_FILE", "x")], "status k").expect(2);
    // Without its mark.
    fs::write(scene.path("x"), &utf_16("hunter\n")[2..]).unwrap();
    for option in ["--api-key-file", "--install-password-file"] {
        let ran = scene.run(&[key], &format!("token --type=ios {option}=x")).expect(2);
        let said = "a NUL, as UTF-16 text has, at position 2";
        assert!(ran.stderr.contains(said) && ran.stderr.contains(option), "{ran:#?}");
    }
    assert_eq!(scene.sandbox.seen().connections, 0);

    fs::write(scene.path("x"), "\u{feff}Fixes\u{feff}\n").unwrap();
    scene.run(&[key], "token --type=ios --notes-file=x").expect(0);
    assert_eq!(scene.last("buildUpdateDescription").as_deref(), Some("Fixes\u{feff}\n"));
    let config = format!("\u{feff}api_key={}\n", scene.sandbox.api_key());
    fs::write(scene.path("x"), config).unwrap();
    scene.run(&[("PGYER_CONFIG_FILE", "x")], ASK).expect(0);
    let token = scene.run(&[key], ASK).expect(0).stdout;
    fs::write(scene.path("x"), format!("\u{feff}{token}")).unwrap();
    fs::write(scene.path("no.ipa"), "no archive").unwrap();
    scene.run(&[], "put --no-check --token=x no.ipa").expect(0);
}

/// What begins like JSON may be the token itself, unless there is a file with that name.
#[test]
fn a_token_on_the_command_line_is_not_repeated() {
    let scene = Scene::new(&[("{token}.json", "")]);
    let key = ("PGYER_API_KEY", scene.sandbox.api_key());
    let token = scene.run(&[key], ASK).expect(0).stdout;
    fs::write(scene.path("{token}.json"), &token).unwrap();
    scene.run(&[], "put --no-check --token={token}.json app.hap").expect(0);
    for start in ["", " ", "\n", "\u{feff}", "["] {
        let given = format!("--token={start}{}", token.trim_end());
        let ran = run(&mut scene.program(&[]), ["put", "app.ipa", &given]).expect(2);
        assert!(ran.stderr.contains("--token takes the name of a file"), "{ran:#?}");
        assert!(!ran.stderr.contains("signature"), "{ran:#?}");
    }
    let ran = scene.run(&[], "put --token=missing.json app.ipa").expect(1);
    assert!(ran.stderr.contains("missing.json"), "{ran:#?}");
}

#[test]
fn a_token_that_is_none_is_named_with_its_file() {
    let token = r#"{"key":"k","endpoint":"ftp://x.example/","params":{"a":"b"}}"#;
    let scene = Scene::new(&[
        ("refused.json", r#"{"code":1002,"message":"_api_key is wrong","data":[]}"#),
        ("none.json", "[]"),
        ("ftp.json", token),
        ("app.ipa", "no archive"),
    ]);
    for (name, said) in [
        ("refused.json", "a refusal by the API, code 1002"),
        ("none.json", "not a JSON object"),
        ("ftp.json", "endpoint"),
    ] {
        let line = format!("put --no-check --token={name} app.ipa");
        let ran = scene.run(&[], &line).expect(2);
        assert!(ran.stderr.contains(&format!("{name}: ")) && ran.stderr.contains(said), "{ran:#?}");
    }
}

#[test]
fn passwords_come_from_their_variables_too() {
    let scene = Scene::new(&[("pw", "of-file")]);
    let key = ("PGYER_API_KEY", scene.sandbox.api_key());
    let set = [key, ("PGYER_INSTALL_PASSWORD", "of variable"), ("PGYER_P12_PASSWORD", "p12")];
    scene.run(&set, ASK).expect(0);
    assert_eq!(scene.last("buildPassword").as_deref(), Some("of variable"));
    scene.run(&set, "token --type=ios --install-password-file=pw").expect(0);
    assert_eq!(scene.last("buildPassword").as_deref(), Some("of-file"));
    scene.run(&set, "token --type=ios --install-type=public").expect(2);
    scene.run(&set, "token --type=ios --install-type=3").expect(2);
    let empty = [key, ("PGYER_INSTALL_PASSWORD", ""), ("PGYER_P12_PASSWORD", "")];
    scene.run(&empty, "token --type=ios --install-type=public").expect(0);
    assert_eq!(scene.last("buildPassword"), None);
    scene.run(&empty, "token --type=ios --install-type=password").expect(2);
    scene.run(&empty, "harmony-cert k cert.p12").expect(2);
}

#[test]
fn an_empty_or_odd_secret_is_a_usage_error_and_an_unreadable_one_of_io() {
    let scene = Scene::new(&[("empty", ""), ("line", "\n"), ("two", "two words"), ("d/x", "")]);
    fs::write(scene.path("binary"), b"\xff\xfe").unwrap();
    for (option, name, code) in [
        ("--api-key-file", "empty", 2),
        ("--api-key-file", "line", 2),
        ("--api-key-file", "two", 2),
        ("--api-key-file", "binary", 2),
        ("--api-key-file", "missing", 1),
        ("--api-key-file", "d", 1),
        ("--install-password-file", "empty", 2),
        ("--install-password-file", "line", 2),
        ("--install-password-file", "binary", 2),
        ("--install-password-file", "missing", 1),
        ("--notes-file", "binary", 2),
        ("--notes-file", "missing", 1),
        ("--ca-file", "empty", 2),
        ("--ca-file", "missing", 1),
    ] {
        let line = format!("upload --json {option}={name} app.apk");
        let ran = scene.run(&[("PGYER_API_KEY", "k")], &line).expect(code);
        let is_secret = option.contains("key") || option.contains("password");
        let said = if is_secret { option } else { name };
        assert!(ran.stderr.contains(said), "{ran:#?}");
        assert_eq!(ran.stdout, "", "{line}");
    }
    let p12 = "upload --p12=cert.p12 --p12-password-file=empty app.hap";
    scene.run(&[("PGYER_API_KEY", "k")], p12).expect(2);
    assert_eq!(scene.sandbox.seen().connections, 0);
}

/// People put the secret itself where its file belongs.
#[test]
fn what_is_given_for_the_file_of_a_secret_is_not_repeated() {
    let scene = Scene::new(&[("two words", "two words"), ("empty", "")]);
    let long = "s3cret".repeat(1000);
    let certificate = "--p12=cert.p12 app.hap";
    for (option, rest) in [
        ("--api-key-file", "app.apk"),
        ("--install-password-file", "app.apk"),
        ("--p12-password-file", certificate),
    ] {
        for value in ["s3cret", "s3cret/x", "empty/s3cret", "two words", long.as_str()] {
            for format in ["text", "json"] {
                let line = format!("upload -v --format={format} {option}=VALUE {rest}");
                let arguments = words(&line).into_iter().map(|word| word.replace("VALUE", value));
                let mut command = scene.program(&[("PGYER_API_KEY", "k")]);
                let ran = run(&mut command, arguments.collect::<Vec<_>>());
                if value != "two words" {
                    assert_eq!(ran.code, Some(1), "{ran:#?}");
                    assert!(ran.stderr.contains("name of a file"), "{ran:#?}");
                }
                assert!(ran.code == Some(1) || ran.code == Some(2) || option != "--api-key-file");
                let said = ran.stdout + &ran.stderr;
                assert!(!said.contains("s3cret") && !said.contains("two words"), "{said}");
                assert!(said.contains(option) || value == "two words", "{said}");
            }
        }
    }
}

#[test]
fn a_configuration_that_is_wrong_is_said_to_be() {
    let scene = Scene::new(&[
        ("broken", "{\"apiKey\": "),
        ("number", r#"{"apiKey":5}"#),
        ("none", "OTHER=1\n"),
        ("empty", r#"{"apiKey":""}"#),
        ("two", "PGYER_API_KEY=two words\n"),
        ("xdg/pgyer/config.json", "{oops"),
    ]);
    for (name, code) in
        [("broken", 2), ("number", 2), ("none", 2), ("empty", 2), ("two", 2), ("missing", 1)]
    {
        let ran = scene.run(&[("PGYER_CONFIG_FILE", name)], "upload --json app.apk").expect(code);
        assert!(ran.stderr.contains(name) && ran.stdout.is_empty(), "{ran:#?}");
    }
    let xdg = scene.path("xdg");
    scene.run(&[("XDG_CONFIG_HOME", &xdg)], ASK).expect(2);
    assert_eq!(scene.sandbox.seen().connections, 0);
}

#[test]
fn put_needs_no_key_and_sends_none() {
    let scene = Scene::new(&[]);
    let token = pgyer(&scene.sandbox, "token app.apk").expect(0).stdout;
    fs::write(scene.path("t.json"), token).unwrap();
    let mut command = scene.program(&[("PGYER_CONFIG_FILE", "missing")]);
    command.env("PGYER_API_URL", "http://127.0.0.1:1/apiv2");
    run(&mut command, words("put --token=t.json app.apk")).expect(0);
    let mut command = scene.program(&[("PGYER_API_KEY", scene.sandbox.api_key())]);
    run(&mut command, words("put --token=t.json app.apk")).expect(0);
    let seen = scene.sandbox.seen();
    assert_eq!((seen.count(Endpoint::Token), seen.count(Endpoint::Storage)), (1, 2));
    assert_eq!(seen.requests.len(), 3);
    for request in seen.requests_to(Endpoint::Storage) {
        assert!(!format!("{request:?}").contains(scene.sandbox.api_key()));
    }
}

/// Everything that a command prints when the servers repeat what they were sent.
fn said(fault: &str, line: &str, folder: &Path) -> String {
    let sandbox = faulty(&[fault]);
    let mut command = program_for(&sandbox);
    command.env("PGYER_API_KEY", "the+key/0123").current_dir(folder);
    command.env("PGYER_INSTALL_PASSWORD", "the \"pass\" word").env("PGYER_P12_PASSWORD", "p&12");
    let ran = run(&mut command, words(line));
    assert_ne!(ran.code, Some(0), "{ran:#?}");
    ran.stdout + &ran.stderr
}

#[test]
fn no_secret_is_in_any_output() {
    let echo =
        "the+key/0123 the%2Bkey%2F0123 the \"pass\" word the \\\"pass\\\" word p&12 p&amp;12";
    let folder = folder();
    for endpoint in ["token", "poll", "cert", "legacy"] {
        let legacy = if endpoint == "legacy" { "--legacy " } else { "" };
        for what in ["code=1009", "code=1002", "status=500,code=5"] {
            for format in ["text", "json"] {
                let fault = format!("{endpoint}:*:{what},message={echo}");
                let line = match endpoint {
                    "cert" => format!("harmony-cert -v --format={format} k cert.p12"),
                    "poll" => format!("status -v --format={format} k"),
                    _ => format!("upload -v {legacy}--format={format} app.apk"),
                };
                let said = said(&fault, &line, folder.path());
                assert!(said.contains("***"), "{said}");
                let secrets = ["the+key", "the%2Bkey"];
                assert!(!secrets.iter().any(|secret| said.contains(secret)), "{said}");
                if ["token", "legacy"].contains(&endpoint) {
                    assert!(!said.contains("pass"), "{said}");
                }
                if endpoint == "cert" {
                    assert!(!said.contains("p&12") && !said.contains("p&amp;12"), "{said}");
                }
            }
        }
    }
}

#[test]
fn a_token_says_no_secret_when_it_is_wrong() {
    let scene = Scene::new(&[
        ("t.json", r#"{"key":"k","params":{"signature":"the-signature"}}"#),
        ("cut.json", r#"{"key":"k","params":{"signature":"the-signature"#),
    ]);
    for name in ["t.json", "cut.json"] {
        let ran = scene.run(&[], &format!("put --token={name} app.apk")).expect(2);
        assert!(!ran.stderr.contains("the-signature"), "{ran:#?}");
        assert!(ran.stderr.contains("pgyer token") && ran.stderr.contains("endpoint"), "{ran:#?}");
    }
    let ran = run(
        program_for(&scene.sandbox).current_dir(data("")),
        ["put", "--token", "{\"signature\":\"the-signature\"}", "app.apk"],
    );
    assert!(!ran.expect(2).stderr.contains("the-signature"));
}
