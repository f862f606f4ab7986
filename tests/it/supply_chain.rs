//! What releases are made of: who may write, what is pinned, and archives that can be made again.

const RELEASE: &str = include_str!("../../.github/workflows/release.yml");
const CI: &str = include_str!("../../.github/workflows/ci.yml");
const ADVISORIES: &str = include_str!("../../.github/workflows/advisories.yml");
const SYSTEMS: &str = include_str!("../../.github/workflows/systems.yml");
const WORKFLOWS: [&str; 4] = [RELEASE, CI, ADVISORIES, SYSTEMS];

/// The name and the text of each job.
fn jobs(workflow: &str) -> Vec<(&str, String)> {
    let (_, jobs) = workflow.split_once("\njobs:\n").unwrap();
    let mut found: Vec<(&str, String)> = Vec::new();
    for line in jobs.lines() {
        match line.strip_prefix("  ").and_then(|line| line.strip_suffix(':')) {
            Some(name) if !name.starts_with([' ', '#']) => found.push((name, String::new())),
            _ => found.last_mut().unwrap().1.extend([line, "\n"]),
        }
    }
    found
}

#[test]
fn only_the_job_that_builds_nothing_may_write() {
    let mut writers = Vec::new();
    for workflow in WORKFLOWS {
        assert!(workflow.contains("\npermissions: { contents: read }\n"), "{workflow}");
        for (name, job) in jobs(workflow) {
            if !job.contains("write") {
                continue;
            }
            writers.push(name);
            // No code of this repository or its dependencies runs with that permission.
            for word in ["cargo", "rustup", ".ci/", "fuzz/", "sudo", "python", "./"] {
                assert!(!job.contains(word), "{name} runs {word}:\n{job}");
            }
        }
    }
    assert_eq!(writers, ["publish"]);
}

#[test]
fn checkouts_leave_no_token_behind() {
    for workflow in WORKFLOWS {
        for (at, _) in workflow.match_indices("actions/checkout@") {
            let rest: Vec<&str> = workflow[at..].lines().take(2).collect();
            assert!(rest[1].contains("persist-credentials: false"), "{rest:?}");
        }
    }
}

