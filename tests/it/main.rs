//! The tests from outside: the program against a server on loopback, and the library's public API.

#![allow(clippy::unwrap_used)]

mod completions;
mod readme;
mod support;
mod upload;
