//! The whole job: check, token, upload, certificates and HSPs, wait; and the legacy job.
//!
//! Each promise about a step is kept where the step is: the file in `source/`, the body in
//! `multipart.rs`, the storage's answers in `storage/`, retries in `client/`, secrets in `redact/`.

use std::time::{Duration, Instant};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::finding::Finding;
use crate::package::{Expected, Package, published_other_app};
use crate::secret::Password;
use crate::shell::{shell_word, wait_command};
use crate::source::Source;
use crate::storage::{StoreFailure, Storing};
use crate::types::{BuildInfo, BuildStatus, BuildType, Release, pending};
use crate::wait::Wait;

/// Options of [`Client::publish`] and [`Client::store`].
///
/// ```
/// use pgyer::{InstallType, UploadOptions, Wait};
/// use std::time::Duration;
///
/// let mut options = UploadOptions::default();
/// options.release.update_description = Some("Fixes the login.".into());
/// options.release.install_type = Some(InstallType::Invite);
/// options.wait = Wait::default().timeout(Duration::from_secs(3600));
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct UploadOptions {
    /// How the build is offered.
    pub release: Release,
    /// The HSPs that a HAP depends on.
    pub hsps: Vec<Source>,
    /// The certificate that a HAP is signed with, and its password.
    pub p12: Option<(Source, Password)>,
    /// What the package, with its HSPs, has to be before anything is sent.
    pub expected: Expected,
    /// How long [`Client::publish`] waits for the build; [`Client::store`] does not wait.
    pub wait: Wait,
}

/// A published package: the result of [`Client::publish`] and [`Client::upload_legacy`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Published {
    /// The key of step one, which [`Client::build_info`] takes. The legacy endpoint has none; there
    /// this is the build's own key.
    pub key: String,
    /// The build.
    pub build: BuildInfo,
    /// What was found in the package; `published-other-app` comes first.
    pub findings: Vec<Finding>,
    /// Time from the first byte to the storage's final answer, retries included.
    pub upload_time: Duration,
    /// Time from then until the build was published.
    pub publish_time: Duration,
}

/// An uploaded package: the result of [`Client::store`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Stored {
    /// The key of step one, which [`Client::wait`] takes.
    pub key: String,
    /// Time from the first byte to the storage's final answer, retries included.
    pub upload_time: Duration,
    /// Knows the secrets of the token, which the API may repeat while the build is waited for.
    client: Client,
}

impl Stored {
    /// Waits for the build: the last step of [`Client::publish`], with the same `package` and
    /// `options`.
    ///
    /// # Errors
    /// [`Error::Pending`] and [`Error::Publish`] as from [`Client::wait`], whose other
    /// errors become [`Error::NotConfirmed`]; [`Error::OtherApp`].
    ///
    /// ```no_run
    /// # fn f(client: &pgyer::Client) -> pgyer::Result<()> {
    /// use pgyer::{Package, UploadOptions};
    ///
    /// let (package, options) = (Package::open("app.apk")?, UploadOptions::default());
    /// let stored = client.store(&package, &options)?;
    /// println!("{} is stored", stored.key);
    /// let published = stored.wait(&package, &options)?;
    /// # Ok(()) }
    /// ```
    pub fn wait(self, package: &Package, options: &UploadOptions) -> Result<Published> {
        let Self { key, upload_time, client } = self;
        let began = Instant::now();
        let build = client.wait(&key, &options.wait).map_err(|error| after_storing(&key, error))?;
        let findings = client.compare(package, Some(&key), &build, options)?;
        Ok(Published { key, build, findings, upload_time, publish_time: began.elapsed() })
    }
}

impl Client {
    /// Takes a package from disk to a published build: the "Fast Upload" of the API's page, with
    /// the HSPs and the certificate of a HAP in between.
    ///
    /// A token that has expired by the time the storage sees it is replaced once. After a lost
    /// answer the API is asked whether the file arrived before a byte is sent again.
    ///
    /// # Errors
    /// Any [`Error`]; [`Error::NoApiKey`] if the client has no key.
    /// [`Event::TokenReceived`] reports the key of step one, so that it is known even if a later
    /// step fails.
    ///
    /// ```no_run
    /// # fn f(client: &pgyer::Client) -> pgyer::Result<()> {
    /// use pgyer::{Package, Published, UploadOptions};
    ///
    /// let Published { build, publish_time, .. } =
    ///     client.publish(&Package::open("app.apk")?, &UploadOptions::default())?;
    /// println!("{}: {:?} after {publish_time:?}", build.name, build.install_url());
    /// # Ok(()) }
    /// ```
    pub fn publish(&self, package: &Package, options: &UploadOptions) -> Result<Published> {
        self.store(package, options)?.wait(package, options)
    }

