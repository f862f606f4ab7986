//! The terminal that standard error goes to, and how wide that of standard output is.

use std::io::{self, IsTerminal};

/// The width if it is unknown.
const DEFAULT_COLUMNS: usize = 80;

/// Whether standard error goes to a terminal.
pub(crate) fn is_there() -> bool {
    io::stderr().is_terminal()
}

/// Whether that terminal can rewrite a line. One of unknown kind counts as one that can't.
pub(crate) fn can_rewrite() -> bool {
    is_there() && std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}

/// Returns its current width, which is asked for each time so that no signal has to report a
/// change.
pub(crate) fn columns() -> usize {
    known(window_columns(io::stderr()))
}

/// Whether standard output goes to a terminal.
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

#[cfg(not(unix))]
fn window_columns<T>(_: T) -> Option<usize> {
    None
}
