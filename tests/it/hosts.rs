//! The official hosts: which are tried, in which order, and which one stays in use.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, OnceLock};

use pgyer::sandbox::Sandbox;
use rustls::ServerConfig;
use tempfile::TempDir;

use crate::support::proxy_server::{ProxyServer, Reply, Speaks};
use crate::support::relay::{Authority, Relay};
use crate::support::{Ran, builder, data, program, run};

const NAMES: [&str; 4] = ["www.pgyer.com", "api.pgyer.com", "api.xcxwo.com", "api.pgyerapp.com"];

/// How one of the four behaves.
enum Host {
    /// Like Pgyer.
    Well,
    /// Like Pgyer, with these faults.
    Faulty(&'static [&'static str]),
    /// Can't be reached.
    Away,
    /// Another server has its name.
    Hijacked,
}

/// The four hosts, behind a proxy that maps their names to them.
struct Official {
    sandboxes: Vec<Sandbox>,
    proxy: ProxyServer,
    folder: TempDir,
}

impl Official {
    fn start(hosts: &[Host]) -> Self {
        let folder = TempDir::new().unwrap();
        Authority::usual().file(folder.path());
        let mut sandboxes = Vec::new();
        let mut addresses = HashMap::new();
        for (name, host) in NAMES.iter().zip(hosts) {
            let faults = match host {
                Host::Away => continue,
                Host::Faulty(faults) => *faults,
                Host::Well | Host::Hijacked => &[],
            };
            let server = if matches!(host, Host::Hijacked) { hijacker() } else { all_four() };
            let relay = Relay::start(server);
            let sandbox = builder(faults.iter().copied())
                .public_url(format!("https://{name}"))
                .start()
                .unwrap();
            relay.lead_to(sandbox.addr());
            addresses.insert(format!("{name}:443"), relay.addr());
            sandboxes.push(sandbox);
        }
        let reply = move |target: &str| {
            addresses.get(target).map_or(Reply::Refuse(502), |at: &SocketAddr| Reply::To(*at))
        };
        let proxy = ProxyServer::start(Speaks::Http, None, reply);
        Self { sandboxes, proxy, folder }
    }

    fn command(&self) -> Command {
        let mut command = program();
        command.env("HTTPS_PROXY", format!("http://{}", self.proxy.addr()));
        command.env("PGYER_API_KEY", self.sandboxes.first().map_or("key", Sandbox::api_key));
        command.arg("--ca-file").arg(self.folder.path().join("ca.pem"));
        command.args(["--retries=1", "--retry-delay=1ms", "--json"]);
        command
    }

    fn upload(&self) -> Ran {
        let mut command = self.command();
        run(command.args(["upload", "--poll-interval=10ms"]), [data("app.apk")])
    }

    /// The hosts that were asked for.
    fn asked(&self) -> Vec<String> {
        let asked = self.proxy.asked();
        asked.iter().map(|target| target.trim_end_matches(":443").to_owned()).collect()
    }

    /// How many requests the n-th reachable host got.
    fn requests(&self, host: usize) -> usize {
        self.sandboxes[host].seen().requests.len()
    }
}

fn all_four() -> Arc<ServerConfig> {
    static SERVER: OnceLock<Arc<ServerConfig>> = OnceLock::new();
    Arc::clone(SERVER.get_or_init(|| Authority::usual().server(&NAMES, |_| {})))
}

fn hijacker() -> Arc<ServerConfig> {
    Authority::usual().server(&["portal.test"], |_| {})
}

#[test]
fn the_first_is_enough() {
    let official = Official::start(&[Host::Well, Host::Well, Host::Well, Host::Well]);
    official.upload().expect(0);
    assert_eq!(official.asked(), [NAMES[0]]);
}