    /// Uploads a package, with the HSPs and the certificate of a HAP, and does not wait for the
    /// build: [`publish`](Self::publish) without its last step, which [`Stored::wait`] does.
    ///
    /// # Errors
    /// Those of [`publish`](Self::publish) but [`Error::Publish`].
    ///
    /// ```no_run
    /// # fn f(client: &pgyer::Client) -> pgyer::Result<()> {
    /// use pgyer::{Package, Stored, UploadOptions};
    ///
    /// let Stored { key, .. } =
    ///     client.store(&Package::open("app.apk")?, &UploadOptions::default())?;
    /// println!("{key} is the key to ask for the build with");
    /// # Ok(()) }
    /// ```
    pub fn store(&self, package: &Package, options: &UploadOptions) -> Result<Stored> {
        let certificate = options.p12.as_ref().map(|(p12, _)| p12);
        package.check_attachments(options.hsps.iter().chain(certificate))?;
        self.check(package, options)?;
        let client = self.for_one_job();
        if let Some((_, password)) = &options.p12 {
            // Sent last, but the API may know it from an earlier upload.
            client.redactor.add(password.expose());
        }
        let began = Instant::now();
        let key = client
            .store_once(package, options)
            .or_else(|failure| client.store_again(*failure, package, options))?;
        let upload_time = began.elapsed();
        client.observer.tell(&Event::Stored { key: &key, elapsed: upload_time });
        let began = Instant::now();
        client
            .send_attachments(&key, options)
            .map_err(|error| client.pending_if_late(began, error))?;
        Ok(Stored { key, upload_time, client })
    }

    /// `upload`, "Upload App (Legacy)": one request that takes the package and answers with the
    /// build. It is sent again only while nothing can have been published.
    ///
    /// # Errors
    /// [`Error::Package`] for a HAP and [`Error::Usage`] for a description, a region, HSPs or a
    /// certificate, which this endpoint does not know; [`Error::Unexpected`] and
    /// [`Error::OtherApp`] as with [`publish`](Self::publish); [`Error::Uncertain`] if the answer
    /// was lost, so that nobody knows whether there is a build; [`Error::Refused`],
    /// [`Error::Unusable`], [`Error::Network`].
    ///
    /// ```no_run
    /// # fn f(client: &pgyer::Client) -> pgyer::Result<()> {
    /// use pgyer::{Package, UploadOptions};
    ///
    /// let package = Package::open("app.ipa")?;
    /// let build = client.upload_legacy(&package, &UploadOptions::default())?.build;
    /// println!("{} {}", build.name, build.version);
    /// # Ok(()) }
    /// ```
    pub fn upload_legacy(&self, package: &Package, options: &UploadOptions) -> Result<Published> {
        refuse_what_legacy_lacks(package, options)?;
        self.check(package, options)?;
        let client = self.for_one_job();
        let began = Instant::now();
        let build = client.build_legacy(package, &options.release)?;
        let (key, upload_time) = (build.build_key.clone(), began.elapsed());
        let findings = client.compare(package, None, &build, options)?;
        Ok(Published { key, build, findings, upload_time, publish_time: Duration::ZERO })
    }

    /// Reports the findings to the observer, and fails if the package is not as expected.
    pub(crate) fn check(&self, package: &Package, options: &UploadOptions) -> Result<()> {
        let findings = package.findings_with(&options.hsps);
        self.tell_checked(package, &findings);
        package.demand_with(&options.expected, &findings)
    }

    /// Compares the published build with the package. Returns the findings, with
    /// `published-other-app` first if they differ.
    pub(crate) fn compare(
        &self,
        package: &Package,
        key: Option<&str>,
        build: &BuildInfo,
        options: &UploadOptions,
    ) -> Result<Vec<Finding>> {
        let mut findings = package.findings_with(&options.hsps);
        let Some(identifier) = package.is_not(build) else { return Ok(findings) };
        let published = self.redactor.clean(&build.identifier);
        let page = build.install_url().map(|page| self.redactor.clean(&page));
        let other = published_other_app(&published, identifier, page.as_deref());
        let problem = other.to_string();
        findings.insert(0, other);
        let Expected { strict, identifier, .. } = &options.expected;
        if !strict && identifier.is_none() {
            return Ok(findings);
        }
        if !strict {
            // As in the JSON of a failure: `findings` are there only if strictness made it one.
            findings.clear();
        }
        Err(Error::OtherApp { key: key.map(str::to_owned), problem, findings })
    }

