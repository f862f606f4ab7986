//! What a command line comes to: plain data, valid in itself, with no secret in it.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use pgyer::{BuildType, Date};

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
    Check { files: Vec<PathBuf> },
    Doctor,
    Sandbox(Sandbox),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Upload {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) release: Release,
    pub(crate) file_name: Option<String>,
    pub(crate) wait: bool,
    pub(crate) waiting: Waiting,
    /// Only with a single file, as the certificate.
    pub(crate) hsps: Vec<PathBuf>,
    pub(crate) certificate: Option<Certificate>,
    pub(crate) legacy: bool,
    pub(crate) check: bool,
    pub(crate) jobs: usize,
    pub(crate) qr: When,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Certificate {
    pub(crate) file: PathBuf,
    pub(crate) password: Secret,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Status {
    pub(crate) key: String,
    pub(crate) wait: bool,
    pub(crate) waiting: Waiting,
    pub(crate) qr: When,
}

/// At least one of `file` and the release's type is given.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) file: Option<PathBuf>,
    pub(crate) release: Release,
    pub(crate) check: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Put {
    pub(crate) token: Input,
    pub(crate) file: PathBuf,
    pub(crate) build_type: Option<BuildType>,
    pub(crate) file_name: Option<String>,
    pub(crate) check: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sandbox {
    pub(crate) port: Option<u16>,
    pub(crate) polls: Option<u32>,
    pub(crate) public_url: Option<String>,
    /// As written; the sandbox reads them.
    pub(crate) faults: Vec<String>,
    pub(crate) run: SandboxRun,
}

/// What goes on in the sandbox.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SandboxRun {
    /// It waits for requests.
    Serve,
    /// Another program, with its arguments.
    Program(Vec<OsString>),
    /// A command line of this program, not parsed yet and never empty.
    Pgyer(Vec<OsString>),
}

/// What describes the release.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Release {
    pub(crate) build_type: Option<BuildType>,
    pub(crate) install: Option<Install>,
    pub(crate) description: Option<String>,
    pub(crate) notes: Option<Notes>,
    pub(crate) validity: Option<Validity>,
    pub(crate) channel: Option<String>,
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

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Validity {
    Forever,
    /// The first day is not after the last.
    Between {
        from: Date,
        until: Date,
    },
}

/// Where the storage is to be; automatic unless given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Region {
    Overseas,
    China,
}

/// Where a secret is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Secret {
    /// In this environment variable, which is set and not empty.
    Env(&'static str),
    Input(Input),
}

/// A file to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// Standard input, written `-`; at most one of a command's inputs.
    Stdin,
    File(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Network {
    pub(crate) api_key_file: Option<Input>,
    /// An `http` or `https` URL without user, query, fragment and final slash.
    pub(crate) api_url: Option<String>,
    /// The option alone; the environment is the library's to look at.
    pub(crate) proxy: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) resolve: Vec<Pin>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) stall_timeout: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: Option<u32>,
    pub(crate) retry_delay: Option<Duration>,
    pub(crate) insecure_http: bool,
}

/// An address to connect to in place of the ones that DNS knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pin {
    /// In lower case.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) ip: IpAddr,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Waiting {
    pub(crate) timeout: Option<Duration>,
    pub(crate) poll_interval: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Output {
    pub(crate) verbosity: Verbosity,
    pub(crate) progress: When,
    /// `NO_COLOR` counted in.
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
    Env,
    Dotenv,
}
