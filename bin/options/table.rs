//! The rows.

use super::Value::{Choice, File, Flag, Text};
use super::{Group, Opt, Value};
use crate::verbs::EVERY;
use crate::verbs::Verb::{
    self, Check, Doctor, HarmonyCert, HarmonyHsp, Put, Sandbox, Status, Token, Upload,
};

/// The commands that talk to Pgyer.
pub(crate) const NETWORK: &[Verb] = &[Upload, Status, Token, Put, HarmonyCert, HarmonyHsp, Doctor];
const REPORTING: &[Verb] = &[Upload, Status, Token, Put, HarmonyCert, HarmonyHsp, Check, Doctor];
const RELEASE: &[Verb] = &[Upload, Token];
const WAITING: &[Verb] = &[Upload, Status];
const CHECKING: &[Verb] = &[Upload, Token, Put, Check];

const WHEN: &[&str] = &["auto", "always", "never"];

const fn release(long: &'static str, value: Value) -> Opt {
    Opt::new(Group::Release, long, value, RELEASE)
}

const fn job(long: &'static str, value: Value, verbs: &'static [Verb]) -> Opt {
    Opt::new(Group::Job, long, value, verbs)
}

const fn sandbox(long: &'static str, value: Value) -> Opt {
    Opt::new(Group::Sandbox, long, value, &[Sandbox])
}

const fn network(long: &'static str, value: Value, verbs: &'static [Verb]) -> Opt {
    Opt::new(Group::Network, long, value, verbs)
}

const fn output(long: &'static str, value: Value, verbs: &'static [Verb]) -> Opt {
    Opt::new(Group::Output, long, value, verbs)
}

/// Defines a static for each row, and `OPTIONS`, the list of them.
macro_rules! options {
    ($($name:ident = $row:expr,)*) => {
        $(pub(crate) static $name: Opt = $row;)*

        /// Every option, in the order of the help.
        pub(crate) static OPTIONS: &[&Opt] = &[$(&$name),*];
    };
}

