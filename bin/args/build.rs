//! A line's options and operands, made into a [`Command`]: here is what they mean together.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use super::command::*;
use super::lex::Line;
use super::values::{self, InstallType, Problem, shown_value};
use super::{Parsed, duration};
use crate::options::{self, Id};
use crate::verbs::Verb;

type Result<T> = std::result::Result<T, String>;
type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The command that a line stands for.
pub(super) fn build(line: Line, env: Env<'_>) -> Result<Parsed> {
    let given = Given { options: &line.options, env };
    let action = match line.verb {
        Verb::Upload => Action::Upload(upload(&given, line.operands)?),
        Verb::Status => Action::Status(status(&given, line.operands)?),
        Verb::Token => Action::Token(token(&given, line.operands)?),
        Verb::Put => Action::Put(put(&given, line.operands)?),
        Verb::HarmonyCert => harmony_cert(&given, line.operands)?,
        Verb::HarmonyHsp => harmony_hsp(line.operands)?,
        Verb::Check => Action::Check { files: files(line.operands, Verb::Check)? },
        Verb::Doctor => {
            no_operands(&line)?;
            Action::Doctor
        }
        Verb::Sandbox => Action::Sandbox(sandbox(&given, line.operands, line.after_dashes)?),
        Verb::Completions => return completions(line.operands),
        Verb::Man => {
            no_operands(&line)?;
            return Ok(Parsed::Print(crate::manual::page()));
        }
    };
    let network = if line.verb.uses_network() { network(&given)? } else { Network::default() };
    given.one_reads_standard_input()?;
    let output = output(&given)?;
    check_format(output.format, &action)?;
    Ok(Parsed::Run(Box::new(Command { action, network, output })))
}

/// The options of a line, and the environment beside them.
struct Given<'a> {
    options: &'a [(Id, OsString)],
    env: Env<'a>,
}

impl Given<'_> {
    fn has(&self, id: Id) -> bool {
        self.last(id).is_some()
    }

    /// An option given twice: the last one counts.
    fn last(&self, id: Id) -> Option<&OsStr> {
        self.all(id).last()
    }

    fn all(&self, id: Id) -> impl Iterator<Item = &OsStr> {
        self.options.iter().filter(move |(other, _)| *other == id).map(|(_, v)| v.as_os_str())
    }

    fn has_env(&self, name: &str) -> bool {
        (self.env)(name).is_some()
    }

    fn read<T>(
        &self,
        id: Id,
        read: impl Fn(&OsStr) -> std::result::Result<T, Problem>,
    ) -> Result<Option<T>> {
        self.last(id).map(|value| read(value).map_err(|problem| named(id, problem))).transpose()
    }

    /// A text that is not sent where it is empty.
    fn text(&self, id: Id) -> Result<Option<String>> {
        Ok(self.read(id, values::text)?.filter(|text| !text.is_empty()))
    }

    fn duration(&self, id: Id) -> Result<Option<Duration>> {
        self.read(id, |value| {
            let text = values::text(value)?;
            duration::parse(&text).map_err(|problem| format!("'{}' {problem}", shown_value(&text)))
        })
    }

    /// A duration that can't be nothing.
    fn limit(&self, id: Id) -> Result<Option<Duration>> {
        match self.duration(id)? {
            Some(Duration::ZERO) => Err(named(id, "is to be more than 0".into())),
            other => Ok(other),
        }
    }

    fn path(&self, id: Id) -> Result<Option<PathBuf>> {
        self.read(id, path)
    }

    fn paths(&self, id: Id) -> Result<Vec<PathBuf>> {
        self.all(id).map(|value| path(value).map_err(|problem| named(id, problem))).collect()
    }

    fn input(&self, id: Id) -> Result<Option<Input>> {
        let path = self.path(id)?;
        Ok(path.map(|path| if path.as_os_str() == "-" { Input::Stdin } else { Input::File(path) }))
    }

    /// A secret from the option's file, else from its variable.
    fn secret(&self, id: Id) -> Result<Option<Secret>> {
        if let Some(input) = self.input(id)? {
            return Ok(Some(Secret::Input(input)));
        }
        let set = options::row(id).env.iter().copied().find(|name| self.has_env(name));
        Ok(set.map(Secret::Env))
    }

    fn excludes(&self, one: Id, other: Id) -> Result<()> {
        if self.has(one) && self.has(other) {
            return Err(format!("{} and {} exclude each other", dashed(one), dashed(other)));
        }
        Ok(())
    }

    fn needs(&self, one: Id, other: Id) -> Result<()> {
        if self.has(one) && !self.has(other) {
            return Err(format!("{} needs {} too", dashed(one), dashed(other)));
        }
        Ok(())
    }

    fn one_reads_standard_input(&self) -> Result<()> {
        let readers = [
            Id::Token,
            Id::NotesFile,
            Id::InstallPasswordFile,
            Id::P12PasswordFile,
            Id::ApiKeyFile,
        ];
        let mut readers = readers.into_iter().filter(|id| self.last(*id) == Some("-".as_ref()));
        match (readers.next(), readers.next()) {
            (Some(one), Some(other)) => Err(format!(
                "{} and {} both read standard input, which serves one option only",
                dashed(one),
                dashed(other)
            )),
            _ => Ok(()),
        }
    }
}

