//! Uploads a package and shows its progress.
//!
//! ```sh
//! PGYER_API_KEY=… cargo run --example upload -- app.apk 'Fixes the login.'
//! ```
//!
//! The install page goes to standard output. `PGYER_API_URL` selects another
//! API, such as that of a `pgyer sandbox`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks")]

use std::env;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use pgyer::{ApiKey, Client, Error, Event, Package, Proxies, Result, UploadOptions};

fn main() -> ExitCode {
    match upload() {
        Ok(page) => {
            println!("{page}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("upload: {}", error.report());
            ExitCode::from(error.kind().exit_code())
        }
    }
}

/// Takes a package from disk to its install page.
fn upload() -> Result<String> {
    let usage = || Error::usage("usage: upload FILE [NOTES]");
    let path = env::args_os().nth(1).ok_or_else(usage)?;
    let package = Package::open(path)?;
    let mut options = UploadOptions::default();
    options.release.update_description = env::args().nth(2);
    let published = client()?.with_observer(progress()).publish(&package, &options)?;
    let page = published.build.install_url();
    Ok(page.unwrap_or(published.key))
}

fn client() -> Result<Client> {
    let mut builder = Client::builder().api_key(ApiKey::discover()?).proxies(Proxies::from_env());
    if let Some(url) = env::var("PGYER_API_URL").ok().filter(|url| !url.is_empty()) {
        builder = builder.api_url(url);
    }
    builder.build()
}

/// An observer that writes a line for each step, and one for each tenth of the file.
fn progress() -> impl Fn(&Event<'_>) + Send + Sync + 'static {
    let shown = AtomicU64::new(0);
    move |event| match event {
        Event::Checked { build_type, size, findings, .. } => {
            eprintln!("{build_type}, {size} bytes");
            for finding in *findings {
                eprintln!("{}: {finding}", finding.level);
            }
        }
        Event::Sent { sent, total, .. } => {
            let tenths = sent * 10 / total;
            if shown.swap(tenths, Ordering::Relaxed) != tenths {
                eprintln!("sent {} %", tenths * 10);
            }
        }
        Event::Stored { elapsed, .. } => eprintln!("stored after {:.1} s", elapsed.as_secs_f64()),
        Event::Publishing { waited, .. } => eprintln!("publishing for {} s", waited.as_secs()),
        Event::Retry { because, delay, .. } => {
            eprintln!("{because}; again in {:.1} s", delay.as_secs_f64());
        }
        _ => {}
    }
}
