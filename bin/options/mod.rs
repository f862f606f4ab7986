//! The one table of options. Parsing, help, completions and the manual are made from it.

mod table;

pub(crate) use table::{NETWORK, OPTIONS};

use crate::verbs::{Verb, available};

/// An option, whatever name it was given under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Id {
    Type,
    InstallType,
    InstallPasswordFile,
    Description,
    Notes,
    NotesFile,
    ValidFrom,
    ValidUntil,
    ValidForever,
    Channel,
    Region,
    Token,
    FileName,
    NoWait,
    Wait,
    Hsp,
    P12,
    P12PasswordFile,
    Legacy,
    NoCheck,
    Jobs,
    Port,
    Polls,
    PublicUrl,
    Fault,
    ApiKeyFile,
    ApiUrl,
    Proxy,
    CaFile,
    Resolve,
    ConnectTimeout,
    StallTimeout,
    Timeout,
    Retries,
    RetryDelay,
    WaitTimeout,
    PollInterval,
    InsecureHttp,
    Qr,
    Quiet,
    Verbose,
    Progress,
    Color,
    Format,
    Json,
    Help,
    Version,
}

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

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Opt {
    pub(crate) id: Id,
    pub(crate) group: Group,
    pub(crate) long: &'static str,
    pub(crate) short: Option<char>,
    pub(crate) value: Value,
    /// The commands that have the option.
    pub(crate) verbs: &'static [Verb],
    pub(crate) repeatable: bool,
    /// The parameter of the API that the option sets.
    pub(crate) field: Option<&'static str>,
    /// A second name, understood and not shown: the API's, in kebab case.
    pub(crate) alias: Option<&'static str>,
    /// Environment variables that stand in for the option.
    pub(crate) env: &'static [&'static str],
    /// Understood, and shown nowhere.
    pub(crate) hidden: bool,
    /// Half a line, for the short help and completions.
    pub(crate) help: &'static str,
    /// What the full help and the manual add.
    pub(crate) more: &'static str,
}

impl Opt {
    const fn new(
        id: Id,
        group: Group,
        long: &'static str,
        value: Value,
        verbs: &'static [Verb],
    ) -> Self {
        Self {
            id,
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

    const fn env(mut self, env: &'static [&'static str]) -> Self {
        self.env = env;
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

    const fn help(mut self, help: &'static str, more: &'static str) -> Self {
        self.help = help;
        self.more = more;
        self
    }

    pub(crate) fn takes_value(&self) -> bool {
        self.value != Value::Flag
    }
}

/// The row of an option.
#[allow(clippy::indexing_slicing, reason = "the table is a constant with rows")]
pub(crate) fn row(id: Id) -> &'static Opt {
    // Every id has its row: a test holds the table to it.
    OPTIONS.iter().find(|opt| opt.id == id).unwrap_or(&OPTIONS[0])
}

/// The row with this long name, shown or not.
pub(crate) fn by_long(name: &str) -> Option<&'static Opt> {
    OPTIONS.iter().find(|opt| opt.long == name || opt.alias == Some(name))
}

/// The row with this short name.
pub(crate) fn by_short(name: char) -> Option<&'static Opt> {
    OPTIONS.iter().find(|opt| opt.short == Some(name))
}

/// What this build shows of the table.
pub(crate) fn shown() -> impl Iterator<Item = &'static Opt> {
    let available = |opt: &&Opt| available().any(|row| opt.verbs.contains(&row.verb));
    OPTIONS.iter().filter(|opt| !opt.hidden).filter(available)
}

/// What a command shows of the table.
pub(crate) fn of(verb: Verb) -> impl Iterator<Item = &'static Opt> {
    OPTIONS.iter().filter(move |opt| !opt.hidden && opt.verbs.contains(&verb))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::table::EVERY;
    use super::*;
    use crate::verbs::VERBS;
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
            assert_eq!(row(opt.id).long, opt.long, "an id has one row");
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
            let excepted = [Id::InstallPasswordFile, Id::ValidForever, Id::NotesFile];
            if !excepted.contains(&opt.id) {
                assert_eq!(opt.alias, Some(kebab.as_str()), "{}", opt.long);
            }
        }
    }

    /// The names that are stable, with their value's name.
    #[test]
    fn every_promised_option_is_there() {
        let shown = |verb| of(verb).map(|opt| opt.long).collect::<Vec<_>>();
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
        ];
        let waiting = ["wait-timeout", "poll-interval", "qr"];
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

    #[test]
    fn every_command_has_its_row_and_an_example() {
        for verb in EVERY {
            assert_eq!(verb.row().verb, *verb);
        }
        for row in VERBS {
            let start = format!("pgyer {}", row.name);
            assert!(row.examples.iter().any(|line| line.contains(&start)), "{}", row.name);
            assert!(!row.about.is_empty() && !row.usage.is_empty(), "{}", row.name);
        }
        assert_eq!(available().any(|row| row.name == "sandbox"), cfg!(feature = "sandbox"));
    }
}
