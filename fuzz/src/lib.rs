//! The targets. The library's properties come from it; the program's from its sources, which are
//! built in here a second time, because a program can't be linked to.

#![allow(dead_code)]

#[path = "../../bin/args/mod.rs"]
mod args;
#[path = "../../bin/completions/mod.rs"]
mod completions;
#[path = "../../src/decoder.rs"]
mod decoder;
#[path = "../../bin/config.rs"]
mod config;
#[path = "../../bin/help.rs"]
mod help;
#[path = "../../bin/inputs.rs"]
mod inputs;
#[path = "../../bin/manual.rs"]
mod manual;
#[path = "../../bin/options/mod.rs"]
mod options;
#[path = "../../bin/output/mod.rs"]
mod output;
#[path = "../../bin/fuzzing.rs"]
mod program;
#[path = "../../bin/verbs.rs"]
mod verbs;

pub use pgyer::fuzzing::{answers, heads, package, proxies, storage};

pub fn form(data: &[u8]) {
    pgyer::fuzzing::form(data, decoder::decode);
}

pub fn command_line(data: &[u8]) {
    program::command_line(data);
}

pub fn times(data: &[u8]) {
    pgyer::fuzzing::dates(data);
    program::durations(data);
}

pub fn configuration(data: &[u8]) {
    program::configuration(data);
}
