//! The rows.

use super::{Group, Id, Opt, Value};
use crate::verbs::Verb::{
    self, Check, Completions, Doctor, HarmonyCert, HarmonyHsp, Man, Put, Sandbox, Status, Token,
    Upload,
};

pub(super) const EVERY: &[Verb] = &[
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
    Opt::new(Id::PublicUrl, Group::Sandbox, "public-url", Value::Text("URL"), &[Sandbox]).help(
        "be reached under this address",
        "For what stands in front of it, such as a server for TLS: tokens lead to this address.",
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
         ~/.config/pgyer, else ~/.pgyer/config. One line break at the end is dropped; - is standard input.",
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
        "QR code: auto, always or never",
        "That of the install page, beneath the result, on standard error. auto: only on a terminal. \
         Dark on light; without colours only where the background is dark. One that is wider than \
         the terminal is left out.",
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
            "auto: a bar on a terminal; elsewhere a line at the start, then at most one in ten \
             seconds and at least one a minute.",
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
