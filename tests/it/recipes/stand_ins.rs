//! Stand-ins for what a test can't have: releases, Docker, Gradle, `sudo`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use tempfile::TempDir;

/// A folder that contains the program and nothing else.
pub(crate) fn bin() -> &'static Path {
    static BIN: OnceLock<TempDir> = OnceLock::new();
    let folder = BIN.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        symlink(env!("CARGO_BIN_EXE_pgyer"), folder.path().join("pgyer")).unwrap();
        folder
    });
    folder.path()
}

/// `PATH` with these in front.
pub(crate) fn path(first: &[&Path]) -> String {
    let usual = std::env::var("PATH").unwrap();
    let first = first.iter().map(|folder| folder.to_str().unwrap().to_owned());
    first.chain([usual]).collect::<Vec<_>>().join(":")
}

pub(crate) fn installed(programs: &[&str]) -> bool {
    let start = |program: &&str| Command::new(program).arg("--version").output();
    programs.iter().all(|program| start(program).is_ok())
}

/// A folder with busybox's own `sed`, `tr`, `wget`, … as Alpine has them.
pub(crate) fn busybox() -> Option<&'static Path> {
    static APPLETS: OnceLock<Option<TempDir>> = OnceLock::new();
    let made = APPLETS.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let mut install = Command::new("busybox");
        let done = install.args(["--install", "-s"]).arg(folder.path()).output().ok()?;
        assert!(done.status.success(), "{done:?}");
        Some(folder)
    });
    made.as_ref().map(TempDir::path)
}

pub(crate) fn script(path: PathBuf, text: &str) {
    fs::write(&path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A `gradlew` that builds the package of `tests/data`.
pub(crate) fn gradle(folder: &Path) {
    let text = "#!/bin/sh -e\nmkdir -p app/build/outputs/apk/release\n\
                cp app.apk app/build/outputs/apk/release/app-release.apk\n";
    script(folder.join("gradlew"), text);
}

/// A `flutter` that builds the packages of `tests/data` where the real one does.
pub(crate) fn flutter(bin: &Path) {
    let text = r#"#!/bin/sh -e
        case "$1 $2" in
        "build apk") to=build/app/outputs/flutter-apk/app-release.apk from=app.apk ;;
        "build ipa") to="build/ios/ipa/The App.ipa" from=app.ipa ;;
        esac
        mkdir -p "$(dirname "$to")"
        cp "$from" "$to"
    "#;
    script(bin.join("flutter"), text);
}

/// A `sudo` that checks that there is something to install.
pub(crate) fn sudo(folder: &Path) {
    script(folder.join("sudo"), "#!/bin/sh -e\n[ \"$1\" = install ]\n[ -x \"$2\" ]\n");
}

/// A `docker` that builds from a folder with the binary in it, and runs that.
pub(crate) fn docker(folder: &Path) {
    let text = r#"#!/bin/sh -e
        image=$(dirname "$0")/image
        case $1 in
        build)
            shift
            while [ $# -gt 1 ]; do case $1 in -f) [ -s "$2" ] ;; esac; shift; done
            cp "$1/pgyer" "$image" ;;
        run)
            while [ "$1" != pgyer ]; do shift; done
            shift
            exec "$image" "$@" ;;
        esac
    "#;
    script(folder.join("docker"), text);
}

/// A server of releases, with one archive and its checksum.
pub(crate) struct Releases {
    addr: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    false_sums: Arc<AtomicBool>,
}

impl Releases {
    pub(crate) fn start(name: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let (asked, false_sums) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<AtomicBool>::default());
        let (notes, lies) = (Arc::clone(&asked), Arc::clone(&false_sums));
        let (archive, sums) = archive(name);
        let file = format!("/pgyer-{name}.tar.gz");
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let path = asked_for(&client);
                let false_sums = [&[b'0'; 64], sums.get(64..).unwrap()].concat();
                let body = match &path {
                    path if path.ends_with(&file) => &archive,
                    path if !path.ends_with("/SHA256SUMS") => &Vec::new(),
                    _ if lies.load(Ordering::SeqCst) => &false_sums,
                    _ => &sums,
                };
                notes.lock().unwrap().push(path);
                let _ = answer(&client, body);
            }
        });
        Self { addr, asked, false_sums }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The text with this server's address instead of GitHub's.
    pub(crate) fn instead_of_github(&self, text: &str) -> String {
        assert!(
            text.contains(concat!(env!("CARGO_PKG_REPOSITORY"), "/releases/download/")),
            "{text}"
        );
        text.replace("https://github.com", &self.url())
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Serves wrong checksums from now on.
    pub(crate) fn falsify(&self) {
        self.false_sums.store(true, Ordering::SeqCst);
    }
}

/// An archive like a release's, and the list of checksums. It contains a script that runs the
/// program, because a test build of the program itself is large.
fn archive(name: &str) -> (Vec<u8>, Vec<u8>) {
    let work = TempDir::new().unwrap();
    let (folder, file) = (format!("pgyer-{name}"), format!("pgyer-{name}.tar.gz"));
    fs::create_dir(work.path().join(&folder)).unwrap();
    let program = format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_pgyer"));
    script(work.path().join(&folder).join("pgyer"), &program);
    let pack = format!("tar -czf {file} {folder} && sha256sum {file}");
    let packed = Command::new("sh").args(["-c", &pack]).current_dir(work.path()).output().unwrap();
    assert!(packed.status.success(), "{packed:?}");
    let zeros = "0".repeat(64);
    let sums =
        format!("{}{zeros}  pgyer-windows-x86_64.zip\n", String::from_utf8(packed.stdout).unwrap());
    (fs::read(work.path().join(file)).unwrap(), sums.into_bytes())
}

fn asked_for(client: &TcpStream) -> String {
    let mut lines = BufReader::new(client).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    first.split(' ').nth(1).unwrap_or_default().to_owned()
}

fn answer(mut client: &TcpStream, body: &[u8]) -> std::io::Result<()> {
    let status = if body.is_empty() { "404 Not Found" } else { "200 OK" };
    let length = body.len();
    write!(client, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")?;
    client.write_all(body)
}
