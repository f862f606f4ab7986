//! What the sandbox has seen: plain values for tests to look at.

use super::fault::Endpoint;
use super::head::Head;

/// Everything that a sandbox has seen so far.
///
/// ```
/// use pgyer::sandbox::{Endpoint, Sandbox};
/// # std::env::set_current_dir("tests/data")?;
/// # let sandbox = Sandbox::builder().polls(0).start()?;
/// # let key = pgyer::ApiKey::new(sandbox.api_key())?;
/// # let client = pgyer::Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
/// # let published = client.publish(&pgyer::Package::open("app.apk")?, &Default::default())?;
/// # let key = published.key.as_str();
///
/// let seen = sandbox.seen();
/// assert_eq!(seen.count(Endpoint::Storage), 1);
/// assert!(seen.requests_to(Endpoint::Poll).all(|poll| poll.status == Some(200)));
/// assert!(seen.build(key).is_some_and(|build| build.announced));
/// assert_eq!(seen.objects[0].size, seen.builds[0].size);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Seen {
    /// How many connections were accepted.
    pub connections: u64,
    /// How many of them have ended, on the sandbox's side at least.
    pub closed_connections: u64,
    /// The requests in the order in which their heads came.
    pub requests: Vec<Request>,
    /// The files that the storage took, in order; the same key may come again.
    pub objects: Vec<Object>,
    /// The builds: published, or going to be.
    pub builds: Vec<Build>,
    /// HarmonyOS certificates.
    pub certificates: Vec<Attachment>,
    /// HarmonyOS HSPs.
    pub hsps: Vec<Attachment>,
}

impl Seen {
    /// How many requests `endpoint` got.
    pub fn count(&self, endpoint: Endpoint) -> usize {
        self.requests_to(endpoint).count()
    }

    /// The requests to `endpoint`.
    pub fn requests_to(&self, endpoint: Endpoint) -> impl Iterator<Item = &Request> {
        self.requests.iter().filter(move |request| request.endpoint == Some(endpoint))
    }

    /// The build that step one's `key` became.
    pub fn build(&self, key: &str) -> Option<&Build> {
        self.builds.iter().find(|build| build.key.as_deref() == Some(key))
    }
}

/// One request.
///
/// ```
/// use pgyer::sandbox::{Endpoint, Sandbox};
/// # std::env::set_current_dir("tests/data")?;
/// # let sandbox = Sandbox::builder().polls(0).start()?;
/// # let key = pgyer::ApiKey::new(sandbox.api_key())?;
/// # let client = pgyer::Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
/// # let published = client.publish(&pgyer::Package::open("app.apk")?, &Default::default())?;
/// # let key = published.key.as_str();
///
/// for request in sandbox.seen().requests_to(Endpoint::Token) {
///     assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
///     assert_eq!(request.field("buildType"), Some("android".as_bytes()));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Request {
    /// Its number among all requests, from 1 on.
    pub number: u64,
    /// The number of its connection, from 1 on.
    pub connection: u64,
    /// The method.
    pub method: String,
    /// The path, without a query.
    pub path: String,
    /// The query, if there was one.
    pub query: Option<String>,
    /// Where it went; none for a path that is not served.
    pub endpoint: Option<Endpoint>,
    /// The headers as received.
    pub headers: Vec<(String, String)>,
    /// The text fields of its body as received, once that has been read.
    pub fields: Vec<(String, Vec<u8>)>,
    /// Whether a `100 Continue` was sent.
    pub continued: bool,
    /// How many bytes of its body were read.
    pub body_bytes: u64,
    /// Whether the whole body was read.
    pub body_complete: bool,
    /// The fault that struck it, as text.
    pub fault: Option<String>,
    /// The status it was answered with; none while there is no answer, and if there never was.
    pub status: Option<u16>,
    /// Whether nothing more than the rest of the body will happen to it.
    pub ended: bool,
}

impl Request {
    /// A request of which nothing but the head is known.
    pub(super) fn new(
        head: &Head,
        number: u64,
        connection: u64,
        endpoint: Option<Endpoint>,
    ) -> Self {
        Self {
            number,
            connection,
            method: head.method.clone(),
            path: head.path.clone(),
            query: head.query.clone(),
            endpoint,
            headers: head.headers.clone(),
            fields: Vec::new(),
            continued: false,
            body_bytes: 0,
            body_complete: false,
            fault: None,
            status: None,
            ended: false,
        }
    }

    /// The value of the header `name`.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The value of the text field `name`.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_slice())
    }
}

