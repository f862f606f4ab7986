//! The endpoints of the vendor's page, a short function each: path, parameters, decode.

use crate::client::{Call, Client, Failed, FormFile};
use crate::error::{Error, Result};
use crate::json::Fields;
use crate::package::Package;
use crate::secret::Password;
use crate::source::Source;
use crate::types::{BuildInfo, BuildStatus, BuildType, Envelope, Release, UploadToken};

impl Client {
    /// `getCOSToken`, "Get an Upload Token": says where to upload a package to, and with what.
    /// Publishes nothing.
    ///
    /// # Errors
    /// [`Error::Refused`] by the API, [`Error::Unusable`] when the answer lacks something,
    /// [`Error::Network`] after the retries.
    ///
    #[cfg_attr(feature = "sandbox", doc = "```")]
    #[cfg_attr(not(feature = "sandbox"), doc = "```ignore")]
    /// # let sandbox = pgyer::sandbox::Sandbox::builder().polls(0).start()?;
    /// # let key = pgyer::ApiKey::new(sandbox.api_key())?;
    /// # let client = pgyer::Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
    /// # std::env::set_current_dir("tests/data")?;
    /// use pgyer::{BuildType, Region, Release};
    ///
    /// let mut release = Release::default();
    /// release.region = Some(Region::Overseas);
    /// let token = client.get_cos_token(BuildType::Android, &release)?;
    /// println!("{} will be uploaded to {}", token.key(), token.endpoint());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get_cos_token(&self, build_type: BuildType, release: &Release) -> Result<UploadToken> {
        let action = "get an upload token (getCOSToken)";
        let mut fields = vec![("buildType", build_type.api_value().to_owned())];
        fields.extend(release.token_fields());
        fields.extend(release.common_fields());
        let call = Call { action, path: "/app/getCOSToken", fields, file: None, once: false };
        let client = self.hiding(release.secrets());
        let envelope = client.call(&call)?;
        let token = UploadToken::parse(&envelope.data)
            .map_err(|problem| unusable(action, &envelope, client.redactor.clean(&problem)))?;
        if client.redactor.has_api_key(token.key()) {
            // It has to be sent as it is, and every message names it.
            let problem = "its \"key\" has the API key in it".to_owned();
            return Err(unusable(action, &envelope, problem));
        }
        let shown = client.redactor.clean_token(token.expose_json());
        Ok(token.shown_as(shown))
    }

    /// `buildInfo`, "Check Release Status": asks once what became of an upload. `key` is the key
    /// of [`get_cos_token`](Self::get_cos_token), which the page calls `buildKey` here.
    ///
    /// # Errors
    /// [`Error::Publish`] when it can't be published (1216), [`Error::Refused`] for other codes,
    /// [`Error::Unusable`] when there is no build in the answer, [`Error::Network`] after the
    /// retries.
    ///
    #[cfg_attr(feature = "sandbox", doc = "```")]
    #[cfg_attr(not(feature = "sandbox"), doc = "```ignore")]
    /// # let sandbox = pgyer::sandbox::Sandbox::builder().polls(0).start()?;
    /// # let key = pgyer::ApiKey::new(sandbox.api_key())?;
    /// # let client = pgyer::Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
    /// # std::env::set_current_dir("tests/data")?;
    /// # let token = client.get_cos_token(pgyer::BuildType::Android, &pgyer::Release::default())?;
    /// # client.put(&token, &pgyer::Package::open("app.apk")?)?;
    /// # let key = token.key();
    /// use pgyer::BuildStatus;
    ///
    /// match client.build_info(key)? {
    ///     BuildStatus::Published(build) => println!("{} {}", build.name, build.version),
    ///     BuildStatus::Publishing { message, .. } => println!("not yet: {message}"),
    ///     _ => {}
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn build_info(&self, key: &str) -> Result<BuildStatus> {
        let action = build_info_action(key);
        self.decode_status(key, &action, self.call(&build_info_call(key, &action)))
    }

    /// [`build_info`](Self::build_info) without retries, for loops that come back anyway.
    pub(crate) fn build_info_once(&self, key: &str) -> Result<BuildStatus, Box<Failed>> {
        let action = build_info_action(key);
        match self.call_once(&build_info_call(key, &action)) {
            Err(failed) if failed.may_retry => Err(failed),
            result => Ok(self.decode_status(key, &action, result.map_err(|f| f.error))?),
        }
    }

    /// The only place that knows what the codes of `buildInfo` mean.
    fn decode_status(
        &self,
        key: &str,
        action: &str,
        result: Result<Envelope>,
    ) -> Result<BuildStatus> {
        match result {
            Ok(envelope) => {
                let build = self.decode_build(action, &envelope)?;
                Ok(BuildStatus::Published(Box::new(build)))
            }
            Err(Error::Refused { code: code @ (1246 | 1247), message, http_status, .. }) => {
                Ok(BuildStatus::Publishing { code, message, http_status })
            }
            Err(Error::Refused { code: code @ 1216, message, http_status, .. }) => {
                Err(Error::Publish { key: Some(key.to_owned()), code, message, http_status })
            }
            Err(error) => Err(error),
        }
    }

    fn decode_build(&self, action: &str, envelope: &Envelope) -> Result<BuildInfo> {
        // A short password is no secret that could be found by itself.
        Fields::parse(&self.redactor.clean_build(&envelope.data))
            .and_then(BuildInfo::from_fields)
            .ok_or_else(|| unusable(action, envelope, "there is no build in it".to_owned()))
    }

    /// `uploadHarmonyCert`, "Upload HarmonyOS App p12 Certificate": the certificate that a HAP is
    /// signed with. `key` is the key of [`get_cos_token`](Self::get_cos_token).
    ///
    /// # Errors
    /// [`Error::Refused`] by the API, [`Error::Network`] after the retries.
    ///
    #[cfg_attr(feature = "sandbox", doc = "```")]
    #[cfg_attr(not(feature = "sandbox"), doc = "```ignore")]
    /// # let sandbox = pgyer::sandbox::Sandbox::builder().polls(0).start()?;
    /// # let key = pgyer::ApiKey::new(sandbox.api_key())?;
    /// # let client = pgyer::Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
    /// # std::env::set_current_dir("tests/data")?;
    /// # let token = client.get_cos_token(pgyer::BuildType::HarmonyOs, &pgyer::Release::default())?;
    /// # client.put(&token, &pgyer::Package::open("app.hap")?)?;
    /// # let key = token.key();
    /// use pgyer::{Password, Source};
    ///
    /// client.upload_harmony_cert(key, &Source::open("cert.p12")?, &Password::new("secret")?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn upload_harmony_cert(&self, key: &str, p12: &Source, password: &Password) -> Result<()> {
        let call = Call {
            action: &format!("upload the certificate {}", p12.path().display()),
            path: "/app/uploadHarmonyCert",
            fields: vec![("buildKey", key.to_owned()), ("password", password.expose().to_owned())],
            file: Some(FormFile::new("file", p12)),
            once: false,
        };
        self.hiding([password.expose()]).call(&call).map(drop)
    }

    /// `uploadHarmonyHsp`, "Upload HarmonyOS Hsp File": one HSP that a HAP depends on. `key` is the
    /// key of [`get_cos_token`](Self::get_cos_token).
    ///
    /// # Errors
    /// [`Error::Refused`] by the API, [`Error::Network`] after the retries.
    ///
    #[cfg_attr(feature = "sandbox", doc = "```")]
    #[cfg_attr(not(feature = "sandbox"), doc = "```ignore")]
    /// # let sandbox = pgyer::sandbox::Sandbox::builder().polls(0).start()?;
    /// # let key = pgyer::ApiKey::new(sandbox.api_key())?;
    /// # let client = pgyer::Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
    /// # std::env::set_current_dir("tests/data")?;
    /// # let token = client.get_cos_token(pgyer::BuildType::HarmonyOs, &pgyer::Release::default())?;
    /// # client.put(&token, &pgyer::Package::open("app.hap")?)?;
    /// # let key = token.key();
    /// client.upload_harmony_hsp(key, &pgyer::Source::open("app.hsp")?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn upload_harmony_hsp(&self, key: &str, hsp: &Source) -> Result<()> {
        let call = Call {
            action: &format!("upload the HSP {}", hsp.path().display()),
            path: "/app/uploadHarmonyHsp",
            fields: vec![("buildKey", key.to_owned())],
            file: Some(FormFile::new("file", hsp)),
            once: false,
        };
        self.call(&call).map(drop)
    }

    /// `upload`, "Upload App (Legacy)": one request that takes the package and answers with the
    /// build. It is sent again only while nothing can have been published.
    ///
    /// # Errors
    /// [`Error::Package`] for a HAP and [`Error::Usage`] for a description or a region, which this
    /// endpoint does not know; [`Error::Uncertain`] when the answer was lost, so that nobody knows
    /// whether there is a build; [`Error::Refused`], [`Error::Unusable`], [`Error::Network`].
    ///
    #[cfg_attr(feature = "sandbox", doc = "```")]
    #[cfg_attr(not(feature = "sandbox"), doc = "```ignore")]
    /// # let sandbox = pgyer::sandbox::Sandbox::builder().polls(0).start()?;
    /// # let key = pgyer::ApiKey::new(sandbox.api_key())?;
    /// # let client = pgyer::Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
    /// # std::env::set_current_dir("tests/data")?;
    /// use pgyer::{Package, Release};
    ///
    /// let build = client.upload_legacy(&Package::open("app.ipa")?, &Release::default())?;
    /// println!("{} {}", build.name, build.version);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn upload_legacy(&self, package: &Package, release: &Release) -> Result<BuildInfo> {
        refuse_what_legacy_lacks(package, release)?;
        self.tell_checked(package);
        let action = format!("upload {} (legacy upload)", package.path().display());
        let call = Call {
            action: &action,
            path: "/app/upload",
            fields: release.common_fields(),
            file: Some(FormFile::new("file", package.source())),
            once: true,
        };
        let client = self.hiding(release.secrets());
        let envelope = client.call(&call).map_err(|error| match error {
            Error::Refused { code: code @ 1216, message, http_status, .. } => {
                Error::Publish { key: None, code, message, http_status }
            }
            other => other,
        })?;
        // Code 0 means that there is a build, whatever else the answer lacks.
        client
            .decode_build(&action, &envelope)
            .map_err(|source| Error::Uncertain { key: None, source: Box::new(source) })
    }
}

/// With the key, since it is what an upload that can't be followed up leaves behind.
fn build_info_action(key: &str) -> String {
    format!("ask for the build with the key {key} (buildInfo)")
}

fn build_info_call<'a>(key: &str, action: &'a str) -> Call<'a> {
    Call {
        action,
        path: "/app/buildInfo",
        fields: vec![("buildKey", key.to_owned())],
        file: None,
        once: false,
    }
}

fn unusable(action: &str, envelope: &Envelope, problem: String) -> Error {
    let http_status = Some(envelope.http_status);
    Error::Unusable { action: action.to_owned(), problem, http_status }
}

fn refuse_what_legacy_lacks(package: &Package, release: &Release) -> Result<()> {
    if package.build_type() == BuildType::HarmonyOs {
        return Err(Error::Package {
            path: package.path().to_owned(),
            problem: "the legacy upload takes IPAs and APKs, and this is a HAP".to_owned(),
            advice: Some("upload it without --legacy".to_owned()),
        });
    }
    let lacking = release.token_fields();
    match lacking.first() {
        Some((name, _)) => Err(Error::usage(format!("the legacy upload does not know {name}"))),
        None => Ok(()),
    }
}
