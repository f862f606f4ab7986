//! A storage that reads whole forms and keeps nothing. It answers 204 if the length and the closing
//! delimiter are right. Below `/apiv2` it is an API whose tokens lead to it, and below `/slow` one
//! that takes a while to publish.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Names that its certificate is for, beside `localhost`.
pub(crate) const API: &str = "api.test";
pub(crate) const STORAGE: &str = "storage.test";

/// Where the API publishes each build only 5 s after its upload.
pub(crate) const SLOW: &str = "slow";
pub(crate) const PUBLISHING: Duration = Duration::from_secs(5);

pub(crate) struct Sink {
    url: String,
    port: u16,
    folder: PathBuf,
    is_tls: bool,
    connections: Arc<AtomicUsize>,
    /// The cipher of each handshake.
    ciphers: Arc<Mutex<Vec<String>>>,
    bodies: Arc<AtomicUsize>,
}

/// What the sink has seen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) connections: usize,
    pub(crate) handshakes: usize,
    /// Whole forms.
    pub(crate) bodies: usize,
}

impl Sink {
    /// Starts a sink, and writes its certificate's issuer and its tokens to the folder.
    pub(crate) fn start(folder: &Path, is_tls: bool) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), folder, is_tls)
    }

    pub(crate) fn start_at(ip: IpAddr, folder: &Path, is_tls: bool) -> Self {
        let listener = TcpListener::bind((ip, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let scheme = if is_tls { "https" } else { "http" };
        let sink = Self {
            url: format!("{scheme}://localhost:{port}/"),
            port,
            folder: folder.to_owned(),
            is_tls,
            connections: Arc::default(),
            ciphers: Arc::default(),
            bodies: Arc::default(),
        };
        let config = is_tls.then(|| certificate(&sink.authority_file()));
        let counts = (sink.connections.clone(), sink.ciphers.clone(), sink.bodies.clone());
        thread::spawn(move || {
            for tcp in listener.incoming().flatten() {
                counts.0.fetch_add(1, Ordering::SeqCst);
                let (config, ciphers, bodies) =
                    (config.clone(), counts.1.clone(), counts.2.clone());
                thread::spawn(move || serve(tcp, config, &ciphers, &bodies));
            }
        });
        sink
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The certificate of the authority that a client has to trust.
    pub(crate) fn authority(&self) -> Option<PathBuf> {
        self.is_tls.then(|| self.authority_file())
    }

    fn authority_file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// A file with a token for this sink.
    pub(crate) fn token(&self, fields: &[(&str, &str)]) -> PathBuf {
        let path = self.folder.join(if self.is_tls { "tls.json" } else { "plain.json" });
        std::fs::write(&path, token(&self.url, fields)).unwrap();
        path
    }

    pub(crate) fn ciphers(&self) -> Vec<String> {
        self.ciphers.lock().unwrap().clone()
    }

    pub(crate) fn counts(&self) -> Counts {
        let of = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        Counts {
            connections: of(&self.connections),
            handshakes: self.ciphers().len(),
            bodies: of(&self.bodies),
        }
    }
}

/// A token with a key of its own that names an endpoint.
pub(crate) fn token(endpoint: &str, fields: &[(&str, &str)]) -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let key = format!("key-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let params: serde_json::Map<_, _> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    serde_json::json!({"key": key, "endpoint": endpoint, "params": params}).to_string()
}

fn certificate(authority_file: &Path) -> Arc<ServerConfig> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Two certificates with the same name would look like a self-signed one.
    params.distinguished_name.push(DnType::CommonName, "The Benchmark's Authority");
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(authority_file, authority.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = ["localhost", API, STORAGE].map(str::to_owned);
    let params = CertificateParams::new(names).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap().der().clone();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    Arc::new(config)
}

fn serve(
    mut tcp: TcpStream,
    config: Option<Arc<ServerConfig>>,
    ciphers: &Mutex<Vec<String>>,
    bodies: &AtomicUsize,
) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let Some(config) = config else { return answer_all(tcp, bodies) };
    let mut session = ServerConnection::new(config).map_err(io::Error::other)?;
    while session.is_handshaking() {
        session.complete_io(&mut tcp)?;
    }
    let suite = session.negotiated_cipher_suite().unwrap().suite();
    ciphers.lock().unwrap().push(format!("{suite:?}"));
    answer_all(StreamOwned::new(session, tcp), bodies)
}

fn answer_all(stream: impl Read + Write, bodies: &AtomicUsize) -> io::Result<()> {
    let mut stream = BufReader::with_capacity(256 * 1024, stream);
    while let Some(head) = Head::read(&mut stream)? {
        if head.expects_continue {
            stream.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            stream.get_mut().flush()?;
        }
        let answer = if head.path.contains("/app/") {
            let mut body = vec![0; head.length];
            stream.read_exact(&mut body)?;
            let body = head.api_answer(&String::from_utf8_lossy(&body));
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        } else if take_body(&mut stream, &head)? {
            bodies.fetch_add(1, Ordering::SeqCst);
            "HTTP/1.1 204 No Content\r\n\r\n".to_owned()
        } else {
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_owned()
        };
        stream.get_mut().write_all(answer.as_bytes())?;
        stream.get_mut().flush()?;
    }
    Ok(())
}

#[derive(Default)]
struct Head {
    path: String,
    host: String,
    length: usize,
    boundary: String,
    expects_continue: bool,
}

impl Head {
    /// `None` at the end of the connection.
    fn read(stream: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut head = Self::default();
        let mut lines = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            let line = line.trim_end();
            if line.is_empty() && lines > 0 {
                return Ok(Some(head));
            }
            lines += 1;
            if lines == 1 {
                head.path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            }
            let (name, value) = line.split_once(": ").unwrap_or_default();
            match name.to_ascii_lowercase().as_str() {
                "host" => head.host = value.to_owned(),
                "content-length" => head.length = value.parse().unwrap_or(0),
                "content-type" => {
                    head.boundary = value.split("boundary=").nth(1).unwrap_or_default().to_owned();
                }
                "expect" => head.expects_continue = true,
                _ => {}
            }
        }
    }
}

