//! The whole job: check, token, upload, certificates and HSPs, wait.

use std::time::{Duration, Instant};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::package::Package;
use crate::secret::Password;
use crate::shell::{shell_word, wait_command};
use crate::source::Source;
use crate::storage::{StoreFailure, Storing, uncertain};
use crate::types::{BuildInfo, BuildStatus, BuildType, Release, UploadToken};
use crate::wait::Wait;

/// What [`Client::publish`] is to do with a package.
///
/// ```
/// use pgyer::{InstallType, Upload, Waiting};
///
/// let mut upload = Upload::default();
/// upload.release.update_description = Some("Fixes the login.".into());
/// upload.release.install_type = Some(InstallType::Invite);
/// upload.file_name = Some("demo-1.2.apk".into());
/// upload.wait = Waiting::No;
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Upload {
    /// How the build is to be offered.
    pub release: Release,
    /// The name to give to the storage, `x-cos-meta-file-name`; the file's own where there is none.
    pub file_name: Option<String>,
    /// The HSPs that a HAP depends on.
    pub hsps: Vec<Source>,
    /// The certificate that a HAP is signed with, and its password.
    pub p12: Option<(Source, Password)>,
    /// Whether and how long to wait for the build.
    pub wait: Waiting,
}

/// Whether to wait until a build is published.
///
/// ```
/// use pgyer::{Upload, Wait, Waiting};
/// use std::time::Duration;
///
/// let mut upload = Upload::default();
/// upload.wait = Waiting::Until(Wait::default().timeout(Duration::from_secs(3600)));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Waiting {
    /// Wait.
    Until(Wait),
    /// Return once everything is uploaded.
    No,
}

impl Default for Waiting {
    fn default() -> Self {
        Self::Until(Wait::default())
    }
}

/// What [`Client::publish`] did.
///
#[cfg_attr(feature = "sandbox", doc = "```")]
#[cfg_attr(not(feature = "sandbox"), doc = "```ignore")]
/// # let sandbox = pgyer::sandbox::Sandbox::builder().polls(0).start()?;
/// # let key = pgyer::ApiKey::new(sandbox.api_key())?;
/// # let client = pgyer::Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
/// # std::env::set_current_dir("tests/data")?;
/// let published = client.publish(&pgyer::Package::open("app.apk")?, &Default::default())?;
/// let page = published.build.as_ref().and_then(|build| build.install_url());
/// println!("{}: {}", published.key, page.unwrap_or_default());
/// println!("{:?}, {:?}", published.upload_time, published.publish_time);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Published {
    /// The key of step one, to ask [`Client::build_info`] with.
    pub key: String,
    /// The build; none with [`Waiting::No`].
    pub build: Option<BuildInfo>,
    /// From the first byte to the storage's last word, retries included.
    pub upload_time: Duration,
    /// How long it took to be published after that; none with [`Waiting::No`].
    pub publish_time: Option<Duration>,
}

