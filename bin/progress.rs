//! What people see on standard error: messages, and how far things are. On a terminal that is one
//! line, rewritten; elsewhere it is a line now and then.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use pgyer::Event;

use crate::args::{Output, Verbosity, When};
use crate::output::{harmless, human_size, human_time};

/// The least time between two repaints of the line on a terminal.
const REPAINT: Duration = Duration::from_millis(100);

/// The least time between two lines elsewhere, and the most while something is under way: CI
/// systems end jobs that are silent.
const LINE_AT_MOST: Duration = Duration::from_secs(10);
const LINE_AT_LEAST: Duration = Duration::from_secs(50);

/// The width of the line on a terminal.
const COLUMNS: usize = 79;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Off,
    Line,
    Log,
}

/// Standard error. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Screen(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    verbosity: Verbosity,
    mode: Mode,
    color: bool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// What is under way, by job.
    jobs: BTreeMap<usize, Job>,
    /// Whether a line is on the screen that has to go before anything else is written.
    painted: bool,
    last_shown: Option<Instant>,
    ended: bool,
}

#[derive(Debug)]
struct Job {
    name: String,
    step: Step,
    since: Instant,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Starting,
    Sending { sent: u64, total: u64 },
    Waiting,
}

impl Screen {
    pub(crate) fn new(output: &Output) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let mode = match (output.verbosity, output.progress) {
            (Verbosity::Quiet, _) | (_, When::Never) => Mode::Off,
            (_, When::Auto) if !is_terminal => Mode::Log,
            // Requests and a line that rewrites itself would be in each other's way.
            (Verbosity::Verbose, _) => Mode::Log,
            _ if is_terminal && !is_dumb() => Mode::Line,
            _ => Mode::Log,
        };
        let shared = Shared {
            verbosity: output.verbosity,
            mode,
            color: match output.color {
                When::Always => true,
                When::Auto => is_terminal && !is_dumb(),
                When::Never => false,
            },
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        Self(Arc::new(shared))
    }

    /// An error: shown always.
    pub(crate) fn error(&self, message: &str) {
        self.say("pgyer:", "\x1b[1;31m", message);
    }

    /// Something to know, which ends nothing.
    pub(crate) fn warning(&self, message: &str) {
        if self.0.verbosity != Verbosity::Quiet {
            self.say("pgyer: warning:", "\x1b[1;33m", message);
        }
    }

    /// Something to know.
    pub(crate) fn note(&self, message: &str) {
        if self.0.verbosity != Verbosity::Quiet {
            self.say("pgyer:", "\x1b[1m", message);
        }
    }

    /// Writes a line that begins with a word in a colour, where there are colours.
    fn say(&self, word: &str, color: &str, message: &str) {
        let mut state = self.state();
        clear(&mut state);
        let message = harmless(message);
        if self.0.color {
            write_raw(&format!("{color}{word}\x1b[0m {message}\n"));
        } else {
            write_raw(&format!("{word} {message}\n"));
        }
    }

    /// A line beside what another process shows on the same screen.
    #[cfg(feature = "sandbox")]
    pub(crate) fn line_beside(&self, line: &str) {
        let clean = if self.0.mode == Mode::Line { "\r\x1b[K" } else { "" };
        write_raw(&format!("{clean}{}\n", harmless(line)));
    }

    /// Leaves a clean line, for what is written by others.
    pub(crate) fn clear(&self) {
        clear(&mut self.state());
    }

    /// Shows how far a job is, until the guard is dropped.
    pub(crate) fn begin(&self, number: usize, name: &str) -> Progress {
        let job = Job { name: name.to_owned(), step: Step::Starting, since: Instant::now() };
        self.state().jobs.insert(number, job);
        Progress { screen: self.clone(), number }
    }

    /// Runs until the last clone is gone: repeats what is under way where nothing else happens.
    pub(crate) fn start_clock(&self) {
        if self.0.mode != Mode::Log {
            return;
        }
        let shared = Arc::downgrade(&self.0);
        // Without the thread there are fewer lines, and nothing else is lost.
        let _ =
            thread::Builder::new().name("progress".into()).stack_size(64 * 1024).spawn(move || {
                while let Some(shared) = shared.upgrade() {
                    let mut state = lock(&shared.state);
                    if state.ended {
                        return;
                    }
                    let began = state.jobs.values().map(|job| job.since).min();
                    let last = state.last_shown.max(began);
                    if began.is_some() && last.is_some_and(|at| at.elapsed() >= LINE_AT_LEAST) {
                        show(&shared, &mut state);
                    }
                    let waited = shared.changed.wait_timeout(state, Duration::from_secs(1));
                    drop(waited);
                }
            });
    }

    /// Ends what [`start_clock`](Self::start_clock) began.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        clear(&mut state);
        state.ended = true;
        self.0.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }
}

