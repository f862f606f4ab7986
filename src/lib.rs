//! Uploads iOS, Android and HarmonyOS builds to [Pgyer](https://www.pgyer.com): checks a package,
//! uploads it and waits for its install page. This crate is not the vendor's.
//!
//! Calls block until they are done. The crate prints nothing, reads the environment only in
//! [`Proxies::from_env`] and [`ApiKey::discover`], and has no global state and no async runtime; one
//! [`Client`] serves any number of threads. The program `pgyer` uses nothing but this crate's
//! public interface.
//!
//! # A whole upload
//!
//! An API key (on Pgyer's website under Account, API) and a package become a build:
//!
#![cfg_attr(feature = "sandbox", doc = "```")]
#![cfg_attr(not(feature = "sandbox"), doc = "```ignore")]
//! use pgyer::{ApiKey, Client, Event, Package, UploadOptions};
//!
//! # let sandbox = pgyer::sandbox::Sandbox::builder().polls(0).start()?;
//! # let key = sandbox.api_key();
//! # std::env::set_current_dir("tests/data")?;
//! let client = Client::builder()
//!     .api_key(ApiKey::new(key)?)
//! #   .api_url(sandbox.api_url())
//!     .build()?
//!     .with_observer(|event| match event {
//!         Event::Sent { sent, total, .. } => eprintln!("{sent} of {total} bytes"),
//!         Event::Retry { because, delay, .. } => eprintln!("{because}; again in {delay:?}"),
//!         Event::Publishing { waited, .. } => eprintln!("publishing for {waited:?}"),
//!         _ => {}
//!     });
//!
//! // Checks that it is a whole APK, IPA or HAP; the error says what it is instead.
//! let package = Package::open("app.apk")?;
//! let mut options = UploadOptions::default();
//! options.release.update_description = Some("Fixes the login.".into());
//!
//! let build = client.publish(&package, &options)?.build;
//! println!("{} {}: {}", build.name, build.version, build.install_url().unwrap_or_default());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`ApiKey::discover`] finds the key where the program looks for it. [`UploadOptions`] has the
//! rest: how the build is offered ([`Release`]), a HAP's HSPs and certificate, how long to wait.
//! [`store`](Client::store) does the same without waiting.
//! [`Event`] lists everything that an observer is called with.
//!
//! # Single steps
//!
//! Each endpoint of the vendor's page is one method, named as it is there.
//!
//! | method | endpoint | |
//! |---|---|---|
//! | [`get_cos_token`](Client::get_cos_token) | `getCOSToken` | where to upload to, with which fields, and the key of the build |
//! | [`put`](Client::put) | the token's own | uploads the file; needs no API key |
//! | [`build_info`](Client::build_info) | `buildInfo` | asks once what became of it; [`wait`](Client::wait) asks until it is decided |
//! | [`upload_harmony_cert`](Client::upload_harmony_cert) | `uploadHarmonyCert` | the certificate of a HAP |
//! | [`upload_harmony_hsp`](Client::upload_harmony_hsp) | `uploadHarmonyHsp` | an HSP that a HAP depends on |
//! | [`upload_legacy`](Client::upload_legacy) | `upload` | the old upload in one request |
//!
//! Where the machine that has the package may not have the API key, the steps run on different
//! machines, and the token's JSON travels between them:
//!
#![cfg_attr(feature = "sandbox", doc = "```")]
#![cfg_attr(not(feature = "sandbox"), doc = "```ignore")]
//! use pgyer::{BuildType, Client, Package, Release, UploadToken, Wait};
//!
//! # let sandbox = pgyer::sandbox::Sandbox::builder().polls(0).start()?;
//! # let key = pgyer::ApiKey::new(sandbox.api_key())?;
//! # let client = Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
//! # std::env::set_current_dir("tests/data")?;
//! // Here is the key,
//! let token = client.get_cos_token(BuildType::Android, &Release::default())?;
//! let json = token.expose_json();
//!
//! // there is the package,
//! let keyless = Client::builder().build()?;
//! keyless.put(&UploadToken::from_json(json)?, &Package::open("app.apk")?)?;
//!
//! // and here it is waited for.
//! let build = client.wait(token.key(), &Wait::default())?;
//! assert_eq!(build.build_type, Some(2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`doctor`](Client::doctor) tests every host that an upload needs, and publishes nothing.
//!
//! # What a package is
//!
//! [`Package::open`] also reads what the package is ([`Package::identity`]) and what will keep
//! phones from installing it ([`Package::findings`]). Findings do not stop an upload; what is
//! [`Expected`] does, before anything is sent:
//!
//! ```no_run
//! use pgyer::{Expected, Package};
//!
//! let package = Package::open("app.ipa")?;
//! for finding in package.findings() {
//!     eprintln!("{}: {finding}", finding.level);
//! }
//! let mut expected = Expected::default();
//! expected.identifier = Some("com.example.app".into());
//! expected.strict = true;
//! package.demand(&expected)?;
//! # Ok::<(), pgyer::Error>(())
//! ```
//!
//! [`UploadOptions::expected`] makes [`publish`](Client::publish) look at the same, and compare
//! the published build with the package.
//!
//! # Errors
//!
//! [`Error`] is one enum that says what happened. [`kind`](Error::kind) sorts it as the program's
//! exit codes do, [`is_retryable`](Error::is_retryable) says whether the same call may go better
//! later, [`source`](std::error::Error::source) keeps the cause, and [`report`](Error::report) is
//! one message for people: what was being done, what went wrong, what to do.
//!
//! ```no_run
//! use pgyer::{Error, ErrorKind};
//! use std::process::ExitCode;
//!
//! # fn publish() -> pgyer::Result<()> { Ok(()) }
//! fn main() -> ExitCode {
//!     let Err(error) = publish() else { return ExitCode::SUCCESS };
//!     eprintln!("{}", error.report());
//!     match &error {
//!         // The package is stored: go on with the key, don't send it again.
//!         Error::Pending { key, .. } | Error::Uncertain { key: Some(key), .. } => {
//!             eprintln!("go on with client.wait({key:?}, …)");
//!         }
//!         _ if error.kind() == ErrorKind::Auth => eprintln!("see the secret of this job"),
//!         _ if error.is_retryable() => eprintln!("run this job again later"),
//!         _ => {}
//!     }
//!     ExitCode::from(error.kind().exit_code())
//! }
//! ```
//!
//! | kind | exit code | means |
//! |---|---|---|
//! | [`Io`](ErrorKind::Io) | 1 | a file is missing, can't be read, or changed while it was uploaded |
//! | [`Usage`](ErrorKind::Usage) | 2 | a setting or a value can't be used |
//! | [`Package`](ErrorKind::Package) | 3 | Pgyer can't publish this file |
//! | [`Auth`](ErrorKind::Auth) | 4 | no API key, or not the right one |
//! | [`Api`](ErrorKind::Api) | 5 | Pgyer refused the request, or its answer can't be used |
//! | [`Network`](ErrorKind::Network) | 6 | not reached, or something else answered |
//! | [`Storage`](ErrorKind::Storage) | 7 | the storage refused the file |
//! | [`Publish`](ErrorKind::Publish) | 8 | Pgyer can't make a build of it |
//! | [`Pending`](ErrorKind::Pending) | 9 | stored, not published yet |
//! | [`Cancelled`](ErrorKind::Cancelled) | 130 | the caller did not want it any more |
//!
//! # Time
//!
//! Every wait has a limit. By default, connecting may take 10 s
//! ([`connect_timeout`](ClientBuilder::connect_timeout)), and a connection that moves no byte for
//! 60 s is dropped, while a slow one that keeps moving is not
//! ([`stall_timeout`](ClientBuilder::stall_timeout)). Failures that may pass are retried 3 times
//! ([`RetryPolicy`]), and a build is waited for 10 minutes ([`Wait`]).
//! [`with_deadline`](Client::with_deadline) limits all of it together:
//!
//! ```
//! use std::time::{Duration, Instant};
//!
//! let client = pgyer::Client::builder().build()?;
//! let hurried = client.with_deadline(Instant::now() + Duration::from_secs(300));
//! # Ok::<(), pgyer::Error>(())
//! ```
//!
//! [`with_cancel`](Client::with_cancel) takes a flag that somebody else may set, a button or
//! a signal: everything that is under way ends within 100 ms, with the kind
//! [`Cancelled`](ErrorKind::Cancelled).
//!
//! # Logs and async code
//!
//! The library writes nothing; what happens goes to the observer, here on to [`log`]. With
//! `tracing` it is the same, with its macros.
//!
//! ```no_run
//! # let client = pgyer::Client::builder().build()?;
//! use pgyer::Event;
//!
//! let client = client.with_observer(|event| match event {
//!     Event::Request { method, url, outcome, elapsed, .. } => {
//!         log::debug!("{method} {url}: {outcome:?} after {elapsed:?}");
//!     }
//!     Event::Retry { because, delay, .. } => log::warn!("{because}; again in {delay:?}"),
//!     Event::Sent { .. } => {}
//!     event => log::info!("{event:?}"),
//! });
//! # Ok::<(), pgyer::Error>(())
//! ```
//!
//! Calls block, so async code makes them on a thread that may block:
//!
//! ```no_run
//! use pgyer::{BuildInfo, Client, Package, UploadOptions};
//!
//! type Failure = Box<dyn std::error::Error>;
//!
//! async fn publish(client: Client, path: String) -> Result<BuildInfo, Failure> {
//!     let publish = move || {
//!         let package = Package::open(path)?;
//!         client.publish(&package, &UploadOptions::default())
//!     };
//!     Ok(tokio::task::spawn_blocking(publish).await??.build)
//! }
//! ```
//!
//! [`log`]: https://docs.rs/log
//!
//! # Secrets
//!
//! [`ApiKey`] and [`Password`] have no `Display`, and their `Debug` shows `***`; a token's
//! signature is not in its `Debug` either. Errors and events quote servers with every secret
//! replaced by `***`; a build's fields are data and lose only the API key and fields called
//! password. What is sent is never altered. `expose` in a method's name marks the few ways to a
//! secret. The API key goes only to the API's hosts, in bodies and never in a URL, and `http://`
//! is refused for other machines unless
//! [`allow_insecure_http`](ClientBuilder::allow_insecure_http) allows it.
//!
//! # Tests
//!
//! With the feature `sandbox`, `pgyer::sandbox::Sandbox` is a Pgyer on loopback, for tests of code
//! that uses this crate. It publishes nothing, and fails on demand. The two guides above run
//! against it.
//!
//! # Features
//!
//! - `cli`, on by default: the program. A library leaves it out with `default-features = false`.
//! - `qr`, part of `cli`: `BuildInfo::qr_svg`, a QR code of the install page as a picture.
//! - `sandbox`: the module of that name.
//!
//! # What is stable
//!
//! Versions follow [Semantic Versioning](https://semver.org); before 1.0 a minor version may break
//! things, and `CHANGELOG.md` says which. Enums and structs that may grow are `non_exhaustive`, and
//! the variants of [`Error`] and [`Event`] may get fields in a minor version: match them with `..`.
//! The words of messages, and the types behind [`source`](std::error::Error::source), may change
//! at any time. No dependency's type is part of the interface.
//!
//! The minimum Rust version is 1.85; only a minor version raises it.

