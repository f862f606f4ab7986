//! The part of GitHub's runner that the recipes need: steps with their variables, outputs and
//! paths.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use pgyer::sandbox::Sandbox;
use tempfile::TempDir;

use super::stand_ins;
use crate::support::document::value;
use crate::support::{Ran, folder, run};

/// A step that runs something.
pub(crate) struct Step {
    id: Option<String>,
    env: Vec<(String, String)>,
    run: String,
}

/// The steps with a `run:`, in order.
pub(crate) fn steps(text: &str) -> Vec<Step> {
    let (_, list) = text.split_once("    steps:\n").or(text.split_once("  steps:\n")).unwrap();
    let lines: Vec<&str> = list.lines().collect();
    let depth = lines[0].len() - lines[0].trim_start().len();
    let begins = |line: &str| line.get(depth..).is_some_and(|rest| rest.starts_with("- "));
    let mut starts: Vec<usize> = (0..lines.len()).filter(|nth| begins(lines[*nth])).collect();
    starts.push(lines.len());
    starts.windows(2).filter_map(|pair| step(&lines[pair[0]..pair[1]], depth + 2)).collect()
}

fn step(lines: &[&str], depth: usize) -> Option<Step> {
    let mut step = Step { id: None, env: Vec::new(), run: String::new() };
    let mut in_env = false;
    for (nth, line) in lines.iter().enumerate() {
        let Some(key) =
            line.get(depth..).filter(|_| nth == 0 || line.starts_with(&" ".repeat(depth)))
        else {
            continue;
        };
        if let (true, Some((name, value))) = (in_env, key.trim_start().split_once(": ")) {
            if key.starts_with("  ") {
                step.env.push((name.to_owned(), value.to_owned()));
                continue;
            }
        }
        in_env = key == "env:";
        if let Some(id) = key.strip_prefix("id: ") {
            step.id = Some(id.to_owned());
        }
        if let Some(first) = key.strip_prefix("run: ") {
            step.run = value(first, lines[nth + 1..].iter().copied(), depth);
        }
    }
    (!step.run.is_empty()).then_some(step)
}

/// A job on a runner's machine.
pub(crate) struct Job {
    folder: TempDir,
    path: String,
    outputs: BTreeMap<String, String>,
    variables: Vec<(&'static str, String)>,
}

impl Job {
    pub(crate) fn new(sandbox: &Sandbox) -> Self {
        let folder = folder();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let mut variables = vec![
            ("PGYER_API_URL", sandbox.api_url()),
            ("RUNNER_OS", "Linux".to_owned()),
            ("RUNNER_ARCH", "X64".to_owned()),
            ("RUNNER_TEMP", at("temp")),
            ("GITHUB_ACTION_PATH", env!("CARGO_MANIFEST_DIR").to_owned()),
        ];
        std::fs::create_dir(at("temp")).unwrap();
        for name in ["GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"] {
            std::fs::write(at(name), "").unwrap();
            variables.push((name, at(name)));
        }
        Self { path: stand_ins::path(&[]), outputs: BTreeMap::new(), variables, folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn machine(&mut self, system: &str, machine: &str) {
        self.variable("RUNNER_OS", system);
        self.variable("RUNNER_ARCH", machine);
    }

    pub(crate) fn variable(&mut self, name: &'static str, value: &str) {
        self.variables.push((name, value.to_owned()));
    }

    /// Puts a folder of programs before all others.
    pub(crate) fn prepend_path(&mut self, folder: &Path) {
        self.path = format!("{}:{}", folder.display(), self.path);
    }

    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder().join(name)).unwrap()
    }

    pub(crate) fn summary(&self) -> String {
        self.file("GITHUB_STEP_SUMMARY")
    }

    /// An output of whichever step made it.
    pub(crate) fn output(&self, name: &str) -> &str {
        let end = format!(".outputs.{name}");
        self.outputs.iter().find(|(key, _)| key.ends_with(&end)).map_or("", |(_, value)| value)
    }

    /// Runs every step; each has to go well.
    pub(crate) fn run(&mut self, text: &str, context: &[(&str, &str)]) {
        let steps = steps(text);
        assert!(steps.len() >= 2, "{}", steps.len());
        steps.iter().for_each(|step| drop(self.step(step, context).expect(0)));
    }

    pub(crate) fn step(&mut self, step: &Step, context: &[(&str, &str)]) -> Ran {
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c"]).arg(&step.run);
        command.env_clear().env("PATH", &self.path).current_dir(self.folder());
        command.envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())));
        for (name, value) in &step.env {
            command.env(name, self.evaluate(value, context));
        }
        let ran = run(&mut command, [""; 0]);
        self.take_outputs(step);
        ran
    }

    pub(crate) fn evaluate(&self, text: &str, context: &[(&str, &str)]) -> String {
        let mut parts = text.split("${{ ");
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once(" }}").unwrap();
            let given = context.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            out.push_str(given.or(self.outputs.get(name).map(String::as_str)).unwrap_or_default());
            out.push_str(rest);
        }
        out
    }

    fn take_outputs(&mut self, step: &Step) {
        for added in self.file("GITHUB_PATH").lines() {
            self.prepend_path(Path::new(added));
        }
        let outputs = self.file("GITHUB_OUTPUT");
        for (name, value) in outputs.lines().filter_map(|line| line.split_once('=')) {
            let id = step.id.as_deref().unwrap_or_default();
            self.outputs.insert(format!("steps.{id}.outputs.{name}"), value.to_owned());
        }
        for name in ["GITHUB_PATH", "GITHUB_OUTPUT"] {
            std::fs::write(self.folder().join(name), "").unwrap();
        }
    }
}
