//! Where a token or a redirect may point, and what a server may slip into an idle connection.

use std::io::{self, Write};
use std::net::TcpStream;

use tempfile::TempDir;

use super::{API, DONE, KEY, NETWORK, STORAGE, USAGE, Villain, complaints, impatient, measured};
use crate::support::raw_server::{Asked, http};
use crate::support::{data, run};

fn json(body: &str) -> String {
    http("200 OK", "Content-Type: application/json\r\n", body)
}

fn token(endpoint: &str) -> String {
    serde_json::json!({"key": "k", "endpoint": endpoint, "params": {"a": "b"}}).to_string()
}

/// A Pgyer whose tokens point there; `API` stands for its own address.
fn pointing(endpoint: &'static str) -> Villain {
    Villain::that(move |asked, mut client| {
        let host = asked.head.lines().find_map(|line| line.strip_prefix("host: "));
        let endpoint = endpoint.replace("API", &format!("http://{}", host.unwrap_or_default()));
        let answer = match asked.path() {
            "/apiv2/app/getCOSToken" => format!(r#"{{"code":0,"data":{}}}"#, token(&endpoint)),
            "/apiv2/app/buildInfo" => r#"{"code":1244,"message":"none"}"#.to_owned(),
            _ => r#"{"code":1001,"message":"_api_key is required"}"#.to_owned(),
        };
        client.write_all(json(&answer).as_bytes()).map(|()| true)
    })
}

const UPLOAD: &[&str] =
    &["upload", "--json", "--retries=0", "--connect-timeout=1s", "--wait-timeout=1s"];

/// An endpoint, and the exit code of an upload to it.
const ENDPOINTS: &[(&str, i32, &str)] = &[
    ("file:///etc/passwd", API, ""),
    ("file://localhost/etc/passwd", API, "https://"),
    ("ftp://x.example/", API, "https://"),
    ("javascript:alert(1)", API, ""),
    ("data:text/plain,x", API, ""),
    ("unix:/var/run/docker.sock", API, ""),
    ("ws://x.example/", API, "https://"),
    ("//x.example/", API, ""),
    ("/storage/", API, ""),
    ("x.example", API, ""),
    ("x", API, ""),
    ("https://", API, ""),
    ("https:///", API, ""),
    ("https://user:password@x.example/", API, "user name"),
    ("https://user@x.example/", API, "user name"),
    ("https://x.example:0/", API, "port"),
    ("https://x.example:99999/", API, ""),
    ("https://x.example\r\nX: y/", API, ""),
    ("https://x y/", API, ""),
    ("http://x.example/", API, "--insecure-http"),
    ("http://169.254.169.254/latest/meta-data/", API, "--insecure-http"),
    ("http://127.0.0.1.x.example/", API, "--insecure-http"),
    // On this machine http:// is allowed, and nothing listens there.
    ("http://127.0.0.1:1/", NETWORK, "127.0.0.1"),
    ("http://[::1]:1/", NETWORK, "::1"),
    // The API itself gets a form without a key, which it refuses.
    ("API/apiv2/app/upload", API, "1244"),
    ("API/apiv2/app/buildInfo", API, "1244"),
    ("API/", API, "1244"),
];

#[test]
fn an_endpoint_may_point_anywhere_and_gets_no_key() {
    let mut wrong = Vec::new();
    for (endpoint, code, says) in ENDPOINTS {
        let villain = pointing(endpoint);
        let mut command = impatient(UPLOAD);
        command.env("PGYER_API_URL", villain.api_url()).arg(data("app.apk"));
        wrong.extend(complaints(endpoint, *code, says, &measured(&mut command)));
        let heard = villain.heard.lock().unwrap();
        for asked in heard.iter().filter(|asked| asked.text().contains("multipart/form-data")) {
            assert!(!asked.text().contains(KEY), "{endpoint}: {}", asked.text());
        }
        assert!(heard.iter().all(|asked| !asked.head.contains(KEY)), "{endpoint}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_same_endpoints_in_a_token_file_are_wrong_files() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("t.json");
    for (endpoint, code, says) in ENDPOINTS.iter().filter(|(to, ..)| !to.starts_with("API")) {
        std::fs::write(&file, token(endpoint)).unwrap();
        let mut command = impatient(&["put", "--retries=0", "--connect-timeout=1s", "--token"]);
        let ended = measured(command.arg(&file).arg(data("app.apk")));
        let code = if *code == API { USAGE } else { *code };
        assert_eq!(complaints(endpoint, code, says, &ended), None);
    }
}

/// Where a redirect may lead.
const LOCATIONS: &[&str] = &[
    "API/apiv2/app/buildInfo",
    "API/elsewhere",
    "/apiv2/app/buildInfo",
    "https://x.example/",
    "file:///etc/passwd",
    "",
    "//",
    "\u{7f}",
];

#[test]
fn redirects_lead_nowhere() {
    for location in LOCATIONS {
        for status in ["301 X", "302 X", "303 X", "307 X", "308 X", "300 X", "304 X", "399 X"] {
            let villain = Villain::that(move |asked, mut client| {
                let host = asked.head.lines().find_map(|line| line.strip_prefix("host: "));
                let to = location.replace("API", &format!("http://{}", host.unwrap_or_default()));
                let answer = http(status, &format!("Location: {to}\r\n"), "");
                client.write_all(answer.as_bytes()).map(|()| true)
            });
            let mut command = impatient(&["status", "--retries=0", "k"]);
            let ran = run(&mut command, ["--api-url", &villain.api_url()]).expect(NETWORK);
            assert!(!ran.stderr.contains(KEY), "{ran:#?}");
            assert_eq!(villain.heard.lock().unwrap().len(), 1, "{location} {status}");
        }
    }
}

/// A good answer followed by another one, to a request that was not made yet.
fn two_answers(asked: &Asked, mut client: &TcpStream) -> io::Result<bool> {
    let host = asked.head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    let good = match asked.path() {
        "/apiv2/app/getCOSToken" => {
            let token = token(&format!("http://{host}/storage/"));
            json(&format!(r#"{{"code":0,"data":{token}}}"#))
        }
        "/storage/" => http("204 X", "", ""),
        _ => json(r#"{"code":0,"data":{"buildKey":"true","buildName":"true"}}"#),
    };
    let lie = json(r#"{"code":0,"data":{"buildKey":"lie","buildName":"lie"}}"#);
    client.write_all((good + &lie).as_bytes())?;
    Ok(true)
}

#[test]
fn what_follows_an_answer_is_no_answer_to_the_next_question() {
    let villain = Villain::that(two_answers);
    let mut command = impatient(UPLOAD);
    command.env("PGYER_API_URL", villain.api_url());
    let ran = run(&mut command, [data("app.apk")]).expect(DONE);
    assert_eq!(ran.json()[0]["build"]["buildName"], "true", "{ran:#?}");
}

#[test]
fn a_storage_that_asks_for_the_moon_gets_a_form() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("t.json");
    for (params, code) in [
        // Names and values that try to be parts of their own.
        (r#"{"a\r\nb\"; filename=\"x":"1","c":"\r\n--\r\n\r\n--x--"}"#.to_owned(), DONE),
        (r#"{"file":"1","key":"2","":"3"}"#.to_owned(), DONE),
        (format!(r#"{{"a":"{}"}}"#, "x".repeat(1_000_000)), DONE),
        (format!("{{{}}}", vec![r#""a":"b""#; 10_000].join(",")), DONE),
        (format!("{{{}}}", vec![r#""a":"b""#; 10_001].join(",")), USAGE),
        (format!(r#"{{"a":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000)), USAGE),
        (format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)), USAGE),
        (r#"{"a":1e999}"#.to_owned(), DONE),
    ] {
        let villain = Villain::start(|out| out.say("HTTP/1.1 204 X\r\n\r\n"));
        let endpoint = format!("http://{}/", villain.addr);
        let json = format!(r#"{{"key":"k","endpoint":"{endpoint}","params":{params}}}"#);
        std::fs::write(&file, json).unwrap();
        let mut command = impatient(&["put", "--retries=0", "--token"]);
        let ended = measured(command.arg(&file).arg(data("app.apk")));
        let what: String = params.chars().take(60).collect();
        assert_eq!(complaints(&what, code, "", &ended), None);
        assert!(!villain.heard_the_key_elsewhere());
    }
    // No file of a token is that large.
    std::fs::write(&file, "[".repeat(5 << 20)).unwrap();
    let mut command = impatient(&["put", "--token"]);
    let ended = measured(command.arg(&file).arg(data("app.apk")));
    assert_eq!(complaints("a large file", USAGE, "too large", &ended), None);
}

#[test]
fn an_early_word_is_not_the_last() {
    // Claims that all is stored as soon as a client connects.
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("t.json");
    let addr = crate::support::raw_server::listen(|mut client| {
        client.write_all(b"HTTP/1.1 204 X\r\n\r\n")?;
        crate::support::raw_server::hear(client).map(drop)
    });
    std::fs::write(&file, token(&format!("http://{addr}/"))).unwrap();
    let mut command = impatient(&["put", "--retries=0", "--token"]);
    let ended = measured(command.arg(&file).arg(data("app.apk")));
    assert!(matches!(ended.ran.code, Some(NETWORK | STORAGE)), "{:#?}", ended.ran);
}
