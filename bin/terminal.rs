//! The terminal that standard error goes to, and how wide that of standard output is.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal};

/// The width if it is unknown.
const DEFAULT_COLUMNS: usize = 80;

/// Whether standard error goes to a terminal.
pub(crate) fn is_there() -> bool {
    io::stderr().is_terminal()
}

/// Whether that terminal can rewrite a line, and show colours.
pub(crate) fn can_rewrite() -> bool {
    is_there() && takes_escapes(std::env::var_os("TERM"), enable_escapes)
}

/// A terminal of unknown kind counts as one that doesn't, unless it is a console that says so.
fn takes_escapes(term: Option<OsString>, enable: impl FnOnce() -> bool) -> bool {
    let term = term.filter(|term| !term.is_empty());
    term.as_deref() != Some(OsStr::new("dumb")) && (enable() || term.is_some())
}

/// Asks the console to act on escape sequences, and returns whether it does: since Windows 10 it
/// can, but only for programs that ask.
#[cfg(windows)]
fn enable_escapes() -> bool {
    use winapi_util::console::Console;
    Console::stderr().and_then(|mut console| console.set_virtual_terminal_processing(true)).is_ok()
}

#[cfg(not(windows))]
fn enable_escapes() -> bool {
    false
}

/// Returns its current width, which is asked for each time so that no signal has to report a
/// change.
pub(crate) fn columns() -> usize {
    known(window_columns(io::stderr()))
}

/// Returns the width of standard output, or the default if that is no terminal.
pub(crate) fn output_columns() -> usize {
    if io::stdout().is_terminal() { known(window_columns(io::stdout())) } else { DEFAULT_COLUMNS }
}

fn known(columns: Option<usize>) -> usize {
    let in_variable = || std::env::var("COLUMNS").ok()?.parse().ok();
    columns.or_else(in_variable).filter(|columns| *columns > 0).unwrap_or(DEFAULT_COLUMNS)
}

/// `rustix` makes one system call without `unsafe` code of ours. `stty size` would be a process for
/// each repaint.
#[cfg(unix)]
fn window_columns(stream: impl std::os::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// The window's, not those of the buffer behind it, which may be wider.
#[cfg(windows)]
fn window_columns(stream: impl winapi_util::AsHandleRef) -> Option<usize> {
    let window = winapi_util::console::screen_buffer_info(stream).ok()?.window_rect();
    usize::try_from(window.right - window.left + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_of_unknown_kind_takes_escapes_if_it_is_a_console_that_says_so() {
        for (term, on_console, elsewhere) in [
            (Some("xterm"), true, true),
            (Some("dumb"), false, false),
            (Some(""), true, false),
            (None, true, false),
        ] {
            let takes = |is_console| takes_escapes(term.map(OsString::from), || is_console);
            assert_eq!((takes(true), takes(false)), (on_console, elsewhere), "{term:?}");
        }
    }
}
