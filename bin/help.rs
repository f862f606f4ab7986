//! The table, made into `-h` and `--help`.

use std::fmt::Write as _;

use crate::options::{self, Group, Id, Opt};
use crate::verbs::{self, Verb, VerbRow};

/// Terminals have 80 columns; a line that fills the last one wraps on some of them.
pub(crate) const WIDTH: usize = 79;
/// Where the second column of the short help begins.
const COLUMN: usize = 36;

/// What `pgyer` is, in a line.
pub(crate) const ABOUT: &str = "Uploads iOS, Android and HarmonyOS builds to Pgyer.";
/// The official program has the same name.
pub(crate) const NOT_THE_VENDORS: &str =
    "An independent program, not the vendor's: neither made nor endorsed by Pgyer.";
pub(crate) const DURATIONS: &str =
    "D is a duration: 250ms, 3s, 5m, 1h, or seconds without a unit; fractions are allowed.";
pub(crate) const SECRETS: &str = "No secret is taken from the command line, which other users of \
     the machine can read: the API key and passwords come from the environment or from files.";

/// The exit statuses: the number, the kind, the meaning.
pub(crate) const EXIT_STATUS: &[(u8, &str, &str)] = &[
    (0, "", "done"),
    (1, "io", "a file is missing, can't be read or written, or changed meanwhile"),
    (2, "usage", "the command line, the environment or a token file is wrong"),
    (3, "package", "the file is not something that Pgyer can publish"),
    (4, "auth", "no API key, or one that Pgyer does not accept"),
    (5, "api", "Pgyer refused the request, or its answer can't be used"),
    (6, "network", "DNS, TCP, TLS, a proxy, a time-out, or an answer not Pgyer's"),
    (7, "storage", "the storage refused the file, or did not store what was sent"),
    (8, "publish", "Pgyer could not publish the build"),
    (9, "pending", "the file is stored, and the build not decided yet"),
];

/// Variables that no option stands for.
pub(crate) const MORE_ENVIRONMENT: &[(&str, &str)] = &[
    ("PGYER_CONFIG_FILE", "the official clients' file, for the API key"),
    ("XDG_CONFIG_HOME", "the folder of pgyer/config.json and pgyer/config"),
];

/// What `-V` prints.
pub(crate) fn version() -> String {
    format!("pgyer {}\n{NOT_THE_VENDORS}\n", env!("CARGO_PKG_VERSION"))
}

/// The help of a command, or of the program.
pub(crate) fn text(verb: Option<Verb>, full: bool) -> String {
    match (verb, full) {
        (None, false) => short_overview(),
        (None, true) => full_overview(),
        (Some(verb), false) => short_command(verb.row()),
        (Some(verb), true) => full_command(verb.row()),
    }
}

fn short_overview() -> String {
    let mut out =
        format!("{ABOUT}\n{NOT_THE_VENDORS}\n\nUsage: pgyer COMMAND [OPTION]... [OPERAND]...\n\n");
    commands(&mut out);
    out.push_str("\nOptions:\n");
    for id in [Id::Help, Id::Version] {
        short_option(&mut out, options::row(id));
    }
    out.push_str(
        "\nThe API key comes from PGYER_API_KEY, from --api-key-file FILE, or from the\n\
         official clients' configuration file.\n\
         pgyer COMMAND -h shows the options of a command; --help says more.\n",
    );
    out
}

fn full_overview() -> String {
    let mut out = short_overview();
    out.push_str("\nExamples:\n");
    for row in verbs::available().take(2) {
        examples(&mut out, row);
    }
    out.push('\n');
    wrap(&mut out, SECRETS, 0);
    out.push_str(
        "\nThe result goes to standard output, in the format that --format names, and\n\
         everything else to standard error.\n\nExit status:\n",
    );
    for (status, kind, meaning) in EXIT_STATUS {
        let _ = writeln!(out, "  {status}  {kind:<8} {meaning}");
    }
    out.push_str("\nEnvironment:\n");
    for (name, meaning) in environment() {
        let _ = writeln!(out, "  {name:<23} {meaning}");
    }
    out
}

