//! The package check: what a file is, whether it is whole, and what will keep it from being
//! installed. Nothing here uses the network.

mod archive;
mod contents;
mod expected;
mod facts;
mod identity;
mod leading;
mod marks;
mod not_a_package;
mod not_zip;
mod read;
mod rules;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{Error, Result};
use crate::finding::{Finding, Level};
use crate::source::Source;
use crate::types::{BuildInfo, BuildType};

use archive::{Archive, Blocks};
use contents::Contents;
use facts::Facts;
use read::harmony::Hsp;

pub use expected::Expected;
pub use identity::{Identity, Profile};
#[cfg(any(test, fuzzing))]
pub(crate) use read::read_as;
pub(crate) use rules::published_other_app;

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
/// if let Some(identifier) = package.identity().and_then(|app| app.identifier.as_ref()) {
///     println!("it is {identifier}");
/// }
/// for finding in package.findings() {
///     eprintln!("{}: {finding}", finding.level);
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Package {
    source: Source,
    build_type: BuildType,
    look: Option<Look>,
}

/// What was read from a package that was checked.
#[derive(Debug)]
struct Look {
    facts: Facts,
    identity: Identity,
    findings: Vec<Finding>,
}

impl Look {
    fn new(facts: Facts) -> Self {
        let (identity, findings) = (facts.identity(), facts.findings(now(), &[]));
        Self { facts, identity, findings }
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
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
    /// or `.hap`, in upper or lower case. There is no [`identity`](Self::identity), and there are
    /// no
    /// [`findings`](Self::findings).
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
        Ok(Self { source, build_type, look: None })
    }

    fn checked(source: Source) -> Result<Self> {
        let read = |buffer: &mut [u8], offset| source.read_at(buffer, offset);
        match inspect(&read, source.size(), &extension(source.path())) {
            Ok((build_type, facts)) => {
                let look = Some(Look::new(facts));
                Ok(Self { source, build_type, look })
            }
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

    /// What the package says it is; `None` if it was opened unchecked.
    pub fn identity(&self) -> Option<&Identity> {
        self.look.as_ref().map(|look| &look.identity)
    }

    /// What will keep phones from installing the package, and what testers will meet, the worst
    /// first. Findings do not stop an upload; [`demand`](Self::demand) makes errors of them.
    pub fn findings(&self) -> &[Finding] {
        self.look.as_ref().map_or(&[], |look| &look.findings)
    }

    /// The messages of the findings that are not notes.
    pub fn warnings(&self) -> Vec<&str> {
        let findings = self.findings().iter().filter(|finding| finding.level != Level::Note);
        findings.map(|finding| finding.message.as_str()).collect()
    }

    /// Judges a HAP together with the HSPs that are sent with it, which count as missing otherwise.
    /// An HSP that can't be read may be any.
    ///
    /// # Errors
    /// [`Error::Package`] if there are HSPs and the package is no HAP.
    pub fn with_hsps(mut self, hsps: &[Source]) -> Result<Self> {
        self.check_attachments(hsps)?;
        let findings = self.findings_with(hsps);
        self.look = self.look.map(|look| Look { findings, ..look });
        Ok(self)
    }

    /// Fails if there are certificates or HSPs and the package is no HAP.
    pub(crate) fn check_attachments<'a>(
        &self,
        attachments: impl IntoIterator<Item = &'a Source>,
    ) -> Result<()> {
        match attachments.into_iter().next() {
            Some(file) if self.build_type != BuildType::HarmonyOs => Err(Error::Package {
                path: self.path().to_owned(),
                problem: format!("{} goes with a HAP, which this is not", file.path().display()),
                advice: Some("leave out --hsp and --p12".to_owned()),
            }),
            _ => Ok(()),
        }
    }

    /// The findings together with these HSPs.
    pub(crate) fn findings_with(&self, hsps: &[Source]) -> Vec<Finding> {
        match &self.look {
            Some(look) if !hsps.is_empty() => {
                let hsps: Vec<_> = hsps.iter().map(read_hsp).collect();
                look.facts.findings(now(), &hsps)
            }
            _ => self.findings().to_vec(),
        }
    }

    /// Checks that the package is what it has to be.
    ///
    /// # Errors
    /// [`Error::Unexpected`] if it has another identifier, version or build than is expected, or
    /// one that can't be read; if strictness is asked for and there are findings of the level
    /// [`Level::Blocks`].
    pub fn demand(&self, expected: &Expected) -> Result<()> {
        self.demand_with(expected, self.findings())
    }

    /// Returns this package with the findings of a HAP and its HSPs.
    pub(crate) fn demand_with(&self, expected: &Expected, findings: &[Finding]) -> Result<()> {
        let nothing = Identity::default();
        expected.check(self.path(), self.identity().unwrap_or(&nothing), findings)
    }

    /// The identifier of the package, if a build was published with another one.
    pub(crate) fn is_not(&self, build: &BuildInfo) -> Option<&str> {
        let identifier = self.identity()?.identifier.as_deref()?;
        (!build.identifier.is_empty() && build.identifier != identifier).then_some(identifier)
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

fn read_hsp(source: &Source) -> Option<Hsp> {
    let read = |buffer: &mut [u8], offset| source.read_at(buffer, offset);
    let blocks = Blocks::new(&read, source.size()).ok()?;
    Hsp::read(&mut Archive::locate(&blocks).ok()?)
}

/// The check itself: returns the type of the package behind `read`, and what was read from it.
pub(crate) fn inspect(
    read: &ReadAt<'_>,
    size: u64,
    extension: &str,
) -> Result<(BuildType, Facts), Refusal> {
    let blocks = Blocks::new(read, size)?;
    let mut archive = Archive::locate(&blocks)?;
    let mut contents = Contents::default();
    archive.each_name(|name| contents.note(name))?;
    let build_type = contents.build_type(extension)?;
    if build_type != BuildType::Ios {
        archive.refuse_wrapped()?;
    }
    if build_type == BuildType::Android {
        archive.refuse_leading_bytes()?;
    }
    let facts = match build_type {
        BuildType::Android => Facts::of_apk(&mut archive),
        BuildType::Ios => Facts::of_ipa(&mut archive),
        BuildType::HarmonyOs => Facts::of_hap(&mut archive),
    };
    Ok((build_type, facts))
}

/// What a package says it is; `None` if it is not a package.
#[cfg(feature = "sandbox")]
pub(crate) fn look_into(read: &ReadAt<'_>, size: u64) -> Option<Identity> {
    inspect(read, size, "").ok().map(|(_, facts)| facts.identity())
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
