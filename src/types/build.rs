//! A build, as `buildInfo` and the legacy upload describe it.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::json::{self, Fields};
use crate::percent::percent_encode;

/// The state of a build, from one `buildInfo` call.
///
/// ```no_run
/// # fn f(client: &pgyer::Client, key: &str) -> pgyer::Result<()> {
/// use pgyer::BuildStatus;
///
/// match client.build_info(key)? {
///     BuildStatus::Published(build) => println!("{}", build.install_url().unwrap_or_default()),
///     BuildStatus::Publishing { message, .. } => println!("not published yet: {message}"),
///     _ => {}
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildStatus {
    /// Codes 1246 and 1247: in the queue, being parsed or being published.
    Publishing {
        /// The API's code.
        code: i64,
        /// The API's message; may be empty.
        message: String,
        /// The status of the HTTP response.
        http_status: u16,
    },
    /// Code 0: it can be installed. Code 1216, publishing failed, is
    /// [`Error::Publish`](crate::Error::Publish).
    Published(Box<BuildInfo>),
}

impl BuildStatus {
    /// Returns the build, or [`Error::Pending`] with the key, for callers who do not wait.
    ///
    /// # Errors
    /// [`Error::Pending`] while it is being published.
    pub fn published(self, key: &str) -> Result<BuildInfo> {
        match self {
            Self::Published(build) => Ok(*build),
            publishing => Err(pending(key, Duration::ZERO, Some(publishing), None)),
        }
    }
}

/// The error of a build that is stored and not published yet; `status` is the last one that came.
pub(crate) fn pending(
    key: &str,
    waited: Duration,
    status: Option<BuildStatus>,
    last_failure: Option<String>,
) -> Error {
    let (code, message, http_status) = match status {
        Some(BuildStatus::Publishing { code, message, http_status }) => {
            (Some(code), message, Some(http_status))
        }
        _ => (None, String::new(), None),
    };
    Error::Pending { key: key.to_owned(), waited, code, message, http_status, last_failure }
}

/// A published build: the fields of the API's page, and whatever else came with them.
///
/// Numbers are accepted as numbers and as strings, since the live service sends strings. A field
/// that is missing, or is not what the page says, is empty or `None` here;
/// [`to_json`](Self::to_json) has them all as they came.
///
/// ```no_run
/// # fn f(build: &pgyer::BuildInfo) {
/// println!("{} {} ({:?} bytes)", build.name, build.version, build.file_size);
/// println!("page: {:?}, icon: {:?}", build.install_url(), build.icon_url());
/// println!("a field that the page does not have: {:?}", build.field("buildCates"));
/// println!("everything: {}", build.to_json());
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildInfo {
    /// `buildKey`: the build's own index ID; not the key that `getCOSToken` gave.
    pub build_key: String,
    /// `buildType`: 1 is iOS, 2 is Android.
    pub build_type: Option<i64>,
    /// `buildIsFirst`: whether this is the first build; 1 is yes.
    pub is_first: Option<i64>,
    /// `buildIsLastest`: whether this is the latest version; 1 is yes.
    pub is_latest: Option<i64>,
    /// `buildFileSize`: the package's size in bytes.
    pub file_size: Option<i64>,
    /// `buildName`: the app's name.
    pub name: String,
    /// `buildVersion`: the version that users see.
    pub version: String,
    /// `buildVersionNo`: Android's version code, iOS's build version.
    pub version_no: String,
    /// `buildBuildVersion`: Pgyer's own number of the build.
    pub build_version: Option<i64>,
    /// `buildIdentifier`: the bundle id or package name.
    pub identifier: String,
    /// `buildIcon`: the icon's key; see [`icon_url`](Self::icon_url).
    pub icon: String,
    /// `buildDescription`: the app's description.
    pub description: String,
    /// `buildUpdateDescription`: the release notes.
    pub update_description: String,
    /// `buildScreenShots` (on the wire also `buildScreenshots`): the key of the screenshots.
    pub screenshots: String,
    /// `buildShortcutUrl`: the short URL's last part; see [`install_url`](Self::install_url).
    pub shortcut_url: String,
    /// `buildQRCodeURL`: the address of a QR code of the install page.
    pub qr_code_url: String,
    /// `buildCreated`: when it was uploaded, as the service writes times.
    pub created: String,
    /// `buildUpdated`: when it was updated, as the service writes times.
    pub updated: String,
    fields: Fields,
}

