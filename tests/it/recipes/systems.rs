//! The recipes for other CI systems and for what builds the packages.

use std::fs;
use std::path::Path;
use std::process::Command;

use pgyer::sandbox::{Endpoint, Sandbox};
use tempfile::TempDir;

use super::stand_ins::{self, Releases};
use super::{builds, in_shell, odd_sandbox, section, shell_blocks, shells};
use crate::support::document::shell_of_yaml;
use crate::support::{Ran, data, folder, program_for, run};

/// A run of a recipe that loads a release: the sandbox, the folder, and how it went.
struct Hosted {
    sandbox: Sandbox,
    folder: TempDir,
    ran: Ran,
}

/// Runs the script of a recipe in bash, as the system does, with these variables.
fn hosted(heading: &str, variables: &[(&str, &str)]) -> Hosted {
    let releases = Releases::start("linux-x86_64");
    let text = releases.instead_of_github(&section(heading)[0].text);
    let script = shell_of_yaml(&text).join("\n");
    let (sandbox, folder, bin) = (odd_sandbox(), folder(), TempDir::new().unwrap());
    let envman = format!("#!/bin/sh\necho \"$*\" > '{}/kept'\n", folder.path().display());
    stand_ins::script(bin.path().join("envman"), &envman);
    let path = stand_ins::path(&[bin.path()]);
    let ran = in_shell(&["bash"], &path, &sandbox, folder.path(), &script, variables);
    Hosted { sandbox, folder, ran }
}

impl Hosted {
    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }
}

fn without_curl() -> bool {
    !stand_ins::installed(&["curl"])
}

#[test]
fn azure_pipelines() {
    if without_curl() {
        return;
    }
    let job = hosted("Azure Pipelines", &[("BUILD_ARTIFACTSTAGINGDIRECTORY", ".")]);
    assert_eq!((job.ran.code, builds(&job.sandbox)), (Some(0), 1), "{:#?}", job.ran);
    let command = "##vso[task.setvariable variable=PGYER_INSTALL_URL]https://www.pgyer.com/";
    assert!(job.ran.stdout.lines().any(|line| line.starts_with(command)), "{:#?}", job.ran);
    assert!(job.file("pgyer.svg").starts_with("<svg "));
}

#[test]
fn bitrise() {
    if without_curl() {
        return;
    }
    let variables = [("BITRISE_DEPLOY_DIR", "."), ("BITRISE_APK_PATH", "app.apk")];
    let job = hosted("Bitrise", &variables);
    assert_eq!((job.ran.code, builds(&job.sandbox)), (Some(0), 1), "{:#?}", job.ran);
    let kept = job.file("kept");
    let start = "add --key PGYER_INSTALL_URL --value https://www.pgyer.com/";
    assert!(kept.starts_with(start), "{kept}");
    assert!(job.file("pgyer.svg").starts_with("<svg "));
}

#[test]
fn alibaba_cloud_flow() {
    if without_curl() {
        return;
    }
    let title = "修复 \"登录\" $(x)";
    let job = hosted("Alibaba Cloud Flow (云效)", &[("CI_COMMIT_TITLE", title)]);
    assert_eq!((job.ran.code, builds(&job.sandbox)), (Some(0), 1), "{:#?}", job.ran);
    assert_eq!(notes(&job.sandbox), title);
}

/// The release notes that arrived.
fn notes(sandbox: &Sandbox) -> String {
    let seen = sandbox.seen();
    let token = seen.requests_to(Endpoint::Token).next().unwrap();
    String::from_utf8(token.field("buildUpdateDescription").unwrap().to_vec()).unwrap()
}

#[test]
fn a_failed_upload_fails_each_of_them() {
    if without_curl() {
        return;
    }
    for heading in ["Azure Pipelines", "Bitrise", "Alibaba Cloud Flow (云效)"] {
        let folder = ("BUILD_ARTIFACTSTAGINGDIRECTORY", ".");
        let variables = [folder, ("BITRISE_DEPLOY_DIR", "."), ("PGYER_API_KEY", "wrong")];
        let apk = [("BITRISE_APK_PATH", "app.apk")];
        let job = hosted(heading, &[&variables[..], &apk].concat());
        assert_eq!(job.ran.code, Some(4), "{heading}: {:#?}", job.ran);
        assert!(!job.ran.stdout.contains("##vso"), "{:#?}", job.ran);
    }
}

