//! Ctrl-C and SIGTERM: the end comes at once, with the signal's own status, on a clean line.

use crate::args::Format;
use crate::output;
use crate::progress::Screen;

#[cfg(unix)]
pub(crate) fn watch(screen: &Screen, format: Format) {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use std::thread;

    let watched = [SIGINT, SIGTERM].into_iter().filter(|signal| !is_ignored(*signal));
    let Ok(mut signals) = Signals::new(watched) else { return };
    let screen = screen.clone();
    // Without the thread a signal does what it always does, only less tidily.
    let _ = thread::Builder::new().name("signals".into()).stack_size(64 * 1024).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            screen.end();
            if format == Format::Env {
                // The shell that evaluates this must not take it for a success.
                let code = u8::try_from(status(signal)).unwrap_or(1);
                let _ = output::print(&output::exit_line(code));
            }
            end_by(signal);
        }
    });
}

/// Whether the parent has this signal ignored, as shells do for jobs in the background: it stays so.
/// Linux says it in a file; elsewhere it is not known.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let place = u32::try_from(signal).ok().and_then(|signal| signal.checked_sub(1));
    place.and_then(|place| mask.checked_shr(place)).is_some_and(|mask| mask & 1 == 1)
}

/// What a shell reports of a process that a signal has ended.
#[cfg(unix)]
fn status(signal: i32) -> i32 {
    signal.saturating_add(128)
}

/// The kernel ignores default actions for the first process of a container, and the emulation of
/// them crashes there: such a process exits as a shell would report it.
#[cfg(unix)]
fn end_by(signal: i32) {
    if std::process::id() != 1 {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
    std::process::exit(status(signal));
}

#[cfg(not(unix))]
pub(crate) fn watch(_: &Screen, _: Format) {}
