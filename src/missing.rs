//! Advice about a file that does not exist, from its name and its folder.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Extensions of files that can be uploaded. If such a file is missing, the only other one beside
/// it was probably meant.
const EXTENSIONS: [&str; 5] = ["apk", "ipa", "hap", "hsp", "p12"];

/// The most entries of a folder that are looked at.
const MAX_ENTRIES: usize = 10_000;

/// Says what to do about a file that does not exist, if its name or its folder gives it away.
pub(crate) fn advice(path: &Path) -> Option<String> {
    advice_on_name(&path.to_string_lossy()).map(str::to_owned).or_else(|| {
        let neighbour = only_neighbour(path)?;
        Some(format!("in that folder there is {}", neighbour.display()))
    })
}

fn advice_on_name(name: &str) -> Option<&'static str> {
    let is_url =
        |scheme: &str| name.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme));
    if name.trim().is_empty() {
        return Some("the name is empty: see whether the variable that should hold it is set");
    }
    if is_url("http://") || is_url("https://") {
        return Some("a URL is not a file: download it, and name the file");
    }
    if is_url("file://") {
        return Some("name the file by its path, without file://");
    }
    if name.trim().contains(['\n', '\r']) {
        return Some("the name has several lines: name each file by an argument of its own");
    }
    if name.trim() != name {
        return Some("the name begins or ends with a blank or a line break: leave it out");
    }
    if name.starts_with('~') {
        return Some("the shell replaces ~ only where it is not in quotes: take it out of them");
    }
    if name.contains(['*', '?']) || has_pair(name, '[', ']') || has_pair(name, '{', '}') {
        return Some(
            "the shell expands a pattern only where it is not in quotes and some file matches it",
        );
    }
    None
}

/// Whether one of these characters comes before the other, as in a pattern.
fn has_pair(name: &str, open: char, close: char) -> bool {
    name.split_once(open).is_some_and(|(_, rest)| rest.contains(close))
}

/// The one other file with the same extension in the same folder, if there is exactly one.
fn only_neighbour(path: &Path) -> Option<PathBuf> {
    let extension = path.extension()?;
    if !EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)) {
        return None;
    }
    let parent = path.parent()?;
    let folder = if parent == Path::new("") { Path::new(".") } else { parent };
    let entries = std::fs::read_dir(folder).ok()?.take(MAX_ENTRIES).filter_map(Result::ok);
    let has_extension = |name: &OsStr| {
        Path::new(name).extension().is_some_and(|other| other.eq_ignore_ascii_case(extension))
    };
    let mut names = entries.map(|entry| entry.file_name()).filter(|name| has_extension(name));
    let name = names.next()?;
    let neighbour = parent.join(name);
    (names.next().is_none() && neighbour.is_file()).then_some(neighbour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_something_else_are_explained() {
        let rows = [
            ("", "empty"),
            (" \n", "empty"),
            ("https://example.com/app.apk", "download it"),
            ("HTTP://example.com/app.apk", "download it"),
            ("file:///tmp/app.apk", "without file://"),
            ("a.apk\nb.apk", "several lines"),
            ("a.apk\r\nb.apk\n", "several lines"),
            ("app.apk\n", "ends with a blank or a line break"),
            ("app.apk\r", "ends with a blank or a line break"),
            (" app.apk", "begins or ends"),
            ("~/app.apk", "replaces ~"),
            ("build/*.apk", "expands a pattern"),
            ("app-?.apk", "expands a pattern"),
            ("app-[ab].apk", "expands a pattern"),
            ("app-{debug,release}.apk", "expands a pattern"),
        ];
        for (name, words) in rows {
            let advice = advice(Path::new(name)).unwrap();
            assert!(advice.contains(words), "{name:?}: {advice}");
        }
        for name in ["app.txt", "my app.apk2", "a~.bin", "http:/app", "no-folder/a.apk"] {
            assert_eq!(advice(Path::new(name)), None, "{name}");
        }
    }

    #[test]
    fn the_only_neighbour_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("folder.apk")).unwrap();
        assert_eq!(advice(&at("app-release.apk")), None);
        std::fs::remove_dir(at("folder.apk")).unwrap();
        for other in ["output.json", "other.ipa", "app-release-unsigned.APK"] {
            std::fs::write(at(other), "x").unwrap();
        }
        let advised = advice(&at("app-release.apk")).unwrap();
        let neighbour = at("app-release-unsigned.APK");
        assert!(advised.ends_with(&neighbour.display().to_string()), "{advised}");
        assert_eq!(advice(&at("output.txt")), None);
        std::fs::write(at("b.apk"), "x").unwrap();
        assert_eq!(advice(&at("app-release.apk")), None);
    }
}
