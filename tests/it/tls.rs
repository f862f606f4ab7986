//! TLS: certificates, handshakes that fail, and connections that work.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use pgyer::sandbox::{Endpoint, Sandbox};
use rcgen::date_time_ymd;
use tempfile::TempDir;

use crate::support::relay::{Authority, HOST, Relay, self_signed, wanting_certificates};
use crate::support::{Ran, data, program, program_for, run, within};

/// A sandbox behind a relay, and the authority's file.
fn behind(relay: &Relay) -> Sandbox {
    let sandbox = Sandbox::builder().strict().public_url(relay.url()).start().unwrap();
    relay.lead_to(sandbox.addr());
    sandbox
}

fn upload(command: &mut Command, relay: &Relay, options: &[&str]) -> Ran {
    command.arg("upload").arg(relay.pin()).args(options).arg(data("app.apk"));
    run(command, ["--json", "--poll-interval=10ms", "--retries=1", "--retry-delay=1ms"])
}

#[test]
fn one_handshake_serves_a_whole_upload() {
    let (folder, relay) = (TempDir::new().unwrap(), Relay::usual());
    let sandbox = behind(&relay);
    let mut command = program_for(&sandbox);
    command.arg("--ca-file").arg(Authority::usual().file(folder.path()));
    upload(&mut command, &relay, &[]).expect(0);
    assert_eq!(sandbox.seen().count(Endpoint::Poll), 3);
    assert_eq!((relay.handshakes(), sandbox.seen().connections), (1, 1));
}

#[test]
fn api_and_storage_get_a_handshake_each() {
    let folder = TempDir::new().unwrap();
    let (api, storage) = (Relay::usual(), Relay::usual());
    let sandbox = Sandbox::builder()
        .strict()
        .public_url(api.url())
        .storage_url(format!("{}/storage/", storage.url()))
        .start()
        .unwrap();
    api.lead_to(sandbox.addr());
    storage.lead_to(sandbox.addr());
    let mut command = program_for(&sandbox);
    command.arg("--ca-file").arg(Authority::usual().file(folder.path()));
    upload(&mut command, &api, &[&storage.pin()]).expect(0);
    assert_eq!((api.handshakes(), storage.handshakes()), (1, 1));
}

/// A certificate, how it is made, and the words that the message has to have.
type Certificate = (&'static str, fn(&mut rcgen::CertificateParams), &'static [&'static str]);

const CERTIFICATES: &[Certificate] = &[
    ("other.test", |_| {}, &["another name", HOST, "--resolve"]),
    (HOST, |params| params.not_after = date_time_ymd(2020, 1, 1), &["expired", "clock"]),
    (HOST, |params| params.not_before = date_time_ymd(2090, 1, 1), &["not valid yet", "clock"]),
    (
        HOST,
        |params| params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained),
        &["certificate authority", "--ca-file"],
    ),
];

#[test]
fn certificates_that_are_not_in_order() {
    for (name, adjust, words) in CERTIFICATES {
        let folder = TempDir::new().unwrap();
        let relay = Relay::start(Authority::usual().server(&[name], adjust));
        let sandbox = behind(&relay);
        let mut command = program_for(&sandbox);
        command.arg("--ca-file").arg(Authority::usual().file(folder.path()));
        let ran = upload(&mut command, &relay, &[]).expect(6);
        for word in *words {
            assert!(ran.stderr.contains(word), "{word}: {ran:#?}");
        }
        // A retry would change nothing.
        assert!(!ran.stderr.contains("trying again"), "{ran:#?}");
        assert_eq!(sandbox.seen().requests.len(), 0);
    }
}

#[test]
fn a_servers_own_certificate_is_enough() {
    for (name, adjust, words) in CERTIFICATES {
        let folder = TempDir::new().unwrap();
        let (config, pem) = self_signed(name, adjust);
        let relay = Relay::start(config);
        let sandbox = behind(&relay);
        let file = folder.path().join("own.pem");
        std::fs::write(&file, pem).unwrap();
        // The last is what an authority's certificate would be refused for.
        let is_fine = words.contains(&"certificate authority");
        for by_variable in [false, true] {
            let mut command = program_for(&sandbox);
            if by_variable {
                command.env("SSL_CERT_FILE", &file);
            } else {
                command.arg("--ca-file").arg(&file);
            }
            let ran = upload(&mut command, &relay, &[]).expect(if is_fine { 0 } else { 6 });
            assert!(is_fine || ran.stderr.contains(words[0]), "{ran:#?}");
        }
        let (_, pem) = self_signed(name, adjust);
        std::fs::write(&file, pem).unwrap();
        let mut command = program_for(&sandbox);
        upload(command.arg("--ca-file").arg(&file), &relay, &[]).expect(6);
    }
}

#[test]
fn an_unknown_issuer_is_named() {
    let folder = TempDir::new().unwrap();
    let stranger = Authority::new("Corporate Inspection");
    let relay = Relay::start(stranger.server(&[HOST], |_| {}));
    let sandbox = behind(&relay);
    let ran = upload(&mut program_for(&sandbox), &relay, &[]).expect(6);
    for word in ["Corporate Inspection", "--ca-file", HOST] {
        assert!(ran.stderr.contains(word), "{word}: {ran:#?}");
    }
    assert_eq!(sandbox.seen().requests.len(), 0);
    // Another authority's file does not help, the right one does.
    let mut command = program_for(&sandbox);
    command.arg("--ca-file").arg(Authority::usual().file(folder.path()));
    upload(&mut command, &relay, &[]).expect(6);
    let mut command = program_for(&sandbox);
    command.arg("--ca-file").arg(stranger.file(folder.path()));
    upload(&mut command, &relay, &[]).expect(0);
}

#[test]
fn the_variable_replaces_and_the_option_adds() {
    let folder = TempDir::new().unwrap();
    let others = TempDir::new().unwrap();
    let stranger = Authority::new("Corporate Inspection");
    let relay = Relay::start(stranger.server(&[HOST], |_| {}));
    let sandbox = behind(&relay);
    let (own, other) = (stranger.file(folder.path()), Authority::usual().file(others.path()));
    for (variable, option, code) in [
        (Some(&own), None, 0),
        (Some(&other), None, 6),
        (Some(&other), Some(&own), 0),
        (Some(&own), Some(&other), 0),
    ] {
        let mut command = program_for(&sandbox);
        if let Some(file) = variable {
            command.env("SSL_CERT_FILE", file);
        }
        if let Some(file) = option {
            command.arg("--ca-file").arg(file);
        }
        upload(&mut command, &relay, &[]).expect(code);
    }
}

/// A server that answers everything with this.
fn odd_server(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().flatten().for_each(answer));
    port
}

