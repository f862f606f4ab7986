//! What has to hold for any bytes at all, of what the program itself reads. The library's share is
//! in `src/fuzzing.rs`.

use std::ffi::OsString;
use std::time::Duration;

use crate::args::{self, Parsed};
use crate::config;
use crate::output;

/// What stands for a secret, and where it may stand.
const SECRET: &str = "hunter2hunter2";
const SECRET_OPTIONS: [&str; 6] = [
    "--api-key=",
    "-k",
    "--password=",
    "--build-password=",
    "--p12-password=",
    "--proxy=http://u:",
];

/// The command line, its words with NULs between them. A word `NAME==VALUE` is a variable.
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

/// Durations: what is one is what a float says that it is, more or less.
pub(crate) fn durations(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(duration) = args::parse_duration(text) else { return };
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

/// Configuration files of the official clients.
pub(crate) fn configuration(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match config::key_in("FILE", text) {
        Ok(None) => {}
        Ok(Some(key)) => {
            let key = key.expose();
            assert!(!key.is_empty() && !key.contains(char::is_whitespace));
            assert!(
                text.contains("apiKey") || text.contains("PGYER_API_KEY") || text.contains('\\')
            );
        }
        Err(error) => {
            let said = error.report();
            // What a message may have of the file is its name.
            assert!(said.starts_with("FILE: ") && said.len() < 200, "{said}");
            assert_eq!(output::harmless(&said), said);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goes through the bytes that were kept for a target.
    fn replay(target: &str, property: fn(&[u8])) {
        let folder = format!("{}/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
        assert!(files.len() >= 10, "{} inputs of {target}", files.len());
        for file in files {
            property(&std::fs::read(file.path()).unwrap());
        }
    }

    #[test]
    fn what_was_found_before_is_found_no_more() {
        replay("command_line", command_line);
        replay("times", durations);
        replay("configuration", configuration);
    }
}
