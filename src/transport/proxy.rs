//! Which proxy a request goes through: pure rules, as curl has them.

use std::fmt;
use std::net::IpAddr;

use percent_encoding::percent_decode_str;

use super::url::{Url, is_loopback};
use crate::error::{Error, Result};
use crate::redact::Redactor;

/// The proxies to use, and the hosts that are reached without one. `localhost` and loopback
/// addresses always are.
///
/// ```
/// use pgyer::{Client, Proxies};
///
/// let proxies = Proxies::from_variables(|name| std::env::var(name).ok())?
///     .with_proxy("socks5h://proxy.example.com:1080")?;
/// let client = Client::builder().proxies(proxies).build()?;
/// # Ok::<(), pgyer::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    /// Goes before the three below.
    explicit: Option<Proxy>,
    https: Option<Proxy>,
    http: Option<Proxy>,
    all: Option<Proxy>,
    direct: NoProxy,
}

impl Proxies {
    /// The rules of the variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, each in
    /// lower case first. `variable` is most often `|name| std::env::var(name).ok()`. One that is
    /// empty counts as not set.
    ///
    /// # Errors
    /// [`Error::Usage`] when one of them is not the URL of a proxy, used or not.
    ///
    /// ```
    /// use pgyer::Proxies;
    ///
    /// let variables = |name: &str| match name {
    ///     "HTTPS_PROXY" => Some("http://proxy.example.com:3128".to_owned()),
    ///     "NO_PROXY" => Some("internal.example.com,10.0.0.0/8".to_owned()),
    ///     _ => None,
    /// };
    /// let proxies = Proxies::from_variables(variables)?;
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let lookup = |name: &str| {
            let names = [name.to_ascii_lowercase(), name.to_owned()].into_iter();
            names
                .filter_map(|name| Some((variable(&name).filter(|value| !value.is_empty())?, name)))
        };
        let proxy = |name: &str| {
            let proxies = lookup(name).map(|(value, name)| match Proxy::parse(&value) {
                Ok(proxy) => Ok(Proxy { variable: Some(name), ..proxy }),
                Err(problem) => Err(Error::usage(format!("the variable {name}: {problem}"))),
            });
            // One that is wrong is not ignored, whichever is used.
            proxies.collect::<Result<Vec<_>>>().map(|proxies| proxies.into_iter().next())
        };
        Ok(Self {
            explicit: None,
            https: proxy("HTTPS_PROXY")?,
            http: proxy("HTTP_PROXY")?,
            all: proxy("ALL_PROXY")?,
            direct: lookup("NO_PROXY")
                .next()
                .map(|(value, _)| NoProxy::parse(&value))
                .unwrap_or_default(),
        })
    }

    /// Uses this proxy for every URL but those that `NO_PROXY` names. `http://`, `https://`,
    /// `socks5://` (names are looked up here) and `socks5h://` (names are looked up there), with
    /// or without a user and password.
    ///
    /// # Errors
    /// [`Error::Usage`] when it is not the URL of a proxy.
    ///
    /// ```
    /// use pgyer::Proxies;
    /// assert!(Proxies::default().with_proxy("http://name:word@proxy.example.com:3128").is_ok());
    /// assert!(Proxies::default().with_proxy("ftp://proxy.example.com").is_err());
    /// ```
    pub fn with_proxy(mut self, url: &str) -> Result<Self> {
        let proxy =
            Proxy::parse(url).map_err(|problem| Error::usage(format!("the proxy: {problem}")))?;
        self.explicit = Some(proxy);
        Ok(self)
    }

    pub(crate) fn choose(&self, url: &Url) -> Option<&Proxy> {
        if url.is_loopback() || self.direct.covers(url.host(), url.port()) {
            return None;
        }
        let of_scheme = if url.is_tls() { &self.https } else { &self.http };
        self.explicit.as_ref().or(of_scheme.as_ref()).or(self.all.as_ref())
    }

    /// Adds the passwords to what must not be shown.
    pub(crate) fn redact(&self, redactor: &mut Redactor) {
        for proxy in [&self.explicit, &self.https, &self.http, &self.all].into_iter().flatten() {
            let credentials = proxy.credentials.as_ref();
            if let Some((user, password)) = credentials.filter(|(_, word)| !word.is_empty()) {
                redactor.add(password);
                // What `Proxy-Authorization` has.
                redactor.add(&format!("{user}:{password}"));
            }
        }
    }
}

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

