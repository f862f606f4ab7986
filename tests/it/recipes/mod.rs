//! Runs the recipes of `docs/ci.md` and the action, exactly as printed, against the sandbox.
//! Releases, Docker, Gradle and the chats have stand-ins. A test that needs `curl`, `wget` or `jq`
//! passes where it is not installed.

mod action;
mod action_files;
mod chat;
mod runner;
mod stand_ins;
mod systems;

use std::path::Path;
use std::process::Command;

use pgyer::sandbox::Sandbox;
use tempfile::TempDir;

use crate::support::document::{self, Block, shell_of_groovy, shell_of_yaml};
use crate::support::proxy_server::{ProxyServer, Reply, Speaks};
use crate::support::relay::{Authority, HOST, Relay};
use crate::support::{Ran, folder, program_for, run, sandbox};
use chat::Chat;

use runner::Job;
use stand_ins::Releases;

const ENGLISH: &str = include_str!("../../../docs/ci.md");
const CHINESE: &str = include_str!("../../../docs/ci.zh-CN.md");
const ACTION: &str = include_str!("../../../action.yml");
const READMES: [&str; 2] =
    [include_str!("../../../README.md"), include_str!("../../../README.zh-CN.md")];
const REFERENCES: [&str; 2] =
    [include_str!("../../../docs/reference.md"), include_str!("../../../docs/reference.zh-CN.md")];

/// A name that breaks anything that is quoted carelessly.
const NAME: &str = "a\"b\\c `d` $(e) 'f' 应用";

/// The blocks of one section.
fn section(heading: &str) -> Vec<Block> {
    let blocks: Vec<Block> =
        document::blocks(ENGLISH).into_iter().filter(|block| block.section == heading).collect();
    assert!(!blocks.is_empty(), "{heading}");
    blocks
}

fn shell_blocks(heading: &str) -> Vec<String> {
    let blocks = section(heading).into_iter().filter(|block| block.language == "sh");
    blocks.map(|block| block.text).collect()
}

/// A sandbox that publishes at once, under a name that is hard to quote.
fn odd_sandbox() -> Sandbox {
    sandbox(|builder| {
        builder.polls(0).build_field("buildName", &serde_json::Value::from(NAME).to_string())
    })
}

/// The shells that people have: bash, Debian's and Alpine's, if installed.
fn shells(bin: &Path) -> Vec<(Vec<&'static str>, String)> {
    let usual = stand_ins::path(&[bin]);
    let mut shells = vec![(vec!["bash", "-e"], usual.clone()), (vec!["sh", "-e"], usual.clone())];
    if stand_ins::installed(&["dash"]) {
        shells.push((vec!["dash", "-e"], usual));
    }
    if let Some(applets) = stand_ins::busybox() {
        shells.push((vec!["busybox", "sh", "-e"], stand_ins::path(&[bin, applets])));
    }
    shells
}

/// Runs a script in a shell, in a folder, with the sandbox's variables.
fn in_shell(
    shell: &[&str],
    path: &str,
    sandbox: &Sandbox,
    folder: &Path,
    script: &str,
    variables: &[(&str, &str)],
) -> Ran {
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).env_clear().current_dir(folder).env("PATH", path);
    command.env("HOME", folder).env("PGYER_API_URL", sandbox.api_url());
    command.env("PGYER_API_KEY", sandbox.api_key()).envs(variables.iter().copied());
    run(&mut command, ["-c", script])
}

fn builds(sandbox: &Sandbox) -> usize {
    sandbox.seen().builds.len()
}

#[test]
fn the_chinese_recipes_are_the_same() {
    let code = |document| {
        document::blocks(document)
            .into_iter()
            .map(|block| (block.language, block.text))
            .collect::<Vec<_>>()
    };
    assert_eq!(code(ENGLISH), code(CHINESE));
}

/// What a new user types, in the order of a document; only building is left out.
fn typed(document: &'static str) -> impl Iterator<Item = String> {
    let blocks = document::blocks(document).into_iter();
    let typed = blocks.filter(|block| block.language == "sh" && !block.text.contains("cargo "));
    typed.map(|block| block.text)
}

