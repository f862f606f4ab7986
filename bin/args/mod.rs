//! Turns the command line and the environment into a plain [`Command`]. Nothing here opens, prints
//! or reads anything, but for the patterns that shells on Windows leave to programs.

mod command;
mod decimal;
pub(crate) mod duration;
mod elsewhere;
mod interpret;
mod lex;
mod network;
mod parsed_options;
mod refuse;
mod release;
mod suggest;
#[cfg(test)]
mod tests;
mod values;

use std::ffi::OsString;

pub(crate) use command::*;
use lex::Lexed;

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Parsed {
    /// Text for standard output: help, the version, a completion script, the manual.
    Print(String),
    Run(Box<Command>),
}

/// A command line or an environment that can't be used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UsageError {
    /// One line, without secrets.
    pub(crate) message: String,
    /// The output format, as far as it is known: a shell that evaluates `env` has to see the
    /// failure.
    pub(crate) format: Option<Format>,
}

/// Parses a command line without the program's own name; `env` looks up a variable.
pub(crate) fn parse(
    args: impl IntoIterator<Item = OsString>,
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Parsed, UsageError> {
    let args: Vec<OsString> = args.into_iter().collect();
    // A variable that is set but empty counts as not set.
    let env = |name: &str| env(name).filter(|value| !value.is_empty());
    lex::lex(&args)
        .and_then(|lexed| match lexed {
            Lexed::Help { verb, full } => Ok(Parsed::Print(crate::help::text(verb, full))),
            Lexed::Version => Ok(Parsed::Print(crate::help::version())),
            Lexed::Line(line) => {
                #[cfg(windows)]
                let line = with_patterns_expanded(line);
                interpret::interpret(line, &env)
            }
        })
        .map_err(|message| UsageError { message, format: lex::find_format(&args) })
}

/// Expands the patterns among the operands, apart from those of a command that runs in the sandbox.
#[cfg(windows)]
fn with_patterns_expanded(mut line: lex::Line) -> lex::Line {
    if line.verb != crate::verbs::Verb::Sandbox {
        line.operands = line.operands.into_iter().flat_map(crate::patterns::expanded).collect();
    }
    line
}
