//! A Pgyer on loopback.
