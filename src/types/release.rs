//! What describes a release: the optional parameters of `getCOSToken` and of the legacy upload.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::secret::Password;

/// How a build is to be offered, in the API's own terms. What is not set, or is empty, is not
/// sent, and the service keeps what it has.
///
/// ```
/// use pgyer::{InstallType, Password, Release, Validity};
///
/// let mut release = Release::default();
/// release.update_description = Some("Fixes the login.\nNew icon.".into());
/// release.install_type = Some(InstallType::Password(Password::new("let me in")?));
/// release.validity = Some(Validity::window("2026-01-01".parse()?, "2026-12-31".parse()?)?);
/// # Ok::<(), pgyer::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Release {
    /// `buildInstallType` and `buildPassword`: who can install it.
    pub install_type: Option<InstallType>,
    /// `buildDescription`: the description of the app. Not known to the legacy endpoint.
    pub description: Option<String>,
    /// `buildUpdateDescription`: the release notes, sent verbatim.
    pub update_description: Option<String>,
    /// `buildInstallDate` with its two dates: when it can be installed.
    pub validity: Option<Validity>,
    /// `buildChannelShortcut`: the short URL of the channel to update, which must exist.
    pub channel_shortcut: Option<String>,
    /// `oversea`: where to upload to. Not known to the legacy endpoint.
    pub region: Option<Region>,
}

impl Release {
    /// What must not be shown of it.
    pub(crate) fn secrets(&self) -> Option<&str> {
        match &self.install_type {
            Some(InstallType::Password(password)) => Some(password.expose()),
            _ => None,
        }
    }

    /// The parameters that both endpoints know, in the order of the API's page.
    pub(crate) fn common_fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        if let Some(install_type) = &self.install_type {
            fields.push(("buildInstallType", install_type.code().to_owned()));
            if let InstallType::Password(password) = install_type {
                fields.push(("buildPassword", password.expose().to_owned()));
            }
        }
        if let Some(notes) = &self.update_description {
            fields.push(("buildUpdateDescription", notes.clone()));
        }
        match self.validity {
            Some(Validity::Window { from, until }) => fields.extend([
                ("buildInstallDate", "1".to_owned()),
                ("buildInstallStartDate", from.to_string()),
                ("buildInstallEndDate", until.to_string()),
            ]),
            Some(Validity::Forever) => fields.push(("buildInstallDate", "2".to_owned())),
            None => {}
        }
        if let Some(channel) = &self.channel_shortcut {
            fields.push(("buildChannelShortcut", channel.clone()));
        }
        fields.retain(|(_, value)| !value.is_empty());
        fields
    }

    /// The parameters of `getCOSToken` alone.
    pub(crate) fn token_fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        if let Some(region) = self.region {
            fields.push(("oversea", region.code().to_owned()));
        }
        if let Some(description) = self.description.as_ref().filter(|text| !text.is_empty()) {
            fields.push(("buildDescription", description.clone()));
        }
        fields
    }
}

/// Who can install a build, `buildInstallType`.
///
/// ```
/// use pgyer::{InstallType, Password};
/// let with_password = InstallType::Password(Password::new("let me in")?);
/// # Ok::<(), pgyer::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstallType {
    /// Everybody with the link.
    Public,
    /// Everybody with the link and this password, `buildPassword`.
    Password(Password),
    /// Whoever was invited.
    Invite,
}

impl InstallType {
    fn code(&self) -> &'static str {
        match self {
            Self::Public => "1",
            Self::Password(_) => "2",
            Self::Invite => "3",
        }
    }
}

/// When a build can be installed, `buildInstallDate`.
///
/// ```
/// use pgyer::{Date, Validity};
///
/// let validity = Validity::window(Date::new(2026, 1, 1)?, Date::new(2026, 12, 31)?)?;
/// assert!(matches!(validity, Validity::Window { from, .. } if from.to_string() == "2026-01-01"));
/// assert!(Validity::window("2026-12-31".parse()?, "2026-01-01".parse()?).is_err());
/// # Ok::<(), pgyer::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Validity {
    /// From the first day to the last. Made by [`window`](Self::window).
    #[non_exhaustive]
    Window {
        /// The first day, `buildInstallStartDate`.
        from: Date,
        /// The last day, `buildInstallEndDate`.
        until: Date,
    },
    /// Without an end.
    Forever,
}

impl Validity {
    /// A window from one day to another.
    ///
    /// # Errors
    /// [`Error::Usage`] when it ends before it begins.
    pub fn window(from: Date, until: Date) -> Result<Self> {
        if from > until {
            return Err(Error::usage(format!("the validity would end, {until}, before {from}")));
        }
        Ok(Self::Window { from, until })
    }
}

/// Where to upload to, `oversea`. Without it the service decides by the address it sees.
///
/// ```
/// let mut release = pgyer::Release::default();
/// release.region = Some(pgyer::Region::Overseas);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Region {
    /// Overseas acceleration.
    Overseas,
    /// Mainland China.
    China,
}

impl Region {
    fn code(self) -> &'static str {
        match self {
            Self::Overseas => "1",
            Self::China => "2",
        }
    }
}

