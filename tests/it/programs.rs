//! The programs in `examples/`, and the examples in the library's documentation.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use pgyer::sandbox::{Endpoint, Sandbox};

use crate::support::{Ran, bare, data, run, sandbox, sources};

/// The folder of the programs. Only a `cargo test` that names no test builds them, so that they are
/// built here, which takes no time when nothing is left to do.
fn built() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let own = std::env::current_exe().unwrap();
        let profile = own.ancestors().nth(2).unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--locked", "--offline", "--all-features", "--examples"]);
        cargo.arg("--manifest-path").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let folder = profile.parent().unwrap();
        // `cargo test --target TRIPLE` has a folder of that name inside its target folder.
        match folder.file_name().and_then(|name| name.to_str()) {
            Some(triple) if triple.starts_with(std::env::consts::ARCH) => {
                cargo.args(["--target", triple, "--target-dir"]).arg(folder.parent().unwrap())
            }
            _ => cargo.arg("--target-dir").arg(folder),
        };
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        // What cargo tells a test about its package would make ring's build script run again.
        let told = std::env::vars_os().map(|(name, _)| name).filter(|name| {
            let name = name.to_string_lossy();
            name.starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" || name == "OUT_DIR"
        });
        for name in told {
            cargo.env_remove(name);
        }
        let ran = cargo.output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        profile.join("examples")
    })
}

/// A program of `examples/`, set up for a sandbox, in an environment with nothing of ours in it.
fn example(name: &str, sandbox: &Sandbox) -> Command {
    let mut command = bare(built().join(format!("{name}{}", std::env::consts::EXE_SUFFIX)));
    command.env("PGYER_API_URL", sandbox.api_url()).env("PGYER_API_KEY", sandbox.api_key());
    command
}

fn line(ran: &Ran) -> &str {
    let line = ran.stdout.strip_suffix('\n').unwrap();
    assert!(!line.is_empty() && !line.contains('\n'), "{ran:#?}");
    line
}

#[test]
fn upload_shows_its_progress_and_prints_the_page() {
    let sandbox = sandbox(|builder| builder.polls(0));
    let ran = run(
        &mut example("upload", &sandbox),
        [data("app.apk").as_os_str(), "Fixes the login.".as_ref()],
    )
    .expect(0);
    assert!(line(&ran).starts_with("https://www.pgyer.com/"), "{ran:#?}");
    for said in ["android, ", "sent 100 %\n", "stored after "] {
        assert!(ran.stderr.contains(said), "{ran:#?}");
    }
    let seen = sandbox.seen();
    let token = seen.requests_to(Endpoint::Token).next().unwrap();
    assert_eq!(token.field("buildUpdateDescription"), Some("Fixes the login.".as_bytes()));
}

#[test]
fn upload_ends_with_the_code_of_its_error() {
    let sandbox = sandbox(|builder| builder.polls(0));
    let ran = run(&mut example("upload", &sandbox), ["no-such-file.apk"]).expect(1);
    assert!(ran.stderr.contains("no-such-file.apk") && ran.stdout.is_empty(), "{ran:#?}");
    run(&mut example("upload", &sandbox), [""; 0]).expect(2);
    run(example("upload", &sandbox).env_remove("PGYER_API_KEY"), [data("app.apk")]).expect(4);
}

#[test]
fn relay_takes_three_steps_and_the_second_has_no_key() {
    let sandbox = sandbox(|builder| builder.polls(0));
    let token = run(&mut example("relay", &sandbox), ["token", "android"]).expect(0);
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(line(&token).as_bytes()).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let mut put = example("relay", &sandbox);
    put.env_remove("PGYER_API_KEY").env_remove("PGYER_API_URL").stdin(file);
    let put = run(put.current_dir(data("")), ["put", "app.apk"]).expect(0);
    let key = line(&put);
    let page = run(&mut example("relay", &sandbox), ["status", key]).expect(0);
    assert!(line(&page).starts_with("https://www.pgyer.com/"), "{page:#?}");
    assert!(sandbox.seen().build(key).is_some());
}

/// The code of all examples in the documentation of a file.
fn examples(text: &str) -> String {
    let documentation: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("//")?.strip_prefix(['/', '!']))
        .collect();
    documentation.join("\n").split("```").skip(1).step_by(2).collect()
}

#[test]
fn every_method_of_the_client_is_in_an_example() {
    let texts = sources("src");
    let shown: String = texts.iter().map(|text| examples(text)).collect();
    let shown: Vec<&str> = shown.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let mut looked_at = 0;
    let is_clients = |text: &&String| {
        text.contains("\nimpl Client {") || text.contains("\nimpl ClientBuilder {")
    };
    for line in texts.iter().filter(is_clients).flat_map(|text| text.lines()) {
        let Some(method) = line.strip_prefix("    pub fn ") else { continue };
        let name = method.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
        assert!(shown.contains(&name), "no example has {name}");
        looked_at += 1;
    }
    assert!(looked_at > 25, "{looked_at}");
}

/// The program's linker script, with a program whose start files name the tables that it drops.
#[cfg(target_os = "linux")]
#[test]
fn what_drops_unwinding_tables_fits_programs_at_a_fixed_place() {
    if Command::new("cc").arg("--version").output().is_err() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("seven.c");
    std::fs::write(&source, "int main(void) { return 7; }\n").unwrap();
    let program = folder.path().join("seven");
    let script = concat!("-Wl,-T,", env!("CARGO_MANIFEST_DIR"), "/bin/static.ld");
    let mut cc = Command::new("cc");
    cc.args(["-static", "-no-pie", script, "-o"]).args([&program, &source]);
    run(&mut cc, [""; 0]).expect(0);
    run(&mut Command::new(program), [""; 0]).expect(7);
}
