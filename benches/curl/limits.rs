//! Figures exact enough to fail a build: memory, connections, handshakes, system calls. The limits
//! are what was measured, plus a small margin.

use std::ffi::OsString;
use std::path::Path;

use tempfile::TempDir;

use crate::measure::measure;
use crate::sink::{Counts, Sink};
use crate::{package, pgyer_put};

/// The limit of peak memory, in KiB.
const MAX_RSS: f64 = 4.0 * 1024.0;

/// How much more memory a large file may take than a small one.
const MAX_GROWTH: f64 = 1.1;

/// The sizes for that, in MiB.
const SIZES: [u64; 2] = [64, 1024];

/// The most system calls that write, for 64 MiB: batches of 128 KiB with TLS and of 512 KiB
/// without, the heads, TLS's own, and the result.
const MAX_WRITES_TLS: u64 = 540;
const MAX_WRITES_PLAIN: u64 = 150;

/// Checks a program against all limits, and exits with 1 if it misses one.
pub(crate) fn hold(program: &Path) {
    let folder = TempDir::new().unwrap();
    let mut held = true;
    for is_tls in [true, false] {
        let name = if is_tls { "TLS" } else { "plain" };
        let mut check = |what: &str, value: f64, most: f64| {
            let is_held = value <= most;
            held &= is_held;
            let word = if is_held { "ok" } else { "FAILED" };
            println!("{word}: {name}: {what}: {value:.2}, at most {most:.2}");
        };
        let peaks = SIZES.map(|size| peak(program, folder.path(), size, is_tls));
        for (size, rss) in SIZES.iter().zip(&peaks) {
            check(&format!("peak RSS at {size} MiB, in KiB"), *rss, MAX_RSS);
        }
        check("growth of it", peaks[1] / peaks[0], MAX_GROWTH);
        let writes = writes(program, folder.path(), is_tls);
        let most = if is_tls { MAX_WRITES_TLS } else { MAX_WRITES_PLAIN };
        check("writing system calls for 64 MiB", writes as f64, most as f64);
    }
    if !held {
        std::process::exit(1);
    }
}

/// The peak of one upload, which uses one connection and one handshake.
fn peak(program: &Path, folder: &Path, mebibytes: u64, is_tls: bool) -> f64 {
    let sink = Sink::start(folder, is_tls);
    let file = package(folder, mebibytes);
    let spent = measure(&pgyer_put(program, &sink, &file)).succeeded();
    let expected = Counts { connections: 1, handshakes: usize::from(is_tls), bodies: 1 };
    assert_eq!(sink.counts(), expected);
    spent.rss
}

fn writes(program: &Path, folder: &Path, is_tls: bool) -> u64 {
    let sink = Sink::start(folder, is_tls);
    let file = package(folder, SIZES[0]);
    let summary = folder.join("strace");
    let mut command: Vec<OsString> =
        ["strace", "-f", "-c", "-U", "calls,name", "-e", "trace=write,writev,sendto,sendmsg", "-o"]
            .map(OsString::from)
            .into();
    command.push(summary.clone().into());
    command.extend(pgyer_put(program, &sink, &file));
    measure(&command).succeeded();
    let summary = std::fs::read_to_string(summary).unwrap();
    let total =
        summary.lines().find_map(|line| line.trim().strip_suffix("total")?.trim().parse().ok());
    total.unwrap_or_else(|| panic!("{summary}"))
}
