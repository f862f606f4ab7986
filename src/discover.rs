//! The API key where the program and the official clients look for it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::secret::ApiKey;
use crate::text;

/// Far larger than any configuration; makes `/dev/zero` an error instead of exhausting memory.
const MAX_SIZE: u64 = 4 << 20;

/// The variables that name the home directory. On Windows, shells ported from Unix set the first;
/// the official clients use the second.
const HOMES: &[&str] = if cfg!(windows) { &["HOME", "USERPROFILE"] } else { &["HOME"] };

impl ApiKey {
    /// Finds the API key where the program looks for it: in the variable `PGYER_API_KEY`, else in
    /// the file that `PGYER_CONFIG_FILE` names, else in the official clients' own files:
    /// `pgyer/config.json` and `pgyer/config` in `$XDG_CONFIG_HOME` or `~/.config`, and
    /// `~/.pgyer/config`. Empty variables, and relative folders, count as not set.
    ///
    /// A file that `PGYER_CONFIG_FILE` names may be a pipe, which is read to its end.
    ///
    /// # Errors
    /// [`Error::NoApiKey`] if there is none; [`Error::Usage`] if the first that is found is not a
    /// key, with its place and not its text; [`Error::Io`] if a file can't be read.
    ///
    /// ```no_run
    /// use pgyer::{ApiKey, Client};
    ///
    /// let client = Client::builder().api_key(ApiKey::discover()?).build()?;
    /// # Ok::<(), pgyer::Error>(())
    /// ```
    pub fn discover() -> Result<Self> {
        find(&|name| std::env::var_os(name))
    }
}

/// Looks a variable up.
type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Looks up a variable that counts as not set if it is empty.
fn set(variables: Variables<'_>, name: &str) -> Option<OsString> {
    variables(name).filter(|value| !value.is_empty())
}

fn find(variables: Variables<'_>) -> Result<ApiKey> {
    let name = "PGYER_API_KEY";
    if let Some(value) = set(variables, name) {
        let text = text::secret(value.as_encoded_bytes());
        return key_from(name, text.map_err(|problem| wrong(name, problem))?);
    }
    if let Some(path) = set(variables, "PGYER_CONFIG_FILE").map(PathBuf::from) {
        let no_key = || wrong(&path.display().to_string(), "there is no API key in it");
        return key_in_file(&path)?.ok_or_else(no_key);
    }
    for path in default_files(variables) {
        if let Some(key) = key_in_default_file(&path)? {
            return Ok(key);
        }
    }
    Err(Error::NoApiKey)
}

fn default_files(variables: Variables<'_>) -> Vec<PathBuf> {
    // A relative folder counts as not set, as the XDG specification has it: what it means depends
    // on where the program happens to run.
    let absolute =
        |name: &str| set(variables, name).map(PathBuf::from).filter(|folder| folder.is_absolute());
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

/// Returns `None` for a file that does not exist.
fn key_in_default_file(path: &Path) -> Result<Option<ApiKey>> {
    let found = fs::metadata(path).and_then(|metadata| {
        // Nobody named this file. Opening a FIFO would wait for a writer that may never come.
        if metadata.is_file() || metadata.is_dir() {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
        }
    });
    match found {
        Ok(()) => key_in_file(path),
        Err(error) if is_missing(&error) => Ok(None),
        Err(source) => Err(unreadable(path, source)),
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn unreadable(path: &Path, source: io::Error) -> Error {
    Error::io(format!("read {}", path.display()), source)
}

fn key_in_file(path: &Path) -> Result<Option<ApiKey>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_SIZE + 1).read_to_end(&mut bytes));
    read.map_err(|source| unreadable(path, source))?;
    let name = path.display().to_string();
    if bytes.len() as u64 > MAX_SIZE {
        return Err(wrong(&name, "it is too large to be what is expected"));
    }
    let text = text::decoded(&bytes).map_err(|problem| wrong(&name, problem))?;
    key_in(&name, &text)
}

