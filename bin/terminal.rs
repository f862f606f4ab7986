//! The terminal that standard error goes to.

use std::io::{self, IsTerminal};

/// The width if it is unknown.
const DEFAULT_COLUMNS: usize = 80;

/// Whether there is one.
pub(crate) fn is_there() -> bool {
    io::stderr().is_terminal()
}

/// Whether there is one that can rewrite a line. One of unknown kind counts as one that can't.
pub(crate) fn can_rewrite() -> bool {
    is_there() && std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}

/// Returns its current width, which is asked for each time so that no signal has to report a change.
pub(crate) fn columns() -> usize {
    let in_variable = || std::env::var("COLUMNS").ok()?.parse().ok();
    let known = window_columns().or_else(in_variable).filter(|columns| *columns > 0);
    known.unwrap_or(DEFAULT_COLUMNS)
}

/// `rustix` makes one system call without `unsafe` code of ours. `stty size` would be a process for
/// each repaint.
#[cfg(unix)]
fn window_columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
fn window_columns() -> Option<usize> {
    None
}
