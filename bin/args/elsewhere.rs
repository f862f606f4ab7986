//! The names that other programs use: the vendor's clients, fastlane, Jenkins, other services and
//! `curl`. They may be written in any spelling: `update_description`, `updateDescription`.

use super::suggest::same_words;
use crate::options::*;
use crate::verbs::Verb;

/// What to use instead of an option of another program.
#[derive(Clone, Copy)]
pub(super) enum Instead {
    Option(&'static Opt),
    /// Nothing: the file stands on its own.
    Operand,
    /// What to do, in words.
    Say(&'static str),
}

use Instead::{Operand, Option as Use, Say};

/// What to use instead of another program's option, if the command has it.
pub(super) fn option(name: &str, verb: Option<Verb>) -> Option<Instead> {
    let mut known = OPTIONS_ELSEWHERE.iter().filter(|(_, names)| is_one_of(name, names));
    let has = |instead: &Instead| match (instead, verb) {
        (Use(opt), Some(verb)) => opt.verbs.contains(&verb),
        (Operand, Some(verb)) => verb.takes_files(),
        _ => true,
    };
    known.find(|(instead, _)| has(instead)).map(|(instead, _)| *instead)
}

/// What to use instead of another program's short option, if the command has it.
pub(super) fn short_option(name: char, verb: Option<Verb>) -> Option<Instead> {
    let long = SHORT_OPTIONS.iter().find(|(short, _)| *short == name)?.1;
    option(long, verb)
}

/// What to do instead of another program's command.
pub(super) fn command(name: &str) -> Option<&'static str> {
    let known = COMMANDS_ELSEWHERE.iter().find(|(_, names)| is_one_of(name, names));
    known.map(|(instead, _)| *instead)
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| same_words(known, name))
}

