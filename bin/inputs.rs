//! Everything that is read before the first connection: secrets, notes, certificates, the token.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use pgyer::{ApiKey, Error, InstallType, Password, Release, Result, Source, UploadToken};

use crate::args::{self, Input, Install, Notes, Secret};
use crate::text;

/// Far larger than any legitimate input; makes `/dev/zero` an error instead of exhausting memory.
const MAX_SIZE: u64 = 4 << 20;

pub(crate) const P12_PASSWORD: &str = "--p12-password-file";

/// Looks a variable up. One that is set but empty counts as not set.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn secret_variable(name: &str) -> Result<Option<String>> {
    let secret = |value: OsString| named(name, text::secret(value.as_encoded_bytes()));
    variable(name).map(secret).transpose()
}

/// Reads what the options name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inputs {
    /// When to stop waiting for a pipe.
    pub(crate) until: Option<Instant>,
}

impl Inputs {
    /// Returns the API key from the first of its sources that has one.
    pub(crate) fn api_key(self, file: Option<&Input>) -> Result<Option<ApiKey>> {
        if let Some(input) = file {
            let (name, text) = self.secret_text(input, "--api-key-file")?;
            let wrong = |error| usage(format!("{name}: {error}"));
            return ApiKey::new(text).map_err(wrong).map(Some);
        }
        let found = in_time(self.until, ApiKey::discover);
        match found.unwrap_or_else(|| Err(Error::io("read the API key", too_late()))) {
            Err(Error::NoApiKey) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Returns a password from a variable or from the file of an option.
    pub(crate) fn password(self, secret: &Secret, option: &str) -> Result<Password> {
        let (name, text) = match secret {
            Secret::Env(name) => ((*name).to_owned(), secret_variable(name)?.unwrap_or_default()),
            Secret::Input(input) => self.secret_text(input, option)?,
        };
        Password::new(text).map_err(|error| usage(format!("{name}: {error}")))
    }

    /// Returns the certificate of a HAP.
    pub(crate) fn certificate(self, given: &args::Certificate) -> Result<P12> {
        let password = self.password(&given.password, P12_PASSWORD)?;
        let (path, bytes) = match &given.file {
            Input::File(path) => (path.clone(), None),
            Input::Stdin => ("certificate.p12".into(), Some(self.read(&given.file)?)),
        };
        Ok(P12 { path, bytes, password })
    }

    /// Returns the text of a secret's file and a name for the file. Its own name is never repeated:
    /// it may be the secret itself.
    fn secret_text(self, input: &Input, option: &str) -> Result<(String, String)> {
        let name = match input {
            Input::Stdin => name_of(input),
            Input::File(_) => format!("the file of {option}"),
        };
        let bytes = self.bytes(input, &name).map_err(|mut error| {
            let is_missing = matches!(input, Input::File(path) if !path.exists());
            if let (true, Error::Io { source, .. }) = (is_missing, &mut error) {
                let advice = format!("{option} takes the name of a file, not the secret itself");
                *source = io::Error::new(source.kind(), format!("{source}; {advice}"));
            }
            error
        })?;
        let text = named(&name, text::secret(&bytes))?;
        Ok((name, text))
    }

    /// Returns the token in a file. Messages name the file, unless there is none with that name and
    /// the name may be the token itself.
    pub(crate) fn token(self, input: &Input) -> Result<UploadToken> {
        if matches!(input, Input::File(path) if begins_like_json(path) && !path.exists()) {
            return Err(usage(
                "--token takes the name of a file, not the token itself, which other users of \
                 this machine can read on the command line",
            ));
        }
        UploadToken::from_json(&self.read_text(input)?)
            .map_err(|error| usage(format!("{}: {error}", name_of(input))))
    }

    /// Reads a whole text, as it is but for a byte order mark.
    pub(crate) fn read_text(self, input: &Input) -> Result<String> {
        named(&name_of(input), text::decoded(&self.read(input)?))
    }

    /// Reads a whole file, or standard input.
    pub(crate) fn read(self, input: &Input) -> Result<Vec<u8>> {
        self.bytes(input, &name_of(input))
    }

    fn bytes(self, input: &Input, name: &str) -> Result<Vec<u8>> {
        let owned = input.clone();
        let bytes = in_time(self.until, move || contents(&owned));
        let bytes = bytes
            .unwrap_or_else(|| Err(too_late()))
            .map_err(|source| Error::io(format!("read {name}"), source))?;
        if bytes.len() as u64 > MAX_SIZE {
            return Err(usage(format!("{name}: it is too large to be what is expected")));
        }
        Ok(bytes)
    }

    /// Reads what the options of a release name.
    pub(crate) fn release(self, given: &args::Release) -> Result<Release> {
        let mut release = Release::default();
        release.install_type = match &given.install {
            None => None,
            Some(Install::Public) => Some(InstallType::Public),
            Some(Install::Invite) => Some(InstallType::Invite),
            Some(Install::Password(secret)) => {
                let password = self.password(secret, "--install-password-file")?;
                Some(InstallType::Password(password))
            }
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

/// The certificate of a HAP. A file is opened together with the HAP; standard input has been read
/// already.
pub(crate) struct P12 {
    path: PathBuf,
    bytes: Option<Vec<u8>>,
    password: Password,
}

impl P12 {
    pub(crate) fn open(&self) -> Result<(Source, Password)> {
        let source = match &self.bytes {
            Some(bytes) => Source::from_bytes(&self.path, bytes.as_slice()),
            None => Source::open(&self.path),
        };
        Ok((source?, self.password.clone()))
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

/// Does what may wait for a pipe, until a point in time: in a thread of its own, because a pipe may
/// never reach its end. `None` if that was too long.
fn in_time<T: Send + 'static>(
    until: Option<Instant>,
    work: impl Fn() -> T + Clone + Send + 'static,
) -> Option<T> {
    let Some(until) = until else { return Some(work()) };
    let (sender, receiver) = mpsc::channel();
    let in_thread = work.clone();
    // Nobody receives any more once the time is up.
    let read = move || drop(sender.send(in_thread()));
    if thread::Builder::new().spawn(read).is_err() {
        // No thread could be started: do it here. Only a pipe could then take longer than allowed.
        return Some(work());
    }
    receiver.recv_timeout(until.saturating_duration_since(Instant::now())).ok()
}

fn too_late() -> io::Error {
    let problem = "the time allowed with --timeout ran out before its end";
    io::Error::new(io::ErrorKind::TimedOut, problem)
}

/// The text, or its problem under a name.
fn named(name: &str, text: Result<String, &'static str>) -> Result<String> {
    text.map_err(|problem| usage(format!("{name}: {problem}")))
}

fn begins_like_json(path: &Path) -> bool {
    let name = path.to_string_lossy();
    let name = name.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    name.starts_with(['{', '[', '"'])
}

pub(crate) fn name_of(input: &Input) -> String {
    match input {
        Input::Stdin => "standard input".to_owned(),
        Input::File(path) => path.display().to_string(),
    }
}

pub(crate) fn usage(message: impl Into<String>) -> Error {
    Error::usage(message)
}
