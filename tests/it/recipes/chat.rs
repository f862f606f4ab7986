//! A chat's robot, as strict about messages as the real ones.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

pub(crate) struct Chat {
    name: &'static str,
    addr: SocketAddr,
    messages: Arc<Mutex<Vec<Value>>>,
}

impl Chat {
    /// Starts one that accepts messages, or one that refuses them, with status 200 either way.
    pub(crate) fn start(name: &'static str, friendly: bool) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let messages = Arc::<Mutex<Vec<_>>>::default();
        let notes = Arc::clone(&messages);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (head, body) = hear(&client);
                let message = serde_json::from_slice(&body).unwrap_or(Value::Null);
                let good = friendly
                    && head.starts_with("POST /robot?key=secret HTTP/1.1")
                    && head.to_lowercase().contains("content-type: application/json")
                    && is_right(name, &message);
                notes.lock().unwrap().push(message);
                let _ = say(&client, name, good);
            }
        });
        Self { name, addr, messages }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/robot?key=secret", self.addr)
    }

    pub(crate) fn count(&self) -> usize {
        self.messages.lock().unwrap().len()
    }

    /// The only message received.
    pub(crate) fn message(&self) -> Value {
        let messages = self.messages.lock().unwrap();
        assert_eq!(messages.len(), 1, "{}", self.name);
        messages[0].clone()
    }
}

fn hear(client: &TcpStream) -> (String, Vec<u8>) {
    let mut reader = BufReader::new(client);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or(0) > 0 {}
    let lower = head.to_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    (head, body)
}

fn say(mut client: &TcpStream, name: &str, good: bool) -> std::io::Result<()> {
    let body = match (name, good) {
        ("FEISHU", true) => json!({"StatusCode": 0, "code": 0, "data": {}, "msg": "success"}),
        ("FEISHU", false) => json!({"code": 19024, "data": {}, "msg": "no keyword found"}),
        (_, true) => json!({"errcode": 0, "errmsg": "ok"}),
        (_, false) => json!({"errcode": 310_000, "errmsg": "no keyword found"}),
    };
    let body = body.to_string();
    let length = body.len();
    write!(client, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

/// Whether a message has what this robot requires.
fn is_right(name: &str, message: &Value) -> bool {
    let text = |pointer: &str| {
        message.pointer(pointer).and_then(Value::as_str).is_some_and(|text| !text.is_empty())
    };
    let kind = message["msgtype"].as_str().or(message["msg_type"].as_str());
    match (name, kind) {
        ("DINGTALK", Some("markdown")) => text("/markdown/title") && text("/markdown/text"),
        ("FEISHU", Some("interactive")) => {
            text("/card/header/title/content") && text("/card/elements/1/actions/0/url")
        }
        ("WECOM", Some("markdown")) => text("/markdown/content"),
        ("WECOM", Some("news")) => text("/news/articles/0/title") && text("/news/articles/0/url"),
        _ => false,
    }
}