    /// Gets a token and uploads with it. Returns the key.
    fn store_once(
        &self,
        package: &Package,
        options: &UploadOptions,
    ) -> Result<String, Box<StoreFailure>> {
        let token = self.get_cos_token(package.build_type(), &options.release)?;
        let key = token.key();
        self.observer.tell(&Event::TokenReceived { key });
        let url = self.usable_endpoint(&token, "upload to the endpoint in the token")?;
        Storing::new(self, &token, &url, package, Some(&|| self.has_arrived(key))).run()?;
        Ok(key.to_owned())
    }

    /// Uploads again if the token had expired by the time the storage saw it: with a new one, once
    /// and at once, which is not one of the policy's retries. If the first upload may be stored,
    /// two builds may appear, and both keys have to be known.
    fn store_again(
        &self,
        failure: StoreFailure,
        package: &Package,
        options: &UploadOptions,
    ) -> Result<String> {
        if !failure.is_expired {
            return Err(failure.into_error());
        }
        if let Some(key) = failure.key_to_ask().filter(|key| self.has_arrived(key)) {
            return Ok(key.to_owned());
        }
        self.tell_retry("upload with a new token", &failure.error, 1, Duration::ZERO);
        match self.store_once(package, options) {
            Ok(key) => {
                if let Some(earlier) = failure.key_of_build() {
                    let path = package.path();
                    self.observer.tell(&Event::StoredTwice { path, key: &key, earlier });
                }
                Ok(key)
            }
            Err(later) => Err(failure.followed_by(later.into_error())),
        }
    }

    fn has_arrived(&self, key: &str) -> bool {
        matches!(
            self.build_info(key),
            Ok(BuildStatus::Publishing { .. } | BuildStatus::Published(_))
        )
    }

    fn send_attachments(&self, key: &str, options: &UploadOptions) -> Result<()> {
        for (at, hsp) in options.hsps.iter().enumerate() {
            let left = options.hsps.get(at..).unwrap_or_default();
            self.send_attachment(key, hsp, left, options, || self.upload_harmony_hsp(key, hsp))?;
        }
        if let Some((p12, password)) = &options.p12 {
            let send = || self.upload_harmony_cert(key, p12, password);
            self.send_attachment(key, p12, &[], options, send)?;
        }
        Ok(())
    }

    /// Sends a certificate or an HSP; if that fails, the error says how to send what is `left`.
    fn send_attachment(
        &self,
        key: &str,
        file: &Source,
        left: &[Source],
        options: &UploadOptions,
        send: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        send().map_err(|source| Error::Attachment {
            path: file.path().to_owned(),
            key: key.to_owned(),
            next: next_command(key, left, options),
            source: Box::new(source),
        })?;
        self.observer.tell(&Event::AttachmentSent { file_name: &file.file_name() });
        Ok(())
    }

    /// Makes a time-out `Pending`: the package is stored, and waiting can be resumed.
    fn pending_if_late(&self, began: Instant, error: Error) -> Error {
        let is_late = |source: &Error| self.stop.is_late() || source.is_out_of_time();
        match error {
            Error::Attachment { path, key, next, source } if is_late(&source) => {
                let last_failure = Some(source.report_without_advice());
                let late = pending(&key, began.elapsed(), None, last_failure);
                Error::Attachment { path, key, next, source: Box::new(late) }
            }
            error => error,
        }
    }
}

/// Once the package is stored, every failure but 1216 leaves something to go on with.
fn after_storing(key: &str, error: Error) -> Error {
    match error {
        Error::Pending { .. } | Error::Publish { .. } => error,
        error => Error::NotConfirmed { key: key.to_owned(), source: Box::new(error) },
    }
}

/// The commands that send the remaining files and wait for the build, for people to copy.
fn next_command(key: &str, hsps: &[Source], options: &UploadOptions) -> String {
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
    if let Some((p12, _)) = &options.p12 {
        steps.push(format!("pgyer harmony-cert {}", operands(&mut std::iter::once(p12))));
    }
    steps.push(wait_command(key));
    steps.join(" && ")
}

fn refuse_what_legacy_lacks(package: &Package, options: &UploadOptions) -> Result<()> {
    if package.build_type() == BuildType::HarmonyOs {
        return Err(Error::Package {
            path: package.path().to_owned(),
            problem: "the legacy upload takes IPAs and APKs, and this is a HAP".to_owned(),
            advice: Some("upload it without --legacy".to_owned()),
        });
    }
    let lacking = match options.release.token_fields().first() {
        Some((name, _)) => *name,
        None if !options.hsps.is_empty() => "HSPs",
        None if options.p12.is_some() => "certificates",
        None => return Ok(()),
    };
    Err(Error::usage(format!("the legacy upload does not know {lacking}")))
}
