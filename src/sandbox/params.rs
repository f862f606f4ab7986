//! The parameters of the API's requests and their permitted values.

use super::deviations::Deviations;
use super::form::Fields;
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
pub(super) struct Params<'d> {
    values: Vec<(String, String)>,
    deviations: &'d Deviations,
}

impl<'d> Params<'d> {
    /// Reads parameters. Of several with the same name the last one counts, as in PHP.
    pub(super) fn new(fields: Fields, deviations: &'d Deviations) -> Self {
        let mut values: Vec<(String, String)> = Vec::new();
        for (name, value) in fields {
            let value = String::from_utf8(value).unwrap_or_else(|error| {
                deviations.add(format!("{name} is not UTF-8"));
                String::from_utf8_lossy(error.as_bytes()).into_owned()
            });
            match values.iter_mut().find(|(known, _)| *known == name) {
                Some(earlier) => {
                    deviations.add(format!("{name} occurs twice"));
                    earlier.1 = value;
                }
                None => values.push((name, value)),
            }
        }
        Self { values, deviations }
    }

    /// Returns the value of `name`, unless it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().find(|(known, _)| known == name);
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

    /// Checks the API key, and notes parameters that are in none of the `known` lists.
    pub(super) fn authorize(&self, api_key: &str, known: &[&[&str]]) -> Result<()> {
        match self.get("_api_key") {
            None => return Err(ApiError::new(1001, "_api_key could not be empty")),
            Some(key) if key != api_key => return Err(ApiError::new(1002, "_api_key is invalid")),
            Some(_) => {}
        }
        let names = self.values.iter().map(|(name, _)| name.as_str());
        let is_known = |name: &str| known.iter().any(|names| names.contains(&name));
        for name in names.filter(|name| *name != "_api_key" && !is_known(name)) {
            self.deviations.add(format!("{name} is not a parameter of this call"));
        }
        Ok(())
    }

    /// Refuses the request if it is held to the page and has deviated from it by now.
    pub(super) fn settle(&self) -> Result<()> {
        self.deviations.refused().map_or(Ok(()), |what| Err(ApiError::parameter(what)))
    }

    /// Returns the type of package that `buildType` names.
    pub(super) fn build_type(&self) -> Result<BuildType> {
        let value = self.required("buildType")?;
        if value == "harmony" {
            self.deviations.add("buildType is harmony");
        }
        package_type::from_parameter(value).ok_or_else(|| {
            ApiError::parameter("buildType is not ios, ipa, android, apk, harmonyos or hap")
        })
    }

    /// Checks where to upload from.
    pub(super) fn check_oversea(&self) -> Result<()> {
        if self.get("oversea") == Some("0") {
            self.deviations.add("oversea is 0");
        }
        self.one_of("oversea", &["0", "1", "2"])
    }

