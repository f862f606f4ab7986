//! Splits the arguments into options and operands. What they mean together comes later, in
//! `interpret`.

use std::ffi::{OsStr, OsString};

use lexopt::{Arg, Error, Parser};

use super::command::Format;
use super::refuse;
use crate::options::{self, FORMAT, JSON, Opt};
use crate::verbs::Verb;

/// A command line in its parts.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) verb: Verb,
    pub(super) options: Vec<GivenOption>,
    pub(super) operands: Vec<OsString>,
    /// Whether `--` came before the operands. Only the sandbox asks.
    pub(super) after_dashes: bool,
}

/// An option with its value, which is empty for a flag.
pub(super) type GivenOption = (&'static Opt, OsString);

#[derive(Debug)]
pub(super) enum Lexed {
    Help { verb: Option<Verb>, full: bool },
    Version,
    Line(Line),
}

/// Splits the arguments. Help and version count if they come before the first error.
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
            operands.extend(parser.raw_args().map_err(lexopt_message)?.skip(1));
        }
        let Some(arg) = parser.next().map_err(lexopt_message)? else { break };
        let opt = match arg {
            Arg::Short('h') => return Ok(Lexed::Help { verb, full: false }),
            Arg::Long("help") => return Ok(Lexed::Help { verb, full: true }),
            Arg::Short('V') | Arg::Long("version") => return Ok(Lexed::Version),
            Arg::Short(name) => find_short(name, verb, &mut parser)?,
            Arg::Long(name) => options::by_long(name).ok_or_else(|| refuse::long(name, verb))?,
            Arg::Value(operand) => {
                match verb {
                    None => verb = Some(find_verb(&operand, &options)?),
                    Some(Verb::Sandbox) => {
                        operands.push(operand);
                        operands.extend(parser.raw_args().map_err(lexopt_message)?);
                    }
                    Some(_) => operands.push(operand),
                }
                continue;
            }
        };
        if let Some(verb) = verb {
            refuse::option_of_another_verb(opt, verb)?;
        }
        options.push(with_value(opt, &mut parser)?);
    }
    let verb = verb.ok_or("no command given: see pgyer --help")?;
    Ok(Lexed::Line(Line { verb, options, operands, after_dashes }))
}

/// Finds the output format, whatever else is wrong with the command line.
pub(super) fn find_format(args: &[OsString]) -> Option<Format> {
    let mut parser = Parser::from_args(args);
    let mut format = None;
    loop {
        let opt = match parser.next() {
            Ok(None) => return format,
            Ok(Some(Arg::Short(name))) => options::by_short(name),
            Ok(Some(Arg::Long(name))) => options::by_long(name),
            Ok(Some(Arg::Value(_))) | Err(_) => None,
        };
        let Some(Ok((opt, value))) = opt.map(|opt| with_value(opt, &mut parser)) else { continue };
        if opt.is(&FORMAT) {
            format = value.to_str().and_then(Format::by_name).or(format);
        }
    }
}

/// Takes the option's value off the command line.
fn with_value(opt: &'static Opt, parser: &mut Parser) -> Result<GivenOption, String> {
    if opt.is(&JSON) {
        return Ok((&FORMAT, "json".into()));
    }
    if !opt.takes_value() {
        return Ok((opt, OsString::new()));
    }
    let name = opt.value.name().unwrap_or_default();
    let value = parser.value();
    let value = value.map_err(|_| format!("--{} needs a value: --{0} {name}", opt.long))?;
    Ok((opt, value))
}

fn find_short(name: char, verb: Option<Verb>, parser: &mut Parser) -> Result<&'static Opt, String> {
    if let Some(opt) = options::by_short(name) {
        return Ok(opt);
    }
    // What is bundled with it may be a secret (-kKEY), or the rest of a name (-format).
    let rest = parser.optional_value().unwrap_or_default();
    Err(refuse::short(name, &rest.to_string_lossy(), verb))
}

/// Finds the command that the first operand names, if it has the options given before it.
fn find_verb(operand: &OsStr, options: &[GivenOption]) -> Result<Verb, String> {
    let name = operand.to_string_lossy();
    let verb = Verb::by_name(&name).ok_or_else(|| refuse::command(&name))?;
    options.iter().try_for_each(|(opt, _)| refuse::option_of_another_verb(opt, verb))?;
    Ok(verb)
}

fn next_is(parser: &mut Parser, what: &str) -> bool {
    parser.try_raw_args().is_some_and(|rest| rest.peek().is_some_and(|arg| arg == what))
}

/// The message for an error of lexopt. It leaves out the value, which may be a secret.
fn lexopt_message(error: Error) -> String {
    match error {
        Error::UnexpectedValue { option, .. } => format!("{option} takes no value"),
        other => other.to_string(),
    }
}
