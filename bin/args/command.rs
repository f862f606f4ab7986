//! A parsed command line: plain, validated data without secrets.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use pgyer::{BuildType, Expected, Region, RetryPolicy, Validity, Wait};

/// A whole command line. `None` in an option means the library's default.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Command {
    pub(crate) action: Action,
    pub(crate) network: Network,
    pub(crate) output: Output,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    Upload(Upload),
    Status(Status),
    Token(Token),
    Put(Put),
    HarmonyCert { key: String, file: PathBuf, password: Secret },
    HarmonyHsp { key: String, files: Vec<PathBuf> },
    Check(Check),
    Doctor,
    Sandbox(Sandbox),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Upload {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) release: Release,
    pub(crate) file_name: Option<String>,
    /// `None` stops once the file is stored.
    pub(crate) wait: Option<Wait>,
    /// Only with a single file, as the certificate.
    pub(crate) hsps: Vec<PathBuf>,
    pub(crate) certificate: Option<Certificate>,
    pub(crate) legacy: bool,
    pub(crate) check: bool,
    pub(crate) expected: Expected,
    pub(crate) jobs: usize,
    pub(crate) qr: Qr,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Certificate {
    pub(crate) file: Input,
    pub(crate) password: Secret,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Status {
    pub(crate) key: String,
    /// `None` asks once.
    pub(crate) wait: Option<Wait>,
    pub(crate) qr: Qr,
}

/// What becomes of the QR code of the install page.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Qr {
    pub(crate) show: When,
    /// Where to write it as a picture.
    pub(crate) file: Option<PathBuf>,
}

/// At least one of `file` and the release's type is given.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) file: Option<PathBuf>,
    pub(crate) release: Release,
    pub(crate) check: bool,
    pub(crate) expected: Expected,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Put {
    pub(crate) token: Input,
    pub(crate) file: PathBuf,
    pub(crate) build_type: Option<BuildType>,
    pub(crate) file_name: Option<String>,
    pub(crate) check: bool,
    pub(crate) expected: Expected,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Check {
    pub(crate) files: Vec<PathBuf>,
    /// Only with a single file.
    pub(crate) hsps: Vec<PathBuf>,
    pub(crate) expected: Expected,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sandbox {
    pub(crate) port: Option<u16>,
    pub(crate) polls: Option<u32>,
    pub(crate) public_url: Option<String>,
    pub(crate) publish_as: Option<String>,
    pub(crate) strict_requests: bool,
    /// As written; the sandbox parses them.
    pub(crate) faults: Vec<String>,
    pub(crate) run: SandboxRun,
}

/// What runs in the sandbox.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SandboxRun {
    /// Nothing: it serves requests until it is interrupted.
    Serve,
    /// Another program, with its arguments.
    Program(Vec<OsString>),
    /// A command line of this program, not parsed yet and never empty.
    Pgyer(Vec<OsString>),
}

/// The options that describe the release: the library's `Release`, before passwords and notes have
/// been read.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Release {
    pub(crate) build_type: Option<BuildType>,
    pub(crate) install: Option<Install>,
    pub(crate) description: Option<String>,
    pub(crate) notes: Option<Notes>,
    pub(crate) validity: Option<Validity>,
    pub(crate) channel: Option<String>,
    /// `None` is `auto`.
    pub(crate) region: Option<Region>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Install {
    Public,
    Password(Secret),
    Invite,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Notes {
    Text(String),
    File(Input),
}

/// Where to read a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Secret {
    /// This environment variable, which is set and not empty.
    Env(&'static str),
    Input(Input),
}

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// Standard input, written `-`. Serves one option of a command line at most.
    Stdin,
    File(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Network {
    pub(crate) api_key_file: Option<Input>,
    /// A URL that the library accepts.
    pub(crate) api_url: Option<String>,
    /// From the option alone; the library looks at the environment.
    pub(crate) proxy: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) resolve: Vec<Pin>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) stall_timeout: Option<Duration>,
    /// Bytes a second; 0 means no limit.
    pub(crate) limit_rate: Option<u64>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: RetryPolicy,
    pub(crate) insecure_http: bool,
}

/// An address to connect to instead of those that DNS knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pin {
    /// In lower case.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) ip: IpAddr,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Output {
    pub(crate) verbosity: Verbosity,
    pub(crate) progress: When,
    /// Takes `NO_COLOR` into account.
    pub(crate) color: When,
    pub(crate) format: Format,
}

/// The last of `-q` and `-v` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Verbosity {
    Quiet,
    #[default]
    Normal,
    Verbose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum When {
    #[default]
    Auto,
    Always,
    Never,
}

impl When {
    pub(super) fn by_name(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Self::Auto),
            "always" => Some(Self::Always),
            "never" => Some(Self::Never),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
    Env,
    Dotenv,
}

impl Format {
    pub(super) fn by_name(name: &str) -> Option<Self> {
        match name {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            "env" => Some(Self::Env),
            "dotenv" => Some(Self::Dotenv),
            _ => None,
        }
    }
}
