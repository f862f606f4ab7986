//! The package check: what a file is, whether it is whole, and what stands in the way of publishing
//! it. Nothing here uses the network.

mod archive;
mod contents;
mod foreign;
mod near_misses;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::source::Source;
use crate::types::BuildType;

use archive::{Archive, Blocks};
use contents::Contents;

/// A package that Pgyer can publish: an APK, an IPA or a HAP, opened and looked into.
///
/// The check reads the end of the archive and its central directory, a few reads whatever the
/// size, through the handle that the upload uses.
///
/// ```
/// # std::env::set_current_dir("tests/data")?;
/// use pgyer::{BuildType, Package};
///
/// let package = Package::open("app.apk")?;
/// assert_eq!(package.build_type(), BuildType::Android);
/// println!("{}: {} bytes", package.file_name(), package.size());
/// for warning in package.warnings() {
///     eprintln!("{}: {warning}", package.path().display());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Package {
    source: Source,
    build_type: BuildType,
    warnings: Vec<String>,
}

impl Package {
    /// Opens a package and checks it; its type is found out from its content.
    ///
    /// # Errors
    /// [`Error::Io`] when the file can't be read, [`Error::Package`] when it is not a regular file,
    /// empty or too large, when the archive is truncated, or when it is none that Pgyer publishes.
    ///
    /// ```
    /// # std::env::set_current_dir("tests/data")?;
    /// use pgyer::{Error, Package};
    ///
    /// assert!(Package::open("app.ipa").is_ok());
    /// if let Err(Error::Package { problem, advice, .. }) = Package::open("app.hsp") {
    ///     eprintln!("{problem}; {}", advice.unwrap_or_default());
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        Self::checked(Source::open(path)?)
    }

    /// Opens a package and checks it, and that it is of this type.
    ///
    /// # Errors
    /// Those of [`open`](Self::open), and [`Error::Package`] when the content is of another type.
    ///
    /// ```
    /// # std::env::set_current_dir("tests/data")?;
    /// use pgyer::{BuildType, ErrorKind, Package};
    ///
    /// let error = Package::open_as("app.ipa", BuildType::Android).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Package);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_as(path: impl Into<PathBuf>, build_type: BuildType) -> Result<Self> {
        let package = Self::open(path)?;
        if package.build_type == build_type {
            return Ok(package);
        }
        let (is, asked) = (with_article(package.build_type), with_article(build_type));
        Err(Error::Package {
            path: package.path().to_owned(),
            problem: format!("by its content this is {is}, and the type given says {asked}"),
            advice: Some("leave the type out (--type), or name the right file".into()),
        })
    }

    /// Opens a package without looking into it.
    ///
    /// Without a type it is taken from the extension of the file's name, `.ipa`, `.apk` or `.hap`
    /// in upper or lower case.
    ///
    /// # Errors
    /// [`Error::Io`] when the file can't be opened, [`Error::Package`] when it is not a regular
    /// file, empty or too large, or when its name does not tell the type.
    ///
    /// ```
    /// # std::env::set_current_dir("tests/data")?;
    /// use pgyer::{BuildType, Package};
    ///
    /// let package = Package::open_unchecked("cert.p12", Some(BuildType::Android))?;
    /// assert!(package.warnings().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_unchecked(path: impl Into<PathBuf>, build_type: Option<BuildType>) -> Result<Self> {
        let source = Source::open(path)?;
        let Some(build_type) = build_type.or_else(|| type_by_name(source.path())) else {
            return Err(Error::Package {
                path: source.path().to_owned(),
                problem: "the name does not tell the type of the package: it ends in none of \
                          .apk, .ipa and .hap"
                    .into(),
                advice: Some(
                    "rename it, or give the type: --type ios, android or harmonyos".into(),
                ),
            });
        };
        Ok(Self { source, build_type, warnings: Vec::new() })
    }

    fn checked(source: Source) -> Result<Self> {
        let read = |buffer: &mut [u8], offset| source.read_at(buffer, offset);
        match inspect(&read, source.size(), &extension(source.path())) {
            Ok((build_type, warnings)) => Ok(Self { source, build_type, warnings }),
            Err(Refusal::Io(cause)) => {
                Err(Error::io(format!("read {}", source.path().display()), cause))
            }
            Err(Refusal::Package { problem, advice }) => Err(Error::Package {
                path: source.path().to_owned(),
                problem,
                advice: Some(advice.into()),
            }),
        }
    }

    /// The open file.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The platform.
    pub fn build_type(&self) -> BuildType {
        self.build_type
    }

    /// What does not stop the upload and may stop the installation: a sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The size in bytes when it was opened.
    pub fn size(&self) -> u64 {
        self.source.size()
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// The name without folders; what is not UTF-8 becomes U+FFFD.
    pub fn file_name(&self) -> String {
        self.source.file_name()
    }
}

/// Reads from a file at an offset, as much as it likes of what was asked for.
pub(crate) type ReadAt<'a> = dyn Fn(&mut [u8], u64) -> io::Result<usize> + 'a;

const AGAIN: &str = "build or download it again, and see that the step before had finished";

/// Why a file is no package, before its path comes in.
#[derive(Debug)]
pub(crate) enum Refusal {
    Io(io::Error),
    Package { problem: String, advice: &'static str },
}

impl Refusal {
    fn new(problem: impl Into<String>, advice: &'static str) -> Self {
        Self::Package { problem: problem.into(), advice }
    }

    fn truncated(detail: &str) -> Self {
        Self::new(format!("the ZIP archive is truncated or damaged: {detail}"), AGAIN)
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The check itself: the type of what `read` reads, and the warnings about it.
pub(crate) fn inspect(
    read: &ReadAt<'_>,
    size: u64,
    extension: &str,
) -> Result<(BuildType, Vec<String>), Refusal> {
    let blocks = Blocks::new(read, size)?;
    let mut archive = Archive::locate(&blocks)?;
    let signing_block = archive.signing_block()?;
    let mut contents = Contents::default();
    archive.each_name(|name| contents.note(name))?;
    let build_type = contents.build_type(extension)?;
    let warnings = contents.warning(build_type, &signing_block).into_iter().collect();
    Ok((build_type, warnings))
}

/// The extension of a file's name, in lower case.
fn extension(path: &Path) -> String {
    path.extension().map(|text| text.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

fn type_by_name(path: &Path) -> Option<BuildType> {
    match extension(path).as_str() {
        "ipa" => Some(BuildType::Ios),
        "apk" => Some(BuildType::Android),
        "hap" => Some(BuildType::Harmonyos),
        _ => None,
    }
}

fn with_article(build_type: BuildType) -> &'static str {
    match build_type {
        BuildType::Ios => "an IPA (ios)",
        BuildType::Android => "an APK (android)",
        BuildType::Harmonyos => "a HAP (harmonyos)",
    }
}
