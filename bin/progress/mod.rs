//! Standard error: messages, and the progress of the jobs. On a terminal that is one line, which is
//! rewritten; elsewhere it is a line now and then.

mod job;
mod line;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use pgyer::{Event, Finding, Level};

use self::job::{Ended, Job, Step};
use self::line::Line;
use crate::args::{Output, Verbosity, When};
use crate::output::{harmless, human_time};
use crate::terminal;

/// The time between two repaints of the line on a terminal, and the longest time without one: what
/// another process has written there may have overwritten the line.
const REPAINT_INTERVAL: Duration = Duration::from_millis(100);
const MAX_REPAINT_INTERVAL: Duration = Duration::from_secs(1);

/// The shortest time between two lines of a log, and the longest silence while a job is running: CI
/// systems end jobs that are silent.
const MIN_LOG_INTERVAL: Duration = Duration::from_secs(10);
const MAX_LOG_SILENCE: Duration = Duration::from_secs(50);

/// How long jobs have to run before the first line: nobody needs one about what is over already.
const LOG_DELAY: Duration = Duration::from_secs(1);

/// How often to check whether another line is due.
const LOG_TICK: Duration = Duration::from_millis(500);

/// Goes to the start of the line and erases from there to the end of the screen. The cursor always
/// rests at the start of the line, so that this erases all of it even after a terminal that was
/// made narrower has broken it in two.
pub(crate) const ERASE: &str = "\r\x1b[J";
const ERASE_REST: &str = "\x1b[J";
/// Between these two no line wraps. A terminal may be narrower than the system knows: tmux reports
/// a new width a quarter of a second late, and SSH whenever it gets to it.
const NO_WRAP: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";
const BOLD: &str = "\x1b[1m";
/// Readable on white and on black, unlike yellow.
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
    /// The jobs that are running, by number.
    jobs: BTreeMap<usize, Job>,
    ended: Ended,
    /// The line on the screen and its width, to be erased before anything else is written.
    painted: Option<(Line, usize)>,
    /// Number of writers currently using the screen; the line stays off meanwhile.
    writers: usize,
    /// Whether a job has changed since the last line of a log.
    news: bool,
    last_shown: Option<Instant>,
    /// When the first job began.
    began: Option<Instant>,
    has_ticker: bool,
    is_closed: bool,
}

impl Screen {
    pub(crate) fn new(output: &Output) -> Self {
        let can_rewrite = terminal::can_rewrite();
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

    /// Shows an error, with `-q` too.
    pub(crate) fn error(&self, message: &str) {
        self.say("pgyer:", BOLD_RED, message);
    }

    /// Shows something that may need action and stops nothing.
    pub(crate) fn warning(&self, message: &str) {
        if !self.is_quiet() {
            self.say("pgyer: warning:", BOLD_MAGENTA, message);
        }
    }

    /// Shows what was found in a package.
    pub(crate) fn finding(&self, file: &str, finding: &Finding) {
        let message = format!("{file}: {} [{}]", finding.message, finding.code);
        match finding.level {
            Level::Note if !self.is_quiet() => self.say("pgyer: note:", BOLD, &message),
            Level::Note => {}
            _ => self.warning(&message),
        }
    }

    /// Shows something worth knowing.
    pub(crate) fn note(&self, message: &str) {
        if !self.is_quiet() {
            self.say("pgyer:", BOLD, message);
        }
    }

    /// Writes a line that begins with a word, in a colour where there are colours.
    fn say(&self, word: &str, color: &str, message: &str) {
        let line = harmless(&format!("{word} {message}"));
        match line.strip_prefix(word) {
            Some(rest) if self.0.color => self.lines(&format!("{color}{word}{PLAIN}{rest}\n")),
            _ => self.lines(&format!("{line}\n")),
        }
    }

    /// Writes whole lines as they are.
    pub(crate) fn lines(&self, text: &str) {
        let mut state = self.state();
        clear(&mut state);
        write_raw(text);
    }

    /// Keeps the progress line off the screen while `write` may write to it.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        {
            let mut state = self.state();
            clear(&mut state);
            state.writers += 1;
        }
        let written = write();
        self.state().writers -= 1;
        written
    }

    /// Shows the progress of a job until the guard is dropped.
    pub(crate) fn begin(&self, number: usize, path: &Path, doing: &'static str) -> Progress {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let mut state = self.state();
        let now = Instant::now();
        state.jobs.insert(number, Job::new(&name, doing, now));
        state.began.get_or_insert(now);
        if self.0.mode != Mode::Off && !state.has_ticker {
            state.has_ticker = true;
            let shared = Arc::downgrade(&self.0);
            // Without the thread there are fewer lines; nothing else depends on it.
            let _ = thread::Builder::new()
                .name("progress".into())
                .stack_size(64 * 1024)
                .spawn(move || tick(&shared));
        }
        Progress { screen: self.clone(), number, path: path.display().to_string() }
    }

    /// Erases the progress line for good.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        clear(&mut state);
        state.is_closed = true;
        self.0.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }
}

