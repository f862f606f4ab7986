//! Ctrl-C and SIGTERM: the program ends at once, with the signal's own status, on a clean line.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::args::Format;
use crate::output;
use crate::progress::Screen;

/// How long tidying up may take. It blocks where nobody reads what we write: a full pipe, or a
/// terminal that was stopped with Ctrl-S.
const TIDY_TIME: Duration = Duration::from_millis(250);

const STACK_SIZE: usize = 64 * 1024;

/// Starts to watch for signals, in a thread. The thread itself registers for them, so that they keep
/// their default action where it can't be started.
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
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let watched = [SIGINT, SIGTERM].into_iter().filter(|signal| !is_ignored(*signal));
    let Ok(mut signals) = Signals::new(watched) else { return };
    drop(registered);
    if let Some(signal) = signals.forever().next() {
        tidy_up(screen, format, signal);
        end_by(signal);
    }
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
fn end_by(signal: i32) {
    if std::process::id() != 1 {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
    std::process::exit(status(signal));
}
