//! The tests from outside: the program against a server on loopback, and the library's public API.

mod changes;
mod completions;
mod hosts;
mod matrix;
mod proxies;
mod proxy_server;
mod relay;
mod signals;
mod support;
mod timing;
mod tls;
mod upload;
mod walks;