/// A file in the storage: all but its content.
///
/// ```
/// use pgyer::sandbox::Sandbox;
/// # std::env::set_current_dir("tests/data")?;
/// # let sandbox = Sandbox::builder().polls(0).start()?;
/// # let key = pgyer::ApiKey::new(sandbox.api_key())?;
/// # let client = pgyer::Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
/// # let published = client.publish(&pgyer::Package::open("app.apk")?, &Default::default())?;
/// # let key = published.key.as_str();
///
/// let object = &sandbox.seen().objects[0];
/// assert_eq!((object.key.as_str(), object.file_name.as_str()), (key, "app.apk"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Object {
    /// Step one's key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its CRC-64 (ECMA-182, reflected).
    pub crc64: u64,
    /// The form's `filename`, as sent.
    pub file_name: String,
    /// The content type of the file's part.
    pub content_type: String,
    /// The text fields of the form, in order.
    pub fields: Vec<(String, Vec<u8>)>,
}

/// What kind of package a build is made of.
///
/// ```
/// use pgyer::sandbox::{Kind, Sandbox};
/// # std::env::set_current_dir("tests/data")?;
/// # let sandbox = Sandbox::builder().polls(0).start()?;
/// # let key = pgyer::ApiKey::new(sandbox.api_key())?;
/// # let client = pgyer::Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
/// # let published = client.publish(&pgyer::Package::open("app.apk")?, &Default::default())?;
/// # let key = published.key.as_str();
///
/// assert!(sandbox.seen().builds.iter().all(|build| build.kind == Kind::Android));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// An IPA.
    Ios,
    /// An APK.
    Android,
    /// A HAP.
    Harmonyos,
}

impl Kind {
    /// The kind that a `buildType` names.
    pub(super) fn from_build_type(text: &str) -> Option<Self> {
        match text {
            "ios" | "ipa" => Some(Self::Ios),
            "android" | "apk" => Some(Self::Android),
            "harmonyos" | "hap" => Some(Self::Harmonyos),
            _ => None,
        }
    }

    /// The kind that the name and the first bytes of a file suggest.
    pub(super) fn guess(file_name: &str, start: &[u8]) -> Self {
        let extension = file_name.rsplit_once('.').map(|(_, ext)| ext.to_ascii_lowercase());
        let holds = |name: &str| start.windows(name.len()).any(|bytes| bytes == name.as_bytes());
        match extension.as_deref() {
            Some("hap") => Self::Harmonyos,
            _ if holds("AndroidManifest.xml") => Self::Android,
            _ if holds("module.json") && !holds("Payload/") => Self::Harmonyos,
            Some("ipa") => Self::Ios,
            _ if holds("Payload/") => Self::Ios,
            _ => Self::Android,
        }
    }

    /// The suffix of a package's name.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Ios => "ipa",
            Self::Android => "apk",
            Self::Harmonyos => "hap",
        }
    }

    /// The number in a published build. The one of HarmonyOS is documented nowhere.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Ios => 1,
            Self::Android => 2,
            Self::Harmonyos => 3,
        }
    }
}

/// A build that was published, or is going to be.
///
/// ```
/// use pgyer::sandbox::{Kind, Sandbox};
/// # std::env::set_current_dir("tests/data")?;
/// # let sandbox = Sandbox::builder().polls(0).start()?;
/// # let key = pgyer::ApiKey::new(sandbox.api_key())?;
/// # let client = pgyer::Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
/// # let published = client.publish(&pgyer::Package::open("app.apk")?, &Default::default())?;
/// # let key = published.key.as_str();
///
/// let seen = sandbox.seen();
/// let build = seen.build(key).expect("it was published");
/// assert_eq!(build.kind, Kind::Android);
/// println!("{} has {} bytes", build.build_key, build.size);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Build {
    /// Step one's key; none for the legacy endpoint, which has no keys.
    pub key: Option<String>,
    /// The published `buildKey`.
    pub build_key: String,
    /// What it is made of.
    pub kind: Kind,
    /// The size of the package.
    pub size: u64,
    /// The CRC-64 of the package.
    pub crc64: u64,
    /// How often `buildInfo` has said that it is still being published.
    pub pending_answers: u32,
    /// Whether an answer with the code 0 has been made for it.
    pub announced: bool,
}

/// A certificate or an HSP.
///
/// ```
/// use pgyer::sandbox::Sandbox;
/// # std::env::set_current_dir("tests/data")?;
/// # let sandbox = Sandbox::builder().polls(0).start()?;
/// # let key = pgyer::ApiKey::new(sandbox.api_key())?;
/// # let client = pgyer::Client::builder().api_key(key).api_url(sandbox.api_url()).build()?;
/// # let mut upload = pgyer::Upload::default();
/// # upload.hsps.push(pgyer::Source::open("app.hsp")?);
/// # let published = client.publish(&pgyer::Package::open("app.hap")?, &upload)?;
///
/// let hsp = &sandbox.seen().hsps[0];
/// assert_eq!((&hsp.key, hsp.file_name.as_str()), (&published.key, "app.hsp"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attachment {
    /// Step one's key of the HAP that it belongs to.
    pub key: String,
    /// The form's `filename`, as sent.
    pub file_name: String,
    /// The password, for a certificate.
    pub password: Option<String>,
    /// Its size in bytes.
    pub size: u64,
    /// Its CRC-64.
    pub crc64: u64,
}
