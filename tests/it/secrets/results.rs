//! What is sent is what was received and given; a result is data, and loses the API key and the
//! values of fields called password alone; and no answer takes long to look through.

use std::io::Write;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::without_results;
use crate::support::raw_server::{answer_with, http};
use crate::support::{data, folder, program, run, words};

const KEY: &str = "2026112900000001";
const PASSWORD: &str = "let me in, please";

fn answer(data: &Value) -> String {
    let body = json!({"code": 0, "message": "", "data": data}).to_string();
    http("200 OK", "Content-Type: application/json\r\n", &body)
}

/// A token that has the password and the API key in what is sent.
fn token(storage: &str) -> Value {
    json!({
        "key": "apps/k1",
        "endpoint": storage,
        "params": {"signature": PASSWORD, "x-password": 4711, "x-key": KEY, "key": "apps/k1"},
        "buildPassword": PASSWORD,
        "number": KEY.parse::<u64>().unwrap(),
    })
}

/// A service that repeats all it knows. What the storage received is recorded.
fn service(build: Value) -> (SocketAddr, Arc<Mutex<String>>) {
    let stored = Arc::<Mutex<String>>::default();
    let keep = Arc::clone(&stored);
    let addr = answer_with(move |asked, mut client| {
        let said = match asked.path() {
            "/getCOSToken" | "/app/getCOSToken" => {
                let host = asked.head.lines().find_map(|line| line.strip_prefix("host: "));
                answer(&token(&format!(
                    "http://{}/let%20me%20in%2c%20please/{KEY}/",
                    host.unwrap()
                )))
            }
            "/app/buildInfo" => answer(&build),
            _ => {
                *keep.lock().unwrap() = asked.text();
                http("204 No Content", "", "")
            }
        };
        client.write_all(said.as_bytes()).map(|()| true)
    });
    (addr, stored)
}

fn with_secrets(addr: SocketAddr) -> Command {
    let mut command = program();
    command
        .current_dir(data(""))
        .env("PGYER_API_KEY", KEY)
        .env("PGYER_INSTALL_PASSWORD", PASSWORD)
        .env("PGYER_API_URL", format!("http://{addr}"));
    command
}

#[track_caller]
fn was_sent_as_it_came(stored: &str) {
    for part in [
        format!("name=\"signature\"\r\n\r\n{PASSWORD}\r\n"),
        format!("name=\"x-key\"\r\n\r\n{KEY}\r\n"),
        "name=\"x-password\"\r\n\r\n4711\r\n".to_owned(),
        format!("POST /let%20me%20in%2c%20please/{KEY}/ "),
    ] {
        assert!(stored.contains(&part), "no {part:?} in {stored:.900}");
    }
}

#[test]
fn what_is_sent_is_what_came() {
    let build = json!({
        "buildKey": "b1",
        "buildName": PASSWORD,
        "buildVersion": format!("1.0-{KEY}"),
        "buildFileSize": KEY.parse::<u64>().unwrap(),
        "buildPassword": 4711,
        "buildHasPassword": true,
        "nested": [{"oldPassword": PASSWORD, "passwords": [1, {"a": "b"}]}, 4711],
        KEY: PASSWORD,
    });
    let (addr, stored) = service(build);
    let line = words("upload --format=json --verbose app.apk");
    let ran = run(&mut with_secrets(addr), line).expect(0);
    was_sent_as_it_came(&stored.lock().unwrap());
    let shown = &ran.json()[0]["build"];
    let expected = json!({
        "buildKey": "b1",
        "buildName": PASSWORD,
        "buildVersion": "1.0-***",
        "buildFileSize": "***",
        "buildPassword": "***",
        "buildHasPassword": true,
        "nested": [{"oldPassword": "***", "passwords": ["***", {"a": "***"}]}, 4711],
        "***": PASSWORD,
    });
    assert_eq!(shown, &expected);
    // What is for people has neither, not in URLs either.
    let said = without_results(&ran.stderr);
    for secret in [KEY, PASSWORD, "let%20me"] {
        assert!(!said.contains(secret), "{ran:#?}");
    }
    assert!(ran.stderr.contains("POST http://127.0.0.1:"), "{ran:#?}");
}

#[test]
fn a_token_that_is_shown_loses_no_more_than_it_may() {
    let (addr, stored) = service(Value::Null);
    let ran = run(&mut with_secrets(addr), words("token app.apk")).expect(0);
    let shown: Value = serde_json::from_str(&ran.stdout).unwrap();
    let params = json!({
        "signature": PASSWORD, "x-password": 4711, "x-key": "***", "key": "apps/k1"
    });
    assert_eq!(shown["params"], params);
    assert_eq!((&shown["buildPassword"], &shown["number"]), (&json!("***"), &json!("***")));
    // A given token is sent verbatim.
    let folder = folder();
    let file = folder.path().join("token.json");
    let given = token(&format!("http://{addr}/let%20me%20in%2c%20please/{KEY}/"));
    std::fs::write(&file, given.to_string()).unwrap();
    let mut command = with_secrets(addr);
    command.arg("put").arg("--token").arg(&file);
    run(&mut command, ["app.apk"]).expect(0);
    was_sent_as_it_came(&stored.lock().unwrap());
}

#[test]
fn a_token_whose_key_is_the_api_key_is_not_used() {
    let addr = answer_with(move |_, mut client| {
        let token = json!({"key": KEY, "endpoint": "http://127.0.0.1:1/", "params": {"a": "b"}});
        client.write_all(answer(&token).as_bytes()).map(|()| true)
    });
    let ran = run(&mut with_secrets(addr), words("upload --format=json app.apk")).expect(5);
    assert!(!ran.stdout.contains(KEY) && !ran.stderr.contains(KEY), "{ran:#?}");
}

#[test]
fn urls_are_shown_without_secrets() {
    let url = "http://127.0.0.1:1/a-key-0123/A%2Dkey-0123";
    for line in ["status --verbose k", "doctor --verbose"] {
        let mut command = program();
        command.env("PGYER_API_KEY", "a-key-0123").env("PGYER_API_URL", url).arg("--retries=0");
        let ran = run(&mut command, words(line)).expect(6);
        assert!(!format!("{ran:?}").to_lowercase().contains("key-0123"), "{ran:#?}");
        let shows_url = ran.stderr.contains("http://127.0.0.1:1/***/***");
        assert!(shows_url || line.starts_with("doctor"), "{ran:#?}");
    }
}

#[test]
fn no_answer_takes_long() {
    for piece in ["%", "%25", "\\\\", "&", "&amp;", "a", "\\u0025"] {
        let message = piece.repeat(1_000_000 / piece.len());
        let body = format!(r#"{{"code":1009,"message":"{message}","data":[]}}"#);
        let addr = answer_with(move |_, mut client| {
            let said = http("200 OK", "Content-Type: application/json\r\n", &body);
            client.write_all(said.as_bytes()).map(|()| true)
        });
        let ran = run(&mut with_secrets(addr), words("status --timeout=5s k")).expect(5);
        assert!(ran.elapsed < Duration::from_secs(6), "{piece}: {:?}", ran.elapsed);
        assert!(ran.stderr.len() < 10_000, "{piece}");
    }
}
