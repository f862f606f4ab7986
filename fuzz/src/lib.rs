//! One function for each fuzz target. The library's properties are part of it when it is built for
//! fuzzing; the program can't be linked to, so its sources and properties are compiled in here.

#![allow(dead_code)]

#[path = "../../bin/args/mod.rs"]
mod args;
#[path = "../../bin/completions/mod.rs"]
mod completions;
#[path = "../../tests/it/support/decoder.rs"]
mod decoder;
#[path = "../../bin/help.rs"]
mod help;
#[path = "../../bin/manual.rs"]
mod manual;
#[path = "../../bin/options/mod.rs"]
mod options;
#[path = "../properties/program.rs"]
mod program;
#[path = "../../src/shell.rs"]
mod shell;
#[path = "../../bin/verbs.rs"]
mod verbs;

pub use pgyer::fuzzing::{
    answers, certificates, configuration, heads, package, proxies, readers, storage,
};

pub fn form(data: &[u8]) {
    let Some(form) = pgyer::fuzzing::form(data) else { return };
    assert_eq!(decoder::decode(&form.boundary, &form.body), form.parts);
}

pub fn command_line(data: &[u8]) {
    program::command_line(data);
}

pub fn times(data: &[u8]) {
    pgyer::fuzzing::dates(data);
    program::durations(data);
}
