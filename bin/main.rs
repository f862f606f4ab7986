//! The program: parse, then act, then report.

// No input ends the program in a panic. Tests may fail as they like.
#![cfg_attr(
    not(test),
    warn(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable
    )
)]

mod args;
mod commands;
mod completions;
mod config;
#[cfg(test)]
#[path = "../fuzz/properties/program.rs"]
mod fuzzing;
mod help;
mod inputs;
mod manual;
mod options;
mod output;
mod progress;
mod qr;
#[cfg(feature = "sandbox")]
mod sandbox;
mod signals;
mod terminal;
mod verbs;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Instant;

use crate::args::{Command, Format, Parsed, UsageError};
use crate::progress::Screen;

fn main() -> ExitCode {
    run(std::env::args_os().skip(1).collect(), Instant::now()).into()
}

/// Runs a command line, and returns the exit code.
fn run(line: Vec<OsString>, began: Instant) -> u8 {
    match args::parse(line, &inputs::variable) {
        Ok(Parsed::Print(text)) => match output::print(&text) {
            Ok(()) => 0,
            Err(error) => fail(&Screen::new(&args::Output::default()), Format::Text, &error),
        },
        Ok(Parsed::Run(command)) => act(&command, began),
        Err(UsageError { message, format }) => {
            let screen = Screen::new(&args::Output::default());
            fail(&screen, format.unwrap_or_default(), &inputs::usage(message))
        }
    }
}

fn act(command: &Command, began: Instant) -> u8 {
    let screen = Screen::new(&command.output);
    signals::watch(&screen, command.output.format);
    let run = commands::Run { command, screen: &screen, began };
    let result = run.run();
    screen.end();
    result.unwrap_or_else(|error| fail(&screen, command.output.format, &error))
}

/// An error of the command line, the environment or the configuration: plain text in every format,
/// and in `env` a line on which the shell that evaluates it fails.
fn fail(screen: &Screen, format: Format, error: &pgyer::Error) -> u8 {
    screen.error(&error.report());
    let code = error.kind().exit_code();
    if format == Format::Env {
        // Standard output can't be written: the exit code still says it.
        let _ = output::print(&output::exit_line(code));
    }
    code
}
