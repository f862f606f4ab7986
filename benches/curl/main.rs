//! `pgyer put` against `curl -F`: the same file, the same fields, the same sink, in turn, as whole
//! processes. docs/reference.md has a result, docs/measurements.md the method.
//!
//! ```sh
//! cargo bench --bench curl                 # 1 GiB, over TLS and plain
//! cargo bench --bench curl -- --quick
//! cargo bench --bench curl -- --networks   # whole jobs over slow lines
//! ```
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

mod floor;
mod least;
mod limits;
mod line;
mod measure;
mod networks;
mod sink;

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use lexopt::ValueExt;
use measure::{Pairs, Spent, measure};
use sink::{Counts, Sink};
use tempfile::TempDir;

const HELP: &str = "\
Usage: cargo bench --bench curl -- [OPTION]...

  --size MIB        the size of the file; 1024 by default
  --runs N          pairs of runs; 7 by default
  --quick           64 MiB, 3 pairs
  --only WAY        tls, equal (TLS with one cipher for both) or plain; all by default
  --program FILE    the pgyer to measure; the one just built by default
  --networks        whole jobs over a dozen networks; 5 runs by default
  --limits          hold what is exact: memory, connections, handshakes, system calls
";

/// The fields of a real token, in size and number.
const FIELDS: [(&str, &str); 3] = [
    ("key", "5f2b4c7f0d4d4a6d8c1b2a3f4e5d6c7b.apk"),
    (
        "signature",
        "q-sign-algorithm=sha1&q-ak=AKIDEXAMPLE&q-sign-time=1700000000;1700001860&\
         q-key-time=1700000000;1700001860&q-header-list=&q-url-param-list=&\
         q-signature=0123456789abcdef0123456789abcdef01234567",
    ),
    ("x-cos-security-token", "an-example-of-a-token-that-is-a-good-deal-longer-in-real-life"),
];

/// The one that the program asks for first, as curl's TLS library calls it.
const OUR_CIPHER: &str = "TLS_AES_128_GCM_SHA256";

const FILE_NAME: &str = "app.apk";

struct Settings {
    mebibytes: u64,
    runs: usize,
    program: PathBuf,
    only: Option<String>,
    limits: bool,
    networks: bool,
}

fn main() -> Result<(), lexopt::Error> {
    // A process that measures a child has to be small itself: see `measure`.
    if let Some(code) = measure::wrapper() {
        std::process::exit(code);
    }
    line::serve();
    let Some(settings) = settings()? else {
        print!("{HELP}");
        return Ok(());
    };
    if settings.networks {
        describe(&settings);
        println!("way: {}\n", line::way());
        networks::compare(&settings.program, settings.runs);
    } else if settings.limits {
        limits::hold(&settings.program);
    } else {
        compare(&settings);
    }
    Ok(())
}

fn settings() -> Result<Option<Settings>, lexopt::Error> {
    use lexopt::Arg::Long;
    let program = PathBuf::from(env!("CARGO_BIN_EXE_pgyer"));
    let mut settings =
        Settings { mebibytes: 1024, runs: 7, program, only: None, limits: false, networks: false };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("size") => settings.mebibytes = arguments.value()?.parse()?,
            Long("runs") => settings.runs = arguments.value()?.parse()?,
            Long("quick") => (settings.mebibytes, settings.runs) = (64, 3),
            Long("program") => settings.program = PathBuf::from(arguments.value()?),
            Long("only") => settings.only = Some(arguments.value()?.string()?),
            Long("networks") => (settings.networks, settings.runs) = (true, 5),
            Long("limits") => settings.limits = true,
            // Cargo adds `--bench`.
            Long("bench") => {}
            Long("help") => return Ok(None),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(Some(settings))
}

fn compare(settings: &Settings) {
    let folder = TempDir::new().unwrap();
    let file = package(folder.path(), settings.mebibytes);
    let size = std::fs::metadata(&file).unwrap().len();
    describe(settings);
    let wanted = |way: &str| settings.only.as_deref().is_none_or(|only| only == way);
    for way in ["tls", "equal", "plain"] {
        if !wanted(way) {
            continue;
        }
        let is_tls = way != "plain";
        let cipher = (way == "equal").then_some(OUR_CIPHER);
        let sink = Sink::start(folder.path(), is_tls);
        let mut pairs = Pairs::default();
        // The first pair warms caches and does not count.
        for number in 0..=settings.runs {
            let (ours, theirs) = pair(&settings.program, &sink, &file, cipher, number % 2 == 1);
            if number > 0 {
                pairs.add(ours, theirs);
            }
        }
        pairs.print(&title(&sink.ciphers()));
        let floor = floor::floor(&file, size, is_tls);
        println!("  {floor}; CPU of pgyer {:.2}x", pairs.our_cpu() / floor.sum());
        println!("  {}", connections(&sink, settings.runs + 1));
    }
    starts(&settings.program, folder.path());
}

