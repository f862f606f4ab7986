//! `doctor`: what it finds for each kind of fault, and that it publishes nothing.

use pgyer::sandbox::{Endpoint, Sandbox};

use crate::support::proxy_server::{ProxyServer, Reply, Speaks};
use crate::support::relay::{Authority, HOST, Relay};
use crate::support::{Ran, faulty, folder, pgyer, program, program_for, run, sandbox};

/// A fault, the exit code, the check that fails, and words of its detail.
type Case = (&'static str, i32, &'static str, &'static [&'static str]);

const CASES: &[Case] = &[
    ("probe:*:html", 6, "API 127.0.0.1", &["web page", "HTTP 200", "proxy"]),
    ("probe:*:status=502,html", 6, "API 127.0.0.1", &["web page", "HTTP 502"]),
    ("probe:*:status=503", 6, "API 127.0.0.1", &["HTTP 503"]),
    (
        "probe:*:redirect=302,location=https://login.example/",
        6,
        "API 127.0.0.1",
        &["login.example"],
    ),
    ("probe:*:cut=head", 6, "API 127.0.0.1", &["closed"]),
    ("probe:*:stall=head", 6, "API 127.0.0.1", &["stalled", "--stall-timeout"]),
    ("probe:*:truncated", 6, "API 127.0.0.1", &[]),
    ("token:*:code=1002", 4, "API key", &["1002", "check the API key"]),
    ("token:*:code=1081", 5, "API key", &["1081"]),
    ("token:*:status=503", 6, "API key", &["HTTP 503"]),
];

fn doctor(sandbox: &Sandbox) -> Ran {
    pgyer(sandbox, "doctor --retries=1 --retry-delay=1ms --stall-timeout=300ms --format=json")
}

/// The lines by check: whether it passed, and the detail.
fn findings(ran: &Ran) -> Vec<(String, bool, String)> {
    let line = |line: &serde_json::Value| {
        assert!(line["seconds"].is_number() && line.as_object().unwrap().len() == 4, "{line}");
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        (text("check"), line["ok"].as_bool().unwrap(), text("detail"))
    };
    ran.json().iter().map(line).collect()
}

#[test]
fn all_is_well() {
    let sandbox = faulty(&[]);
    let ran = doctor(&sandbox).expect(0);
    let checks: Vec<_> = findings(&ran).into_iter().map(|(check, ok, _)| (check, ok)).collect();
    let expected = ["API 127.0.0.1", "API key", "storage 127.0.0.1"];
    assert_eq!(checks, expected.map(|check| (check.to_owned(), true)));
    let seen = sandbox.seen();
    assert_eq!((seen.count(Endpoint::Token), seen.count(Endpoint::Storage)), (1, 0));
    assert!(seen.objects.is_empty() && seen.builds.is_empty());
    let text = pgyer(&sandbox, "doctor").expect(0).stdout;
    assert!(text.ends_with("an upload could work\n"), "{text}");
}

/// The table of `doctor` for people, and what stands below it.
fn table(ran: &Ran) -> (Vec<&str>, Vec<&str>) {
    let is_row = |line: &&str| line.starts_with("ok ") || line.starts_with("FAIL ");
    let rows: Vec<&str> = ran.stdout.lines().take_while(is_row).collect();
    let rest = ran.stdout.lines().skip(rows.len()).collect();
    (rows, rest)
}

#[test]
fn people_get_a_row_for_each_thing_and_each_message_once() {
    let sandbox = faulty(&[]);
    let ran = pgyer(&sandbox, "doctor").expect(0);
    let (rows, rest) = table(&ran);
    assert_eq!((rows.len(), rest), (3, vec!["an upload could work"]), "{ran:#?}");
    for (row, check) in rows.iter().zip(["API 127.0.0.1 ", "API key ", "storage 127.0.0.1 "]) {
        assert_eq!(row.find(check), Some(14), "{ran:#?}");
        assert!(row.get(36..).is_some_and(|detail| !detail.starts_with(' ')), "{ran:#?}");
    }
    // A proxy that is not there keeps all four hosts away, for one reason.
    let mut command = program();
    command.env("PGYER_API_KEY", "key").args(["doctor", "--proxy=http://127.0.0.1:1"]);
    let ran = run(&mut command, ["--retries=0"]).expect(6);
    let (rows, rest) = table(&ran);
    assert_eq!((rows.len(), rest.len()), (4, 2), "{ran:#?}");
    assert!(rows.iter().all(|row| row.chars().count() <= 80), "{ran:#?}");
    assert_eq!(rest[0], "an upload would fail");
    assert!(rest[1].starts_with("  cannot reach www.pgyer.com: "), "{ran:#?}");
}

