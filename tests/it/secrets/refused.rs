//! Secrets in the wrong place: in files that are not what they should be, in URLs, on the command
//! line. The message says what is wrong, and not what it read.

use std::process::Command;

use super::Scene;
use super::markers::{found_in, secret};
use crate::support::proxy_server::{ProxyServer, Speaks};
use crate::support::raw_server::listen;
use crate::support::{Ran, run};

/// What stands for the secret in the lines below.
const IT: &str = "SECRET";

/// A command line, variables, and the exit code.
type Case = (&'static str, &'static [(&'static str, &'static str)], i32);

const CASES: &[Case] = &[
    // A secret does not belong on the command line, but here it is.
    ("upload --api-key=SECRET app.apk", &[], 2),
    ("upload --api-key SECRET app.apk", &[], 2),
    ("upload -kSECRET app.apk", &[], 2),
    ("upload -k SECRET app.apk", &[], 2),
    ("upload -qvkSECRET app.apk", &[], 2),
    ("upload --password=SECRET app.apk", &[], 2),
    ("upload --build-password=SECRET app.apk", &[], 2),
    ("upload --install-password=SECRET app.apk", &[], 2),
    ("upload --p12-password=SECRET app.apk", &[], 2),
    ("upload --apikey=SECRET app.apk", &[], 2),
    ("upload --pasword=SECRET app.apk", &[], 2),
    ("upload --token=SECRET app.apk", &[], 2),
    ("upload --format=json --api-kee=SECRET app.apk", &[], 2),
    ("upload --proxy=http://u:SECRET@127.0.0.1:1 app.apk", &[], 2),
    ("upload --proxy=SECRET://127.0.0.1:1 app.apk", &[], 2),
    ("upload --proxy=http://127.0.0.1:1/SECRET app.apk", &[], 2),
    ("upload --proxy-user=u:SECRET app.apk", &[], 2),
    ("upload --api-url=https://u:SECRET@x.example/ app.apk", &[], 2),
    ("upload --api-url=https://x.example/?key=SECRET app.apk", &[], 2),
    ("upload --api-url=SECRET://x.example/ app.apk", &[], 2),
    ("--api-key=SECRET upload app.apk", &[], 2),
    ("--api-key=SECRET", &[], 2),
    ("-kSECRET", &[], 2),
    ("login --api-key=SECRET", &[], 2),
    ("api-key=SECRET", &[], 2),
    ("status --key=SECRET", &[], 2),
    ("doctor --api-key=SECRET", &[], 2),
    ("sandbox --api-key=SECRET", &[], 2),
    ("check --api-key=SECRET app.apk", &[], 2),
    ("completions --api-key=SECRET bash", &[], 2),
    ("man --api-key=SECRET", &[], 2),
    ("harmony-cert --password=SECRET k cert.p12", &[], 2),
    ("put --token={\"signature\":\"SECRET\"} app.apk", &[], 2),
    // Variables and files that are not what they should be.
    ("status k", &[("PGYER_API_KEY", "SECRET and more")], 2),
    ("status k", &[("PGYER_API_KEY", "SECRET\nmore")], 2),
    ("status k", &[("PGYER_API_KEY", "\u{85}SECRET")], 2),
    ("upload app.apk", &[("PGYER_INSTALL_PASSWORD", "SECRET\tmore")], 2),
    ("status k", &[("PGYER_API_URL", "https://u:SECRET@x.example/")], 2),
    ("status k", &[("PGYER_API_URL", "https://x.example/?SECRET")], 2),
    ("status k", &[("PGYER_API_URL", "http://SECRET@x.example/")], 2),
    ("status k", &[("HTTPS_PROXY", "http://u:SECRET@ho st:1")], 2),
    ("status k", &[("HTTPS_PROXY", "ftp://u:SECRET@host:1")], 2),
    ("status k", &[("ALL_PROXY", "u:SECRET")], 2),
    ("status k", &[("all_proxy", "http://u:SECRET@host:1/path")], 2),
    ("status k", &[("https_proxy", "SECRET")], 2),
    ("status k", &[("PGYER_CONFIG_FILE", "broken.json")], 2),
    ("status k", &[("PGYER_CONFIG_FILE", "number.json")], 2),
    ("status k", &[("PGYER_CONFIG_FILE", "words")], 2),
    ("status k", &[("PGYER_CONFIG_FILE", "other")], 2),
    ("status --api-key-file=words k", &[], 2),
    ("status --api-key-file=bytes k", &[], 2),
    ("status --api-key-file=utf-16 k", &[], 2),
    ("put --token=utf-16 app.apk", &[], 2),
    ("put --token=refusal.json app.apk", &[], 2),
    ("status --ca-file=words k", &[], 2),
    ("status k", &[("SSL_CERT_FILE", "pem")], 2),
    ("upload --install-password-file=bytes app.apk", &[], 2),
    ("upload --install-type=public app.apk", &[("PGYER_INSTALL_PASSWORD", "SECRET")], 2),
    ("harmony-cert --p12-password-file=bytes k cert.p12", &[], 2),
    ("put --token=words app.apk", &[], 2),
    ("put --token=broken.json app.apk", &[], 2),
    ("put --token=scheme.json app.apk", &[], 2),
    ("put --token=user.json app.apk", &[], 2),
    ("put --token=method.json app.apk", &[], 2),
    ("put --token=param.json app.apk", &[], 2),
    ("put --token=http.json app.apk", &[], 2),
    // The endpoint's query may be its signature.
    ("put --retries=0 --verbose --token=query.json app.apk", &[], 6),
];

