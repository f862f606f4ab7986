//! Everything that is read before the first connection: secrets, notes, certificates, the token.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use pgyer::{ApiKey, Error, InstallType, Password, Region, Release, Result, Validity};

use crate::args::{self, Input, Install, Notes, Secret};

/// More than any of these files has; so that `/dev/zero` is an error and not the end of memory.
const MAX_SIZE: u64 = 4 << 20;

/// Looks a variable up; one that is set but empty counts as not set.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Reads what the options name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inputs {
    /// When to stop waiting for what a pipe has to say.
    pub(crate) until: Option<Instant>,
}

impl Inputs {
    /// The API key, from the first of its sources that has one.
    pub(crate) fn api_key(self, file: Option<&Input>) -> Result<Option<ApiKey>> {
        if let Some(input) = file {
            return key_from(&name_of(input), &self.secret_text(input)?).map(Some);
        }
        if let Some(value) = variable("PGYER_API_KEY") {
            let value = value.into_string().map_err(|_| usage("PGYER_API_KEY is not UTF-8"))?;
            return key_from("PGYER_API_KEY", &value).map(Some);
        }
        if let Some(path) = variable("PGYER_CONFIG_FILE").map(PathBuf::from) {
            let key = self.key_in_config(&path)?;
            let nothing = || usage(format!("{}: there is no API key in it", path.display()));
            return key.ok_or_else(nothing).map(Some);
        }
        for path in default_configs() {
            match self.key_in_config(&path) {
                Ok(None) => {}
                Err(Error::Io { source, .. }) if is_missing(&source) => {}
                found => return found,
            }
        }
        Ok(None)
    }

    /// The key in a file of the official clients.
    fn key_in_config(self, path: &Path) -> Result<Option<ApiKey>> {
        let text = self.read_text(&Input::File(path.to_owned()))?;
        key_in(&path.display().to_string(), &text)
    }

    /// A password from a file or a variable.
    pub(crate) fn password(self, secret: &Secret) -> Result<Password> {
        let (name, text) = match secret {
            Secret::Env(name) => {
                let value = variable(name).unwrap_or_default();
                let text =
                    value.into_string().map_err(|_| usage(format!("{name} is not UTF-8")))?;
                ((*name).to_owned(), text)
            }
            Secret::Input(input) => (name_of(input), self.secret_text(input)?),
        };
        Password::new(text).map_err(|error| usage(format!("{name}: {error}")))
    }

    /// A secret's file loses one line break at its end, which editors and `echo` put there.
    fn secret_text(self, input: &Input) -> Result<String> {
        let mut text = self.read_text(input)?;
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        if text.is_empty() {
            return Err(usage(format!(
                "{}: it is empty, where a secret is expected",
                name_of(input)
            )));
        }
        Ok(text)
    }

    /// A whole text, as it is.
    pub(crate) fn read_text(self, input: &Input) -> Result<String> {
        let bytes = self.read(input)?;
        String::from_utf8(bytes)
            .map_err(|_| usage(format!("{}: it is not UTF-8 text", name_of(input))))
    }

    /// A whole file, or standard input.
    pub(crate) fn read(self, input: &Input) -> Result<Vec<u8>> {
        let name = name_of(input);
        let read = match self.until {
            None => contents(input),
            Some(until) => contents_until(input, until)?,
        };
        let bytes = read.map_err(|source| Error::Io { action: format!("read {name}"), source })?;
        if bytes.len() as u64 > MAX_SIZE {
            return Err(usage(format!("{name}: it is too large to be what is expected")));
        }
        Ok(bytes)
    }

    /// Reads what the options name, and puts it into the library's terms.
    pub(crate) fn release(self, given: &args::Release) -> Result<Release> {
        let mut release = Release::default();
        release.install_type = match &given.install {
            None => None,
            Some(Install::Public) => Some(InstallType::Public),
            Some(Install::Invite) => Some(InstallType::Invite),
            Some(Install::Password(secret)) => Some(InstallType::Password(self.password(secret)?)),
        };
        release.description = given.description.clone();
        release.update_description = match &given.notes {
            None => None,
            Some(Notes::Text(text)) => Some(text.clone()),
            Some(Notes::File(input)) => Some(self.read_text(input)?),
        };
        release.validity = match given.validity {
            None => None,
            Some(args::Validity::Forever) => Some(Validity::Forever),
            Some(args::Validity::Between { from, until }) => Some(Validity::window(from, until)?),
        };
        release.channel_shortcut = given.channel.clone();
        release.region = given.region.map(|region| match region {
            args::Region::Overseas => Region::Overseas,
            args::Region::China => Region::China,
        });
        Ok(release)
    }
}

fn contents(input: &Input) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match input {
        Input::Stdin => io::stdin().take(MAX_SIZE + 1).read_to_end(&mut bytes)?,
        Input::File(path) => File::open(path)?.take(MAX_SIZE + 1).read_to_end(&mut bytes)?,
    };
    Ok(bytes)
}

/// The same, read aside, since a pipe may have no end.
fn contents_until(input: &Input, until: Instant) -> Result<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    let (action, input) = (format!("read {}", name_of(input)), input.clone());
    // Nobody listens any more when it took too long.
    let read = move || drop(sender.send(contents(&input)));
    if let Err(source) = thread::Builder::new().spawn(read) {
        return Err(Error::Io { action, source });
    }
    let left = until.saturating_duration_since(Instant::now());
    receiver.recv_timeout(left).map_err(|_| Error::Network {
        action,
        problem: "the time allowed for the whole command ran out".to_owned(),
        advice: Some("allow more with --timeout".to_owned()),
        http_status: None,
        may_pass: true,
        source: None,
    })
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn default_configs() -> Vec<PathBuf> {
    let folder = variable("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".config")));
    folder.map_or_else(Vec::new, |folder| {
        ["config.json", "config"].map(|name| folder.join("pgyer").join(name)).to_vec()
    })
}

fn key_from(name: &str, text: &str) -> Result<ApiKey> {
    ApiKey::new(text).map_err(|error| usage(format!("{name}: {error}")))
}

/// The key in JSON with `apiKey`, or in lines of which one is `PGYER_API_KEY=value`.
pub(crate) fn key_in(name: &str, text: &str) -> Result<Option<ApiKey>> {
    let text = text.trim_start_matches('\u{feff}');
    let key = if text.trim_start().starts_with('{') {
        let config: serde_json::Value = serde_json::from_str(text)
            .map_err(|_| usage(format!("{name}: it is not JSON, though it begins so")))?;
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
    (name.trim_end() == "PGYER_API_KEY").then(|| unquoted.to_owned())
}

fn name_of(input: &Input) -> String {
    match input {
        Input::Stdin => "standard input".to_owned(),
        Input::File(path) => path.display().to_string(),
    }
}

pub(crate) fn usage(message: impl Into<String>) -> Error {
    Error::Usage { message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_official_script_are_understood() {
        for line in [
            "PGYER_API_KEY=abc",
            "  export PGYER_API_KEY=\"abc\"  ",
            "PGYER_API_KEY='abc'",
            "PGYER_API_KEY = abc",
        ] {
            assert_eq!(key_in_line(line).as_deref(), Some("abc"), "{line}");
        }
        for line in ["# PGYER_API_KEY=abc", "OTHER_PGYER_API_KEY=abc", "PGYER_API_KEY", ""] {
            assert_eq!(key_in_line(line), None, "{line}");
        }
    }
}
