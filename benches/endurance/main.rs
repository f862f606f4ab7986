//! What takes long or needs a machine in a bad state: many uploads, large ones, many at once, and
//! resources that run out or jump. docs/measurements.md has the figures of a run.
//!
//! ```sh
//! cargo bench --all-features --bench endurance
//! cargo bench --all-features --bench endurance -- jobs     # steps with `jobs` in their name
//! ```
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod client;
mod lack;
mod load;
mod program;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// A step's name, and a function that returns the figures of a run or panics.
type Step = (&'static str, fn() -> String);

const STEPS: [Step; 10] = [
    ("1,000 uploads by one client", client::many_uploads),
    ("64 processes at once", load::many_processes),
    ("60 files with --jobs 8", load::many_files),
    ("a poll of 10,000 rounds", load::long_poll),
    ("one file of 5 GiB", load::large_file),
    ("16 descriptors", lack::few_descriptors),
    ("too few descriptors for 8 jobs", lack::too_few_descriptors),
    ("a full disk behind standard output", lack::full_disk),
    ("no home directory", lack::no_home),
    ("a clock that jumps", lack::jumping_clock),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, url, key] = &arguments[..] {
        if first == client::CHILD {
            return client::child(url, key);
        }
    }
    // Cargo adds `--bench`.
    let wanted = arguments.iter().find(|argument| !argument.starts_with("--"));
    let mut failed = 0;
    for (name, step) in STEPS {
        if wanted.is_some_and(|part| !name.contains(part.as_str())) {
            continue;
        }
        let began = Instant::now();
        match catch_unwind(AssertUnwindSafe(step)) {
            Ok(figures) => println!("ok: {name}: {figures} ({:.1?})", began.elapsed()),
            Err(_) => {
                failed += 1;
                println!("FAILED: {name}");
            }
        }
    }
    std::process::exit(i32::from(failed > 0));
}