/// The words of the task's command line, run as Gradle runs them: without a shell, in the module.
#[test]
fn gradle() {
    let text = &section("Gradle")[0].text;
    let call =
        text.split_once("commandLine(\"pgyer\", ").and_then(|(_, rest)| rest.split_once(')'));
    let words: Vec<String> = serde_json::from_str(&format!("[{}]", call.unwrap().0)).unwrap();
    let (sandbox, folder) = (odd_sandbox(), folder());
    let package = folder.path().join(words.last().unwrap());
    fs::create_dir_all(package.parent().unwrap()).unwrap();
    fs::copy(folder.path().join("app.apk"), package).unwrap();
    run(program_for(&sandbox).current_dir(folder.path()).args(words), [""; 0]).expect(0);
    assert!(folder.path().join("build/pgyer.svg").is_file());
}

#[test]
fn flutter() {
    let bin = TempDir::new().unwrap();
    stand_ins::flutter(bin.path());
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_pgyer"), bin.path().join("pgyer")).unwrap();
    for (shell, path) in shells(bin.path()) {
        let (sandbox, folder) = (odd_sandbox(), folder());
        let script = shell_blocks("Flutter").join("\n");
        in_shell(&shell, &path, &sandbox, folder.path(), &script, &[]).expect(0);
        assert_eq!(builds(&sandbox), 2);
    }
}

#[test]
fn when_no_phone_could_install_it() {
    let blocks = shell_blocks("When no phone could install it");
    assert_eq!(blocks.len(), 2);
    for (shell, path) in shells(stand_ins::bin()) {
        let (sandbox, folder) = (odd_sandbox(), folder());
        let run = |script: &String| in_shell(&shell, &path, &sandbox, folder.path(), script, &[]);
        blocks.iter().for_each(|block| drop(run(block).expect(0)));
        assert_eq!(builds(&sandbox), 1);
        let unsigned = data("findings/android-not-signed.apk");
        fs::copy(unsigned, folder.path().join("app.apk")).unwrap();
        for block in &blocks {
            let ran = run(block).expect(3);
            assert!(ran.stderr.contains("[android-not-signed]"), "{ran:#?}");
        }
        assert_eq!(builds(&sandbox), 1);
    }
}

fn git(folder: &Path, line: &str, message: Option<&str>) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=n", "-c", "user.email=e", "-c", "init.defaultBranch=main"]);
    command.args(line.split(' ')).args(message).current_dir(folder).env("HOME", folder);
    let ran = command.env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap();
    assert!(ran.status.success(), "{line}: {ran:?}");
}

#[test]
fn release_notes_from_git() {
    if !stand_ins::installed(&["git"]) {
        return;
    }
    let script = shell_blocks("Release notes from git").join("\n");
    for (shell, path) in shells(stand_ins::bin()) {
        let folder = folder();
        let commit = |subject| git(folder.path(), "commit --allow-empty -qm", Some(subject));
        let notes_now = || {
            let sandbox = odd_sandbox();
            let none = [("GIT_CONFIG_NOSYSTEM", "1")];
            in_shell(&shell, &path, &sandbox, folder.path(), &script, &none).expect(0);
            notes(&sandbox)
        };
        git(folder.path(), "init -q", None);
        commit("First");
        assert_eq!(notes_now(), "- First\n");
        git(folder.path(), "tag v1", None);
        commit("Second: \"quoted\" $(touch pwned) 中文");
        commit("-n");
        git(folder.path(), "tag v2", None);
        assert_eq!(notes_now(), "- -n\n- Second: \"quoted\" $(touch pwned) 中文\n");
        assert!(!folder.path().join("pwned").exists());
    }
}
