//! The tables of `pgyer.bash`: the arms of its `case` commands.

use std::fmt::Write as _;

use super::{filled, options_with_value, verbs};
use crate::options::{Value, options_of, shown};
use crate::shell::quoted;
use crate::verbs::{Operands, available};

pub(super) fn script() -> String {
    filled(
        include_str!("pgyer.bash"),
        &[
            ("@VALUES@", values()),
            ("@OPTIONS@", options()),
            ("@OPERANDS@", operands()),
            ("@WITH_VALUE@", options_with_value("|")),
            ("@VERBS@", verbs("|")),
        ],
    )
}

/// What offers the values of each option.
fn values() -> String {
    let mut out = String::new();
    for opt in shown() {
        let offer = match opt.value {
            Value::Flag => continue,
            Value::Text(_) => ":".to_owned(),
            Value::Choice(_, words) => words_of(&words.join(" ")),
            Value::File(_, suffixes) => files(suffixes),
        };
        let _ = writeln!(out, "        --{}) {offer} ;;", opt.long);
    }
    out
}

/// The options of each command. Before any command, its name may follow too.
fn options() -> String {
    let mut out = format!("        '') options='{} -h --help -V --version' ;;\n", verbs(" "));
    for verb in available() {
        let names = options_of(verb).flat_map(|opt| {
            let short = opt.short.map(|name| format!("-{name}"));
            short.into_iter().chain([opt.long_flag()])
        });
        let names = names.collect::<Vec<_>>().join(" ");
        let _ = writeln!(out, "        {}) options='{names}' ;;", verb.name());
    }
    out
}

/// What offers the operands of each command.
fn operands() -> String {
    let mut out = String::new();
    for verb in available() {
        let offer = match verb.row().operands {
            Operands::None | Operands::Key => continue,
            Operands::Files(suffixes) | Operands::KeyThenFiles(suffixes) => files(suffixes),
            Operands::Words(words) => words_of(&words.join(" ")),
            Operands::Command => words_of(&verbs(" ")),
        };
        let _ = writeln!(out, "        {}) {offer} ;;", verb.name());
    }
    out
}

fn words_of(words: &str) -> String {
    format!("_pgyer_words {}", quoted(words))
}

fn files(suffixes: &[&str]) -> String {
    format!("_pgyer_files {}", suffixes.join(" ")).trim_end().to_owned()
}
