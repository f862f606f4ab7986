//! Proxies: which one is used, how it is spoken to, and what it refuses.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use pgyer::sandbox::Sandbox;
use tempfile::TempDir;

use crate::support::proxy_server::{ProxyServer, Reply, Speaks};
use crate::support::relay::{Authority, HOST, Relay};
use crate::support::{Ran, data, program_for, run};

const SECRET: &str = "user:pa%ss";
const SECRET_IN_URL: &str = "user:pa%25ss";

/// A sandbox whose address is a name that only a proxy knows.
fn behind_a_name() -> Sandbox {
    Sandbox::builder().strict().public_url(format!("http://{HOST}")).start().unwrap()
}

fn leading_to(speaks: Speaks, credentials: Option<&'static str>, to: SocketAddr) -> ProxyServer {
    ProxyServer::start(speaks, credentials, move |_| Reply::To(to))
}

fn upload(command: &mut Command) -> Ran {
    command.args(["upload", "--json", "--poll-interval=10ms", "--retries=1", "--retry-delay=1ms"]);
    let ran = run(command.arg("--insecure-http"), [data("app.apk")]);
    assert!(!format!("{ran:?}").contains("pa%"), "{ran:#?}");
    ran
}

fn url(scheme: &str, proxy: &ProxyServer) -> String {
    format!("{scheme}://{}", proxy.addr())
}

#[test]
fn api_and_storage_go_through_the_tunnel_http_too() {
    for (speaks, scheme) in [(Speaks::Http, "http"), (Speaks::Socks5, "socks5h")] {
        let sandbox = behind_a_name();
        let proxy = leading_to(speaks, None, sandbox.addr());
        let mut command = program_for(&sandbox);
        upload(command.arg("--proxy").arg(url(scheme, &proxy))).expect(0);
        // API and storage have one host here, and so one connection.
        assert_eq!(proxy.asked(), [format!("{HOST}:80")]);
        assert_eq!(sandbox.seen().objects.len(), 1);
    }
}

#[test]
fn the_storage_has_a_tunnel_of_its_own() {
    let sandbox = Sandbox::builder()
        .strict()
        .public_url("http://api.test:81")
        .storage_url("http://storage.test:82/storage/")
        .start()
        .unwrap();
    let proxy = leading_to(Speaks::Http, Some(SECRET), sandbox.addr());
    let mut command = program_for(&sandbox);
    let value = format!("http://{SECRET_IN_URL}@{}", proxy.addr());
    upload(command.env("http_proxy", value)).expect(0);
    assert_eq!(proxy.asked(), ["api.test:81", "storage.test:82"]);
}

#[test]
fn socks5_looks_names_up_here_and_socks5h_there() {
    let sandbox = behind_a_name();
    let proxy = leading_to(Speaks::Socks5, None, sandbox.addr());
    // Only a pin can stand for DNS here.
    let pin = format!("--resolve={HOST}:80:192.0.2.7");
    let mut command = program_for(&sandbox);
    upload(command.arg("--proxy").arg(url("socks5", &proxy)).arg(&pin)).expect(0);
    assert_eq!(proxy.asked(), ["address 192.0.2.7:80"]);
    let mut command = program_for(&sandbox);
    let ran = upload(command.arg("--proxy").arg(url("socks5", &proxy))).expect(6);
    assert!(ran.stderr.contains("cannot look up"), "{ran:#?}");
    let mut command = program_for(&sandbox);
    upload(command.arg("--proxy").arg(url("socks5h", &proxy))).expect(0);
    assert_eq!(proxy.asked().last().unwrap(), &format!("{HOST}:80"));
}

#[test]
fn credentials_come_from_the_environment() {
    for (speaks, scheme) in [(Speaks::Http, "http"), (Speaks::Socks5, "socks5h")] {
        let sandbox = behind_a_name();
        let proxy = leading_to(speaks, Some(SECRET), sandbox.addr());
        let value = format!("{scheme}://{SECRET_IN_URL}@{}", proxy.addr());
        upload(program_for(&sandbox).env("ALL_PROXY", &value)).expect(0);
        upload(program_for(&sandbox).env("HTTP_PROXY", &value)).expect(0);
        let wrong = value.replace("pa%25ss", "pa%25rs");
        let ran = upload(program_for(&sandbox).env("ALL_PROXY", wrong)).expect(6);
        assert!(ran.stderr.contains("does not accept the user name and password"), "{ran:#?}");
        let mut command = program_for(&sandbox);
        let ran = upload(command.arg("--proxy").arg(url(scheme, &proxy))).expect(6);
        assert!(ran.stderr.contains("wants a user name and password"), "{ran:#?}");
        assert!(ran.stderr.contains("USER:PASSWORD@"), "{ran:#?}");
        assert!(!ran.stderr.contains("trying again"), "{ran:#?}");
        let ran = upload(program_for(&sandbox).arg("--proxy").arg(&value)).expect(2);
        assert!(ran.stdout.is_empty(), "{ran:#?}");
    }
}

