//! What a package is, and what was found in it.

use pgyer::{Finding, Identity, Level, Profile};
use serde_json::Value;

use super::json_line::JsonLine;

/// Every field, in the order that is promised.
pub(super) fn identity(identity: &Identity) -> String {
    let mut object = JsonLine::default();
    for (name, value) in [
        ("identifier", &identity.identifier),
        ("version", &identity.version),
        ("build", &identity.build),
        ("min_os", &identity.min_os),
        ("target_os", &identity.target_os),
    ] {
        object.value(name, value.as_deref().into());
    }
    object.value("archs", identity.archs.clone().into());
    object.value("debuggable", identity.debuggable.into());
    object.value("signing", identity.signing.as_deref().into());
    object.raw("profile", Some(identity.profile.as_ref().map_or_else(null, profile)));
    object.within()
}

fn profile(profile: &Profile) -> String {
    let mut object = JsonLine::default();
    object.value("name", profile.name.as_deref().into());
    object.value("expires", profile.expires.as_deref().into());
    object.value("devices", profile.devices.into());
    object.within()
}

fn null() -> String {
    Value::Null.to_string()
}

pub(super) fn findings(findings: &[Finding]) -> String {
    let objects = findings.iter().map(|finding| {
        let mut object = JsonLine::default();
        object.string("code", Some(finding.code));
        object.string("level", Some(finding.level.as_str()));
        object.string("message", Some(&finding.message));
        object.within()
    });
    format!("[{}]", objects.collect::<Vec<_>>().join(","))
}

/// What a package is and whether phones install it, for people: labels and texts.
pub(super) fn rows(identity: &Identity, findings: &[Finding]) -> Vec<(&'static str, String)> {
    let rows = [
        ("app", title(identity)),
        ("system", systems(identity)),
        ("native", identity.archs.as_ref().map(|archs| native(archs))),
        ("signed", signing(identity)),
        ("profile", identity.profile.as_ref().and_then(profile_in_words)),
        ("phones", Some(verdict(findings).to_owned())),
    ];
    rows.into_iter().filter_map(|(label, text)| Some((label, text?))).collect()
}

fn systems(identity: &Identity) -> Option<String> {
    let min = identity.min_os.as_ref().map(|min| format!("{min} and later"));
    let target = identity.target_os.as_ref().map(|target| format!("built for {target}"));
    let parts: Vec<_> = min.into_iter().chain(target).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn native(archs: &[String]) -> String {
    if archs.is_empty() { "no native code".to_owned() } else { archs.join(", ") }
}

fn signing(identity: &Identity) -> Option<String> {
    let debuggable = if identity.debuggable == Some(true) { ", debuggable" } else { "" };
    match identity.signing.as_deref()? {
        "none" => Some(format!("no{debuggable}")),
        signing => Some(format!("{signing}{debuggable}")),
    }
}

fn profile_in_words(profile: &Profile) -> Option<String> {
    let date = profile.expires.as_deref().and_then(|time| time.split('T').next());
    let devices = profile.devices.map(|count| match count {
        1 => "1 device".to_owned(),
        _ => format!("{count} devices"),
    });
    let parts = [profile.name.clone(), date.map(|date| format!("expires {date}")), devices];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn verdict(findings: &[Finding]) -> &'static str {
    match findings.iter().map(|finding| finding.level).min() {
        Some(Level::Blocks) => "no phone will install it",
        Some(Level::SomeDevices) => "some phones will refuse it",
        _ => "nothing found that keeps them from installing it",
    }
}

/// "com.example.app, version 1.2.3, build 7"; `None` where nothing of it can be read.
fn title(identity: &Identity) -> Option<String> {
    let shown =
        |label: &str, value: &Option<String>| value.as_ref().map(|value| format!("{label}{value}"));
    let facts = [
        shown("", &identity.identifier),
        shown("version ", &identity.version),
        shown("build ", &identity.build),
    ];
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    (!facts.is_empty()).then(|| facts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::{Report, ReportKind};
    use super::*;
    use crate::args::Format;
    use pgyer::Package;
    use std::path::Path;

    fn report(name: &str, kind: ReportKind) -> Report {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/findings");
        let mut report = Report::about(kind, &Package::open(folder.join(name)).unwrap());
        report.file = Some(name.to_owned());
        report
    }

    fn json(name: &str, kind: ReportKind) -> Value {
        serde_json::from_str(&report(name, kind).render(Format::Json)).unwrap()
    }

    #[test]
    fn every_field_of_a_package_is_there() {
        let mut app = Identity::default();
        assert_eq!(
            identity(&app),
            r#"{"identifier":null,"version":null,"build":null,"min_os":null,"target_os":null,"#
                .to_owned()
                + r#""archs":null,"debuggable":null,"signing":null,"profile":null}"#
        );
        app.identifier = Some("a\"b".into());
        app.archs = Some(vec!["arm64".into()]);
        app.debuggable = Some(false);
        let mut team = Profile::default();
        team.name = Some("Team".into());
        team.devices = Some(3);
        app.profile = Some(team);
        assert_eq!(
            identity(&app),
            r#"{"identifier":"a\"b","version":null,"build":null,"min_os":null,"target_os":null,"#
                .to_owned()
                + r#""archs":["arm64"],"debuggable":false,"signing":null,"#
                + r#""profile":{"name":"Team","expires":null,"devices":3}}"#
        );
    }

    #[test]
    fn findings_are_in_the_results_about_packages() {
        for kind in [ReportKind::Check, ReportKind::Stored, ReportKind::Build] {
            let line = json("android-not-signed.apk", kind.clone());
            assert_eq!(line["package"]["identifier"], "com.example.sample");
            assert_eq!(line["findings"][0]["code"], "android-not-signed");
            assert_eq!(line["findings"][0]["level"], "blocks");
            let message = &line["findings"][0]["message"];
            assert!(message.as_str().is_some_and(|text| !text.is_empty()));
            let warnings = (kind == ReportKind::Check).then(|| vec![message.clone()]);
            assert_eq!(line.get("warnings"), warnings.map(Value::from).as_ref());
        }
        // A note is not a warning.
        let line = json("android-no-launcher.apk", ReportKind::Check);
        assert_eq!(line["findings"][0]["level"], "note");
        assert_eq!(line["warnings"], serde_json::json!([]));
    }

    #[test]
    fn the_text_of_a_check_says_what_the_package_is() {
        let text = report("none-android.apk", ReportKind::Check).render(Format::Text);
        let rows = "\n  app        com.example.sample, version 1.2.3, build 7\
                    \n  system     24 and later, built for 34\
                    \n  native     no native code\
                    \n  signed     v2\
                    \n  phones     nothing found that keeps them from installing it\n";
        assert!(text.ends_with(rows), "{text}");
        let text = report("ios-profile-expired.ipa", ReportKind::Check).render(Format::Text);
        let rows = "\n  native     arm64\
                    \n  signed     ad-hoc\
                    \n  profile    Sample Ad Hoc, expires 2021-01-01, 1 device\
                    \n  phones     no phone will install it\n";
        assert!(text.ends_with(rows), "{text}");
        let text = report("android-old-target.apk", ReportKind::Check).render(Format::Text);
        assert!(text.ends_with("  phones     some phones will refuse it\n"), "{text}");
        let text = report("none-android.apk", ReportKind::Stored).render(Format::Text);
        assert!(!text.contains("com.example.sample"), "{text}");
        let mut app = Identity::default();
        assert_eq!(title(&app), None);
        app.build = Some("7".into());
        assert_eq!(title(&app).as_deref(), Some("build 7"));
    }
}
