//! A result in each format.

use std::time::Duration;

use pgyer::{BuildInfo, BuildType, Finding, Identity, Level, Package};

use super::human::{human_size, human_time, name_of, rate, title};
use super::json_line::JsonLine;
use super::quote::{escape_controls, harmless, one_line, shell_quoted};
use super::{operand, package, seconds};
use crate::args::Format;
use crate::shell::wait_command;

/// The most characters of a title in a sentence.
const MAX_TITLE: usize = 200;

/// The result for one FILE or KEY.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) kind: ReportKind,
    pub(crate) file: Option<String>,
    pub(crate) size: Option<u64>,
    pub(crate) build_type: Option<BuildType>,
    pub(crate) key: Option<String>,
    pub(crate) build: Option<BuildInfo>,
    pub(crate) upload_time: Option<Duration>,
    pub(crate) publish_time: Option<Duration>,
    pub(crate) package: Option<Contents>,
}

/// What was read from a package; nothing from one that was not checked.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) identity: Option<Identity>,
    pub(crate) findings: Vec<Finding>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReportKind {
    /// A build, published.
    Build,
    /// A package in the storage.
    Stored,
    /// A certificate or an HSP.
    Attachment,
    /// A package that was checked.
    Check,
    /// A token, which is JSON in every format.
    Token { json: String },
}

impl Report {
    pub(crate) fn new(kind: ReportKind) -> Self {
        Self {
            kind,
            file: None,
            size: None,
            build_type: None,
            key: None,
            build: None,
            upload_time: None,
            publish_time: None,
            package: None,
        }
    }

    /// A report that describes a package.
    pub(crate) fn about(kind: ReportKind, package: &Package) -> Self {
        Self {
            file: Some(operand(package.path())),
            size: Some(package.size()),
            build_type: Some(package.build_type()),
            package: Some(Contents {
                identity: package.identity().cloned(),
                findings: package.findings().to_vec(),
            }),
            ..Self::new(kind)
        }
    }

    /// Returns whole lines.
    pub(crate) fn render(&self, format: Format) -> String {
        match (&self.kind, format) {
            (ReportKind::Token { json }, _) => escape_controls(&format!("{json}\n")),
            (_, Format::Text) => self.text(),
            (_, Format::Json) => self.json(),
            (_, Format::Env) => self.assignments(shell_quoted),
            (_, Format::Dotenv) => self.assignments(one_line),
        }
    }

    fn assignments(&self, quoted: fn(&str) -> String) -> String {
        self.variables().iter().map(|(name, value)| format!("{name}={}\n", quoted(value))).collect()
    }

    fn json(&self) -> String {
        let mut line = JsonLine::default();
        line.string("file", self.file.as_deref());
        line.raw("size", self.size.map(|size| size.to_string()));
        line.string("type", self.build_type.map(BuildType::as_str));
        if let Some(Contents { identity, findings }) = &self.package {
            let identity = identity.as_ref().map_or_else(|| "null".to_owned(), package::identity);
            line.raw("package", Some(identity));
            line.raw("findings", Some(package::findings(findings)));
        }
        line.string("key", self.key.as_deref());
        if let Some(build) = &self.build {
            line.raw("build", Some(build.to_json()));
            line.value("install_url", build.install_url().into());
            line.value("icon_url", build.icon_url().into());
            line.value("qr_code_url", build.qr_code_url().into());
        }
        line.raw("upload_seconds", self.upload_time.map(seconds));
        line.raw("publish_seconds", self.publish_time.map(seconds));
        if self.kind == ReportKind::Check {
            line.value("warnings", self.warnings().into());
        }
        line.finish()
    }

    /// The messages of the findings that are not notes.
    fn warnings(&self) -> Vec<&str> {
        let findings = self.package.iter().flat_map(|package| &package.findings);
        let warnings = findings.filter(|finding| finding.level != Level::Note);
        warnings.map(|finding| finding.message.as_str()).collect()
    }