/// Each variable with what it is for.
pub(crate) fn environment() -> Vec<(&'static str, String)> {
    let of_options = options::OPTIONS.iter().flat_map(|opt| {
        opt.env.iter().map(|name| {
            let meaning = match *name {
                "NO_PROXY" => "hosts to reach without a proxy".to_owned(),
                "NO_COLOR" => "no colours, unless --color asks for them".to_owned(),
                "SSL_CERT_FILE" => "certificates to trust in place of Mozilla's".to_owned(),
                _ => format!("in place of --{}", opt.long),
            };
            (*name, meaning)
        })
    });
    let more = MORE_ENVIRONMENT.iter().map(|(name, meaning)| (*name, (*meaning).to_owned()));
    of_options.chain(more).collect()
}

fn commands(out: &mut String) {
    out.push_str("Commands:\n");
    for row in verbs::available() {
        let _ = writeln!(out, "  {:<13} {}", row.name, row.summary);
    }
}

fn short_command(row: &VerbRow) -> String {
    let mut out = usage(row);
    for group in Group::ALL {
        let mut opts = of_group(row.verb, group).peekable();
        // No blank lines between the groups: upload's help is to fit two small screens.
        if opts.peek().is_some() {
            let _ = writeln!(out, "{}:", group.heading());
        }
        opts.for_each(|opt| short_option(&mut out, opt));
    }
    if row.verb.uses_network() {
        let _ = writeln!(out, "D: 250ms, 3s, 5m, 1h. More: pgyer {} --help", row.name);
    } else {
        let _ = writeln!(out, "More: pgyer {} --help", row.name);
    }
    out
}

fn full_command(row: &VerbRow) -> String {
    let mut out = usage(row);
    for paragraph in row.about {
        out.push('\n');
        wrap(&mut out, paragraph, 0);
    }
    for group in Group::ALL {
        let mut opts = of_group(row.verb, group).peekable();
        if opts.peek().is_some() {
            let _ = writeln!(out, "\n{}:", group.heading());
        }
        opts.for_each(|opt| full_option(&mut out, opt));
    }
    if row.verb.uses_network() {
        out.push('\n');
        wrap(&mut out, DURATIONS, 0);
        wrap(&mut out, SECRETS, 0);
    }
    #[cfg(feature = "sandbox")]
    if row.verb == Verb::Sandbox {
        let _ = write!(out, "\n{}", pgyer::sandbox::FAULT_HELP);
    }
    out.push_str("\nExamples:\n");
    examples(&mut out, row);
    out.push_str("\nThe exit status is explained by pgyer --help.\n");
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

fn of_group(verb: Verb, group: Group) -> impl Iterator<Item = &'static Opt> {
    options::of(verb).filter(move |opt| opt.group == group)
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
    let short = opt.short.map_or("    ".to_owned(), |name| format!("-{name}, "));
    let value = opt.value.name().map(|name| format!(" {name}")).unwrap_or_default();
    format!("  {short}--{}{value}", opt.long)
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
        let _ = write!(text, " Environment: {}.", opt.env.join(", "));
    }
    text
}

/// Writes a paragraph in lines of at most [`WIDTH`] columns.
fn wrap(out: &mut String, text: &str, indent: usize) {
    let mut column = 0_usize;
    for word in text.split_whitespace() {
        if column > 0 && column.saturating_add(word.len()) >= WIDTH {
            out.push('\n');
            column = 0;
        }
        let gap = if column == 0 { indent } else { 1 };
        let _ = write!(out, "{:gap$}{word}", "");
        column = column.saturating_add(gap).saturating_add(word.len());
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_text(full: bool) -> impl Iterator<Item = String> {
        let verbs = verbs::available().map(|row| Some(row.verb));
        verbs.chain([None]).map(move |verb| text(verb, full))
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
        for row in verbs::available() {
            for help in [text(Some(row.verb), false), text(Some(row.verb), true)] {
                options::of(row.verb).for_each(|opt| assert!(help.contains(&head(opt)), "{help}"));
                assert!(!help.contains("--json"), "{help}");
            }
            let full = text(Some(row.verb), true);
            row.examples.iter().for_each(|line| assert!(full.contains(line), "{line}"));
        }
    }

    #[test]
    fn the_overview_has_every_command_status_and_variable() {
        let help = text(None, true);
        for row in verbs::available() {
            assert!(help.contains(&format!("  {} ", row.name)), "{}", row.name);
        }
        for (status, kind, meaning) in EXIT_STATUS {
            assert!(help.contains(&format!("  {status}  {kind:<8} {meaning}")), "{status}");
        }
        for (name, _) in environment() {
            assert!(help.contains(name), "{name}");
        }
    }
}
