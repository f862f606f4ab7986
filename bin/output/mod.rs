//! Results as text, JSON, or variables: the only writer of standard output. And the rule for what
//! may reach a terminal.

mod human;
mod quote;

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use pgyer::{BuildInfo, BuildType, Error, Probe};
use serde_json::Value;

use self::human::rate;
pub(crate) use self::human::{human_size, human_time, unit_of};
pub(crate) use self::quote::{escape_controls, harmless};
use self::quote::{one_line, shell_quoted};

use crate::args::Format;

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
    pub(crate) warnings: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportKind {
    /// A build, published.
    Build,
    /// A package in the storage.
    Stored,
    /// A certificate or an HSP.
    Attachment,
    /// A package that was looked into.
    Check,
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
            warnings: Vec::new(),
        }
    }

    /// In a format, with the line break at its end.
    pub(crate) fn render(&self, format: Format) -> String {
        match format {
            Format::Text => self.text(),
            Format::Json => self.json(),
            Format::Env => self.assignments(shell_quoted),
            Format::Dotenv => self.assignments(one_line),
        }
    }

    fn assignments(&self, written: fn(&str) -> String) -> String {
        let variables = self.variables().into_iter();
        variables
            .fold(String::new(), |text, (name, value)| text + name + "=" + &written(&value) + "\n")
    }

    fn json(&self) -> String {
        let mut line = JsonLine::default();
        line.string("file", self.file.as_deref());
        line.raw("size", self.size.map(|size| size.to_string()));
        line.string("type", self.build_type.map(BuildType::as_str));
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
            line.value("warnings", self.warnings.clone().into());
        }
        line.finish()
    }

    fn variables(&self) -> [(&'static str, String); 9] {
        let text = |value: fn(&BuildInfo) -> &str| {
            self.build.as_ref().map_or_else(String::new, |build| value(build).to_owned())
        };
        let build = self.build.as_ref();
        let install_url = build.and_then(BuildInfo::install_url).unwrap_or_default();
        let number = build.map(build_number).unwrap_or_default();
        [
            ("PGYER_KEY", self.key.clone().unwrap_or_default()),
            ("PGYER_BUILD_KEY", text(|build| &build.build_key)),
            ("PGYER_INSTALL_URL", install_url),
            ("PGYER_QR_CODE_URL", text(|build| &build.qr_code_url)),
            ("PGYER_APP_NAME", text(|build| &build.name)),
            ("PGYER_APP_VERSION", text(|build| &build.version)),
            ("PGYER_APP_VERSION_NO", text(|build| &build.version_no)),
            ("PGYER_APP_BUILD", number),
            ("PGYER_APP_IDENTIFIER", text(|build| &build.identifier)),
        ]
    }

    /// A title, facts under it, and the install page on a line of its own.
    fn text(&self) -> String {
        let package = self.package();
        let (title, package) = match self.build.as_ref().and_then(title) {
            Some(title) => (Some(title), package),
            None => (package, None),
        };
        let label = if self.file.is_some() { "file" } else { "size" };
        let mut lines = Vec::from_iter(title);
        lines.extend(package.map(|package| row(label, &package)));
        lines.extend(self.upload_time.map(|time| row("uploaded", &self.uploaded_in(time))));
        lines.extend(self.publish_time.map(|time| row("published", &in_time(time))));
        if self.kind == ReportKind::Stored {
            let key = self.key.as_deref().unwrap_or_default();
            lines.push(row("key", key));
            lines.push(row("wait with", &format!("pgyer status --wait {key}")));
        }
        if let Some(build) = &self.build {
            lines.extend(build.qr_code_url().map(|url| row("QR code", url)));
        }
        lines.extend(self.install_page());
        lines.iter().map(|line| harmless(line) + "\n").collect()
    }

    /// Where the build can be installed.
    pub(crate) fn install_page(&self) -> Option<String> {
        self.build.as_ref()?.install_url()
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

    fn size(&self) -> Option<u64> {
        let received = || u64::try_from(self.build.as_ref()?.file_size?).ok();
        self.size.or_else(received)
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

/// Pgyer's build number, verbatim if it is not numeric.
fn build_number(build: &BuildInfo) -> String {
    build.field("buildBuildVersion").unwrap_or_default()
}

fn name_of(build_type: BuildType) -> &'static str {
    match build_type {
        BuildType::Ios => "iOS",
        BuildType::Android => "Android",
        BuildType::HarmonyOs => "HarmonyOS",
        other => other.as_str(),
    }
}

/// "Sample App 1.1 (28), build 5, com.example.app"
fn title(build: &BuildInfo) -> Option<String> {
    let mut title = build.name.clone();
    if !build.version.is_empty() {
        title.push_str(&format!(" {}", build.version));
    }
    if !build.version_no.is_empty() {
        title.push_str(&format!(" ({})", build.version_no));
    }
    if let Some(number) = build.build_version {
        title.push_str(&format!(", build {number}"));
    }
    if !build.identifier.is_empty() {
        title.push_str(&format!(", {}", build.identifier));
    }
    Some(title.trim_start_matches([' ', ',']).to_owned()).filter(|title| !title.is_empty())
}

/// A failure in a format that has one; the message goes to standard error in any case.
pub(crate) fn failure(
    format: Format,
    file: Option<&str>,
    key: Option<&str>,
    error: &Error,
) -> String {
    match format {
        Format::Text | Format::Dotenv => String::new(),
        Format::Env => exit_line(error.kind().exit_code()),
        Format::Json => {
            let mut inner = JsonLine::default();
            inner.string("kind", Some(error.kind().name()));
            inner.string("message", Some(&error.report()));
            inner.raw("api_code", error.api_code().map(|code| code.to_string()));
            inner.raw("http_status", error.http_status().map(|status| status.to_string()));
            let mut line = JsonLine::default();
            line.string("file", file);
            line.string("key", key);
            line.raw("error", Some(inner.finish().trim_end().to_owned()));
            line.finish()
        }
    }
}

/// One thing that `doctor` tested.
pub(crate) fn probe(format: Format, probe: &Probe) -> String {
    let (is_well, detail) = match &probe.result {
        Ok(detail) => (true, detail.clone()),
        Err(error) => (false, error.report()),
    };
    if format == Format::Json {
        let mut line = JsonLine::default();
        line.string("check", Some(&probe.check));
        line.value("ok", is_well.into());
        line.string("detail", Some(&detail));
        line.raw("seconds", Some(seconds(probe.elapsed)));
        return line.finish();
    }
    let mark = if is_well { "ok  " } else { "FAIL" };
    let time = human_time(probe.elapsed);
    harmless(&format!("{mark} {}: {detail} ({time})", probe.check)) + "\n"
}

/// What makes a shell that evaluates it fail.
pub(crate) fn exit_line(code: u8) -> String {
    format!("(exit {code})\n")
}

/// One JSON object on one line, its members in the order in which they are added.
#[derive(Debug, Default)]
pub(crate) struct JsonLine(Vec<String>);

impl JsonLine {
    /// Adds a member that is JSON already; none adds nothing.
    pub(crate) fn raw(&mut self, name: &str, json: Option<String>) {
        self.0.extend(json.map(|json| format!("{}:{json}", Value::from(name))));
    }

    pub(crate) fn value(&mut self, name: &str, value: Value) {
        self.raw(name, Some(value.to_string()));
    }

    /// Adds a string; none adds nothing.
    pub(crate) fn string(&mut self, name: &str, text: Option<&str>) {
        self.raw(name, text.map(|text| Value::from(text).to_string()));
    }

    pub(crate) fn finish(self) -> String {
        escape_controls(&format!("{{{}}}\n", self.0.join(",")))
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

/// Writes to standard output. A reader that has closed the pipe is no error.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    if text.is_empty() {
        return Ok(());
    }
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::io("write the result", error))
        }
        _ => Ok(()),
    }
}

