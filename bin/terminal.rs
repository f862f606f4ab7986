//! What is known of the terminal.

use std::io::{self, IsTerminal};

/// The width where none is known.
const USUAL_COLUMNS: usize = 80;

/// Whether standard error goes to a terminal.
pub(crate) fn is_there() -> bool {
    io::stderr().is_terminal()
}

/// Whether it is one that can't rewrite a line, or nobody says which one it is.
pub(crate) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// Its width now: asked again each time, so that no signal has to tell of a change.
pub(crate) fn columns() -> usize {
    let of_variable = || std::env::var("COLUMNS").ok()?.parse().ok();
    let known = of_window().or_else(of_variable).filter(|columns| *columns > 0);
    known.unwrap_or(USUAL_COLUMNS)
}

/// By `rustix`, which makes one system call without `unsafe` of ours; `stty size` would be a process
/// for each repaint.
#[cfg(unix)]
fn of_window() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
fn of_window() -> Option<usize> {
    None
}
