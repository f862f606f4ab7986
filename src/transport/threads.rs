//! Threads for what can't be interrupted: the resolver, and connecting to several addresses at
//! once.

use std::io;
use std::thread;

/// Starts a thread of this name.
pub(super) type Spawn = fn(&str, Box<dyn FnOnce() + Send>) -> io::Result<()>;

/// What to do where there are no more threads to be had.
pub(super) const ADVICE: &str =
    "allow more processes (ulimit -u, or the container's limit), or do less at a time (--jobs)";

pub(super) fn spawn(name: &str, work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    // The resolver of some C libraries wants more than the smallest stack; 256 KiB serves all.
    thread::Builder::new().name(name.to_owned()).stack_size(256 * 1024).spawn(work).map(drop)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A machine that has no more threads.
    pub(in super::super) fn none_left(_: &str, _: Box<dyn FnOnce() + Send>) -> io::Result<()> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}
