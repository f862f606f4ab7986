//! The options of a command line, and their values by type.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use super::command::{Input, Secret};
use super::duration;
use super::lex::GivenOption;
use super::values::{self, Problem, shown_value};
use crate::options::{self, NOTES_FILE, Opt, TOKEN, Value};

pub(super) type Result<T> = std::result::Result<T, String>;
pub(super) type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The options of a command line, with the environment beside them.
pub(super) struct ParsedOptions<'a> {
    /// In the order given.
    pub(super) given: &'a [GivenOption],
    pub(super) env: Env<'a>,
}

impl ParsedOptions<'_> {
    pub(super) fn has(&self, opt: &Opt) -> bool {
        self.last(opt).is_some()
    }

    /// The value of an option. If it is given twice, the last one counts.
    pub(super) fn last(&self, opt: &Opt) -> Option<&OsStr> {
        self.all(opt).last()
    }

    fn all(&self, opt: &Opt) -> impl Iterator<Item = &OsStr> {
        self.given.iter().filter(|(given, _)| given.is(opt)).map(|(_, value)| value.as_os_str())
    }

    /// Parses the value of an option.
    pub(super) fn read<T>(
        &self,
        opt: &Opt,
        parse: impl Fn(&OsStr) -> std::result::Result<T, Problem>,
    ) -> Result<Option<T>> {
        self.last(opt).map(|value| parse(value).map_err(|p| prefixed(opt, &p))).transpose()
    }

    /// Parses each value of a repeatable option.
    pub(super) fn read_all<T>(
        &self,
        opt: &Opt,
        parse: impl Fn(&OsStr) -> std::result::Result<T, Problem>,
    ) -> Result<Vec<T>> {
        self.all(opt).map(|value| parse(value).map_err(|p| prefixed(opt, &p))).collect()
    }

    /// Parses one of the words of the option's row; `by_name` may know more words than the row
    /// shows.
    pub(super) fn choice<T>(
        &self,
        opt: &Opt,
        by_name: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>> {
        let words = match opt.value {
            Value::Choice(_, words) => words,
            _ => &[],
        };
        self.read(opt, |value| {
            let word = values::text(value)?;
            by_name(&word).ok_or_else(|| values::not_one_of(&word, words))
        })
    }

    /// A text, or `None` if it is empty, which is never sent.
    pub(super) fn text(&self, opt: &Opt) -> Result<Option<String>> {
        Ok(self.read(opt, values::text)?.filter(|text| !text.is_empty()))
    }

    pub(super) fn duration(&self, opt: &Opt) -> Result<Option<Duration>> {
        self.read(opt, |value| {
            let text = values::text(value)?;
            duration::parse(&text).map_err(|problem| format!("'{}' {problem}", shown_value(&text)))
        })
    }

    /// A duration longer than zero.
    pub(super) fn limit(&self, opt: &Opt) -> Result<Option<Duration>> {
        match self.duration(opt)? {
            Some(Duration::ZERO) => Err(prefixed(opt, "has to be more than 0")),
            limit => Ok(limit),
        }
    }

    pub(super) fn path(&self, opt: &Opt) -> Result<Option<PathBuf>> {
        self.read(opt, values::path)
    }

    pub(super) fn input(&self, opt: &Opt) -> Result<Option<Input>> {
        let path = self.path(opt)?;
        Ok(path.map(|path| if path.as_os_str() == "-" { Input::Stdin } else { Input::File(path) }))
    }

    /// A secret, from the option's file or else from its variable.
    pub(super) fn secret(&self, opt: &Opt) -> Result<Option<Secret>> {
        if let Some(input) = self.input(opt)? {
            return Ok(Some(Secret::Input(input)));
        }
        let set = opt.env.iter().find(|(name, _)| self.has_env(name));
        Ok(set.map(|(name, _)| Secret::Env(name)))
    }

    pub(super) fn has_env(&self, name: &str) -> bool {
        (self.env)(name).is_some()
    }

    pub(super) fn exclude_each_other(&self, one: &Opt, other: &Opt) -> Result<()> {
        if self.has(one) && self.has(other) {
            return Err(format!("--{} and --{} exclude each other", one.long, other.long));
        }
        Ok(())
    }

    pub(super) fn needs(&self, one: &Opt, other: &Opt) -> Result<()> {
        if self.has(one) && !self.has(other) {
            return Err(format!("--{} needs --{} too", one.long, other.long));
        }
        Ok(())
    }

    /// Fails if two options read standard input.
    pub(super) fn check_standard_input(&self) -> Result<()> {
        let reads_it = |opt: &&&Opt| self.last(opt) == Some("-".as_ref());
        let mut readers = STANDARD_INPUT.iter().filter(reads_it);
        match (readers.next(), readers.next()) {
            (Some(one), Some(other)) => Err(format!(
                "--{} and --{} both read standard input, which serves one option only",
                one.long, other.long
            )),
            _ => Ok(()),
        }
    }
}

/// The options for which `-` is standard input.
static STANDARD_INPUT: &[&Opt] = &[
    &TOKEN,
    &NOTES_FILE,
    &options::P12,
    &options::INSTALL_PASSWORD_FILE,
    &options::P12_PASSWORD_FILE,
    &options::API_KEY_FILE,
];

/// A problem with an option's value, with the option's name in front.
pub(super) fn prefixed(opt: &Opt, problem: &str) -> String {
    format!("--{} {problem}", opt.long)
}
