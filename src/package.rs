//! The package check.

use std::path::PathBuf;

use crate::error::Result;
use crate::source::Source;
use crate::types::BuildType;

/// A package that Pgyer can publish: an APK, an IPA or a HAP, opened and looked into.
#[derive(Debug)]
pub struct Package {
    source: Source,
    build_type: BuildType,
    warnings: Vec<String>,
}

impl Package {
    /// Opens a package and checks it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        Ok(Self {
            source: Source::open(path)?,
            build_type: BuildType::Android,
            warnings: Vec::new(),
        })
    }

    /// The file.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The platform.
    pub fn build_type(&self) -> BuildType {
        self.build_type
    }

    /// What does not stop the upload.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