fn ask(port: u16, options: &[&str]) -> Ran {
    let mut command = program();
    command.env("PGYER_API_KEY", "key").env("PGYER_API_URL", format!("https://localhost:{port}"));
    // Nothing listens on ::1, which would have its share of the time.
    command.arg(format!("--resolve=localhost:{port}:127.0.0.1"));
    command.args(["status", "key", "--retries=1", "--retry-delay=1ms"]);
    run(&mut command, options).expect(6)
}

#[test]
fn what_is_no_tls_is_said_to_be_none() {
    let port = odd_server(|mut stream| {
        let _ = stream.read(&mut [0; 512]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\nplain HTTP\r\n");
    });
    let ran = ask(port, &[]);
    assert!(ran.stderr.contains("TLS connection to localhost"), "{ran:#?}");
    assert!(ran.stderr.contains("plain HTTP") && ran.stderr.contains("see the port"), "{ran:#?}");
    assert!(ran.stderr.contains("trying again"), "{ran:#?}");
}

#[test]
fn a_server_that_wants_a_certificate_of_its_clients_says_so() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let (folder, relay) =
            (TempDir::new().unwrap(), Relay::start(wanting_certificates(version)));
        let sandbox = behind(&relay);
        let mut command = program_for(&sandbox);
        command.arg("--ca-file").arg(Authority::usual().file(folder.path()));
        let ran = upload(&mut command, &relay, &[]).expect(6);
        assert!(ran.stderr.contains("wants a certificate of its clients"), "{ran:#?}");
        assert!(ran.stderr.contains("has none to show"), "{ran:#?}");
        assert!(!ran.stderr.contains("trying again"), "{ran:#?}");
    }
}

#[test]
fn what_a_server_refuses_tls_with_is_said_in_words() {
    // A fatal alert: handshake_failure, protocol_version, unrecognized_name.
    for (alert, words) in [
        (40, "no algorithm of TLS in common"),
        (70, "neither TLS 1.2 nor 1.3"),
        (112, "does not know that name"),
    ] {
        let port = odd_server(move |mut stream| {
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, alert]);
        });
        let ran = ask(port, &[]);
        assert!(ran.stderr.contains(words), "{ran:#?}");
    }
}

#[test]
fn a_close_in_the_handshake_is_said() {
    let port = odd_server(|mut stream| drop(stream.read(&mut [0; 64])));
    let ran = ask(port, &[]);
    assert!(ran.stderr.contains("while TLS was being set up"), "{ran:#?}");
    assert!(ran.stderr.contains("may not speak TLS on this port"), "{ran:#?}");
}

#[test]
fn a_silent_handshake_is_a_matter_of_the_connect_timeout() {
    within(Duration::from_millis(800), || {
        let (keep, kept) = std::sync::mpsc::channel();
        let port = odd_server(move |stream| keep.send(stream).unwrap());
        let ran = ask(port, &["--connect-timeout=300ms", "--retries=0"]);
        drop(kept);
        assert!(ran.stderr.contains("--connect-timeout"), "{ran:#?}");
        assert!(ran.elapsed >= Duration::from_millis(300), "{ran:#?}");
        ran.elapsed
    });
    // An earlier deadline is named, and nothing else.
    let (keep, kept) = std::sync::mpsc::channel();
    let port = odd_server(move |stream| keep.send(stream).unwrap());
    let ran = ask(port, &["--timeout=300ms"]);
    drop(kept);
    assert!(ran.stderr.contains("ran out"), "{ran:#?}");
    assert!(!ran.stderr.contains("no connection within"), "{ran:#?}");
}
