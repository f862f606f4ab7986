//! Makes `-h` and `--help` from the table.

use std::fmt::Write as _;

use pgyer::ErrorKind;

use crate::options::{self, Group, HELP, OPTIONS, Opt, VERSION, Variable};
use crate::verbs::{Verb, VerbRow, available};

/// Terminals have 80 columns, and on some of them a line that fills the last one wraps.
pub(crate) const WIDTH: usize = 79;
/// Where the second column of the short help begins.
const COLUMN: usize = 36;

/// What `pgyer` is, in a line.
pub(crate) const ABOUT: &str = "Uploads iOS, Android and HarmonyOS builds to Pgyer.";
/// The vendor's own program has the same name.
pub(crate) const NOT_THE_VENDORS: &str =
    "An independent program, not the vendor's: neither made nor endorsed by Pgyer.";
pub(crate) const DURATIONS: &str =
    "D is a duration: 250ms, 3s, 5m, 1h, or seconds without a unit; fractions are allowed.";
pub(crate) const SECRETS: &str = "No secret is taken from the command line, which other users of \
     this machine can read: the API key and passwords come from the environment or from files.";

/// What each kind of failure means. Its number and name are the library's.
const FAILURES: &[(ErrorKind, &str)] = &[
    (ErrorKind::Io, "a file is missing, can't be read or written, or has changed"),
    (ErrorKind::Usage, "the command line, the environment, or a file it names is wrong"),
    (ErrorKind::Package, "the file is not something that Pgyer can publish"),
    (ErrorKind::Auth, "no API key, or one that Pgyer does not accept"),
    (ErrorKind::Api, "Pgyer refused the request, or its answer can't be used"),
    (ErrorKind::Network, "DNS, TCP, TLS, a proxy, a time-out, or an answer not Pgyer's"),
    (ErrorKind::Storage, "the storage refused the file, or did not store what was sent"),
    (ErrorKind::Publish, "Pgyer could not publish the build"),
    (ErrorKind::Pending, "the file is stored, but not published yet"),
];

/// The exit statuses: the number, the kind, the meaning.
pub(crate) fn exit_statuses() -> impl Iterator<Item = (u8, &'static str, &'static str)> {
    let failures = FAILURES.iter().map(|(kind, meaning)| (kind.exit_code(), kind.name(), *meaning));
    std::iter::once((0, "", "done")).chain(failures)
}

/// Variables that belong to no option.
const MORE_ENVIRONMENT: &[Variable] = &[
    ("PGYER_CONFIG_FILE", "a configuration file of the official clients"),
    ("XDG_CONFIG_HOME", "the folder of pgyer/config.json and pgyer/config"),
];

/// Every environment variable.
pub(crate) fn environment() -> impl Iterator<Item = Variable> {
    OPTIONS.iter().flat_map(|opt| opt.env).chain(MORE_ENVIRONMENT).copied()
}

/// What `-V` prints.
pub(crate) fn version() -> String {
    format!("pgyer {}\n{NOT_THE_VENDORS}\n", env!("CARGO_PKG_VERSION"))
}

/// The help of a command, or of the program.
pub(crate) fn text(verb: Option<Verb>, full: bool) -> String {
    match (verb, full) {
        (None, false) => short_overview(),
        (None, true) => full_overview(),
        (Some(verb), false) => short_command(verb),
        (Some(verb), true) => full_command(verb),
    }
}

fn short_overview() -> String {
    let mut out =
        format!("{ABOUT}\n{NOT_THE_VENDORS}\n\nUsage: pgyer COMMAND [OPTION]... [OPERAND]...\n\n");
    commands(&mut out);
    out.push_str("\nOptions:\n");
    for opt in [&HELP, &VERSION] {
        short_option(&mut out, opt);
    }
    out.push_str(
        "\nThe API key comes from PGYER_API_KEY, from --api-key-file FILE, or from the\n\
         official clients' configuration file.\n\
         pgyer COMMAND -h lists the options of a command; --help explains them.\n",
    );
    out
}

fn full_overview() -> String {
    let mut out = short_overview();
    out.push_str("\nExamples:\n");
    for verb in [Verb::Upload, Verb::Status] {
        examples(&mut out, verb.row());
    }
    out.push('\n');
    wrap(&mut out, SECRETS, 0);
    out.push_str(
        "\nThe result goes to standard output, in the format that --format names, and\n\
         everything else to standard error.\n\nExit status:\n",
    );
    for (status, kind, meaning) in exit_statuses() {
        let _ = writeln!(out, "  {status}  {kind:<8} {meaning}");
    }
    out.push_str("\nEnvironment:\n");
    for (name, meaning) in environment() {
        let _ = writeln!(out, "  {name:<23} {meaning}");
    }
    out
}

fn commands(out: &mut String) {
    out.push_str("Commands:\n");
    for verb in available() {
        let _ = writeln!(out, "  {:<13} {}", verb.name(), verb.row().summary);
    }
}

fn short_command(verb: Verb) -> String {
    let mut out = usage(verb.row());
    for group in Group::ALL {
        let mut opts = options_of_group(verb, group).filter(|opt| !opt.rare).peekable();
        // No blank lines between the groups: the help of upload has to fit two small screens.
        if opts.peek().is_some() {
            let _ = writeln!(out, "{}:", group.heading());
        }
        opts.for_each(|opt| short_option(&mut out, opt));
    }
    let durations = if verb.uses_network() { "D: 250ms, 3s, 5m, 1h. " } else { "" };
    let _ = writeln!(out, "{durations}All options: pgyer {} --help", verb.name());
    out
}

