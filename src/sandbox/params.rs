//! The parameters of the API's requests and their permitted values.

use super::package_type;
use super::response::Response;
use crate::types::BuildType;

/// An error of the API: its code and message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    pub(super) code: i64,
    pub(super) message: String,
}

impl ApiError {
    pub(super) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The error for a parameter that is missing or wrong.
    pub(super) fn parameter(message: impl Into<String>) -> Self {
        Self::new(1280, message)
    }
}

impl From<ApiError> for Response {
    fn from(error: ApiError) -> Self {
        Self::refusal(error.code, &error.message)
    }
}

type Result<T> = std::result::Result<T, ApiError>;

/// The parameters that describe a release, in `getCOSToken` and the legacy `upload` alike.
pub(super) const RELEASE: [&str; 7] = [
    "buildInstallType",
    "buildPassword",
    "buildUpdateDescription",
    "buildInstallDate",
    "buildInstallStartDate",
    "buildInstallEndDate",
    "buildChannelShortcut",
];

/// The parameters of one request.
#[derive(Debug)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads the text fields of a request.
    pub(super) fn new(fields: &[(String, Vec<u8>)]) -> Result<Self> {
        let text = |(name, value): &(String, Vec<u8>)| match String::from_utf8(value.clone()) {
            Ok(value) => Ok((name.clone(), value)),
            Err(_) => Err(ApiError::parameter(format!("{name} is not UTF-8"))),
        };
        fields.iter().map(text).collect::<Result<_>>().map(Self)
    }

    /// Returns the value of `name`, unless it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Returns the value of a required parameter.
    pub(super) fn required(&self, name: &str) -> Result<&str> {
        self.get(name).ok_or_else(|| ApiError::parameter(format!("{name} is required")))
    }

    /// Returns the `buildKey`.
    pub(super) fn build_key(&self) -> Result<&str> {
        self.get("buildKey").ok_or_else(|| ApiError::new(1008, "buildKey could not be empty"))
    }

    /// Checks the API key first, then that all other parameters are `known` and occur once.
    pub(super) fn authorize(&self, api_key: &str, known: &[&str]) -> Result<()> {
        match self.get("_api_key") {
            None => return Err(ApiError::new(1001, "_api_key could not be empty")),
            Some(key) if key != api_key => return Err(ApiError::new(1002, "_api_key is invalid")),
            Some(_) => {}
        }
        for (at, (name, _)) in self.0.iter().enumerate() {
            if name != "_api_key" && !known.contains(&name.as_str()) {
                return Err(ApiError::parameter(format!("{name} is not a parameter of this call")));
            }
            if self.0.iter().take(at).any(|(earlier, _)| earlier == name) {
                return Err(ApiError::parameter(format!("{name} occurs twice")));
            }
        }
        Ok(())
    }

    /// Returns the type of package that `buildType` names.
    pub(super) fn build_type(&self) -> Result<BuildType> {
        let value = self.required("buildType")?;
        package_type::from_parameter(value).ok_or_else(|| {
            ApiError::parameter("buildType is not ios, ipa, android, apk, harmonyos or hap")
        })
    }

    /// Checks the values of all parameters that describe the release.
    pub(super) fn check_release(&self) -> Result<()> {
        self.one_of("oversea", &["1", "2"])?;
        self.one_of("buildInstallType", &["1", "2", "3"])?;
        self.one_of("buildInstallDate", &["1", "2"])?;
        self.check_password()?;
        self.check_window()?;
        self.check_shortcut()
    }

    fn one_of(&self, name: &str, values: &[&str]) -> Result<()> {
        match self.get(name) {
            Some(value) if !values.contains(&value) => {
                Err(ApiError::parameter(format!("{name} is not one of {}", values.join(", "))))
            }
            _ => Ok(()),
        }
    }

    fn check_password(&self) -> Result<()> {
        let by_password = self.get("buildInstallType") == Some("2");
        match (by_password, self.get("buildPassword")) {
            (true, None) => {
                Err(ApiError::parameter("buildPassword is required with buildInstallType 2"))
            }
            (false, Some(_)) => {
                Err(ApiError::parameter("buildPassword goes with buildInstallType 2 only"))
            }
            _ => Ok(()),
        }
    }

    fn check_window(&self) -> Result<()> {
        let start = self.date("buildInstallStartDate")?;
        let end = self.date("buildInstallEndDate")?;
        let windowed = self.get("buildInstallDate") == Some("1");
        match (windowed, start, end) {
            (true, Some(start), Some(end)) if start <= end => Ok(()),
            (true, Some(_), Some(_)) => {
                Err(ApiError::parameter("buildInstallStartDate is after buildInstallEndDate"))
            }
            (true, ..) => Err(ApiError::parameter(
                "buildInstallStartDate and buildInstallEndDate are required with buildInstallDate 1",
            )),
            (false, None, None) => Ok(()),
            (false, ..) => Err(ApiError::parameter(
                "buildInstallStartDate and buildInstallEndDate go with buildInstallDate 1 only",
            )),
        }
    }

    fn date(&self, name: &str) -> Result<Option<(u16, u8, u8)>> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let date = parse_date(value);
        date.map(Some).ok_or_else(|| {
            ApiError::parameter(format!("{name} is not a calendar date such as 2018-01-01"))
        })
    }

    fn check_shortcut(&self) -> Result<()> {
        let well_formed =
            |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        match self.get("buildChannelShortcut") {
            Some(shortcut) if !well_formed(shortcut) => {
                Err(ApiError::new(1249, "buildChannelShortcut is not the short URL of a channel"))
            }
            _ => Ok(()),
        }
    }

    /// Returns all parameters but the API key.
    pub(super) fn release(&self) -> Vec<(String, String)> {
        self.0.iter().filter(|(name, _)| name != "_api_key").cloned().collect()
    }
}

