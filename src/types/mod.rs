//! The API's nouns: what goes into a request and what an answer contains.

mod build;
mod date;
mod envelope;
mod release;
mod token;

use std::fmt;
use std::str::FromStr;

pub(crate) use build::pending;
pub use build::{BuildInfo, BuildStatus};
pub use date::Date;
pub(crate) use envelope::Envelope;
pub use release::{InstallType, Region, Release, Validity};
pub use token::UploadToken;

use crate::error::{Error, Result};

/// The platform of a package, `buildType` in the API.
///
/// ```
/// use pgyer::BuildType;
///
/// let build_type: BuildType = "ipa".parse()?;
/// assert_eq!(build_type, BuildType::Ios);
/// assert_eq!(build_type.to_string(), "ios");
/// # Ok::<(), pgyer::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BuildType {
    /// An IPA.
    Ios,
    /// An APK.
    Android,
    /// A HAP.
    HarmonyOs,
}

impl BuildType {
    /// Returns the name of the platform: `ios`, `android` or `harmonyos`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ios => "ios",
            Self::Android => "android",
            Self::HarmonyOs => "harmonyos",
        }
    }

    /// Returns the value of `buildType`. For a HAP the API's page has `harmonyos` and `hap`; every
    /// client that is known to have published a HAP sends `hap`.
    pub(crate) fn api_value(self) -> &'static str {
        match self {
            Self::HarmonyOs => "hap",
            other => other.as_str(),
        }
    }
}

impl fmt::Display for BuildType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for BuildType {
    type Err = Error;

    /// Accepts the names of the platforms and of the file types: `ios`, `ipa`, `android`, `apk`,
    /// `harmonyos`, `harmony`, `hap`.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "ios" | "ipa" => Ok(Self::Ios),
            "android" | "apk" => Ok(Self::Android),
            "harmonyos" | "hap" | "harmony" => Ok(Self::HarmonyOs),
            _ => Err(Error::usage(format!(
                "'{text}' is not a type of package: ios, android or harmonyos"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_has_the_name_of_the_api_and_those_of_its_files() {
        for (name, build_type, others, api_value) in [
            ("ios", BuildType::Ios, &["ipa"][..], "ios"),
            ("android", BuildType::Android, &["apk"], "android"),
            ("harmonyos", BuildType::HarmonyOs, &["hap", "harmony"], "hap"),
        ] {
            assert_eq!(build_type.to_string(), name);
            assert_eq!(build_type.api_value(), api_value);
            for text in others.iter().chain([&name]) {
                assert_eq!(text.parse::<BuildType>().unwrap(), build_type);
            }
        }
        for wrong in ["", "IOS", "aab", "ios "] {
            let said = wrong.parse::<BuildType>().unwrap_err().to_string();
            assert!(said.contains(&format!("'{wrong}'")), "{said}");
        }
    }
}
