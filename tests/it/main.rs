//! The tests from outside: the program against a server on loopback, and the library's public API.

#![allow(clippy::unwrap_used)]

mod cancel;
mod changes;
mod commands;
#[cfg(unix)]
mod completions;
mod doctor;
mod endpoints;
#[cfg(unix)]
mod examples;
mod exit_codes;
mod expect;
mod findings;
mod formats;
mod forms;
mod hostile;
mod hosts;
mod house;
mod keys;
mod library;
mod matrix;
mod model;
mod peers;
mod pipeline;
mod programs;
mod proxies;
mod qr;
mod rate;
mod readme;
#[cfg(unix)]
mod recipes;
mod release;
mod sandbox;
mod schema;
mod secrets;
mod signals;
mod supply_chain;
mod support;
mod terminal;
mod timing;
mod tls;
mod trust;
mod upload;
mod walks;
