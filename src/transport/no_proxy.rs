//! Which hosts are reached without a proxy: `NO_PROXY`, as curl reads it.

use std::net::IpAddr;

/// The value of `NO_PROXY`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NoProxy {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    All,
    /// A name with its subdomains, or an address; with a port, or for every port.
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
    /// Reads names, addresses and networks with commas or white space between them. An entry that
    /// is none of these covers nothing: curl ignores it too, and such a list often has entries that
    /// were meant for another program.
    pub(super) fn parse(text: &str) -> Self {
        let entries = text.split(|c: char| c == ',' || c.is_whitespace());
        Self { rules: entries.filter(|entry| !entry.is_empty()).filter_map(Rule::parse).collect() }
    }

    pub(super) fn covers(&self, host: &str, port: u16) -> bool {
        self.rules.iter().any(|rule| rule.covers(host, port))
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

/// Whether the first `bits` bits are the same. An IPv4 network holds no IPv6 address.
fn in_network(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let number = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    let shift = length(network).saturating_sub(bits);
    // Shifting by all 128 bits is an overflow, and what is left of such a network (`::/0`) is 0.
    let prefix = |address| number(address).checked_shr(shift).unwrap_or(0);
    length(address) == length(network) && prefix(address) == prefix(network)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Url;

    #[test]
    fn names_addresses_and_networks_cover_what_curl_says() {
        let covers = |rules: &str, url: &str| {
            let url = Url::parse(url).unwrap();
            NoProxy::parse(rules).covers(url.host(), url.port())
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
}
