//! What to say to names that are not in the table, and to secrets on the command line.
//!
//! Only names are repeated here, never what follows `=`.

use super::suggest::nearest;
use super::values::{shown, shown_value};
use crate::options::{self, Opt};
use crate::verbs::{self, Verb};

const API_KEY: &str = "PGYER_API_KEY or --api-key-file";
const INSTALL_PASSWORD: &str = "PGYER_INSTALL_PASSWORD or --install-password-file";
const P12_PASSWORD: &str = "PGYER_P12_PASSWORD or --p12-password-file";
const PROXY_PASSWORD: &str = "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY";

/// Commands of other programs called `pgyer`, and what to do here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("auth", NO_LOGIN),
    ("login", NO_LOGIN),
    ("list", ONLY_UPLOADS),
    ("app", ONLY_UPLOADS),
    ("help", "help is an option: pgyer --help, or pgyer upload --help"),
];
const NO_LOGIN: &str = "there is no login: the API key comes from PGYER_API_KEY, --api-key-file or \
     the official clients' configuration file";
const ONLY_UPLOADS: &str = "this program only uploads: pgyer upload FILE";

/// Short options of the vendor's shell script, and what they are called here.
const SCRIPT: &[(char, &str)] = &[
    ('t', "install-type"),
    ('d', "notes"),
    ('s', "valid-from"),
    ('e', "valid-until"),
    ('c', "channel"),
    ('j', "format"),
];

/// For a word that is no command.
pub(super) fn command(name: &str) -> String {
    let said = ELSEWHERE.iter().find(|(word, _)| *word == name);
    if let Some((_, instead)) = said {
        return format!("no command {name}: {instead}");
    }
    if name == Verb::Sandbox.name() {
        return "this build has no sandbox: it comes with the cargo feature of that name".into();
    }
    // What follows = is left out here as it is behind an option.
    let name = name.split('=').next().unwrap_or_default();
    let near = nearest(name, verbs::available().map(|row| row.name)).unwrap_or_default();
    format!("unknown command {}: did you mean pgyer {near}?", shown_value(name))
}

/// For a long option that is not in the table.
pub(super) fn long(name: &str, verb: Option<Verb>) -> String {
    let instead = secret(name, verb);
    let file = instead.and_then(|instead| instead.split_once("or --")).map(|(_, option)| option);
    let near = match (instead, file) {
        // --password-file: not a secret itself.
        (_, Some(option)) if name.ends_with("file") => option,
        (Some(instead), _) => return refusal(&format!("--{}", shown(name)), instead),
        (None, _) => nearest(name, names(verb)).unwrap_or_default(),
    };
    format!("unknown option --{}{}: did you mean --{near}?", shown(name), of(verb))
}

/// For a short option that is not in the table, with what is bundled behind it.
pub(super) fn short(name: char, rest: &str, verb: Option<Verb>) -> String {
    let dashed = format!("-{}", shown(&name.to_string()));
    // A long option with one dash: -format.
    let word: String = [&name.to_string(), rest.split('=').next().unwrap_or_default()].concat();
    if let Some(instead) = short_secret(name, verb).or_else(|| secret(&word, verb)) {
        return refusal(&dashed, instead);
    }
    let near = if options::by_long(&word).is_some() {
        format!("--{word}")
    } else {
        near_letter(name, verb)
    };
    format!("unknown option {dashed}{}: did you mean {near}?", of(verb))
}

/// Fails where the command does not have the option.
pub(super) fn foreign(opt: &Opt, verb: Verb) -> Result<(), String> {
    if opt.verbs.contains(&verb) {
        return Ok(());
    }
    let owners: Vec<&str> = opt.verbs.iter().map(|verb| verb.name()).collect();
    let hint = match verb {
        Verb::Sandbox => "; options of a command go after its name",
        _ => "",
    };
    Err(format!(
        "pgyer {} has no option --{}: it belongs to {}{hint}",
        verb.name(),
        opt.long,
        owners.join(", ")
    ))
}

fn refusal(option: &str, instead: &str) -> String {
    format!(
        "{option} is refused: other users of this machine can read the command line; \
         use {instead} instead"
    )
}

/// What serves in place of an option that would take a secret from the command line.
fn secret(name: &str, verb: Option<Verb>) -> Option<&'static str> {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let name = name.to_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if has(&["proxyuser", "proxypass"]) {
        return Some(PROXY_PASSWORD);
    }
    if has(&["password", "passwd", "passphrase"]) || name == "pass" {
        let certificate = has(&["p12", "cert"]) || verb == Some(Verb::HarmonyCert);
        return Some(if certificate { P12_PASSWORD } else { INSTALL_PASSWORD });
    }
    let tokens = ["apitoken", "accesstoken", "authtoken", "usertoken", "tokenvalue"];
    let is_key = has(&["apikey", "secret"]) || has(&tokens) || name == "key" || name == "ukey";
    is_key.then_some(API_KEY)
}

fn short_secret(name: char, verb: Option<Verb>) -> Option<&'static str> {
    match name {
        'k' => Some(API_KEY),
        'p' => secret("password", verb),
        _ => None,
    }
}

/// The option that a letter may stand for.
fn near_letter(letter: char, verb: Option<Verb>) -> String {
    let folded = letter.to_ascii_lowercase();
    let short = |name: &char| name.to_ascii_lowercase() == folded;
    if let Some(name) = shown_options(verb).filter_map(|opt| opt.short).find(short) {
        return format!("-{name}");
    }
    let script = SCRIPT.iter().find(|(name, _)| *name == letter).map(|(_, long)| *long);
    let initial = names(verb).find(|name| name.starts_with(folded));
    match script.or(initial) {
        Some(long) => format!("--{long}"),
        None => "-h".into(),
    }
}

fn names(verb: Option<Verb>) -> impl Iterator<Item = &'static str> {
    shown_options(verb).map(|opt| opt.long)
}

fn shown_options(verb: Option<Verb>) -> impl Iterator<Item = &'static Opt> {
    options::shown().filter(move |opt| verb.is_none_or(|verb| opt.verbs.contains(&verb)))
}

fn of(verb: Option<Verb>) -> String {
    verb.map(|verb| format!(" of pgyer {}", verb.name())).unwrap_or_default()
}