fn upload(given: &Given<'_>, operands: Vec<OsString>) -> Result<Upload> {
    legacy_has_all(given)?;
    let files = files(operands, Verb::Upload)?;
    for id in [Id::Hsp, Id::P12] {
        if given.has(id) && files.len() > 1 {
            return Err(format!("{} goes with a single FILE", dashed(id)));
        }
    }
    Ok(Upload {
        files,
        release: release(given)?,
        file_name: file_name(given),
        wait: !given.has(Id::NoWait),
        waiting: waiting(given)?,
        hsps: given.paths(Id::Hsp)?,
        certificate: certificate(given)?,
        legacy: given.has(Id::Legacy),
        check: !given.has(Id::NoCheck),
        jobs: given.read(Id::Jobs, |value| values::number(value, 1))?.unwrap_or(1),
        qr: when(given, Id::Qr)?,
    })
}

/// The old endpoint lacks what these options need.
fn legacy_has_all(given: &Given<'_>) -> Result<()> {
    for id in [Id::Type, Id::Description, Id::Region, Id::Hsp, Id::P12, Id::NoWait] {
        given.excludes(Id::Legacy, id)?;
    }
    Ok(())
}

fn certificate(given: &Given<'_>) -> Result<Option<Certificate>> {
    given.needs(Id::P12PasswordFile, Id::P12)?;
    let Some(file) = given.path(Id::P12)? else { return Ok(None) };
    let password = certificate_password(given)?;
    Ok(Some(Certificate { file, password }))
}

fn certificate_password(given: &Given<'_>) -> Result<Secret> {
    given.secret(Id::P12PasswordFile)?.ok_or_else(|| {
        "the certificate needs its password: PGYER_P12_PASSWORD or --p12-password-file".into()
    })
}

fn status(given: &Given<'_>, operands: Vec<OsString>) -> Result<Status> {
    let [key] = exactly(operands, Verb::Status, "one KEY")?;
    Ok(Status {
        key: build_key(key)?,
        wait: given.has(Id::Wait),
        waiting: waiting(given)?,
        qr: when(given, Id::Qr)?,
    })
}

fn token(given: &Given<'_>, operands: Vec<OsString>) -> Result<Token> {
    let release = release(given)?;
    if operands.is_empty() && release.build_type.is_none() {
        return Err(operand_error(Verb::Token, "a FILE or --type TYPE", 0));
    }
    if operands.len() > 1 {
        return Err(operand_error(Verb::Token, "one FILE", operands.len()));
    }
    let file = operands.into_iter().next().map(PathBuf::from);
    Ok(Token { file, release, check: !given.has(Id::NoCheck) })
}

fn put(given: &Given<'_>, operands: Vec<OsString>) -> Result<Put> {
    let token = given.input(Id::Token)?.ok_or(
        "pgyer put needs --token TOKEN.json, the token that pgyer token printed (- is standard \
         input)",
    )?;
    if given.last(Id::Token).is_some_and(|value| value.as_encoded_bytes().starts_with(b"{")) {
        return Err(
            "--token takes the name of a file, not the token itself, which other users of \
                    this machine can read on the command line"
                .into(),
        );
    }
    let [file] = exactly(operands, Verb::Put, "one FILE")?;
    Ok(Put {
        token,
        file: file.into(),
        build_type: given.read(Id::Type, values::build_type)?,
        file_name: file_name(given),
        check: !given.has(Id::NoCheck),
    })
}

fn harmony_cert(given: &Given<'_>, operands: Vec<OsString>) -> Result<Action> {
    let [key, file] = exactly(operands, Verb::HarmonyCert, "a KEY and one FILE.p12")?;
    let password = certificate_password(given)?;
    Ok(Action::HarmonyCert { key: build_key(key)?, file: file.into(), password })
}