/// A name that stands for options of several commands is listed with each.
static OPTIONS_ELSEWHERE: &[(Instead, &[&str])] = &[
    (
        Operand,
        &[
            "file",
            "file-path",
            "app",
            "app-file",
            "app-path",
            "app-file-path",
            "apk",
            "apk-file",
            "apk-path",
            "ipa",
            "ipa-file",
            "ipa-path",
            "hap",
            "hap-file",
            "hap-path",
            "aab",
            "path",
            "package",
            "artifact",
            "binary",
            "input",
            "build-file",
            "upload-file",
            "scan-dir",
            "wildcard",
        ],
    ),
    (Use(&TYPE), &["platform", "app-type", "package-type", "file-type", "os"]),
    (Use(&INSTALL_TYPE), &["install-mode", "install-method"]),
    (
        Use(&INSTALL_PASSWORD_FILE),
        &["password-file", "passwd-file", "install-pwd-file", "install-password-path"],
    ),
    (
        Use(&P12_PASSWORD_FILE),
        &["password-file", "passwd-file", "cert-password-file", "certificate-password-file"],
    ),
    (Use(&DESCRIPTION), &["app-description", "app-desc", "build-desc"]),
    (
        Use(&NOTES),
        &[
            "update-description",
            "update-desc",
            "build-update-desc",
            "changelog",
            "change-log",
            "changes",
            "release-note",
            "release-notes",
            "update-notes",
            "update-log",
            "update-info",
            "update-message",
            "version-description",
            "whats-new",
            "message",
            "commit-message",
            "log",
        ],
    ),
    (
        Use(&NOTES_FILE),
        &[
            "update-description-file",
            "changelog-file",
            "changelog-path",
            "release-notes-file",
            "release-notes-path",
        ],
    ),
    (Use(&VALID_FROM), &["install-start-date", "install-start", "start-date", "valid-start"]),
    (
        Use(&VALID_UNTIL),
        &[
            "install-end-date",
            "install-end",
            "end-date",
            "valid-end",
            "expire-date",
            "expiry-date",
            "expires",
        ],
    ),
    (Use(&VALID_FOREVER), &["forever", "permanent", "no-expiry"]),
    (
        Say("--valid-from with --valid-until, or --valid-forever, set it"),
        &["install-date", "build-install-date"],
    ),
    (
        Use(&CHANNEL),
        &[
            "short-url",
            "short-link",
            "short",
            "shortcut",
            "channel-shortcut",
            "channel-name",
            "build-shortcut-url",
        ],
    ),
    (Use(&REGION), &["area", "overseas", "use-oversea"]),
    (Use(&FILE_NAME), &["upload-file-name", "build-file-name"]),
    (
        Use(&NO_WAIT),
        &["async", "detach", "skip-wait", "dont-wait", "no-poll", "no-polling", "skip-polling"],
    ),
    (Use(&WAIT), &["watch", "follow", "poll"]),
    (Use(&HSP), &["hsps", "hsp-file", "hsp-path"]),
    (Use(&P12), &["p12-file", "p12-path", "cert", "certificate", "signing-certificate"]),
    (
        Use(&JOBS),
        &[
            "concurrency",
            "max-concurrency",
            "concurrent",
            "parallel",
            "parallelism",
            "max-parallel",
            "threads",
            "workers",
        ],
    ),
    (Use(&API_KEY_FILE), &["key-file", "api-key-path", "api-token-file"]),
    (
        Say("PGYER_CONFIG_FILE names another configuration file"),
        &["config", "config-file", "config-path"],
    ),
    (Use(&PROXY), &["proxy-url", "proxy-server", "https-proxy", "http-proxy", "all-proxy"]),
    (Say("NO_PROXY names the hosts to reach without a proxy"), &["no-proxy"]),
    (Use(&CA_FILE), &["cacert", "ca-cert", "ca-certificate", "ca-bundle"]),
    (
        Say("certificates are always verified; --ca-file trusts another one"),
        &["insecure", "skip-tls-verify", "no-verify-ssl", "no-check-certificate"],
    ),
    (Use(&STALL_TIMEOUT), &["read-timeout", "idle-timeout", "socket-timeout", "speed-time"]),
    (Use(&LIMIT_RATE), &["rate-limit", "max-rate", "bwlimit", "bandwidth-limit", "throttle"]),
    (Use(&TIMEOUT), &["max-time", "total-timeout", "deadline"]),
    (Use(&RETRIES), &["retry", "retry-count", "retry-times", "max-retry", "max-retries"]),
    (Use(&RETRY_DELAY), &["retry-interval", "retry-wait"]),
    (
        Use(&WAIT_TIMEOUT),
        &["poll-timeout", "polling-timeout", "publish-timeout", "max-wait", "wait-time"],
    ),
    (Use(&POLL_INTERVAL), &["interval", "polling-interval", "check-interval", "wait-interval"]),
    (Use(&QR), &["qrcode", "qr-code", "show-qr", "show-qrcode"]),
    (Say("did you mean --qr never?"), &["no-qr", "no-qrcode"]),
    (Use(&QUIET), &["silent", "no-output"]),
    (Use(&VERBOSE), &["debug", "trace"]),
    (Use(&PROGRESS), &["progress-bar", "show-progress"]),
    (Say("did you mean --progress never?"), &["no-progress", "no-progress-bar"]),
    (Use(&COLOR), &["colour", "colors", "colours"]),
    (Say("did you mean --color never?"), &["no-color", "no-colour", "no-colors"]),
    (Use(&FORMAT), &["output", "output-format", "output-type"]),
    (
        Say("did you mean --format json?"),
        &["json-output", "output-json", "save-uploaded-info-json"],
    ),
    (Say("did you mean --format dotenv?"), &["env-vars-path", "env-file"]),
    (
        Say("pgyer check FILE looks at a package without uploading it"),
        &["dry-run", "check-only", "validate-only"],
    ),
];

/// Short options, and the long ones that they stand for elsewhere.
static SHORT_OPTIONS: &[(char, &str)] = &[
    // The vendor's shell script.
    ('t', "install-mode"),
    ('d', "update-description"),
    ('s', "install-start-date"),
    ('e', "install-end-date"),
    ('c', "channel-shortcut"),
    ('j', "json-output"),
    // Others.
    ('f', "file"),
    ('m', "message"),
    ('o', "output"),
    ('w', "watch"),
];

static COMMANDS_ELSEWHERE: &[(&str, &[&str])] = &[
    (
        "there is no login: the API key comes from PGYER_API_KEY, --api-key-file or the official \
         clients' configuration file",
        &["auth", "login", "logout", "whoami"],
    ),
    (
        "this program only uploads: pgyer upload FILE",
        &["list", "ls", "app", "apps", "delete", "remove", "install", "download"],
    ),
    (
        "did you mean pgyer upload?",
        &["distribute", "distribution", "publish", "release", "deploy", "submit", "push", "send"],
    ),
    ("did you mean pgyer status?", &["build-info", "info", "query", "wait", "poll", "watch"]),
    ("did you mean pgyer token?", &["get-token", "get-cos-token", "get-upload-token"]),
    ("did you mean pgyer check?", &["verify", "validate", "lint", "inspect"]),
    ("did you mean pgyer doctor?", &["diagnose", "diagnostics", "ping"]),
    ("did you mean pgyer man?", &["manual"]),
    ("did you mean pgyer --version?", &["version"]),
    ("did you mean pgyer --help?", &["help"]),
];