impl Client {
    /// Takes a package from disk to a published build: the "Fast Upload" of the API's page, with
    /// the HSPs and the certificate of a HAP in between.
    ///
    /// A token that has expired by the time the storage sees it is replaced once. After a lost
    /// answer the API is asked before a byte is sent again.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::NoApiKey`] where there is one. The key of step one comes with
    /// [`Event::TokenReceived`], so that it is known also when a later step fails.
    ///
    #[cfg_attr(feature = "sandbox", doc = "```")]
    #[cfg_attr(not(feature = "sandbox"), doc = "```ignore")]
    /// # let sandbox = pgyer::sandbox::Sandbox::builder().polls(0).start()?;
    /// # let key = pgyer::ApiKey::new(sandbox.api_key())?;
    /// # let client = pgyer::Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
    /// # std::env::set_current_dir("tests/data")?;
    /// use pgyer::{Event, Package, Upload};
    ///
    /// let client = client.with_observer(|event| {
    ///     if let Event::Sent { sent, total, .. } = event {
    ///         eprint!("\r{}%", sent * 100 / total);
    ///     }
    /// });
    /// let published = client.publish(&Package::open("app.apk")?, &Upload::default())?;
    /// println!("{} took {:?}", published.key, published.upload_time);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publish(&self, package: &Package, upload: &Upload) -> Result<Published> {
        refuse_attachments_of_others(package, upload)?;
        self.checked(package);
        let p12_password = upload.p12.as_ref().map(|(_, password)| password.expose());
        let client = self.hiding(upload.release.secrets().into_iter().chain(p12_password));
        let (token, upload_time) = client.store(package, upload)?;
        let client = client.hiding(token.secrets());
        let key = token.key();
        let began = Instant::now();
        client
            .send_attachments(key, upload)
            .map_err(|error| client.pending_if_late(began, error))?;
        let (build, publish_time) = match &upload.wait {
            Waiting::No => (None, None),
            Waiting::Until(wait) => {
                let build = client.wait(key, wait)?;
                (Some(build), Some(began.elapsed()))
            }
        };
        Ok(Published { key: key.to_owned(), build, upload_time, publish_time })
    }

    /// Gets a token and uploads with it, and once more when the storage says that it has expired.
    fn store(&self, package: &Package, upload: &Upload) -> Result<(UploadToken, Duration)> {
        let expired = match self.store_once(package, upload)? {
            Err(failure) if failure.is_expired => failure,
            result => return result.map_err(|failure| failure.into_error()),
        };
        self.retrying("upload with a new token", &expired.error, 1, Duration::ZERO);
        let result = self.store_once(package, upload);
        match result.and_then(|result| result.map_err(|failure| failure.into_error())) {
            // The second failure does not say what may have come of the first token.
            Err(error) if expired.may_be_stored => Err(uncertain(&expired.key, error)),
            result => result,
        }
    }

    fn store_once(
        &self,
        package: &Package,
        upload: &Upload,
    ) -> Result<Result<(UploadToken, Duration), Box<StoreFailure>>> {
        let token = self.get_cos_token(package.build_type(), &upload.release)?;
        let key = token.key();
        self.observer.tell(&Event::TokenReceived { key });
        let url = self.endpoint(&token).map_err(|problem| Error::Unusable {
            action: "upload to the endpoint in the token".to_owned(),
            problem: self.redactor.clean(&problem),
            http_status: None,
        })?;
        let began = Instant::now();
        let client = self.hiding(token.secrets());
        let storing = Storing::new(&client, &token, &url, package, upload.file_name.as_deref());
        if let Err(failure) = storing.run(Some(&|| client.has_arrived(key))) {
            return Ok(Err(failure));
        }
        let elapsed = began.elapsed();
        self.observer.tell(&Event::Stored { key, elapsed });
        Ok(Ok((token, elapsed)))
    }

    fn has_arrived(&self, key: &str) -> bool {
        matches!(
            self.build_info(key),
            Ok(BuildStatus::Publishing { .. } | BuildStatus::Published(_))
        )
    }

    fn send_attachments(&self, key: &str, upload: &Upload) -> Result<()> {
        for (at, hsp) in upload.hsps.iter().enumerate() {
            let sent = self.upload_harmony_hsp(key, hsp);
            let left = upload.hsps.get(at..).unwrap_or_default();
            self.attached(key, hsp, sent, || next_command(key, left, upload))?;
        }
        if let Some((p12, password)) = &upload.p12 {
            let sent = self.upload_harmony_cert(key, p12, password);
            self.attached(key, p12, sent, || next_command(key, &[], upload))?;
        }
        Ok(())
    }

    fn attached(
        &self,
        key: &str,
        file: &Source,
        sent: Result<()>,
        next: impl Fn() -> String,
    ) -> Result<()> {
        sent.map_err(|source| Error::Attachment {
            path: file.path().to_owned(),
            key: key.to_owned(),
            next: next(),
            source: Box::new(source),
        })?;
        self.observer.tell(&Event::AttachmentSent { file_name: &file.file_name() });
        Ok(())
    }

    /// Once the package is stored, running out of time is a matter of waiting on.
    fn pending_if_late(&self, began: Instant, error: Error) -> Error {
        let late = self.deadline.has_passed();
        match error {
            Error::Attachment { path, key, next, source } if late => {
                let pending = Error::Pending {
                    key: key.clone(),
                    waited: began.elapsed(),
                    code: None,
                    message: String::new(),
                    http_status: None,
                    last_failure: Some(source.report_without_advice()),
                };
                Error::Attachment { path, key, next, source: Box::new(pending) }
            }
            error => error,
        }
    }
}

fn refuse_attachments_of_others(package: &Package, upload: &Upload) -> Result<()> {
    let attachments = upload.hsps.iter().chain(upload.p12.as_ref().map(|(p12, _)| p12));
    match attachments.map(Source::path).next() {
        Some(path) if package.build_type() != BuildType::Harmonyos => Err(Error::Package {
            path: package.path().to_owned(),
            problem: format!("{} goes with a HAP, and this is none", path.display()),
            advice: Some("leave out --hsp and --p12".to_owned()),
        }),
        _ => Ok(()),
    }
}

/// The command that does what is left to do.
fn next_command(key: &str, hsps: &[Source], upload: &Upload) -> String {
    let mut steps = Vec::new();
    // After "--" neither a key nor a file is taken for an option.
    let operands = |files: &mut dyn Iterator<Item = &Source>| {
        let files = files.map(|file| file.path().to_string_lossy().into_owned());
        let words: Vec<String> = std::iter::once(key.to_owned()).chain(files).collect();
        let dashes = words.iter().any(|word| word.starts_with('-'));
        let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
        format!("{}{}", if dashes { "-- " } else { "" }, words.join(" "))
    };
    if !hsps.is_empty() {
        steps.push(format!("pgyer harmony-hsp {}", operands(&mut hsps.iter())));
    }
    if let Some((p12, _)) = &upload.p12 {
        steps.push(format!("pgyer harmony-cert {}", operands(&mut std::iter::once(p12))));
    }
    steps.push(wait_command(key));
    steps.join(" && ")
}
