//! Values of single options: text to types. Each error names what was wrong with the value.

use std::ffi::OsStr;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use pgyer::{BuildType, Date};

use super::command::{Format, Pin, Region, When};

/// Why a value can't be used: a predicate, to follow the option's name.
pub(super) type Problem = String;

/// A value with its line breaks and other control characters made visible, so that a message
/// stays one line.
pub(super) fn shown(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

/// A wrong value, for a message. What looks like an option was hardly meant as the value, and may
/// have a secret behind it.
pub(super) fn shown_value(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(rest) if !rest.starts_with(|c: char| c.is_ascii_digit()) => "-...".into(),
        _ => shown(text),
    }
}

pub(super) fn text(value: &OsStr) -> Result<String, Problem> {
    value.to_str().map(str::to_owned).ok_or_else(|| "is not UTF-8".into())
}

pub(super) fn build_type(value: &OsStr) -> Result<BuildType, Problem> {
    let name = text(value)?;
    BuildType::from_str(&name).map_err(|_| not_one_of(&name, "ios, android or harmonyos"))
}

pub(super) fn format(value: &OsStr) -> Result<Format, Problem> {
    match text(value)?.as_str() {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        "env" => Ok(Format::Env),
        "dotenv" => Ok(Format::Dotenv),
        other => Err(not_one_of(other, "text, json, env or dotenv")),
    }
}

pub(super) fn when(value: &OsStr) -> Result<When, Problem> {
    match text(value)?.as_str() {
        "auto" => Ok(When::Auto),
        "always" => Ok(When::Always),
        "never" => Ok(When::Never),
        other => Err(not_one_of(other, "auto, always or never")),
    }
}

/// `None` is automatic.
pub(super) fn region(value: &OsStr) -> Result<Option<Region>, Problem> {
    match text(value)?.as_str() {
        "auto" => Ok(None),
        "overseas" | "1" => Ok(Some(Region::Overseas)),
        "china" | "2" => Ok(Some(Region::China)),
        other => Err(not_one_of(other, "auto, overseas or china")),
    }
}

/// How a build is installed, without its password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InstallType {
    Public,
    Password,
    Invite,
}

pub(super) fn install_type(value: &OsStr) -> Result<InstallType, Problem> {
    match text(value)?.as_str() {
        "public" | "1" => Ok(InstallType::Public),
        "password" | "2" => Ok(InstallType::Password),
        "invite" | "3" => Ok(InstallType::Invite),
        other => Err(not_one_of(other, "public, password or invite")),
    }
}

pub(super) fn day(value: &OsStr) -> Result<Date, Problem> {
    let day = text(value)?;
    day.parse()
        .map_err(|_| format!("'{}' is not a day of the calendar, YYYY-MM-DD", shown_value(&day)))
}

/// A whole number of at least `least`.
pub(super) fn number<N>(value: &OsStr, least: N) -> Result<N, Problem>
where
    N: FromStr + PartialOrd + std::fmt::Display,
{
    let digits = text(value)?;
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    match digits.parse() {
        Ok(number) if plain && number >= least => Ok(number),
        Err(_) if plain && !digits.is_empty() => Err(format!("'{digits}' is too large")),
        _ => Err(format!("'{}' is not a whole number from {least} up", shown_value(&digits))),
    }
}

/// `HOST:PORT:IP`, the address of version 6 with or without brackets.
pub(super) fn pin(value: &OsStr) -> Result<Pin, Problem> {
    let whole = text(value)?;
    let problem = || format!("'{}' is not HOST:PORT:IP", shown_value(&whole));
    let mut parts = whole.splitn(3, ':');
    let (Some(host), Some(port), Some(ip)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(problem());
    };
    if !is_host_name(host) {
        return Err(problem());
    }
    Ok(Pin {
        host: host.to_ascii_lowercase(),
        port: port_number(port).ok_or_else(problem)?,
        ip: address(ip).ok_or_else(problem)?,
    })
}

/// An `http` or `https` URL, given back without its final slashes. The messages leave the value
/// out: there may be a secret in it.
pub(super) fn api_url(value: &OsStr) -> Result<String, Problem> {
    let url = text(value)?;
    let (_, rest) = scheme_of(&url, &["http", "https"], "http:// or https://")?;
    if rest.contains(['?', '#']) {
        return Err("is to have neither a query nor a fragment".into());
    }
    if rest.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err("has a space or a control character in it".into());
    }
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.contains('@') {
        return Err("is to have no user or password in it".into());
    }
    check_authority(authority)?;
    Ok(url.trim_end_matches('/').to_owned())
}

/// A proxy's URL without user and password. The messages leave the value out: a password may be in
/// it in spite of that.
pub(super) fn proxy(value: &OsStr) -> Result<String, Problem> {
    let url = text(value)?;
    if url.contains('@') {
        return Err("is to have no user or password in it, where other users of this machine can \
                    read them: put such a URL into HTTPS_PROXY, HTTP_PROXY or ALL_PROXY"
            .into());
    }
    let (_, rest) = scheme_of(
        &url,
        &["http", "https", "socks5", "socks5h"],
        "http://, https://, socks5:// or socks5h://",
    )?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '?', '#']) {
        return Err("is to have no path, query or fragment".into());
    }
    check_authority(authority)?;
    Ok(url)
}

fn scheme_of<'a>(url: &'a str, known: &[&str], names: &str) -> Result<(&'a str, &'a str), Problem> {
    url.split_once("://")
        .filter(|(scheme, _)| known.contains(&scheme.to_ascii_lowercase().as_str()))
        .ok_or_else(|| format!("is not a URL that begins with {names}"))
}

/// `HOST` or `HOST:PORT`.
fn check_authority(authority: &str) -> Result<(), Problem> {
    // A colon within brackets belongs to an address of version 6.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if port.is_some_and(|port| port_number(port).is_none()) {
        return Err("has a port that is not a number from 1 to 65535".into());
    }
    if is_host_name(host) || bracketed(host).is_some() {
        Ok(())
    } else {
        Err("has no valid host name".into())
    }
}

fn is_host_name(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

fn port_number(port: &str) -> Option<u16> {
    let digits = port.bytes().all(|b| b.is_ascii_digit());
    port.parse().ok().filter(|port| digits && *port > 0)
}

fn address(ip: &str) -> Option<IpAddr> {
    ip.parse().ok().or_else(|| bracketed(ip).map(IpAddr::V6))
}

fn bracketed(ip: &str) -> Option<Ipv6Addr> {
    ip.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

fn not_one_of(value: &str, known: &str) -> Problem {
    format!("'{}' is not {known}", shown_value(value))
}
