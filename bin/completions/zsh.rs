//! For zsh: a file of `$fpath`, or evaluated after `compinit`.

use std::fmt::Write as _;

use super::quoted;
use crate::options::{self, Opt, Value};
use crate::verbs::{Operands, VerbRow, available};

const HEAD: &str = r#"#compdef pgyer
# zsh completion for pgyer

_pgyer() {
    local curcontext="$curcontext" state line
    typeset -A opt_args
    _arguments -C -s -S \
"#;

const DISPATCH: &str = r#"        '1:command:_pgyer_commands' \
        '*:: :->operands' && return 0
    [[ $state == operands ]] || return 1
    curcontext="${curcontext%:*:*}:pgyer-$words[1]:"
    case $words[1] in
"#;

const COMMANDS: &str = r#"    esac
}

_pgyer_commands() {
    local -a commands
    commands=(
"#;

const TAIL: &str = r#"    )
    _describe -t commands 'command of pgyer' commands
}

# What runs in the sandbox: a command of pgyer.
_pgyer_nested() {
    words=(pgyer "$words[@]")
    (( CURRENT++ ))
    _pgyer
}

if [[ $funcstack[1] == _pgyer ]]; then
    _pgyer "$@"
elif (( $+functions[compdef] )); then
    compdef _pgyer pgyer
fi
"#;

pub(super) fn script() -> String {
    let mut out = HEAD.to_owned();
    for id in [options::Id::Help, options::Id::Version] {
        specification(&mut out, options::row(id), "        ");
    }
    out.push_str(DISPATCH);
    available().for_each(|row| command(&mut out, row));
    out.push_str(COMMANDS);
    for row in available() {
        let _ = writeln!(out, "        {}", quoted(&format!("{}:{}", row.name, row.summary)));
    }
    out.push_str(TAIL);
    out
}

fn command(out: &mut String, row: &VerbRow) {
    let _ = writeln!(out, "        {})\n            _arguments -s -S \\", row.name);
    options::of(row.verb).for_each(|opt| specification(out, opt, "                "));
    let operands = match row.operands {
        Operands::None => "",
        Operands::Key => "'1:key: '",
        Operands::KeyThenFiles(suffixes) => &format!("'1:key: ' '*:file:{}'", files(suffixes)),
        Operands::Files(suffixes) => &format!("'*:file:{}'", files(suffixes)),
        Operands::Words(words) => &format!("'1:shell:({})'", words.join(" ")),
        Operands::Command => "'*::command:_pgyer_nested'",
    };
    let _ = writeln!(out, "                {operands}\n            ;;");
}

/// A line for `_arguments`: `'(-q --quiet)'{-q,--quiet}'[help]'`.
fn specification(out: &mut String, opt: &Opt, indent: &str) {
    let help = opt.help.replace('\\', r"\\").replace('[', r"\[").replace(']', r"\]");
    let value = value(opt);
    let alone = matches!(opt.id, options::Id::Help | options::Id::Version);
    let line = match (opt.short, opt.repeatable) {
        (Some(short), _) => {
            let excluded =
                if alone { "- *".to_owned() } else { format!("-{short} --{}", opt.long) };
            let rest = quoted(&format!("[{help}]{value}"));
            format!("'({excluded})'{{-{short},--{}}}{rest}", opt.long)
        }
        (None, true) => quoted(&format!("*--{}=[{help}]{value}", opt.long)),
        (None, false) if opt.takes_value() => quoted(&format!("--{}=[{help}]{value}", opt.long)),
        (None, false) => quoted(&format!("--{}[{help}]", opt.long)),
    };
    let _ = writeln!(out, "{indent}{line} \\");
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
    use crate::verbs::Verb;

    #[test]
    fn the_sandbox_hands_its_operands_on() {
        let mut out = String::new();
        command(&mut out, Verb::Sandbox.row());
        assert!(out.contains("_pgyer_nested"), "{out}");
    }
}