/// The fields that the API's page calls Integer.
const INTEGERS: [&str; 5] =
    ["buildType", "buildIsFirst", "buildIsLastest", "buildFileSize", "buildBuildVersion"];

impl BuildInfo {
    /// Returns `None` if there is nothing in it.
    pub(crate) fn from_fields(fields: Fields) -> Option<Self> {
        if fields.is_empty() {
            return None;
        }
        let text = |name| fields.text(name).unwrap_or_default();
        Some(Self {
            build_key: text("buildKey"),
            build_type: fields.integer("buildType"),
            is_first: fields.integer("buildIsFirst"),
            is_latest: fields.integer("buildIsLastest"),
            file_size: fields.integer("buildFileSize"),
            name: text("buildName"),
            version: text("buildVersion"),
            version_no: text("buildVersionNo"),
            build_version: fields.integer("buildBuildVersion"),
            identifier: text("buildIdentifier"),
            icon: text("buildIcon"),
            description: text("buildDescription"),
            update_description: text("buildUpdateDescription"),
            screenshots: fields
                .text("buildScreenshots")
                .unwrap_or_else(|| text("buildScreenShots")),
            shortcut_url: text("buildShortcutUrl"),
            qr_code_url: text("buildQRCodeURL"),
            created: text("buildCreated"),
            updated: text("buildUpdated"),
            fields,
        })
    }

    /// Returns the install page: `https://www.pgyer.com/` and the short URL, or the build's own key
    /// if that is empty.
    pub fn install_url(&self) -> Option<String> {
        let last =
            [&self.shortcut_url, &self.build_key].into_iter().find(|part| !part.is_empty())?;
        Some(format!("https://www.pgyer.com/{}", last_part(last)?))
    }

    /// Returns the URL of the icon, made as the API's page says; `None` if there is no icon.
    pub fn icon_url(&self) -> Option<String> {
        let folders: Vec<String> =
            self.icon.chars().take(5).map(|c| percent_encode(c.encode_utf8(&mut [0; 4]))).collect();
        if folders.len() < 5 {
            return None;
        }
        Some(format!(
            "https://cdn-app-icon2.pgyer.com/{}/{}?x-oss-process=image/resize,m_lfit,h_120,w_120/format,jpg",
            folders.join("/"),
            last_part(&self.icon)?
        ))
    }

    /// Returns the URL of the QR code, as received; `None` if it is empty.
    pub fn qr_code_url(&self) -> Option<&str> {
        Some(self.qr_code_url.as_str()).filter(|url| !url.is_empty())
    }

    /// Returns one field by the name received, a number as its digits; `None` if it is missing or
    /// neither text nor number.
    pub fn field(&self, name: &str) -> Option<String> {
        self.fields.text(name)
    }

    /// Returns all fields as one JSON object on one line, in the order and under the names
    /// received. What the API's page calls Integer is a number even if the service sent a string.
    pub fn to_json(&self) -> String {
        let members: Vec<String> = self
            .fields
            .iter()
            .map(|(name, value)| {
                let number = INTEGERS.contains(&name).then(|| json::number_of(value)).flatten();
                let value = number.unwrap_or_else(|| json::compact(value));
                format!("{}:{value}", serde_json::Value::from(name))
            })
            .collect();
        format!("{{{}}}", members.join(","))
    }
}