/// Locks the state, even if another thread panicked while holding the lock.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shows the progress at intervals, until the screen is closed or gone. On a terminal only this
/// thread paints the line, which limits the number of repaints.
fn tick(screen: &Weak<Shared>) {
    while let Some(shared) = screen.upgrade() {
        let mut state = lock(&shared.state);
        if state.is_closed {
            return;
        }
        let pause = if shared.mode == Mode::Line {
            repaint(&mut state, shared.color);
            REPAINT_INTERVAL
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
    if state.writers > 0 || ago.is_some_and(|ago| ago < REPAINT_INTERVAL) {
        return;
    }
    let Some(view) = job::view(&mut state.jobs, &state.ended, now) else { return };
    let columns = terminal::columns();
    let new = Some((line::line(&view, columns), columns));
    if state.painted != new || ago.is_none_or(|ago| ago >= MAX_REPAINT_INTERVAL) {
        if let Some((Line { subject, rest }, _)) = &new {
            let (bold, plain) = if color { (BOLD, PLAIN) } else { ("", "") };
            write_raw(&format!("{NO_WRAP}\r{bold}{subject}{plain}{rest}{ERASE_REST}\r{WRAP}"));
        }
        state.painted = new;
        state.last_shown = Some(now);
    }
}

fn repeat(state: &mut State) {
    let now = Instant::now();
    let is_late = |began: Instant| now.saturating_duration_since(began) >= LOG_DELAY;
    let due = match state.last_shown {
        None => state.began.is_some_and(is_late),
        last => is_due(last, state.news, now),
    };
    if due {
        log(state);
    }
}

/// Whether another line of a log is due.
fn is_due(last: Option<Instant>, is_news: bool, now: Instant) -> bool {
    let pause = if is_news { MIN_LOG_INTERVAL } else { MAX_LOG_SILENCE };
    last.is_some_and(|last| now.saturating_duration_since(last) >= pause)
}

fn log(state: &mut State) {
    let now = Instant::now();
    if let Some(view) = job::view(&mut state.jobs, &state.ended, now) {
        write_raw(&(harmless(&format!("pgyer: {}", line::sentence(&view))) + "\n"));
        state.last_shown = Some(now);
        state.news = false;
    }
}

fn clear(state: &mut State) {
    if state.painted.take().is_some() {
        write_raw(ERASE);
    }
}

/// Ignores failures: if standard error can't be written, there is nobody to tell.
fn write_raw(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// The progress of one job, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    screen: Screen,
    number: usize,
    /// As it was given.
    path: String,
}

impl Progress {
    /// Shows an event of the library.
    pub(crate) fn observe(&self, event: &Event<'_>) {
        match event {
            Event::Sent { sent, total, .. } => {
                self.update(|job, now| job.set_sent(*sent, *total, now));
            }
            Event::Stored { .. } | Event::AttachmentSent { .. } | Event::Publishing { .. } => {
                self.update(|job, now| job.set_step(Step::Publishing, now));
            }
            Event::Checked { findings, .. } => {
                findings.iter().for_each(|finding| self.screen.finding(&self.path, finding));
            }
            Event::Retry { because, number, delay, .. } if self.announces(*number) => self
                .screen
                .note(&format!("{because}; trying again in {} ({number})", human_time(*delay))),
            Event::StoredTwice { path, key, earlier, .. } => self.screen.error(&format!(
                "{}: it may be published twice, under the keys {earlier} and {key}: the storage \
                 may have taken it before the token of the first expired; ask for both with \
                 pgyer status",
                path.display()
            )),
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

    /// Whether to announce this retry.
    fn announces(&self, number: u32) -> bool {
        let mut state = self.screen.state();
        let job = state.jobs.get_mut(&self.number);
        job.is_none_or(|job| job.announces(number, Instant::now()))
            || self.screen.0.verbosity == Verbosity::Verbose
    }

    /// Changes the job. The ticker shows it.
    fn update(&self, change: impl FnOnce(&mut Job, Instant)) {
        let mut state = self.screen.state();
        if let Some(job) = state.jobs.get_mut(&self.number) {
            change(job, Instant::now());
        }
        state.news = true;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let mut state = self.screen.state();
        if let Some(job) = state.jobs.remove(&self.number) {
            state.ended.files += 1;
            state.ended.bytes += job.sending().sent;
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