/// What was measured. The first pair begins with pgyer.
fn title(ciphers: &[String]) -> String {
    match ciphers {
        [ours, theirs, ..] if ours == theirs => format!("TLS 1.3, both with {ours}"),
        [ours, theirs, ..] => format!("TLS 1.3, pgyer with {ours}, curl with {theirs}"),
        _ => "plain HTTP".to_owned(),
    }
}

fn connections(sink: &Sink, runs: usize) -> String {
    let Counts { connections, handshakes, .. } = sink.counts();
    format!("{connections} connections and {handshakes} handshakes for {runs} runs of each")
}

fn describe(settings: &Settings) {
    let Settings { mebibytes, runs, program, .. } = settings;
    println!("{} MiB, {runs} pairs, medians (min to max)", mebibytes);
    println!("{}: {}", program.display(), measure::first_line(program));
    println!("curl: {}", measure::first_line(Path::new("curl")));
    println!("machine: {}\n", measure::machine());
}

/// One upload by each, curl first if asked for.
fn pair(
    program: &Path,
    sink: &Sink,
    file: &Path,
    cipher: Option<&str>,
    curl_first: bool,
) -> (Spent, Spent) {
    let (pgyer, mut curl) = (pgyer_put(program, sink, file), curl_form(sink, file));
    curl.extend(cipher.into_iter().flat_map(|name| ["--tls13-ciphers".into(), name.into()]));
    if curl_first {
        let theirs = measure(&curl).succeeded();
        (measure(&pgyer).succeeded(), theirs)
    } else {
        let ours = measure(&pgyer).succeeded();
        (ours, measure(&curl).succeeded())
    }
}

/// A file in the page cache that is an APK by its name only.
fn package(folder: &Path, mebibytes: u64) -> PathBuf {
    package_of(folder, mebibytes << 20)
}

fn package_of(folder: &Path, bytes: u64) -> PathBuf {
    let path = folder.join(FILE_NAME);
    let mut file = File::create(&path).unwrap();
    // Like a compressed package: nothing repeats within a block.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut block = vec![0; usize::try_from(bytes.min(1 << 20)).unwrap()];
    for word in block.chunks_exact_mut(8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        word.copy_from_slice(&state.to_le_bytes());
    }
    for number in 0..bytes.div_ceil(1 << 20) {
        block[..8].copy_from_slice(&number.to_le_bytes());
        file.write_all(&block).unwrap();
    }
    path
}

fn pgyer_put(program: &Path, sink: &Sink, file: &Path) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec![program.into(), "put".into(), "--no-check".into()];
    words.extend(["--retries=0", "--progress=never", "--token"].map(OsString::from));
    words.push(sink.token(&FIELDS).into());
    words.extend(sink.authority().map(|file| prefixed("--ca-file=", &file)));
    words.push(file.into());
    words
}

fn curl_form(sink: &Sink, file: &Path) -> Vec<OsString> {
    let mut words: Vec<OsString> = ["curl", "-sS", "-f"].map(OsString::from).into();
    words.extend(sink.authority().into_iter().flat_map(|file| ["--cacert".into(), file.into()]));
    for field in curl_fields() {
        // `--form-string` takes the value verbatim.
        words.extend(["--form-string".into(), field.into()]);
    }
    words.extend(["-F".into(), prefixed("file=@", file), sink.url().into()]);
    words
}

fn curl_fields() -> impl Iterator<Item = String> {
    let name = ("x-cos-meta-file-name", FILE_NAME);
    FIELDS.into_iter().chain([name]).map(|(field, value)| format!("{field}={value}"))
}

fn prefixed(prefix: &str, path: &Path) -> OsString {
    let mut word = OsString::from(prefix);
    word.push(path);
    word
}

/// The cost of a process that does nothing.
fn starts(program: &Path, folder: &Path) {
    const RUNS: usize = 40;
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let token = folder.join("refused.json");
    std::fs::write(&token, sink::token(&closed, &FIELDS)).unwrap();
    let file = folder.join(FILE_NAME);
    let version = |program: &Path| vec![program.into(), OsString::from("--version")];
    let mut put: Vec<OsString> = vec![program.into(), "put".into(), "--retries=0".into()];
    put.extend(["--no-check".into(), prefixed("--token=", &token), file.into()]);
    let curl: Vec<OsString> = ["curl", "-sS", &closed].map(OsString::from).into();
    for (name, ours, theirs) in [
        ("start: --version", version(program), version(Path::new("curl"))),
        ("start: a refused connection", put, curl),
    ] {
        let mut pairs = Pairs::default();
        for _ in 0..RUNS {
            pairs.add(measure(&ours), measure(&theirs));
        }
        pairs.print(name);
    }
}
