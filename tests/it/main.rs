//! The tests from outside: the program against a server on loopback, and the library's public API.

#![allow(clippy::unwrap_used)]

mod completions;
mod endpoints;
mod exit_codes;
mod formats;
mod forms;
mod support;
mod upload;
