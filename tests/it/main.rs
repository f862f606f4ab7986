//! The tests from outside: the program against a server on loopback, and the library's public API.

#![allow(clippy::unwrap_used)]

mod changes;
mod commands;
mod completions;
mod doctor;
mod document;
mod endpoints;
mod examples;
mod exit_codes;
mod formats;
mod forms;
mod hosts;
mod keys;
mod library;
mod matrix;
mod peers;
mod programs;
mod proxies;
mod proxy_server;
mod readme;
#[cfg(unix)]
mod recipes;
mod relay;
mod sandbox;
mod signals;
mod support;
mod timing;
mod tls;
mod upload;
mod walks;