/// A panic elsewhere is no reason to be silent here.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How far one job is.
#[derive(Debug)]
pub(crate) struct Progress {
    screen: Screen,
    number: usize,
}

impl Progress {
    /// Says at once that something is under way, before anything is heard of it.
    pub(crate) fn start(&self) {
        self.step(Step::Starting, true);
    }

    /// Takes an event of the library.
    pub(crate) fn observe(&self, event: &Event<'_>) {
        match event {
            Event::Sent { sent, total } => {
                self.step(Step::Sending { sent: *sent, total: *total }, false);
            }
            Event::Stored { .. } | Event::AttachmentSent { .. } => self.step(Step::Waiting, true),
            Event::Publishing { .. } => self.step(Step::Waiting, false),
            Event::Checked { warnings, .. } => {
                self.step(Step::Starting, true);
                for warning in *warnings {
                    self.screen.warning(&format!("{}: {warning}", self.name()));
                }
            }
            Event::Retry { because, number, delay, .. } => self
                .screen
                .note(&format!("{because}; trying again in {} ({number})", human_time(*delay))),
            Event::Request { method, url, outcome, elapsed } => {
                self.request(method, url, outcome, *elapsed);
            }
            _ => {}
        }
    }

    fn request(&self, method: &str, url: &str, outcome: &Result<u16, &str>, elapsed: Duration) {
        if self.screen.0.verbosity != Verbosity::Verbose {
            return;
        }
        let seconds = elapsed.as_secs_f64();
        let line = match outcome {
            Ok(status) => format!("{method} {url} {status} {seconds:.3} s"),
            Err(problem) => format!("{method} {url} failed after {seconds:.3} s: {problem}"),
        };
        self.screen.say(">", "\x1b[2m", &line);
    }

    fn name(&self) -> String {
        self.screen.state().jobs.get(&self.number).map_or_else(String::new, |job| job.name.clone())
    }

    fn step(&self, step: Step, now: bool) {
        let shared = &self.screen.0;
        let mut state = self.screen.state();
        if let Some(job) = state.jobs.get_mut(&self.number) {
            if std::mem::discriminant(&job.step) != std::mem::discriminant(&step) {
                job.since = Instant::now();
            }
            job.step = step;
        }
        let pause = if shared.mode == Mode::Line { REPAINT } else { LINE_AT_MOST };
        let due = state.last_shown.is_none_or(|at| at.elapsed() >= pause);
        if due || now && shared.mode == Mode::Line {
            show(shared, &mut state);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let mut state = self.screen.state();
        state.jobs.remove(&self.number);
        clear(&mut state);
    }
}

fn show(shared: &Shared, state: &mut State) {
    let Some(text) = summary(&state.jobs) else { return };
    let text = harmless(&text);
    match shared.mode {
        Mode::Off => return,
        Mode::Log => write_line(&format!("pgyer: {text}")),
        Mode::Line => {
            let text: String = text.chars().take(COLUMNS).collect();
            write_raw(&format!("\r\x1b[K{text}"));
            state.painted = true;
        }
    }
    state.last_shown = Some(Instant::now());
}

/// One job as it is, several as their sum.
fn summary(jobs: &BTreeMap<usize, Job>) -> Option<String> {
    let mut all = jobs.values();
    let first = all.next()?;
    if jobs.len() == 1 {
        return Some(describe(first));
    }
    let (mut sent, mut total, mut waiting) = (0_u64, 0_u64, 0);
    for job in jobs.values() {
        match job.step {
            Step::Sending { sent: s, total: t } => {
                sent = sent.saturating_add(s);
                total = total.saturating_add(t);
            }
            Step::Waiting => waiting += 1,
            Step::Starting => {}
        }
    }
    Some(format!(
        "{} files: {} of {} sent, {waiting} being published",
        jobs.len(),
        human_size(sent),
        human_size(total)
    ))
}

fn describe(job: &Job) -> String {
    let Job { name, step, since } = job;
    match *step {
        Step::Starting => format!("{name}: starting"),
        Step::Sending { sent, total } => {
            let elapsed = since.elapsed().as_secs_f64().max(0.001);
            let rate = (sent as f64 / elapsed).max(1.0);
            let left = Duration::from_secs_f64(total.saturating_sub(sent) as f64 / rate);
            let percent = u128::from(sent) * 100 / u128::from(total.max(1));
            format!(
                "{name}: {percent}%, {} of {}, {}/s, {} left",
                human_size(sent),
                human_size(total),
                human_size(rate as u64),
                human_time(left)
            )
        }
        Step::Waiting => {
            format!("{name}: being published for {}", human_time(since.elapsed()))
        }
    }
}

fn clear(state: &mut State) {
    if std::mem::take(&mut state.painted) {
        write_raw("\r\x1b[K");
    }
}

fn write_line(line: &str) {
    write_raw(&(harmless(line) + "\n"));
}

/// There is nobody to tell when standard error can't be written.
fn write_raw(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}