/// A day of the calendar, written `YYYY-MM-DD`.
///
/// ```
/// use pgyer::Date;
/// assert_eq!("2028-02-29".parse::<Date>()?, Date::new(2028, 2, 29)?);
/// assert!("2027-02-29".parse::<Date>().is_err());
/// # Ok::<(), pgyer::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A day by its numbers.
    ///
    /// # Errors
    /// [`Error::Usage`] when the calendar has no such day.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self> {
        Self::of_calendar(year, month, day).ok_or_else(|| {
            Error::usage(format!("{year:04}-{month:02}-{day:02} is not a date of the calendar"))
        })
    }

    fn of_calendar(year: u16, month: u8, day: u8) -> Option<Self> {
        let exists = (1..=9999).contains(&year) && day > 0 && day <= days_in(year, month)?;
        exists.then_some(Self { year, month, day })
    }
}

impl FromStr for Date {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse_date(text).ok_or_else(|| {
            Error::usage(format!("'{text}' is not a date of the calendar: YYYY-MM-DD"))
        })
    }
}

fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = u8::try_from(digits(parts.next()?, 2)?).ok()?;
    let day = u8::try_from(digits(parts.next()?, 2)?).ok()?;
    if parts.next().is_some() { None } else { Date::of_calendar(year, month, day) }
}

fn digits(text: &str, count: usize) -> Option<u16> {
    let right = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if right { text.parse().ok() } else { None }
}

fn days_in(year: u16, month: u8) -> Option<u8> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for right in [
            "2024-02-29",
            "2000-02-29",
            "1999-12-31",
            "0001-01-01",
            "2023-02-28",
            "2026-01-31",
            "2026-03-31",
            "2026-04-30",
            "2026-05-31",
            "2026-06-30",
            "2026-07-31",
            "2026-08-31",
            "2026-09-30",
            "2026-10-31",
            "2026-11-30",
        ] {
            assert_eq!(right.parse::<Date>().unwrap().to_string(), right);
        }
        for wrong in [
            "2023-02-29",
            "1900-02-29",
            "2024-02-30",
            "2024-01-32",
            "0000-01-01",
            "2024-06-31",
            "2024-09-31",
            "2024-11-31",
            "2024-13-01",
            "2024-00-10",
            "2024-04-31",
            "2024-01-00",
            "24-01-01",
            "2024-1-1",
            "2024/01/01",
            "2024-01-01-01",
            "2024-01-01 ",
            "+024-01-01",
            "",
        ] {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_make_the_same_dates() {
        assert_eq!(Date::new(2024, 2, 29).unwrap(), "2024-02-29".parse().unwrap());
        for (year, month, day) in [(2023, 2, 29), (0, 1, 1), (10_000, 1, 1), (2024, 0, 1)] {
            assert!(Date::new(year, month, day).is_err(), "{year} {month} {day}");
        }
    }

    #[test]
    fn a_window_has_its_order() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert!(Validity::window(day("2026-01-02"), day("2026-01-02")).is_ok());
        assert!(Validity::window(day("2026-01-02"), day("2026-01-01")).is_err());
    }

    #[test]
    fn every_choice_has_the_number_of_the_page() {
        let password = InstallType::Password(Password::new("pw").unwrap());
        for (install_type, code) in
            [(InstallType::Public, "1"), (password, "2"), (InstallType::Invite, "3")]
        {
            let release = Release { install_type: Some(install_type), ..Release::default() };
            assert_eq!(release.common_fields()[0], ("buildInstallType", code.to_owned()));
        }
        for (region, code) in [(Region::Overseas, "1"), (Region::China, "2")] {
            let release = Release { region: Some(region), ..Release::default() };
            assert_eq!(release.token_fields(), [("oversea", code.to_owned())]);
        }
    }

    #[test]
    fn texts_and_days_are_sent_as_they_are() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let release = Release {
            description: Some("an app".into()),
            update_description: Some("a\n b".into()),
            channel_shortcut: Some("beta".into()),
            validity: Some(Validity::window(day("2026-01-02"), day("2026-10-30")).unwrap()),
            ..Release::default()
        };
        assert_eq!(
            release.common_fields(),
            [
                ("buildUpdateDescription", "a\n b".to_owned()),
                ("buildInstallDate", "1".to_owned()),
                ("buildInstallStartDate", "2026-01-02".to_owned()),
                ("buildInstallEndDate", "2026-10-30".to_owned()),
                ("buildChannelShortcut", "beta".to_owned()),
            ]
        );
        assert_eq!(release.token_fields(), [("buildDescription", "an app".to_owned())]);
    }

    #[test]
    fn only_what_is_given_is_sent() {
        let mut release = Release::default();
        assert!(release.common_fields().is_empty() && release.token_fields().is_empty());
        release.update_description = Some(String::new());
        release.description = Some(String::new());
        release.channel_shortcut = Some(String::new());
        assert!(release.common_fields().is_empty() && release.token_fields().is_empty());
        release.validity = Some(Validity::Forever);
        release.install_type = Some(InstallType::Password(Password::new("pw").unwrap()));
        release.region = Some(Region::China);
        assert_eq!(
            release.common_fields(),
            [
                ("buildInstallType", "2".to_owned()),
                ("buildPassword", "pw".to_owned()),
                ("buildInstallDate", "2".to_owned()),
            ]
        );
        assert_eq!(release.token_fields(), [("oversea", "2".to_owned())]);
    }
}
