//! The tests from outside.