#[test]
fn each_fault_is_found_where_it_is() {
    std::thread::scope(|scope| {
        for (fault, code, check, words) in CASES {
            scope.spawn(move || {
                let sandbox = faulty(&[*fault]);
                let ran = doctor(&sandbox).expect(*code);
                let found = findings(&ran);
                let failed = found.iter().find(|(_, ok, _)| !ok).unwrap();
                assert_eq!(failed.0, *check, "{fault}: {ran:#?}");
                for word in *words {
                    assert!(failed.2.contains(word), "{fault}: {word}: {ran:#?}");
                }
                assert!(ran.stderr.contains("an upload would fail"), "{ran:#?}");
            });
        }
    });
}

#[test]
fn what_passes_is_no_finding() {
    for fault in ["probe:1:status=503", "probe:1:cut=head", "probe:1:stall=head"] {
        let sandbox = faulty(&[fault]);
        doctor(&sandbox).expect(0);
        assert_eq!(sandbox.seen().count(Endpoint::Probe), 2, "{fault}");
    }
    let sandbox = faulty(&["probe:1:html"]);
    doctor(&sandbox).expect(6);
}

#[test]
fn a_storage_that_is_not_reached_is_named() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let sandbox = sandbox(|builder| builder.storage_url(format!("http://{closed}/storage/")));
    let ran = doctor(&sandbox).expect(6);
    let (check, ok, detail) = findings(&ran).pop().unwrap();
    assert_eq!((check.as_str(), ok), ("storage 127.0.0.1", false));
    assert!(detail.contains("firewall") && detail.contains("--proxy"), "{detail}");
}

#[test]
fn a_storage_without_tls_is_no_storage() {
    let sandbox = sandbox(|builder| builder.storage_url("http://storage.test/"));
    let ran = doctor(&sandbox).expect(5);
    assert!(findings(&ran)[2].2.contains("--insecure-http"), "{ran:#?}");
}

#[test]
fn without_a_key_or_a_host_it_says_so() {
    let sandbox = faulty(&[]);
    let mut command = program();
    command.env("PGYER_API_URL", sandbox.api_url());
    let ran = run(&mut command, ["doctor", "--format=json"]).expect(4);
    assert!(findings(&ran)[1].2.contains("PGYER_API_KEY"), "{ran:#?}");

    let mut command = program();
    command.env("PGYER_API_URL", "http://127.0.0.1:1/apiv2").env("PGYER_API_KEY", "key");
    let ran = run(&mut command, ["doctor", "--format=json"]).expect(6);
    assert_eq!(findings(&ran).len(), 1, "without an API there is nothing else to ask: {ran:#?}");
}

#[test]
fn a_private_issuer_and_a_proxy_are_named() {
    let place = folder();
    let corporate = Authority::new("Corporate Inspection");
    let relay = Relay::start(corporate.server(&[HOST], |_| {}));
    let sandbox = sandbox(|builder| builder.public_url(format!("https://{HOST}")));
    relay.lead_to(sandbox.addr());
    let to = relay.addr();
    let proxy = ProxyServer::start(Speaks::Http, None, move |_| Reply::To(to));
    let ask = |trusted: bool| {
        let mut command = program_for(&sandbox);
        command.args(["doctor", "--format=json", "--proxy", &format!("http://{}", proxy.addr())]);
        if trusted {
            command.arg("--ca-file").arg(corporate.file(place.path()));
        }
        run(&mut command, [""; 0])
    };
    let detail = findings(&ask(false).expect(6)).remove(0).2;
    assert!(detail.contains("Corporate Inspection") && detail.contains("--ca-file"), "{detail}");
    for (check, ok, detail) in findings(&ask(true).expect(0)) {
        let names_both = detail.contains("Corporate Inspection") && detail.contains("proxy");
        assert!(ok && (names_both || check == "API key"), "{check}: {detail}");
    }
}
