//! A thousand uploads by one client, in a process of its own: the sandbox remembers all requests,
//! and its memory is not to be counted.

use std::fmt;
use std::process::Command;
use std::time::Duration;

use pgyer::sandbox::Sandbox;
use pgyer::{ApiKey, Client, Package, UploadOptions, Wait};

use crate::program::{apk, run, status_kib};

/// The first argument of the process that uploads.
pub(crate) const CHILD: &str = "--client";

const FEW: usize = 100;
const MANY: usize = 1000;

/// How much memory the allocator may retain, in KiB.
const MAX_GROWTH: u64 = 256;

/// The resources that a process holds.
struct Held {
    descriptors: usize,
    rss: u64,
    threads: u64,
}

impl Held {
    fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        Self {
            descriptors: std::fs::read_dir("/proc/self/fd").unwrap().count(),
            rss: status_kib(&status, "VmRSS:"),
            threads: status_kib(&status, "Threads:"),
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} descriptors, {} KiB, {} threads", self.descriptors, self.rss, self.threads)
    }
}

pub(crate) fn many_uploads() -> String {
    let sandbox = Sandbox::builder().polls(0).start().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([CHILD, &sandbox.api_url(), sandbox.api_key()]);
    let figures = run(&mut command).expect(0).stdout;
    let seen = sandbox.seen();
    assert_eq!(seen.builds.len(), MANY);
    let connections = seen.requests.iter().map(|request| request.connection).max().unwrap();
    format!("{}; {connections} connections", figures.trim_end())
}

/// The child: uploads, and prints what it held after few uploads and after many.
pub(crate) fn child(url: &str, key: &str) {
    let client = Client::builder().api_url(url).api_key(ApiKey::new(key).unwrap()).build().unwrap();
    let mut upload = UploadOptions::default();
    upload.wait = Wait::default().interval(Duration::from_millis(1));
    let upload_to = |count: usize, done: usize| {
        for _ in done..count {
            client.publish(&Package::open(apk()).unwrap(), &upload).unwrap();
        }
        Held::now()
    };
    let few = upload_to(FEW, 0);
    let many = upload_to(MANY, FEW);
    println!("after {FEW}: {few}; after {MANY}: {many}");
    assert_eq!(few.descriptors, many.descriptors);
    assert_eq!(few.threads, many.threads);
    assert!(many.rss <= few.rss + MAX_GROWTH);
}
