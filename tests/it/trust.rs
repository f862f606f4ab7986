//! Which certificates `--ca-file` makes trusted, and for what.

use std::sync::Arc;

use pgyer::sandbox::Sandbox;
use rcgen::{BasicConstraints, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd};
use rustls::ServerConfig;
use tempfile::TempDir;

use crate::support::relay::{Authority, HOST, Relay};
use crate::support::{Ran, data, program_for, run};

/// Uploads to a server that is trusted by these certificates alone.
fn upload(server: Arc<ServerConfig>, pem: &str) -> Ran {
    let (folder, relay) = (TempDir::new().unwrap(), Relay::start(server));
    let sandbox = Sandbox::builder().public_url(relay.url()).start().unwrap();
    relay.lead_to(sandbox.addr());
    let file = folder.path().join("trusted.pem");
    std::fs::write(&file, pem).unwrap();
    let mut command = program_for(&sandbox);
    command.arg("upload").arg("--ca-file").arg(file).arg(relay.pin()).arg(data("app.apk"));
    let ran = run(&mut command, ["--poll-interval=10ms", "--retries=1", "--retry-delay=1ms"]);
    assert_eq!(ran.code == Some(0), !sandbox.seen().requests.is_empty(), "{ran:#?}");
    // A retry would change nothing.
    assert!(!ran.stderr.contains("trying again"), "{ran:#?}");
    ran
}

fn refused(server: Arc<ServerConfig>, pem: &str, words: &str) {
    let ran = upload(server, pem).expect(6);
    assert!(ran.stderr.contains(words), "{words}: {ran:#?}");
}

fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

#[test]
fn a_servers_own_certificate_makes_nobody_an_authority() {
    let server = Authority::with("A server", key(), |params| params.is_ca = IsCa::NoCa);
    refused(server.server(&[HOST], |_| {}), &server.pem(), "not issued by anyone");
    refused(server.server_with_chain(), &server.pem(), "issued by one that may issue none");
    // Nor one that may do anything but sign certificates.
    let other = Authority::with("Another", key(), |params| {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::CrlSign];
    });
    refused(other.server(&[HOST], |_| {}), &other.pem(), "not issued by anyone");
    let good = Authority::with("Good", key(), |params| {
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    });
    upload(good.server(&[HOST], |_| {}), &good.pem()).expect(0);
}

#[test]
fn a_servers_own_certificate_is_trusted_whoever_issued_it() {
    let stranger = Authority::new("A stranger");
    let (server, pem) = stranger.server_and_certificate();
    upload(Arc::clone(&server), &pem).expect(0);
    // Byte for byte: another one for the same name is another.
    let (_, pem) = stranger.server_and_certificate();
    refused(server, &pem, "not issued by anyone");
}

#[test]
fn an_authority_has_its_time() {
    for (adjust, words) in [
        (
            (|params| params.not_after = date_time_ymd(2020, 1, 1))
                as fn(&mut rcgen::CertificateParams),
            "authority of --ca-file that has expired",
        ),
        (|params| params.not_before = date_time_ymd(2090, 1, 1), "that is not valid yet"),
    ] {
        let authority = Authority::with("Out of time", key(), adjust);
        refused(authority.server(&[HOST], |_| {}), &authority.pem(), words);
        let between = authority.below("In between");
        refused(between.server_with_chain(), &authority.pem(), words);
        // The others of the file keep working.
        let both = authority.pem() + &Authority::usual().pem();
        upload(Authority::usual().server(&[HOST], |_| {}), &both).expect(0);
    }
}

#[test]
fn an_authority_that_was_renewed_has_two_certificates() {
    let seed = key();
    let again = || KeyPair::try_from(seed.serialize_der()).unwrap();
    let old = Authority::with("Renewed", again(), |params| {
        params.not_after = date_time_ymd(2020, 1, 1);
    });
    let new = Authority::with("Renewed", again(), |_| {});
    let server = || new.server(&[HOST], |_| {});
    refused(server(), &old.pem(), "has expired");
    upload(server(), &(old.pem() + &new.pem())).expect(0);
    upload(server(), &(new.pem() + &old.pem())).expect(0);
}

#[test]
fn an_authority_keeps_the_length_of_its_path() {
    let short = Authority::with("Short", key(), |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    });
    upload(short.server(&[HOST], |_| {}), &short.pem()).expect(0);
    let below = short.below("Below");
    refused(below.server_with_chain(), &short.pem(), "does not allow so many others in between");
    // One that is trusted by itself needs nobody above it.
    upload(below.server(&[HOST], |_| {}), &(short.pem() + &below.pem())).expect(0);
    let long = Authority::with("Long", key(), |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    });
    upload(long.below("Below").server_with_chain(), &long.pem()).expect(0);
}

#[test]
fn a_byte_order_mark_hides_no_certificate() {
    let authority = Authority::usual();
    let server = || authority.server(&[HOST], |_| {});
    upload(server(), &format!("\u{feff}{}", authority.pem())).expect(0);
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("utf-16.pem");
    let wide: Vec<u8> =
        format!("\u{feff}{}", authority.pem()).encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(&file, wide).unwrap();
    let sandbox = Sandbox::start().unwrap();
    let mut command = program_for(&sandbox);
    command.arg("upload").arg("--ca-file").arg(file);
    let ran = run(&mut command, [data("app.apk")]).expect(2);
    assert!(ran.stderr.contains("UTF-16") && ran.stdout.is_empty(), "{ran:#?}");
}