#[test]
fn the_blocks_of_the_readmes_work() {
    if !stand_ins::installed(&["curl"]) {
        return;
    }
    for (readme, reference) in READMES.into_iter().zip(REFERENCES) {
        let (sandbox, folder, bin) = (odd_sandbox(), folder(), TempDir::new().unwrap());
        stand_ins::sudo(bin.path());
        let releases = Releases::start("linux-x86_64");
        for (name, source) in [("release.p12", "cert.p12"), ("shared.hsp", "app.hsp")] {
            std::fs::copy(folder.path().join(source), folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("CHANGES.txt"), "It is new.\n").unwrap();
        let path = stand_ins::path(&[bin.path(), stand_ins::bin()]);
        let mut count = 0;
        for text in typed(readme).chain(typed(reference)) {
            let script = text.replace("https://github.com", &releases.url());
            let script = script.replace("0123456789abcdef0123456789abcdef", sandbox.api_key());
            in_shell(&["sh", "-e"], &path, &sandbox, folder.path(), &script, &[]).expect(0);
            count += 1;
        }
        assert!(count >= 7, "{count}");
        assert_eq!(builds(&sandbox), 9);
        assert!(folder.path().join(".local/share/man/man1/pgyer.1").is_file());
    }
}

/// The two steps that a reader copies first: the action, and one without it.
#[test]
fn the_ci_steps_of_the_readmes_work() {
    if !stand_ins::installed(&["curl", "jq"]) {
        return;
    }
    let releases = Releases::start("linux-x86_64");
    for readme in READMES {
        let blocks = document::blocks(readme).into_iter();
        let steps: Vec<_> = blocks.filter(|block| block.language == "yaml").collect();
        assert_eq!(steps.len(), 2);
        let sandbox = odd_sandbox();
        let key = [("secrets.PGYER_API_KEY", sandbox.api_key())];
        let mut job = Job::new(&sandbox);
        let release = job.folder().join("app/build/outputs/apk/release");
        std::fs::create_dir_all(&release).unwrap();
        std::fs::copy(job.folder().join("app.apk"), release.join("app-release.apk")).unwrap();
        action::run_as_written(&mut job, &releases, &steps[0].text, &key);
        assert!(job.output("install-url").starts_with("https://www.pgyer.com/"));
        let text = format!("    steps:\n{}", releases.instead_of_github(&steps[1].text));
        job.step(&runner::steps(&text)[0], &key).expect(0);
        assert!(job.output("PGYER_INSTALL_URL").starts_with("https://www.pgyer.com/"));
        assert_eq!(builds(&sandbox), 2);
    }
}

/// Every script that loads a release: the README's, and those of the recipes.
fn downloads() -> Vec<String> {
    let steps = |block: &Block| match block.language.as_str() {
        "yaml" => vec![shell_of_yaml(&block.text).join("\n")],
        "sh" => vec![block.text.clone()],
        _ => Vec::new(),
    };
    let blocks: Vec<Block> =
        [READMES[0], ENGLISH].iter().flat_map(|text| document::blocks(text)).collect();
    let scripts = blocks.iter().flat_map(steps);
    scripts.filter(|script| script.contains(".tar.gz") && !script.contains("cargo ")).collect()
}

#[test]
fn a_download_with_another_checksum_is_not_unpacked() {
    if !stand_ins::installed(&["curl", "wget"]) {
        return;
    }
    let scripts = downloads();
    assert_eq!(scripts.len(), 8, "{scripts:?}");
    let releases = Releases::start("linux-x86_64");
    releases.falsify();
    let release = format!("{}/OWNER/pgyer/releases/download/v0.1.0", releases.url());
    for script in scripts {
        let (sandbox, folder, bin) = (odd_sandbox(), folder(), TempDir::new().unwrap());
        stand_ins::gradle(folder.path());
        stand_ins::sudo(bin.path());
        let script = script.replace("https://github.com", &releases.url());
        let path = stand_ins::path(&[bin.path()]);
        let variables = [("RELEASE", release.as_str())];
        let ran = in_shell(&["sh", "-e"], &path, &sandbox, folder.path(), &script, &variables);
        assert_eq!(ran.code, Some(1), "{script}\n{ran:#?}");
        assert!(ran.stdout.contains("FAILED"), "{ran:#?}");
        assert!(!folder.path().join("pgyer-linux-x86_64").exists(), "{script}");
    }
}

#[test]
fn nothing_is_put_into_a_script_that_github_would_paste() {
    let workflows = section("GitHub Actions").into_iter().map(|block| block.text);
    for text in workflows.chain([ACTION.to_owned()]) {
        for script in shell_of_yaml(&text) {
            assert!(!script.contains("${{"), "{script}");
        }
    }
}

#[test]
fn github_actions_without_the_action() {
    if !stand_ins::installed(&["curl"]) {
        return;
    }
    let blocks = section("GitHub Actions");
    let releases = Releases::start("linux-x86_64");
    let text = releases.instead_of_github(&blocks[2].text);
    let sandbox = odd_sandbox();
    let mut job = Job::new(&sandbox);
    stand_ins::gradle(job.folder());
    job.run(&text, &[("secrets.PGYER_API_KEY", sandbox.api_key())]);
    assert_eq!(builds(&sandbox), 1);
    check_outputs(&job);
}

fn check_outputs(job: &Job) {
    let url = job.output("PGYER_INSTALL_URL");
    assert!(url.starts_with("https://www.pgyer.com/"), "{url}");
    assert_eq!(job.output("PGYER_APP_NAME"), NAME);
    let summary = job.summary();
    assert!(summary.starts_with(&format!("### {NAME} 1.2.3\n\n<{url}>\n\n![QR code](https://")));
}

#[test]
fn gitlab() {
    if !stand_ins::installed(&["wget"]) {
        return;
    }
    let releases = Releases::start("linux-x86_64");
    let text = releases.instead_of_github(&section("GitLab CI")[0].text);
    let release = text.lines().find_map(|line| line.trim().strip_prefix("RELEASE: ")).unwrap();
    let script = shell_of_yaml(&text).join("\n");
    for (shell, path) in shells(stand_ins::bin()) {
        let (sandbox, folder) = (odd_sandbox(), folder());
        let variables = [("RELEASE", release), ("CI_COMMIT_MESSAGE", "A \"fix\"\n\nand more")];
        in_shell(&shell, &path, &sandbox, folder.path(), &script, &variables).expect(0);
        assert_eq!(builds(&sandbox), 1);
        let report = std::fs::read_to_string(folder.path().join("pgyer.env")).unwrap();
        assert!(report.lines().all(|line| line.starts_with("PGYER_") && line.contains('=')));
        assert!(report.contains(&format!("PGYER_APP_NAME={NAME}\n")), "{report}");
        assert!(report.lines().count() <= 20, "GitLab takes no more");
    }
}

/// The value of a path like `app.build.buildName`.
fn member<'a>(app: &'a serde_json::Value, path: &str) -> &'a str {
    let pointer = path.strip_prefix("app").unwrap().replace('.', "/");
    app.pointer(&pointer)
        .and_then(|value| value.as_str())
        .unwrap_or_else(|| panic!("{path}: {app}"))
}

