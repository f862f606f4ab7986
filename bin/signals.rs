//! Ctrl-C and SIGTERM: the program ends at once, with the signal's own status, on a clean line.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use signal_hook::consts::SIGINT;

use crate::args::Format;
use crate::output;
use crate::progress::Screen;

/// How long tidying up may take. It blocks where nobody reads what we write: a full pipe, or a
/// terminal that was stopped with Ctrl-S.
const TIDY_TIME: Duration = Duration::from_millis(250);

const STACK_SIZE: usize = 64 * 1024;

/// Starts to watch for signals, in a thread. The thread itself registers for them, so that they
/// keep their default action where it can't be started.
pub(crate) fn watch(screen: &Screen, format: Format) {
    let screen = screen.clone();
    let (sender, registered) = mpsc::channel();
    let watch = move || end_at_a_signal(screen, format, sender);
    let thread = thread::Builder::new().name("signals".into()).stack_size(STACK_SIZE);
    if thread.spawn(watch).is_ok() {
        // Until then the first process of a container would not notice a signal.
        let _ = registered.recv();
    }
}

fn end_at_a_signal(screen: Screen, format: Format, registered: mpsc::Sender<()>) {
    if let Some(signal) = first_signal(registered) {
        tidy_up(screen, format, signal);
        end_by(signal);
    }
}

/// Waits for the first signal; `None` if none can be waited for. Drops `registered` once it can.
#[cfg(unix)]
fn first_signal(registered: mpsc::Sender<()>) -> Option<i32> {
    use signal_hook::consts::SIGTERM;
    use signal_hook::iterator::Signals;

    let watched = [SIGINT, SIGTERM].into_iter().filter(|signal| !is_ignored(*signal));
    let mut signals = Signals::new(watched).ok()?;
    drop(registered);
    signals.forever().next()
}

/// Windows has only Ctrl-C, and no way to wake a thread for it.
#[cfg(windows)]
fn first_signal(registered: mpsc::Sender<()>) -> Option<i32> {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    const PAUSE: Duration = Duration::from_millis(50);

    let came = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGINT, came.clone()).ok()?;
    drop(registered);
    while !came.load(Ordering::Relaxed) {
        thread::sleep(PAUSE);
    }
    Some(SIGINT)
}

/// Leaves a clean line, in a thread of its own because that may block for good.
fn tidy_up(screen: Screen, format: Format, signal: i32) {
    let (sender, done) = mpsc::channel::<()>();
    let tidy = move || {
        screen.end();
        if format == Format::Env {
            // The shell that evaluates this must not take it for a success.
            let code = u8::try_from(status(signal)).unwrap_or(1);
            let _ = output::print(&output::exit_line(code));
        }
        drop(sender);
    };
    if thread::Builder::new().stack_size(STACK_SIZE).spawn(tidy).is_ok() {
        let _ = done.recv_timeout(TIDY_TIME);
    }
}

/// Whether this signal was inherited as ignored, as shells do for jobs in the background. It stays
/// ignored then. Linux says so in a file; elsewhere it is not known.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

/// The exit status that a shell reports for a process that a signal has ended.
fn status(signal: i32) -> i32 {
    128 + signal
}

/// Ends the program as the signal's default action would. For the first process of a container the
/// kernel ignores default actions, and signal-hook's emulation of them crashes: that process exits
/// with the status that a shell would report.
#[cfg(unix)]
fn end_by(signal: i32) {
    if std::process::id() != 1 {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
    std::process::exit(status(signal));
}

/// Ends the program as Windows ends one at Ctrl-C: with `STATUS_CONTROL_C_EXIT`.
#[cfg(windows)]
fn end_by(_: i32) {
    std::process::exit(-0x3FFF_FEC6);
}

#[cfg(all(test, windows))]
mod tests {
    use super::*;

    #[test]
    fn ctrl_c_is_noticed() {
        let (sender, registered) = mpsc::channel();
        let watcher = thread::spawn(move || first_signal(sender));
        assert!(registered.recv().is_err());
        signal_hook::low_level::raise(SIGINT).unwrap();
        assert_eq!(watcher.join().unwrap(), Some(SIGINT));
    }
}
