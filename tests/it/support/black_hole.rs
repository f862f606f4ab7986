//! A host that does not answer.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A listener on loopback that accepts no more connections, like a firewall that drops packets.
pub(crate) struct BlackHole(Child, u16);

impl BlackHole {
    /// `None` where there is no way to make one: std can't choose a listener's backlog.
    pub(crate) fn dig() -> Option<Self> {
        const SCRIPT: &str = "import socket,time
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(0)
full = []
for _ in range(4):
    c = socket.socket(); c.setblocking(False); c.connect_ex(s.getsockname()); full.append(c)
print(s.getsockname()[1], flush=True)
time.sleep(60)";
        let mut python = Command::new("python3");
        let mut child = python.args(["-c", SCRIPT]).stdout(Stdio::piped()).spawn().ok()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
        Some(Self(child, line.trim().parse().ok()?))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.1)
    }
}

impl Drop for BlackHole {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
