//! Every example in the full help works exactly as printed.

use std::thread;

use crate::support::{Ran, folder, program, run};

/// The indented lines under `Examples:` in a command's full help.
fn examples(command: &str) -> Vec<String> {
    let help = run(&mut program(), [command, "--help"]).expect(0).stdout;
    let (_, rest) = help.split_once("\nExamples:\n").unwrap_or_else(|| panic!("{help}"));
    let lines: Vec<String> =
        rest.lines().map_while(|line| line.strip_prefix("  ")).map(str::to_owned).collect();
    assert!(!lines.is_empty(), "{help}");
    lines
}

/// The names in the list of commands.
fn commands() -> Vec<String> {
    let help = run(&mut program(), ["-h"]).expect(0).stdout;
    let (_, rest) = help.split_once("\nCommands:\n").unwrap();
    let names = rest.lines().map_while(|line| line.strip_prefix("  "));
    names.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

/// Runs lines in one shell in a sandbox, where the files of the examples are.
fn in_sandbox(script: &str) -> Ran {
    let folder = folder();
    let own = std::path::Path::new(env!("CARGO_BIN_EXE_pgyer")).parent().unwrap();
    let path = std::env::join_paths(
        std::iter::once(own.to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let mut command = program();
    command.current_dir(folder.path()).env("PATH", path.unwrap());
    run(&mut command, ["sandbox", "--polls=0", "--", "sh", "-e", "-c", script])
}

#[test]
fn the_examples_of_each_command_work_one_after_the_other() {
    let names = commands();
    assert!(names.len() >= 11, "{names:?}");
    thread::scope(|scope| {
        for name in names.iter().filter(|name| *name != "sandbox") {
            scope.spawn(move || {
                let ran = in_sandbox(&examples(name).join("\n"));
                assert_eq!(ran.code, Some(0), "{name}: {ran:#?}");
            });
        }
        // These take as long as their faults say, so each runs on its own.
        for line in examples("sandbox") {
            scope.spawn(move || {
                let ran = in_sandbox(&line);
                assert_eq!(ran.code, Some(0), "{line}: {ran:#?}");
            });
        }
    });
}
