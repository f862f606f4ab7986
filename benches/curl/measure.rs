//! Measures a process: wall time, CPU time, memory.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// The first argument of the process that measures another one.
const WRAPPER: &str = "--measure-child";

/// The resources that one process used, and how it ended.
#[derive(Debug, Clone)]
pub(crate) struct Spent {
    pub(crate) wall: f64,
    cpu: f64,
    /// Its peak memory, in KiB.
    pub(crate) rss: f64,
    code: i32,
    said: String,
}

impl Spent {
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.said);
        self
    }
}

/// Runs a command in an empty environment.
///
/// The system only reports the total of *all* children, so each gets a parent of its own. Until a
/// child has become another program its parent's memory counts as its own, so the parent is small.
pub(crate) fn measure(command: &[OsString]) -> Spent {
    let own = std::env::current_exe().unwrap();
    let output = Command::new(own)
        .arg(WRAPPER)
        .args(command)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = said.lines().last().unwrap_or_default();
    let numbers: Vec<f64> = line.split(' ').filter_map(|number| number.parse().ok()).collect();
    let [wall, cpu, rss, code] = numbers[..] else { panic!("the wrapper failed: {said}") };
    Spent { wall, cpu, rss, code: code as i32, said }
}

/// The other half of [`measure`]: runs the command if the first argument asks for it.
pub(crate) fn wrapper() -> Option<i32> {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().filter(|first| first == OsStr::new(WRAPPER))?;
    let program = arguments.next()?;
    let began = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
    let wall = began.elapsed().as_secs_f64();
    let (cpu, rss) = usage::of_children();
    let code = status.ok().and_then(|status| status.code()).unwrap_or(-1);
    eprintln!("\n{wall} {cpu} {rss} {code}");
    Some(0)
}

pub(crate) use usage::of_thread as thread_cpu;

#[cfg(target_os = "linux")]
mod usage {
    use nix::sys::resource::{Usage, UsageWho, getrusage};

    /// The CPU time of all children that have ended, and the largest one's peak memory in KiB.
    pub(crate) fn of_children() -> (f64, i64) {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        (cpu_of(&usage), usage.max_rss())
    }

    /// The CPU time of this thread so far.
    pub(crate) fn of_thread() -> f64 {
        cpu_of(&getrusage(UsageWho::RUSAGE_THREAD).unwrap())
    }

    fn cpu_of(usage: &Usage) -> f64 {
        [usage.user_time(), usage.system_time()]
            .map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6)
            .iter()
            .sum()
    }
}

/// No other system tells what a single thread took.
#[cfg(not(target_os = "linux"))]
mod usage {
    pub(crate) fn of_children() -> (f64, i64) {
        panic!("this benchmark needs Linux");
    }

    pub(crate) fn of_thread() -> f64 {
        panic!("this benchmark needs Linux");
    }
}

/// Runs of ours and theirs, side by side.
#[derive(Debug, Default)]
pub(crate) struct Pairs(Vec<(Spent, Spent)>);

/// One column of the result.
type Column = (&'static str, fn(&Spent) -> f64, fn(f64) -> String);

const COLUMNS: [Column; 3] = [
    ("wall", |spent| spent.wall, seconds),
    ("CPU", |spent| spent.cpu, seconds),
    ("RSS", |spent| spent.rss, |kib| format!("{:.1} MiB", kib / 1024.0)),
];

fn seconds(seconds: f64) -> String {
    if seconds < 0.1 { format!("{:.1} ms", seconds * 1000.0) } else { format!("{seconds:.2} s") }
}

impl Pairs {
    pub(crate) fn add(&mut self, ours: Spent, theirs: Spent) {
        self.0.push((ours, theirs));
    }

    pub(crate) fn our_cpu(&self) -> f64 {
        Spread::of(self.0.iter().map(|(ours, _)| ours.cpu)).median
    }

    pub(crate) fn print(&self, title: &str) {
        println!("{title}");
        println!("  {:6}{:>12}{:>12}   ratio", "", "pgyer", "curl");
        for (name, value, show) in COLUMNS {
            let ours = Spread::of(self.0.iter().map(|(ours, _)| value(ours)));
            let theirs = Spread::of(self.0.iter().map(|(_, theirs)| value(theirs)));
            let ratio = Spread::of(self.0.iter().map(|(o, t)| value(o) / value(t).max(1e-6)));
            println!("  {name:6}{:>12}{:>12}   {ratio}", show(ours.median), show(theirs.median));
        }
    }
}

/// The middle one of these, of which there is at least one.
pub(crate) fn median(values: Vec<f64>) -> f64 {
    Spread::of(values.into_iter()).median
}

struct Spread {
    min: f64,
    median: f64,
    max: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        Self { min: values[0], median: values[values.len() / 2], max: values[values.len() - 1] }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2} to {:.2})", self.median, self.min, self.max)
    }
}

/// The version that a program reports.
pub(crate) fn first_line(program: &Path) -> String {
    let output = Command::new(program).arg("--version").output().unwrap();
    String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned()
}

pub(crate) fn machine() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{} x {}, Linux {}", cores, model.unwrap_or("unknown"), kernel.trim())
}
