//! The messages for names that are not in the table, and for secrets on the command line.
//!
//! They repeat names only, never what follows `=`.

use super::elsewhere::{self, Instead};
use super::suggest::{nearest, same_words};
use super::values::{shown, shown_value};
use crate::options::{self, OPTIONS, Opt};
use crate::verbs::{PACKAGES, Verb, available};

const API_KEY: &str = "PGYER_API_KEY or --api-key-file";
const INSTALL_PASSWORD: &str = "PGYER_INSTALL_PASSWORD or --install-password-file";
const P12_PASSWORD: &str = "PGYER_P12_PASSWORD or --p12-password-file";
const PROXY_PASSWORD: &str = "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY";

/// The message for a word that is not a command.
pub(super) fn command(name: &str) -> String {
    if name == Verb::Sandbox.name() {
        return "this build has no sandbox: it comes with the cargo feature of that name".into();
    }
    // What follows = may be a secret, as it may behind an option.
    let name = name.split('=').next().unwrap_or_default();
    let is_package = |suffix: &&str| name.to_lowercase().ends_with(&format!(".{suffix}"));
    let near = || nearest(name, available().map(Verb::name), |_| false);
    let advice = if let Some(instead) = elsewhere::command(name) {
        instead.to_owned()
    } else if PACKAGES.iter().any(is_package) {
        format!("did you mean pgyer upload {}?", shown_value(name))
    } else if let Some(near) = near() {
        format!("did you mean pgyer {near}?")
    } else {
        "see pgyer --help".to_owned()
    };
    format!("unknown command {}: {advice}", shown_value(name))
}

/// The message for a long option that is not in the table.
pub(super) fn long(name: &str, verb: Option<Verb>) -> String {
    let flag = format!("--{}", shown(name));
    let advice = match (known(name, verb), secret(name, verb)) {
        (Some(advice), _) => advice,
        (None, Some(instead)) => return refusal(&flag, instead),
        (None, None) => by_likeness(name, verb).unwrap_or_else(|| see_help(verb)),
    };
    unknown(&flag, verb, &advice)
}

/// The message for a short option that is not in the table; `rest` is what is bundled with it.
pub(super) fn short(name: char, rest: &str, verb: Option<Verb>) -> String {
    let flag = format!("-{}", shown(&name.to_string()));
    // It may be a long option with one dash: -format.
    let word: String = [&name.to_string(), rest.split('=').next().unwrap_or_default()].concat();
    let known = known(&word, verb).filter(|_| !rest.is_empty());
    match (known, short_secret(name, verb).or_else(|| secret(&word, verb))) {
        (Some(advice), _) => unknown(&flag, verb, &advice),
        (None, Some(instead)) => refusal(&flag, instead),
        (None, None) => {
            let advice = by_letter(name, verb).unwrap_or_else(|| see_help(verb));
            unknown(&flag, verb, &advice)
        }
    }
}

/// Fails if the command does not have the option.
pub(super) fn option_of_another_verb(opt: &Opt, verb: Verb) -> Result<(), String> {
    if opt.verbs.contains(&verb) {
        return Ok(());
    }
    let hint = match verb {
        Verb::Sandbox => "; options of a command go after its name",
        _ => "",
    };
    Err(format!("pgyer {} has no option --{}: {}{hint}", verb.name(), opt.long, belongs_to(opt)))
}

fn belongs_to(opt: &Opt) -> String {
    let names: Vec<&str> = opt.verbs.iter().map(|verb| verb.name()).collect();
    format!("it belongs to {}", names.join(", "))
}

fn unknown(flag: &str, verb: Option<Verb>, advice: &str) -> String {
    let of_verb = verb.map(|verb| format!(" of pgyer {}", verb.name())).unwrap_or_default();
    format!("unknown option {flag}{of_verb}: {advice}")
}

fn refusal(flag: &str, instead: &str) -> String {
    format!(
        "{flag} is refused: other users of this machine can read the command line; use {instead} \
         instead"
    )
}

fn see_help(verb: Option<Verb>) -> String {
    let verb = verb.map(|verb| format!(" {}", verb.name())).unwrap_or_default();
    format!("see pgyer{verb} -h")
}

/// Advice for a name of ours in another spelling, or one that another program uses.
fn known(name: &str, verb: Option<Verb>) -> Option<String> {
    let is_meant =
        |opt: &&&Opt| same_words(opt.long, name) || opt.alias.is_some_and(|a| same_words(a, name));
    if let Some(opt) = OPTIONS.iter().find(is_meant) {
        let has = verb.is_none_or(|verb| opt.verbs.contains(&verb));
        return Some(if has { did_you_mean(opt) } else { belongs_to(opt) });
    }
    elsewhere::option(name, verb).map(|instead| advice(instead, verb))
}

fn advice(instead: Instead, verb: Option<Verb>) -> String {
    match instead {
        Instead::Option(opt) => did_you_mean(opt),
        Instead::Operand => {
            let row = verb.unwrap_or(Verb::Upload).row();
            let operands = row.usage.first().unwrap_or(&"FILE");
            format!("the file is named without an option: pgyer {} {operands}", row.name)
        }
        Instead::Say(advice) => advice.to_owned(),
    }
}

fn did_you_mean(opt: &Opt) -> String {
    format!("did you mean --{}?", opt.long)
}

fn by_likeness(name: &str, verb: Option<Verb>) -> Option<String> {
    let names = shown_options(verb).map(|opt| opt.long);
    let is_risky = |name: &str| options::by_long(name).is_some_and(|opt| opt.risky);
    nearest(name, names, is_risky).map(|near| format!("did you mean --{near}?"))
}

fn by_letter(letter: char, verb: Option<Verb>) -> Option<String> {
    let folded = letter.to_ascii_lowercase();
    let short = |name: &char| name.to_ascii_lowercase() == folded;
    let near = shown_options(verb).filter_map(|opt| opt.short).find(short);
    near.map(|name| format!("did you mean -{name}?"))
        .or_else(|| elsewhere::short_option(letter, verb).map(|instead| advice(instead, verb)))
}

fn shown_options(verb: Option<Verb>) -> impl Iterator<Item = &'static Opt> {
    options::shown().filter(move |opt| verb.is_none_or(|verb| opt.verbs.contains(&verb)))
}

/// What to use instead of an option that would take a secret from the command line.
fn secret(name: &str, verb: Option<Verb>) -> Option<&'static str> {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let name = name.to_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let is = |names: &[&str]| names.contains(&name.as_str());
    if has(&["proxyuser", "proxypass"]) {
        return Some(PROXY_PASSWORD);
    }
    if has(&["password", "passwd", "passphrase", "pwd"]) || is(&["pass"]) {
        let certificate = has(&["p12", "cert"]) || verb == Some(Verb::HarmonyCert);
        return Some(if certificate { P12_PASSWORD } else { INSTALL_PASSWORD });
    }
    let tokens = ["apitoken", "accesstoken", "authtoken", "usertoken", "tokenvalue"];
    let keys = ["key", "ukey", "userkey", "auth", "authorization", "credentials"];
    (has(&["apikey", "secret"]) || has(&tokens) || is(&keys)).then_some(API_KEY)
}

fn short_secret(name: char, verb: Option<Verb>) -> Option<&'static str> {
    match name {
        'k' => Some(API_KEY),
        'p' => secret("password", verb),
        _ => None,
    }
}
