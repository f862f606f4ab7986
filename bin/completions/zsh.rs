//! The tables of `pgyer.zsh`: specifications for `_arguments`.

use std::fmt::Write as _;

use super::filled;
use crate::options::{HELP, Opt, VERSION, Value, options_of};
use crate::shell::quoted;
use crate::verbs::{Operands, Verb, available};

pub(super) fn script() -> String {
    let global_options = [&HELP, &VERSION];
    filled(
        include_str!("pgyer.zsh"),
        &[
            ("@GLOBAL_OPTIONS@", specifications(global_options.into_iter(), "        ")),
            ("@ARGUMENTS@", available().map(arguments).collect()),
            ("@COMMANDS@", commands()),
        ],
    )
}

fn commands() -> String {
    let mut out = String::new();
    for verb in available() {
        let entry = quoted(&format!("{}:{}", verb.name(), verb.row().summary));
        let _ = writeln!(out, "        {entry}");
    }
    out
}

/// The arm for a command: its options, then its operands.
fn arguments(verb: Verb) -> String {
    let operands = match verb.row().operands {
        Operands::None => "",
        Operands::Key => "'1:key: '",
        Operands::KeyThenFiles(suffixes) => &format!("'1:key: ' '*:file:{}'", files(suffixes)),
        Operands::Files(suffixes) => &format!("'*:file:{}'", files(suffixes)),
        Operands::Words(words) => &format!("'1:shell:({})'", words.join(" ")),
        Operands::Command => "'*::command:_pgyer_nested'",
    };
    let (name, options) = (verb.name(), specifications(options_of(verb), "                "));
    let mut out = format!("        {name})\n            _arguments -s -S \\\n{options}");
    let _ = writeln!(out, "                {operands}\n            ;;");
    out
}

fn specifications(options: impl Iterator<Item = &'static Opt>, indent: &str) -> String {
    options.map(|opt| format!("{indent}{} \\\n", specification(opt))).collect()
}

/// `'(-q --quiet)'{-q,--quiet}'[help]'`.
fn specification(opt: &Opt) -> String {
    let help = opt.help.replace('\\', r"\\").replace('[', r"\[").replace(']', r"\]");
    let value = value(opt);
    let long = opt.long;
    match opt.short {
        Some(short) => {
            let ends_the_line = opt.is(&HELP) || opt.is(&VERSION);
            let excluded =
                if ends_the_line { "- *".to_owned() } else { format!("-{short} --{long}") };
            format!("'({excluded})'{{-{short},--{long}}}{}", quoted(&format!("[{help}]{value}")))
        }
        None if opt.repeatable => quoted(&format!("*--{long}=[{help}]{value}")),
        None if opt.takes_value() => quoted(&format!("--{long}=[{help}]{value}")),
        None => quoted(&format!("--{long}[{help}]")),
    }
}

fn value(opt: &Opt) -> String {
    match opt.value {
        Value::Flag => String::new(),
        Value::Text(name) => format!(":{}: ", name.replace(':', r"\:")),
        Value::Choice(name, words) => format!(":{name}:({})", words.join(" ")),
        Value::File(name, suffixes) => format!(":{name}:{}", files(suffixes)),
    }
}

fn files(suffixes: &[&str]) -> String {
    match suffixes {
        [] => "_files".into(),
        _ => format!("_files -g \"*.({})(-.)\"", suffixes.join("|")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandbox_completes_the_command_within() {
        assert!(arguments(Verb::Sandbox).contains("_pgyer_nested"));
    }
}
