//! The connection.

use pgyer::RetryPolicy;

use super::*;

fn network(line: &str) -> Network {
    command(line).network
}

#[test]
fn every_option_arrives() {
    let ip: IpAddr = "10.0.0.1".parse().unwrap();
    let expected = Network {
        api_key_file: Some(file("k")),
        api_url: Some("https://relay.example:8443/apiv2/".into()),
        proxy: Some("socks5h://proxy:1080".into()),
        ca_file: Some("ca.pem".into()),
        resolve: vec![Pin { host: "www.pgyer.com".into(), port: 443, ip }],
        connect_timeout: Some(Duration::from_secs(5)),
        stall_timeout: Some(Duration::from_secs(30)),
        timeout: Some(Duration::from_secs(3600)),
        limit_rate: Some(512_000),
        retry: RetryPolicy::default().retries(5).delay(Duration::from_millis(250)),
        insecure_http: true,
    };
    let line = "--api-key-file k --api-url https://relay.example:8443/apiv2/ --proxy \
                socks5h://proxy:1080 --ca-file ca.pem --resolve WWW.pgyer.com:443:10.0.0.1 \
                --connect-timeout 5 --stall-timeout 30s --timeout 1h --retries 5 --retry-delay \
                250ms --limit-rate 500K --insecure-http";
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
    let at_once = RetryPolicy::default().delay(Duration::ZERO);
    assert_eq!(network("doctor --retry-delay 0").retry, at_once);
}

#[test]
fn rates_are_bytes_in_units_of_1024() {
    for (given, bytes) in [
        ("0", 0),
        ("0K", 0),
        ("0.0M", 0),
        ("1", 1),
        ("500", 500),
        ("500k", 512_000),
        ("500K", 512_000),
        ("2m", 2 << 20),
        ("1.5M", 3 << 19),
        (".5G", 1 << 29),
        ("0.001", 1),
        ("18446744073709551615", u64::MAX),
    ] {
        assert_eq!(network(&format!("doctor --limit-rate {given}")).limit_rate, Some(bytes));
    }
    assert_eq!(network("doctor").limit_rate, None);
    for given in ["", "K", ".", "1.5.2K", "500KB", "1T", "1e3", "+1", "fast"] {
        says(&format!("doctor --limit-rate={given}"), &["--limit-rate"]);
    }
    says("doctor --limit-rate=-1", &["--limit-rate '-1'", "500K or 1.5M"]);
    says("doctor --limit-rate 18446744073709551616", &["is too large"]);
    says("doctor --limit-rate 99999999999999999999999999999999999999999", &["is too large"]);
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

/// The library's own tests have every way for a URL to be wrong.
#[test]
fn the_library_checks_the_api_url() {
    let api_url = |url: &str| network(&format!("doctor --api-url {url}")).api_url;
    for url in ["https://h", "HTTPS://h/x/", "http://[::1]:8080", "https://h/a@b"] {
        assert_eq!(api_url(url).as_deref(), Some(url));
    }
    for url in [
        "h",
        "ftp://h",
        "https://",
        "https://u@h",
        "https://h:0",
        "https://h?q",
        "https://h#f",
        "https://h_ü",
        "",
    ] {
        let message = error(&format!("doctor --api-url={url}"));
        assert!(message.starts_with("--api-url: "), "{url}: {message}");
    }
    let spaced = ["doctor", "--api-url", "https://h/a b"].map(OsString::from).to_vec();
    assert!(parse_with(spaced, &[]).is_err());
    says("doctor --api-url http://relay.example", &["--api-url", "--insecure-http"]);
    command("doctor --insecure-http --api-url http://relay.example");
}

#[test]
fn the_api_url_may_come_from_the_environment() {
    let env = |url| [("PGYER_API_URL", url)];
    let api_url = |line: &str, url| command_with(line, &env(url)).network.api_url;
    assert_eq!(api_url("upload a", "http://localhost:1/").as_deref(), Some("http://localhost:1/"));
    assert_eq!(api_url("upload --api-url https://h a", "nonsense").as_deref(), Some("https://h"));
    assert_eq!(api_url("upload a", ""), None);
    assert_eq!(api_url("check a", "nonsense"), None);
    assert_eq!(api_url("put --token t a", "http://relay.example"), None);
    for url in ["nonsense", "http://relay.example"] {
        let message = error_with("status K", &env(url));
        assert!(message.starts_with("PGYER_API_URL: "), "{message}");
    }
}

/// The rest of the URL is the library's to check.
#[test]
fn a_proxy_has_no_user() {
    for given in ["http://p", "https://p:3128/", "socks5://p:1", "SOCKS5H://[::1]:1"] {
        assert_eq!(network(&format!("doctor --proxy {given}")).proxy.as_deref(), Some(given));
    }
    says("doctor --proxy http://u@p", &["--proxy", "user or password", "HTTPS_PROXY"]);
}
