//! Leaves the tables for unwinding out of static release binaries: a tenth of the file, and with
//! `panic = "abort"` nothing ever reads them. Rust's own part of them can't be switched off by a
//! profile, so that the linker is told to drop them. Also packs the relocations of such binaries
//! where the C library can unpack them: a twentieth of the file.

use std::env;
use std::process::Command;

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
        if env::var("HOST") == env::var("TARGET") && glibc_unpacks_relocations() {
            println!("cargo:rustc-link-arg-bin=pgyer=-Wl,-z,pack-relative-relocs");
        }
    }
}

/// Whether this machine's C library is glibc 2.36 or later. A static program that is linked with an
/// older one, or with an older musl, crashes at the start if its relocations are packed.
fn glibc_unpacks_relocations() -> bool {
    let version = || {
        let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
        let minor = minor.split('.').next()?;
        Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
    };
    version().is_some_and(|version| version >= (2, 36))
}
