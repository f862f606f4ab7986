//! Ctrl-C and SIGTERM, in every state that lasts.
#![cfg(unix)]

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use pgyer::sandbox::{Endpoint, Sandbox, Seen};
use tempfile::TempDir;

use crate::support::{LIMIT, big_file, program_for, wait};

const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;

/// A state that lasts, by the fault that makes it last, and how to see that it has been reached.
type State = (&'static str, fn(&Seen) -> bool);

const STATES: &[State] = &[
    ("token:*:stall=done", |seen| seen.count(Endpoint::Token) == 1),
    ("token:*:status=503", |seen| seen.requests.first().is_some_and(|first| first.ended)),
    ("storage:*:stall=65536", |seen| seen.count(Endpoint::Storage) == 1),
    ("storage:*:stall=done", |seen| seen.objects.len() == 1),
    ("poll:*:code=1247", |seen| seen.requests_to(Endpoint::Poll).any(|poll| poll.ended)),
];

fn sandbox_with(fault: &str) -> Sandbox {
    Sandbox::builder().strict().fault(fault.parse().unwrap()).start().unwrap()
}

fn start(command: &mut Command, folder: &TempDir) -> Child {
    command.args(["upload", "--no-check", "--retry-delay=30s", "--poll-interval=30s"]);
    command.arg(big_file(folder.path())).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn send(signal: i32, process: u32) {
    let kill = format!("kill -{signal} {process}");
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// How it ended, which has to be at once.
fn end_of(mut child: Child) -> ExitStatus {
    let began = Instant::now();
    let mut stderr = child.stderr.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut said = String::new();
        stderr.read_to_string(&mut said).map(|_| said)
    });
    wait(&mut child);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let said = reader.join().unwrap().unwrap();
    assert!(said.is_empty() || said.ends_with('\n'), "{said:?}");
    assert!(!said.contains('\x1b'), "{said:?}");
    // Of a child that was waited for it is known.
    child.wait().unwrap()
}

/// The program behind these words, which end in it.
fn behind(words: &[&str], program: &Command) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(program.get_program()).env_clear().stdin(Stdio::null());
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// What undoes the ignoring of signals; nothing where `env` can't.
fn default_signals() -> &'static [&'static str] {
    const WORDS: &[&str] = &["env", "--default-signal"];
    let can = Command::new(WORDS[0]).args(&WORDS[1..]).arg("true").output();
    if can.is_ok_and(|output| output.status.success()) { WORDS } else { &[] }
}

/// The program as an interactive shell would start it: one that runs the tests in the background
/// may have interrupts ignored, and what is ignored stays so.
pub(crate) fn heeding(program: Command) -> Command {
    match default_signals() {
        [] => program,
        words => behind(words, &program),
    }
}

#[test]
fn a_signal_ends_the_program_at_once_with_its_own_status() {
    std::thread::scope(|scope| {
        for (fault, reached) in STATES {
            for signal in [SIGINT, SIGTERM] {
                scope.spawn(move || {
                    let (sandbox, folder) = (sandbox_with(fault), TempDir::new().unwrap());
                    let child = start(&mut heeding(program_for(&sandbox)), &folder);
                    assert!(sandbox.wait_for(reached, LIMIT), "{fault}");
                    send(signal, child.id());
                    assert_eq!(end_of(child).signal(), Some(signal), "{fault}");
                });
            }
        }
    });
}

/// The program as the first process of a container; none where that is not allowed.
fn first_process(sandbox: &Sandbox) -> Option<Command> {
    let unshare = [&["unshare", "--pid", "--fork", "--mount-proc"], default_signals()].concat();
    let allowed = Command::new(unshare[0]).args(&unshare[1..]).arg("true").output();
    allowed
        .is_ok_and(|output| output.status.success())
        .then(|| behind(&unshare, &program_for(sandbox)))
}

/// The only child of a process.
fn child_of(process: u32) -> u32 {
    let path = format!("/proc/{process}/task/{process}/children");
    std::fs::read_to_string(path).unwrap().trim().parse().unwrap()
}

#[test]
fn the_first_process_of_a_container_ends_as_a_shell_would_say_it() {
    for (fault, reached) in STATES {
        for signal in [SIGINT, SIGTERM] {
            let (sandbox, folder) = (sandbox_with(fault), TempDir::new().unwrap());
            let Some(mut command) = first_process(&sandbox) else { return };
            let unshare = start(&mut command, &folder);
            assert!(sandbox.wait_for(reached, LIMIT), "{fault}");
            send(signal, child_of(unshare.id()));
            assert_eq!(end_of(unshare).code(), Some(128 + signal), "{fault}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_the_parent_has_ignored_stays_ignored() {
    let (sandbox, folder) = (sandbox_with("poll:*:code=1247"), TempDir::new().unwrap());
    let shell = ["sh", "-c", "trap '' INT; exec \"$0\" \"$@\""];
    let shell = [default_signals(), &shell].concat();
    let child = start(&mut behind(&shell, &program_for(&sandbox)), &folder);
    assert!(sandbox.wait_for(|seen| seen.count(Endpoint::Poll) == 1, LIMIT));
    send(SIGINT, child.id());
    send(SIGTERM, child.id());
    assert_eq!(end_of(child).signal(), Some(SIGTERM));
}
