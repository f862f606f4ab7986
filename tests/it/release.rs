//! What a release is besides its archives, and what still names an owner that does not exist.

use std::fs;
use std::path::Path;

const RELEASE: &str = include_str!("../../.github/workflows/release.yml");
const CI: &str = include_str!("../../.github/workflows/ci.yml");

/// The names of the archives, as the matrix has them.
fn archives() -> Vec<&'static str> {
    let names = CI.split("{ name: ").skip(1);
    names.map(|rest| rest.split(',').next().unwrap()).collect()
}

#[test]
fn binstall_takes_the_archives_of_a_release() {
    let manifest = include_str!("../../Cargo.toml");
    let (_, sections) = manifest.split_once("[package.metadata.binstall]\n").unwrap();
    let sections = sections.split_once("\n[lib]").unwrap().0.split("\n[");
    let mut taken = Vec::new();
    for section in sections {
        let value = |name: &str| {
            let start = format!("{name} = \"");
            let rest = section.lines().find_map(|line| line.strip_prefix(&start)).unwrap();
            rest.strip_suffix('"').unwrap()
        };
        let (place, archive) = value("pkg-url").rsplit_once("/pgyer-").unwrap();
        assert_eq!(place, "{ repo }/releases/download/v{ version }");
        let (name, kind) = archive.split_once('.').unwrap();
        let program = if kind == "zip" { "{ bin }.exe" } else { "{ bin }" };
        assert_eq!(value("bin-dir"), format!("pgyer-{name}/{program}"));
        assert_eq!(section.contains("windows"), kind == "zip", "{section}");
        taken.push(name);
    }
    taken.sort_unstable();
    taken.dedup();
    let mut names = archives();
    names.sort_unstable();
    assert_eq!(taken, names);
}

/// Cargo.toml's `repository` is where the owner is filled in. This lists the lines that still name
/// another one; CONTRIBUTING.md has the command that changes them all.
#[test]
fn the_owner_is_the_same_everywhere() {
    let repository = env!("CARGO_PKG_REPOSITORY").strip_prefix("https://github.com/").unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents = ["README", "docs/reference", "docs/ci"];
    let names =
        documents.iter().flat_map(|name| [".md", ".zh-CN.md"].map(|end| format!("{name}{end}")));
    let (mut others, mut count) = (Vec::new(), 0);
    for name in names.chain(["SECURITY.md".to_owned()]) {
        let text = fs::read_to_string(root.join(&name)).unwrap();
        for (nth, line) in text.lines().enumerate() {
            for before in ["uses: ", "https://github.com/", "--repo ", "`"] {
                for (at, _) in line.match_indices(before) {
                    let rest = &line[at + before.len()..];
                    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-/".contains(c));
                    let named = rest[..end.unwrap_or(rest.len())].split('/').collect::<Vec<_>>();
                    let [owner, "pgyer", ..] = named[..] else { continue };
                    count += 1;
                    if format!("{owner}/pgyer") != repository {
                        others.push(format!("{name}:{}: {line}", nth + 1));
                    }
                }
            }
        }
    }
    assert!(count >= 25, "{count}");
    assert!(others.is_empty(), "these do not name {repository}:\n{}", others.join("\n"));
}

#[test]
fn images_are_made_of_the_releases_archives_alone() {
    let file = include_str!("../../.ci/Dockerfile");
    let stages: Vec<&str> = file.split("FROM ").skip(1).collect();
    for (stage, name) in stages.iter().zip(["alpine:3 AS shell\n", "scratch AS alone\n"]) {
        assert!(stage.starts_with(name) && stage.contains("COPY ${TARGETARCH}/pgyer "), "{stage}");
        assert!(!stage.contains("RUN "), "a build for another processor could not run it: {stage}");
    }
    let (_, images) = RELEASE.split_once("\n  images:\n").unwrap();
    for name in ["needs: publish", "--target alone", "--target shell", "--file .ci/Dockerfile"] {
        assert!(images.contains(name), "{name}");
    }
    let ignored = include_str!("../../.ci/Dockerfile.dockerignore");
    assert_eq!(ignored, "*\n!amd64/pgyer\n!arm64/pgyer\n");
}
