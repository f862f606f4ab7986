//! The READMEs, the reference, `--help`, the manual and the completions agree with one another.

use std::collections::BTreeSet;

use crate::support::{self, document, program, run};

const README: &str = include_str!("../../README.md");
const CHINESE: &str = include_str!("../../README.zh-CN.md");
const REFERENCE: &str = include_str!("../../docs/reference.md");
const CHINESE_REFERENCE: &str = include_str!("../../docs/reference.zh-CN.md");
const WORKFLOW: &str = include_str!("../../.ci/run");

/// The first commands that anyone who builds it types. `.ci/run` runs these two exactly as printed.
#[test]
fn a_fresh_clone_begins_with_two_commands() {
    let typed: Vec<&str> =
        README.lines().filter(|line| line.starts_with("cargo ")).take(2).collect();
    assert_eq!(
        typed,
        [
            "cargo run --features sandbox -- sandbox upload tests/data/app.apk",
            "cargo test --all-features",
        ]
    );
    assert!(WORKFLOW.contains("first=$(readme_command run)"), "they are not run");
}

fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let after = document.split_once(&format!("\n## {heading}\n")).expect("the section is there").1;
    after.split_once("\n## ").map_or(after, |(section, _)| section)
}

/// The names in a table of commands.
fn commands_in(table: &str) -> BTreeSet<&str> {
    table
        .lines()
        .filter_map(|row| row.strip_prefix("| `pgyer ")?.split([' ', '`']).next())
        .collect()
}

fn commands_in_the_help(help: &str) -> BTreeSet<&str> {
    let list = help.split_once("Commands:\n").map_or("", |(_, after)| after);
    let lines = list.lines().take_while(|line| !line.is_empty());
    lines.filter_map(|line| line.split_whitespace().next()).collect()
}

#[test]
fn the_commands_are_those_of_the_help() {
    let help = run(&mut program(), ["--help"]).expect(0).stdout;
    let commands = commands_in_the_help(&help);
    assert_eq!(commands_in(section(REFERENCE, "Commands")), commands);
    assert_eq!(commands_in(section(CHINESE_REFERENCE, "命令")), commands);
}

/// The long options anywhere in a text.
fn options_in(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| c != '-' && !c.is_ascii_alphanumeric())
        .filter(|word| {
            let name = word.strip_prefix("--").unwrap_or_default();
            name.starts_with(|c: char| c.is_ascii_lowercase())
        })
        .collect()
}

/// The options that have an entry of their own in the help of some command.
fn options_of_the_help() -> BTreeSet<String> {
    let overview = run(&mut program(), ["--help"]).expect(0).stdout;
    let mut options = BTreeSet::new();
    for command in commands_in_the_help(&overview) {
        let help = run(&mut program(), [command, "--help"]).expect(0).stdout;
        // `      --name VALUE` or `  -n, --name`; explanations are indented further.
        let entries = help.lines().filter_map(|line| {
            let long =
                line.strip_prefix("      ").or_else(|| line.strip_prefix("  -")?.get(3..))?;
            long.starts_with("--").then(|| long.split(' ').next().map(str::to_owned))?
        });
        options.extend(entries);
    }
    assert!(options.len() >= 44, "{options:?}");
    options
}

fn owned(options: BTreeSet<&str>) -> BTreeSet<String> {
    options.into_iter().map(str::to_owned).collect()
}

/// Both references, the manual and the completions have every option, and no other.
#[test]
fn the_options_are_the_same_everywhere() {
    let options = options_of_the_help();
    assert_eq!(owned(options_in(section(REFERENCE, "Options"))), options);
    assert_eq!(owned(options_in(section(CHINESE_REFERENCE, "选项"))), options);
    let manual = run(&mut program(), ["man"]).expect(0).stdout.replace("\\-", "-");
    let tags: String = manual.lines().filter(|line| line.starts_with(".B \"-")).collect();
    assert_eq!(owned(options_in(&tags)), options);
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&mut program(), ["completions", shell]).expect(0).stdout;
        let script = if shell == "fish" { script.replace(" -l ", " --") } else { script };
        let offered = owned(options_in(&script));
        let missing: Vec<&String> = options.difference(&offered).collect();
        assert_eq!(missing, [""; 0], "{shell}");
    }
}

/// No option that the documents mention is missing from the program.
#[test]
fn no_option_is_made_up() {
    let options = options_of_the_help();
    let ours = |text: &str| -> Vec<String> {
        let others = [
            "cargo",
            "rustup",
            "curl",
            "docker",
            "gh attest",
            "pgyer upload FILE --json",
            "flutter build",
            "envman add",
            "git describe",
            "git log",
        ];
        let lines = text.lines().filter(|line| !others.iter().any(|other| line.contains(other)));
        lines.flat_map(|line| owned(options_in(line))).collect()
    };
    // An API field's name, which is accepted too, and options of other programs.
    let known = ["--oversea", "--target", "--from"];
    for text in [README, CHINESE, REFERENCE, CHINESE_REFERENCE, include_str!("../../docs/ci.md")] {
        for option in ours(text) {
            assert!(options.contains(&option) || known.contains(&option.as_str()), "{option}");
        }
    }
}

/// The blocks of a document, without comments, which may be in another language.
fn code(document: &str) -> Vec<(String, Vec<String>)> {
    let without = |line: &str| {
        let cut = if line.starts_with('#') { Some(0) } else { line.find(" #") };
        cut.map_or(line, |cut| &line[..cut]).trim_end().to_owned()
    };
    let blocks = document::blocks(document).into_iter();
    blocks.map(|b| (b.language, b.text.lines().map(without).collect())).collect()
}