    fn variables(&self) -> [(&'static str, String); 9] {
        let nothing = BuildInfo::default();
        let build = self.build.as_ref().unwrap_or(&nothing);
        [
            ("PGYER_KEY", self.key.clone().unwrap_or_default()),
            ("PGYER_BUILD_KEY", build.build_key.clone()),
            ("PGYER_INSTALL_URL", build.install_url().unwrap_or_default()),
            ("PGYER_QR_CODE_URL", build.qr_code_url.clone()),
            ("PGYER_APP_NAME", build.name.clone()),
            ("PGYER_APP_VERSION", build.version.clone()),
            ("PGYER_APP_VERSION_NO", build.version_no.clone()),
            // Verbatim: it may not be a number.
            ("PGYER_APP_BUILD", build.field("buildBuildVersion").unwrap_or_default()),
            ("PGYER_APP_IDENTIFIER", build.identifier.clone()),
        ]
    }

    /// A title, facts under it, and the install page on a line of its own.
    fn text(&self) -> String {
        let package = self.package();
        let (title, package) = match self.title() {
            Some(title) => (Some(title), package),
            None => (package, None),
        };
        let label = if self.file.is_some() { "file" } else { "size" };
        let mut lines = Vec::from_iter(title);
        lines.extend(package.map(|package| row(label, &package)));
        lines.extend(self.contents().into_iter().map(|(label, text)| row(label, &text)));
        lines.extend(self.upload_time.map(|time| row("uploaded", &self.uploaded_in(time))));
        lines.extend(self.publish_time.map(|time| row("published", &in_time(time))));
        if self.kind == ReportKind::Stored {
            let key = self.key.as_deref().unwrap_or_default();
            lines.push(row("key", key));
            lines.push(row("wait with", &wait_command(key)));
        }
        if let Some(build) = &self.build {
            lines.extend(build.qr_code_url().map(|url| row("QR code", url)));
        }
        lines.extend(self.install_page());
        lines.iter().map(|line| harmless(line) + "\n").collect()
    }

    /// Where the build can be installed.
    pub(super) fn install_page(&self) -> Option<String> {
        self.build.as_ref()?.install_url()
    }

    /// What has been published and where, in a sentence; `None` where nothing was published.
    pub(crate) fn published(&self) -> Option<String> {
        self.build.as_ref()?;
        // A name may be as long as a server likes, and this is one line of a log.
        let cut = |title: String| title.chars().take(MAX_TITLE).collect::<String>();
        let what = self.title().map_or_else(String::new, |title| format!(" {}", cut(title)));
        let place = match (self.install_page(), &self.key) {
            (Some(page), _) => format!(": {page}"),
            (None, Some(key)) => format!(" under the key {key}"),
            (None, None) => String::new(),
        };
        Some(format!("published{what}{place}"))
    }

    /// What there is now that would be lost if nobody read the report.
    pub(crate) fn achieved(&self) -> Option<String> {
        let key = self.key.as_ref();
        let under_key = key.map_or_else(String::new, |key| format!(" under the key {key}"));
        match self.kind {
            ReportKind::Build => {
                let page = self.install_page().map(|page| format!(": {page}")).unwrap_or_default();
                Some(format!("the build is published{under_key}{page}"))
            }
            ReportKind::Stored => {
                let next = key.map(|key| format!("; go on with: {}", wait_command(key)));
                Some(format!("the file is stored{under_key}{}", next.unwrap_or_default()))
            }
            _ => None,
        }
    }

    /// "Sample App 1.1 (28), build 5, com.example.app"
    fn title(&self) -> Option<String> {
        title(self.build.as_ref()?)
    }

    /// "app.apk, Android, 8.4 KiB"
    fn package(&self) -> Option<String> {
        let mut facts: Vec<String> = Vec::new();
        facts.extend(self.file.clone());
        facts.extend(self.build_type.map(|build_type| name_of(build_type).to_owned()));
        facts.extend(self.size().map(human_size));
        if self.kind == ReportKind::Attachment {
            facts.push("taken".to_owned());
        }
        if facts.is_empty() { None } else { Some(facts.join(", ")) }
    }

    /// What the package is, if it was checked and nothing else says so.
    fn contents(&self) -> Vec<(&'static str, String)> {
        match &self.package {
            Some(Contents { identity: Some(identity), findings })
                if self.kind == ReportKind::Check =>
            {
                package::rows(identity, findings)
            }
            _ => Vec::new(),
        }
    }

    /// The size of the file, or of the build as the service reports it.
    fn size(&self) -> Option<u64> {
        let reported = || u64::try_from(self.build.as_ref()?.file_size?).ok();
        self.size.or_else(reported)
    }

    fn uploaded_in(&self, time: Duration) -> String {
        match self.size() {
            Some(size) => format!("{}, {}", in_time(time), rate(size, time)),
            None => in_time(time),
        }
    }
}

fn row(label: &str, text: &str) -> String {
    format!("  {label:<9}  {text}")
}

fn in_time(time: Duration) -> String {
    format!("in {}", human_time(time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// A published build with a value in every field.
    fn build() -> BuildInfo {
        let mut build = BuildInfo::default();
        build.build_key = "bk".into();
        build.shortcut_url = "abcd".into();
        build.qr_code_url = "https://qr.example/".into();
        build.icon = "12345x".into();
        build.name = "Sample App".into();
        build.version = "1.1".into();
        build.version_no = "28".into();
        build.build_version = Some(5);
        build.identifier = "com.example.app".into();
        build.file_size = Some(2048);
        build
    }

    fn published() -> Report {
        let mut report = Report::new(ReportKind::Build);
        report.file = Some("app.apk".into());
        report.size = Some(8596);
        report.build_type = Some(BuildType::Android);
        report.key = Some("k1".into());
        report.build = Some(build());
        report.upload_time = Some(Duration::from_millis(2000));
        report.publish_time = Some(Duration::from_millis(65_250));
        report
    }

    #[test]
    fn a_published_build_is_a_title_and_facts() {
        assert_eq!(
            published().render(Format::Text),
            "Sample App 1.1 (28), build 5, com.example.app\n  \
               file       app.apk, Android, 8.4 KiB\n  \
               uploaded   in 2.0 s, 4.2 KiB/s\n  \
               published  in 1 min 5 s\n  \
               QR code    https://qr.example/\n\
             https://www.pgyer.com/abcd\n"
        );
        // Of a KEY alone the size is what the service says.
        let mut report = Report::new(ReportKind::Build);
        report.build = Some(build());
        let text = report.render(Format::Text);
        assert!(text.contains("\n  size       2.0 KiB\n"), "{text}");
    }

    #[test]
    fn what_is_stored_or_taken_or_checked_is_said_to_be() {
        let mut report = Report::new(ReportKind::Stored);
        report.file = Some("a.apk".into());
        report.key = Some("k1".into());
        let text = report.render(Format::Text);
        assert_eq!(text, "a.apk\n  key        k1\n  wait with  pgyer status --wait k1\n");
        for (kind, text) in [
            (ReportKind::Attachment, "a.hsp, HarmonyOS, 100 B, taken\n"),
            (ReportKind::Check, "a.hsp, HarmonyOS, 100 B\n"),
        ] {
            let mut report = Report::new(kind);
            report.file = Some("a.hsp".into());
            report.build_type = Some(BuildType::HarmonyOs);
            report.size = Some(100);
            assert_eq!(report.render(Format::Text), text);
        }
        assert_eq!(Report::new(ReportKind::Check).render(Format::Text), "");
    }

    #[test]
    fn a_report_is_one_line_of_json() {
        assert_eq!(
            published().render(Format::Json),
            concat!(
                r#"{"file":"app.apk","size":8596,"type":"android","key":"k1","build":{},"#,
                r#""install_url":"https://www.pgyer.com/abcd","#,
                r#""icon_url":"https://cdn-app-icon2.pgyer.com/1/2/3/4/5/12345x"#,
                r#"?x-oss-process=image/resize,m_lfit,h_120,w_120/format,jpg","#,
                r#""qr_code_url":"https://qr.example/","#,
                r#""upload_seconds":2.000,"publish_seconds":65.250}"#,
                "\n"
            )
        );
        assert_eq!(Report::new(ReportKind::Check).render(Format::Json), "{\"warnings\":[]}\n");
    }

    #[test]
    fn variables_are_quoted_for_their_reader() {
        let mut report = published();
        if let Some(build) = &mut report.build {
            build.name = "It's\nan App".into();
        }
        let rest = |quote: &str| {
            [
                ("APP_VERSION", "1.1"),
                ("APP_VERSION_NO", "28"),
                // Pgyer's own value, which this build never had.
                ("APP_BUILD", ""),
                ("APP_IDENTIFIER", "com.example.app"),
            ]
            .map(|(name, value)| format!("PGYER_{name}={quote}{value}{quote}\n"))
            .concat()
        };
        assert_eq!(
            report.render(Format::Env),
            "PGYER_KEY='k1'\nPGYER_BUILD_KEY='bk'\n\
             PGYER_INSTALL_URL='https://www.pgyer.com/abcd'\n\
             PGYER_QR_CODE_URL='https://qr.example/'\n\
             PGYER_APP_NAME='It'\\''s\nan App'\n"
                .to_owned()
                + &rest("'")
        );
        assert_eq!(
            report.render(Format::Dotenv),
            "PGYER_KEY=k1\nPGYER_BUILD_KEY=bk\nPGYER_INSTALL_URL=https://www.pgyer.com/abcd\n\
             PGYER_QR_CODE_URL=https://qr.example/\nPGYER_APP_NAME=It's an App\n"
                .to_owned()
                + &rest("")
        );
        let nothing = Report::new(ReportKind::Build).render(Format::Dotenv);
        assert_eq!(nothing.lines().filter(|line| line.ends_with('=')).count(), 9);
    }

    #[test]
    fn the_install_page_is_that_of_the_build() {
        assert_eq!(published().install_page().unwrap(), "https://www.pgyer.com/abcd");
        assert_eq!(Report::new(ReportKind::Build).install_page(), None);
    }

    #[test]
    fn a_command_to_copy_is_quoted() {
        let quoted = if cfg!(windows) { "\"k;touch x\"" } else { "'k;touch x'" };
        for (key, command) in [
            ("k;touch x", format!("pgyer status --wait {quoted}")),
            ("-k", "pgyer status --wait -- -k".into()),
        ] {
            let mut report = Report::new(ReportKind::Stored);
            report.key = Some(key.into());
            let text = report.render(Format::Text);
            assert_eq!(text, format!("  key        {key}\n  wait with  {command}\n"));
        }
    }

    #[test]
    fn no_line_is_a_command_to_a_ci_system() {
        let mut report = published();
        report.file = Some("##[set-output name=x]y".into());
        if let Some(build) = &mut report.build {
            build.name = "::add-mask::a##vso[x]".into();
        }
        let text = report.render(Format::Text);
        assert!(text.starts_with("\u{fffd}:add-mask::a##vso\u{fffd}x]"), "{text}");
        assert!(!text.contains("##["), "{text}");
        // JSON has the same value, written otherwise.
        let json: Value = serde_json::from_str(&report.render(Format::Json)).unwrap();
        assert_eq!(json["file"], "##[set-output name=x]y");
        let token = r###"{"key":"##[x]"}"###;
        let report = Report::new(ReportKind::Token { json: token.into() });
        let text = report.render(Format::Text);
        assert!(!text.contains("##["), "{text}");
        let values = [token, &text].map(|json| serde_json::from_str::<Value>(json).unwrap());
        assert_eq!(values[0], values[1]);
    }

    #[test]
    fn what_was_achieved_is_known_without_the_report() {
        let mut report = published();
        let title = "Sample App 1.1 (28), build 5, com.example.app";
        assert_eq!(
            report.published().unwrap(),
            format!("published {title}: https://www.pgyer.com/abcd")
        );
        assert_eq!(
            report.achieved().unwrap(),
            "the build is published under the key k1: https://www.pgyer.com/abcd"
        );
        report.build = Some(BuildInfo::default());
        assert_eq!(report.published().unwrap(), "published under the key k1");
        assert_eq!(report.achieved().unwrap(), "the build is published under the key k1");
        report.kind = ReportKind::Stored;
        report.build = None;
        assert_eq!(report.published(), None);
        assert_eq!(
            report.achieved().unwrap(),
            "the file is stored under the key k1; go on with: pgyer status --wait k1"
        );
        assert_eq!(Report::new(ReportKind::Check).achieved(), None);
    }
}
