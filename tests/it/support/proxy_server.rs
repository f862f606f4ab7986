//! A proxy, HTTP or SOCKS5, that connects names to the addresses a test chooses.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What it does when a client asks for a host.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reply {
    /// Connects to this address.
    To(SocketAddr),
    /// Refuses, with this HTTP status or SOCKS code.
    Refuse(u16),
    /// Sends this.
    Say(&'static str),
    /// Sends nothing.
    Stall,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Speaks {
    Http,
    Socks5,
}

/// A proxy that serves until the tests end.
pub(crate) struct ProxyServer {
    addr: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

struct Rules {
    speaks: Speaks,
    /// `user:password`, if they are required.
    credentials: Option<&'static str>,
    reply: Box<dyn Fn(&str) -> Reply + Send + Sync>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ProxyServer {
    /// `reply` is given `HOST:PORT`.
    pub(crate) fn start(
        speaks: Speaks,
        credentials: Option<&'static str>,
        reply: impl Fn(&str) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<_>>>::default();
        let (reply, notes) = (Box::new(reply), Arc::clone(&asked));
        let rules = Arc::new(Rules { speaks, credentials, reply, asked: notes });
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let rules = Arc::clone(&rules);
                thread::spawn(move || rules.serve(&client));
            }
        });
        Self { addr, asked }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The hosts that it was asked for, in order; addresses are marked as such.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Rules {
    fn serve(&self, client: &TcpStream) -> io::Result<()> {
        match self.speaks {
            Speaks::Http => self.connect(client),
            Speaks::Socks5 => self.socks(client),
        }
    }

    fn note(&self, target: &str) {
        self.asked.lock().unwrap().push(target.to_owned());
    }

    fn connect(&self, mut client: &TcpStream) -> io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(hear::<1>(client)?[0]);
        }
        let head = String::from_utf8(head).map_err(io::Error::other)?;
        let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
        let Some(target) = target else { return Ok(()) };
        self.note(target);
        let given = head.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: "));
        if given.map(str::to_owned) != self.credentials.map(basic) {
            return client.write_all(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n");
        }
        match (self.reply)(target) {
            Reply::To(address) => {
                let server = TcpStream::connect(address)?;
                client.write_all(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")?;
                tunnel(client, &server)
            }
            Reply::Refuse(status) => {
                client.write_all(format!("HTTP/1.1 {status} No\r\n\r\n").as_bytes())
            }
            other => say(client, other),
        }
    }

    fn socks(&self, mut client: &TcpStream) -> io::Result<()> {
        let [_, methods] = hear::<2>(client)?;
        let mut offered = vec![0; usize::from(methods)];
        client.read_exact(&mut offered)?;
        let method = if self.credentials.is_some() { 2 } else { 0 };
        if !offered.contains(&method) {
            return client.write_all(&[5, 0xff]);
        }
        client.write_all(&[5, method])?;
        if let Some(wanted) = self.credentials {
            let [_, length] = hear::<2>(client)?;
            let user = hear_text(client, length)?;
            let [length] = hear::<1>(client)?;
            let right = format!("{user}:{}", hear_text(client, length)?) == wanted;
            client.write_all(&[1, u8::from(!right)])?;
            if !right {
                return Ok(());
            }
        }
        let [_, _, _, kind] = hear::<4>(client)?;
        let host = match kind {
            1 => format!("address {}", Ipv4Addr::from(hear::<4>(client)?)),
            4 => format!("address {}", Ipv6Addr::from(hear::<16>(client)?)),
            _ => {
                let [length] = hear::<1>(client)?;
                hear_text(client, length)?
            }
        };
        let target = format!("{host}:{}", u16::from_be_bytes(hear::<2>(client)?));
        self.note(&target);
        match (self.reply)(&target) {
            Reply::To(address) => {
                let server = TcpStream::connect(address)?;
                client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
                tunnel(client, &server)
            }
            Reply::Refuse(code) => {
                let code = u8::try_from(code).unwrap_or(1);
                client.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0])
            }
            other => say(client, other),
        }
    }
}

fn say(mut client: &TcpStream, reply: Reply) -> io::Result<()> {
    match reply {
        Reply::Say(text) => client.write_all(text.as_bytes()),
        // Until the peer closes.
        _ => client.read(&mut [0]).map(drop),
    }
}

fn basic(credentials: &str) -> String {
    use base64::Engine;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials))
}

fn hear<const N: usize>(mut client: &TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes).map(|()| bytes)
}

fn hear_text(mut client: &TcpStream, length: u8) -> io::Result<String> {
    let mut bytes = vec![0; usize::from(length)];
    client.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn tunnel(client: &TcpStream, server: &TcpStream) -> io::Result<()> {
    let pass = |mut from: &TcpStream, mut to: &TcpStream| {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    };
    thread::scope(|scope| {
        scope.spawn(|| pass(client, server));
        pass(server, client);
    });
    Ok(())
}
