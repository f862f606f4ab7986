//! The URLs that requests go to.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use ureq::http::Uri;
use ureq::http::uri::Authority;

/// An `http` or `https` URL with a host and without credentials.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Url {
    tls: bool,
    host: String,
    port: u16,
    path: String,
}

impl Url {
    /// Reads a URL, or says what is wrong with it, in words that fit after a colon.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let uri: Uri = text.parse().map_err(|_| "it is not a URL")?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("it does not begin with https://".to_owned()),
        };
        let authority = uri.authority().ok_or("it has no host")?;
        if authority.as_str().contains('@') {
            return Err("it has a user name or password in it".to_owned());
        }
        let (host, port) = host_and_port(authority)?;
        let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
        let path = format!("{}{query}", uri.path());
        Ok(Self { tls, host, port: port.unwrap_or(if tls { 443 } else { 80 }), path })
    }

    /// Returns this URL with `path` appended to its own.
    pub(crate) fn join(&self, path: &str) -> Self {
        let path = format!("{}{path}", self.path.trim_end_matches('/'));
        Self { path, ..self.clone() }
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.tls
    }

    /// The name or address, in lower case and without brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn has_query(&self) -> bool {
        self.path.contains('?')
    }

    /// Whether a connection to one serves the other too.
    pub(super) fn has_same_origin(&self, other: &Self) -> bool {
        (self.tls, self.port) == (other.tls, other.port) && self.host == other.host
    }

    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// Whether bytes that go there can be read by nobody on the way.
    pub(crate) fn is_private(&self) -> bool {
        self.tls || self.is_loopback()
    }

    /// With the query, for the request line.
    pub(super) fn full(&self) -> String {
        format!("{}{}", self.origin(), self.path)
    }

    fn origin(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        let host = host_in_url(&self.host);
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => format!("{scheme}://{host}"),
            (_, port) => format!("{scheme}://{host}:{port}"),
        }
    }
}

/// Leaves out the query, which may contain secrets.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.split('?').next().unwrap_or_default();
        write!(f, "{}{path}", self.origin())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The host of an authority without credentials, in lower case and without brackets, and its port.
/// The `http` crate accepts garbage between the two, and ports that are not numbers.
pub(super) fn host_and_port(authority: &Authority) -> Result<(String, Option<u16>), String> {
    let host = authority.host();
    let port = match authority.as_str().get(host.len()..).unwrap_or_default().split_at_checked(1) {
        None => None,
        Some((":", port)) => {
            let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
            let number = port.parse().ok().filter(|number| is_number && *number > 0);
            Some(number.ok_or("its port is not a number from 1 to 65535")?)
        }
        Some(_) => return Err("its host is neither a name nor an address".to_owned()),
    };
    Ok((bare_host(host)?.to_ascii_lowercase(), port))
}

/// A host without the brackets that an IPv6 address has, and nothing else.
fn bare_host(host: &str) -> Result<&str, String> {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match inner {
        Some(address) if address.parse::<Ipv6Addr>().is_ok() => Ok(address),
        None if host.is_empty() => Err("it has no host".to_owned()),
        None if !host.contains(['[', ']']) => Ok(host),
        _ => Err("its host is neither a name nor an address".to_owned()),
    }
}

/// An IPv6 address in brackets, anything else as it is.
pub(super) fn host_in_url(host: &str) -> String {
    if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() }
}

/// `localhost`, 127.0.0.0/8, ::1.
pub(super) fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback(),
        Ok(IpAddr::V6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback())
        }
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found() {
        let url = Url::parse("https://WWW.Example.com/apiv2/").unwrap();
        assert_eq!((url.host(), url.port(), url.is_tls()), ("www.example.com", 443, true));
        assert_eq!(url.join("/app/x").to_string(), "https://www.example.com/apiv2/app/x");
        let url = Url::parse("http://[::1]:8080?secret=1").unwrap();
        assert_eq!((url.host(), url.port(), url.is_tls()), ("::1", 8080, false));
        assert_eq!(url.to_string(), "http://[::1]:8080/");
        assert_eq!(url.full(), "http://[::1]:8080/?secret=1");
        assert!(url.has_query() && url.is_private());
    }

    #[test]
    fn a_url_is_written_as_short_as_it_can_be_and_without_its_query() {
        for (given, shown, full) in [
            ("https://h", "https://h/", "https://h/"),
            ("https://h:443/a?b=c", "https://h/a", "https://h/a?b=c"),
            ("http://h:80/a/", "http://h/a/", "http://h/a/"),
            ("http://h:443/", "http://h:443/", "http://h:443/"),
            ("https://h:80/", "https://h:80/", "https://h:80/"),
            ("http://[::1]/", "http://[::1]/", "http://[::1]/"),
        ] {
            let url = Url::parse(given).unwrap();
            assert_eq!((url.to_string().as_str(), url.full().as_str()), (shown, full));
            assert_eq!(format!("{url:?}"), shown);
            assert_eq!(url.has_query(), given.contains('?'), "{given}");
        }
    }

    #[test]
    fn what_stays_on_this_machine_or_is_encrypted_is_private() {
        for (url, is_private) in [
            ("https://h.example/", true),
            ("http://localhost/", true),
            ("http://127.0.0.1/", true),
            ("http://h.example/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(Url::parse(url).unwrap().is_private(), is_private, "{url}");
        }
        assert!(!Url::parse("https://h.example/").unwrap().is_loopback());
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for wrong in [
            "",
            "host",
            "host:80",
            "ftp://host/",
            "file:///etc/passwd",
            "https://",
            "https:///x",
            "https://user:pw@host/",
            "https://user@host/",
            "http://host:0/",
            "http://host:99999/",
            "http://host:x/",
            "http://host:/",
            "http://host:+80/",
            "https://ho st/",
            "https://127.0.0.1[::1]/",
            "https://[::1]x/",
            "https://[x]/",
            "https://[]/",
            "//host/",
        ] {
            assert!(Url::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn brackets_are_those_of_an_address() {
        for (host, bare) in [
            ("h", Some("h")),
            ("10.0.0.1", Some("10.0.0.1")),
            ("[::1]", Some("::1")),
            ("", None),
            ("[]", None),
            ("[h]", None),
            ("[::1", None),
            ("h]", None),
            ("a[::1]", None),
        ] {
            assert_eq!(bare_host(host).ok(), bare, "{host}");
        }
    }

    #[test]
    fn loopback_is_known_in_every_form() {
        for loopback in
            ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]
        {
            assert!(is_loopback(loopback), "{loopback}");
        }
        for other in [
            "localhost.example.com",
            "10.0.0.1",
            "::2",
            "127.0.0.1.example.com",
            "0.0.0.0",
            "::ffff:10.0.0.1",
        ] {
            assert!(!is_loopback(other), "{other}");
        }
    }
}
