//! The least client: the same job with as few round trips as there can be, and nothing else. What
//! it takes over a line, no client can undercut but by luck.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::line::Line;
use crate::sink::{API, STORAGE};

/// Up to this size a body waits for `100 Continue`, as the program's has to: all of it would be
/// out before a refusal of its head.
const SMALL: usize = 48 * 1024;

type Connection = BufReader<StreamOwned<ClientConnection, TcpStream>>;

/// Publishes a file, and returns the seconds that it took.
pub(crate) fn job(line: &Line, authority: &Path, file: &Path) -> f64 {
    let began = Instant::now();
    let content = std::fs::read(file).unwrap();
    publish(line, authority, &content).unwrap();
    began.elapsed().as_secs_f64()
}

fn publish(line: &Line, authority: &Path, content: &[u8]) -> io::Result<()> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).map_err(io::Error::other)?).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let config = Arc::new(config);
    let mut api = connect(line, &config, API)?;
    ask(&mut api, "/apiv2/app/getCOSToken", b"_api_key=k&buildType=android")?;
    let (head, tail) = form();
    let body = [head.as_bytes(), content, tail.as_bytes()].concat();
    let mut storage = connect(line, &config, STORAGE)?;
    upload(&mut storage, &body)?;
    ask(&mut api, "/apiv2/app/buildInfo", b"_api_key=k&buildKey=b")
}

fn connect(line: &Line, config: &Arc<ClientConfig>, host: &'static str) -> io::Result<Connection> {
    let tcp = TcpStream::connect((line.ip(), line.port()))?;
    tcp.set_nodelay(true)?;
    let session = ClientConnection::new(Arc::clone(config), host.try_into().unwrap());
    Ok(BufReader::new(StreamOwned::new(session.map_err(io::Error::other)?, tcp)))
}

fn ask(connection: &mut Connection, path: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: {API}:1\r\nContent-Length: {length}\r\n\r\n");
    connection.get_mut().write_all(&[head.as_bytes(), body].concat())?;
    assert_eq!(answer(connection)?, 200);
    Ok(())
}

/// The form around a file, with the fields that the program sends.
fn form() -> (String, String) {
    let mut head = String::new();
    for field in crate::curl_fields() {
        let (name, value) = field.split_once('=').unwrap();
        let disposition = format!("Content-Disposition: form-data; name=\"{name}\"");
        write!(head, "--boundary\r\n{disposition}\r\n\r\n{value}\r\n").unwrap();
    }
    let disposition = "Content-Disposition: form-data; name=\"file\"; filename=\"app.apk\"";
    write!(head, "--boundary\r\n{disposition}\r\n\r\n").unwrap();
    (head, "\r\n--boundary--\r\n".to_owned())
}

fn upload(connection: &mut Connection, body: &[u8]) -> io::Result<()> {
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {STORAGE}\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary=boundary\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    if body.len() <= SMALL {
        connection.get_mut().write_all(head.as_bytes())?;
        assert_eq!(answer(connection)?, 100);
        connection.get_mut().write_all(body)?;
    } else {
        connection.get_mut().write_all(&[head.as_bytes(), body].concat())?;
        assert_eq!(answer(connection)?, 100);
    }
    assert_eq!(answer(connection)?, 204);
    Ok(())
}

/// Reads an answer, and returns its status.
fn answer(connection: &mut Connection) -> io::Result<u16> {
    let (mut status, mut length) = (0, 0);
    loop {
        let mut line = String::new();
        connection.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
            status = rest[..3].parse().unwrap();
        } else if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.parse().unwrap();
        }
    }
    io::copy(&mut connection.take(length), &mut io::sink())?;
    Ok(status)
}
