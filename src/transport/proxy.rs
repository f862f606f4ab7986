//! One proxy, as its URL says.

use std::fmt;

use percent_encoding::percent_decode_str;
use ureq::http::uri::Authority;

use super::url::{host_and_port, host_in_url};

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProxyKind {
    Http,
    Https,
    /// SOCKS5; the name is looked up here.
    Socks5,
    /// SOCKS5; the proxy looks the name up.
    Socks5h,
}

impl ProxyKind {
    /// The kind that a URL's scheme names, and its default port.
    fn of_scheme(scheme: &str) -> Option<(Self, u16)> {
        Some(match scheme {
            "http" => (Self::Http, 80),
            "https" => (Self::Https, 443),
            // GNOME and others write `socks://` where they mean version 5.
            "socks" | "socks5" => (Self::Socks5, 1080),
            "socks5h" => (Self::Socks5h, 1080),
            _ => return None,
        })
    }
}

/// One proxy. Its `Debug` and `Display` leave the credentials out.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(super) kind: ProxyKind,
    pub(super) host: String,
    pub(super) port: u16,
    /// User and password, decoded.
    credentials: Option<(String, String)>,
    /// The variable that it is from, if it is from one.
    pub(super) variable: Option<String>,
}

const EXPECTED: &str = "http://HOST:PORT, https://, socks5:// or socks5h://";

impl Proxy {
    /// Reads the URL of a proxy, or says what is wrong with it in words that show no password.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            // As curl understands it, but only where a port shows that a host is meant.
            None if text.contains(':') => ("http".to_owned(), text),
            None => return Err(format!("it is not the URL of a proxy: {EXPECTED}")),
        };
        let (kind, default_port) = ProxyKind::of_scheme(&scheme)
            .ok_or_else(|| format!("this kind of proxy is not known; known are {EXPECTED}"))?;
        // The last `@`: a password may have one, unencoded too.
        let (user_info, address) = match rest.rsplit_once('@') {
            Some((user_info, address)) => (Some(user_info), address),
            None => (None, rest),
        };
        let address = address.strip_suffix('/').unwrap_or(address);
        if address.contains(['/', '?', '#']) {
            return Err(format!("the URL of a proxy has no path: {EXPECTED}"));
        }
        let (host, port) = address
            .parse::<Authority>()
            .map_err(|_| String::new())
            .and_then(|address| host_and_port(&address))
            .map_err(|_| format!("its host or port can't be one: {EXPECTED}"))?;
        let credentials = user_info.map(decoded).transpose()?;
        Ok(Self { kind, host, port: port.unwrap_or(default_port), credentials, variable: None })
    }

    /// Parses the value of a variable, and remembers which one it was.
    pub(super) fn from_variable(name: &str, value: &str) -> Result<Self, String> {
        Ok(Self { variable: Some(name.to_owned()), ..Self::parse(value)? })
    }

    pub(super) fn credentials(&self) -> Option<(&str, &str)> {
        self.credentials.as_ref().map(|(user, password)| (user.as_str(), password.as_str()))
    }

    /// Its URL with a user and password, as an example.
    pub(super) fn example(&self) -> String {
        let (scheme, address) = self.scheme_and_address();
        format!("{scheme}://USER:PASSWORD@{address}")
    }

    /// The parts of its URL that are no secret.
    fn scheme_and_address(&self) -> (&'static str, String) {
        let scheme = match self.kind {
            ProxyKind::Http => "http",
            ProxyKind::Https => "https",
            ProxyKind::Socks5 => "socks5",
            ProxyKind::Socks5h => "socks5h",
        };
        (scheme, format!("{}:{}", host_in_url(&self.host), self.port))
    }
}

/// The user and password of a URL, without their percent-encoding.
fn decoded(user_info: &str) -> Result<(String, String), String> {
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    let decode = |text| {
        let decoded = percent_decode_str(text).decode_utf8();
        decoded.map(String::from).map_err(|_| "its user or password is not UTF-8".to_owned())
    };
    Ok((decode(user)?, decode(password)?))
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, address) = self.scheme_and_address();
        write!(f, "{scheme}://{address}")
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_port_and_its_name() {
        for (text, kind, shown) in [
            ("http://p", ProxyKind::Http, "http://p:80"),
            ("HTTPS://p/", ProxyKind::Https, "https://p:443"),
            ("socks5://p", ProxyKind::Socks5, "socks5://p:1080"),
            ("socks://p:1/", ProxyKind::Socks5, "socks5://p:1"),
            ("socks5h://p", ProxyKind::Socks5h, "socks5h://p:1080"),
            ("http://[::1]", ProxyKind::Http, "http://[::1]:80"),
            ("https://[::1]:8080", ProxyKind::Https, "https://[::1]:8080"),
            (" p:1 ", ProxyKind::Http, "http://p:1"),
        ] {
            let proxy = Proxy::parse(text).unwrap();
            assert_eq!((proxy.kind, proxy.to_string().as_str()), (kind, shown));
        }
    }

    #[test]
    fn a_proxy_that_is_none_is_an_error_that_shows_no_password() {
        for wrong in [
            "nonsense",
            "ftp://p:1",
            "http://",
            "http://p:99999",
            "http://u:hunter2@",
            "http://p/x",
            "socks4://p:1",
            "http://u:hunter2@ho st:1",
            "://",
            "http://[::1",
            "http://p:",
            "http://a@b@",
        ] {
            let problem = Proxy::from_variable("HTTPS_PROXY", wrong).unwrap_err();
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }

    #[test]
    fn credentials_are_decoded_and_not_shown() {
        let proxy = Proxy::parse("http://us%40er:p%3Aw:x@p.example:3128/").unwrap();
        assert_eq!(proxy.credentials(), Some(("us@er", "p:w:x")));
        assert_eq!(format!("{proxy:?}"), "http://p.example:3128");
        assert_eq!(Proxy::parse("p.example:3128").unwrap().to_string(), "http://p.example:3128");
    }
}
