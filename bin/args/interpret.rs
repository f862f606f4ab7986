//! Interprets a command line: what its options and operands mean together.

use std::ffi::OsString;
use std::path::PathBuf;

use pgyer::Expected;

use super::Parsed;
use super::command::*;
use super::lex::Line;
use super::network::{network, wait};
use super::parsed_options::{Env, ParsedOptions, Result};
use super::release::{build_type, release};
use super::values::{self, not_one_of};
use crate::options::{
    COLOR, DESCRIPTION, EXPECT_BUILD, EXPECT_IDENTIFIER, EXPECT_VERSION, FAULT, FILE_NAME, FORMAT,
    HSP, JOBS, LEGACY, NO_CHECK, NO_WAIT, Opt, P12, P12_PASSWORD_FILE, POLLS, PORT, PROGRESS,
    PUBLIC_URL, PUBLISH_AS, QR, QR_FILE, QUIET, REGION, STRICT, STRICT_REQUESTS, TOKEN, TYPE,
    VERBOSE, WAIT,
};
use crate::verbs::{SHELLS, Verb};

/// Interprets a line that has been split.
pub(super) fn interpret(line: Line, env: Env<'_>) -> Result<Parsed> {
    let options = ParsedOptions { given: &line.options, env };
    let action = match line.verb {
        Verb::Upload => Action::Upload(upload(&options, line.operands)?),
        Verb::Status => Action::Status(status(&options, line.operands)?),
        Verb::Token => Action::Token(token(&options, line.operands)?),
        Verb::Put => Action::Put(put(&options, line.operands)?),
        Verb::HarmonyCert => harmony_cert(&options, line.operands)?,
        Verb::HarmonyHsp => harmony_hsp(line.operands)?,
        Verb::Check => Action::Check(check(&options, line.operands)?),
        Verb::Doctor => {
            no_operands(&line)?;
            Action::Doctor
        }
        Verb::Sandbox => Action::Sandbox(sandbox(&options, line.operands, line.after_dashes)?),
        Verb::Completions => return completions(line.operands),
        Verb::Man => {
            no_operands(&line)?;
            return Ok(Parsed::Print(crate::manual::page()));
        }
    };
    let network =
        if line.verb.uses_network() { network(&options, line.verb)? } else { Network::default() };
    options.check_standard_input()?;
    let output = output(&options)?;
    check_format(output.format, &action)?;
    Ok(Parsed::Run(Box::new(Command { action, network, output })))
}

fn upload(options: &ParsedOptions<'_>, operands: Vec<OsString>) -> Result<Upload> {
    // Before anything about values: an option that the endpoint lacks is wrong whatever it says.
    check_legacy(options)?;
    let files = files(operands, Verb::Upload)?;
    for_a_single_file(options, &[&HSP, &P12, &QR_FILE], &files)?;
    let wait = wait(options)?;
    Ok(Upload {
        files,
        release: release(options)?,
        file_name: file_name(options),
        wait: (!options.has(&NO_WAIT)).then_some(wait),
        hsps: options.read_all(&HSP, values::path)?,
        certificate: certificate(options)?,
        legacy: options.has(&LEGACY),
        check: !options.has(&NO_CHECK),
        expected: expected(options)?,
        jobs: options.read(&JOBS, |value| values::number(value, 1))?.unwrap_or(1),
        qr: qr(options)?,
    })
}

fn check(options: &ParsedOptions<'_>, operands: Vec<OsString>) -> Result<Check> {
    let files = files(operands, Verb::Check)?;
    for_a_single_file(options, &[&HSP], &files)?;
    let hsps = options.read_all(&HSP, values::path)?;
    Ok(Check { files, hsps, expected: expected(options)? })
}

fn for_a_single_file(options: &ParsedOptions<'_>, opts: &[&Opt], files: &[PathBuf]) -> Result<()> {
    match opts.iter().find(|opt| options.has(opt) && files.len() > 1) {
        Some(opt) => Err(format!("--{} goes with a single FILE", opt.long)),
        None => Ok(()),
    }
}

/// What the package has to be. Excludes `--no-check`, because only the check reads the package.
fn expected(options: &ParsedOptions<'_>) -> Result<Expected> {
    for opt in [&STRICT, &EXPECT_IDENTIFIER, &EXPECT_VERSION, &EXPECT_BUILD] {
        options.exclude_each_other(opt, &NO_CHECK)?;
    }
    let mut expected = Expected::default();
    expected.identifier = options.read(&EXPECT_IDENTIFIER, values::filled)?;
    expected.version = options.read(&EXPECT_VERSION, values::filled)?;
    expected.build = options.read(&EXPECT_BUILD, values::filled)?;
    expected.strict = options.has(&STRICT);
    Ok(expected)
}

/// Fails on options that the legacy endpoint does not support.
fn check_legacy(options: &ParsedOptions<'_>) -> Result<()> {
    let lacking = [&TYPE, &DESCRIPTION, &REGION, &HSP, &P12, &NO_WAIT];
    lacking.into_iter().try_for_each(|opt| options.exclude_each_other(&LEGACY, opt))
}

fn certificate(options: &ParsedOptions<'_>) -> Result<Option<Certificate>> {
    options.needs(&P12_PASSWORD_FILE, &P12)?;
    let Some(file) = options.input(&P12)? else { return Ok(None) };
    let password = certificate_password(options)?;
    Ok(Some(Certificate { file, password }))
}

