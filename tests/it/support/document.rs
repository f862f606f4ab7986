//! Parses a document: its fenced blocks, and the shell in them.

// Only recipes read all of it, and they run on Unix.
#![cfg_attr(not(unix), allow(dead_code))]

/// A fenced block, with the section that contains it.
pub(crate) struct Block {
    pub(crate) section: String,
    pub(crate) language: String,
    pub(crate) text: String,
}

pub(crate) fn blocks(document: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut section = String::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut section);
        }
        if let Some(language) = line.strip_prefix("```") {
            let text = lines.by_ref().take_while(|line| *line != "```");
            let text: String = text.flat_map(|line| [line, "\n"]).collect();
            blocks.push(Block { section: section.clone(), language: language.to_owned(), text });
        }
    }
    blocks
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The value of a key: what follows it in its line, or the deeper lines of a `|`.
pub(crate) fn value<'a>(first: &str, rest: impl Iterator<Item = &'a str>, depth: usize) -> String {
    if first != "|" {
        return first.to_owned();
    }
    let lines: Vec<&str> =
        rest.take_while(|line| line.trim().is_empty() || indent(line) > depth).collect();
    let edge = lines.iter().filter(|l| !l.trim().is_empty()).map(|l| indent(l)).min().unwrap_or(0);
    lines.iter().flat_map(|line| [line.get(edge..).unwrap_or_default(), "\n"]).collect()
}

/// Every `run:`, `script: |` and `content: |`, and every item under `script:`.
pub(crate) fn shell_of_yaml(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut scripts = Vec::new();
    for (nth, line) in lines.iter().enumerate() {
        let rest = || lines[nth + 1..].iter().copied();
        let (depth, bare) = (indent(line), line.trim_start());
        let key = bare.trim_start_matches("- ");
        let first = key.strip_prefix("run: ");
        if let Some(first) = first.or(["script: |", "content: |"].contains(&key).then_some("|")) {
            // A key behind a dash is two columns further in.
            scripts.push(value(first, rest(), depth + bare.len() - key.len()));
        }
        if bare == "script:" {
            let items = rest().take_while(|line| indent(line) > depth);
            scripts.extend(items.filter_map(|l| l.trim_start().strip_prefix("- ")).map(Into::into));
        }
    }
    scripts
}

/// The commands of a Jenkinsfile's `sh '…'` steps.
pub(crate) fn shell_of_groovy(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    let quoted = lines.filter_map(|line| line.strip_prefix("sh '")?.strip_suffix('\''));
    quoted.map(str::to_owned).collect()
}