/// Returns year, month and day, if there is such a day.
fn parse_date(text: &str) -> Option<(u16, u8, u8)> {
    let shape =
        |(at, b): (usize, u8)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() };
    if text.len() != 10 || !text.bytes().enumerate().all(shape) {
        return None;
    }
    let year: u16 = text.get(..4)?.parse().ok()?;
    let month: u8 = text.get(5..7)?.parse().ok()?;
    let day: u8 = text.get(8..)?.parse().ok()?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    (year > 0 && (1..=days).contains(&day)).then_some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(fields: &[(&str, &str)]) -> Params {
        Params(fields.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect())
    }

    fn release(fields: &[(&str, &str)]) -> i64 {
        params(fields).check_release().map_or_else(|error| error.code, |()| 0)
    }

    #[test]
    fn the_key_comes_first() {
        let code = |fields: &[(&str, &str)]| {
            params(fields).authorize("k", &["a"]).map_or_else(|error| error.code, |()| 0)
        };
        assert_eq!(code(&[("_api_key", "k"), ("a", "1")]), 0);
        assert_eq!(code(&[("b", "1")]), 1001);
        assert_eq!(code(&[("_api_key", ""), ("b", "1")]), 1001);
        assert_eq!(code(&[("b", "1"), ("_api_key", "x")]), 1002);
        assert_eq!(code(&[("b", "1"), ("_api_key", "k")]), 1280);
        assert_eq!(code(&[("a", "1"), ("_api_key", "k"), ("a", "1")]), 1280);
        assert_eq!(code(&[("_api_key", "k"), ("_api_key", "k")]), 1280);
    }

    #[test]
    fn holds_a_release_to_the_page() {
        const START: (&str, &str) = ("buildInstallStartDate", "2018-01-01");
        const END: (&str, &str) = ("buildInstallEndDate", "2018-12-31");
        let right: [&[(&str, &str)]; 7] = [
            &[],
            &[("oversea", ""), ("buildPassword", ""), ("buildInstallDate", "")],
            &[("oversea", "2"), ("buildInstallType", "3"), ("buildChannelShortcut", "ab-c_1")],
            &[("buildInstallType", "2"), ("buildPassword", "x")],
            &[("buildInstallDate", "1"), START, END],
            &[("buildInstallDate", "1"), START, ("buildInstallEndDate", "2018-01-01")],
            &[("buildInstallDate", "2")],
        ];
        for fields in right {
            assert_eq!(release(fields), 0, "{fields:?}");
        }
        let wrong: [&[(&str, &str)]; 12] = [
            &[("oversea", "0")],
            &[("buildInstallType", "4")],
            &[("buildInstallType", "public")],
            &[("buildInstallType", "2")],
            &[("buildInstallType", "1"), ("buildPassword", "x")],
            &[("buildPassword", "x")],
            &[("buildInstallDate", "1")],
            &[("buildInstallDate", "1"), START],
            &[("buildInstallDate", "2"), START, END],
            &[START, END],
            &[("buildInstallDate", "1"), ("buildInstallStartDate", "2019-01-01"), END],
            &[("buildInstallDate", "3")],
        ];
        for fields in wrong {
            assert_eq!(release(fields), 1280, "{fields:?}");
        }
        assert_eq!(release(&[("buildChannelShortcut", "a/b")]), 1249);
    }

    #[test]
    fn knows_the_calendar() {
        for date in ["2018-01-31", "2024-02-29", "2000-02-29", "2018-12-01"] {
            assert!(parse_date(date).is_some(), "{date}");
        }
        for date in [
            "2018-02-29",
            "1900-02-29",
            "2018-04-31",
            "2018-13-01",
            "2018-00-01",
            "2018-01-00",
            "0000-01-01",
            "2018-1-01",
            "2018/01/01",
            "+018-01-01",
            "2018-01-01 ",
            "2018-01-0\u{e9}",
        ] {
            assert_eq!(parse_date(date), None, "{date}");
        }
    }
}