#[test]
fn jenkins() {
    let text = &section("Jenkins")[0].text;
    let script = shell_of_groovy(text).join("\n");
    assert!(text.contains("readJSON text: readFile(file: 'app.json', encoding: 'UTF-8')"));
    let (_, template) = text.split_once("description = \"").unwrap();
    let (template, _) = template.split_once("\"\n").unwrap();
    for (shell, path) in shells(stand_ins::bin()) {
        let (sandbox, folder) = (odd_sandbox(), folder());
        in_shell(&shell, &path, &sandbox, folder.path(), &script, &[]).expect(0);
        let printed = std::fs::read_to_string(folder.path().join("app.json")).unwrap();
        let app: serde_json::Value = serde_json::from_str(&printed).unwrap();
        let mut parts = template.split("${");
        let mut description = parts.next().unwrap().to_owned();
        for part in parts {
            let (path, rest) = part.split_once('}').unwrap();
            description.extend([member(&app, path), rest]);
        }
        let page = format!("{NAME} 1.2.3: https://www.pgyer.com/");
        assert!(description.starts_with(&page), "{description}");
    }
}

/// The words of the `sh` in the lane, run as fastlane runs them: without a shell.
#[test]
fn fastlane() {
    let text = &section("fastlane")[0].text;
    let call = text.split_once("sh(\"pgyer\", ").and_then(|(_, rest)| rest.split_once(", apk)"));
    let words: Vec<String> = serde_json::from_str(&format!("[{}]", call.unwrap().0)).unwrap();
    let (sandbox, folder) = (odd_sandbox(), folder());
    let mut command = program_for(&sandbox);
    let ran = run(command.args(words).arg(folder.path().join("app.apk")), [""; 0]).expect(0);
    assert!(ran.stderr.is_empty(), "{ran:#?}");
    let last: serde_json::Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
    assert!(last["install_url"].is_string());
}

#[test]
fn a_container() {
    if !stand_ins::installed(&["curl"]) {
        return;
    }
    let releases = Releases::start("linux-x86_64");
    let (sandbox, folder) = (odd_sandbox(), folder());
    let blocks = section("A container");
    std::fs::write(folder.path().join("Dockerfile"), &blocks[0].text).unwrap();
    let docker = TempDir::new().unwrap();
    stand_ins::docker(docker.path());
    let path = stand_ins::path(&[docker.path()]);
    let script = releases.instead_of_github(&blocks[1].text);
    let ran = in_shell(&["sh", "-e"], &path, &sandbox, folder.path(), &script, &[]).expect(0);
    assert!(ran.stdout.contains("https://www.pgyer.com/"), "{ran:#?}");
    assert_eq!(builds(&sandbox), 1);
}

