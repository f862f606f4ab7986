//! The options that describe the release.

use pgyer::{BuildType, Region, Validity};

use super::command::{Install, Notes, Release, Secret};
use super::parsed_options::{ParsedOptions, Result};
use super::values;
use crate::options::{
    CHANNEL, DESCRIPTION, INSTALL_PASSWORD_FILE, INSTALL_TYPE, NOTES, NOTES_FILE, Opt,
    PASSWORD_ENV, REGION, TYPE, VALID_FOREVER, VALID_FROM, VALID_UNTIL,
};

pub(super) fn release(options: &ParsedOptions<'_>) -> Result<Release> {
    Ok(Release {
        build_type: build_type(options)?,
        install: install(options)?,
        description: options.text(&DESCRIPTION)?,
        notes: notes(options)?,
        validity: validity(options)?,
        channel: options.text(&CHANNEL)?,
        region: options.choice(&REGION, region)?.flatten(),
    })
}

pub(super) fn build_type(options: &ParsedOptions<'_>) -> Result<Option<BuildType>> {
    options.choice(&TYPE, |name| name.parse().ok())
}

/// The inner `None` is automatic.
fn region(name: &str) -> Option<Option<Region>> {
    if name == "auto" { Some(None) } else { name.parse().ok().map(Some) }
}

/// Who can install a build, without the password.
#[derive(Clone, Copy, PartialEq)]
enum InstallType {
    Public,
    Password,
    Invite,
}

fn install_type(name: &str) -> Option<InstallType> {
    match name {
        "public" | "1" => Some(InstallType::Public),
        "password" | "2" => Some(InstallType::Password),
        "invite" | "3" => Some(InstallType::Invite),
        _ => None,
    }
}

fn install(options: &ParsedOptions<'_>) -> Result<Option<Install>> {
    let secret = install_password(options)?;
    match (options.choice(&INSTALL_TYPE, install_type)?, secret) {
        (None, None) => Ok(None),
        (None | Some(InstallType::Password), Some(secret)) => Ok(Some(Install::Password(secret))),
        (Some(InstallType::Password), None) => Err("--install-type password needs a password: \
             PGYER_INSTALL_PASSWORD or --install-password-file"
            .into()),
        (Some(_), Some(secret)) => Err(format!(
            "{} sets an install password, which only --install-type password takes",
            name_of(&secret, &INSTALL_PASSWORD_FILE)
        )),
        (Some(InstallType::Public), None) => Ok(Some(Install::Public)),
        (Some(InstallType::Invite), None) => Ok(Some(Install::Invite)),
    }
}

fn install_password(options: &ParsedOptions<'_>) -> Result<Option<Secret>> {
    options.exclude_each_other(&PASSWORD_ENV, &INSTALL_PASSWORD_FILE)?;
    let secret = options.secret(&INSTALL_PASSWORD_FILE)?;
    if options.has(&PASSWORD_ENV) && secret.is_none() {
        return Err("--password-env reads PGYER_INSTALL_PASSWORD, which is not set".into());
    }
    Ok(secret)
}

/// The variable or the option that a secret comes from.
fn name_of(secret: &Secret, opt: &Opt) -> String {
    match secret {
        Secret::Env(name) => (*name).to_owned(),
        Secret::Input(_) => opt.long_flag(),
    }
}

fn notes(options: &ParsedOptions<'_>) -> Result<Option<Notes>> {
    options.exclude_each_other(&NOTES, &NOTES_FILE)?;
    match options.input(&NOTES_FILE)? {
        Some(input) => Ok(Some(Notes::File(input))),
        None => Ok(options.text(&NOTES)?.map(Notes::Text)),
    }
}

fn validity(options: &ParsedOptions<'_>) -> Result<Option<Validity>> {
    options.exclude_each_other(&VALID_FOREVER, &VALID_FROM)?;
    options.exclude_each_other(&VALID_FOREVER, &VALID_UNTIL)?;
    options.needs(&VALID_FROM, &VALID_UNTIL)?;
    options.needs(&VALID_UNTIL, &VALID_FROM)?;
    let from = options.read(&VALID_FROM, values::day)?;
    let until = options.read(&VALID_UNTIL, values::day)?;
    match from.zip(until) {
        Some((from, until)) => Validity::window(from, until)
            .map(Some)
            .map_err(|_| format!("--valid-from {from} is after --valid-until {until}")),
        None => Ok(options.has(&VALID_FOREVER).then_some(Validity::Forever)),
    }
}