fn harmony_hsp(operands: Vec<OsString>) -> Result<Action> {
    if operands.len() < 2 {
        return Err(operand_error(Verb::HarmonyHsp, "a KEY and a FILE.hsp", operands.len()));
    }
    let mut operands = operands.into_iter();
    let key = build_key(operands.next().unwrap_or_default())?;
    Ok(Action::HarmonyHsp { key, files: operands.map(PathBuf::from).collect() })
}

fn sandbox(given: &Given<'_>, operands: Vec<OsString>, after_dashes: bool) -> Result<Sandbox> {
    if after_dashes && operands.is_empty() {
        return Err("no COMMAND after --".into());
    }
    let run = match operands.first() {
        None => SandboxRun::Serve,
        Some(_) if after_dashes => SandboxRun::Program(operands),
        Some(verb) if verb == Verb::Sandbox.name() => {
            return Err("a sandbox can't run in a sandbox".into());
        }
        Some(_) => SandboxRun::Pgyer(operands),
    };
    let faults =
        given.all(Id::Fault).map(|value| values::text(value).map_err(|p| named(Id::Fault, p)));
    Ok(Sandbox {
        port: given.read(Id::Port, |value| values::number(value, 0))?,
        polls: given.read(Id::Polls, |value| values::number(value, 0))?,
        public_url: given.read(Id::PublicUrl, values::text)?,
        faults: faults.collect::<Result<_>>()?,
        run,
    })
}

fn completions(operands: Vec<OsString>) -> Result<Parsed> {
    let [shell] = exactly(operands, Verb::Completions, "one shell: bash, zsh or fish")?;
    let script = shell.to_str().and_then(crate::completions::script);
    script.map(Parsed::Print).ok_or_else(|| {
        format!("'{}' is not bash, zsh or fish", shown_value(&shell.to_string_lossy()))
    })
}

fn release(given: &Given<'_>) -> Result<Release> {
    Ok(Release {
        build_type: given.read(Id::Type, values::build_type)?,
        install: install(given)?,
        description: given.text(Id::Description)?,
        notes: notes(given)?,
        validity: validity(given)?,
        channel: given.text(Id::Channel)?,
        region: given.read(Id::Region, values::region)?.flatten(),
    })
}

fn install(given: &Given<'_>) -> Result<Option<Install>> {
    let secret = given.secret(Id::InstallPasswordFile)?;
    let source = match &secret {
        Some(Secret::Env(name)) => (*name).to_owned(),
        _ => dashed(Id::InstallPasswordFile),
    };
    match (given.read(Id::InstallType, values::install_type)?, secret) {
        (None, None) => Ok(None),
        (None | Some(InstallType::Password), Some(secret)) => Ok(Some(Install::Password(secret))),
        (Some(InstallType::Password), None) => Err("--install-type password needs a password: \
             PGYER_INSTALL_PASSWORD or --install-password-file"
            .into()),
        (Some(_), Some(_)) => Err(format!(
            "{source} gives an install password, which goes with --install-type password alone"
        )),
        (Some(InstallType::Public), None) => Ok(Some(Install::Public)),
        (Some(InstallType::Invite), None) => Ok(Some(Install::Invite)),
    }
}

fn notes(given: &Given<'_>) -> Result<Option<Notes>> {
    given.excludes(Id::Notes, Id::NotesFile)?;
    match given.input(Id::NotesFile)? {
        Some(input) => Ok(Some(Notes::File(input))),
        None => Ok(given.text(Id::Notes)?.map(Notes::Text)),
    }
}

fn validity(given: &Given<'_>) -> Result<Option<Validity>> {
    given.excludes(Id::ValidForever, Id::ValidFrom)?;
    given.excludes(Id::ValidForever, Id::ValidUntil)?;
    given.needs(Id::ValidFrom, Id::ValidUntil)?;
    given.needs(Id::ValidUntil, Id::ValidFrom)?;
    let from = given.read(Id::ValidFrom, values::day)?;
    let until = given.read(Id::ValidUntil, values::day)?;
    match (from, until) {
        (Some(from), Some(until)) if from > until => {
            Err(format!("--valid-from {from} is after --valid-until {until}"))
        }
        (Some(from), Some(until)) => Ok(Some(Validity::Between { from, until })),
        _ => Ok(given.has(Id::ValidForever).then_some(Validity::Forever)),
    }
}

fn waiting(given: &Given<'_>) -> Result<Waiting> {
    Ok(Waiting {
        timeout: given.duration(Id::WaitTimeout)?,
        poll_interval: given.duration(Id::PollInterval)?,
    })
}

