//! The build in the answers of `buildInfo` and the legacy `upload`.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::package_type;
use super::response::object;
use super::seen::Build;
use super::service::Settings;

/// Returns the build as JSON, with the fields that the sandbox was told to change.
pub(super) fn data(
    build: &Build,
    serial: usize,
    release: &[(String, String)],
    file_name: &str,
    settings: &Settings,
) -> String {
    let fields = fields(build, serial, release, file_name).into_iter();
    let mut fields: Vec<_> =
        fields.map(|(name, text)| (name, Value::from(text).to_string())).collect();
    for (name, json) in &settings.build_fields {
        match fields.iter_mut().find(|(known, _)| known == name) {
            Some(field) => field.1 = json.clone(),
            None => fields.push((name, json.clone())),
        }
    }
    object(fields)
}

/// Returns the fields as the live service writes them: every number as a string, and with some
/// fields that no page documents.
fn fields(
    build: &Build,
    serial: usize,
    release: &[(String, String)],
    file_name: &str,
) -> Vec<(&'static str, String)> {
    let parameter = |name: &str| {
        let found = release.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let identity = &build.identity;
    let name = identity.name.clone().unwrap_or_else(|| app_name(file_name));
    let known = |value: &Option<String>, other: &str| value.clone().unwrap_or(other.to_owned());
    let shortcut = Some(parameter("buildChannelShortcut")).filter(|channel| !channel.is_empty());
    let shortcut = shortcut.unwrap_or_else(|| build.build_key.chars().take(4).collect());
    let now = timestamp(SystemTime::now());
    vec![
        ("buildKey", build.build_key.clone()),
        ("buildType", package_type::number(build.build_type).to_string()),
        ("buildIsFirst", if serial == 1 { "1" } else { "2" }.to_owned()),
        ("buildIsLastest", "1".to_owned()),
        (
            "buildFileKey",
            format!("{}.{}", build.build_key, package_type::extension(build.build_type)),
        ),
        ("buildFileName", file_name.to_owned()),
        ("buildFileSize", build.size.to_string()),
        ("buildName", name.clone()),
        ("buildVersion", known(&identity.version, "1.0")),
        ("buildVersionNo", known(&identity.build, "1")),
        ("buildBuildVersion", serial.to_string()),
        ("buildIdentifier", known(&identity.identifier, "")),
        ("buildIcon", build.build_key.chars().rev().collect()),
        ("buildDescription", parameter("buildDescription")),
        ("buildUpdateDescription", parameter("buildUpdateDescription")),
        ("buildScreenshots", String::new()),
        ("buildShortcutUrl", shortcut.clone()),
        ("buildQRCodeURL", format!("https://www.pgyer.com/app/qrcode/{shortcut}")),
        ("buildCreated", now.clone()),
        ("buildUpdated", now),
    ]
}

/// Returns the name of the file without its folders and its extension.
fn app_name(file_name: &str) -> String {
    let base = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
    if stem.is_empty() { "Sample App".into() } else { stem.into() }
}

/// Formats a time as `2025-01-01 10:00:00`, in UTC.
fn timestamp(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    let (year, month, day) = date(seconds / 86400);
    format!("{year:04}-{month:02}-{day:02} {hours:02}:{minutes:02}:{:02}", seconds % 60)
}

/// Returns the date that is `days` after 1970-01-01. It counts in cycles of 400 years that begin on
/// a first of March, so that the leap day is the last day of its year.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    (year, month, day - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn knows_the_date() {
        let at = |seconds| timestamp(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01 00:00:00");
        assert_eq!(at(951_782_400), "2000-02-29 00:00:00");
        assert_eq!(at(1_735_725_600), "2025-01-01 10:00:00");
        assert_eq!(at(4_107_542_399), "2100-02-28 23:59:59");
        assert_eq!(at(4_107_542_400), "2100-03-01 00:00:00");
    }

    #[test]
    fn names_an_app_after_its_file() {
        assert_eq!(app_name("a/b\\My App.v2.apk"), "My App.v2");
        assert_eq!(app_name(".apk"), "Sample App");
    }
}
