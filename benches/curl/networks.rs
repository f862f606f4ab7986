//! Whole jobs over networks: a token, an upload, one question after the build, over TLS 1.3. Beside
//! the program: three `curl`s, one for each request, as shell scripts have it; the least client that
//! does the job; and the bound. At the end four files, each of which takes a while to be published.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::line::{Line, Pace};
use crate::measure::{measure, median};
use crate::sink::{API, PUBLISHING, SLOW, STORAGE};
use crate::{curl_fields, least, package_of};

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
    println!(
        "{:10} {:>18} {:>9} {:>9}   {:28} curl",
        "file", "line", "bound", "least", "pgyer (against the least)"
    );
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
            let least =
                median((0..runs).map(|_| least::job(&line, &job.authority(), &file)).collect());
            let shown = |time: f64| format!("{time:.3} s ({:.2})", time / bound);
            let name = if size < MIB {
                format!("{} KiB", size / KIB)
            } else {
                format!("{} MiB", size / MIB)
            };
            println!(
                "{name:10} {:3} ms, {megabits:3} Mbit/s {bound:>7.3} s {least:>7.3} s   {:28} {}",
                round_trip.as_millis(),
                format!("{} {}", shown(ours), beyond(ours - least, round_trip)),
                shown(theirs)
            );
        }
    }
    several(program, folder.path(), &key);
}

/// What a job takes more than the least, with a mark where that is more than it should be: a fifth
/// of a round trip, or 10 ms.
fn beyond(more: f64, round_trip: Duration) -> String {
    let most = (round_trip.as_secs_f64() / 5.0).max(0.010);
    format!("{:+.0} ms{}", more * 1000.0, if more > most { " !" } else { "" })
}

/// Four files with `--jobs 1`: while one is being published the next goes up.
fn several(program: &Path, folder: &Path, key: &Path) {
    const COUNT: u32 = 4;
    let network = Network { round_trip: Duration::from_millis(80), megabits: 100 };
    let size = 20 * MIB;
    let file = package_of(folder, size);
    let line = Line::start(network, folder);
    let job = Job { line: &line, folder, file: &file, key };
    let mut command = job.pgyer_at(program, SLOW);
    command.extend((1..COUNT).map(|_| file.clone().into()));
    let ours = measure(&command).succeeded().wall;
    // The uploads take turns on the line, and only the last one's publishing is waited for.
    let others = f64::from(COUNT - 1) * size as f64 * 8.0 / (f64::from(network.megabits) * 1e6);
    let bound = network.bound(size) + others + PUBLISHING.as_secs_f64();
    println!(
        "\n{COUNT} files of 20 MiB, 80 ms, 100 Mbit/s, each published after {} s: bound {bound:.1} s, \
         pgyer --jobs 1 {ours:.1} s ({:.2})",
        PUBLISHING.as_secs(),
        ours / bound
    );
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
        self.pgyer_at(program, "apiv2")
    }

    fn pgyer_at(&self, program: &Path, api: &str) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec![program.into(), "upload".into(), "--no-check".into()];
        words.extend(["--retries=0", "--progress=never", "--poll-interval=10ms"].map(Into::into));
        words.extend(["--api-url".into(), self.url(API, api).into()]);
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
