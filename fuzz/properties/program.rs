//! What must hold for any bytes whatsoever that the program itself reads. It is compiled into the
//! program's tests, and into `fuzz/` beside the program's own sources.

#[cfg(test)]
mod replay;

use std::ffi::OsString;
use std::time::Duration;

use crate::args::{self, Parsed, duration};

/// A stand-in for a secret, and the options by which people try to pass one.
const SECRET: &str = "hunter2hunter2";
const SECRET_OPTIONS: [&str; 6] = [
    "--api-key=",
    "-k",
    "--password=",
    "--build-password=",
    "--p12-password=",
    "--proxy=http://u:",
];

/// Command lines: parsing gives the same result twice, and no message repeats a secret. The data is
/// words separated by NULs, of which `NAME==VALUE` sets a variable.
pub(crate) fn command_line(data: &[u8]) {
    let words = data.split(|byte| *byte == 0).map(os_string);
    let (variables, words): (Vec<OsString>, Vec<OsString>) =
        words.partition(|word| word.to_string_lossy().contains("=="));
    let variable = |name: &str| {
        let prefix = format!("{name}==");
        let mut found = variables.iter().filter_map(|word| word.to_str()?.strip_prefix(&prefix));
        found.next_back().map(OsString::from)
    };
    let parsed = args::parse(words.clone(), &variable);
    assert_eq!(parsed, args::parse(words.clone(), &variable));
    match parsed {
        Ok(Parsed::Print(text)) => assert!(text.ends_with('\n')),
        Ok(Parsed::Run(command)) => assert!(!format!("{command:?}").is_empty()),
        Err(error) => {
            let message = error.message;
            assert!(!message.is_empty() && !message.contains(char::is_control), "{message:?}");
            let has_secret = |word: &&OsString| word.to_string_lossy().contains(SECRET);
            let mut with_secret = words.iter().filter(has_secret);
            let is_option = |word: &OsString| {
                let word = word.to_string_lossy();
                SECRET_OPTIONS.iter().any(|option| {
                    word.strip_prefix(option).is_some_and(|rest| rest.starts_with(SECRET))
                })
            };
            assert!(!with_secret.all(is_option) || !message.contains(SECRET), "{message}");
        }
    }
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// Durations: the value agrees with that of floating-point arithmetic.
pub(crate) fn durations(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(duration) = duration::parse(text) else { return };
    assert!(duration <= Duration::from_secs(10_000_000_000));
    let (number, unit) = ["ms", "s", "m", "h"]
        .iter()
        .find_map(|unit| Some((text.strip_suffix(unit)?, *unit)))
        .unwrap_or((text, "s"));
    let seconds = match unit {
        "ms" => 0.001,
        "m" => 60.0,
        "h" => 3600.0,
        _ => 1.0,
    };
    let expected = number.parse::<f64>().expect("a number") * seconds;
    let got = duration.as_secs_f64();
    assert!((got - expected).abs() <= 1e-6 + expected * 1e-9, "{text}: {got}, {expected}");
}

#[cfg(test)]
mod tests {
    use super::replay::replay;
    use super::*;

    #[test]
    fn the_corpora_hold() {
        replay("command_line", command_line);
        replay("times", durations);
    }
}
