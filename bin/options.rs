//! The one table of options. Parsing, help, completions and the manual are made from it.

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

use Verb::{
    Check, Completions, Doctor, HarmonyCert, HarmonyHsp, Man, Put, Sandbox, Status, Token, Upload,
};

const EVERY: &[Verb] = &[
    Upload,
    Status,
    Token,
    Put,
    HarmonyCert,
    HarmonyHsp,
    Check,
    Doctor,
    Sandbox,
    Completions,
    Man,
];
/// The commands that talk to Pgyer.
pub(crate) const NETWORK: &[Verb] = &[Upload, Status, Token, Put, HarmonyCert, HarmonyHsp, Doctor];
const REPORTING: &[Verb] = &[Upload, Status, Token, Put, HarmonyCert, HarmonyHsp, Check, Doctor];
const RELEASE: &[Verb] = &[Upload, Token];
const WAITING: &[Verb] = &[Upload, Status];

const WHEN: &[&str] = &["auto", "always", "never"];

/// Every option, in the order of the help.
pub(crate) const OPTIONS: &[Opt] = &[
    Opt::new(
        Id::Type,
        Group::Release,
        "type",
        Value::Choice("TYPE", &["ios", "android", "harmonyos"]),
        &[Upload, Token, Put],
    )
    .field("buildType")
    .alias("build-type")
    .help(
        "the package: ios, android or harmonyos",
        "Found out from the file's content unless given. A type that the content contradicts is \
         an error.",
    ),
    Opt::new(
        Id::InstallType,
        Group::Release,
        "install-type",
        Value::Choice("TYPE", &["public", "password", "invite"]),
        RELEASE,
    )
    .field("buildInstallType")
    .alias("build-install-type")
    .help(
        "who can install: public, password, invite",
        "password needs a password, which --install-password-file or \
         PGYER_INSTALL_PASSWORD gives.",
    ),
    Opt::new(
        Id::InstallPasswordFile,
        Group::Release,
        "install-password-file",
        Value::File("FILE", &[]),
        RELEASE,
    )
    .field("buildPassword")
    .alias("build-password-file")
    .env(&["PGYER_INSTALL_PASSWORD"])
    .help(
        "read the install password from FILE",
        "Implies --install-type password, and goes with no other. One line break at the end is \
         dropped; - is standard input.",
    ),
    Opt::new(Id::Description, Group::Release, "description", Value::Text("TEXT"), RELEASE)
        .field("buildDescription")
        .alias("build-description")
        .help("describe the app", ""),
    Opt::new(Id::Notes, Group::Release, "notes", Value::Text("TEXT"), RELEASE)
        .field("buildUpdateDescription")
        .alias("build-update-description")
        .help(
            "release notes",
            "Sent as they are: line breaks stay, and \\n is a backslash and an n.",
        ),
    Opt::new(Id::NotesFile, Group::Release, "notes-file", Value::File("FILE", &[]), RELEASE)
        .field("buildUpdateDescription")
        .help("read the release notes from FILE", "- is standard input."),
    Opt::new(Id::ValidFrom, Group::Release, "valid-from", Value::Text("DATE"), RELEASE)
        .field("buildInstallStartDate")
        .alias("build-install-start-date")
        .help("first day of installs, YYYY-MM-DD", "Needs --valid-until."),
    Opt::new(Id::ValidUntil, Group::Release, "valid-until", Value::Text("DATE"), RELEASE)
        .field("buildInstallEndDate")
        .alias("build-install-end-date")
        .help("last day of installs, YYYY-MM-DD", "Needs --valid-from."),
    Opt::new(Id::ValidForever, Group::Release, "valid-forever", Value::Flag, RELEASE)
        .field("buildInstallDate")
        .help(
            "no limit to the days of installs",
            "Without this and the two above the app keeps the setting that it has.",
        ),
    Opt::new(Id::Channel, Group::Release, "channel", Value::Text("SHORTCUT"), RELEASE)
        .field("buildChannelShortcut")
        .alias("build-channel-shortcut")
        .help("update this channel's short URL", "The channel must exist already."),
    Opt::new(
        Id::Region,
        Group::Release,
        "region",
        Value::Choice("REGION", &["auto", "overseas", "china"]),
        RELEASE,
    )
    .field("oversea")
    .alias("oversea")
    .help(
        "storage: auto, overseas or china",
        "auto lets Pgyer choose the storage by your address.",
    ),
    Opt::new(Id::Token, Group::Job, "token", Value::File("TOKEN.json", &["json"]), &[Put])
        .help(
            "the token to upload with, from pgyer token",
            "- is standard input.",
        ),
    Opt::new(Id::FileName, Group::Job, "file-name", Value::Text("NAME"), &[Upload, Put])
        .field("x-cos-meta-file-name")
        .alias("x-cos-meta-file-name")
        .help("call the file NAME at Pgyer", "Its own name, unless given."),
    Opt::new(Id::NoWait, Group::Job, "no-wait", Value::Flag, &[Upload]).help(
        "stop once the file is uploaded",
        "Prints the key that pgyer status --wait takes.",
    ),
    Opt::new(Id::Wait, Group::Job, "wait", Value::Flag, &[Status]).help(
        "wait until it is decided",
        "",
    ),
    Opt::new(Id::Hsp, Group::Job, "hsp", Value::File("FILE", &["hsp"]), &[Upload])
        .repeatable()
        .help(
            "an HSP that the HAP needs (repeatable)",
            "For one HAP: sent after it, before the wait.",
        ),
    Opt::new(Id::P12, Group::Job, "p12", Value::File("FILE", &["p12"]), &[Upload]).help(
        "the HAP's signing certificate",
        "For one HAP: sent after it, before the wait. Needs --p12-password-file or \
         PGYER_P12_PASSWORD.",
    ),
    Opt::new(
        Id::P12PasswordFile,
        Group::Job,
        "p12-password-file",
        Value::File("FILE", &[]),
        &[Upload, HarmonyCert],
    )
    .env(&["PGYER_P12_PASSWORD"])
    .help(
        "read the certificate's password from FILE",
        "One line break at the end is dropped; - is standard input.",
    ),
    Opt::new(Id::Legacy, Group::Job, "legacy", Value::Flag, &[Upload]).help(
        "use the old one-request endpoint",
        "It has no --type, --description, --region, --hsp, --p12 and --no-wait, and takes no HAP.",
    ),
    Opt::new(Id::NoCheck, Group::Job, "no-check", Value::Flag, &[Upload, Token, Put]).help(
        "skip the check of the package",
        "All but: a regular file, not empty, at most 5 GiB. The type then comes from --type or \
         from the file's extension.",
    ),
    Opt::new(Id::Jobs, Group::Job, "jobs", Value::Text("N"), &[Upload])
        .help("upload N files at a time (default 1)", ""),
    Opt::new(Id::Port, Group::Sandbox, "port", Value::Text("N"), &[Sandbox])
        .help("listen on this port (default: any)", ""),
    Opt::new(Id::Polls, Group::Sandbox, "polls", Value::Text("N"), &[Sandbox]).help(
        "say N times that it is publishing",
        "And then that the build is published.",
    ),
    Opt::new(Id::Fault, Group::Sandbox, "fault", Value::Text("SPEC"), &[Sandbox])
        .repeatable()
        .help("misbehave (repeatable)", ""),
    Opt::new(
        Id::ApiKeyFile,
        Group::Network,
        "api-key-file",
        Value::File("FILE", &[]),
        NETWORK,
    )
    .env(&["PGYER_API_KEY"])
    .help(
        "read the API key from FILE",
        "Otherwise it comes from PGYER_API_KEY, then from the official clients' file: the one that \
         PGYER_CONFIG_FILE names, else config.json, else config, in $XDG_CONFIG_HOME/pgyer or \
         ~/.config/pgyer. One line break at the end is dropped; - is standard input.",
    ),
    Opt::new(Id::ApiUrl, Group::Network, "api-url", Value::Text("URL"), NETWORK)
        .env(&["PGYER_API_URL"])
        .help(
            "the API's address",
            "https://www.pgyer.com/apiv2 unless given, and then Pgyer's other hosts too, where the \
             first can't be reached.",
        ),
    Opt::new(Id::Proxy, Group::Network, "proxy", Value::Text("URL"), NETWORK)
        .env(&["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"])
        .help(
            "go through this proxy",
            "http://, https://, socks5:// or socks5h://. A user and password go into the variable's \
             URL, never into this one. The variables in lower case go before those in upper case.",
        ),
    Opt::new(
        Id::CaFile,
        Group::Network,
        "ca-file",
        Value::File("PEM", &["pem", "crt", "cer"]),
        NETWORK,
    )
    .env(&["SSL_CERT_FILE"])
    .help(
        "trust these certificates too",
        "In addition to Mozilla's, which are built in. SSL_CERT_FILE replaces those instead.",
    ),
    Opt::new(Id::Resolve, Group::Network, "resolve", Value::Text("HOST:PORT:IP"), NETWORK)
        .repeatable()
        .help(
            "connect to IP for HOST (repeatable)",
            "The certificate is still checked against HOST.",
        ),
    Opt::new(Id::ConnectTimeout, Group::Network, "connect-timeout", Value::Text("D"), NETWORK)
        .help("limit for DNS, TCP and TLS (default 10s)", ""),
    Opt::new(Id::StallTimeout, Group::Network, "stall-timeout", Value::Text("D"), NETWORK).help(
        "limit without a byte moved (default 60s)",
        "A slow upload that moves is never cut; one whose peer takes less than 256 KiB in this \
         time may count as stalled.",
    ),
    Opt::new(Id::Timeout, Group::Network, "timeout", Value::Text("D"), NETWORK)
        .help("limit for the whole command (default none)", ""),
    Opt::new(Id::Retries, Group::Network, "retries", Value::Text("N"), NETWORK)
        .help("further tries of a request (default 3)", ""),
    Opt::new(Id::RetryDelay, Group::Network, "retry-delay", Value::Text("D"), NETWORK).help(
        "time before the second try (default 1s)",
        "Doubled each time, with jitter, at most 30s.",
    ),
    Opt::new(Id::WaitTimeout, Group::Network, "wait-timeout", Value::Text("D"), WAITING)
        .help("limit for the publishing (default 10m)", ""),
    Opt::new(Id::PollInterval, Group::Network, "poll-interval", Value::Text("D"), WAITING)
        .help("time between questions (default 3s)", ""),
    Opt::new(Id::InsecureHttp, Group::Network, "insecure-http", Value::Flag, NETWORK).help(
        "allow http:// to other machines",
        "Without it http:// is refused unless the host is localhost or a loopback address.",
    ),
    Opt::new(Id::Qr, Group::Output, "qr", Value::Choice("WHEN", WHEN), WAITING).help(
        "show a QR code: auto, always or never",
        "Of the install page, on standard error; auto: only on a terminal.",
    ),
    Opt::new(Id::Quiet, Group::Output, "quiet", Value::Flag, REPORTING)
        .short('q')
        .help("errors alone on standard error", ""),
    Opt::new(Id::Verbose, Group::Output, "verbose", Value::Flag, REPORTING)
        .short('v')
        .help("show each request, its status and time", ""),
    Opt::new(Id::Progress, Group::Output, "progress", Value::Choice("WHEN", WHEN), REPORTING)
        .help(
            "progress: auto, always or never",
            "auto: a bar on a terminal, a line now and then elsewhere.",
        ),
    Opt::new(Id::Color, Group::Output, "color", Value::Choice("WHEN", WHEN), REPORTING)
        .env(&["NO_COLOR"])
        .help("colours: auto, always or never", ""),
    Opt::new(
        Id::Format,
        Group::Output,
        "format",
        Value::Choice("FORMAT", &["text", "json", "env", "dotenv"]),
        REPORTING,
    )
    .help(
        "print text (default), json, env or dotenv",
        "json: one object on one line for each file. env: lines for eval in a POSIX shell. dotenv: \
         lines for a CI's variables file. env and dotenv: upload, status and put, one file.",
    ),
    Opt::new(Id::Json, Group::Output, "json", Value::Flag, REPORTING).hidden(),
    Opt::new(Id::Help, Group::Output, "help", Value::Flag, EVERY)
        .short('h')
        .help("help: -h in short, --help in full", ""),
    Opt::new(Id::Version, Group::Output, "version", Value::Flag, EVERY)
        .short('V')
        .help("the program's version", ""),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::verbs::VERBS;

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
