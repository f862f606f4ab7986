//! CONTRIBUTING.md describes the tree as it is, and the tree keeps to it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the list of the house says: each path, and the level that it is on.
fn house() -> BTreeMap<String, Option<u8>> {
    let document = fs::read_to_string("CONTRIBUTING.md").unwrap();
    let list = document.split("```").nth(1).unwrap();
    let mut entries = BTreeMap::new();
    let mut folders: Vec<(usize, String)> = Vec::new();
    let mut waiting: Vec<String> = Vec::new();
    for line in list.lines().filter(|line| !line.is_empty()) {
        let depth = line.len() - line.trim_start().len();
        let (names, rest) = match line.trim_start().split_once("  ") {
            Some((names, rest)) if depth < 10 => (names, rest),
            None if depth < 10 => (line.trim_start(), ""),
            _ => ("", line.trim_start()),
        };
        if !names.is_empty() {
            folders.retain(|(other, _)| *other < depth);
            let parent = folders.last().map_or("", |(_, folder)| folder).to_owned();
            waiting = names.split(' ').map(|name| format!("{parent}{name}")).collect();
            let last = waiting.iter().rev().find(|name| name.ends_with('/'));
            folders.extend(last.map(|folder| (depth, folder.clone())));
        }
        let level = rest.split_whitespace().next().and_then(|word| word.parse().ok());
        for name in &waiting {
            let entry = entries.entry(name.clone()).or_insert(level);
            *entry = entry.or(level);
        }
    }
    entries
}

/// Every Rust file below a folder that is not about tests.
fn production(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !matches!(name, "tests" | "testing") {
            files.extend(production(path.to_str().unwrap()));
        } else if name.ends_with(".rs") && name != "tests.rs" {
            files.push(path);
        }
    }
    files
}

/// The lines of a file that are neither tests, nor comments, nor blank.
fn code(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = Vec::new();
    let mut all = text.lines().peekable();
    while let Some(line) = all.next() {
        let is_module = |next: &&str| next.contains("mod ") && next.ends_with('{');
        let indent = " ".repeat(line.len() - line.trim_start().len());
        if line.trim_start().starts_with("#[cfg(all(test") || line.trim_start() == "#[cfg(test)]" {
            if all.next_if(is_module).is_some() {
                let _ = all.by_ref().find(|line| *line == format!("{indent}}}"));
            }
        } else if !line.trim().is_empty() && !line.trim_start().starts_with("//") {
            lines.push(line.to_owned());
        }
    }
    lines
}

#[test]
fn every_path_in_the_list_exists() {
    for path in house().keys().filter(|path| !path.contains('*')) {
        assert!(Path::new(path).exists(), "{path}");
        assert_eq!(Path::new(path).is_dir(), path.ends_with('/'), "{path}");
    }
}

#[test]
fn everything_has_its_line_in_the_list() {
    // What every repository has.
    let usual = ["README", "CHANGELOG", "CONTRIBUTING", "LICENSE", "Cargo.", ".git", ".docker"];
    let house = house();
    for path in names_in("src/").into_iter().chain(names_in("bin/")).chain(tracked_at_the_top()) {
        let is_usual = usual.iter().any(|usual| path.starts_with(usual)) && path != ".github";
        let is_known = |known: &String| {
            known.split('/').eq(path.split('/')) || {
                known.strip_prefix(&path).is_some_and(|rest| rest.starts_with('/'))
            }
        };
        let is_listed = house.keys().any(is_known);
        assert!(is_usual || is_listed || path.ends_with(".ld"), "{path} has no line");
    }
}

fn names_in(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    entries.map(|name| format!("{folder}{}", name.into_string().unwrap())).collect()
}

/// Empty without git: then nothing says what belongs here.
fn tracked_at_the_top() -> Vec<String> {
    let Ok(git) = Command::new("git").args(["ls-tree", "--name-only", "HEAD"]).output() else {
        return Vec::new();
    };
    String::from_utf8(git.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn files_import_only_from_their_own_level_and_those_above() {
    let levels: BTreeMap<String, u8> = house()
        .into_iter()
        .filter_map(|(path, level)| {
            let name = path.strip_prefix("src/")?.trim_end_matches('/').trim_end_matches(".rs");
            Some((name.to_owned(), level?))
        })
        .collect();
    assert!(levels.len() > 20, "{levels:?}");
    for file in production("src") {
        let inside = file.strip_prefix("src").unwrap().to_str().unwrap().replace('\\', "/");
        let own = inside.split('/').next().unwrap().trim_end_matches(".rs");
        let Some(level) = levels.get(own) else { continue };
        for line in code(&file) {
            for used in line.split("crate::").skip(1) {
                let end = used.find(|c: char| c != '_' && !c.is_alphanumeric());
                let used = &used[..end.unwrap_or(used.len())];
                let below = levels.get(used).is_some_and(|other| other > level);
                assert!(!below, "{} ({level}) uses {used}: {line}", file.display());
            }
        }
    }
}

#[test]
fn functions_and_files_are_short() {
    for file in ["src", "bin"].iter().flat_map(|folder| production(folder)) {
        let lines = code(&file);
        assert!(lines.len() < 450, "{} has {} lines", file.display(), lines.len());
        for (at, line) in lines.iter().enumerate() {
            let start = line.trim_start();
            let words = ["fn ", "pub fn ", "pub(crate) fn ", "pub(super) fn "];
            if !words.iter().any(|word| start.starts_with(word)) || line.ends_with('}') {
                continue;
            }
            let end = format!("{}}}", &line[..line.len() - start.len()]);
            let length = lines[at..].iter().position(|line| *line == end).unwrap_or(0) + 1;
            assert!(length <= 45, "{}: {length} lines: {line}", file.display());
        }
    }
}