#[test]
fn where_credentials_go_is_said_so_that_it_works() {
    let sandbox = behind_a_name();
    for (speaks, scheme) in [(Speaks::Http, "http"), (Speaks::Socks5, "socks5h")] {
        let proxy = leading_to(speaks, Some(SECRET), sandbox.addr());
        for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "--proxy"] {
            let mut command = program_for(&sandbox);
            if name == "--proxy" {
                command.args([name, &url(scheme, &proxy)]);
            } else {
                command.env(name, url(scheme, &proxy));
            }
            let ran = upload(&mut command).expect(6);
            let said = ran.stderr.split_whitespace().find(|word| word.contains("USER:PASSWORD@"));
            let (variable, value) = said.unwrap().split_once('=').unwrap();
            let value = value.replace("USER:PASSWORD", SECRET_IN_URL);
            let mut command = program_for(&sandbox);
            if name != "--proxy" {
                command.env(name, url(scheme, &proxy));
            }
            upload(command.env(variable, value)).expect(0);
        }
    }
}

#[test]
fn the_first_that_fits_of_the_variables_is_used() {
    let sandbox = behind_a_name();
    let proxy = leading_to(Speaks::Http, None, sandbox.addr());
    let (good, dead) = (url("http", &proxy), "http://127.0.0.1:1");
    for (variables, code) in [
        (vec![("http_proxy", good.as_str()), ("HTTP_PROXY", dead)], 0),
        (vec![("http_proxy", dead), ("HTTP_PROXY", &good)], 6),
        (vec![("HTTP_PROXY", &good), ("all_proxy", dead)], 0),
        (vec![("http_proxy", ""), ("HTTP_PROXY", &good)], 0),
        (vec![("HTTPS_PROXY", dead), ("ALL_PROXY", &good)], 0),
        // What no request would go through is not looked at; what one would is never ignored.
        (vec![("HTTPS_PROXY", "nonsense"), ("ALL_PROXY", &good)], 0),
        (vec![("http_proxy", &good), ("HTTP_PROXY", "nonsense")], 0),
        (vec![("http_proxy", &good), ("all_proxy", "gopher://127.0.0.1:1/")], 0),
        (vec![("http_proxy", "nonsense"), ("HTTP_PROXY", &good)], 2),
        (vec![("http_proxy", "nonsense"), ("ALL_PROXY", &good)], 2),
        (vec![("ALL_PROXY", "nonsense"), ("NO_PROXY", HOST)], 6),
        (vec![("ALL_PROXY", &good), ("NO_PROXY", "other.test, 10.0.0.0/8")], 0),
        (vec![("ALL_PROXY", &good), ("NO_PROXY", "test")], 6),
        (vec![("ALL_PROXY", &good), ("NO_PROXY", "*")], 6),
        (vec![("ALL_PROXY", &good), ("no_proxy", "x.test"), ("NO_PROXY", "*")], 0),
    ] {
        // To Windows names in either case are the same variable.
        let names: BTreeSet<_> = variables.iter().map(|it| it.0.to_ascii_lowercase()).collect();
        if cfg!(windows) && names.len() < variables.len() {
            continue;
        }
        let ran = upload(program_for(&sandbox).envs(variables.iter().copied()));
        assert_eq!(ran.code, Some(code), "{variables:?} {ran:#?}");
    }
    let mut command = program_for(&sandbox);
    upload(command.env("HTTP_PROXY", dead).arg("--proxy").arg(&good)).expect(0);
    let mut command = program_for(&sandbox);
    upload(command.env("NO_PROXY", HOST).arg("--proxy").arg(&good)).expect(6);
}

#[test]
fn a_socks_proxy_of_a_desktop_is_socks5() {
    let sandbox = behind_a_name();
    let proxy = leading_to(Speaks::Socks5, None, sandbox.addr());
    let mut command = program_for(&sandbox);
    let pin = format!("--resolve={HOST}:80:192.0.2.7");
    upload(command.env("all_proxy", format!("socks://{}/", proxy.addr())).arg(pin)).expect(0);
    assert_eq!(proxy.asked(), ["address 192.0.2.7:80"]);
}

#[test]
fn a_wrong_proxy_is_a_wrong_environment() {
    let sandbox = behind_a_name();
    let mut command = program_for(&sandbox);
    let ran = upload(command.env("HTTP_PROXY", "ftp://127.0.0.1:1")).expect(2);
    // To Windows the name in either case is the same variable.
    let named = if cfg!(windows) { "the variable http_proxy" } else { "the variable HTTP_PROXY" };
    assert!(ran.stdout.is_empty() && ran.stderr.contains(named), "{ran:#?}");
    // The storage alone goes through a proxy: the API was asked, and nothing was sent.
    let sandbox =
        Sandbox::builder().strict().storage_url("http://storage.test/storage/").start().unwrap();
    let mut command = program_for(&sandbox);
    let ran = upload(command.env("HTTP_PROXY", "ftp://127.0.0.1:1")).expect(2);
    assert!(ran.stderr.contains(named), "{ran:#?}");
    assert!(!ran.stderr.contains("trying again") && sandbox.seen().objects.is_empty(), "{ran:#?}");
}

