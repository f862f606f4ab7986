//! What people see on standard error: messages, and how far things are. On a terminal that is one
//! line, rewritten; elsewhere it is a line now and then.

mod job;
mod line;
mod width;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use pgyer::Event;

use self::job::{Done, Job, Step};
use self::line::Line;
use crate::args::{Output, Verbosity, When};
use crate::output::{harmless, human_time};
use crate::terminal;

/// The time between two repaints of the line on a terminal, and the longest without one: what
/// another process wrote there meanwhile may have taken the place of the line.
const REPAINT: Duration = Duration::from_millis(100);
const REPAINT_AT_LEAST: Duration = Duration::from_secs(1);

/// The least time between two lines elsewhere, and the most while something is under way: CI
/// systems end jobs that are silent.
const LINE_AT_MOST: Duration = Duration::from_secs(10);
const LINE_AT_LEAST: Duration = Duration::from_secs(50);

/// How often that is looked at.
const LOG_TICK: Duration = Duration::from_millis(500);

/// Erases from the cursor to the end of the screen. The cursor rests at the start of the line, so
/// that all of it goes, also when a terminal that was made narrower has broken it in two.
const ERASE: &str = "\x1b[J";
/// No line is broken in two between these. A terminal may be narrower than the system knows: tmux
/// tells of a new width a quarter of a second late, and SSH when it comes to it.
const NO_WRAP: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";
const BOLD: &str = "\x1b[1m";
/// Readable on white and on black, as yellow is not.
const BOLD_MAGENTA: &str = "\x1b[1;35m";
const BOLD_RED: &str = "\x1b[1;31m";
const PLAIN: &str = "\x1b[0m";

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
    done: Done,
    /// The line on the screen, which has to go before anything else is written.
    painted: Option<(Line, usize)>,
    /// How many write elsewhere on the same screen: no line then.
    asides: usize,
    /// Whether there is something that a log has not said.
    news: bool,
    last_shown: Option<Instant>,
    has_clock: bool,
    ended: bool,
}

impl Screen {
    pub(crate) fn new(output: &Output) -> Self {
        let can_rewrite = terminal::is_there() && !terminal::is_dumb();
        let mode = match (output.verbosity, output.progress) {
            (Verbosity::Quiet, _) | (_, When::Never) => Mode::Off,
            _ if can_rewrite => Mode::Line,
            _ => Mode::Log,
        };
        let shared = Shared {
            verbosity: output.verbosity,
            mode,
            color: match output.color {
                When::Always => true,
                When::Auto => can_rewrite,
                When::Never => false,
            },
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        Self(Arc::new(shared))
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.0.verbosity == Verbosity::Quiet
    }

    pub(crate) fn has_color(&self) -> bool {
        self.0.color
    }

    /// An error: shown always.
    pub(crate) fn error(&self, message: &str) {
        self.say("pgyer:", BOLD_RED, message);
    }

    /// Something to know, which ends nothing.
    pub(crate) fn warning(&self, message: &str) {
        if !self.is_quiet() {
            self.say("pgyer: warning:", BOLD_MAGENTA, message);
        }
    }

    /// Something to know.
    pub(crate) fn note(&self, message: &str) {
        if !self.is_quiet() {
            self.say("pgyer:", BOLD, message);
        }
    }

    /// Writes a line that begins with a word in a colour, where there are colours.
    fn say(&self, word: &str, color: &str, message: &str) {
        let message = harmless(message);
        if self.0.color {
            self.lines(&format!("{color}{word}{PLAIN} {message}\n"));
        } else {
            self.lines(&format!("{word} {message}\n"));
        }
    }

    /// Writes whole lines as they are.
    pub(crate) fn lines(&self, text: &str) {
        let mut state = self.state();
        clear(&mut state);
        write_raw(text);
    }

    /// A line beside what another process shows on the same screen.
    #[cfg(feature = "sandbox")]
    pub(crate) fn line_beside(&self, line: &str) {
        let clean = if self.0.mode == Mode::Line { ["\r", ERASE].concat() } else { String::new() };
        write_raw(&format!("{clean}{}\n", harmless(line)));
    }

    /// Keeps the line away while something else is written to where it may stand.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        {
            let mut state = self.state();
            clear(&mut state);
            state.asides = state.asides.saturating_add(1);
        }
        let written = write();
        let mut state = self.state();
        state.asides = state.asides.saturating_sub(1);
        written
    }

    /// Shows how far a job is, until the guard is dropped.
    pub(crate) fn begin(&self, number: usize, name: &str, doing: &'static str) -> Progress {
        let mut state = self.state();
        state.jobs.insert(number, Job::new(name, doing, Instant::now()));
        if self.0.mode != Mode::Off && !state.has_clock {
            state.has_clock = true;
            let shared = Arc::downgrade(&self.0);
            // Without the thread there are fewer lines, and nothing else is lost.
            let _ = thread::Builder::new()
                .name("progress".into())
                .stack_size(64 * 1024)
                .spawn(move || tick(&shared));
        }
        Progress { screen: self.clone(), number }
    }

    /// Leaves a clean line, and it stays so.
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