const FILES: &[(&str, &str)] = &[
    ("broken.json", r#"{"apiKey":"SECRET","#),
    ("number.json", r#"{"apiKey":["SECRET"]}"#),
    ("words", "PGYER_API_KEY=SECRET and more\n"),
    ("refusal.json", r#"{"code":1002,"message":"SECRET","data":"SECRET"}"#),
    ("other", "API_KEY=SECRET\n"),
    ("pem", "-----BEGIN CERTIFICATE-----\nSECRET\n-----END CERTIFICATE-----\n"),
    ("scheme.json", r#"{"key":"k","endpoint":"SECRET://x.example/","params":{"a":"b"}}"#),
    ("user.json", r#"{"key":"k","endpoint":"https://u:SECRET@x.example/","params":{"a":"b"}}"#),
    (
        "method.json",
        r#"{"key":"k","endpoint":"https://x/","params":{"a":"b"},"method":"PUT","signature":"SECRET"}"#,
    ),
    ("param.json", r#"{"key":"k","endpoint":"https://x/","params":{"signature":{"a":"SECRET"}}}"#),
    ("http.json", r#"{"key":"k","endpoint":"http://x.example/?sign=SECRET","params":{"a":"b"}}"#),
    (
        "query.json",
        r#"{"key":"k","endpoint":"http://127.0.0.1:1/?sign=SECRET","params":{"a":"b"}}"#,
    ),
];

fn filled(text: &str) -> String {
    text.replace(IT, &secret("refused"))
}

/// The program without a secret but this one.
fn program(scene: &Scene) -> Command {
    let mut command = crate::support::program();
    command.current_dir(scene.path()).env("HOME", scene.path().join("tmp"));
    command
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let scene = Scene::new();
    for (name, content) in FILES {
        std::fs::write(scene.path().join(name), filled(content)).unwrap();
    }
    let bytes = [filled(IT).as_bytes(), b"\xff\n"].concat();
    std::fs::write(scene.path().join("bytes"), bytes).unwrap();
    let utf_16 = [b"\xFF\xFE", filled(IT).as_bytes()].concat();
    std::fs::write(scene.path().join("utf-16"), utf_16).unwrap();
    for (line, variables, code) in CASES {
        for format in ["text", "json", "env"] {
            let mut command = program(&scene);
            command.env("PGYER_P12_PASSWORD", "p12").env("PGYER_API_KEY", "k");
            for (name, value) in *variables {
                command.env(name, filled(value));
                if *name == "PGYER_CONFIG_FILE" {
                    command.env_remove("PGYER_API_KEY");
                }
            }
            let words = filled(&format!("{line} --format={format}"));
            let ran = run(&mut command, words.split(' ').filter(|word| !word.is_empty()));
            holds_nothing(&ran, line);
            assert!(ran.code == Some(*code) || format == "env", "{line}: {ran:#?}");
        }
    }
}

#[track_caller]
fn holds_nothing(ran: &Ran, what: &str) {
    let shown = [found_in(&ran.stdout), found_in(&ran.stderr)].concat();
    assert!(shown.is_empty(), "{what} shows {shown:?}: {ran:#?}");
}

#[test]
fn what_uses_no_network_shows_none_of_what_it_does_not_read() {
    let scene = Scene::new();
    for line in [
        "check app.apk",
        "check --format=json missing.apk install",
        "--help",
        "upload --help",
        "-V",
        "man",
        "completions bash",
        "",
        "bogus",
        "sandbox --poll=1 status --verbose k",
        "sandbox upload --verbose --poll-interval=1ms app.apk",
        "sandbox --fault storage:*:xml=AccessDenied upload --verbose app.apk",
        "sandbox upload --verbose --p12=cert.p12 --poll-interval=1ms app.hap",
    ] {
        let mut command = scene.program(1, 1);
        let ran = run(&mut command, line.split(' ').filter(|word| !word.is_empty()));
        holds_nothing(&ran, line);
        assert_eq!(scene.changed(), None, "{line}");
    }
}

/// A command that says how it was started, and by whom.
#[cfg(target_os = "linux")]
#[test]
fn the_sandbox_passes_nothing_on_by_a_command_line() {
    let scene = Scene::new();
    let script = "cat /proc/$$/cmdline /proc/$PPID/cmdline; echo \"key $PGYER_API_KEY\"";
    let mut command = scene.program(1, 1);
    let ran = run(&mut command, ["sandbox", "--", "sh", "-c", script]).expect(0);
    holds_nothing(&ran, "sandbox");
    let (lines, key) = ran.stdout.rsplit_once("key ").unwrap();
    assert!(lines.contains("sandbox") && !lines.contains(key.trim()), "{ran:#?}");
}

/// What a proxy says of the credentials that it was given, in each place where it can.
const PROXY_ANSWERS: &[&str] = &[
    "HTTP/1.1 407 ECHO\r\nProxy-Authenticate: Basic realm=\"ECHO\"\r\n\r\n",
    "HTTP/1.1 403 ECHO\r\nX: ECHO\r\n\r\nECHO",
    "HTTP/1.1 502 ECHO\r\n\r\n",
    "HTTP/1.1 302 X\r\nLocation: http://ECHO/\r\n\r\n",
    "HTTP/1.1 ECHO\r\n\r\n",
    "ECHO\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\nECHO\r\n\r\n",
    "ECHO",
    "",
];

#[test]
fn proxies_that_repeat_their_password_are_not_repeated() {
    let scene = Scene::new();
    for (scheme, slot) in
        [("http", "proxy.http"), ("https", "proxy.http"), ("socks5h", "proxy.http")]
    {
        for answer in PROXY_ANSWERS {
            let addr = listen(move |mut client| {
                use std::io::{Read, Write};
                let mut asked = vec![0; 4096];
                let count = client.read(&mut asked)?;
                let asked = String::from_utf8_lossy(&asked[..count]).into_owned();
                let code = asked.split("Basic ").nth(1).and_then(|rest| rest.lines().next());
                let echo = format!("{} user:{}", code.unwrap_or_default(), secret(slot));
                client.write_all(answer.replace("ECHO", &echo).as_bytes())
            });
            for (verbose, format) in [("--verbose", "json"), ("--verbose", "text"), ("-q", "env")] {
                let mut command = scene.program(1, 1);
                command.env("HTTP_PROXY", super::proxy_url(scheme, slot, addr.port()));
                command.args([
                    "status",
                    "k",
                    "--insecure-http",
                    "--retries=1",
                    "--retry-delay=1ms",
                ]);
                command.args(["--api-url=http://x.example/", "--connect-timeout=2s"]);
                let ran = run(&mut command, [verbose, "--format", format]).expect(6);
                holds_nothing(&ran, answer);
            }
        }
    }
}

#[test]
fn a_proxy_that_refuses_a_password_is_named_without_it() {
    let scene = Scene::new();
    for (speaks, scheme) in [(Speaks::Http, "http"), (Speaks::Socks5, "socks5h")] {
        let proxy = ProxyServer::start(speaks, Some("user:another"), |_| unreachable!());
        let mut command = scene.program(1, 1);
        let port = proxy.addr().port();
        command.env("HTTP_PROXY", super::proxy_url(scheme, "proxy.http", port));
        command.args(["status", "k", "-v", "--insecure-http", "--api-url=http://x.example/"]);
        let ran = run(&mut command, ["--retries=0"]).expect(6);
        holds_nothing(&ran, scheme);
        assert!(ran.stderr.contains(&format!("127.0.0.1:{port}")), "{ran:#?}");
    }
}
