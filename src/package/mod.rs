//! The package check: what a file is, whether it is whole, and what will keep it from being installed.
//! Nothing here uses the network.

mod archive;
mod contents;
mod leading;
mod marks;
mod not_a_package;
mod not_zip;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::source::Source;
use crate::types::BuildType;

use archive::{Archive, Blocks};
use contents::Contents;

/// A package that Pgyer can publish: an APK, an IPA or a HAP, opened and checked.
///
/// The check reads the end of the archive and its central directory, whatever the size of the file,
/// through the same handle as the upload.
///
/// ```no_run
/// # fn f() -> pgyer::Result<()> {
/// use pgyer::{BuildType, Package};
///
/// let package = Package::open("app.apk")?;
/// assert_eq!(package.build_type(), BuildType::Android);
/// println!("{}: {} bytes", package.file_name(), package.size());
/// for warning in package.warnings() {
///     eprintln!("{}: {warning}", package.path().display());
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Package {
    source: Source,
    build_type: BuildType,
    warnings: Vec<String>,
}

impl Package {
    /// Opens a package and checks it. Its type is found out from its content.
    ///
    /// # Errors
    /// [`Error::Io`] if the file can't be read; [`Error::Package`] if it is not a regular file, is
    /// empty, too large or truncated, or is not a package that Pgyer can publish.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        Self::checked(Source::open(path)?)
    }

    /// Opens a package, checks it, and checks that it is of this type.
    ///
    /// # Errors
    /// Those of [`open`](Self::open), and [`Error::Package`] if its content is of another type.
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
    /// If `build_type` is `None`, it is taken from the extension of the file's name: `.ipa`, `.apk`
    /// or `.hap`, in upper or lower case. [`warnings`](Self::warnings) is empty.
    ///
    /// # Errors
    /// [`Error::Io`] if the file can't be opened; [`Error::Package`] if it is not a regular file, is
    /// empty or too large, or if its name does not tell the type.
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

    /// What will keep devices from installing the package, a sentence each. Warnings do not stop an
    /// upload.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The size in bytes when the file was opened.
    pub fn size(&self) -> u64 {
        self.source.size()
    }

    /// The path, as it was given.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// Sends the package under this name instead of the file's own: `x-cos-meta-file-name`, and
    /// the form's `filename=`.
    #[must_use]
    pub fn sent_as(mut self, name: impl Into<String>) -> Self {
        self.source = self.source.sent_as(name);
        self
    }

    /// The name that the package is sent under; see [`Source::file_name`].
    pub fn file_name(&self) -> String {
        self.source.file_name()
    }
}

/// Reads at an offset; may return fewer bytes than asked for.
pub(crate) type ReadAt<'a> = dyn Fn(&mut [u8], u64) -> io::Result<usize> + 'a;

const AGAIN: &str = "build or download it again, and see that the step before had finished";

/// Why a file is not accepted as a package. The caller adds the path.
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

/// The check itself: returns the type of the package behind `read`, and the warnings about it.
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
    if build_type != BuildType::Ios {
        archive.refuse_wrapped()?;
    }
    if build_type == BuildType::Android {
        archive.refuse_leading_bytes()?;
    }
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
        "hap" => Some(BuildType::HarmonyOs),
        _ => None,
    }
}

fn with_article(build_type: BuildType) -> &'static str {
    match build_type {
        BuildType::Ios => "an IPA (ios)",
        BuildType::Android => "an APK (android)",
        BuildType::HarmonyOs => "a HAP (harmonyos)",
    }
}