/// One proxy. Its `Debug` and `Display` leave the credentials out.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(super) kind: ProxyKind,
    pub(super) host: String,
    pub(super) port: u16,
    /// User and password, decoded.
    pub(super) credentials: Option<(String, String)>,
    /// The variable that it is from, if it is from one.
    pub(super) variable: Option<String>,
}

impl Proxy {
    fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "http://HOST:PORT, https://, socks5:// or socks5h://";
        let text = text.trim();
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            // As curl understands it, but only where a port shows that a host is meant.
            None if text.contains(':') => ("http".to_owned(), text),
            None => return Err(format!("it is not the URL of a proxy: {EXPECTED}")),
        };
        let (kind, default_port) = match scheme.as_str() {
            "http" => (ProxyKind::Http, 80),
            "https" => (ProxyKind::Https, 443),
            "socks5" => (ProxyKind::Socks5, 1080),
            "socks5h" => (ProxyKind::Socks5h, 1080),
            _ => return Err(format!("this kind of proxy is not known; known are {EXPECTED}")),
        };
        let (user_info, address) = match rest.rsplit_once('@') {
            Some((user_info, address)) => (Some(user_info), address),
            None => (None, rest),
        };
        let address = address.strip_suffix('/').unwrap_or(address);
        if address.contains(['/', '?', '#']) {
            return Err(format!("the URL of a proxy has no path: {EXPECTED}"));
        }
        // The rules for hosts and ports are those of any URL.
        let has_port = address.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
        let url = Url::parse(&format!("http://{address}/"))
            .map_err(|_| format!("its host or port can't be one: {EXPECTED}"))?;
        let port = if has_port { url.port() } else { default_port };
        let credentials = user_info.map(credentials).transpose()?;
        Ok(Self { kind, host: url.host().to_owned(), port, credentials, variable: None })
    }

    /// The parts of its URL that are no secret.
    pub(super) fn scheme_and_address(&self) -> (&'static str, String) {
        let scheme = match self.kind {
            ProxyKind::Http => "http",
            ProxyKind::Https => "https",
            ProxyKind::Socks5 => "socks5",
            ProxyKind::Socks5h => "socks5h",
        };
        (scheme, format!("{}:{}", super::url::host_in_url(&self.host), self.port))
    }
}

