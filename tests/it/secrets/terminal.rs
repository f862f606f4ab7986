//! Whatever servers, files and variables are called: nothing that a terminal obeys, and nothing
//! that turns lines around, comes out.

use std::process::Command;

use super::echo::{Echo, Manner, Step};
use super::{Scene, TASKS, Task};
use crate::support::raw_server::http;
use crate::support::{Ran, for_each, program, run, words};

/// Characters that terminals obey, and what they do with them.
const WILD: &str = "\u{1b}[31m\u{1b}]0;x\u{7}\r\u{8}\t\u{b}\u{7f}\u{80}\u{85}\u{8d}\u{90}q\u{9b}2J\u{9d}\
    \u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\
    \u{2066}\u{2067}\u{2068}\u{2069}\n";

fn is_wild(c: char) -> bool {
    // These two are in variables as they are, between quotes.
    !matches!(c, '\n' | '\t') && (c.is_control() || !c.is_ascii() && WILD.contains(c))
}

#[track_caller]
fn is_tame(ran: &Ran, what: &str) {
    for (name, text) in [("output", &ran.stdout), ("error", &ran.stderr)] {
        let wild: Vec<char> = text.chars().filter(|c| is_wild(*c)).collect();
        assert!(wild.is_empty(), "{what}: {wild:?} on standard {name}: {ran:#?}");
    }
}

fn json() -> String {
    let units = WILD.chars().map(|c| format!("\\u{:04x}", u32::from(c)));
    format!("\"{}\"", units.collect::<String>())
}

/// JSON that has all it may have as it is.
fn raw_json() -> String {
    serde_json::Value::from(WILD).to_string()
}

fn api(body: &str) -> String {
    http("200 OK", "Content-Type: application/json\r\n", body)
}

