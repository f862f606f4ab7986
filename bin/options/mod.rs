//! The one table of options. Parsing, help, completions and the manual are made from it.

mod table;

pub(crate) use table::*;

use crate::verbs::{Verb, available};

/// What follows an option; the first string is the value's name in help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    Flag,
    Text(&'static str),
    /// One of these words.
    Choice(&'static str, &'static [&'static str]),
    /// A file, with one of these suffixes if there are any.
    File(&'static str, &'static [&'static str]),
}

impl Value {
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Flag => None,
            Self::Text(name) | Self::Choice(name, _) | Self::File(name, _) => Some(name),
        }
    }
}

/// The heading that an option stands under in help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Release,
    Job,
    Sandbox,
    Network,
    Output,
}

impl Group {
    pub(crate) const ALL: [Self; 5] =
        [Self::Release, Self::Job, Self::Sandbox, Self::Network, Self::Output];

    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Release => "The release",
            Self::Job => "The job",
            Self::Sandbox => "The sandbox",
            Self::Network => "The connection",
            Self::Output => "Output",
        }
    }
}

/// An environment variable and its meaning, for help and the manual.
pub(crate) type Variable = (&'static str, &'static str);

/// An option: a row of the table.
#[derive(Debug)]
pub(crate) struct Opt {
    pub(crate) group: Group,
    pub(crate) long: &'static str,
    pub(crate) short: Option<char>,
    pub(crate) value: Value,
    /// The commands that have the option.
    pub(crate) verbs: &'static [Verb],
    pub(crate) repeatable: bool,
    /// The API parameter that the option sets.
    pub(crate) field: Option<&'static str>,
    /// A second name, accepted but undocumented: the API's, in kebab case.
    pub(crate) alias: Option<&'static str>,
    /// The environment variables that have the option's effect, or the opposite one.
    pub(crate) env: &'static [Variable],
    /// Accepted but undocumented.
    pub(crate) hidden: bool,
    /// Changes where something goes or what is checked: suggested only for a name that is one
    /// letter away.
    pub(crate) risky: bool,
    /// Few need it: left out of the short help, which has to fit two screens.
    pub(crate) rare: bool,
    /// Half a line, for the short help and completions.
    pub(crate) help: &'static str,
    /// What the full help and the manual add.
    pub(crate) more: &'static str,
}

impl Opt {
    const fn new(group: Group, long: &'static str, value: Value, verbs: &'static [Verb]) -> Self {
        Self {
            group,
            long,
            short: None,
            value,
            verbs,
            repeatable: false,
            field: None,
            alias: None,
            env: &[],
            hidden: false,
            risky: false,
            rare: false,
            help: "",
            more: "",
        }
    }

    const fn short(mut self, short: char) -> Self {
        self.short = Some(short);
        self
    }

    const fn field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    const fn alias(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }

    const fn env(mut self, env: &'static [Variable]) -> Self {
        self.env = env;
        self
    }

    const fn rare(mut self) -> Self {
        self.rare = true;
        self
    }

    const fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    const fn risky(mut self) -> Self {
        self.risky = true;
        self
    }

    const fn help(mut self, help: &'static str, more: &'static str) -> Self {
        self.help = help;
        self.more = more;
        self
    }

    /// Whether both are the same row.
    pub(crate) fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }

    pub(crate) fn takes_value(&self) -> bool {
        self.value != Value::Flag
    }

    /// The option as it is typed: `--name`.
    pub(crate) fn long_flag(&self) -> String {
        format!("--{}", self.long)
    }

    pub(crate) fn is_shown_for(&self, verb: Verb) -> bool {
        !self.hidden && self.verbs.contains(&verb)
    }
}

/// The option with this long name, shown or not.
pub(crate) fn by_long(name: &str) -> Option<&'static Opt> {
    OPTIONS.iter().copied().find(|opt| opt.long == name || opt.alias == Some(name))
}

/// The option with this short name.
pub(crate) fn by_short(name: char) -> Option<&'static Opt> {
    OPTIONS.iter().copied().find(|opt| opt.short == Some(name))
}