fn full_command(verb: Verb) -> String {
    let mut out = usage(verb.row());
    for paragraph in verb.row().about {
        out.push('\n');
        wrap(&mut out, paragraph, 0);
    }
    for group in Group::ALL {
        let mut opts = options_of_group(verb, group).peekable();
        if opts.peek().is_some() {
            let _ = writeln!(out, "\n{}:", group.heading());
        }
        opts.for_each(|opt| full_option(&mut out, opt));
    }
    if verb.uses_network() {
        out.push('\n');
        wrap(&mut out, DURATIONS, 0);
        wrap(&mut out, SECRETS, 0);
    }
    #[cfg(feature = "sandbox")]
    if verb == Verb::Sandbox {
        let _ = write!(out, "\n{}", pgyer::sandbox::FAULT_HELP);
    }
    out.push_str("\nExamples:\n");
    examples(&mut out, verb.row());
    out.push_str("\npgyer --help explains the exit status.\n");
    out
}

fn usage(row: &VerbRow) -> String {
    let mut out = format!("pgyer {}: {}\n", row.name, row.summary);
    for (nth, form) in row.usage.iter().enumerate() {
        let lead = if nth == 0 { "Usage:" } else { "      " };
        let line = format!("{lead} pgyer {} [OPTION]... {form}", row.name);
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

fn examples(out: &mut String, row: &VerbRow) {
    for line in row.examples {
        let _ = writeln!(out, "  {line}");
    }
}

fn options_of_group(verb: Verb, group: Group) -> impl Iterator<Item = &'static Opt> {
    options::options_of(verb).filter(move |opt| opt.group == group)
}

fn short_option(out: &mut String, opt: &Opt) {
    let _ = writeln!(out, "{:<COLUMN$}{}", head(opt), opt.help);
}

fn full_option(out: &mut String, opt: &Opt) {
    let _ = writeln!(out, "{}", head(opt));
    wrap(out, &description(opt), 10);
}

/// `  -q, --quiet`, `      --type TYPE`.
fn head(opt: &Opt) -> String {
    let indent = if opt.short.is_none() { "    " } else { "" };
    format!("  {indent}{}", synopsis(opt))
}

/// `-q, --quiet`, `--type TYPE`.
pub(crate) fn synopsis(opt: &Opt) -> String {
    let short = opt.short.map(|name| format!("-{name}, ")).unwrap_or_default();
    let value = opt.value.name().map(|name| format!(" {name}")).unwrap_or_default();
    format!("{short}--{}{value}", opt.long)
}

/// All that the table says about an option, as sentences.
pub(crate) fn description(opt: &Opt) -> String {
    let mut letters = opt.help.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let mut text = format!("{}{}.", first.map_or_else(String::new, String::from), letters.as_str());
    if !opt.more.is_empty() {
        let _ = write!(text, " {}", opt.more);
    }
    if let Some(field) = opt.field {
        let _ = write!(text, " Sets {field}.");
    }
    if !opt.env.is_empty() {
        let names: Vec<&str> = opt.env.iter().map(|(name, _)| *name).collect();
        let _ = write!(text, " Environment: {}.", names.join(", "));
    }
    text
}

/// Writes a paragraph in lines of at most [`WIDTH`] columns.
fn wrap(out: &mut String, text: &str, indent: usize) {
    let mut column = 0;
    for word in text.split_whitespace() {
        if column > 0 && column + word.len() >= WIDTH {
            out.push('\n');
            column = 0;
        }
        let gap = if column == 0 { indent } else { 1 };
        let _ = write!(out, "{:gap$}{word}", "");
        column += gap + word.len();
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_text(full: bool) -> impl Iterator<Item = String> {
        available().map(Some).chain([None]).map(move |verb| text(verb, full))
    }

    #[test]
    fn the_short_help_fits_two_small_screens() {
        for help in every_text(false) {
            assert!(help.lines().count() <= 48, "{help}");
        }
    }

    #[test]
    fn no_line_is_too_long_and_nothing_is_escaped() {
        for help in every_text(false).chain(every_text(true)).chain([version()]) {
            for line in help.lines() {
                assert!(line.chars().count() <= WIDTH, "{line}");
                assert_eq!(line, line.trim_end());
            }
            assert!(help.ends_with('\n') && !help.contains('\u{1b}'));
        }
    }

    #[test]
    fn every_option_is_in_the_help_of_its_commands() {
        for verb in available() {
            let (short, full) = (text(Some(verb), false), text(Some(verb), true));
            for opt in options::options_of(verb) {
                assert!(full.contains(&head(opt)), "{full}");
                assert_eq!(short.contains(&head(opt)), !opt.rare, "{short}");
            }
            assert!(!short.contains("--json") && !full.contains("--json"), "{full}");
            verb.row().examples.iter().for_each(|line| assert!(full.contains(line), "{line}"));
        }
    }

    #[test]
    fn the_overview_has_every_command_status_and_variable() {
        let help = text(None, true);
        for verb in available() {
            assert!(help.contains(&format!("  {} ", verb.name())), "{}", verb.name());
        }
        let numbers = exit_statuses().map(|(status, ..)| status);
        assert!(numbers.eq(0..=9), "each status once");
        for (status, kind, meaning) in exit_statuses() {
            assert!(help.contains(&format!("  {status}  {kind:<8} {meaning}")), "{status}");
        }
        for (name, _) in environment() {
            assert!(help.contains(name), "{name}");
        }
    }
}
