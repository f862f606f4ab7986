//! Arguments to options and operands, by the table; what they mean together is not looked at yet.

use std::ffi::{OsStr, OsString};

use lexopt::{Arg, Error, Parser};

use super::command::Format;
use super::refuse;
use super::values;
use crate::options::{self, Id, Opt};
use crate::verbs::Verb;

/// A command line in its parts.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) verb: Verb,
    /// In the order given.
    pub(super) options: Vec<(Id, OsString)>,
    pub(super) operands: Vec<OsString>,
    /// The operands came after `--`. Of interest to the sandbox alone.
    pub(super) after_dashes: bool,
}

/// What was found first.
#[derive(Debug)]
pub(super) enum Lexed {
    Help { verb: Option<Verb>, full: bool },
    Version,
    Line(Line),
}

/// Takes the arguments apart. Help and version count where they come before the first error.
pub(super) fn lex(args: &[OsString]) -> Result<Lexed, String> {
    let mut parser = Parser::from_args(args);
    let mut verb = None;
    let mut options = Vec::new();
    let mut operands = Vec::new();
    let mut after_dashes = false;
    loop {
        // What follows belongs to the command that runs in the sandbox.
        if verb == Some(Verb::Sandbox) && next_is(&mut parser, "--") {
            after_dashes = true;
            operands.extend(parser.raw_args().map_err(said)?.skip(1));
        }
        let Some(arg) = parser.next().map_err(said)? else { break };
        let opt = match arg {
            Arg::Short('h') => return Ok(Lexed::Help { verb, full: false }),
            Arg::Long("help") => return Ok(Lexed::Help { verb, full: true }),
            Arg::Short('V') | Arg::Long("version") => return Ok(Lexed::Version),
            Arg::Short(name) => find_short(name, verb, &mut parser)?,
            Arg::Long(name) => options::by_long(name).ok_or_else(|| refuse::long(name, verb))?,
            Arg::Value(operand) => {
                match verb {
                    None => verb = Some(command(&operand, &options)?),
                    Some(Verb::Sandbox) => {
                        operands.push(operand);
                        operands.extend(parser.raw_args().map_err(said)?);
                    }
                    Some(_) => operands.push(operand),
                }
                continue;
            }
        };
        if let Some(verb) = verb {
            refuse::foreign(opt, verb)?;
        }
        options.push(take(opt, &mut parser)?);
    }
    let verb = verb.ok_or("no command given: see pgyer --help")?;
    Ok(Lexed::Line(Line { verb, options, operands, after_dashes }))
}

/// The output format that was asked for, whatever else is wrong with the command line.
pub(super) fn format_asked_for(args: &[OsString]) -> Option<Format> {
    let mut parser = Parser::from_args(args);
    let mut format = None;
    loop {
        let opt = match parser.next() {
            Ok(None) => return format,
            Ok(Some(Arg::Short(name))) => options::by_short(name),
            Ok(Some(Arg::Long(name))) => options::by_long(name),
            Ok(Some(Arg::Value(_))) | Err(_) => None,
        };
        let Some(Ok((Id::Format, value))) = opt.map(|opt| take(opt, &mut parser)) else { continue };
        format = values::format(&value).ok().or(format);
    }
}

/// An option with its value.
fn take(opt: &Opt, parser: &mut Parser) -> Result<(Id, OsString), String> {
    if opt.id == Id::Json {
        return Ok((Id::Format, "json".into()));
    }
    if !opt.takes_value() {
        return Ok((opt.id, OsString::new()));
    }
    match parser.value() {
        Ok(value) => Ok((opt.id, value)),
        Err(_) => {
            let name = opt.value.name().unwrap_or_default();
            Err(format!("--{} needs a value: --{0} {name}", opt.long))
        }
    }
}

fn find_short(name: char, verb: Option<Verb>, parser: &mut Parser) -> Result<&'static Opt, String> {
    if let Some(opt) = options::by_short(name) {
        return Ok(opt);
    }
    // What is bundled with it may be a secret (-kKEY), or the rest of a name (-format).
    let rest = parser.optional_value().unwrap_or_default();
    Err(refuse::short(name, &rest.to_string_lossy(), verb))
}

/// The command that the first operand names, if it has the options given before it.
fn command(operand: &OsStr, options: &[(Id, OsString)]) -> Result<Verb, String> {
    let name = operand.to_string_lossy();
    let verb = Verb::named(&name).ok_or_else(|| refuse::command(&name))?;
    for (id, _) in options {
        refuse::foreign(options::row(*id), verb)?;
    }
    Ok(verb)
}

fn next_is(parser: &mut Parser, what: &str) -> bool {
    parser.try_raw_args().is_some_and(|rest| rest.peek().is_some_and(|arg| arg == what))
}

/// An error of the lexer's own. A value stays out of it: it may be a secret.
fn said(error: Error) -> String {
    match error {
        Error::UnexpectedValue { option, .. } => format!("{option} takes no value"),
        other => other.to_string(),
    }
}
