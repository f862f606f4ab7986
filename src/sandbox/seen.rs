//! What a sandbox has seen, as plain values for tests.

use super::fault::Endpoint;
use super::form::ReceivedFile;
use super::request_head::RequestHead;
use super::service::random_hex;
use crate::package::Identity;
use crate::types::BuildType;

/// Everything that a sandbox has seen so far.
///
/// ```no_run
/// use pgyer::sandbox::{Attachment, Build, Endpoint, Object, Sandbox, SeenRequest};
/// # fn f(sandbox: &Sandbox, key: &str) {
/// let seen = sandbox.seen();
/// assert_eq!(seen.count(Endpoint::Storage), 1);
/// let request: &SeenRequest = seen.requests_to(Endpoint::Token).next().expect("a request");
/// assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
/// assert_eq!(request.field("buildType"), Some("hap".as_bytes()));
/// let object: &Object = &seen.objects[0];
/// assert_eq!((object.key.as_str(), object.file_name.as_str()), (key, "app.hap"));
/// let build: &Build = seen.build(key).expect("the build is known");
/// assert!(build.announced && build.size == object.size);
/// let hsp: &Attachment = &seen.hsps[0];
/// assert_eq!((hsp.key.as_str(), hsp.file_name.as_str()), (key, "app.hsp"));
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Seen {
    /// The number of connections accepted.
    pub connections: u64,
    /// The number of connections that have ended, on the sandbox's side at least.
    pub closed_connections: u64,
    /// The requests in the order in which their heads arrived.
    pub requests: Vec<SeenRequest>,
    /// The files that the storage accepted, in order; a key may occur more than once.
    pub objects: Vec<Object>,
    /// The builds, published or about to be.
    pub builds: Vec<Build>,
    /// HarmonyOS certificates.
    pub certificates: Vec<Attachment>,
    /// HarmonyOS HSPs.
    pub hsps: Vec<Attachment>,
}

impl Seen {
    /// Counts the requests to `endpoint`.
    pub fn count(&self, endpoint: Endpoint) -> usize {
        self.requests_to(endpoint).count()
    }

    /// Returns the requests to `endpoint`.
    pub fn requests_to(&self, endpoint: Endpoint) -> impl Iterator<Item = &SeenRequest> {
        self.requests.iter().filter(move |request| request.endpoint == Some(endpoint))
    }

    /// Returns the build with step one's `key`.
    pub fn build(&self, key: &str) -> Option<&Build> {
        self.builds.iter().find(|build| build.key.as_deref() == Some(key))
    }
}

/// One request; [`Seen`] has an example.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct SeenRequest {
    /// Its number among all requests, from 1.
    pub number: u64,
    /// The number of its connection, from 1.
    pub connection: u64,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, if there was one.
    pub query: Option<String>,
    /// The endpoint; `None` for a path that is not served.
    pub endpoint: Option<Endpoint>,
    /// The headers as received.
    pub headers: Vec<(String, String)>,
    /// The text fields of the body as received, once it has been read.
    pub fields: Vec<(String, Vec<u8>)>,
    /// Whether a `100 Continue` was sent.
    pub continued: bool,
    /// How many bytes of the body were read.
    pub body_bytes: u64,
    /// Whether the whole body was read.
    pub body_complete: bool,
    /// What it did that the vendor's page does not say, if it was accepted: phrases such as "the
    /// file's part has no Content-Type".
    pub deviations: Vec<String>,
    /// The fault that applied to it, as text.
    pub fault: Option<String>,
    /// The status of the answer; `None` while there is no answer, and if there never was one.
    pub status: Option<u16>,
    /// Whether it has ended; the rest of the body may still be being read.
    pub ended: bool,
}

impl SeenRequest {
    /// A request of which only the head is known.
    pub(super) fn new(
        head: &RequestHead,
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
            ..Self::default()
        }
    }

    /// Returns the value of the header `name`.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the value of the text field `name`, the last one if there are several.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        let found = self.fields.iter().rfind(|(known, _)| known == name);
        found.map(|(_, value)| value.as_slice())
    }
}

/// A file in the storage, without its content; [`Seen`] has an example.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Object {
    /// Step one's key.
    pub key: String,
    /// The size in bytes.
    pub size: u64,
    /// The CRC-64 (ECMA-182, reflected).
    pub crc64: u64,
    /// The form's `filename`, as sent.
    pub file_name: String,
    /// The content type of the file's part; empty if it has none.
    pub content_type: String,
    /// The text fields of the form, in order.
    pub fields: Vec<(String, Vec<u8>)>,
}

/// A build that was published or is about to be; [`Seen`] has an example.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Build {
    /// Step one's key; `None` for the legacy endpoint, which has no keys.
    pub key: Option<String>,
    /// The published `buildKey`.
    pub build_key: String,
    /// The type of the package.
    pub build_type: BuildType,
    /// The size of the package.
    pub size: u64,
    /// The CRC-64 of the package.
    pub crc64: u64,
    /// What the package says it is.
    pub identity: Identity,
    /// How often `buildInfo` has answered that the build is still being published.
    pub pending_answers: u32,
    /// Whether an answer with code 0 has been made for it.
    pub announced: bool,
}

impl Build {
    pub(super) fn new(key: Option<String>, build_type: BuildType, file: &ReceivedFile) -> Self {
        let mut build = Self {
            key,
            build_key: random_hex(32),
            build_type,
            size: 0,
            crc64: 0,
            identity: Identity::default(),
            pending_answers: 0,
            announced: false,
        };
        build.store(file);
        build
    }

    pub(super) fn store(&mut self, file: &ReceivedFile) {
        self.size = file.content.size();
        self.crc64 = file.crc64;
        self.identity = file.content.identity();
    }
}

/// A certificate or an HSP; [`Seen`] has an example.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attachment {
    /// Step one's key of the HAP that it belongs to.
    pub key: String,
    /// The form's `filename`, as sent.
    pub file_name: String,
    /// The password, for a certificate.
    pub password: Option<String>,
    /// The size in bytes.
    pub size: u64,
    /// The CRC-64.
    pub crc64: u64,
}
