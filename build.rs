//! Leaves the tables for unwinding out of static release binaries: a tenth of the file, and with
//! `panic = "abort"` nothing ever reads them. Rust's own part of them can't be switched off by a
//! profile, so that the linker is told to drop them.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=bin/static.ld");
    let is = |name: &str, value: &str| {
        env::var(name).is_ok_and(|set| set.split(',').any(|part| part == value))
    };
    let is_static =
        is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_FEATURE", "crt-static");
    if is_static && is("PROFILE", "release") && env::var_os("CARGO_FEATURE_CLI").is_some() {
        let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo:rustc-link-arg-bin=pgyer=-Wl,-T,{folder}/bin/static.ld");
    }
}