#[test]
fn both_languages_have_the_same_code() {
    for (english, chinese) in [(README, CHINESE), (REFERENCE, CHINESE_REFERENCE)] {
        let (english, chinese) = (code(english), code(chinese));
        assert!(english.len() >= 5, "{}", english.len());
        assert_eq!(english, chinese);
    }
}

/// The first columns agree: exit codes, messages and the rest.
#[test]
fn both_references_have_the_same_tables() {
    let rows = |document: &'static str| -> Vec<&str> {
        let cells = document.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        cells.collect()
    };
    assert_eq!(rows(REFERENCE), rows(CHINESE_REFERENCE));
    let codes = |document| {
        let lines = str::lines(document).filter_map(|line| line.strip_prefix("| "));
        lines
            .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
            .map(|line| line.split(" |").take(2).collect::<Vec<_>>().join("|"))
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(REFERENCE), codes(CHINESE_REFERENCE));
    let help = run(&mut program(), ["--help"]).expect(0).stdout;
    for kind in codes(REFERENCE) {
        let kind = kind.replace('`', "");
        let (code, kind) = kind.split_once('|').expect("two columns");
        assert!(help.contains(&format!("  {code}  {}", kind.trim())), "{code} {kind}");
    }
}

/// Text in which numbers, ports and keys are equal to any others.
fn without_numbers(text: &str) -> String {
    let mut words = Vec::new();
    for line in text.lines() {
        let figures = |c: char| c.is_ascii_digit() || c == '.';
        let is_figure = |word: &&str| {
            !word.is_empty() && word.chars().all(figures) || word.starts_with("https://")
        };
        let known = |word: &str| match word.rsplit_once('/') {
            // How fast this machine is decides on the unit.
            Some((_, "s")) => "…/s".to_owned(),
            _ if !is_figure(&word) => word.to_owned(),
            Some((start, _)) => format!("{start}/…"),
            None => "0".to_owned(),
        };
        words.push(line.split(' ').map(known).collect::<Vec<_>>().join(" "));
    }
    words.join("\n")
}

/// The last lines of what a command prints, in the order of a terminal for each stream.
fn ends_with(shown: &str, line: &str) {
    let words: Vec<&str> = line.split(' ').collect();
    let mut command = program();
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    let ran = run(&mut command, words).expect(0);
    let shown: Vec<String> = shown.lines().map(without_numbers).collect();
    for stream in [&ran.stdout, &ran.stderr] {
        // Progress is a bar on a terminal, which leaves nothing behind.
        let lines = stream.lines().filter(|line| !line.starts_with("pgyer: app.apk: "));
        let said: Vec<String> = lines.map(without_numbers).collect();
        let both: Vec<&String> = shown.iter().filter(|line| said.contains(line)).collect();
        let last = &said[said.len().saturating_sub(both.len())..];
        assert!(!both.is_empty() && both.into_iter().eq(last), "{shown:#?} {ran:#?}");
    }
    let all = without_numbers(&(ran.stdout + &ran.stderr));
    assert!(shown.iter().all(|line| all.lines().any(|said| said == line)), "{shown:#?} {all}");
}

/// What the README shows of the program is what it says.
#[test]
fn the_output_in_the_readme_is_real() {
    let blocks = document::blocks(README);
    let shown: Vec<&str> =
        blocks.iter().filter(|b| b.language == "console").map(|b| b.text.as_str()).collect();
    let [upload, check] = shown[..] else { panic!("{shown:?}") };
    let (line, printed) = check.split_once('\n').unwrap();
    ends_with(printed, line.strip_prefix("$ pgyer ").unwrap());
    ends_with(upload, "sandbox upload tests/data/app.apk");
}

#[test]
fn the_readme_takes_two_minutes() {
    assert!(README.split_whitespace().count() < 1800, "{}", README.split_whitespace().count());
}

/// The messages of the troubleshooting table are those of the program: their words, up to the
/// number in them, stand in its sources.
#[test]
fn the_messages_in_the_table_are_said() {
    let sources = [support::sources("src"), support::sources("bin")].concat().join("\n");
    // A text may go on in the next line.
    let lines = sources.split("\\\n").enumerate();
    let sources: String =
        lines.map(|(nth, line)| if nth == 0 { line } else { line.trim_start() }).collect();
    let table = section(REFERENCE, "Troubleshooting, by message").lines();
    let messages: Vec<&str> =
        table.filter_map(|row| row.strip_prefix("| `")?.split('`').next()).collect();
    assert!(messages.len() >= 14, "{messages:?}");
    for message in messages {
        let words = message.split(|c: char| c.is_ascii_digit()).next().unwrap();
        assert!(sources.contains(words), "nothing says \"{words}\"");
    }
}

/// Links within the repository lead somewhere.
#[test]
fn links_lead_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents = [
        "README.md",
        "README.zh-CN.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/ci.md",
        "docs/ci.zh-CN.md",
        "docs/reference.md",
        "docs/reference.zh-CN.md",
        "docs/transport.md",
        "docs/dependencies.md",
        "docs/measurements.md",
    ];
    for name in documents {
        let path = root.join(name);
        let text = std::fs::read_to_string(&path).expect(name);
        // What stands between fences is code.
        let prose: String = text.split("```").step_by(2).collect();
        for link in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.with_file_name(file) };
            let there = std::fs::read_to_string(&target).unwrap_or_else(|e| panic!("{link}: {e}"));
            let anchors: Vec<String> =
                there.lines().filter(|line| line.starts_with('#')).map(anchor_of).collect();
            assert!(anchor.is_empty() || anchors.contains(&anchor.to_owned()), "{name}: {link}");
        }
    }
}

/// As GitHub makes it from a heading.
fn anchor_of(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    text.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect()
}
