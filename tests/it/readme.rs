//! The README shows commands that are there.

use std::collections::BTreeSet;

use crate::support::{program, run};

const README: &str = include_str!("../../README.md");

/// What its readers type first. `.ci/run` runs these two as they stand.
#[test]
fn a_fresh_clone_begins_with_two_commands() {
    let typed: Vec<&str> =
        README.lines().filter(|line| line.starts_with("cargo ")).take(2).collect();
    assert_eq!(
        typed,
        [
            "cargo run --features sandbox -- sandbox upload tests/data/app.apk",
            "cargo test --all-features",
        ]
    );
}

/// The first words of the rows of the table of commands.
fn commands_in_the_readme() -> BTreeSet<&'static str> {
    let table = README.split_once("\n## Commands\n").map_or("", |(_, after)| after);
    let rows = table.lines().take_while(|line| !line.starts_with("## "));
    rows.filter_map(|row| row.strip_prefix("| `pgyer ")?.split([' ', '`']).next()).collect()
}

#[test]
fn the_commands_are_those_of_the_help() {
    let help = run(&mut program(), ["--help"]).expect(0).stdout;
    let list = help.split_once("Commands:\n").map_or("", |(_, after)| after);
    let lines = list.lines().take_while(|line| !line.is_empty());
    let in_the_help: BTreeSet<&str> = lines.filter_map(|l| l.split_whitespace().next()).collect();
    assert_eq!(commands_in_the_readme(), in_the_help);
}

#[test]
fn the_options_are_those_of_the_help() {
    let commands = ["upload", "status", "put", "token", "sandbox"];
    let help: String =
        commands.map(|command| run(&mut program(), [command, "--help"]).expect(0).stdout).concat();
    let use_it = README.split_once("\n## Use it\n").map_or("", |(_, after)| after);
    let ours = use_it.split_once("\n## A static binary\n").map_or("", |(before, _)| before);
    // What cargo is told is not ours.
    let lines = ours.lines().filter(|line| !line.starts_with("cargo "));
    let words = lines.flat_map(|line| line.split(|c: char| c != '-' && !c.is_ascii_alphanumeric()));
    let is_option = |word: &&str| {
        word.strip_prefix("--")
            .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    let options: BTreeSet<&str> = words.filter(is_option).collect();
    assert!(options.len() > 20, "{options:?}");
    let documented: BTreeSet<&str> = help.split_whitespace().collect();
    assert_eq!(options.difference(&documented).collect::<Vec<_>>(), [&""; 0]);
}
