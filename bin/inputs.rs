//! Everything that is read before the first connection: secrets, notes, certificates, the token.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use pgyer::{ApiKey, Error, InstallType, Password, Release, Result};

use crate::args::{self, Input, Install, Notes, Secret};
use crate::config;

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
        config::api_key(self)
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
        let bytes = read.map_err(|source| Error::io(format!("read {name}"), source))?;
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
        release.validity = given.validity;
        release.channel_shortcut = given.channel.clone();
        release.region = given.region;
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

/// Reads until a point in time, in a thread of its own, because a pipe may never reach its end.
fn contents_until(input: &Input, until: Instant) -> Result<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    let in_thread = input.clone();
    // Nobody receives any more once the time is up.
    let read = move || drop(sender.send(contents(&in_thread)));
    if thread::Builder::new().spawn(read).is_err() {
        // Without a thread a file can still be read, and only a pipe can keep us too long.
        return Ok(contents(input));
    }
    let left = until.saturating_duration_since(Instant::now());
    let action = || format!("read {}", name_of(input));
    receiver.recv_timeout(left).map_err(|_| Error::timed_out(action()))
}

pub(crate) fn key_from(name: &str, text: &str) -> Result<ApiKey> {
    ApiKey::new(text).map_err(|error| usage(format!("{name}: {error}")))
}

fn name_of(input: &Input) -> String {
    match input {
        Input::Stdin => "standard input".to_owned(),
        Input::File(path) => path.display().to_string(),
    }
}

pub(crate) fn usage(message: impl Into<String>) -> Error {
    Error::usage(message)
}