#[test]
fn what_is_not_pgyer_sends_on_to_the_next() {
    for first in [
        Host::Away,
        Host::Hijacked,
        Host::Faulty(&["token:*:html"]),
        Host::Faulty(&["token:*:status=502,html"]),
        Host::Faulty(&["token:*:status=503"]),
        Host::Faulty(&["token:*:redirect=302,location=https://portal.test/login"]),
        Host::Faulty(&["token:*:truncated"]),
        Host::Faulty(&["token:*:cut=head"]),
        Host::Faulty(&["token:*:status=404"]),
    ] {
        let official = Official::start(&[first, Host::Well, Host::Well, Host::Well]);
        official.upload().expect(0);
        // The first got one attempt, the second all the rest.
        assert_eq!(official.asked(), NAMES[..2]);
    }
}

#[test]
fn they_are_tried_in_order_once_in_each_round() {
    let official = Official::start(&[Host::Away, Host::Away, Host::Away, Host::Away]);
    let ran = official.upload().expect(6);
    assert_eq!(official.asked(), [NAMES, NAMES].concat());
    // The failure of the documented host is reported.
    assert!(ran.stderr.contains("www.pgyer.com"), "{ran:#?}");
}

#[test]
fn the_one_that_answered_is_kept() {
    let faults = &["poll:1:status=503,html", "poll:2:cut=head", "poll:3:redirect=302"];
    let official = Official::start(&[Host::Away, Host::Faulty(faults), Host::Well, Host::Well]);
    official.upload().expect(0);
    assert_eq!(official.requests(1), 0);
    // It stays the only one, even after its connection broke.
    assert!(official.asked()[1..].iter().all(|name| name == NAMES[1]), "{:?}", official.asked());
}

#[test]
fn a_refusal_goes_to_no_other_host() {
    for fault in [&["token:*:code=1002"], &["token:*:status=401,code=1001"], &["token:*:code=1012"]]
    {
        let official = Official::start(&[Host::Faulty(fault), Host::Well, Host::Well, Host::Well]);
        let ran = official.upload();
        assert!(matches!(ran.code, Some(4 | 5)), "{ran:#?}");
        assert_eq!(official.asked(), [NAMES[0]]);
        assert_eq!(official.requests(1), 0);
    }
}

#[test]
fn a_round_goes_on_after_each_kind_of_failure() {
    let official = Official::start(&[
        Host::Hijacked,
        Host::Faulty(&["token:*:status=504"]),
        Host::Faulty(&["token:*:redirect=301"]),
        Host::Well,
    ]);
    official.upload().expect(0);
    assert_eq!(official.asked(), NAMES);
}

#[test]
fn an_address_of_ones_own_has_no_others_behind_it() {
    let official = Official::start(&[Host::Faulty(&["token:*:html"]), Host::Well]);
    let mut command = official.command();
    command.env("PGYER_API_URL", "https://www.pgyer.com/apiv2");
    run(command.arg("upload"), [data("app.apk")]).expect(6);
    assert_eq!((official.requests(0), official.requests(1)), (2, 0));
}

#[test]
fn a_pinned_address_stands_for_the_name_and_the_certificate_is_checked() {
    let folder = TempDir::new().unwrap();
    for (server, code) in [(all_four(), 5), (hijacker(), 6)] {
        let relay = Relay::start(server);
        let sandbox = crate::support::strict();
        relay.lead_to(sandbox.addr());
        let port = relay.addr().port();
        let mut command = program();
        command.env("PGYER_API_KEY", sandbox.api_key());
        command.env("PGYER_API_URL", format!("https://www.pgyer.com:{port}/apiv2"));
        command.arg("--ca-file").arg(Authority::usual().file(folder.path()));
        command.arg(format!("--resolve=www.pgyer.com:{port}:127.0.0.1"));
        run(command.args(["--retries=0", "status"]), ["key"]).expect(code);
    }
}

#[test]
fn this_machine_is_resolved_to_nothing_else() {
    for pin in ["localhost:80:192.0.2.1", "127.0.0.1:80:192.0.2.1"] {
        let mut command = program();
        command.env("PGYER_API_KEY", "key").env("PGYER_API_URL", "http://localhost/apiv2");
        command.arg(format!("--resolve={pin}"));
        let ran = run(&mut command, ["status", "key"]).expect(2);
        assert!(ran.stderr.contains("is this machine") && ran.stdout.is_empty(), "{ran:#?}");
    }
}