// No input may end the program in a panic. Tests may panic.
#![cfg_attr(
    not(test),
    warn(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable
    )
)]

mod api;
mod calendar;
mod client;
#[cfg(test)]
#[path = "../tests/it/support/decoder.rs"]
mod decoder;
mod der;
mod discover;
mod doctor;
mod error;
mod escape;
mod event;
mod finding;
#[doc(hidden)]
#[cfg(any(test, fuzzing))]
#[path = "../fuzz/properties/library.rs"]
pub mod fuzzing;
mod html;
mod json;
mod missing;
mod multipart;
mod package;
mod percent;
mod pipeline;
mod publish;
#[cfg(feature = "qr")]
mod qr;
mod rand;
mod redact;
mod retry;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod secret;
mod shell;
mod source;
mod stop;
mod storage;
mod text;
mod transport;
mod types;
mod wait;

pub use client::{Client, ClientBuilder};
pub use doctor::{Diagnosis, Probe};
pub use error::{Error, ErrorKind, Result};
pub use event::Event;
pub use finding::{Finding, Level};
pub use package::{Expected, Identity, Package, Profile};
pub use pipeline::{Turn, pipeline};
pub use publish::{Published, Stored, UploadOptions};
pub use retry::RetryPolicy;
pub use secret::{ApiKey, Password};
pub use source::Source;
pub use transport::Proxies;
pub use types::{
    BuildInfo, BuildStatus, BuildType, Date, InstallType, Region, Release, UploadToken, Validity,
};
pub use wait::Wait;
