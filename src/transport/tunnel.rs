//! Tunnels: what is said to a proxy before the connection is ours. CONNECT (RFC 9110, 9.3.6) and
//! SOCKS5 (RFC 1928, RFC 1929).

use std::io::{self, Read, Write};
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::failure::{Failure, FailureKind};
use super::heads;
use super::proxy::{Proxy, ProxyKind};
use super::url::{Url, host_in_url};
use crate::retry::is_transient;

/// The most that a proxy's answer may have.
const MAX_HEAD: usize = 16 * 1024;

/// Has the proxy connect to the host of the URL: by its name, or by an address.
pub(super) fn open(
    proxy: &Proxy,
    host: &str,
    url: &Url,
    pipe: &mut (impl Read + Write),
) -> Result<(), Failure> {
    match proxy.kind {
        ProxyKind::Http | ProxyKind::Https => connect(proxy, host, url, pipe),
        ProxyKind::Socks5 | ProxyKind::Socks5h => socks5(proxy, host, url, pipe),
    }
}

fn connect(
    proxy: &Proxy,
    host: &str,
    url: &Url,
    pipe: &mut (impl Read + Write),
) -> Result<(), Failure> {
    let target = format!("{}:{}", host_in_url(host), url.port());
    let mut request = format!(
        "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: {}\r\n",
        super::USER_AGENT
    );
    if let Some((user, password)) = proxy.credentials() {
        let credentials = STANDARD.encode(format!("{user}:{password}"));
        request.push_str(&format!("Proxy-Authorization: Basic {credentials}\r\n"));
    }
    request.push_str("\r\n");
    pipe.write_all(request.as_bytes()).map_err(Failure::from_io)?;
    pipe.flush().map_err(Failure::from_io)?;
    match heads::status(&read_head(pipe)?) {
        Some(200..=299) => Ok(()),
        Some(407) => Err(wants_credentials(proxy, url, " (407)")),
        Some(status) if is_transient(status) => Err(Failure::new(
            FailureKind::Unreachable,
            format!("it answered {status} when asked for {target}"),
        )
        .advising("the proxy can't reach that host: see whether it is allowed to")),
        Some(status) => Err(Failure::new(
            FailureKind::Refused,
            format!("it refuses to connect to {target}: status {status}"),
        )
        .advising("have the proxy allow that host and port")),
        None => Err(Failure::new(FailureKind::Broken, "it does not answer as an HTTP proxy")),
    }
}

fn wants_credentials(proxy: &Proxy, url: &Url, code: &str) -> Failure {
    let problem = match proxy.credentials() {
        None => "it wants a user name and password",
        Some(_) => "it does not accept the user name and password",
    };
    let (where_to, variable) = match &proxy.variable {
        Some(variable) => ("put them into the URL in the environment", variable.as_str()),
        None => (
            "leave out --proxy, which takes none, and put them into the environment",
            // In lower case it goes before any other.
            if url.is_tls() { "https_proxy" } else { "http_proxy" },
        ),
    };
    Failure::new(FailureKind::Refused, format!("{problem}{code}"))
        .advising(format!("{where_to}: {variable}={}", proxy.example()))
}

/// Reads byte by byte, because what follows the head belongs to the tunnel.
fn read_head(pipe: &mut impl Read) -> Result<Vec<u8>, Failure> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\n\r\n") && !head.ends_with(b"\n\n") {
        if head.len() >= MAX_HEAD {
            return Err(Failure::new(FailureKind::Broken, "its answer has no end"));
        }
        pipe.read_exact(&mut byte).map_err(Failure::from_io)?;
        head.extend_from_slice(&byte);
    }
    Ok(head)
}

fn socks5(
    proxy: &Proxy,
    host: &str,
    url: &Url,
    pipe: &mut (impl Read + Write),
) -> Result<(), Failure> {
    const NO_AUTHENTICATION: u8 = 0;
    const PASSWORD: u8 = 2;
    let greeting: &[u8] = match proxy.credentials() {
        None => &[5, 1, NO_AUTHENTICATION],
        Some(_) => &[5, 2, NO_AUTHENTICATION, PASSWORD],
    };
    say(pipe, greeting)?;
    match (hear::<2>(pipe)?, proxy.credentials()) {
        ([5, NO_AUTHENTICATION], _) => {}
        ([5, PASSWORD], Some((user, password))) => log_in(proxy, url, user, password, pipe)?,
        ([5, _], _) => return Err(wants_credentials(proxy, url, "")),
        _ => return Err(not_socks()),
    }
    let mut request = vec![5, 1, 0];
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => {
            request.push(1);
            request.extend_from_slice(&address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(4);
            request.extend_from_slice(&address.octets());
        }
        Err(_) => {
            request.push(3);
            push_counted(&mut request, host)?;
        }
    }
    request.extend_from_slice(&url.port().to_be_bytes());
    say(pipe, &request)?;
    socks_reply(host, url.port(), pipe)
}

