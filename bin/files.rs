//! Opens the files that a command line names, and gives advice about one that does not exist.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pgyer::{BuildType, Error, Package, Result, Source};

/// A folder with more entries is not searched for a similar file.
const MAX_ENTRIES: usize = 10_000;

/// Opens a package as the options say: of a type, without the check, under another name.
pub(crate) fn package(
    file: &Path,
    build_type: Option<BuildType>,
    check: bool,
    sent_as: Option<&str>,
) -> Result<Package> {
    let package = match (check, build_type) {
        (false, build_type) => Package::open_unchecked(file, build_type),
        (true, Some(build_type)) => Package::open_as(file, build_type),
        (true, None) => Package::open(file),
    };
    let package = package.map_err(|error| with_advice(error, file))?;
    Ok(match sent_as {
        Some(name) => package.sent_as(name),
        None => package,
    })
}

/// Opens a file that is sent as it is.
pub(crate) fn source(file: &Path) -> Result<Source> {
    Source::open(file).map_err(|error| with_advice(error, file))
}

/// Adds advice to the error about a file that does not exist.
fn with_advice(mut error: Error, file: &Path) -> Error {
    let Error::Io { action, source, .. } = &mut error else { return error };
    // Windows has other kinds for a name that can't exist, such as one with a *.
    if source.kind() == io::ErrorKind::PermissionDenied || fs::symlink_metadata(file).is_ok() {
        return error;
    }
    if file.as_os_str().is_empty() {
        *action = "read ''".to_owned();
    }
    if let Some(advice) = advice(file) {
        *source = io::Error::new(source.kind(), format!("{source}; {advice}"));
    }
    error
}

fn advice(file: &Path) -> Option<String> {
    let name = file.to_string_lossy();
    let advice = if name.is_empty() {
        "the name is empty: a variable in the command may not be set"
    } else if is_url(&name) {
        "a URL is not a FILE: download the package first"
    } else if name.trim_end().contains(['\n', '\r']) {
        "the name has several lines: give each file as a word of its own"
    } else if name.trim_end() != name {
        "the name ends in a blank or a line break, which may not belong to it"
    } else if name == "~" || name.starts_with("~/") {
        "the shell does not expand a ~ in quotes: use $HOME, or leave the ~ outside of the quotes"
    } else if name.contains(['*', '?', '[']) {
        "no file matches this pattern, or the shell did not expand it because of quotes"
    } else {
        return Some(format!("did you mean {}?", similar(file)?.display()));
    };
    Some(advice.to_owned())
}

fn is_url(name: &str) -> bool {
    name.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric())
    })
}

/// The only file in the folder that has the same extension, that of a package.
fn similar(file: &Path) -> Option<PathBuf> {
    let extension = file.extension().filter(|extension| is_of_package(extension))?;
    let folder = file.parent()?;
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut found = None;
    for (count, entry) in fs::read_dir(listed).ok()?.enumerate() {
        let name = entry.ok()?.file_name();
        let is_alike =
            Path::new(&name).extension().is_some_and(|e| e.eq_ignore_ascii_case(extension));
        if count == MAX_ENTRIES || is_alike && found.replace(folder.join(&name)).is_some() {
            return None;
        }
    }
    found
}

fn is_of_package(extension: &OsStr) -> bool {
    ["apk", "ipa", "hap", "hsp", "p12"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Expands a word with `*` or `?` in its last part to the files that it matches, in order, as every
/// shell but those of Windows does. A word that matches nothing stays as it is.
#[cfg(any(windows, test))]
pub(crate) fn expanded(word: std::ffi::OsString) -> Vec<std::ffi::OsString> {
    let path = Path::new(&word);
    let pattern = match path.file_name().and_then(OsStr::to_str) {
        Some(name) if name.contains(['*', '?']) => name.to_lowercase(),
        _ => return vec![word],
    };
    let pattern: Vec<char> = pattern.chars().collect();
    let folder = path.parent().unwrap_or(Path::new(""));
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = fs::read_dir(listed).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name()).filter(|name| {
        let name: Vec<char> = name.to_string_lossy().to_lowercase().chars().collect();
        matches(&pattern, &name)
    });
    let mut words: Vec<_> = names.map(|name| folder.join(name).into_os_string()).collect();
    words.sort();
    if words.is_empty() { vec![word] } else { words }
}

/// Whether a name matches a pattern. Goes back to the last `*` only, which is enough and keeps the
/// time below the product of both lengths.
#[cfg(any(windows, test))]
fn matches(pattern: &[char], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while let Some(c) = name.get(n) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p + 1, n));
                p += 1;
            }
            Some(wanted) if wanted == c || *wanted == '?' => (p, n) = (p + 1, n + 1),
            _ => {
                let Some((after_star, start)) = star else { return false };
                star = Some((after_star, start + 1));
                (p, n) = (after_star, start + 1);
            }
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|c| *c == '*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_names() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        for (pattern, name, is_match) in [
            ("*.apk", "app.apk", true),
            ("*.apk", "app.ipa", false),
            ("app-?.apk", "app-1.apk", true),
            ("app-?.apk", "app-.apk", false),
            ("*a*b*c", "xaxbxbxc", true),
            ("*a*b*c", "xaxbxbx", false),
            ("*", "", true),
            ("**", "a", true),
            ("?", "", false),
            ("应*.apk", "应用.apk", true),
        ] {
            assert_eq!(matches(&chars(pattern), &chars(name)), is_match, "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_becomes_the_files_that_it_names() {
        let folder = tempfile::TempDir::new().unwrap();
        for name in ["b.apk", "A.APK", "c.ipa"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let expand = |pattern: &str| {
            let words = expanded(folder.path().join(pattern).into_os_string());
            let names = words.iter().map(|word| Path::new(word).file_name().unwrap().to_owned());
            names.map(|name| name.into_string().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(expand("*.apk"), ["A.APK", "b.apk"]);
        assert_eq!(expand("?.ipa"), ["c.ipa"]);
        assert_eq!(expand("*.hap"), ["*.hap"]);
        assert_eq!(expand("c.ipa"), ["c.ipa"]);
    }
}
