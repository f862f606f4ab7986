//! Whole jobs over networks: a token, an upload, one question after the build, over TLS 1.3. Beside
//! the program: three `curl`s, one for each request, as shell scripts have it, and the bound.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::line::{Line, Pace};
use crate::measure::{measure, median};
use crate::sink::{API, STORAGE};
use crate::{curl_fields, package_of};

/// Bytes.
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// What a job can't do with less of: TCP, TLS and the token; TCP, TLS and the upload to another
/// host; the question on the first connection.
const ROUND_TRIPS: u32 = 7;

/// Files by their size and the rate of the line in Mbit/s; each over each of the delays.
const FILES: [(u64, u32); 4] = [(8 * KIB, 100), (64 * KIB, 100), (2 * MIB, 10), (20 * MIB, 100)];
const ROUND_TRIP_MS: [u64; 3] = [20, 80, 200];

/// The line between a client and its server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Network {
    pub(crate) round_trip: Duration,
    pub(crate) megabits: u32,
}

impl Network {
    /// The least time for a job with a file of this size, with slow start.
    fn bound(&self, size: u64) -> f64 {
        let mut pace = Pace::new(*self);
        let mut last = Duration::ZERO;
        for at in (0..size).step_by(1448) {
            last = pace.send((size - at).min(1448), Duration::ZERO);
        }
        (self.round_trip * ROUND_TRIPS + last).as_secs_f64()
    }
}

pub(crate) fn compare(program: &Path, runs: usize) {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "0123456789abcdef").unwrap();
    println!("file       line              bound      pgyer              curl");
    for (size, megabits) in FILES {
        let file = package_of(folder.path(), size);
        for round_trip in ROUND_TRIP_MS.map(Duration::from_millis) {
            let network = Network { round_trip, megabits };
            let line = Line::start(network, folder.path());
            let job = Job { line: &line, folder: folder.path(), file: &file, key: &key };
            let time = |command: &[OsString]| {
                median((0..runs).map(|_| measure(command).succeeded().wall).collect())
            };
            let bound = network.bound(size);
            let [ours, theirs] = [job.pgyer(program), job.curl()].map(|command| time(&command));
            let shown = |time: f64| format!("{time:.3} s ({:.2})", time / bound);
            let name = if size < MIB {
                format!("{} KiB", size / KIB)
            } else {
                format!("{} MiB", size / MIB)
            };
            println!(
                "{name:10} {:3} ms, {megabits:3} Mbit/s {bound:>8.3} s   {:18} {}",
                round_trip.as_millis(),
                shown(ours),
                shown(theirs)
            );
        }
    }
}

struct Job<'a> {
    line: &'a Line,
    folder: &'a Path,
    file: &'a Path,
    key: &'a Path,
}

impl Job<'_> {
    fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}/{path}", self.line.port())
    }

    /// Where the two hosts are, for both programs.
    fn pins(&self) -> [String; 2] {
        let (port, ip) = (self.line.port(), self.line.ip());
        [API, STORAGE].map(|host| format!("{host}:{port}:{ip}"))
    }

    fn pgyer(&self, program: &Path) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec![program.into(), "upload".into(), "--no-check".into()];
        words.extend(["--retries=0", "--progress=never", "--poll-interval=10ms"].map(Into::into));
        words.extend(["--api-url".into(), self.url(API, "apiv2").into()]);
        words.extend(["--api-key-file".into(), self.key.into()]);
        words.extend(["--ca-file".into(), self.authority().into()]);
        words.extend(self.pins().into_iter().flat_map(|pin| ["--resolve".into(), pin.into()]));
        words.push(self.file.into());
        words
    }

    /// A script: a `curl` for each request.
    fn curl(&self) -> Vec<OsString> {
        let [one, two] = self.pins();
        let authority = self.authority();
        let common = format!(
            "curl -sSf --cacert '{}' --resolve '{one}' --resolve '{two}'",
            authority.display()
        );
        let ask = |call| format!("{common} -d _api_key=k '{}'", self.url(API, call));
        let fields: Vec<String> =
            curl_fields().map(|field| format!("--form-string '{field}'")).collect();
        let script = format!(
            "{} && {common} {} -F 'file=@{}' '{}' && {}",
            ask("apiv2/app/getCOSToken"),
            fields.join(" "),
            self.file.display(),
            self.url(STORAGE, ""),
            ask("apiv2/app/buildInfo"),
        );
        ["sh", "-ec", &script].map(OsString::from).into()
    }
}