/// Finds the key in JSON with `apiKey`, or in lines of which one is `PGYER_API_KEY=value` or
/// `api_key=value`.
pub(crate) fn key_in(name: &str, text: &str) -> Result<Option<ApiKey>> {
    let key = if text.trim_start().starts_with('{') {
        let config: serde_json::Value = serde_json::from_str(text)
            .map_err(|_| wrong(name, "it begins like JSON and is not valid JSON"))?;
        match config.get("apiKey") {
            None | Some(serde_json::Value::Null) => None,
            Some(serde_json::Value::String(key)) => Some(key.clone()),
            Some(_) => return Err(wrong(name, "its \"apiKey\" is not a string")),
        }
    } else {
        text.lines().rev().find_map(key_in_line)
    };
    key.filter(|key| !key.is_empty()).map(|key| key_from(name, key)).transpose()
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

fn key_from(name: &str, text: String) -> Result<ApiKey> {
    ApiKey::new(text).map_err(|error| wrong(name, &error.to_string()))
}

/// The error for what is wrong with a variable or a file.
fn wrong(name: &str, problem: &str) -> Error {
    Error::usage(format!("{name}: {problem}"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use tempfile::TempDir;

    /// Files in a folder, and variables in which `~` stands for that folder.
    struct Scene {
        /// Keeps the files.
        _folder: TempDir,
        variables: HashMap<&'static str, String>,
    }

    impl Scene {
        fn new(files: &[(&str, &[u8])], variables: &[(&'static str, &str)]) -> Self {
            let folder = TempDir::new().unwrap();
            for (name, content) in files {
                let path = folder.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            }
            let home = folder.path().display().to_string();
            let variables =
                variables.iter().map(|(name, value)| (*name, value.replace('~', &home)));
            Self { variables: variables.collect(), _folder: folder }
        }

        fn find(&self) -> Result<ApiKey> {
            find(&|name| self.variables.get(name).map(OsString::from))
        }

        fn key(&self) -> String {
            self.find().unwrap().expose().to_owned()
        }
    }

    #[test]
    fn a_variable_goes_before_a_named_file_and_that_before_the_others() {
        let files: &[(&str, &[u8])] = &[
            ("own", b"\xEF\xBB\xBFPGYER_API_KEY=of-own-file\n"),
            (".config/pgyer/config.json", b"{\"apiKey\":\"of-home\"}"),
        ];
        let named = ("PGYER_CONFIG_FILE", "~/own");
        let key = |variables: &[_]| Scene::new(files, variables).key();
        let home = ("HOME", "~");
        assert_eq!(key(&[("PGYER_API_KEY", "of-variable\n"), named, home]), "of-variable");
        assert_eq!(key(&[("PGYER_API_KEY", ""), named, home]), "of-own-file");
        assert_eq!(key(&[home]), "of-home");
    }

    #[test]
    fn no_key_is_an_error_of_its_own() {
        for variables in [&[][..], &[("HOME", "~")], &[("HOME", "."), ("XDG_CONFIG_HOME", "x")]] {
            let scene = Scene::new(&[("pgyer/config", b"OTHER=1")], variables);
            assert!(matches!(scene.find(), Err(Error::NoApiKey)), "{variables:?}");
        }
    }

    #[test]
    fn an_error_has_the_place_and_never_the_secret() {
        for (content, problem) in [
            (&b"{\"apiKey\": \"s3cret"[..], "not valid JSON"),
            (b"{\"apiKey\": [\"s3cret\"]}", "not a string"),
            (b"PGYER_API_KEY=s3cret s3cret", "white space at position 7"),
            (b"s3cret\n", "there is no API key in it"),
            (b"\xFF\xFEs\x003\0", "UTF-16"),
            (b"s3cret\xFF", "not UTF-8"),
        ] {
            let scene = Scene::new(&[("own", content)], &[("PGYER_CONFIG_FILE", "~/own")]);
            let error = scene.find().unwrap_err();
            let (said, place) = (error.report(), &scene.variables["PGYER_CONFIG_FILE"]);
            assert!(matches!(error, Error::Usage { .. }), "{error:?}");
            assert!(said.contains(problem) && said.starts_with(place), "{said}");
            assert!(!format!("{said}{error:?}").contains("s3cret"), "{said}");
        }
        let scene = Scene::new(&[], &[("PGYER_API_KEY", "s3cret\0")]);
        let said = scene.find().unwrap_err().report();
        assert!(said.starts_with("PGYER_API_KEY: ") && !said.contains("s3cret"), "{said}");
        let scene = Scene::new(&[], &[("PGYER_CONFIG_FILE", "~/missing")]);
        assert!(matches!(scene.find(), Err(Error::Io { .. })));
        let large = vec![b'\n'; usize::try_from(MAX_SIZE).unwrap() + 1];
        let scene = Scene::new(&[("own", &large)], &[("PGYER_CONFIG_FILE", "~/own")]);
        assert!(scene.find().unwrap_err().report().contains("too large"));
    }

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
