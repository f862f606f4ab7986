//! The sandbox from outside, by raw sockets.
