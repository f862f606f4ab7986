//! Malicious servers. Each attack has its exit code and words of its message; all share limits of
//! time and memory, and the API key goes only where it belongs.

mod answers;
mod endpoints;
mod framing;
mod handshakes;
mod slowness;
mod words;

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::raw_server::{Asked, answer_with};
use crate::support::{Ran, collect, program, program_for};

const DONE: i32 = 0;
const USAGE: i32 = 2;
const API: i32 = 5;
const NETWORK: i32 = 6;
const STORAGE: i32 = 7;

const KEY: &str = "5ecre7k3y5ecre7k3y";

/// The most memory that the program may have, in KiB, and what it has when all goes well; both as
/// it is released. A program built for tests is larger, by so much as its run shows that goes well.
const MOST_MEMORY: u64 = 12_000;
const USUAL_MEMORY: u64 = 4_000;

/// The time limit of every attack that does not test time limits.
const MOST_TIME: Duration = Duration::from_secs(10);

/// What a server does to a client.
type Serve = fn(&mut Out<'_>) -> io::Result<()>;

/// What a server does with a request, and the outcome.
struct Attack {
    name: &'static str,
    serve: Serve,
    code: i32,
    says: &'static str,
}

const fn attack(name: &'static str, serve: Serve, code: i32, says: &'static str) -> Attack {
    Attack { name, serve, code, says }
}

/// The way to the program.
struct Out<'a>(&'a TcpStream);

impl Out<'_> {
    fn say(&mut self, text: impl AsRef<[u8]>) -> io::Result<()> {
        self.0.write_all(text.as_ref())
    }

    /// Sends it again and again until the peer is gone.
    fn say_for_ever(&mut self, text: &str) -> io::Result<()> {
        self.say_times(u64::MAX, text)
    }

    fn say_times(&mut self, times: u64, text: &str) -> io::Result<()> {
        let together = (64 * 1024 / text.len() as u64).max(1).min(times);
        let block = text.repeat(together as usize);
        let mut left = times;
        while left >= together {
            self.say(&block)?;
            left -= together;
        }
        self.say(text.repeat(left as usize))
    }

    /// Sends it byte by byte.
    fn dribble(&mut self, text: impl AsRef<[u8]>, pause: Duration) -> io::Result<()> {
        text.as_ref().chunks(1).try_for_each(|byte| {
            thread::sleep(pause);
            self.say(byte)
        })
    }
}

/// A server that does one thing, and records what it received.
struct Villain {
    addr: SocketAddr,
    heard: Arc<Mutex<Vec<Asked>>>,
}

impl Villain {
    fn start(serve: Serve) -> Self {
        Self::that(move |_, client| serve(&mut Out(client)).map(|()| false))
    }

    fn that(
        serve: impl Fn(&Asked, &TcpStream) -> io::Result<bool> + Send + Sync + 'static,
    ) -> Self {
        let heard = Arc::<Mutex<Vec<_>>>::default();
        let notes = Arc::clone(&heard);
        let addr = answer_with(move |asked, client| {
            notes.lock().unwrap().push(asked.clone());
            serve(asked, client)
        });
        Self { addr, heard }
    }

    fn api_url(&self) -> String {
        format!("http://{}/apiv2", self.addr)
    }

    /// What it received, apart from what belongs there: the key in the body of a request to the
    /// API.
    fn heard_the_key_elsewhere(&self) -> bool {
        self.heard.lock().unwrap().iter().any(|asked| {
            let is_api = asked.path().starts_with("/apiv2/app/");
            asked.head.contains(KEY) || !is_api && asked.text().contains(KEY)
        })
    }
}

/// The program with a key and short time limits.
fn impatient(arguments: &[&str]) -> Command {
    let mut command = program();
    command.env("PGYER_API_KEY", KEY).args(arguments);
    command
}

/// A run, with its peak memory in KiB.
struct Measured {
    ran: Ran,
    memory: u64,
}

/// Runs a command to its end, watching its memory.
fn measured(command: &mut Command) -> Measured {
    let began = Instant::now();
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let stdout = collect(child.stdout.take().unwrap());
    let stderr = collect(child.stderr.take().unwrap());
    let memory = AtomicU64::new(0);
    let code = loop {
        memory.fetch_max(most_memory(child.id()), Ordering::Relaxed);
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if began.elapsed() > 2 * MOST_TIME {
            let _ = child.kill();
        }
        thread::sleep(Duration::from_micros(500));
    };
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    let ran = Ran { code, stdout, stderr, elapsed: began.elapsed() };
    Measured { ran, memory: memory.into_inner() }
}

/// The memory limit for this build of the program.
fn allowed_memory() -> u64 {
    static USUAL: LazyLock<u64> = LazyLock::new(|| {
        let sandbox = crate::support::strict();
        let mut command = program_for(&sandbox);
        measured(command.args(["token", "--type=ios"])).memory.max(USUAL_MEMORY)
    });
    MOST_MEMORY - USUAL_MEMORY + *USUAL
}

/// The peak so far, if the system reports it.
fn most_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    if !status.starts_with("Name:\tpgyer\n") {
        // It is still a copy of this process.
        return 0;
    }
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or(0)
}

/// What is wrong with the outcome of an attack.
fn complaints(what: &str, code: i32, says: &str, measured: &Measured) -> Option<String> {
    let Measured { ran, memory } = measured;
    let mut wrong = Vec::new();
    if ran.code != Some(code) {
        wrong.push(format!("it ended with {:?}, not {code}", ran.code));
    }
    if !ran.stderr.contains(says) {
        wrong.push(format!("it does not say {says:?}"));
    }
    if ran.elapsed > MOST_TIME {
        wrong.push(format!("it took {:?}", ran.elapsed));
    }
    if *memory > allowed_memory() {
        wrong.push(format!("it had {memory} KiB"));
    }
    if ran.stdout.contains(KEY) || ran.stderr.contains(KEY) {
        wrong.push("it shows the key".to_owned());
    }
    let said: String = ran.stderr.chars().take(600).collect();
    (!wrong.is_empty()).then(|| format!("{what}: {}: {said}", wrong.join(", ")))
}

#[track_caller]
fn all_well(wrong: Mutex<Vec<String>>) {
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