#[test]
fn loopback_is_never_reached_through_a_proxy() {
    let sandbox = crate::support::strict();
    for name in ["127.0.0.1", "localhost"] {
        let mut command = program_for(&sandbox);
        command.env("PGYER_API_URL", sandbox.api_url().replace("127.0.0.1", name));
        upload(command.args(["--proxy", "http://127.0.0.1:1"])).expect(0);
    }
}

#[test]
fn networks_in_no_proxy_are_reached_directly() {
    let sandbox = Sandbox::builder().strict().public_url("http://192.0.2.9:4").start().unwrap();
    let proxy = leading_to(Speaks::Http, None, sandbox.addr());
    let mut command = program_for(&sandbox);
    upload(command.env("ALL_PROXY", url("http", &proxy)).env("NO_PROXY", "192.0.3.0/24")).expect(0);
    assert_eq!(proxy.asked(), ["192.0.2.9:4"]);
    let mut command = program_for(&sandbox);
    command.env("ALL_PROXY", url("http", &proxy)).env("NO_PROXY", "192.0.2.0/24");
    // Nobody has that address: the pin shows that it is taken for a host to be reached directly.
    let port = sandbox.addr().port();
    command.env("PGYER_API_URL", format!("http://192.0.2.9:{port}/apiv2"));
    command.arg(format!("--resolve=192.0.2.9:{port}:127.0.0.1"));
    let direct = run(command.arg("--insecure-http"), ["status", "key"]).expect(5);
    assert!(direct.stderr.contains("1244"), "{direct:#?}");
    assert_eq!(proxy.asked().len(), 1);
}

#[test]
fn tls_goes_through_every_kind_of_proxy() {
    let (folder, relay) = (TempDir::new().unwrap(), Relay::usual());
    let sandbox = Sandbox::builder().strict().public_url(relay.url()).start().unwrap();
    relay.lead_to(sandbox.addr());
    let authority = Authority::usual().file(folder.path());
    let http = leading_to(Speaks::Http, Some(SECRET), relay.addr());
    let socks = leading_to(Speaks::Socks5, Some(SECRET), relay.addr());
    // TLS in TLS.
    let secure = Relay::start(Authority::usual().server(&["localhost"], |_| {}));
    secure.lead_to(http.addr());
    for proxy in [
        format!("http://{SECRET_IN_URL}@{}", http.addr()),
        format!("socks5h://{SECRET_IN_URL}@{}", socks.addr()),
        format!("https://{SECRET_IN_URL}@localhost:{}", secure.addr().port()),
    ] {
        let mut command = program_for(&sandbox);
        upload(command.env("https_proxy", &proxy).arg("--ca-file").arg(&authority)).expect(0);
    }
    assert_eq!((relay.handshakes(), secure.handshakes()), (3, 1));
    // Neither the proxy's certificate nor the host's is taken on trust.
    let proxy = format!("https://{SECRET_IN_URL}@localhost:{}", secure.addr().port());
    let ran = upload(program_for(&sandbox).env("https_proxy", proxy)).expect(6);
    assert!(ran.stderr.contains("certificate of localhost"), "{ran:#?}");
}

#[test]
fn what_a_proxy_says_no_with_is_shown() {
    for (speaks, scheme, reply, words) in [
        (Speaks::Http, "http", Reply::Refuse(403), "status 403"),
        (Speaks::Http, "http", Reply::Refuse(502), "answered 502"),
        (Speaks::Http, "http", Reply::Refuse(302), "status 302"),
        (Speaks::Http, "http", Reply::Say("SSH-2.0-OpenSSH\r\n\r\n"), "as an HTTP proxy"),
        (Speaks::Http, "http", Reply::Say("HTTP/1.1 200 OK"), "closed in the middle"),
        (Speaks::Http, "http", Reply::Stall, "--connect-timeout"),
        (Speaks::Socks5, "socks5h", Reply::Refuse(2), "rules do not allow"),
        (Speaks::Socks5, "socks5h", Reply::Refuse(4), "unreachable from there"),
        (Speaks::Socks5, "socks5h", Reply::Say("HTTP/1.1 400 Bad Request\r\n"), "as a SOCKS5"),
        (Speaks::Socks5, "socks5h", Reply::Stall, "--connect-timeout"),
        (Speaks::Http, "socks5h", Reply::Stall, "--connect-timeout"),
    ] {
        let sandbox = behind_a_name();
        let proxy = ProxyServer::start(speaks, None, move |_| reply);
        let mut command = program_for(&sandbox);
        command.arg("--proxy").arg(url(scheme, &proxy)).arg("--connect-timeout=300ms");
        let ran = upload(&mut command).expect(6);
        let said = ran.stderr.contains(words) && ran.stderr.contains("through the proxy");
        assert!(said, "{reply:?} {ran:#?}");
        assert!(ran.elapsed < Duration::from_secs(2), "{ran:#?}");
    }
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let sandbox = behind_a_name();
    let ran = upload(program_for(&sandbox).args(["--proxy", "http://127.0.0.1:1"])).expect(6);
    assert!(ran.stderr.contains("through the proxy http://127.0.0.1:1"), "{ran:#?}");
}