/// Only the proxy knows the names, and it presents certificates of the company's CA.
#[test]
fn behind_a_proxy_with_a_ca_of_its_own() {
    let script = shell_blocks("Behind a proxy with a CA of its own").join("\n");
    for (shell, path) in shells(stand_ins::bin()) {
        let relay = Relay::usual();
        let sandbox = sandbox(|builder| builder.polls(0).public_url(relay.url()));
        relay.lead_to(sandbox.addr());
        let address = relay.addr();
        let proxy = ProxyServer::start(Speaks::Http, None, move |_| Reply::To(address));
        let folder = folder();
        let ca = Authority::usual().file(folder.path());
        std::fs::rename(ca, folder.path().join("corp-ca.pem")).unwrap();
        let script = script.replace("proxy.corp.example:3128", &proxy.addr().to_string());
        in_shell(&shell, &path, &sandbox, folder.path(), &script, &[]).expect(0);
        assert_eq!(builds(&sandbox), 1);
        assert!(proxy.asked().iter().all(|asked| asked.starts_with(HOST)), "{:?}", proxy.asked());
    }
}

#[test]
fn a_relay() {
    if !stand_ins::installed(&["jq"]) {
        return;
    }
    let steps = shell_blocks("A relay");
    assert_eq!(steps.len(), 3);
    for (shell, path) in shells(stand_ins::bin()) {
        let (sandbox, folder) = (odd_sandbox(), folder());
        for (nth, step) in steps.iter().enumerate() {
            // No key, and no API, on the machine that builds.
            let without: &[_] = &[("PGYER_API_KEY", ""), ("PGYER_API_URL", "https://0.0.0.0")];
            let variables = if nth == 1 { without } else { &[] };
            in_shell(&shell, &path, &sandbox, folder.path(), step, variables).expect(0);
        }
        assert_eq!(builds(&sandbox), 1);
    }
}

#[test]
fn messages_to_the_chats() {
    if !stand_ins::installed(&["curl", "jq"]) {
        return;
    }
    let blocks = shell_blocks("A message to DingTalk, Feishu or WeCom");
    let chats = ["DINGTALK", "FEISHU", "WECOM", "WECOM"];
    assert_eq!(blocks.len(), chats.len());
    for (shell, path) in shells(stand_ins::bin()) {
        for (block, name) in blocks.iter().zip(chats) {
            let (sandbox, folder) = (odd_sandbox(), folder());
            let chat = Chat::start(name, true);
            let (variable, url) = (format!("{name}_WEBHOOK"), chat.url());
            let variables = [(variable.as_str(), url.as_str())];
            in_shell(&shell, &path, &sandbox, folder.path(), block, &variables).expect(0);
            let message = chat.message();
            let text = message.to_string();
            let quoted = serde_json::to_string(NAME).unwrap();
            assert!(text.contains(quoted.trim_matches('"')), "{shell:?} {name}: {text}");
            assert!(text.contains("https://www.pgyer.com/"), "{text}");
        }
    }
}

#[test]
fn a_message_that_is_refused_fails_and_so_does_a_failed_upload() {
    if !stand_ins::installed(&["curl", "jq"]) {
        return;
    }
    let blocks = shell_blocks("A message to DingTalk, Feishu or WeCom");
    let path = stand_ins::path(&[stand_ins::bin()]);
    for (block, name) in blocks.iter().zip(["DINGTALK", "FEISHU", "WECOM", "WECOM"]) {
        let (sandbox, folder) = (odd_sandbox(), folder());
        let chat = Chat::start(name, false);
        let (variable, url) = (format!("{name}_WEBHOOK"), chat.url());
        let variables = [(variable.as_str(), url.as_str())];
        let ran = in_shell(&["sh", "-e"], &path, &sandbox, folder.path(), block, &variables);
        assert_eq!(ran.code, Some(1), "{ran:#?}");
        assert!(ran.stdout.contains("keyword"), "{ran:#?}");

        let variables = [(variable.as_str(), url.as_str()), ("PGYER_API_KEY", "wrong")];
        let ran = in_shell(&["sh", "-e"], &path, &sandbox, folder.path(), block, &variables);
        assert_eq!(ran.code, Some(4), "{ran:#?}");
        assert_eq!(chat.count(), 1, "{block}");
    }
}

#[test]
fn the_release_has_what_the_recipes_load() {
    let built = include_str!("../../../.github/workflows/ci.yml");
    let names: Vec<&str> =
        built.split("{ name: ").skip(1).map(|r| &r[..r.find(',').unwrap()]).collect();
    assert_eq!(names.len(), 5, "{names:?}");
    for text in [ENGLISH, ACTION, READMES[0]] {
        for mention in ["pgyer-linux-", "pgyer-macos-", "pgyer-windows-"] {
            for (start, _) in text.match_indices(mention) {
                let rest = &text[start + "pgyer-".len()..];
                assert!(names.iter().any(|name| rest.starts_with(name)), "{}", &rest[..20]);
            }
        }
    }
    for name in names {
        assert!(ACTION.contains(&format!("pgyer-{name} ")), "{name}");
    }
}