/// Shows how far things are, now and again, until the screen has ended or is gone. On a terminal
/// nothing else does, so that there are never more repaints than this makes.
fn tick(screen: &Weak<Shared>) {
    while let Some(shared) = screen.upgrade() {
        let mut state = lock(&shared.state);
        if state.ended {
            return;
        }
        let pause = if shared.mode == Mode::Line {
            repaint(&mut state, shared.color);
            REPAINT
        } else {
            repeat(&mut state);
            LOG_TICK
        };
        drop(shared.changed.wait_timeout(state, pause));
    }
}

fn repaint(state: &mut State, color: bool) {
    let now = Instant::now();
    let ago = state.last_shown.map(|at| now.saturating_duration_since(at));
    if state.asides > 0 || ago.is_some_and(|ago| ago < REPAINT) {
        return;
    }
    let Some(view) = job::view(&mut state.jobs, &state.done, now) else { return };
    let columns = terminal::columns();
    let new = Some((line::line(&view, columns), columns));
    if state.painted != new || ago.is_none_or(|ago| ago >= REPAINT_AT_LEAST) {
        if let Some((Line { subject, rest }, _)) = &new {
            let (bold, plain) = if color { (BOLD, PLAIN) } else { ("", "") };
            write_raw(&format!("{NO_WRAP}\r{bold}{subject}{plain}{rest}{ERASE}\r{WRAP}"));
        }
        state.painted = new;
        state.last_shown = Some(now);
    }
}

fn repeat(state: &mut State) {
    let began = state.jobs.values().map(Job::since).min();
    if is_due(state.last_shown.or(began), state.news, Instant::now()) {
        log(state);
    }
}

/// Whether it is time for another line of a log.
fn is_due(last: Option<Instant>, is_news: bool, now: Instant) -> bool {
    let pause = if is_news { LINE_AT_MOST } else { LINE_AT_LEAST };
    last.is_some_and(|last| now.saturating_duration_since(last) >= pause)
}

fn log(state: &mut State) {
    let now = Instant::now();
    if let Some(view) = job::view(&mut state.jobs, &state.done, now) {
        write_raw(&format!("pgyer: {}\n", line::sentence(&view)));
        state.last_shown = Some(now);
        state.news = false;
    }
}

fn clear(state: &mut State) {
    if state.painted.take().is_some() {
        write_raw(&format!("\r{ERASE}"));
    }
}

/// There is nobody to tell when standard error can't be written.
fn write_raw(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
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
        self.job(|_, _| {});
    }

    /// Takes an event of the library.
    pub(crate) fn observe(&self, event: &Event<'_>) {
        match event {
            Event::Sent { sent, total, .. } => {
                self.job(|job, now| job.set_sent(*sent, *total, now))
            }
            Event::Stored { .. } | Event::AttachmentSent { .. } | Event::Publishing { .. } => {
                self.job(|job, now| job.set_step(Step::Publishing, now));
            }
            Event::Checked { warnings, .. } => {
                self.start();
                for warning in *warnings {
                    self.screen.warning(&format!("{}: {warning}", self.name()));
                }
            }
            Event::Retry { because, number, delay, .. } if self.tells(*number) => self
                .screen
                .note(&format!("{because}; trying again in {} ({number})", human_time(*delay))),
            Event::Request { method, url, outcome, elapsed, .. } => {
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
        self.screen.say(">", BOLD, &line);
    }

    /// Whether a further try is worth a line.
    fn tells(&self, number: u32) -> bool {
        let mut state = self.screen.state();
        let told =
            state.jobs.get_mut(&self.number).is_none_or(|job| job.tells(number, Instant::now()));
        told || self.screen.0.verbosity == Verbosity::Verbose
    }

    fn name(&self) -> String {
        self.screen.state().jobs.get(&self.number).map_or_else(String::new, |job| job.name.clone())
    }

    /// Notes what became of the job. The first line of a log comes with it, later ones by the clock.
    fn job(&self, change: impl FnOnce(&mut Job, Instant)) {
        let mut state = self.screen.state();
        if let Some(job) = state.jobs.get_mut(&self.number) {
            change(job, Instant::now());
        }
        state.news = true;
        if self.screen.0.mode == Mode::Log && state.last_shown.is_none() {
            log(&mut state);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let mut state = self.screen.state();
        if let Some(job) = state.jobs.remove(&self.number) {
            state.done.files = state.done.files.saturating_add(1);
            state.done.bytes = state.done.bytes.saturating_add(job.sending().sent);
        }
        clear(&mut state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds between the lines of ten minutes.
    fn pauses(is_news: impl Fn(u64) -> bool) -> Vec<u64> {
        let start = Instant::now();
        let (mut last, mut news, mut pauses) = (0, false, Vec::new());
        for second in 1..=600 {
            news |= is_news(second);
            let at = |second| start + Duration::from_secs(second);
            if is_due(Some(at(last)), news, at(second)) {
                pauses.push(second - last);
                (last, news) = (second, false);
            }
        }
        pauses
    }

    #[test]
    fn a_log_is_neither_chatty_nor_silent() {
        assert_eq!(pauses(|_| true), [10; 60]);
        assert_eq!(pauses(|_| false), [50; 12]);
        assert_eq!(pauses(|second| second % 60 == 5)[..4], [10, 50, 10, 50]);
    }
}