fn log_in(
    proxy: &Proxy,
    url: &Url,
    user: &str,
    password: &str,
    pipe: &mut (impl Read + Write),
) -> Result<(), Failure> {
    let mut request = vec![1];
    push_counted(&mut request, user)?;
    push_counted(&mut request, password)?;
    say(pipe, &request)?;
    match hear::<2>(pipe)? {
        [_, 0] => Ok(()),
        _ => Err(wants_credentials(proxy, url, "")),
    }
}

fn socks_reply(host: &str, port: u16, pipe: &mut impl Read) -> Result<(), Failure> {
    let [version, code, _, address_type] = hear::<4>(pipe)?;
    if version != 5 {
        return Err(not_socks());
    }
    let (kind, reason) = match code {
        0 => {
            let address_length = match address_type {
                1 => 4,
                4 => 16,
                3 => usize::from(hear::<1>(pipe)?[0]),
                _ => return Err(not_socks()),
            };
            let mut bound = vec![0; address_length.saturating_add(2)];
            return pipe.read_exact(&mut bound).map_err(Failure::from_io);
        }
        2 => (FailureKind::Refused, "its rules do not allow it"),
        3 => (FailureKind::Unreachable, "the network is unreachable from there"),
        4 => (FailureKind::Unreachable, "the host is unreachable from there, or not known"),
        5 => (FailureKind::Unreachable, "the connection was refused"),
        6 => (FailureKind::Unreachable, "the connection timed out"),
        8 => (FailureKind::Refused, "it does not know this type of address"),
        _ => (FailureKind::Unreachable, "it failed"),
    };
    let problem = format!("it did not connect to {}:{port}: {reason}", host_in_url(host));
    Err(Failure::new(kind, problem).advising("see whether the proxy may and can reach that host"))
}

fn not_socks() -> Failure {
    Failure::new(FailureKind::Broken, "it does not answer as a SOCKS5 proxy")
}

fn push_counted(request: &mut Vec<u8>, text: &str) -> Result<(), Failure> {
    let length = u8::try_from(text.len()).map_err(|_| {
        Failure::new(FailureKind::Refused, "a host, user or password is too long for SOCKS5")
    })?;
    request.push(length);
    request.extend_from_slice(text.as_bytes());
    Ok(())
}

fn say(pipe: &mut impl Write, bytes: &[u8]) -> Result<(), Failure> {
    pipe.write_all(bytes).and_then(|()| pipe.flush()).map_err(Failure::from_io)
}

fn hear<const N: usize>(pipe: &mut impl Read) -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    pipe.read_exact(&mut bytes).map_err(|error: io::Error| Failure::from_io(error))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A proxy that answers with this, whatever it is told.
    struct Says(&'static [u8]);

    impl Read for Says {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Says {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_proxys_head_is_bytes() {
        let proxy = Proxy::parse("http://p:1").unwrap();
        let url = Url::parse("https://x.example/").unwrap();
        for (answer, problem) in [
            (&b"HTTP/1.0 200 Connection established\r\n\r\nnext"[..], None),
            // "Established" and a proxy's name in GBK.
            (b"HTTP/1.1 200 \xc1\xac\xbd\xd3\r\nVia: \xb4\xfa\xc0\xed\r\n\r\nnext", None),
            (b"HTTP/1.1 200 OK\n\nnext", None),
            (b"HTTP/1.1 407 \r\n\r\n", Some("wants a user name and password (407)")),
            (b"HTTP/1.1 403 \xbd\xfb\xd6\xb9\r\n\r\n", Some("status 403")),
            (b"HTTP/1.1 503 \r\n\r\n", Some("it answered 503")),
            (b"SSH-2.0-OpenSSH\r\n\r\n", Some("as an HTTP proxy")),
            (b"HTTP/1.1 2\r\n\r\n", Some("as an HTTP proxy")),
        ] {
            let mut pipe = Says(answer);
            match (open(&proxy, "x.example", &url, &mut pipe), problem) {
                // What follows belongs to the tunnel.
                (Ok(()), None) => assert_eq!(pipe.0, b"next"),
                (Err(failure), Some(problem)) => {
                    assert!(failure.problem.contains(problem), "{failure}");
                }
                (result, _) => panic!("{result:?} {problem:?}"),
            }
        }
    }
}
