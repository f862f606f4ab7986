//! The connection.

use super::*;

fn network(line: &str) -> Network {
    command(line).network
}

#[test]
fn every_option_arrives() {
    let ip: IpAddr = "10.0.0.1".parse().unwrap();
    let expected = Network {
        api_key_file: Some(file("k")),
        api_url: Some("https://relay.example:8443/apiv2".into()),
        proxy: Some("socks5h://proxy:1080".into()),
        ca_file: Some("ca.pem".into()),
        resolve: vec![Pin { host: "www.pgyer.com".into(), port: 443, ip }],
        connect_timeout: Some(Duration::from_secs(5)),
        stall_timeout: Some(Duration::from_secs(30)),
        timeout: Some(Duration::from_secs(3600)),
        retries: Some(5),
        retry_delay: Some(Duration::from_millis(250)),
        insecure_http: true,
    };
    let line = "--api-key-file k --api-url https://relay.example:8443/apiv2/ --proxy \
                socks5h://proxy:1080 --ca-file ca.pem --resolve WWW.pgyer.com:443:10.0.0.1 \
                --connect-timeout 5 --stall-timeout 30s --timeout 1h --retries 5 --retry-delay \
                250ms --insecure-http";
    for verb in ["upload a", "status K", "token a", "put --token t a", "harmony-hsp K h", "doctor"]
    {
        assert_eq!(network(&format!("{verb} {line}")), expected, "{verb}");
    }
}

#[test]
fn durations_are_named() {
    says("doctor --timeout 5x", &["--timeout '5x'", "250ms"]);
    says("doctor --timeout 0", &["--timeout", "more than 0"]);
    says("doctor --connect-timeout -1", &["--connect-timeout '-1'"]);
    says("doctor --retry-delay nan", &["--retry-delay 'nan'"]);
    says("upload --wait-timeout 1e9 a", &["--wait-timeout"]);
    assert_eq!(network("doctor --retry-delay 0").retry_delay, Some(Duration::ZERO));
}

#[test]
fn pins() {
    for (given, ip) in [
        ("a.b:443:127.0.0.1", "127.0.0.1"),
        ("a.b:443:::1", "::1"),
        ("a.b:443:[::1]", "::1"),
        ("A.B:443:fe80::1", "fe80::1"),
    ] {
        let pin = Pin { host: "a.b".into(), port: 443, ip: ip.parse().unwrap() };
        assert_eq!(network(&format!("doctor --resolve {given}")).resolve, [pin], "{given}");
    }
    for given in [
        "a",
        "a:1",
        "a:1:",
        ":1:::1",
        "a:0:::1",
        "a:65536:::1",
        "a:+1:::1",
        "a::127.0.0.1",
        "a:1:b",
        "a:1:[127.0.0.1]",
        "a:1:127.0.0.1:2",
        "a/b:1:::1",
    ] {
        says(&format!("doctor --resolve {given}"), &["--resolve", "HOST:PORT:IP"]);
    }
}

#[test]
fn api_urls() {
    for (given, url) in [
        ("https://h", "https://h"),
        ("HTTPS://h/x/", "HTTPS://h/x"),
        ("http://localhost:80/apiv2//", "http://localhost:80/apiv2"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://[fd12::1]", "https://[fd12::1]"),
        ("https://h/a@b", "https://h/a@b"),
    ] {
        let network = network(&format!("doctor --api-url {given}"));
        assert_eq!(network.api_url.as_deref(), Some(url), "{given}");
    }
    for given in [
        "h",
        "ftp://h",
        "https:/h",
        "https://",
        "https:///x",
        "https://u@h",
        "https://h:0",
        "https://h:x",
        "https://h:",
        "https://h:70000",
        "https://h?q",
        "https://h#f",
        "https://[::1",
        "https://::1",
        "https://[x]",
        "https://h_ü",
        "",
    ] {
        let message = error(&format!("doctor --api-url={given}"));
        assert!(message.starts_with("--api-url "), "{given}: {message}");
    }
    let spaced = ["doctor", "--api-url", "https://h/a b"].map(OsString::from).to_vec();
    assert!(parse_with(spaced, &[]).is_err());
}

#[test]
fn the_address_may_stand_in_the_environment() {
    let env = |url| [("PGYER_API_URL", url)];
    let of = |line: &str, url| command_with(line, &env(url)).network.api_url;
    assert_eq!(of("upload a", "http://localhost:1/").as_deref(), Some("http://localhost:1"));
    assert_eq!(of("upload --api-url https://h a", "nonsense").as_deref(), Some("https://h"));
    assert_eq!(of("upload a", ""), None);
    assert_eq!(of("check a", "nonsense"), None);
    assert!(error_with("status K", &env("nonsense")).starts_with("PGYER_API_URL is not a URL"));
}

#[test]
fn proxies() {
    for given in ["http://p", "https://p:3128/", "socks5://p:1", "SOCKS5H://[::1]:1"] {
        assert_eq!(network(&format!("doctor --proxy {given}")).proxy.as_deref(), Some(given));
    }
    for given in ["p:3128", "socks4://p", "http://", "http://p:x", "http://p/x", "http://p?x", ""] {
        let message = error(&format!("doctor --proxy={given}"));
        assert!(message.starts_with("--proxy "), "{given}: {message}");
    }
    says("doctor --proxy http://u@p", &["--proxy", "user or password", "HTTPS_PROXY"]);
}
