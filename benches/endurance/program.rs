//! Runs the program in a clean environment.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pgyer::sandbox::Sandbox;

/// Longer means that it hangs.
const LIMIT: Duration = Duration::from_secs(300);

pub(crate) const PGYER: &str = env!("CARGO_BIN_EXE_pgyer");

pub(crate) fn apk() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/app.apk")
}

/// A command that uses the sandbox, with short delays.
pub(crate) fn command(sandbox: &Sandbox, program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("PGYER_API_URL", sandbox.api_url())
        .env("PGYER_API_KEY", sandbox.api_key());
    command
}

/// `pgyer upload`.
pub(crate) fn upload(sandbox: &Sandbox) -> Command {
    let mut command = command(sandbox, PGYER);
    command.args(["upload", "--format=json", "--poll-interval=10ms", "--retry-delay=10ms"]);
    command
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The peak of its memory as observed, in KiB.
    pub(crate) peak: u64,
}

impl Ran {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

pub(crate) fn run(command: &mut Command) -> Ran {
    command.stdout(Stdio::piped());
    end(start(command))
}

/// Standard output is as the command has it.
pub(crate) fn start(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for the end; kills the process if it does not come.
pub(crate) fn end(mut child: Child) -> Ran {
    let stdout = child.stdout.take().map(collect);
    let stderr = child.stderr.take().map(collect);
    let began = Instant::now();
    let mut peak = 0;
    let code = loop {
        let status = format!("/proc/{}/status", child.id());
        // A process that has ended has no memory to report.
        let status = std::fs::read_to_string(status).unwrap_or_default();
        peak = peak.max(status_kib(&status, "VmHWM:"));
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if began.elapsed() > LIMIT {
            child.kill().unwrap();
        }
        thread::sleep(Duration::from_millis(2));
    };
    let text = |thread: Option<thread::JoinHandle<String>>| {
        thread.map(|thread| thread.join().unwrap()).unwrap_or_default()
    };
    Ran { code, stdout: text(stdout), stderr: text(stderr), peak }
}

fn collect(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A number in `/proc/PID/status`, 0 if there is none.
pub(crate) fn status_kib(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
