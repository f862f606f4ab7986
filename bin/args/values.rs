//! Parses the values of single options. Each error says what is wrong with the value.

use std::ffi::OsStr;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use pgyer::Date;

use super::command::Pin;
use super::decimal::{self, Wrong};

/// Why a value can't be used: a predicate, to follow the option's name.
pub(super) type Problem = String;

/// Makes line breaks and other control characters visible, so that a message stays one line.
pub(super) fn shown(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

/// A wrong value, for a message. One that looks like an option was probably a mistake and may be
/// followed by a secret: it is not repeated.
pub(super) fn shown_value(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(rest) if !rest.starts_with(|c: char| c.is_ascii_digit()) => "-...".into(),
        _ => shown(text),
    }
}

/// The problem of a value that is not one of these words.
pub(super) fn not_one_of(value: &str, words: &[&str]) -> Problem {
    format!("'{}' is not {}", shown_value(value), either(words))
}

/// `a, b or c`.
fn either(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

pub(super) fn text(value: &OsStr) -> Result<String, Problem> {
    value.to_str().map(str::to_owned).ok_or_else(|| "is not UTF-8".into())
}

/// A text that is not empty.
pub(super) fn filled(value: &OsStr) -> Result<String, Problem> {
    text(value).and_then(|text| if text.is_empty() { Err("is empty".into()) } else { Ok(text) })
}

pub(super) fn path(value: &OsStr) -> Result<PathBuf, Problem> {
    if value.is_empty() { Err("names no file".into()) } else { Ok(value.into()) }
}

pub(super) fn day(value: &OsStr) -> Result<Date, Problem> {
    let day = text(value)?;
    day.parse().map_err(|_| format!("'{}' is not a calendar date, YYYY-MM-DD", shown_value(&day)))
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

/// Bytes a second: `500K`, `1.5M`, in units of 1024.
pub(super) fn rate(value: &OsStr) -> Result<u64, Problem> {
    let rate = text(value)?;
    let problem = |problem| format!("'{}' {problem}", shown_value(&rate));
    let (number, unit) = decimal::split(&rate);
    let unit = match unit {
        "" => 1,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        _ => return Err(problem("is not a rate like 500K or 1.5M")),
    };
    let bytes = decimal::times(number, unit).map_err(|wrong| match wrong {
        Wrong::Unreadable => problem("is not a rate like 500K or 1.5M"),
        Wrong::TooLarge => problem("is too large"),
    })?;
    // A positive rate below one byte a second is a very low limit; 0 would mean none.
    let least = u64::from(number.contains(|c| ('1'..='9').contains(&c)));
    u64::try_from(bytes).map(|bytes| bytes.max(least)).map_err(|_| problem("is too large"))
}

/// `HOST:PORT:IP`, where an IPv6 address may be in brackets.
pub(super) fn pin(value: &OsStr) -> Result<Pin, Problem> {
    let pin = text(value)?;
    parse_pin(&pin).ok_or_else(|| format!("'{}' is not HOST:PORT:IP", shown_value(&pin)))
}

fn parse_pin(text: &str) -> Option<Pin> {
    let mut parts = text.splitn(3, ':');
    let (host, port, ip) = (parts.next()?, parts.next()?, parts.next()?);
    let is_name =
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    let is_number = port.bytes().all(|b| b.is_ascii_digit());
    let bracketed = ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']'));
    let ip = match bracketed {
        Some(ip) => IpAddr::V6(ip.parse().ok()?),
        None => ip.parse().ok()?,
    };
    let port = port.parse().ok().filter(|port| *port > 0 && is_number)?;
    is_name.then(|| Pin { host: host.to_ascii_lowercase(), port, ip })
}
