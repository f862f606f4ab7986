//! Expands file patterns, which shells on Windows leave to programs.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

/// Expands a word with `*` or `?` in its last part to the files that it matches, in order, as
/// shells elsewhere do. A word that matches nothing stays as it is.
pub(crate) fn expanded(word: OsString) -> Vec<OsString> {
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