fn certificate_password(options: &ParsedOptions<'_>) -> Result<Secret> {
    options.secret(&P12_PASSWORD_FILE)?.ok_or_else(|| {
        "the certificate needs its password: PGYER_P12_PASSWORD or --p12-password-file".into()
    })
}

fn status(options: &ParsedOptions<'_>, operands: Vec<OsString>) -> Result<Status> {
    let [key] = exactly(operands, Verb::Status, "one KEY")?;
    let wait = wait(options)?;
    Ok(Status { key: build_key(key)?, wait: options.has(&WAIT).then_some(wait), qr: qr(options)? })
}

fn token(options: &ParsedOptions<'_>, operands: Vec<OsString>) -> Result<Token> {
    let release = release(options)?;
    if operands.is_empty() && release.build_type.is_none() {
        return Err(operand_error(Verb::Token, "a FILE or --type TYPE", 0));
    }
    if operands.len() > 1 {
        return Err(operand_error(Verb::Token, "one FILE", operands.len()));
    }
    let file = operands.into_iter().next().map(PathBuf::from);
    let expected = expected(options)?;
    if file.is_none() && expected != Expected::default() {
        return Err("--strict and --expect-... are about a FILE, and none was given".into());
    }
    Ok(Token { file, release, check: !options.has(&NO_CHECK), expected })
}

fn put(options: &ParsedOptions<'_>, operands: Vec<OsString>) -> Result<Put> {
    let token = options.input(&TOKEN)?.ok_or(
        "pgyer put needs --token TOKEN.json, the token that pgyer token printed (- is standard \
         input)",
    )?;
    let [file] = exactly(operands, Verb::Put, "one FILE")?;
    Ok(Put {
        token,
        file: file.into(),
        build_type: build_type(options)?,
        file_name: file_name(options),
        check: !options.has(&NO_CHECK),
        expected: expected(options)?,
    })
}

fn harmony_cert(options: &ParsedOptions<'_>, operands: Vec<OsString>) -> Result<Action> {
    let [key, file] = exactly(operands, Verb::HarmonyCert, "a KEY and one FILE.p12")?;
    let password = certificate_password(options)?;
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

fn sandbox(
    options: &ParsedOptions<'_>,
    operands: Vec<OsString>,
    after_dashes: bool,
) -> Result<Sandbox> {
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
    Ok(Sandbox {
        port: options.read(&PORT, |value| values::number(value, 0))?,
        polls: options.read(&POLLS, |value| values::number(value, 0))?,
        public_url: options.read(&PUBLIC_URL, values::text)?,
        publish_as: options.read(&PUBLISH_AS, values::text)?,
        strict_requests: options.has(&STRICT_REQUESTS),
        faults: options.read_all(&FAULT, values::text)?,
        run,
    })
}

fn completions(operands: Vec<OsString>) -> Result<Parsed> {
    let [shell] = exactly(operands, Verb::Completions, "one shell: bash, zsh or fish")?;
    let script = shell.to_str().and_then(crate::completions::script);
    script.map(Parsed::Print).ok_or_else(|| not_one_of(&shell.to_string_lossy(), SHELLS))
}

fn output(options: &ParsedOptions<'_>) -> Result<Output> {
    let color = match when(options, &COLOR)? {
        When::Auto if options.has_env("NO_COLOR") => When::Never,
        other => other,
    };
    Ok(Output {
        verbosity: verbosity(options),
        progress: when(options, &PROGRESS)?,
        color,
        format: options.choice(&FORMAT, Format::by_name)?.unwrap_or_default(),
    })
}

fn verbosity(options: &ParsedOptions<'_>) -> Verbosity {
    let levels = options.given.iter().rev().find_map(|(opt, _)| {
        let quiet = opt.is(&QUIET).then_some(Verbosity::Quiet);
        quiet.or_else(|| opt.is(&VERBOSE).then_some(Verbosity::Verbose))
    });
    levels.unwrap_or_default()
}

/// Fails if the format describes one build and there may be several, or none.
fn check_format(format: Format, action: &Action) -> Result<()> {
    if !matches!(format, Format::Env | Format::Dotenv) {
        return Ok(());
    }
    match action {
        Action::Upload(upload) if upload.files.len() > 1 => {
            Err("--format env and --format dotenv take one FILE".into())
        }
        Action::Upload(_) | Action::Status(_) | Action::Put(_) => Ok(()),
        _ => Err("--format env and --format dotenv are for upload, status and put".into()),
    }
}

fn when(options: &ParsedOptions<'_>, opt: &Opt) -> Result<When> {
    Ok(options.choice(opt, When::by_name)?.unwrap_or_default())
}

fn qr(options: &ParsedOptions<'_>) -> Result<Qr> {
    Ok(Qr { show: when(options, &QR)?, file: options.path(&QR_FILE)? })
}

fn file_name(options: &ParsedOptions<'_>) -> Option<String> {
    // Like the file's own name: what is not UTF-8 becomes U+FFFD.
    let name = options.last(&FILE_NAME)?.to_string_lossy();
    Some(name.into_owned()).filter(|name| !name.is_empty())
}

fn build_key(key: OsString) -> Result<String> {
    match key.into_string() {
        Ok(key) if !key.is_empty() => Ok(key),
        _ => Err("KEY is empty or not UTF-8: it is the key that pgyer upload printed".into()),
    }
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
