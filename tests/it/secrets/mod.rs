//! Whatever is run, and however it ends, no secret is shown or left behind. Each place that may
//! hold one holds another (see [`markers`]), and the servers repeat all that they know (see
//! [`echo`]).

mod chance;
mod echo;
mod library;
mod markers;
mod refused;
mod results;
mod terminal;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use echo::{Echo, Manner, OF_BUILDS, OF_THE_API, OF_THE_STORAGE, OF_TOKENS, Step, token_json};
use markers::{found_in, has_api_key, secret, spelled};
use tempfile::TempDir;

use crate::support::proxy_server::{ProxyServer, Reply, Speaks};
use crate::support::{Ran, collect, folder, for_each, program, words};

/// The name under which the servers are reached; what is on loopback goes through no proxy.
const HOST: &str = "pgyer.test";

/// A command, the steps in which the servers may misbehave, and the formats that it has.
struct Task {
    line: &'static str,
    steps: &'static [Step],
    formats: &'static [&'static str],
}

const ALL: &[&str] = &["text", "json", "env", "dotenv"];
const TWO: &[&str] = &["json", "text"];

const fn task(
    line: &'static str,
    steps: &'static [Step],
    formats: &'static [&'static str],
) -> Task {
    Task { line, steps, formats }
}

const TASKS: &[Task] = &[
    task("upload app.apk", &[Step::Storage], ALL),
    task("upload --install-password-file=install --no-wait app.ipa", &[Step::Token], ALL),
    task("upload --hsp=app.hsp --p12=cert.p12 app.hap", &[Step::Hsp, Step::Cert, Step::Poll], ALL),
    task("upload --legacy app.apk", &[Step::Legacy], ALL),
    task("upload --jobs=2 app.apk app.ipa", &[Step::Storage], TWO),
    task("status apps/k1", &[Step::Poll], ALL),
    task("status --wait apps/k1", &[Step::Poll], ALL),
    task("token app.apk", &[Step::Token], TWO),
    task("put --token=token.json app.apk", &[Step::Storage], ALL),
    task("harmony-cert --p12-password-file=p12 apps/k1 cert.p12", &[Step::Cert], TWO),
    task("harmony-hsp apps/k1 app.hsp", &[Step::Hsp], TWO),
    task("doctor", &[Step::Probe, Step::Token], TWO),
];

fn manners(step: Step) -> Vec<Manner> {
    match step {
        Step::Storage => OF_THE_STORAGE.to_vec(),
        Step::Token => [OF_THE_API, OF_TOKENS].concat(),
        Step::Poll | Step::Legacy => [OF_THE_API, OF_BUILDS].concat(),
        _ => OF_THE_API.to_vec(),
    }
}

/// One run of the program.
struct Trial {
    task: &'static Task,
    step: Step,
    manner: Option<Manner>,
    options: Vec<String>,
    /// Which source gives the API key.
    source: usize,
}

/// Each command with each manner: at the verbosity that says most, and every other time at one that
/// says less; the formats and the sources of the key in turn too. And with well-behaved servers.
fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = Vec::new();
    for task in TASKS {
        let failures = task
            .steps
            .iter()
            .flat_map(|step| manners(*step).into_iter().map(|manner| (*step, Some(manner))));
        let successes = task.formats.iter().map(|_| (task.steps[0], None));
        for (step, manner) in failures.chain(successes) {
            let less = ["--progress=always", "", "--quiet", ""][trials.len() / 3 % 4];
            for verbosity in ["--verbose", less].into_iter().filter(|option| !option.is_empty()) {
                let turn = trials.len();
                let format = task.formats[turn % task.formats.len()];
                let options = vec![format!("--format={format}"), verbosity.to_owned()];
                trials.push(Trial { task, step, manner, options, source: turn % SOURCES.len() });
            }
        }
    }
    trials
}

/// Where the API key comes from; each with what sets it up. Those that count less are set too.
const SOURCES: &[&str] =
    &["key.option", "key.variable", "key.config-file", "key.xdg-json", "key.xdg-lines", "key.home"];

/// A folder with all that a run reads, of which a run must change nothing.
struct Scene {
    folder: TempDir,
    before: BTreeMap<PathBuf, Vec<u8>>,
}