fn refusal(code: i64, text: &str) -> String {
    api(&format!(r#"{{"code":{code},"message":{text},"data":{text}}}"#))
}

fn build(text: &str) -> String {
    let names = ["buildKey", "buildName", "buildVersion", "buildVersionNo", "buildIdentifier"];
    let more = ["buildShortcutUrl", "buildQRCodeURL", "buildIcon", "buildBuildVersion"];
    let fields: String = names.iter().chain(&more).map(|n| format!("\"{n}\":{text},")).collect();
    api(&format!(r#"{{"code":0,"data":{{{fields}{text}:[{{{text}:{text}}}]}}}}"#))
}

fn token(field: &str) -> String {
    let value = |name: &str, good: &str| {
        if name == field { json() } else { format!("\"{good}\"") }
    };
    let param = if field == "param" { format!("{}:[]", raw_json()) } else { "\"a\":\"b\"".into() };
    api(&format!(
        r#"{{"code":0,"data":{{"key":{},"endpoint":{},"method":{},"params":{{{param}}}}}}}"#,
        value("key", "k"),
        value("endpoint", "http://127.0.0.1:1/"),
        value("method", "POST"),
    ))
}

fn line() -> String {
    WILD.replace(['\n', '\r'], "")
}

const API: &[Manner] = &[
    ("refusal", |_| refusal(1009, &json())),
    ("raw refusal", |_| refusal(1009, &raw_json())),
    ("failed", |_| refusal(1216, &json())),
    ("publishing", |_| refusal(1247, &raw_json())),
    ("garbage", |_| format!("{WILD}\r\n\r\n")),
    ("status", |_| format!("HTTP/1.1 403 {}\r\nContent-Length: 0\r\n\r\n", line())),
    ("header", |_| http("503 X", &format!("Retry-After: {0}\r\nLocation: {0}\r\n", line()), "")),
    ("redirect", |_| http("302 X", &format!("Location: https://x{}.example/\r\n", line()), "")),
    ("text", |_| http("403 X", "Content-Type: text/plain\r\n", WILD)),
];
const BUILDS: &[Manner] = &[("build", |_| build(&json())), ("raw build", |_| build(&raw_json()))];
const TOKENS: &[Manner] = &[
    ("key", |_| token("key")),
    ("endpoint", |_| token("endpoint")),
    ("method", |_| token("method")),
    ("param", |_| token("param")),
];
const STORAGE: &[Manner] = &[
    ("xml", |_| {
        let text = format!("<Code>{WILD}</Code><Message>{WILD}</Message>");
        let more = format!("<RequestId>{WILD}</RequestId><ServerTime>{WILD}</ServerTime>");
        http("403 X", "", &format!("<Error>{text}{more}</Error>"))
    }),
    ("numbered xml", |_| {
        let text: String = WILD.chars().map(|c| format!("&#{};", u32::from(c))).collect();
        http("403 X", "", &format!("<Error><Code>{text}</Code><Message>{text}</Message></Error>"))
    }),
    ("text", |_| http("403 X", "", WILD)),
    ("header", |_| http("403 X", &format!("x-cos-request-id: {}\r\n", line()), "")),
    ("checksum", |_| http("204 X", &format!("x-cos-hash-crc64ecma: {}\r\n", line()), "")),
];

fn manners(step: Step) -> Vec<Manner> {
    match step {
        Step::Storage => STORAGE.to_vec(),
        Step::Token => [API, TOKENS].concat(),
        Step::Poll | Step::Legacy => [API, BUILDS].concat(),
        _ => API.to_vec(),
    }
}

#[test]
fn servers_move_no_terminal() {
    let (echo, mut runs) = (Echo::start(), Vec::new());
    for task in TASKS {
        for step in task.steps {
            for manner in manners(*step) {
                let is_build = BUILDS.iter().any(|(name, _)| *name == manner.0);
                let formats = task.formats.iter().filter(|f| is_build || !f.ends_with("env"));
                runs.extend(formats.map(|format| (task, *step, manner, *format)));
            }
        }
    }
    for_each(&runs, |number, (task, step, manner, format)| {
        let id = number.to_string();
        echo.prepare(&id, *step, Some(*manner));
        let ran = against(&echo, task, &id, format);
        is_tame(&ran, &format!("{}, {step:?}: {}, {format}", task.line, manner.0));
        assert!(*format != "json" || !ran.json().is_empty());
    });
}

fn against(echo: &Echo, task: &Task, id: &str, format: &str) -> Ran {
    let scene = Scene::new();
    let base = format!("http://127.0.0.1:{}/{id}", echo.port());
    let token = format!(r#"{{"key":"k","endpoint":"{base}/storage/","params":{{"a":"b"}}}}"#);
    std::fs::write(scene.path().join("token.json"), token).unwrap();
    let mut command = scene.program(1, 1);
    command.env("PGYER_API_URL", format!("{base}/apiv2"));
    let mut arguments = words(task.line);
    arguments.extend(["--verbose", "--retries=1", "--retry-delay=1ms", "--format", format]);
    if ["upload", "status"].contains(&arguments[0]) {
        arguments.push("--wait-timeout=20ms");
    }
    run(&mut command, arguments)
}

/// Files on Windows have no such names.
#[cfg(unix)]
#[test]
fn names_move_no_terminal() {
    let scene = Scene::new();
    let name = format!("a{WILD}");
    let path = scene.path().join(format!("{name}.apk"));
    std::fs::copy(scene.path().join("app.apk"), &path).unwrap();
    std::fs::write(scene.path().join(format!("{name}.txt")), "no package: \u{1b}[31m").unwrap();
    let app = format!("{name}.apk");
    let other = format!("{name}.txt");
    let lines: &[&[&str]] = &[
        &["check", &app, &other, "missing\u{1b}[0m"],
        &["upload", &app],
        &["upload", &other],
        &["upload", "missing\u{1b}[0m"],
        &["upload", "--jobs=2", &app, &app],
        &["upload", "--file-name", WILD, "app.apk"],
        &["upload", "--notes-file", "missing\u{1b}[0m", "app.apk"],
        &["upload", "--api-key-file", "missing\u{1b}[0m", "app.apk"],
        &["upload", "--api-key-file", &other, "app.apk"],
        &["upload", "--ca-file", &other, "app.apk"],
        &["upload", "--install-password-file", "missing\u{1b}[0m", "app.apk"],
        &["upload", "--hsp", "missing\u{1b}[0m", "app.hap"],
        &["upload", "--hsp", &other, "--fault", "app.hap"],
        &["upload", "--hsp", &other, "app.hap"],
        &["upload", "--p12", "missing\u{1b}[0m", "app.hap"],
        &["upload", "--channel", WILD, "app.apk"],
        &["upload", "--valid-from", WILD, "app.apk"],
        &["upload", "--jobs", WILD, "app.apk"],
        &["upload", "--format", WILD, "app.apk"],
        &["upload", "--type", WILD, "app.apk"],
        &["upload", "--region", WILD, "app.apk"],
        &["upload", "--timeout", WILD, "app.apk"],
        &["upload", "--api-url", WILD, "app.apk"],
        &["upload", "--proxy", WILD, "app.apk"],
        &["upload", "--resolve", WILD, "app.apk"],
        &["upload", "--bogus\u{1b}[0m\u{202e}", "app.apk"],
        &["upload", "-\u{1b}", "app.apk"],
        &["bogus\u{1b}[0m\u{202e}"],
        &["completions", WILD],
        &["man", WILD],
        &["status", &name],
        &["status", "--wait", &name],
        &["status", "--no-wait", WILD],
        &["token", &app],
        &["token", &other],
        &["put", "--token", &other, "app.apk"],
        &["put", "--token", "missing\u{1b}[0m", "app.apk"],
        &["put", "--token", "token.json", &app],
        &["harmony-cert", &name, &other],
        &["harmony-hsp", &name, &other, "missing\u{1b}[0m"],
        &["doctor", "--resolve", WILD],
        &["sandbox", "--fault", WILD],
        &["sandbox", "--", "missing\u{1b}[0m"],
        &["sandbox", "upload", "--poll-interval=1ms", &app],
        &["sandbox", "--fault", "poll:*:code=1216,message=\u{1b}[0m\u{202e}", "upload", &app],
    ];
    let token = r#"{"key":"k\u001b","endpoint":"http://127.0.0.1:1/","params":{"a":"b"}}"#;
    std::fs::write(scene.path().join("token.json"), token).unwrap();
    let sandbox = crate::support::builder([]).polls(0).start().unwrap();
    for_each(lines, |_, line| {
        for format in ["text", "json", "env", "dotenv"] {
            let mut command = plain(&scene);
            command.env("PGYER_API_URL", sandbox.api_url());
            command.env("PGYER_API_KEY", sandbox.api_key());
            command.env("PGYER_P12_PASSWORD", "p12").args(*line);
            if ["upload", "status", "put"].contains(&line[0]) {
                command.args(["--verbose", "--retries=0"]);
            }
            // After a `--` it would belong to another command.
            let formats = ["--format", format];
            let ran = run(&mut command, formats.iter().filter(|_| line[0] != "sandbox"));
            is_tame(&ran, &format!("{line:?} {format}"));
        }
    });
}

#[test]
fn variables_move_no_terminal() {
    let scene = Scene::new();
    for name in [
        "PGYER_API_URL",
        "PGYER_API_KEY",
        "PGYER_CONFIG_FILE",
        "HTTP_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "XDG_CONFIG_HOME",
        "HOME",
    ] {
        for verb in ["status", "doctor"] {
            let mut command = plain(&scene);
            command.env("PGYER_API_URL", "http://127.0.0.1:1/").env(name, WILD);
            if name == "PGYER_API_KEY" {
                command.env_remove("PGYER_API_URL");
            }
            let operand = if verb == "status" { Some("k") } else { None };
            command.arg(verb).args(operand);
            let ran = run(&mut command, ["--retries=0", "--connect-timeout=1s", "--verbose"]);
            is_tame(&ran, name);
        }
    }
}

fn plain(scene: &Scene) -> Command {
    let mut command = program();
    command.current_dir(scene.path());
    command
}

#[test]
fn the_sandboxs_lines_move_no_terminal() {
    use std::io::{BufRead, BufReader, Write};
    let mut command = program();
    command.arg("sandbox").stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let url = lines.next().unwrap();
    lines.next();
    let host = url.split('/').nth(2).unwrap();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let wild = line().replace('\t', "");
    write!(stream, "P\u{1b}OST /{wild}?{wild} HTTP/1.1\r\nContent-Length: 0\r\n\r\n").unwrap();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    write!(stream, "POST /\u{9b}\u{202e}x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        .unwrap();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    write!(stream, "POST /last HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").unwrap();
    let said: Vec<String> = lines.by_ref().take_while(|line| !line.contains("/last")).collect();
    let _ = child.kill();
    let _ = child.wait();
    assert!(!said.concat().contains(is_wild), "{said:?}");
}
