//! Helpers: files to upload, a sandbox to upload them to, and a way to run the program and see how
//! it ended. The modules are peers that a test may need.

pub(crate) mod black_hole;
pub(crate) mod decoder;
pub(crate) mod document;
pub(crate) mod proxy_server;
#[cfg(unix)]
pub(crate) mod pty;
pub(crate) mod raw_server;
pub(crate) mod relay;

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pgyer::sandbox::{Builder, Sandbox};
use tempfile::TempDir;

/// No command of a test takes longer, unless it hangs.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// The minimum size of a large package.
const BIG: usize = 12 << 20;

/// A package or another file of `tests/data`.
pub(crate) fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The text of each Rust file in a folder of the repository and its folders.
pub(crate) fn sources(folder: &str) -> Vec<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let (mut folders, mut texts) = (vec![root], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder can be read") {
            let path = entry.expect("a folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                texts.push(std::fs::read_to_string(path).expect("a source is UTF-8"));
            }
        }
    }
    texts
}

/// A folder with a copy of each file of `tests/data` that an upload takes.
pub(crate) fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    for name in ["app.apk", "app.ipa", "app.hap", "app.hsp", "cert.p12"] {
        std::fs::copy(data(name), folder.path().join(name)).expect("a file can be copied");
    }
    folder
}

/// A sandbox with these settings.
pub(crate) fn sandbox(settings: impl FnOnce(Builder) -> Builder) -> Sandbox {
    settings(builder([])).start().expect("a sandbox starts")
}

/// A sandbox that refuses whatever the vendor's page does not say, as do all that our own client
/// is tested against.
pub(crate) fn strict() -> Sandbox {
    faulty(&[])
}

/// The settings of a strict sandbox with these faults.
pub(crate) fn builder<'a>(faults: impl IntoIterator<Item = &'a str>) -> Builder {
    let add = |builder: Builder, fault: &str| builder.fault(fault.parse().expect("a fault"));
    faults.into_iter().fold(Sandbox::builder().strict(), add)
}

/// A sandbox with these faults.
pub(crate) fn faulty(faults: &[&str]) -> Sandbox {
    builder(faults.iter().copied()).start().expect("a sandbox starts")
}

/// Runs the program against a sandbox, in the folder of `tests/data`, with a line of arguments
/// without spaces in them. Waits and retries are short.
pub(crate) fn pgyer(sandbox: &Sandbox, line: &str) -> Ran {
    run(program_for(sandbox).current_dir(data("")), words(line))
}

/// The words of a line, and the options that make it quick.
pub(crate) fn words(line: &str) -> Vec<&str> {
    let mut words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    let verb = words.first().copied().unwrap_or_default();
    if ["upload", "status"].contains(&verb) {
        words.insert(1, "--poll-interval=10ms");
    }
    let network = ["upload", "status", "token", "put", "harmony-cert", "harmony-hsp"];
    if network.contains(&verb) {
        words.insert(1, "--retry-delay=10ms");
    }
    words
}

/// The program, in an environment with nothing of ours in it.
pub(crate) fn program() -> Command {
    bare(env!("CARGO_BIN_EXE_pgyer"))
}

/// A program, in an environment with nothing of ours in it: no proxies, no certificates, no key, no
/// configuration.
pub(crate) fn bare(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null());
    // The second lets coverage count what the program does, too. Without the last one Windows has
    // no sockets.
    for name in ["PATH", "LLVM_PROFILE_FILE", "SYSTEMROOT"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// The program, set up for a sandbox, with short times between tries and polls.
pub(crate) fn program_for(sandbox: &Sandbox) -> Command {
    let mut command = program();
    command.env("PGYER_API_URL", sandbox.api_url()).env("PGYER_API_KEY", sandbox.api_key());
    command
}

/// An APK by its name only, too large for any buffer on the way to hide.
pub(crate) fn big_file(folder: &Path) -> PathBuf {
    let path = folder.join("big.apk");
    let block: Vec<u8> = (0..=u8::MAX).cycle().take(251 * 256).collect();
    std::fs::write(&path, block.repeat(BIG.div_ceil(block.len()))).expect("a file can be written");
    path
}

/// Does something with each item, two at a time, each with a number. More would take the processor
/// from the tests that measure time.
pub(crate) fn for_each<T: Sync>(items: &[T], work: impl Fn(usize, &T) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { return };
                    work(at, item);
                }
            });
        }
    });
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) elapsed: Duration,
}

impl Ran {
    /// The lines of standard output as JSON.
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    /// Fails the test unless the command ended with this code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

/// Fails the test if what is measured takes this long four times in a row: a busy machine is late
/// once or twice, a limit that is not kept is late each time.
#[track_caller]
pub(crate) fn within(limit: Duration, measure: impl Fn() -> Duration) {
    let late: Vec<_> = (0..4).map(|_| measure()).take_while(|time| *time >= limit).collect();
    assert!(late.len() < 4, "{late:?}, not {limit:?}");
}

/// Runs a command to its end; kills it if that does not come.
pub(crate) fn run<I, S>(command: &mut Command, arguments: I) -> Ran
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let began = Instant::now();
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let stdout = collect(child.stdout.take().expect("stdout is a pipe"));
    let stderr = collect(child.stderr.take().expect("stderr is a pipe"));
    let code = wait(&mut child);
    Ran {
        code,
        stdout: stdout.join().expect("stdout was read"),
        stderr: stderr.join().expect("stderr was read"),
        elapsed: began.elapsed(),
    }
}

pub(crate) fn collect(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("a pipe can be read");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The exit code; `None` for a signal.
pub(crate) fn wait(child: &mut Child) -> Option<i32> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return status.code();
        }
        if began.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the program was still running after {LIMIT:?}");
        }
        thread::sleep(Duration::from_millis(5));
    }
}
