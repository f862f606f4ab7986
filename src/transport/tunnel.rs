//! Tunnels: what is said to a proxy before the connection is ours. CONNECT (RFC 9110, 9.3.6) and
//! SOCKS5 (RFC 1928, RFC 1929).

use std::io::{Read, Write};
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::failure::{Failure, FailureKind};
use super::heads;
use super::proxy::{Proxy, ProxyKind};
use super::url::{Url, host_in_url};
use crate::retry::is_transient;

/// The most that the head of a proxy's answer may have.
const MAX_HEAD: usize = 16 * 1024;

/// SOCKS: the version, and the types of address.
const VERSION: u8 = 5;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Has the proxy connect to the host of the URL: by its name, or by an address.
pub(super) fn open(
    proxy: &Proxy,
    host: &str,
    url: &Url,
    pipe: &mut (impl Read + Write),
) -> Result<(), Failure> {
    match proxy.kind {
        ProxyKind::Http | ProxyKind::Https => connect(proxy, host, url, pipe),
        ProxyKind::Socks5 | ProxyKind::Socks5h => {
            log_in(proxy, url, pipe)?;
            say(pipe, &socks_request(host, url.port())?)?;
            hear_reply(host, url.port(), pipe)
        }
    }
}

fn connect(
    proxy: &Proxy,
    host: &str,
    url: &Url,
    pipe: &mut (impl Read + Write),
) -> Result<(), Failure> {
    let target = format!("{}:{}", host_in_url(host), url.port());
    say(pipe, connect_request(proxy, &target).as_bytes())?;
    let (kind, problem, advice) = match heads::status(&read_head(pipe)?) {
        Some(200..=299) => return Ok(()),
        Some(407) => return Err(wants_credentials(proxy, url, " (407)")),
        // Proxies say 502, 503 or 504 where the host did not answer them.
        Some(status) if is_transient(status) => (
            FailureKind::Unreachable,
            format!("it answered {status} when asked for {target}"),
            "the proxy can't reach that host: see whether it is allowed to",
        ),
        Some(status) => (
            FailureKind::Refused,
            format!("it refuses to connect to {target}: status {status}"),
            "have the proxy allow that host and port",
        ),
        None => {
            let problem = "it does not answer as an HTTP proxy";
            return Err(Failure::new(FailureKind::Broken, problem));
        }
    };
    Err(Failure::new(kind, problem).advising(advice))
}

/// Sends credentials at once: to wait for a 407 would cost a round trip.
fn connect_request(proxy: &Proxy, target: &str) -> String {
    let agent = super::USER_AGENT;
    let authorization = proxy.credentials().map_or_else(String::new, |(user, password)| {
        let credentials = STANDARD.encode(format!("{user}:{password}"));
        format!("Proxy-Authorization: Basic {credentials}\r\n")
    });
    format!(
        "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: {agent}\r\n{authorization}\r\n"
    )
}

/// The failure of a proxy that wants a user name and password, or other ones.
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

/// Agrees on a way to log in, and does. Without credentials the proxy is offered only "none
/// needed", so that one that wants them says so here.
fn log_in(proxy: &Proxy, url: &Url, pipe: &mut (impl Read + Write)) -> Result<(), Failure> {
    const NO_AUTHENTICATION: u8 = 0;
    const PASSWORD: u8 = 2;
    let greeting: &[u8] = match proxy.credentials() {
        None => &[VERSION, 1, NO_AUTHENTICATION],
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, PASSWORD],
    };
    say(pipe, greeting)?;
    match (hear::<2>(pipe)?, proxy.credentials()) {
        ([VERSION, NO_AUTHENTICATION], _) => Ok(()),
        ([VERSION, PASSWORD], Some((user, password))) => {
            // The 1 is the version of this exchange of RFC 1929.
            let mut request = vec![1];
            push_counted(&mut request, user)?;
            push_counted(&mut request, password)?;
            say(pipe, &request)?;
            match hear::<2>(pipe)? {
                [_, 0] => Ok(()),
                _ => Err(wants_credentials(proxy, url, "")),
            }
        }
        ([VERSION, _], _) => Err(wants_credentials(proxy, url, "")),
        _ => Err(not_socks()),
    }
}

fn socks_request(host: &str, port: u16) -> Result<Vec<u8>, Failure> {
    const CONNECT: u8 = 1;
    let mut request = vec![VERSION, CONNECT, 0];
    match host.parse() {
        Ok(IpAddr::V4(address)) => {
            request.push(IPV4);
            request.extend_from_slice(&address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(IPV6);
            request.extend_from_slice(&address.octets());
        }
        Err(_) => {
            request.push(NAME);
            push_counted(&mut request, host)?;
        }
    }
    request.extend_from_slice(&port.to_be_bytes());
    Ok(request)
}

fn hear_reply(host: &str, port: u16, pipe: &mut impl Read) -> Result<(), Failure> {
    let [version, code, _, address_type] = hear::<4>(pipe)?;
    if version != VERSION {
        return Err(not_socks());
    }
    if code == 0 {
        return skip_bound_address(address_type, pipe);
    }
    let (kind, reason) = match code {
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

/// Reads past the address and port that the proxy connects from. Nobody needs them, but what
/// follows belongs to the tunnel.
fn skip_bound_address(address_type: u8, pipe: &mut impl Read) -> Result<(), Failure> {
    let length = match address_type {
        IPV4 => 4,
        IPV6 => 16,
        NAME => usize::from(hear::<1>(pipe)?[0]),
        _ => return Err(not_socks()),
    };
    pipe.read_exact(&mut vec![0; length + 2]).map_err(Failure::from_io)
}

fn not_socks() -> Failure {
    Failure::new(FailureKind::Broken, "it does not answer as a SOCKS5 proxy")
}

/// Appends a text behind one byte with its length.
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
    pipe.read_exact(&mut bytes).map_err(Failure::from_io)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io;

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
