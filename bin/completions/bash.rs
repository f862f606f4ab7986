//! For bash, from 3.2 on (macOS): no package of completion helpers is needed.

use std::fmt::Write as _;

use super::{typed, with_value};
use crate::options::{self, Value, shown};
use crate::verbs::{Operands, VerbRow, available};

const HEAD: &str = r#"# bash completion for pgyer

# The words that begin with what was typed.
_pgyer_words() {
    local word
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$1" -- "$cur")
}

# Folders, and the files with one of these suffixes, or all of them.
_pgyer_files() {
    local name suffix
    compopt -o filenames 2>/dev/null
    while IFS= read -r name; do
        if [[ -d ${name/#\~/$HOME} || $# -eq 0 ]]; then COMPREPLY+=("$name"); continue; fi
        for suffix; do [[ $name == *."$suffix" ]] && COMPREPLY+=("$name"); done
    done < <(compgen -f -- "$cur")
}

_pgyer() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb='' nth=1 word
    COMPREPLY=()
    # --name=value comes as three words.
    if [[ $cur == = ]]; then
        cur=''
    elif [[ $prev == = && $COMP_CWORD -gt 2 ]]; then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
"#;

const VERB: &str = r#"
    # The command, or the one that is to run in the sandbox.
    while [[ $nth -lt $COMP_CWORD ]]; do
        word=${COMP_WORDS[nth]}
        nth=$((nth + 1))
        case $word in
            --)
                if [[ $verb == sandbox ]]; then
                    if [[ $nth -eq $COMP_CWORD ]]; then
                        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -c -- "$cur")
                    else
                        _pgyer_files
                    fi
                    return
                fi
                ;;
            =) nth=$((nth + 1)) ;;
"#;

const OPTIONS: &str = r#"        esac
    done

    case $prev in
"#;

const TAIL: &str = r#"    esac
}

complete -F _pgyer pgyer
"#;

pub(super) fn script() -> String {
    let mut out = HEAD.to_owned();
    out.push_str(VERB);
    let skipped = with_value().replace(' ', "|");
    let _ = writeln!(
        out,
        "            {skipped})\n                [[ ${{COMP_WORDS[nth]}} == = ]] || nth=$((nth + 1))\n                ;;"
    );
    let names = verbs("|");
    let _ = writeln!(
        out,
        "            {names})\n                [[ -z $verb || $verb == sandbox ]] && verb=$word\n                ;;"
    );
    out.push_str(OPTIONS);
    values(&mut out);
    out.push_str("    esac\n\n    case $verb in\n");
    let _ = writeln!(out, "        '') _pgyer_words '{} -h --help -V --version' ;;", verbs(" "));
    available().for_each(|row| command(&mut out, row));
    out.push_str(TAIL);
    out
}

fn verbs(between: &str) -> String {
    available().map(|row| row.name).collect::<Vec<_>>().join(between)
}

/// What can follow each option that takes a value.
fn values(out: &mut String) {
    for opt in shown() {
        let action = match opt.value {
            Value::Flag => continue,
            Value::Text(_) => String::new(),
            Value::Choice(_, words) => format!("_pgyer_words '{}'; ", words.join(" ")),
            Value::File(_, suffixes) => format!("{}; ", files(suffixes)),
        };
        let _ = writeln!(out, "        --{}) {action}return ;;", opt.long);
    }
}

/// What can follow a command.
fn command(out: &mut String, row: &VerbRow) {
    let names: Vec<String> = options::of(row.verb).map(typed).collect();
    let operands = match row.operands {
        Operands::None | Operands::Key => ":".to_owned(),
        Operands::Files(suffixes) | Operands::KeyThenFiles(suffixes) => files(suffixes),
        Operands::Words(words) => format!("_pgyer_words '{}'", words.join(" ")),
        Operands::Command => format!("_pgyer_words '{}'", verbs(" ")),
    };
    let _ = writeln!(
        out,
        "        {})\n            if [[ $cur == -* ]]; then\n                _pgyer_words '{}'\n            else\n                {operands}\n            fi\n            ;;",
        row.name,
        names.join(" ")
    );
}

fn files(suffixes: &[&str]) -> String {
    format!("_pgyer_files {}", suffixes.join(" ")).trim_end().to_owned()
}
