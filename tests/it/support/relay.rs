//! TLS in front of a sandbox: certificates of every kind, and a relay that passes on bytes, ends
//! and broken connections, and counts handshakes.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};

/// The host name that relays stand for.
pub(crate) const HOST: &str = "pgyer.test";

/// An issuer of certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        Self::with(name, KeyPair::generate().unwrap(), |_| {})
    }

    /// One with a key and a certificate of the caller's.
    pub(crate) fn with(
        name: &str,
        key: KeyPair,
        adjust: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        Self(CertifiedIssuer::self_signed(authority(name, adjust), key).unwrap())
    }

    /// One that this one has issued a certificate to.
    pub(crate) fn below(&self, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::signed_by(authority(name, |_| {}), key, &self.0).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// The authority that most tests trust.
    pub(crate) fn usual() -> &'static Self {
        static USUAL: OnceLock<Authority> = OnceLock::new();
        USUAL.get_or_init(|| Self::new("The Tests' Authority"))
    }

    /// Writes its own certificate to a file.
    pub(crate) fn file(&self, folder: &Path) -> PathBuf {
        let path = folder.join("ca.pem");
        std::fs::write(&path, self.0.pem()).unwrap();
        path
    }

    /// A server with a certificate for these names.
    pub(crate) fn server(
        &self,
        names: &[&str],
        adjust: impl FnOnce(&mut CertificateParams),
    ) -> Arc<ServerConfig> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        adjust(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        config(&[certificate.der().clone()], &key)
    }

    /// A server for [`HOST`] that shows this authority's certificate beside its own.
    pub(crate) fn server_with_chain(&self) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([HOST.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        config(&[certificate.der().clone(), self.0.der().clone()], &key)
    }

    /// A server for [`HOST`], and its certificate.
    pub(crate) fn server_and_certificate(&self) -> (Arc<ServerConfig>, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([HOST.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (config(&[certificate.der().clone()], &key), certificate.pem())
    }
}

fn authority(name: &str, adjust: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, name);
    params.distinguished_name.push(DnType::CommonName, name);
    adjust(&mut params);
    params
}

/// A server whose certificate is an authority's of its own, and that certificate.
pub(crate) fn self_signed(
    name: &str,
    adjust: impl FnOnce(&mut CertificateParams),
) -> (Arc<ServerConfig>, String) {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    adjust(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (config(&[certificate.der().clone()], &key), certificate.pem())
}

fn config(chain: &[CertificateDer<'static>], key: &KeyPair) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.to_vec(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    Arc::new(config)
}

/// A server for [`HOST`] that wants a certificate of its clients, by one version of TLS.
pub(crate) fn wanting_certificates(
    version: &'static SupportedProtocolVersion,
) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(Authority::usual().0.der().clone()).unwrap();
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([HOST.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &Authority::usual().0).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    Arc::new(config)
}

/// A TLS server that passes everything on.
pub(crate) struct Relay {
    addr: SocketAddr,
    target: Arc<OnceLock<SocketAddr>>,
    handshakes: Arc<AtomicUsize>,
}

impl Relay {
    pub(crate) fn start(config: Arc<ServerConfig>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let (target, handshakes) = (Arc::<OnceLock<_>>::default(), Arc::<AtomicUsize>::default());
        let (to, count) = (Arc::clone(&target), Arc::clone(&handshakes));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (config, to, count) = (Arc::clone(&config), Arc::clone(&to), count.clone());
                thread::spawn(move || serve(client, config, *to.get().unwrap(), &count));
            }
        });
        Self { addr, target, handshakes }
    }

    /// One that stands for [`HOST`], with a certificate of the usual authority.
    pub(crate) fn usual() -> Self {
        static SERVER: OnceLock<Arc<ServerConfig>> = OnceLock::new();
        let server = SERVER.get_or_init(|| Authority::usual().server(&[HOST], |_| {}));
        Self::start(Arc::clone(server))
    }

    /// Where everything is passed on to.
    pub(crate) fn lead_to(&self, target: SocketAddr) {
        self.target.set(target).expect("it leads nowhere yet");
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{HOST}:{}", self.addr.port())
    }

    /// The `--resolve` that leads to it.
    pub(crate) fn pin(&self) -> String {
        format!("--resolve={HOST}:{}:127.0.0.1", self.addr.port())
    }

    /// How many have been completed.
    pub(crate) fn handshakes(&self) -> usize {
        self.handshakes.load(Ordering::SeqCst)
    }
}

type Session = Mutex<ServerConnection>;

fn serve(
    client: TcpStream,
    config: Arc<ServerConfig>,
    target: SocketAddr,
    handshakes: &AtomicUsize,
) -> Option<()> {
    client.set_nodelay(true).ok()?;
    let mut session = ServerConnection::new(config).ok()?;
    while session.is_handshaking() {
        session.complete_io(&mut &client).ok()?;
    }
    handshakes.fetch_add(1, Ordering::SeqCst);
    let server = TcpStream::connect(target).ok()?;
    server.set_nodelay(true).ok()?;
    let session = Mutex::new(session);
    thread::scope(|scope| {
        scope.spawn(|| match up(&client, &server, &session) {
            Ok(()) => server.shutdown(Shutdown::Write),
            // The server's last word may still be on its way.
            Err(Broken::Server) => Ok(()),
            Err(Broken::Client) => server.shutdown(Shutdown::Both),
        });
        let _ = match down(&client, &server, &session) {
            Ok(()) => client.shutdown(Shutdown::Write),
            // Without the word that TLS has for an end.
            Err(_) => client.shutdown(Shutdown::Both),
        };
    });
    Some(())
}

/// Which side a connection broke on.
enum Broken {
    Client,
    Server,
}

fn up(mut client: &TcpStream, mut server: &TcpStream, session: &Session) -> Result<(), Broken> {
    let client_broke = |_: io::Error| Broken::Client;
    let mut buffer = vec![0; 64 * 1024];
    let mut raw: &[u8] = &[];
    loop {
        let (plain, ended) = {
            let mut session = session.lock().unwrap();
            let mut plain = Vec::new();
            let ended = take_plain(&mut session, &mut plain, &mut raw).map_err(client_broke)?;
            while session.wants_write() {
                session.write_tls(&mut client).map_err(client_broke)?;
            }
            (plain, ended)
        };
        server.write_all(&plain).map_err(|_| Broken::Server)?;
        if ended {
            return Ok(());
        }
        let count = client.read(&mut buffer).map_err(client_broke)?;
        if count == 0 {
            return Ok(());
        }
        raw = &buffer[..count];
    }
}

/// Decrypts what has come; says whether it was the end.
fn take_plain(
    session: &mut ServerConnection,
    plain: &mut Vec<u8>,
    raw: &mut &[u8],
) -> io::Result<bool> {
    loop {
        let state = session.process_new_packets().map_err(io::Error::other)?;
        let mut part = vec![0; state.plaintext_bytes_to_read()];
        session.reader().read_exact(&mut part)?;
        plain.extend_from_slice(&part);
        if state.peer_has_closed() {
            return Ok(true);
        }
        if raw.is_empty() {
            return Ok(false);
        }
        session.read_tls(raw)?;
    }
}

fn down(mut client: &TcpStream, mut server: &TcpStream, session: &Session) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = server.read(&mut buffer)?;
        let mut session = session.lock().unwrap();
        match count {
            0 => session.send_close_notify(),
            _ => session.writer().write_all(&buffer[..count])?,
        }
        while session.wants_write() {
            session.write_tls(&mut client)?;
        }
        if count == 0 {
            return Ok(());
        }
    }
}