options!(
    TYPE = Opt::new(
        Group::Release,
        "type",
        Choice("TYPE", &["ios", "android", "harmonyos"]),
        &[Upload, Token, Put],
    )
    .field("buildType")
    .alias("build-type")
    .risky()
    .help(
        "package type: ios, android or harmonyos",
        "Default: detected from the file's content. A type that contradicts the content is an \
         error.",
    ),
    INSTALL_TYPE = release("install-type", Choice("TYPE", &["public", "password", "invite"]))
        .field("buildInstallType")
        .alias("build-install-type")
        .help(
            "who can install: public, password, invite",
            "password needs a password, from --install-password-file or PGYER_INSTALL_PASSWORD.",
        ),
    INSTALL_PASSWORD_FILE = release("install-password-file", File("FILE", &[]))
        .field("buildPassword")
        .alias("build-password-file")
        .env(&[("PGYER_INSTALL_PASSWORD", "the install password")])
        .help(
            "read the install password from FILE",
            "Implies --install-type password, and can't be combined with another type. A line \
             break at the end is dropped; - reads standard input.",
        ),
    // The official CLI's flag: the variable alone does the same here.
    PASSWORD_ENV = release("password-env", Flag).hidden(),
    DESCRIPTION = release("description", Text("TEXT"))
        .field("buildDescription")
        .alias("build-description")
        .help("description of the app", ""),
    NOTES =
        release("notes", Text("TEXT"))
            .field("buildUpdateDescription")
            .alias("build-update-description")
            .help(
                "release notes",
                "Sent verbatim: line breaks stay, and \\n is a backslash and an n.",
            ),
    NOTES_FILE = release("notes-file", File("FILE", &[]))
        .field("buildUpdateDescription")
        .help("read the release notes from FILE", "- reads standard input."),
    VALID_FROM = release("valid-from", Text("DATE"))
        .field("buildInstallStartDate")
        .alias("build-install-start-date")
        .help("first day for installs, YYYY-MM-DD", "Needs --valid-until."),
    VALID_UNTIL = release("valid-until", Text("DATE"))
        .field("buildInstallEndDate")
        .alias("build-install-end-date")
        .help("last day for installs, YYYY-MM-DD", "Needs --valid-from."),
    VALID_FOREVER = release("valid-forever", Flag).field("buildInstallDate").help(
        "allow installs with no end date",
        "Without this option and the two above, the app keeps its current setting.",
    ),
    CHANNEL = release("channel", Text("SHORTCUT"))
        .field("buildChannelShortcut")
        .alias("build-channel-shortcut")
        .help("update the short URL of this channel", "The channel has to exist."),
    REGION =
        release("region", Choice("REGION", &["auto", "overseas", "china"]))
            .field("oversea")
            .alias("oversea")
            .risky()
            .help(
                "storage region: auto, overseas or china",
                "auto lets Pgyer choose by your address.",
            ),
    TOKEN = job("token", File("TOKEN.json", &["json"]), &[Put])
        .help("upload with this token, from pgyer token", "- reads standard input."),
    FILE_NAME = job("file-name", Text("NAME"), &[Upload, Put])
        .field("x-cos-meta-file-name")
        .alias("x-cos-meta-file-name")
        .risky()
        .help("name that Pgyer gets for the file", "Default: the file's own name."),
    NO_WAIT = job("no-wait", Flag, &[Upload])
        .help("stop once the file is uploaded", "Prints the key for pgyer status --wait."),
    WAIT = job("wait", Flag, &[Status]).help("wait until it is published or has failed", ""),
    HSP = job("hsp", File("FILE", &["hsp"]), &[Upload, Check]).repeatable().help(
        "an HSP that the HAP needs (repeatable)",
        "For a single HAP. upload sends it after the package and before the wait.",
    ),
    P12 = job("p12", File("FILE", &["p12"]), &[Upload]).help(
        "the HAP's signing certificate",
        "For a single HAP. Sent after the package and before the wait; - reads standard input, \
         so that it need not be on a disk. Needs --p12-password-file or PGYER_P12_PASSWORD.",
    ),
    P12_PASSWORD_FILE = job("p12-password-file", File("FILE", &[]), &[Upload, HarmonyCert])
        .env(&[("PGYER_P12_PASSWORD", "the certificate's password")])
        .help(
            "read the certificate's password from FILE",
            "A line break at the end is dropped; - reads standard input.",
        ),
    LEGACY = job("legacy", Flag, &[Upload]).risky().help(
        "use the old one-request endpoint",
        "It has no --type, --description, --region, --hsp, --p12 or --no-wait, and takes no HAPs.",
    ),
    NO_CHECK = job("no-check", Flag, &[Upload, Token, Put]).risky().help(
        "skip the package check",
        "FILE still has to be a regular file, not empty and at most 5 GiB. Its type then comes \
         from --type or its extension.",
    ),
    STRICT = job("strict", Flag, CHECKING).help(
        "fail if no phone could install the package",
        "Findings of the level blocks are errors then (exit code 3), and nothing is sent. After \
         publishing, so is another app than the one that was sent (exit code 8).",
    ),
    EXPECT_IDENTIFIER = job("expect-identifier", Text("ID"), CHECKING)
        .help("fail if the package is another app", "Compared byte for byte, for each FILE."),
    EXPECT_VERSION = job("expect-version", Text("V"), CHECKING)
        .help("fail if the package has another version", "The one that people see, such as 1.2.3."),
    EXPECT_BUILD = job("expect-build", Text("N"), CHECKING)
        .help("fail if the package has another build", "The version code or bundle version."),
    JOBS = job("jobs", Text("N"), &[Upload]).help(
        "upload N files at a time (default: 1)",
        "A file that is being published holds up none: the next one is uploaded meanwhile.",
    ),
    PORT = sandbox("port", Text("N")).help("listen on this port (default: any free one)", ""),
    POLLS = sandbox("polls", Text("N"))
        .help("answer N polls with \"still publishing\"", "After these the build is published.",),
    PUBLIC_URL = sandbox("public-url", Text("URL")).help(
        "URL at which clients reach the sandbox",
        "For a proxy in front of it, such as one that speaks TLS: tokens point to this URL.",
    ),
    PUBLISH_AS = sandbox("publish-as", Text("ID"))
        .help("publish every build with this identifier", "By default with the package's own.",),
    STRICT_REQUESTS = sandbox("strict-requests", Flag).help(
        "refuse what the API's page does not say",
        "By default the sandbox accepts what the service is known to accept, and says so in the \
         request's line: \"accepted, but ...\".",
    ),
    FAULT = sandbox("fault", Text("SPEC")).repeatable().help("inject a fault (repeatable)", ""),
    API_KEY_FILE = network("api-key-file", File("FILE", &[]), NETWORK)
        .env(&[("PGYER_API_KEY", "the API key")])
        .help(
            "read the API key from FILE",
            "Default: PGYER_API_KEY, then the official clients' configuration file: the one that \
             PGYER_CONFIG_FILE names, or else config.json or config in $XDG_CONFIG_HOME/pgyer or \
             ~/.config/pgyer, or ~/.pgyer/config. A line break at the end is dropped; - reads \
             standard input.",
        ),
    API_URL = network("api-url", Text("URL"), NETWORK)
        .env(&[("PGYER_API_URL", "the base URL of the API")])
        .risky()
        .help(
            "base URL of the API",
            "Default: https://www.pgyer.com/apiv2, and Pgyer's other hosts where that one can't \
             be reached.",
        ),
    PROXY = network("proxy", Text("URL"), NETWORK)
        .env(&[
            ("HTTPS_PROXY", "the proxy for https:// URLs"),
            ("HTTP_PROXY", "the proxy for http:// URLs"),
            ("ALL_PROXY", "the proxy for all other URLs"),
            ("NO_PROXY", "hosts to reach without a proxy"),
        ])
        .risky()
        .help(
            "connect through this proxy",
            "http://, https://, socks5:// or socks5h://. A user and password belong in a \
             variable's URL, never in this one. Variables in lower case take precedence over \
             those in upper case.",
        ),
    CA_FILE = network("ca-file", File("PEM", &["pem", "crt", "cer"]), NETWORK)
        .env(&[("SSL_CERT_FILE", "certificates to trust instead of Mozilla's")])
        .risky()
        .help(
            "trust these certificates as well",
            "In addition to Mozilla's, which are built in. SSL_CERT_FILE replaces those instead.",
        ),
    RESOLVE = network("resolve", Text("HOST:PORT:IP"), NETWORK).rare().repeatable().risky().help(
        "connect to IP for HOST:PORT (repeatable)",
        "The certificate is still checked against HOST.",
    ),
    CONNECT_TIMEOUT = network("connect-timeout", Text("D"), NETWORK)
        .rare()
        .help("limit for DNS, TCP and TLS (default: 10s)", ""),
    STALL_TIMEOUT = network("stall-timeout", Text("D"), NETWORK).rare().help(
        "limit without a byte moved (default: 60s)",
        "A slow upload that keeps moving is never cut off; one whose peer takes less than 256 KiB \
         within this time may count as stalled.",
    ),
    TIMEOUT = network("timeout", Text("D"), NETWORK)
        .help("limit for the whole command (default: none)", ""),
    RETRIES =
        network("retries", Text("N"), NETWORK).help("retries of each request (default: 3)", ""),
    RETRY_DELAY = network("retry-delay", Text("D"), NETWORK).rare().help(
        "delay before the first retry (default: 1s)",
        "Doubled after each retry, with jitter, up to 30s.",
    ),
    LIMIT_RATE = network("limit-rate", Text("RATE"), NETWORK).rare().help(
        "most bytes a second to send (default: none)",
        "Over all files of the command: 500K, 2M, 1.5M and so on, in units of 1024; 0 is no limit. \
         A second's worth may go out at once. A limited upload is not a stalled one.",
    ),
    WAIT_TIMEOUT = network("wait-timeout", Text("D"), WAITING)
        .help("limit for the publishing (default: 10m)", ""),
    POLL_INTERVAL = network("poll-interval", Text("D"), WAITING)
        .help("time between two polls (default: 3s)", ""),
    INSECURE_HTTP = network("insecure-http", Flag, NETWORK).rare().risky().help(
        "allow http:// to other machines",
        "Without it, http:// is allowed to localhost and loopback addresses only.",
    ),
    QR = output("qr", Choice("WHEN", WHEN), WAITING).help(
        "QR code: auto, always or never",
        "A QR code of the install page, on standard error after the result. auto: only on a \
         terminal. It is dark on light; without colours it needs a dark background. One that is \
         wider than the terminal is left out.",
    ),
    QR_FILE = output("qr-file", File("FILE", &["svg"]), WAITING).help(
        "write the QR code to FILE, as SVG",
        "Once the build is published; nothing with --no-wait. For a single FILE to upload. The \
         folder has to exist.",
    ),
    QUIET = output("quiet", Flag, REPORTING).short('q').help("only errors on standard error", ""),
    VERBOSE = output("verbose", Flag, REPORTING)
        .short('v')
        .help("show each request, its status and time", ""),
    PROGRESS = output("progress", Choice("WHEN", WHEN), REPORTING).help(
        "progress: auto, always or never",
        "auto: a bar on a terminal; elsewhere a line after a second, then at most one every ten \
         seconds and at least one a minute.",
    ),
    COLOR = output("color", Choice("WHEN", WHEN), REPORTING)
        .env(&[("NO_COLOR", "no colours, unless --color asks for them")])
        .help("colours: auto, always or never", ""),
    FORMAT = output("format", Choice("FORMAT", &["text", "json", "env", "dotenv"]), REPORTING)
        .help(
            "output: text (default), json, env, dotenv",
            "json: one object on one line for each file. env: lines for eval in a POSIX shell. \
             dotenv: lines for a CI's variables file. env and dotenv work with upload, status and \
             put, for one file.",
        ),
    JSON = output("json", Flag, REPORTING).hidden(),
    HELP = output("help", Flag, EVERY)
        .short('h')
        .help("short help with -h, full help with --help", ""),
    VERSION = output("version", Flag, EVERY).short('V').help("print the version", ""),
);
