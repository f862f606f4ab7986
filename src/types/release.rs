//! What describes a release: the optional parameters of `getCOSToken` and of the legacy upload.

use std::fmt;
use std::str::FromStr;

use super::Date;
use crate::error::{Error, Result};
use crate::secret::Password;

/// How a build is offered, in the API's terms. What is not set, or is empty, is not sent, and the
/// service keeps what it has.
///
/// ```
/// use pgyer::{InstallType, Password, Region, Release, Validity};
///
/// let mut release = Release::default();
/// release.update_description = Some("Fixes the login.\nNew icon.".into());
/// release.install_type = Some(InstallType::Password(Password::new("let me in")?));
/// release.validity = Some(Validity::window("2026-01-01".parse()?, "2026-12-31".parse()?)?);
/// release.region = Some(Region::Overseas);
/// # Ok::<(), pgyer::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Release {
    /// `buildInstallType` and `buildPassword`: who can install it.
    pub install_type: Option<InstallType>,
    /// `buildDescription`: the description of the app. The legacy endpoint does not accept it.
    pub description: Option<String>,
    /// `buildUpdateDescription`: the release notes, sent verbatim.
    pub update_description: Option<String>,
    /// `buildInstallDate` with its two dates: when it can be installed.
    pub validity: Option<Validity>,
    /// `buildChannelShortcut`: the short URL of the channel to update, which must exist.
    pub channel_shortcut: Option<String>,
    /// `oversea`: where to upload to. The legacy endpoint does not accept it.
    pub region: Option<Region>,
}

impl Release {
    /// Returns the parameters that both endpoints accept, in the order of the API's page.
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

    /// Returns the parameters of `getCOSToken` alone.
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
    /// From the first day to the last; [`window`](Self::window) makes one.
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
    /// Returns a window from one day to another.
    ///
    /// # Errors
    /// [`Error::Usage`] if it ends before it begins.
    pub fn window(from: Date, until: Date) -> Result<Self> {
        if from > until {
            return Err(Error::usage(format!("the validity would end, {until}, before {from}")));
        }
        Ok(Self::Window { from, until })
    }
}

/// Where to upload to, `oversea`. Without it the service decides by the client's address.
///
/// ```
/// use pgyer::Region;
///
/// assert_eq!("china".parse::<Region>()?, Region::China);
/// assert_eq!(Region::China.to_string(), "china");
/// # Ok::<(), pgyer::Error>(())
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

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Overseas => "overseas",
            Self::China => "china",
        })
    }
}

impl FromStr for Region {
    type Err = Error;

    /// Accepts `overseas` and `china`, and the API's `1` and `2`.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "overseas" | "1" => Ok(Self::Overseas),
            "china" | "2" => Ok(Self::China),
            _ => Err(Error::usage(format!("'{text}' is not a region: overseas or china"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
