//! The configuration files of the official clients, for the API key in them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pgyer::{ApiKey, Error, Result};

use crate::args::Input;
use crate::inputs::{Inputs, key_from, usage, variable};

/// Returns the key in the file that `PGYER_CONFIG_FILE` names, or in the first default file that
/// has one.
pub(crate) fn api_key(inputs: Inputs) -> Result<Option<ApiKey>> {
    if let Some(path) = variable("PGYER_CONFIG_FILE").map(PathBuf::from) {
        let key = key_in_file(inputs, &path)?;
        let no_key = || usage(format!("{}: there is no API key in it", path.display()));
        return key.ok_or_else(no_key).map(Some);
    }
    for path in default_files() {
        if let Some(key) = key_in_default_file(inputs, &path)? {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// The variables that name the home directory. On Windows, shells ported from Unix set the first;
/// the official clients use the second.
const HOMES: &[&str] = if cfg!(windows) { &["HOME", "USERPROFILE"] } else { &["HOME"] };

fn default_files() -> Vec<PathBuf> {
    let homes: Vec<PathBuf> = HOMES.iter().filter_map(|name| absolute(name)).collect();
    files_in(absolute("XDG_CONFIG_HOME"), &homes)
}

fn files_in(configurations: Option<PathBuf>, homes: &[PathBuf]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = configurations.into_iter().collect();
    if folders.is_empty() {
        folders.extend(homes.iter().map(|home| home.join(".config")));
    }
    let names = ["pgyer/config.json", "pgyer/config"];
    let mut files: Vec<PathBuf> =
        folders.iter().flat_map(|folder| names.map(|name| folder.join(name))).collect();
    files.extend(homes.iter().map(|home| home.join(".pgyer/config")));
    files
}

/// Looks up a folder in a variable. A relative one counts as not set, as the XDG specification has
/// it: what it means depends on where the program happens to run.
fn absolute(name: &str) -> Option<PathBuf> {
    variable(name).map(PathBuf::from).filter(|folder| folder.is_absolute())
}

/// Returns `None` for a file that does not exist.
fn key_in_default_file(inputs: Inputs, path: &Path) -> Result<Option<ApiKey>> {
    let found = fs::metadata(path).and_then(|metadata| {
        // Nobody named this file. Opening a FIFO would wait for a writer that may never come.
        if metadata.is_file() || metadata.is_dir() {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
        }
    });
    match found {
        Ok(()) => key_in_file(inputs, path),
        Err(error) if is_missing(&error) => Ok(None),
        Err(source) => Err(Error::io(format!("read {}", path.display()), source)),
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn key_in_file(inputs: Inputs, path: &Path) -> Result<Option<ApiKey>> {
    let text = inputs.read_text(&Input::File(path.to_owned()))?;
    key_in(&path.display().to_string(), &text)
}

/// Finds the key in JSON with `apiKey`, or in lines of which one is `PGYER_API_KEY=value` or
/// `api_key=value`.
pub(crate) fn key_in(name: &str, text: &str) -> Result<Option<ApiKey>> {
    let key = if text.trim_start().starts_with('{') {
        let config: serde_json::Value = serde_json::from_str(text)
            .map_err(|_| usage(format!("{name}: it begins like JSON and is not valid JSON")))?;
        match config.get("apiKey") {
            None | Some(serde_json::Value::Null) => None,
            Some(serde_json::Value::String(key)) => Some(key.clone()),
            Some(_) => return Err(usage(format!("{name}: its \"apiKey\" is not a string"))),
        }
    } else {
        text.lines().rev().find_map(key_in_line)
    };
    key.filter(|key| !key.is_empty()).map(|key| key_from(name, &key)).transpose()
}

fn key_in_line(line: &str) -> Option<String> {
    let line = line.trim();
    let line = line.strip_prefix("export ").map_or(line, str::trim_start);
    let (name, value) = line.split_once('=')?;
    let value = value.trim();
    let unquoted = ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value);
    matches!(name.trim_end(), "PGYER_API_KEY" | "api_key").then(|| unquoted.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_home_has_its_files() {
        let files = |folder: Option<&str>| {
            let files = files_in(folder.map(Into::into), &["one".into(), "two".into()]);
            files.iter().map(|file| file.to_str().unwrap().replace('\\', "/")).collect::<Vec<_>>()
        };
        let own = ["one/.pgyer/config", "two/.pgyer/config"];
        let xdg = ["xdg/pgyer/config.json", "xdg/pgyer/config"];
        assert_eq!(files(Some("xdg")), [xdg, own].concat());
        let one = ["one/.config/pgyer/config.json", "one/.config/pgyer/config"];
        let two = ["two/.config/pgyer/config.json", "two/.config/pgyer/config"];
        assert_eq!(files(None), [one, two, own].concat());
    }

    #[test]
    fn lines_of_the_official_clients_are_understood() {
        for line in [
            "PGYER_API_KEY=abc",
            "  export PGYER_API_KEY=\"abc\"  ",
            "PGYER_API_KEY='abc'",
            "PGYER_API_KEY = abc",
            "api_key=abc",
            "api_key = \"abc\"",
        ] {
            assert_eq!(key_in_line(line).as_deref(), Some("abc"), "{line}");
        }
        let others =
            ["# PGYER_API_KEY=abc", "OTHER_PGYER_API_KEY=abc", "PGYER_API_KEY", "", "key=a"];
        for line in others {
            assert_eq!(key_in_line(line), None, "{line}");
        }
    }
}