/// The options that this build's help shows, in its order.
pub(crate) fn shown() -> impl Iterator<Item = &'static Opt> {
    let is_shown = |opt: &&Opt| available().any(|verb| opt.is_shown_for(verb));
    OPTIONS.iter().copied().filter(is_shown)
}

/// The options that the help of a command shows, in its order.
pub(crate) fn options_of(verb: Verb) -> impl Iterator<Item = &'static Opt> {
    OPTIONS.iter().copied().filter(move |opt| opt.is_shown_for(verb))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::verbs::Verb::{Check, HarmonyCert, Put, Status, Token, Upload};

    #[test]
    fn no_name_is_taken_twice() {
        let mut names = HashSet::new();
        let mut shorts = HashSet::new();
        for opt in OPTIONS {
            assert!(names.insert(opt.long), "{}", opt.long);
            assert!(opt.alias.is_none_or(|alias| names.insert(alias)), "{}", opt.long);
            assert!(opt.short.is_none_or(|short| shorts.insert(short)), "{}", opt.long);
        }
    }

    #[test]
    fn every_row_is_whole() {
        for opt in OPTIONS {
            assert!(!opt.verbs.is_empty(), "{}", opt.long);
            assert!(opt.hidden || !opt.help.is_empty(), "{}", opt.long);
            assert!(opt.value.name().is_none_or(|name| !name.is_empty()), "{}", opt.long);
            assert!(!opt.repeatable || opt.takes_value(), "{}", opt.long);
            assert_eq!(opt.repeatable, opt.help.contains("repeatable"), "{}", opt.long);
        }
    }

    #[test]
    fn an_option_answers_to_its_field_in_kebab_case() {
        for opt in OPTIONS {
            let Some(field) = opt.field else { continue };
            let mut kebab = String::new();
            for c in field.chars() {
                if c.is_ascii_uppercase() {
                    kebab.push('-');
                }
                kebab.push(c.to_ascii_lowercase());
            }
            // A password is refused, the dates decide, and the notes have their own option.
            let excepted = [&INSTALL_PASSWORD_FILE, &VALID_FOREVER, &NOTES_FILE];
            if !excepted.iter().any(|excepted| excepted.is(opt)) {
                assert_eq!(opt.alias, Some(kebab.as_str()), "{}", opt.long);
            }
        }
    }

    /// The names that are stable, with their value's name.
    #[test]
    fn every_promised_option_is_there() {
        let shown = |verb| options_of(verb).map(|opt| opt.long).collect::<Vec<_>>();
        let release = [
            "type",
            "install-type",
            "install-password-file",
            "description",
            "notes",
            "notes-file",
            "valid-from",
            "valid-until",
            "valid-forever",
            "channel",
            "region",
        ];
        let job = [
            "file-name",
            "no-wait",
            "hsp",
            "p12",
            "p12-password-file",
            "legacy",
            "no-check",
            "jobs",
            "qr",
            "qr-file",
        ];
        let waiting = ["wait-timeout", "poll-interval", "qr", "qr-file"];
        let network = [
            "api-key-file",
            "api-url",
            "proxy",
            "ca-file",
            "resolve",
            "connect-timeout",
            "stall-timeout",
            "timeout",
            "retries",
            "retry-delay",
            "insecure-http",
        ];
        let output = ["quiet", "verbose", "progress", "color", "format", "help", "version"];
        let has = |verb: Verb, names: &[&str]| {
            let shown = shown(verb);
            names.iter().for_each(|n| assert!(shown.contains(n), "{} --{n}", verb.name()));
        };
        has(Upload, &release);
        has(Upload, &job);
        has(Token, &release);
        has(Token, &["no-check"]);
        has(Put, &["token", "file-name", "no-check"]);
        has(HarmonyCert, &["p12-password-file"]);
        has(Status, &["wait"]);
        for verb in [Upload, Status] {
            has(verb, &waiting);
        }
        for verb in NETWORK {
            has(*verb, &network);
            has(*verb, &output);
        }
        has(Check, &output);
    }
}
