//! Uploads iOS, Android and HarmonyOS builds to Pgyer.

mod error;
mod package;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod source;
mod types;

pub use error::{Error, ErrorKind, Result};
pub use package::Package;
pub use source::{MAX_SIZE, Source};
pub use types::BuildType;
