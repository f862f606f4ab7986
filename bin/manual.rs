//! Makes the manual page from the table.

use std::fmt::Write as _;

use crate::help;
use crate::options::{self, Group, Opt};
use crate::verbs::{Verb, VerbRow, available};

/// The page, as roff for the `man` macros.
pub(crate) fn page() -> String {
    let mut out = String::new();
    let version = env!("CARGO_PKG_VERSION");
    let _ = writeln!(out, ".TH PGYER 1 \"\" \"pgyer {version}\" \"User Commands\"");
    out.push_str(".nh\n.ad l\n");
    section(&mut out, "NAME");
    out.push_str("pgyer \\- upload app builds to Pgyer\n");
    section(&mut out, "SYNOPSIS");
    available().for_each(|verb| synopsis(&mut out, verb.row()));
    section(&mut out, "DESCRIPTION");
    for text in [help::ABOUT, help::NOT_THE_VENDORS, help::SECRETS] {
        paragraph(&mut out, text);
    }
    section(&mut out, "COMMANDS");
    available().for_each(|verb| command(&mut out, verb.row()));
    section(&mut out, "OPTIONS");
    paragraph(
        &mut out,
        "Long options take their value as --name value or --name=value. Options may follow \
         operands, and -- ends the options. If an option is given twice, the last one counts, \
         unless it is repeatable.",
    );
    paragraph(&mut out, help::DURATIONS);
    Group::ALL.into_iter().for_each(|group| options(&mut out, group));
    section(&mut out, "EXIT STATUS");
    for (status, kind, meaning) in help::exit_statuses() {
        tagged(&mut out, &format!("{status} {kind}"), meaning);
    }
    section(&mut out, "ENVIRONMENT");
    for (name, meaning) in help::environment() {
        tagged(&mut out, name, meaning);
    }
    section(&mut out, "EXAMPLES");
    out.push_str(".nf\n");
    available().flat_map(|verb| verb.row().examples).for_each(|line| text(&mut out, line));
    out.push_str(".fi\n");
    out
}

fn section(out: &mut String, name: &str) {
    let _ = writeln!(out, ".SH {name}");
}

fn synopsis(out: &mut String, row: &VerbRow) {
    for form in row.usage {
        let _ = writeln!(out, ".B pgyer {}", escaped(row.name));
        text(out, &format!("[OPTION]... {form}"));
        out.push_str(".br\n");
    }
}

fn command(out: &mut String, row: &VerbRow) {
    let _ = writeln!(out, ".TP\n.B {}", escaped(row.name));
    for (nth, paragraph) in row.about.iter().enumerate() {
        if nth > 0 {
            out.push_str(".IP\n");
        }
        text(out, paragraph);
    }
}

fn options(out: &mut String, group: Group) {
    let mut opts = options::shown().filter(|opt| opt.group == group).peekable();
    if opts.peek().is_some() {
        let _ = writeln!(out, ".SS {}", group.heading());
    }
    for opt in opts {
        let meaning = format!("{} {}", help::description(opt), commands(opt));
        tagged(out, &help::synopsis(opt), &meaning);
    }
}

/// The commands that have the option, as a sentence.
fn commands(opt: &Opt) -> String {
    let has = |verb: &Verb| opt.verbs.contains(verb);
    let names: Vec<&str> = available().filter(has).map(Verb::name).collect();
    if names.len() == available().count() {
        return "Every command has it.".into();
    }
    format!("Commands: {}.", names.join(", "))
}

fn tagged(out: &mut String, tag: &str, meaning: &str) {
    let _ = writeln!(out, ".TP\n.B \"{}\"", escaped(tag.trim_end()));
    text(out, meaning);
}

fn paragraph(out: &mut String, words: &str) {
    out.push_str(".PP\n");
    text(out, words);
}

/// Writes a line of text. A dot or a quote at its start would make it a request to roff.
fn text(out: &mut String, words: &str) {
    let guard = if words.starts_with(['.', '\'']) { "\\&" } else { "" };
    let _ = writeln!(out, "{guard}{}", escaped(words));
}

/// Escapes roff's special characters. `-` and `'` print as they are typed, and not as a hyphen and
/// an apostrophe.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('"', "\\(dq")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_has_every_command_and_option() {
        let page = page();
        for verb in available() {
            let name = format!(".B {}\n", escaped(verb.name()));
            assert!(page.contains(&name), "{}", verb.name());
            let examples = verb.row().examples.iter();
            examples.for_each(|line| assert!(page.contains(&escaped(line)), "{line}"));
            for opt in options::options_of(verb) {
                assert!(page.contains(&escaped(&format!("--{}", opt.long))), "{}", opt.long);
            }
        }
    }

    #[test]
    fn text_is_never_a_request() {
        let mut out = String::new();
        text(&mut out, ".so x");
        text(&mut out, "'a\\n-");
        assert_eq!(out, "\\&.so x\n\\&\\(aqa\\en\\-\n");
    }
}