impl Scene {
    fn new() -> Self {
        let folder = folder();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("key", &secret("key.option"));
        write(
            "own.json",
            &format!(r#"{{"apiKey":{}}}"#, spelled::json(&secret("key.config-file"))),
        );
        write(
            "a/pgyer/config.json",
            &format!(r#"{{"apiKey":{}}}"#, spelled::json(&secret("key.xdg-json"))),
        );
        write("a/pgyer/config", &format!("PGYER_API_KEY={}", secret("key.xdg-lines")));
        write("b/pgyer/config", &format!("PGYER_API_KEY={}", secret("key.xdg-lines")));
        write("home/.config/pgyer/config", &format!("PGYER_API_KEY={}", secret("key.home")));
        write("install", &format!("{}\n", secret("install.file")));
        write("p12", &format!("{}\n", secret("p12.file")));
        fs::create_dir(folder.path().join("tmp")).unwrap();
        let before = contents(folder.path());
        Self { folder, before }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The program with a secret in every place, so that this source gives the API key.
    fn program(&self, source: usize, proxy: u16) -> Command {
        let mut command = program();
        command.current_dir(self.path());
        for name in ["HOME", "TMPDIR"] {
            let folder = if name == "HOME" { "home" } else { "tmp" };
            command.env(name, self.path().join(folder));
        }
        if source <= 1 {
            command.env("PGYER_API_KEY", secret("key.variable"));
        }
        if source <= 2 {
            command.env("PGYER_CONFIG_FILE", "own.json");
        }
        match source {
            0..=3 => command.env("XDG_CONFIG_HOME", self.path().join("a")),
            4 => command.env("XDG_CONFIG_HOME", self.path().join("b")),
            _ => &mut command,
        };
        command
            .env("PGYER_INSTALL_PASSWORD", secret("install.variable"))
            .env("PGYER_P12_PASSWORD", secret("p12.variable"))
            .env("HTTP_PROXY", proxy_url("http", "proxy.http", proxy))
            .env("HTTPS_PROXY", proxy_url("https", "proxy.https", proxy))
            .env("ALL_PROXY", proxy_url("socks5h", "proxy.all", proxy));
        command
    }

    /// What is there, unless everything is as it was.
    fn changed(&self) -> Option<Vec<PathBuf>> {
        let after = contents(self.path());
        (after != self.before).then(|| after.into_keys().collect())
    }
}

fn proxy_url(scheme: &str, slot: &str, port: u16) -> String {
    format!("{scheme}://user:{}@127.0.0.1:{port}", spelled::percent(&secret(slot)))
}

/// Every file below a folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            all.insert(path.clone(), Vec::new());
            all.extend(contents(&path));
        } else {
            let bytes = fs::read(&path).unwrap();
            all.insert(path, bytes);
        }
    }
    all
}

/// Runs a command, and looks at its command line as others see it until it ends.
fn watched(command: &mut Command) -> (Ran, String) {
    let began = Instant::now();
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let stdout = collect(child.stdout.take().unwrap());
    let stderr = collect(child.stderr.take().unwrap());
    let mut lines = String::new();
    let code = loop {
        let line = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap_or_default();
        lines.push_str(&String::from_utf8_lossy(&line));
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if began.elapsed() > Duration::from_secs(30) {
            let _ = child.kill();
        }
        thread::sleep(Duration::from_millis(1));
    };
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    (Ran { code, stdout, stderr, elapsed: began.elapsed() }, lines)
}

impl Trial {
    fn arguments(&self, number: usize, port: u16) -> Vec<String> {
        let mut arguments: Vec<String> =
            words(self.task.line).iter().map(ToString::to_string).collect();
        let quick = ["--retries=1", "--retry-delay=1ms", "--connect-timeout=500ms"];
        arguments.extend(quick.map(str::to_owned));
        if self.manner.is_some_and(|(name, _)| !name.contains("build"))
            && ["upload", "status"].contains(&arguments[0].as_str())
        {
            arguments.push("--wait-timeout=100ms".to_owned());
        }
        arguments.push("--insecure-http".to_owned());
        arguments.push(format!("--resolve={HOST}:{port}:127.0.0.1"));
        arguments.push(format!("--api-url=http://{HOST}:{port}/{number}/apiv2"));
        if self.source == 0 && !self.task.line.starts_with("put") {
            arguments.push("--api-key-file=key".to_owned());
        }
        arguments.extend(self.options.iter().cloned());
        arguments
    }

    /// Whether standard output has what the service said, which loses the API key and what is
    /// called a password, and nothing else.
    fn is_data(&self, ran: &Ran) -> bool {
        let is_build = matches!(self.step, Step::Poll | Step::Legacy) && self.manner.is_some();
        ran.code == Some(0) && (is_build || self.task.line.starts_with("token "))
    }