impl Head {
    /// What the API says: a token, or a build.
    fn api_answer(&self, body: &str) -> String {
        let is_slow = self.path.starts_with(&format!("/{SLOW}/"));
        if self.path.ends_with("/getCOSToken") {
            let port = self.host.rsplit(':').next().unwrap_or_default();
            let data = token(&format!("https://{STORAGE}:{port}/"), &crate::FIELDS);
            return format!(r#"{{"code":0,"message":"","data":{data}}}"#);
        }
        if is_slow && first_asked(body).elapsed() < PUBLISHING {
            return r#"{"code":1247,"message":"publishing"}"#.to_owned();
        }
        let data = r#"{"buildKey":"b","buildName":"Demo","buildShortcutUrl":"demo"}"#;
        format!(r#"{{"code":0,"message":"","data":{data}}}"#)
    }
}

/// When this question came first.
fn first_asked(question: &str) -> Instant {
    static ASKED: Mutex<Vec<(String, Instant)>> = Mutex::new(Vec::new());
    let mut asked = ASKED.lock().unwrap();
    let known = asked.iter().find(|(other, _)| other == question).map(|(_, first)| *first);
    known.unwrap_or_else(|| {
        let now = Instant::now();
        asked.push((question.to_owned(), now));
        now
    })
}

/// Reads a body of exactly this length. Returns whether it ends with the closing delimiter.
fn take_body(stream: &mut impl BufRead, head: &Head) -> io::Result<bool> {
    let delimiter = format!("\r\n--{}--\r\n", head.boundary).into_bytes();
    let mut left = head.length;
    let mut end: Vec<u8> = Vec::new();
    while left > 0 {
        let available = stream.fill_buf()?;
        let taken = available.len().min(left);
        if taken == 0 {
            return Ok(false);
        }
        end.extend_from_slice(&available[taken.saturating_sub(delimiter.len())..taken]);
        end.drain(..end.len().saturating_sub(delimiter.len()));
        stream.consume(taken);
        left -= taken;
    }
    Ok(end == delimiter)
}
