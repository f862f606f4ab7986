//! Sizes, times and builds as people read them.

use std::time::Duration;

use pgyer::{BuildInfo, BuildType};

const BYTES: &str = "B";

/// Bytes in units of 1024.
pub(crate) fn human_size(bytes: u64) -> String {
    match unit_of(bytes) {
        (_, unit) if unit == BYTES => format!("{bytes} {unit}"),
        (divisor, unit) => format!("{:.1} {unit}", bytes as f64 / divisor),
    }
}

/// The unit in which to show a number of bytes, and how many bytes it stands for.
pub(crate) fn unit_of(bytes: u64) -> (f64, &'static str) {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return (1.0, BYTES);
    }
    let mut divisor = 1024.0;
    let mut unit = UNITS[0];
    for larger in &UNITS[1..] {
        // 1023.95 would be shown as 1024.0.
        if bytes as f64 / divisor < 1023.95 {
            break;
        }
        divisor *= 1024.0;
        unit = larger;
    }
    (divisor, unit)
}

/// "1.2 s" or "1 min 5 s".
pub(crate) fn human_time(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        _ => whole_seconds(time),
    }
}

/// Formats a duration without fractions, for a time that is still growing.
pub(crate) fn whole_seconds(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// "4.2 KiB/s"
pub(super) fn rate(bytes: u64, time: Duration) -> String {
    let per_second = bytes as f64 / time.as_secs_f64().max(0.001);
    format!("{}/s", human_size(per_second as u64))
}

pub(super) fn name_of(build_type: BuildType) -> &'static str {
    match build_type {
        BuildType::Ios => "iOS",
        BuildType::Android => "Android",
        BuildType::HarmonyOs => "HarmonyOS",
        other => other.as_str(),
    }
}

/// "Sample App 1.1 (28), build 5, com.example.app"; `None` if nothing is known about the build.
pub(super) fn title(build: &BuildInfo) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_short() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (8596, "8.4 KiB"),
            (1048575, "1.0 MiB"),
            (1023 << 10, "1023.0 KiB"),
            (1536 << 10, "1.5 MiB"),
            (5 << 30, "5.0 GiB"),
            (3 << 40, "3.0 TiB"),
            (7 << 50, "7.0 PiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(human_size(bytes), text);
        }
        let times = [(1234, "1.2 s", "1 s"), (60_000, "1 min 0 s", "1 min 0 s")];
        for (millis, text, whole) in times {
            let time = Duration::from_millis(millis);
            assert_eq!((human_time(time).as_str(), whole_seconds(time).as_str()), (text, whole));
        }
        assert_eq!(human_time(Duration::from_secs(3661)), "61 min 1 s");
        assert_eq!(rate(3 << 20, Duration::from_secs(2)), "1.5 MiB/s");
        assert_eq!(rate(1, Duration::ZERO), "1000 B/s");
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
}
