//! The completion scripts in the real shells, and the manual in the real formatter. Shells that are
//! not installed are skipped.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

fn pgyer(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_pgyer")).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// Makes a folder with a package of each kind, other files, and the shell's script as `script`.
fn folder(shell: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in ["one.apk", "two words.ipa", "three.hap", "a.hsp", "c.p12", "t.json", "notes.txt"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    std::fs::write(folder.path().join("script"), pgyer(&["completions", shell])).unwrap();
    folder
}

/// Runs a script in a shell, in the folder.
fn run(folder: &Path, shell: &[&str], input: &str) -> Output {
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).current_dir(folder).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", folder).env("TERM", "dumb").env("LC_ALL", "C");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// The lines that a shell printed, sorted. It must not complain.
fn lines(output: &Output) -> Vec<String> {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.is_empty() && output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines: Vec<String> = text.lines().map(|l| l.trim_end().to_owned()).collect();
    lines.retain(|line| !line.is_empty());
    lines.sort();
    lines.dedup();
    lines
}

fn bash(folder: &Path, line: &str) -> Vec<String> {
    // As readline does: split the line at blanks and at `=`; the last word may be empty.
    let script = format!(
        r#"
        source ./script
        line='{line}'
        spaced=${{line//=/ = }}
        read -ra COMP_WORDS <<<"$spaced"
        [[ $spaced == *' ' ]] && [[ $line != *= ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _pgyer
        printf '%s\n' "${{COMPREPLY[@]}}"
        "#
    );
    lines(&run(folder, &["bash", "--norc", "--noprofile", "-u"], &script))
}

fn fish(folder: &Path, line: &str) -> Vec<String> {
    let script =
        format!("source ./script; complete -C '{line}' | string replace -r '\\t.*' ''; true");
    lines(&run(folder, &["fish", "--no-config", "-c", &script], ""))
}

/// Completes in an interactive shell on a pseudo-terminal, with a `compadd` that also writes what
/// it is given to a file.
fn zsh(folder: &Path, line: &str) -> Vec<String> {
    let setup = r#"
        PS1='' ; unsetopt zle_bracketed_paste 2>/dev/null ; setopt no_beep
        autoload -U compinit && compinit -C -d ./compiled
        source ./script > loaded 2>&1
        compadd() {
            local -a hits
            [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] && { builtin compadd "$@"; return }
            builtin compadd -O hits "$@"
            (( $#hits )) && print -rl -- "${hits[@]}" >> ./offered
            builtin compadd "$@"
        }
        finish() { : > ./finished; exit }
        zle -N finish
        bindkey '^I' complete-word '^G' finish
        zstyle ':completion:*' insert-tab false
        zle-line-init() { print -n READY }
        zle -N zle-line-init
    "#;
    std::fs::write(folder.join("setup"), setup).unwrap();
    let driver = format!(
        r#"
        zmodload zsh/zpty
        zpty inner zsh -f -i
        zpty -w inner 'source ./setup'
        zpty -r inner seen '*READY*'
        zpty -w -n inner $'{line}\t\a'
        while zpty -r inner seen; do :; done
        [[ -e finished ]] && cat loaded offered 2>/dev/null
        :
        "#
    );
    for stale in ["offered", "finished"] {
        let _ = std::fs::remove_file(folder.join(stale));
    }
    lines(&run(folder, &["timeout", "20", "zsh", "-f"], &driver))
}

type Shell = fn(&Path, &str) -> Vec<String>;

/// Lines up to the cursor, and the words that a shell offers there.
const CASES: &[(&str, &[&str])] = &[
    ("pgyer up", &["upload"]),
    ("pgyer harmony-", &["harmony-cert", "harmony-hsp"]),
    ("pgyer upload --install-type ", &["invite", "password", "public"]),
    ("pgyer upload --install-type p", &["password", "public"]),
    ("pgyer token one.apk --region o", &["overseas"]),
    ("pgyer upload --valid-f", &["--valid-forever", "--valid-from"]),
    ("pgyer check --valid-f", &[]),
    ("pgyer upload --no-w", &["--no-wait"]),
    ("pgyer completions ", &["bash", "fish", "zsh"]),
    ("pgyer sandbox --port 1 stat", &["status"]),
    ("pgyer sandbox upload --qr a", &["always", "auto"]),
];

/// Lines up to the cursor, and the files that a shell offers there.
const FILES: &[(&str, &[&str])] = &[
    ("pgyer check o", &["one.apk"]),
    ("pgyer upload t", &["three.hap", "two words.ipa"]),
    ("pgyer upload one.apk --hsp ", &["a.hsp", "folder"]),
    ("pgyer put --token ", &["folder", "t.json"]),
    ("pgyer upload --notes-file n", &["notes.txt"]),
    ("pgyer harmony-cert KEY ", &["c.p12", "folder"]),
];

fn try_all(name: &str, shell: Shell) {
    if !installed(name) {
        return;
    }
    let folder = folder(name);
    for (line, expected) in CASES {
        let offered: Vec<String> =
            shell(folder.path(), line).iter().map(|w| w.trim_end_matches('=').to_owned()).collect();
        assert_eq!(offered, *expected, "{name}: {line}");
    }
    for (line, expected) in FILES {
        let offered = shell(folder.path(), line);
        let plain = |file: &String| file.trim_end_matches('/').replace('\\', "");
        let mut offered: Vec<String> = offered.iter().map(plain).collect();
        offered.sort();
        assert_eq!(offered, *expected, "{name}: {line}");
    }
}

#[test]
fn bash_completes() {
    try_all("bash", bash);
}

#[test]
fn bash_completes_after_an_equals_sign() {
    let folder = folder("bash");
    let offered = bash(folder.path(), "pgyer upload --install-type=p");
    assert_eq!(offered, ["password", "public"]);
    assert_eq!(bash(folder.path(), "pgyer upload --region=").len(), 3);
}

#[test]
fn fish_completes() {
    try_all("fish", fish);
}

/// In bash and fish. zsh offers all files if none fits.
#[test]
fn other_files_are_not_offered() {
    for (name, shell) in [("bash", bash as Shell), ("fish", fish)] {
        if installed(name) {
            assert_eq!(shell(folder(name).path(), "pgyer check n"), [""; 0], "{name}");
        }
    }
}

#[test]
fn zsh_completes() {
    try_all("zsh", zsh);
}

#[test]
fn a_zsh_without_completion_loads_the_script_without_a_word() {
    if installed("zsh") {
        let folder = folder("zsh");
        let output = run(folder.path(), &["zsh", "-f", "-c", "source ./script"], "");
        assert_eq!(lines(&output), [""; 0]);
    }
}

#[test]
fn the_manual_is_clean_and_fits_the_terminal() {
    if !installed("groff") {
        return;
    }
    let page = TempDir::new().unwrap();
    let file = page.path().join("pgyer.1");
    std::fs::write(&file, pgyer(&["man"])).unwrap();
    let output = Command::new("groff")
        .args(["-man", "-ww", "-Tutf8", "-rLL=80n", "-P-cbou"])
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}