fn credentials(user_info: &str) -> Result<(String, String), String> {
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

/// The hosts that are reached without a proxy.
#[derive(Debug, Clone, Default)]
struct NoProxy {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
enum Rule {
    All,
    /// A name with its subdomains, or an address, with a port or for each.
    Host {
        host: String,
        port: Option<u16>,
    },
    Network {
        address: IpAddr,
        bits: u32,
    },
}

impl NoProxy {
    /// Names, addresses and networks with commas or white space between them. An entry that is
    /// none of these covers nothing.
    fn parse(text: &str) -> Self {
        let entries = text.split(|c: char| c == ',' || c.is_whitespace());
        Self { rules: entries.filter(|entry| !entry.is_empty()).filter_map(Rule::parse).collect() }
    }

    fn covers(&self, host: &str, port: u16) -> bool {
        is_loopback(host) || self.rules.iter().any(|rule| rule.covers(host, port))
    }
}

impl Rule {
    fn parse(entry: &str) -> Option<Self> {
        if entry == "*" {
            return Some(Self::All);
        }
        if let Some((address, bits)) = entry.split_once('/') {
            let address: IpAddr = bare(address).parse().ok()?;
            let bits = bits.parse().ok().filter(|bits| *bits <= length(address))?;
            return Some(Self::Network { address, bits });
        }
        let (host, port) = if bare(entry).parse::<IpAddr>().is_ok() {
            (entry, None)
        } else {
            match entry.rsplit_once(':') {
                Some((host, port)) => (host, Some(port.parse().ok()?)),
                None => (entry, None),
            }
        };
        let host = bare(host).trim_start_matches("*.").trim_matches('.').to_ascii_lowercase();
        (!host.is_empty()).then_some(Self::Host { host, port })
    }

    fn covers(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.');
        let address = host.parse::<IpAddr>();
        match self {
            Self::All => true,
            Self::Network { address: network, bits } => {
                address.is_ok_and(|address| in_network(address, *network, *bits))
            }
            Self::Host { host: rule, port: rule_port } => {
                let same_port = rule_port.is_none_or(|rule_port| rule_port == port);
                same_port && (same_host(host, rule) || address.is_err() && is_below(host, rule))
            }
        }
    }
}

/// Addresses are compared as such: `::1` is `0:0:0:0:0:0:0:1`.
fn same_host(host: &str, rule: &str) -> bool {
    match (host.parse::<IpAddr>(), rule.parse::<IpAddr>()) {
        (Ok(host), Ok(rule)) => host == rule,
        _ => host == rule,
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.'))
}

fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn length(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn in_network(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let number = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    let shift = length(network).saturating_sub(bits);
    length(address) == length(network)
        && number(address).checked_shr(shift).unwrap_or(0)
            == number(network).checked_shr(shift).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies> {
        let owned: Vec<(String, String)> =
            variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Proxies::from_variables(move |name| {
            owned.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone())
        })
    }

    fn chosen(proxies: &Proxies, url: &str) -> Option<String> {
        proxies.choose(&Url::parse(url).unwrap()).map(ToString::to_string)
    }

    #[test]
    fn the_scheme_goes_before_all_and_lower_case_before_upper() {
        let proxies = proxies(&[
            ("HTTPS_PROXY", "http://upper:1"),
            ("https_proxy", "http://lower:2"),
            ("HTTP_PROXY", ""),
            ("ALL_PROXY", "socks5h://all"),
        ])
        .unwrap();
        assert_eq!(chosen(&proxies, "https://x.example/").unwrap(), "http://lower:2");
        assert_eq!(chosen(&proxies, "http://x.example/").unwrap(), "socks5h://all:1080");
        let variable = |proxy: &Option<Proxy>| proxy.as_ref()?.variable.clone();
        assert_eq!(variable(&proxies.https).as_deref(), Some("https_proxy"));
        assert_eq!(variable(&proxies.all).as_deref(), Some("ALL_PROXY"));
        let explicit = proxies.with_proxy("https://explicit").unwrap();
        assert_eq!(chosen(&explicit, "http://x.example/").unwrap(), "https://explicit:443");
    }

    #[test]
    fn every_kind_has_its_port_and_its_name() {
        for (text, kind, shown) in [
            ("http://p", ProxyKind::Http, "http://p:80"),
            ("HTTPS://p/", ProxyKind::Https, "https://p:443"),
            ("socks5://p", ProxyKind::Socks5, "socks5://p:1080"),
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
    fn the_passwords_of_all_proxies_are_kept_out_of_messages() {
        let proxies = proxies(&[
            ("HTTPS_PROXY", "http://u:hunter1@p"),
            ("HTTP_PROXY", "http://u:hunter2@p"),
            ("ALL_PROXY", "http://u:hunter3@p"),
        ]);
        let proxies = proxies.unwrap().with_proxy("http://u:hunter4@p").unwrap();
        let mut redactor = Redactor::default();
        proxies.redact(&mut redactor);
        let text = redactor.clean("hunter1 hunter2 hunter3 hunter4");
        assert!(!text.contains("hunter"), "{text}");
    }

    #[test]
    fn loopback_is_never_proxied() {
        let proxies = proxies(&[("ALL_PROXY", "http://p:1")]).unwrap();
        for direct in ["http://localhost/", "http://127.1.2.3/", "https://[::1]/"] {
            assert_eq!(chosen(&proxies, direct), None);
        }
    }

    #[test]
    fn no_proxy_binds_an_explicit_proxy_too() {
        let covers = |rules: &str, url: &str| {
            let proxies = proxies(&[("no_proxy", rules)]).unwrap();
            chosen(&proxies.with_proxy("http://p:1").unwrap(), url).is_none()
        };
        for (rules, url) in [
            ("*", "http://any.example/"),
            ("example.com", "http://example.com/"),
            ("example.com", "http://a.b.example.com/"),
            (".example.com", "http://example.com/"),
            ("*.example.com", "http://a.example.com/"),
            ("a, EXAMPLE.com b", "http://example.com/"),
            ("example.com:8080", "http://example.com:8080/"),
            ("10.0.0.0/8", "http://10.200.3.4/"),
            ("192.168.1.7", "http://192.168.1.7/"),
            ("fd00::/8", "http://[fd12::1]/"),
            ("[fd12::1]", "http://[fd12:0::1]/"),
            ("0.0.0.0/0", "http://8.8.8.8/"),
            ("10.0.0.0/9", "http://10.127.255.255/"),
            ("192.168.1.7/32", "http://192.168.1.7/"),
            ("fd12::1/128", "http://[fd12::1]/"),
            ("[fd00::]/8", "http://[fd12::1]/"),
            ("::/0", "http://[fd12::1]/"),
            ("192.168.1.7:8080", "http://192.168.1.7:8080/"),
            ("[fd12::1]:8080", "http://[fd12::1]:8080/"),
            ("example.com.", "http://example.com./"),
        ] {
            assert!(covers(rules, url), "{rules} {url}");
        }
        for (rules, url) in [
            ("example.com", "http://notexample.com/"),
            ("example.com", "http://example.com.evil/"),
            ("example.com:8080", "http://example.com/"),
            ("10.0.0.0/8", "http://11.0.0.1/"),
            ("10.0.0.0/33", "http://10.0.0.1/"),
            ("10.0.0.0/9", "http://10.128.0.0/"),
            ("192.168.1.7/32", "http://192.168.1.6/"),
            ("192.168.1.7:8080", "http://192.168.1.7/"),
            ("fd12::1/128", "http://[fd12::2]/"),
            ("fd00::/129", "http://[fd00::]/"),
            ("::/0", "http://10.0.0.1/"),
            ("a::/8", "http://0.10.0.0/"),
            ("example.com:x", "http://example.com/"),
            (". *. :", "http://x.example/"),
            ("0.0.0.1", "http://10.0.0.1/"),
            ("0.0.0.0/0", "http://[fd12::1]/"),
            ("10.0.0.0/8", "http://10.example/"),
            ("", "http://x.example/"),
        ] {
            assert!(!covers(rules, url), "{rules} {url}");
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
        ] {
            let error = proxies(&[("HTTPS_PROXY", wrong)]).unwrap_err().report();
            assert!(error.contains("HTTPS_PROXY") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn credentials_are_decoded_and_not_shown() {
        let proxies = proxies(&[("ALL_PROXY", "http://us%40er:p%3Aw:x@p.example:3128/")]).unwrap();
        let proxy = proxies.all.as_ref().unwrap();
        let credentials = ("us@er".to_owned(), "p:w:x".to_owned());
        assert_eq!(proxy.credentials, Some(credentials));
        assert_eq!(format!("{proxy:?}"), "http://p.example:3128");
        assert_eq!(Proxy::parse("p.example:3128").unwrap().to_string(), "http://p.example:3128");
    }
}
