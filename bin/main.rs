//! The program.

mod args;
mod completions;
mod help;
mod manual;
mod options;
mod verbs;

use std::process::ExitCode;

#[allow(clippy::print_stdout, clippy::print_stderr)]
fn main() -> ExitCode {
    match args::parse(std::env::args_os().skip(1), &|name| std::env::var_os(name)) {
        Ok(args::Parsed::Print(text)) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Ok(args::Parsed::Run(command)) => {
            println!("{command:#?}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("pgyer: {}", error.message);
            if error.format == Some(args::Format::Env) {
                println!("(exit 2)");
            }
            ExitCode::from(2)
        }
    }
}