/// An operand as results name it.
pub(crate) fn operand(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_title_has_what_is_there() {
        let with = |name: &str, version: &str, no: &str, number, identifier: &str| {
            let mut build = BuildInfo::default();
            build.name = name.into();
            build.version = version.into();
            build.version_no = no.into();
            build.build_version = number;
            build.identifier = identifier.into();
            title(&build)
        };
        for (title, shown) in [
            (with("App", "", "", None, ""), Some("App")),
            (with("App", "1.1", "", None, "a.b"), Some("App 1.1, a.b")),
            (with("", "1.1", "28", None, ""), Some("1.1 (28)")),
            (with("", "", "", Some(5), ""), Some("build 5")),
            (with("", "", "", None, "a.b"), Some("a.b")),
            (with("", "", "", None, ""), None),
        ] {
            assert_eq!(title.as_deref(), shown);
        }
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
        let mut report = Report::new(ReportKind::Check);
        report.warnings = vec!["not signed".into()];
        assert_eq!(report.render(Format::Json), "{\"warnings\":[\"not signed\"]}\n");
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
                ("APP_BUILD", "5"),
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
    fn a_failure_is_seen_in_every_format_that_has_one() {
        let error = || {
            pgyer::BuildStatus::Publishing { code: 1247, message: "no".into(), http_status: 200 }
                .published("k1")
                .unwrap_err()
        };
        let failed = |format| failure(format, Some("a.apk"), Some("k1"), &error());
        assert_eq!(failed(Format::Text), "");
        assert_eq!(failed(Format::Dotenv), "");
        let code = error().kind().exit_code();
        assert!(code > 0);
        assert_eq!(failed(Format::Env), format!("(exit {code})\n"));
        let line: Value = serde_json::from_str(&failed(Format::Json)).unwrap();
        assert_eq!((&line["file"], &line["key"]), (&"a.apk".into(), &"k1".into()));
        let inner = &line["error"];
        assert_eq!(inner["kind"], error().kind().name());
        assert_eq!(inner["message"], error().report());
        assert_eq!((&inner["api_code"], &inner["http_status"]), (&1247.into(), &200.into()));
    }

    #[test]
    fn the_install_page_is_that_of_the_build() {
        assert_eq!(published().install_page().unwrap(), "https://www.pgyer.com/abcd");
        assert_eq!(Report::new(ReportKind::Build).install_page(), None);
    }

    #[test]
    fn an_operand_is_named_as_it_was_given() {
        assert_eq!(operand(Path::new("folder/app.apk")), "folder/app.apk");
    }
}
