//! The tables of `pgyer.fish`: a `complete` command for each thing that is offered.

use std::fmt::Write as _;

use super::{filled, options_with_value, verbs};
use crate::options::{Value, shown};
use crate::verbs::{Operands, Verb, available};

pub(super) fn script() -> String {
    filled(
        include_str!("pgyer.fish"),
        &[
            ("@VERBS@", verbs(" ")),
            ("@WITH_VALUE@", options_with_value(" ")),
            ("@COMMANDS@", commands()),
            ("@OPERANDS@", operands()),
            ("@OPTIONS@", options()),
        ],
    )
}

fn commands() -> String {
    let mut out = String::new();
    for verb in available() {
        let (name, summary) = (verb.name(), quoted(verb.row().summary));
        let _ =
            writeln!(out, "complete -c pgyer -n '__pgyer_is none sandbox' -a {name} -d {summary}");
    }
    out
}

fn operands() -> String {
    let mut out = String::new();
    for verb in available() {
        let offered = match verb.row().operands {
            Operands::None | Operands::Key | Operands::Command => continue,
            Operands::Files(suffixes) | Operands::KeyThenFiles(suffixes) => files(suffixes),
            Operands::Words(words) => quoted(&words.join(" ")),
        };
        let _ = writeln!(out, "complete -c pgyer -n '__pgyer_is {}' -a {offered}", verb.name());
    }
    out
}

fn options() -> String {
    let mut out = String::new();
    for opt in shown() {
        let mut verbs: Vec<&str> =
            available().filter(|verb| opt.verbs.contains(verb)).map(Verb::name).collect();
        if verbs.len() == available().count() {
            verbs.push("none");
        }
        let short = opt.short.map(|name| format!(" -s {name}")).unwrap_or_default();
        let value = match opt.value {
            Value::Flag => String::new(),
            Value::Text(_) => " -x".into(),
            Value::Choice(_, words) => format!(" -x -a {}", quoted(&words.join(" "))),
            Value::File(_, []) => " -r -F".into(),
            Value::File(_, suffixes) => format!(" -x -a {}", files(suffixes)),
        };
        let _ = writeln!(
            out,
            "complete -c pgyer -n '__pgyer_is {}' -l {}{short}{value} -d {}",
            verbs.join(" "),
            opt.long,
            quoted(opt.help)
        );
    }
    out
}

fn files(suffixes: &[&str]) -> String {
    format!("'(__pgyer_files {})'", suffixes.join(" "))
}

/// Within fish's single quotes a backslash escapes a quote and itself.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}
