//! For fish, from 3.0 on.

use std::fmt::Write as _;

use super::with_value;
use crate::options::{Opt, Value, shown};
use crate::verbs::{Operands, VerbRow, available};

const HEAD: &str = r#"# fish completion for pgyer

complete -c pgyer -f

# The command before the cursor, or the one that is to run in the sandbox; "none" before any.
function __pgyer_verb
    set -l words (commandline -opc)
    set -e words[1]
    set -l verb none
    set -l value no
    for word in $words
        if test $value = yes
            set value no
        else if contains -- $word $__pgyer_with_value
            set value yes
        else if contains -- $word $__pgyer_verbs; and contains $verb none sandbox
            set verb $word
        end
    end
    echo $verb
end

function __pgyer_is
    contains (__pgyer_verb) $argv
end

# Folders, and the files with one of these suffixes.
function __pgyer_files
    set -l typed (commandline -ct | string replace -r -- '^--[^=]*=' '')
    complete -C "'' $typed" | string match -r -- '^.*(?:/|\.(?:'(string join '|' $argv)'))(?:\t.*)?$'
end

"#;

pub(super) fn script() -> String {
    let mut out = HEAD.to_owned();
    let verbs: Vec<_> = available().map(|row| row.name).collect();
    let _ = writeln!(out, "set -g __pgyer_verbs {}", verbs.join(" "));
    let _ = writeln!(out, "set -g __pgyer_with_value {}\n", with_value());
    for row in available() {
        let _ = writeln!(
            out,
            "complete -c pgyer -n '__pgyer_is none sandbox' -a {} -d {}",
            row.name,
            quoted(row.summary)
        );
    }
    available().for_each(|row| operands(&mut out, row));
    shown().for_each(|opt| option(&mut out, opt));
    out
}

fn operands(out: &mut String, row: &VerbRow) {
    let offered = match row.operands {
        Operands::None | Operands::Key | Operands::Command => return,
        Operands::Files(suffixes) | Operands::KeyThenFiles(suffixes) => files(suffixes),
        Operands::Words(words) => quoted(&words.join(" ")),
    };
    let _ = writeln!(out, "complete -c pgyer -n '__pgyer_is {}' -a {offered}", row.name);
}

fn option(out: &mut String, opt: &Opt) {
    let mut verbs: Vec<_> =
        available().filter(|row| opt.verbs.contains(&row.verb)).map(|row| row.name).collect();
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

fn files(suffixes: &[&str]) -> String {
    format!("'(__pgyer_files {})'", suffixes.join(" "))
}

/// Within fish's single quotes a backslash escapes a quote and itself.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}