    /// Checks the values of all parameters that describe the release.
    pub(super) fn check_release(&self) -> Result<()> {
        self.one_of("buildInstallType", &["1", "2", "3"])?;
        self.one_of("buildInstallDate", &["1", "2"])?;
        self.check_password();
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

    fn check_password(&self) {
        let by_password = self.get("buildInstallType") == Some("2");
        match (by_password, self.get("buildPassword")) {
            (true, None) => self.deviations.add("buildInstallType 2 comes without buildPassword"),
            (false, Some(_)) => {
                self.deviations.add("buildPassword comes without buildInstallType 2");
            }
            _ => {}
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
            (false, ..) => {
                self.deviations.add("dates come without buildInstallDate 1");
                Ok(())
            }
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
        self.values.iter().filter(|(name, _)| name != "_api_key").cloned().collect()
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

    fn params<'d>(fields: &[(&str, &str)], deviations: &'d Deviations) -> Params<'d> {
        let owned = |(name, value): &(&str, &str)| ((*name).into(), (*value).into());
        Params::new(fields.iter().map(owned).collect(), deviations)
    }

    fn code(result: Result<()>) -> i64 {
        result.map_or_else(|error| error.code, |()| 0)
    }

    /// The code for a release, and the deviations.
    fn release(fields: &[(&str, &str)]) -> (i64, Vec<String>) {
        let deviations = Deviations::new(false);
        let params = params(fields, &deviations);
        let code = code(params.check_oversea().and_then(|()| params.check_release()));
        (code, deviations.list())
    }

    #[test]
    fn the_key_comes_first_even_where_all_is_held_to_the_page() {
        let ask = |strict, fields: &[(&str, &str)]| {
            let deviations = Deviations::new(strict);
            let params = params(fields, &deviations);
            code(params.authorize("k", &[&["a"]]).and_then(|()| params.settle()))
        };
        for (fields, lenient, strict) in [
            (&[("_api_key", "k"), ("a", "1")][..], 0, 0),
            (&[("b", "1")], 1001, 1001),
            (&[("_api_key", ""), ("b", "1")], 1001, 1001),
            (&[("b", "1"), ("_api_key", "x")], 1002, 1002),
            (&[("b", "1"), ("_api_key", "k")], 0, 1280),
            (&[("a", "1"), ("_api_key", "k"), ("a", "1")], 0, 1280),
            (&[("_api_key", "x"), ("_api_key", "k")], 0, 1280),
            (&[("_api_key", "k"), ("_api_key", "x")], 1002, 1002),
        ] {
            assert_eq!((ask(false, fields), ask(true, fields)), (lenient, strict), "{fields:?}");
        }
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
            assert_eq!(release(fields), (0, Vec::new()), "{fields:?}");
        }
        let wrong: [&[(&str, &str)]; 9] = [
            &[("oversea", "3")],
            &[("buildInstallType", "4")],
            &[("buildInstallType", "public")],
            &[("buildInstallDate", "1")],
            &[("buildInstallDate", "1"), START],
            &[("buildInstallDate", "1"), ("buildInstallStartDate", "2019-01-01"), END],
            &[("buildInstallDate", "3")],
            &[("buildInstallDate", "2"), ("buildInstallStartDate", "2019-02-29")],
            &[("buildInstallEndDate", "31.12.2018")],
        ];
        for fields in wrong {
            assert_eq!(release(fields).0, 1280, "{fields:?}");
        }
        assert_eq!(release(&[("buildChannelShortcut", "a/b")]).0, 1249);
    }

    #[test]
    fn takes_values_that_the_page_does_not_know() {
        const START: (&str, &str) = ("buildInstallStartDate", "2018-01-01");
        const END: (&str, &str) = ("buildInstallEndDate", "2018-12-31");
        let cases: [(&[(&str, &str)], &str); 7] = [
            (&[("oversea", "0")], "oversea is 0"),
            (&[("buildInstallType", "2")], "buildInstallType 2 comes without buildPassword"),
            (
                &[("buildInstallType", "1"), ("buildPassword", "x")],
                "buildPassword comes without buildInstallType 2",
            ),
            (&[("buildPassword", "x")], "buildPassword comes without buildInstallType 2"),
            (&[("buildInstallDate", "2"), START, END], "dates come without buildInstallDate 1"),
            (&[START, END], "dates come without buildInstallDate 1"),
            (&[("oversea", "9"), ("oversea", "1")], "oversea occurs twice"),
        ];
        for (fields, deviation) in cases {
            assert_eq!(release(fields), (0, vec![deviation.to_owned()]), "{fields:?}");
        }
        let deviations = Deviations::new(false);
        let fields = vec![("buildType".to_owned(), b"ios\xff".to_vec())];
        assert_eq!(Params::new(fields, &deviations).get("buildType"), Some("ios\u{fffd}"));
        assert_eq!(deviations.list(), ["buildType is not UTF-8"]);
    }

    #[test]
    fn knows_the_types_of_packages() {
        let ask = |value| {
            let deviations = Deviations::new(false);
            let build_type = params(&[("buildType", value)], &deviations).build_type();
            (build_type.ok(), deviations.list().len())
        };
        for value in ["harmonyos", "hap"] {
            assert_eq!(ask(value), (Some(BuildType::HarmonyOs), 0));
        }
        assert_eq!(ask("harmony"), (Some(BuildType::HarmonyOs), 1));
        assert_eq!(
            (ask("ipa"), ask("apk")),
            ((Some(BuildType::Ios), 0), (Some(BuildType::Android), 0))
        );
        assert_eq!((ask("aab"), ask("iOS")), ((None, 0), (None, 0)));
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
