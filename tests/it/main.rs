//! The tests from outside: the program against a server on loopback, and the library's public API.

#![allow(clippy::unwrap_used)]

mod commands;
mod completions;
mod endpoints;
mod examples;
mod exit_codes;
mod formats;
mod forms;
mod keys;
mod library;
mod matrix;
mod readme;
mod sandbox;
mod support;
mod upload;
