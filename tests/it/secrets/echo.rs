//! A Pgyer and a storage that repeat every secret that they were sent or handed out themselves, in
//! every place and spelling that an answer has.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use super::markers::{SLOTS, percent_decoded, secret, spelled};
use crate::support::raw_server::{Asked, answer_with, http};

/// The part of a job that a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Probe,
    Token,
    Storage,
    Poll,
    Cert,
    Hsp,
    Legacy,
}

/// How a server that was asked answers, and what it is called.
pub(crate) type Manner = (&'static str, fn(&Told) -> String);

/// The secrets that a server knows.
pub(crate) struct Told(Vec<String>);

impl Told {
    /// All of them, in all spellings.
    fn all(&self) -> String {
        self.0.iter().map(|secret| spelled::in_all_ways(secret)).collect::<Vec<_>>().join(" ")
    }

    /// All of them as they are.
    fn bare(&self) -> String {
        self.0.join(" ")
    }

    /// One that can be the name of a host.
    fn host(&self) -> String {
        let fits = |secret: &&String| secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
        self.0.iter().find(fits).cloned().unwrap_or_else(|| "nothing".to_owned())
    }

    fn first(&self) -> &str {
        self.0.first().map_or("nothing", String::as_str)
    }
}

fn api(status: &str, body: &str) -> String {
    http(status, "Content-Type: application/json\r\n", body)
}

fn refusal(status: &str, code: &str, text: &str) -> String {
    api(status, &format!(r#"{{"code":{code},"message":{text},"data":{{{text}:[{text}]}}}}"#))
}

/// What can replace any answer of the API.
pub(crate) const OF_THE_API: &[Manner] = &[
    ("refusal", |told| refusal("200 OK", "1009", &spelled::json(&told.all()))),
    ("refusal as PHP writes", |told| refusal("200 OK", "1003", &spelled::php_json(&told.bare()))),
    ("numbered refusal", |told| refusal("200 OK", "1003", &spelled::numbered_json(&told.bare()))),
    ("key refused", |told| refusal("401 X", "\"1002\"", &spelled::json(&told.all()))),
    ("busy", |told| refusal("500 X", "5", &spelled::json(&told.all()))),
    ("failed", |told| refusal("200 OK", "1216", &spelled::json(&told.all()))),
    ("publishing", |told| refusal("200 OK", "1247", &spelled::json(&told.all()))),
    ("code", |told| refusal("200 OK", &spelled::json(told.first()), "\"x\"")),
    ("data is text", |told| refusal("200 OK", "0", &spelled::json(&told.all()))),
    ("not JSON", |told| api("200 OK", &format!("{{\"code\":{}}}", told.all()))),
    ("web page", |told| http("200 OK", "Content-Type: text/html\r\n", &page(told))),
    ("web page of a gateway", |told| http("503 X", "Content-Type: text/html\r\n", &page(told))),
    ("XML", |told| xml("403 X", &spelled::xml(&told.all()))),
    ("text", |told| http("403 X", "Content-Type: text/plain\r\n", &told.bare())),
    ("redirect", |told| redirect(&format!("https://{}.example/{0}?{0}", told.host()))),
    ("redirect to a name", |told| redirect(&format!("https://{}/", told.host()))),
    ("redirect with a user", |told| redirect(&format!("https://u:{}@x.example/", told.host()))),
    ("redirect to nowhere", |told| redirect(&told.all())),
    ("headers", headers),
    ("cut", |told| format!("HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n{}", told.all())),
    ("garbage", |told| format!("{}\r\n\r\n", told.all())),
    ("garbage as a status", |told| format!("HTTP/1.1 {}\r\n\r\n", told.bare())),
    ("garbage as a header", |told| format!("HTTP/1.1 200 OK\r\n{}\r\n\r\n", told.bare())),
    ("garbage as a name", |told| format!("HTTP/1.1 200 OK\r\n{}: x\r\n\r\n", told.bare())),
    ("garbage as a chunk", |told| {
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}\r\n", told.bare())
    }),
    ("garbage as a length", |told| {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", told.bare())
    }),
    ("garbage as an encoding", |told| {
        format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: {0}\r\nContent-Encoding: {0}\r\n\r\n",
            told.bare()
        )
    }),
];

/// What can be wrong in a token.
pub(crate) const OF_TOKENS: &[Manner] = &[
    ("endpoint with it as a host", |told| token(&format!("https://{}/", told.host()))),
    ("endpoint with it in the path", |told| token(&format!("http://127.0.0.1:1/{}/", told.host()))),
    ("endpoint with a user", |told| token(&format!("https://u:{}@x.example/", told.host()))),
    ("endpoint with it as a scheme", |told| token(&format!("{}://x.example/", told.host()))),
    ("endpoint that is none", |told| token(&told.all())),
    ("method", |told| {
        let secret = spelled::json(&told.bare());
        data(&format!(
            r#"{{"key":"k","endpoint":"https://x.example/","params":{{"a":"b"}},"method":{secret}}}"#
        ))
    }),
    ("param", |told| {
        let secret = spelled::numbered_json(&told.bare());
        data(&format!(r#"{{"key":"k","endpoint":"https://x.example/","params":{{{secret}:[]}}}}"#))
    }),
    ("key", |told| {
        let secret = spelled::json(&told.bare());
        data(&format!(
            r#"{{"key":{secret},"endpoint":"http://127.0.0.1:1/","params":{{"a":{secret}}}}}"#
        ))
    }),
];

/// A build whose every field repeats what was sent.
pub(crate) const OF_BUILDS: &[Manner] = &[
    ("build", |told| data(&build(&spelled::json(&told.all())))),
    ("build as PHP writes", |told| data(&build(&spelled::php_json(&told.bare())))),
    ("numbered build", |told| data(&build(&spelled::numbered_json(&told.bare())))),
];

/// What a storage can answer.
pub(crate) const OF_THE_STORAGE: &[Manner] = &[
    ("refusal", |told| xml("403 X", &spelled::xml(&told.all()))),
    ("refusal in CDATA", |told| xml("400 X", &format!("<![CDATA[{}]]>", told.bare()))),
    ("refusal as Go writes", |told| xml("404 X", &spelled::html(&told.bare()))),
    ("numbered refusal", |told| xml("403 X", &spelled::numbered_xml(&told.bare()))),
    ("expired", |told| {
        let message = spelled::xml(&told.all());
        let body = format!("<Error><Code>ExpiredToken</Code><Message>{message}</Message></Error>");
        http("403 X", "", &body)
    }),
    ("busy", |told| xml("503 X", &spelled::xml(&told.all()))),
    ("taken", |told| xml("409 X", &spelled::xml(&told.all()))),
    ("callback failed", |told| xml("203 X", &spelled::xml(&told.all()))),
    ("refusal with 200", |told| xml("200 OK", &spelled::xml(&told.all()))),
    ("JSON", |told| refusal("403 X", "1", &spelled::json(&told.all()))),
    ("text", |told| http("403 X", "", &told.bare())),
    ("short text", |told| http("400 X", "", told.first())),
    ("web page", |told| http("403 X", "", &page(told))),
    ("redirect", |told| redirect(&format!("https://{}.example/{0}?{0}", told.host()))),
    ("headers", headers),
    ("checksum", |told| http("204 X", &format!("x-cos-hash-crc64ecma: {}\r\n", told.bare()), "")),
    ("cut", |told| format!("HTTP/1.1 403 X\r\nContent-Length: 99999\r\n\r\n{}", told.bare())),
    ("garbage", |told| format!("{}\r\n\r\n", told.all())),
    ("garbage as a status", |told| format!("HTTP/1.1 {}\r\n\r\n", told.bare())),
    ("garbage as a header", |told| format!("HTTP/1.1 403 X\r\n{}\r\n\r\n", told.bare())),
];

fn page(told: &Told) -> String {
    format!("<html><title>{0}</title><body>{0}</body></html>", spelled::xml(&told.all()))
}

fn xml(status: &str, text: &str) -> String {
    let body = format!(
        "<?xml version='1.0'?><Error><Code>{text}</Code><Message>{text}</Message>\
         <Resource>{text}</Resource><RequestId>{text}</RequestId>\
         <ServerTime>{text}</ServerTime></Error>"
    );
    http(status, "Content-Type: application/xml\r\n", &body)
}

fn redirect(to: &str) -> String {
    http("302 Found", &format!("Location: {to}\r\n"), "")
}

fn headers(told: &Told) -> String {
    let said = told.bare();
    let names =
        ["Server", "Retry-After", "Content-Type", "x-cos-request-id", "Set-Cookie", "Location"];
    let headers: String = names.iter().map(|name| format!("{name}: {said}\r\n")).collect();
    http(&format!("503 {said}"), &headers, "")
}

fn data(json: &str) -> String {
    api("200 OK", &format!(r#"{{"code":0,"message":"","data":{json}}}"#))
}

fn build(text: &str) -> String {
    let names = ["buildKey", "buildName", "buildVersion", "buildIdentifier", "buildIcon"];
    let more = ["buildShortcutUrl", "buildQRCodeURL", "buildFileSize", "buildUpdateDescription"];
    let fields: Vec<String> =
        names.iter().chain(&more).map(|name| format!("\"{name}\":{text}")).collect();
    format!(
        r#"{{{},"buildPassword":"4711",{text}:{text},"deep":[{{"a":{text},"oldPassword":4711}}]}}"#,
        fields.join(",")
    )
}

/// A token with the secrets that a token has.
fn token(endpoint: &str) -> String {
    data(&token_json(endpoint, "token"))
}

/// The secrets of `family`, as a token.
pub(crate) fn token_json(endpoint: &str, family: &str) -> String {
    let param = |name: &str| secret(&format!("{family}.{name}"));
    serde_json::json!({
        "key": "apps/k1",
        "endpoint": endpoint,
        "params": {
            "signature": param("signature"),
            "x-cos-security-token": param("security-token"),
            "policy": secret("token.policy"),
            "key": "apps/k1",
        },
    })
    .to_string()
}

/// The servers: one that listens for all runs, which are told apart by the first part of the path.
pub(crate) struct Echo {
    addr: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    runs: HashMap<String, Run>,
}

struct Run {
    step: Step,
    manner: Option<Manner>,
    told: BTreeSet<&'static str>,
}

impl Echo {
    pub(crate) fn start() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let addr = answer_with(move |asked, client| serve(&shared, asked, client));
        Self { addr, state }
    }

    pub(crate) fn port(&self) -> u16 {
        self.addr.port()
    }

    /// From now on the run's answers to a step are of that manner.
    pub(crate) fn prepare(&self, run: &str, step: Step, manner: Option<Manner>) {
        let told = BTreeSet::new();
        self.state.lock().unwrap().runs.insert(run.to_owned(), Run { step, manner, told });
    }

    /// The slots of a run that the server came to know.
    pub(crate) fn told(&self, run: &str) -> Vec<&'static str> {
        self.state.lock().unwrap().runs[run].told.iter().copied().collect()
    }
}

fn serve(state: &Mutex<State>, asked: &Asked, mut client: &TcpStream) -> io::Result<bool> {
    let run = asked.path().split('/').nth(1).unwrap_or_default().to_owned();
    let step = step_of(asked.path());
    let answer = {
        let mut state = state.lock().unwrap();
        let run = state.runs.get_mut(&run).expect("a run that was prepared");
        let said = asked.text();
        let said = [percent_decoded(&said), said];
        run.told.extend(SLOTS.iter().filter(|slot| said.iter().any(|s| s.contains(&secret(slot)))));
        let told = Told(run.told.iter().map(|slot| secret(slot)).collect());
        match run.manner.filter(|_| run.step == step) {
            Some((_, manner)) => manner(&told),
            None => {
                if step == Step::Token {
                    run.told.extend(["token.signature", "token.security-token", "token.policy"]);
                }
                good(step, asked)
            }
        }
    };
    client.write_all(answer.as_bytes())?;
    // What has no length ends with the connection.
    Ok(answer.contains("application/json") && !answer.contains("99999"))
}

fn step_of(path: &str) -> Step {
    match path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default() {
        "getCOSToken" => Step::Token,
        "storage" => Step::Storage,
        "buildInfo" => Step::Poll,
        "uploadHarmonyCert" => Step::Cert,
        "uploadHarmonyHsp" => Step::Hsp,
        "upload" => Step::Legacy,
        _ => Step::Probe,
    }
}

/// What a well-behaved server answers.
fn good(step: Step, asked: &Asked) -> String {
    match step {
        Step::Probe => api("200 OK", r#"{"code":1001,"message":"_api_key is required"}"#),
        Step::Token => {
            let host = asked.head.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("host:").map(|host| host.trim().to_owned())
            });
            let run = asked.path().split('/').nth(1).unwrap_or_default();
            data(&token_json(&format!("http://{}/{run}/storage/", host.unwrap()), "token"))
        }
        Step::Storage => http("204 No Content", "x-cos-request-id: r1\r\n", ""),
        Step::Cert | Step::Hsp => api("200 OK", r#"{"code":0,"message":"","data":[]}"#),
        Step::Poll | Step::Legacy => data(&build("\"harmless\"")),
    }
}