fn network(given: &Given<'_>) -> Result<Network> {
    let pins = given.all(Id::Resolve);
    let pins = pins.map(|value| values::pin(value).map_err(|p| named(Id::Resolve, p)));
    Ok(Network {
        api_key_file: given.input(Id::ApiKeyFile)?,
        api_url: api_url(given)?,
        proxy: given.read(Id::Proxy, values::proxy)?,
        ca_file: given.path(Id::CaFile)?,
        resolve: pins.collect::<Result<_>>()?,
        connect_timeout: given.limit(Id::ConnectTimeout)?,
        stall_timeout: given.limit(Id::StallTimeout)?,
        timeout: given.limit(Id::Timeout)?,
        retries: given.read(Id::Retries, |value| values::number(value, 0))?,
        retry_delay: given.duration(Id::RetryDelay)?,
        insecure_http: given.has(Id::InsecureHttp),
    })
}

fn api_url(given: &Given<'_>) -> Result<Option<String>> {
    if let Some(url) = given.read(Id::ApiUrl, values::api_url)? {
        return Ok(Some(url));
    }
    let url = (given.env)("PGYER_API_URL").map(|url| values::api_url(&url)).transpose();
    url.map_err(|problem| format!("PGYER_API_URL {problem}"))
}

fn output(given: &Given<'_>) -> Result<Output> {
    let verbosity = given.options.iter().rev().find_map(|(id, _)| match id {
        Id::Quiet => Some(Verbosity::Quiet),
        Id::Verbose => Some(Verbosity::Verbose),
        _ => None,
    });
    let color = match when(given, Id::Color)? {
        When::Auto if given.has_env("NO_COLOR") => When::Never,
        other => other,
    };
    Ok(Output {
        verbosity: verbosity.unwrap_or_default(),
        progress: when(given, Id::Progress)?,
        color,
        format: given.read(Id::Format, values::format)?.unwrap_or_default(),
    })
}

/// The formats of variables describe one build.
fn check_format(format: Format, action: &Action) -> Result<()> {
    if !matches!(format, Format::Env | Format::Dotenv) {
        return Ok(());
    }
    match action {
        Action::Upload(upload) if upload.files.len() > 1 => {
            Err("--format env and --format dotenv go with one FILE".into())
        }
        Action::Upload(_) | Action::Status(_) | Action::Put(_) => Ok(()),
        _ => Err("--format env and --format dotenv are for upload, status and put".into()),
    }
}

fn when(given: &Given<'_>, id: Id) -> Result<When> {
    Ok(given.read(id, values::when)?.unwrap_or_default())
}

fn file_name(given: &Given<'_>) -> Option<String> {
    // As the file's own name: what is not UTF-8 becomes U+FFFD.
    let name = given.last(Id::FileName)?.to_string_lossy();
    Some(name.into_owned()).filter(|name| !name.is_empty())
}

fn build_key(key: OsString) -> Result<String> {
    match key.into_string() {
        Ok(key) if !key.is_empty() => Ok(key),
        _ => Err("KEY is empty or not UTF-8: it is the key that pgyer upload printed".into()),
    }
}

fn path(value: &OsStr) -> std::result::Result<PathBuf, Problem> {
    if value.is_empty() { Err("names no file".into()) } else { Ok(value.into()) }
}

fn files(operands: Vec<OsString>, verb: Verb) -> Result<Vec<PathBuf>> {
    if operands.is_empty() {
        return Err(operand_error(verb, "a FILE", 0));
    }
    Ok(operands.into_iter().map(PathBuf::from).collect())
}

fn exactly<const N: usize>(
    operands: Vec<OsString>,
    verb: Verb,
    expected: &str,
) -> Result<[OsString; N]> {
    operands.try_into().map_err(|operands: Vec<_>| operand_error(verb, expected, operands.len()))
}

fn no_operands(line: &Line) -> Result<()> {
    match line.operands.len() {
        0 => Ok(()),
        given => Err(operand_error(line.verb, "no operand", given)),
    }
}

fn operand_error(verb: Verb, expected: &str, given: usize) -> String {
    let name = verb.name();
    let given = match given {
        0 => "none was given".to_owned(),
        1 => "one operand was given".to_owned(),
        more => format!("{more} operands were given"),
    };
    format!("pgyer {name} takes {expected}, and {given}: see pgyer {name} --help")
}

/// A problem of an option's value, with the option's name before it.
fn named(id: Id, problem: Problem) -> String {
    format!("{} {problem}", dashed(id))
}

fn dashed(id: Id) -> String {
    format!("--{}", options::row(id).long)
}
