//! A line with a delay and a rate, to a sink at its other end.
//!
//! Two network namespaces and `netem` where this may make them and the kernel has it: then TCP
//! meets the line. Otherwise a relay on loopback, which passes on what has come when it would have
//! arrived, with slow start as TCP has it without losses.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::networks::Network;
use crate::sink::Sink;

/// The first argument of the process that is the sink in a namespace.
const SERVE: &str = "--serve-in-namespace";

const NAMESPACE: &str = "pgyer-bench";
const HERE: &str = "10.213.77.1";
const THERE: &str = "10.213.77.2";

pub(crate) enum Line {
    Namespace { server: Child, port: u16 },
    Relay { port: u16 },
}

impl Line {
    /// Sets a line up, with a sink whose authority is written to the folder.
    pub(crate) fn start(network: Network, folder: &Path) -> Self {
        namespace(network, folder).unwrap_or_else(|| {
            tidy();
            relay(network, Sink::start(folder, true).port())
        })
    }

    pub(crate) fn ip(&self) -> &'static str {
        match self {
            Self::Namespace { .. } => THERE,
            Self::Relay { .. } => "127.0.0.1",
        }
    }

    pub(crate) fn port(&self) -> u16 {
        match self {
            Self::Namespace { port, .. } | Self::Relay { port } => *port,
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Self::Namespace { server, .. } = self {
            let _ = server.kill().and_then(|()| server.wait());
            tidy();
        }
    }
}

/// What this benchmark measures with, for people.
pub(crate) fn way() -> &'static str {
    let probe = Network { round_trip: Duration::from_millis(2), megabits: 1000 };
    let folder = tempfile::TempDir::new().unwrap();
    match Line::start(probe, folder.path()) {
        Line::Namespace { .. } => "network namespaces with netem",
        Line::Relay { .. } => "a relay on loopback (no namespaces with netem here)",
    }
}

fn does(line: &str) -> bool {
    let mut words = line.split(' ');
    let program = words.next().unwrap_or_default();
    let mut command = Command::new(program);
    command.args(words).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Deleting the namespace deletes the pair of devices, too.
fn tidy() {
    does(&format!("ip netns del {NAMESPACE}"));
}

fn namespace(network: Network, folder: &Path) -> Option<Line> {
    let inside = format!("ip netns exec {NAMESPACE}");
    let delay = network.round_trip.as_micros() / 2;
    // A queue of three times what is under way.
    let packets = (network.round_trip.as_secs_f64() * f64::from(network.megabits) * 1e6 / 12_000.0
        * 3.0) as u64
        + 100;
    let netem = format!("netem delay {delay}us rate {}mbit limit {packets}", network.megabits);
    let ready = [
        format!("ip netns add {NAMESPACE}"),
        format!("ip link add pgyer0 type veth peer name pgyer1 netns {NAMESPACE}"),
        format!("ip addr add {HERE}/30 dev pgyer0"),
        "ip link set pgyer0 up".to_owned(),
        format!("{inside} ip addr add {THERE}/30 dev pgyer1"),
        format!("{inside} ip link set pgyer1 up"),
        format!("tc qdisc add dev pgyer0 root {netem}"),
        format!("{inside} tc qdisc add dev pgyer1 root {netem}"),
    ];
    if !ready.iter().all(|line| does(line)) {
        return None;
    }
    let own = std::env::current_exe().unwrap();
    let mut server = Command::new("ip")
        .args(["netns", "exec", NAMESPACE])
        .args([own.as_os_str(), SERVE.as_ref(), folder.as_os_str()])
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut port = String::new();
    BufReader::new(server.stdout.take()?).read_line(&mut port).ok()?;
    Some(Line::Namespace { server, port: port.trim().parse().ok()? })
}

/// The other half of a line in a namespace, if the first argument asks for it. Does not return
/// then.
pub(crate) fn serve() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_none_or(|first| first != SERVE) {
        return;
    }
    let folder = arguments.next().unwrap();
    let sink = Sink::start_at(Ipv4Addr::UNSPECIFIED.into(), folder.as_ref(), true);
    println!("{}", sink.port());
    loop {
        thread::park();
    }
}

/// When the bytes of one direction of a connection leave: at the rate of the line, and no more in
/// a round trip than TCP's window, which doubles whenever it was filled.
#[derive(Debug)]
pub(crate) struct Pace {
    network: Network,
    window: u64,
    /// What of the window is used up, and since when. All times are since the first byte.
    used: u64,
    round: Duration,
    free: Duration,
}

impl Pace {
    /// What TCP sends before it has heard anything: ten segments.
    const INITIAL_WINDOW: u64 = 14_480;

    pub(crate) fn new(network: Network) -> Self {
        let (round, free) = (Duration::ZERO, Duration::ZERO);
        Self { network, window: Self::INITIAL_WINDOW, used: 0, round, free }
    }

    /// When the next bytes have left that are there from `ready` on.
    pub(crate) fn send(&mut self, count: u64, ready: Duration) -> Duration {
        let mut start = self.free.max(ready);
        let next_round = self.round + self.network.round_trip;
        if start >= next_round {
            (self.round, self.used) = (start, 0);
        } else if self.used >= self.window {
            start = next_round;
            (self.round, self.used, self.window) = (next_round, 0, self.window * 2);
        }
        self.used += count;
        let bits = count as f64 * 8.0;
        self.free =
            start + Duration::from_secs_f64(bits / (f64::from(self.network.megabits) * 1e6));
        self.free
    }
}

/// So much waits in a relay at most, in parts as they were read.
const PART: usize = 4 * 1448;
const PARTS: usize = 1024;

/// How late threads of a busy machine wake up.
const LATE: Duration = Duration::from_millis(3);

type Part = (Instant, Vec<u8>);

fn relay(network: Network, to: u16) -> Line {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || pass_on(client, to, network));
        }
    });
    Line::Relay { port }
}

fn pass_on(client: TcpStream, to: u16, network: Network) -> io::Result<()> {
    let accepted = Instant::now();
    let server = TcpStream::connect(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), to))?;
    for side in [&client, &server] {
        side.set_nodelay(true)?;
    }
    let ends = [(client.try_clone()?, server.try_clone()?), (server, client)];
    for (from, to) in ends {
        let (sender, receiver) = sync_channel(PARTS);
        // The kernel has made the connection already: what comes first waits for the round trip
        // that this would have taken.
        let opened = accepted + network.round_trip;
        thread::spawn(move || take(from, &sender, network, opened));
        thread::spawn(move || give(to, &receiver));
    }
    Ok(())
}

/// Reads at the rate of the line, and says of each part when it arrives.
fn take(mut from: TcpStream, to: &SyncSender<Part>, network: Network, opened: Instant) {
    let mut buffer = vec![0; PART];
    let mut pace = Pace::new(network);
    let mut began = None;
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let now = Instant::now().max(opened);
        let began = *began.get_or_insert(now);
        // A thread that wakes up late is no line that was idle.
        let ready = (now - began).saturating_sub(LATE);
        let left = began + pace.send(count as u64, ready);
        if to.send((left + network.round_trip / 2, buffer[..count].to_vec())).is_err() {
            return;
        }
        thread::sleep(left.saturating_duration_since(Instant::now()));
    }
}

fn give(mut to: TcpStream, from: &Receiver<Part>) {
    while let Ok((due, bytes)) = from.recv() {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