    fn what(&self) -> String {
        let manner = self.manner.map_or("well", |(name, _)| name);
        format!("{} {:?}, {:?}: {manner}", self.task.line, self.options, self.step)
    }
}

struct Stage {
    echo: Echo,
    proxy: ProxyServer,
}

impl Stage {
    fn new() -> Self {
        let echo = Echo::start();
        let credentials = format!("user:{}", secret("proxy.http"));
        let target = ([127, 0, 0, 1], echo.port()).into();
        let credentials: &'static str = Box::leak(credentials.into_boxed_str());
        let proxy = ProxyServer::start(Speaks::Http, Some(credentials), move |_| Reply::To(target));
        Self { echo, proxy }
    }

    /// What is wrong with a run, and whether anything was hidden in it.
    fn hold(&self, number: usize, trial: &Trial) -> (Vec<String>, bool) {
        let scene = Scene::new();
        let (run, port) = (number.to_string(), self.echo.port());
        self.echo.prepare(&run, trial.step, trial.manner);
        let token = scene.path().join("token.json");
        let is_put = trial.task.line.starts_with("put");
        if is_put {
            let endpoint = format!("http://{HOST}:{port}/{run}/storage/");
            fs::write(&token, token_json(&endpoint, "given")).unwrap();
        }
        let mut command = scene.program(trial.source, self.proxy.addr().port());
        command.args(trial.arguments(number, port));
        let (ran, line) = watched(&mut command);
        if is_put {
            fs::remove_file(&token).unwrap();
        }
        let mut wrong = self.complaints(number, trial, &ran);
        let shown = found_in(&line);
        wrong.extend((!shown.is_empty()).then(|| format!("its command line has {shown:?}")));
        wrong.extend(scene.changed().map(|names| format!("left behind: {names:?}")));
        let about = format!("{}\n{ran:#?}", trial.what());
        let wrong = wrong.iter().map(|wrong| format!("{wrong}: {about}")).collect();
        (wrong, ran.stderr.contains("***") || ran.stdout.contains("***"))
    }

    fn complaints(&self, number: usize, trial: &Trial, ran: &Ran) -> Vec<String> {
        let mut wrong = Vec::new();
        if ran.stdout.contains("4711") {
            wrong.push("standard output has buildPassword".to_owned());
        }
        for (name, text) in [("output", &ran.stdout), ("error", &ran.stderr)] {
            if trial.is_data(ran) && name == "output" {
                let is_json = trial.task.line.starts_with("token ") || text.starts_with('{');
                let write = if is_json { spelled::json_text } else { str::to_owned };
                let has_key = has_api_key(text, write);
                wrong.extend(has_key.then(|| "the result has the API key".to_owned()));
                continue;
            }
            let shown = found_in(&without_results(text));
            wrong.extend((!shown.is_empty()).then(|| format!("standard {name} has {shown:?}")));
        }
        let has_key = trial.is_data(ran) && has_api_key(&ran.stderr, str::to_owned);
        wrong.extend(has_key.then(|| "standard error has the API key".to_owned()));
        let told = self.echo.told(&number.to_string());
        let keyless = trial.task.line.starts_with("put ");
        // On a busy machine the time to wait may be over before the question.
        let asked_late = ran.code == Some(9) && told.is_empty();
        let knows_key = told.contains(&SOURCES[trial.source]);
        if knows_key == keyless && trial.step != Step::Probe && !asked_late {
            wrong.push(format!("the servers know {told:?}"));
        }
        let ends = ran.code.is_some_and(|code| code < 10);
        if !ends || trial.manner.is_none() && ran.code != Some(0) {
            wrong.push(format!("it ended with {:?}", ran.code));
        }
        wrong
    }
}

#[test]
fn no_secret_is_shown_or_left_behind() {
    let (trials, stage) = (trials(), Stage::new());
    let (hidden, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    for_each(&trials, |number, trial| {
        let (complaints, hides) = stage.hold(number, trial);
        wrong.lock().unwrap().extend(complaints);
        hidden.fetch_add(hides.into(), Ordering::Relaxed);
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), trials.len(), wrong.join("\n"));
    // Otherwise the servers would have said nothing.
    let hidden = hidden.load(Ordering::Relaxed);
    assert!(hidden > trials.len() / 4, "{hidden} of {}", trials.len());
}

/// Standard error without the line that repeats a result for a CI log: the result is data.
fn without_results(stderr: &str) -> String {
    stderr
        .lines()
        .filter(|line| !line.contains(": published "))
        .map(|l| l.to_owned() + "\n")
        .collect()
}
