//! The endpoints of the vendor's page, a short function each: path, parameters, decode.

use crate::client::{Call, Client, Failed};
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
    /// [`Error::Refused`] by the API, [`Error::Unusable`] if the answer lacks something,
    /// [`Error::Network`] after the retries.
    ///
    /// ```no_run
    /// # fn f(client: &pgyer::Client) -> pgyer::Result<()> {
    /// use pgyer::{BuildType, Region, Release};
    ///
    /// let mut release = Release::default();
    /// release.region = Some(Region::Overseas);
    /// let token = client.get_cos_token(BuildType::Android, &release)?;
    /// println!("{} will be uploaded to {}", token.key(), token.endpoint());
    /// # Ok(()) }
    /// ```
    pub fn get_cos_token(&self, build_type: BuildType, release: &Release) -> Result<UploadToken> {
        let action = "get an upload token (getCOSToken)";
        let call = Call::post("/app/getCOSToken", action)
            .field("buildType", build_type.api_value())
            .fields(release.token_fields())
            .fields(release.common_fields());
        let client = self.for_one_job();
        let envelope = client.call(&call)?;
        client.decode_token(&envelope).map_err(|problem| unusable(action, &envelope, problem))
    }

    fn decode_token(&self, envelope: &Envelope) -> Result<UploadToken, String> {
        let token =
            UploadToken::parse(&envelope.data).map_err(|problem| self.redactor.clean(&problem))?;
        if self.redactor.has_api_key(token.key()) {
            // Such a key can't be redacted: it is sent as it is, and every message names it.
            return Err("its \"key\" has the API key in it".to_owned());
        }
        self.redactor.add_all(token.secrets());
        let shown = self.redactor.clean_token(token.expose_json());
        Ok(token.shown_as(shown))
    }

    /// `buildInfo`, "Check Release Status": asks once what became of an upload. `key` is the key
    /// of [`get_cos_token`](Self::get_cos_token), which the page calls `buildKey` here.
    ///
    /// # Errors
    /// [`Error::Publish`] if it can't be published (1216), [`Error::Refused`] for other codes,
    /// [`Error::Unusable`] if there is no build in the answer, [`Error::Network`] after the
    /// retries.
    ///
    /// ```no_run
    /// # fn f(client: &pgyer::Client, key: &str) -> pgyer::Result<()> {
    /// use pgyer::BuildStatus;
    ///
    /// match client.build_info(key)? {
    ///     BuildStatus::Published(build) => println!("{} {}", build.name, build.version),
    ///     BuildStatus::Publishing { message, .. } => println!("not yet: {message}"),
    ///     _ => {}
    /// }
    /// # Ok(()) }
    /// ```
    pub fn build_info(&self, key: &str) -> Result<BuildStatus> {
        // Even the failure of the last retry may carry a code, if it came with a 503.
        self.with_retries(&build_info_action(key), || self.build_info_once(key))
            .or_else(|error| unpublished(key, error))
    }

    /// [`build_info`](Self::build_info) without retries, for callers that poll anyway.
    pub(crate) fn build_info_once(&self, key: &str) -> Result<BuildStatus, Box<Failed>> {
        let action = build_info_action(key);
        let call = Call::post("/app/buildInfo", &action).field("buildKey", key);
        match self.call_once(&call) {
            Ok(envelope) => {
                let build = self.decode_build(&action, &envelope)?;
                Ok(BuildStatus::Published(Box::new(build)))
            }
            Err(failed) if failed.may_retry => Err(failed),
            Err(failed) => Ok(unpublished(key, failed.error)?),
        }
    }

    fn decode_build(&self, action: &str, envelope: &Envelope) -> Result<BuildInfo> {
        // Cleaned before it is parsed, so that no field of the build can have the API key or a
        // password.
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
    /// ```no_run
    /// # fn f(client: &pgyer::Client, key: &str) -> pgyer::Result<()> {
    /// use pgyer::{Password, Source};
    ///
    /// client.upload_harmony_cert(key, &Source::open("cert.p12")?, &Password::new("secret")?)?;
    /// # Ok(()) }
    /// ```
    pub fn upload_harmony_cert(&self, key: &str, p12: &Source, password: &Password) -> Result<()> {
        let action = format!("upload the certificate {}", p12.path().display());
        let call = Call::post("/app/uploadHarmonyCert", &action)
            .field("buildKey", key)
            .field("password", password.expose())
            .file(p12);
        self.for_one_job().call(&call).map(drop)
    }

    /// `uploadHarmonyHsp`, "Upload HarmonyOS Hsp File": one HSP that a HAP depends on. `key` is
    /// the key of [`get_cos_token`](Self::get_cos_token).
    ///
    /// # Errors
    /// [`Error::Refused`] by the API, [`Error::Network`] after the retries.
    ///
    /// ```no_run
    /// # fn f(client: &pgyer::Client, key: &str) -> pgyer::Result<()> {
    /// client.upload_harmony_hsp(key, &pgyer::Source::open("library.hsp")?)?;
    /// # Ok(()) }
    /// ```
    pub fn upload_harmony_hsp(&self, key: &str, hsp: &Source) -> Result<()> {
        let action = format!("upload the HSP {}", hsp.path().display());
        let call = Call::post("/app/uploadHarmonyHsp", &action).field("buildKey", key).file(hsp);
        self.call(&call).map(drop)
    }

    /// `upload`, "Upload App (Legacy)": the request of [`upload_legacy`](Self::upload_legacy).
    pub(crate) fn build_legacy(&self, package: &Package, release: &Release) -> Result<BuildInfo> {
        let action = format!("upload {} (legacy upload)", package.path().display());
        let call = Call::post("/app/upload", &action)
            .fields(release.common_fields())
            .file(package.source())
            // A package is large enough to ask first.
            .expect_continue()
            .not_idempotent();
        let envelope = self.call(&call).map_err(|error| publish_error(None, error))?;
        // Code 0 means that there is a build, whatever else the answer lacks.
        self.decode_build(&action, &envelope).map_err(|error| Error::uncertain(None, error))
    }
}

/// Names the key, so that an interrupted upload can be resumed by hand.
fn build_info_action(key: &str) -> String {
    format!("ask for the build with the key {key} (buildInfo)")
}

/// What the API's codes say about a build that is not published. The only place that knows 1246
/// and 1247, and with `publish_error` 1216.
fn unpublished(key: &str, error: Error) -> Result<BuildStatus> {
    match error {
        Error::Refused { code: code @ (1246 | 1247), message, http_status, .. } => {
            Ok(BuildStatus::Publishing { code, message, http_status })
        }
        error => Err(publish_error(Some(key), error)),
    }
}

fn publish_error(key: Option<&str>, error: Error) -> Error {
    match error {
        Error::Refused { code: code @ 1216, message, http_status, .. } => {
            Error::Publish { key: key.map(str::to_owned), code, message, http_status }
        }
        other => other,
    }
}

fn unusable(action: &str, envelope: &Envelope, problem: String) -> Error {
    let http_status = Some(envelope.http_status);
    Error::Unusable { action: action.to_owned(), problem, http_status }
}