/// Escapes the last part of a URL, unless it is longer than any server accepts.
fn last_part(text: &str) -> Option<String> {
    const LONGEST: usize = 8192;
    (text.len() <= LONGEST).then(|| percent_encode(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(json: &str) -> BuildInfo {
        BuildInfo::from_fields(Fields::parse(json).unwrap()).unwrap()
    }

    #[test]
    fn every_field_of_the_page_has_its_place() {
        let build = build(
            r#"{"buildKey":"key","buildType":1,"buildIsFirst":2,"buildIsLastest":3,
            "buildFileSize":4,"buildName":"name","buildVersion":"version","buildVersionNo":"no",
            "buildBuildVersion":5,"buildIdentifier":"identifier","buildIcon":"icon",
            "buildDescription":"description","buildUpdateDescription":"notes",
            "buildScreenShots":"screenshots","buildShortcutUrl":"short","buildQRCodeURL":"qr",
            "buildCreated":"created","buildUpdated":"updated"}"#,
        );
        let numbers = [build.build_type, build.is_first, build.is_latest, build.file_size];
        assert_eq!(numbers, [1, 2, 3, 4].map(Some));
        assert_eq!(build.build_version, Some(5));
        for (field, text) in [
            (&build.build_key, "key"),
            (&build.name, "name"),
            (&build.version, "version"),
            (&build.version_no, "no"),
            (&build.identifier, "identifier"),
            (&build.icon, "icon"),
            (&build.description, "description"),
            (&build.update_description, "notes"),
            (&build.screenshots, "screenshots"),
            (&build.shortcut_url, "short"),
            (&build.qr_code_url, "qr"),
            (&build.created, "created"),
            (&build.updated, "updated"),
        ] {
            assert_eq!(field, text);
        }
        assert_eq!(build.qr_code_url(), Some("qr"));
    }

    #[test]
    fn what_is_too_long_for_a_url_makes_none() {
        let long = "x".repeat(8192);
        for (part, is_url) in [(format!("{long}x"), false), (long, true)] {
            let build = build(&format!(r#"{{"buildShortcutUrl":"{part}","buildIcon":"{part}"}}"#));
            assert_eq!(
                (build.install_url().is_some(), build.icon_url().is_some()),
                (is_url, is_url)
            );
        }
    }

    #[test]
    fn an_empty_object_is_no_build() {
        assert!(BuildInfo::from_fields(Fields::parse("{}").unwrap()).is_none());
    }

    #[test]
    fn whoever_does_not_wait_is_told_what_the_service_said() {
        let message = "in the queue".to_owned();
        let status = BuildStatus::Publishing { code: 1247, message, http_status: 200 };
        let error = status.published("k1").unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Pending);
        assert_eq!((error.api_code(), error.http_status()), (Some(1247), Some(200)));
        let said = error.report();
        assert!(said.contains("k1") && said.contains("in the queue"), "{said}");
    }

    #[test]
    fn numbers_come_as_numbers_or_strings() {
        let strings = build(r#"{"buildType":"2","buildFileSize":"17","buildVersionNo":28}"#);
        let numbers = build(r#"{"buildType":2,"buildFileSize":17,"buildVersionNo":"28"}"#);
        for build in [&strings, &numbers] {
            assert_eq!((build.build_type, build.file_size), (Some(2), Some(17)));
            assert_eq!(build.version_no, "28");
        }
        assert_eq!(strings.to_json(), r#"{"buildType":2,"buildFileSize":17,"buildVersionNo":28}"#);
    }

    #[test]
    fn unknown_fields_stay_as_they_came() {
        let json = r#"{"zeta":{"b":1,"a":[1.50, null]},"buildKey":"k","buildFileSize":"?"}"#;
        assert_eq!(
            build(json).to_json(),
            r#"{"zeta":{"b":1,"a":[1.50,null]},"buildKey":"k","buildFileSize":"?"}"#
        );
    }

    #[test]
    fn urls_are_made_as_the_page_says() {
        let full =
            build(r#"{"buildKey":"a1","buildShortcutUrl":"abcd","buildIcon":"123abcdefaaa"}"#);
        assert_eq!(full.install_url().unwrap(), "https://www.pgyer.com/abcd");
        assert_eq!(
            full.icon_url().unwrap(),
            "https://cdn-app-icon2.pgyer.com/1/2/3/a/b/123abcdefaaa?x-oss-process=image/resize,\
             m_lfit,h_120,w_120/format,jpg"
        );
        assert_eq!(full.qr_code_url(), None);
        let by_key = build(r#"{"buildKey":"a1/../x","buildShortcutUrl":"","buildIcon":"123"}"#);
        assert_eq!(by_key.install_url().unwrap(), "https://www.pgyer.com/a1%2F..%2Fx");
        assert_eq!(by_key.icon_url(), None);
        assert_eq!(build(r#"{"buildName":"x"}"#).install_url(), None);
    }
}
