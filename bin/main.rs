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
mod client;
mod commands;
mod completions;
#[cfg(test)]
#[path = "../fuzz/properties/program.rs"]
mod fuzzing;
mod help;
mod inputs;
mod manual;
mod observed;
mod options;
mod output;
#[cfg(any(windows, test))]
mod patterns;
mod progress;
mod qr;
#[cfg(feature = "sandbox")]
mod sandbox;
// The library's own file: its messages and ours name the same command to copy.
#[path = "../src/shell.rs"]
mod shell;
mod signals;
mod terminal;
// The library's own file: how texts are read is not worth a public name.
#[path = "../src/text.rs"]
mod text;
mod verbs;
mod width;

use std::process::ExitCode;
use std::time::Instant;

use pgyer::Error;

use crate::args::{Output, Parsed, UsageError};
use crate::progress::Screen;

fn main() -> ExitCode {
    let began = Instant::now();
    let parsed = args::parse(std::env::args_os().skip(1), &inputs::variable);
    let output = match &parsed {
        Ok(Parsed::Run(command)) => command.output.clone(),
        Ok(Parsed::Print(_)) => Output::default(),
        Err(UsageError { format, .. }) => {
            Output { format: format.unwrap_or_default(), ..Output::default() }
        }
    };
    let screen = Screen::new(&output);
    signals::watch(&screen, output.format);
    let result = match parsed {
        Ok(Parsed::Run(command)) => commands::run(&command, &screen, began),
        Ok(Parsed::Print(text)) => output::print(&text).map(|()| 0),
        Err(UsageError { message, .. }) => Err(Error::usage(message)),
    };
    screen.end();
    let fail = |error: Error| {
        commands::fail(&screen, output.format, &error.report(), error.kind().exit_code())
    };
    result.unwrap_or_else(fail).into()
}