#[test]
fn actions_are_pinned_by_their_commits() {
    let uses = WORKFLOWS.iter().flat_map(|workflow| workflow.lines());
    let uses: Vec<&str> = uses.filter_map(|line| line.split("uses: ").nth(1)).collect();
    assert!(uses.len() >= 10, "{uses:?}");
    for action in uses.into_iter().filter(|action| !action.starts_with("./")) {
        let (_, commit) = action.split_once('@').unwrap();
        let (commit, comment) = commit.split_once(" # v").unwrap();
        assert!(commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{action}");
        assert!(comment.split('.').count() == 3, "{action}");
    }
}

#[test]
fn a_release_is_what_ci_built_and_tested_in_the_same_run() {
    assert!(RELEASE.contains("\n  test:\n    needs: tag\n    uses: ./.github/workflows/ci.yml\n"));
    assert!(!RELEASE.contains("cargo") && !RELEASE.contains("rustup"), "it builds by itself");
    let (_, build) = jobs(CI).into_iter().find(|(name, _)| *name == "build").unwrap();
    assert!(build.find("cargo test --").unwrap() < build.find("upload-artifact@").unwrap());

    let tried = include_str!("../../.ci/cross");
    let words = build.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
    let vendors = ["64-unknown-", "64-pc-", "64-apple-"];
    let is_target = |word: &&str| vendors.iter().any(|vendor| word.contains(vendor));
    let built: Vec<&str> = words.filter(is_target).collect();
    assert!(built.len() >= 6, "{built:?}");
    for target in built {
        // Microsoft's linker is on CI's own machines alone. The same code is tried with another.
        let there = target.replace("x86_64-pc-windows-msvc", "x86_64-pc-windows-gnu");
        let there = there.replace("aarch64-pc-windows-msvc", "aarch64-pc-windows-gnullvm");
        assert!(tried.contains(&there), "{target}");
    }
    assert!(SYSTEMS.contains(".ci/cross all"));
}

#[test]
fn a_release_is_attested_and_asks_for_advisories_as_each_week_does() {
    let (_, publish) = jobs(RELEASE).into_iter().find(|(name, _)| *name == "publish").unwrap();
    let attest = publish.find("actions/attest-build-provenance@").unwrap();
    assert!(publish.find("SHA256SUMS").unwrap() < attest);
    assert!(publish.find("gh release create").unwrap() > attest);
    assert!(RELEASE.contains("uses: ./.github/workflows/advisories.yml"));
    assert!(RELEASE.contains("needs: [test, advisories]"));
    let schedule = ADVISORIES.split("cron: \"").nth(1).unwrap();
    let fields: Vec<&str> = schedule.split('"').next().unwrap().split(' ').collect();
    assert_eq!(fields.len(), 5, "{fields:?}");
    assert_eq!(fields[2..4], ["*", "*"], "every month, on a day of the week");
    assert_ne!(fields[4], "*", "once a week");
}

/// Archives, with a script in the place of the program.
#[cfg(unix)]
mod packing {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;
    use std::process::Command;
    use std::time::{Duration, SystemTime};

    use tempfile::TempDir;

    /// Packs a program in a folder of its own, as a release does.
    fn pack(program: &str, built: SystemTime) -> Vec<u8> {
        let folder = TempDir::new().unwrap();
        // A test build itself would take seconds to compress.
        let binary = folder.path().join(program);
        let script = format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_pgyer"));
        fs::write(&binary, script).unwrap();
        fs::set_permissions(&binary, fs::Permissions::from_mode(0o700)).unwrap();
        fs::File::open(&binary).unwrap().set_modified(built).unwrap();
        let mut command = Command::new("python3");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/pack"));
        command.args(["pgyer-system".as_ref(), binary.as_os_str()]).current_dir(folder.path());
        let packed = command.env("SOURCE_DATE_EPOCH", "1764000000").output().unwrap();
        assert!(packed.status.success(), "{}", String::from_utf8_lossy(&packed.stderr));
        let is_archive = |path: &std::path::PathBuf| path.file_stem().unwrap() != "pgyer";
        let mut files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        fs::read(files.find(is_archive).unwrap()).unwrap()
    }

    #[test]
    fn the_same_program_makes_the_same_archive() {
        if Command::new("python3").arg("--version").output().is_err() {
            return;
        }
        for program in ["pgyer", "pgyer.exe"] {
            let first = pack(program, SystemTime::now());
            let second = pack(program, SystemTime::now() - Duration::from_secs(1_000_000));
            assert!(first == second, "{program}");
        }
    }

    #[test]
    fn an_archive_is_sorted_and_has_what_a_release_needs() {
        let python = |code: &str| Command::new("python3").args(["-c", code]).output();
        if python("").is_err() {
            return;
        }
        let folder = TempDir::new().unwrap();
        let archive = folder.path().join("archive");
        fs::write(&archive, pack("pgyer", SystemTime::now())).unwrap();
        let code = format!(
            "import tarfile\n\
             for e in tarfile.open({:?}): print(e.name, oct(e.mode), e.mtime, e.uid, e.gid, e.uname)",
            archive.display().to_string()
        );
        let listed = String::from_utf8(python(&code).unwrap().stdout).unwrap();
        let lines: Vec<&str> = listed.lines().collect();
        assert!(lines.is_sorted(), "{listed}");
        assert!(lines.iter().all(|line| line.trim_end().ends_with(" 1764000000 0 0")), "{listed}");
        assert!(listed.contains("pgyer-system/pgyer 0o755 "), "{listed}");
        for name in [
            "README.md",
            "README.zh-CN.md",
            "LICENSE-MIT",
            "docs/ci.md",
            "completions/pgyer.bash",
            "completions/_pgyer",
            "completions/pgyer.fish",
            "pgyer.1",
        ] {
            assert!(listed.contains(&format!("pgyer-system/{name} 0o644 ")), "{name} in {listed}");
        }
    }
}
