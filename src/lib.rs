//! Uploads iOS, Android and HarmonyOS builds to Pgyer.

mod api;
mod client;
mod doctor;
mod error;
mod event;
#[doc(hidden)]
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod json;
mod multipart;
mod package;
mod publish;
mod redact;
mod retry;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod secret;
mod source;
mod storage;
mod text;
mod transport;
mod types;
mod wait;

pub use client::{Client, ClientBuilder};
pub use doctor::{Diagnosis, Finding};
pub use error::{Error, ErrorKind, Result};
pub use event::Event;
pub use package::Package;
pub use publish::{Published, Upload, Waiting};
pub use retry::RetryPolicy;
pub use secret::{ApiKey, Password};
pub use source::{MAX_SIZE, Source};
pub use transport::Proxies;
pub use types::{
    BuildInfo, BuildStatus, BuildType, Date, InstallType, Region, Release, UploadToken, Validity,
};
pub use wait::Wait;
