//! Ctrl-C and SIGTERM, in every state that lasts.
#![cfg(unix)]

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use pgyer::sandbox::{Endpoint, Sandbox, Seen};
use tempfile::TempDir;

#[cfg(target_os = "linux")]
use crate::support::pty::Terminal;
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

/// How it ended; it has to end at once.
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
    // Known for a child that was waited for.
    child.wait().unwrap()
}

/// The program, started by these words.
fn behind(words: &[&str], program: &Command) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(program.get_program()).env_clear().stdin(Stdio::null());
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// The words that restore ignored signals; empty if `env` can't.
fn default_signals() -> &'static [&'static str] {
    const WORDS: &[&str] = &["env", "--default-signal"];
    let can = Command::new(WORDS[0]).args(&WORDS[1..]).arg("true").output();
    if can.is_ok_and(|output| output.status.success()) { WORDS } else { &[] }
}

/// The program as an interactive shell would start it: one that runs the tests in the background
/// may have interrupts ignored, and ignored signals stay ignored.
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

/// The program as the first process of a container; `None` where that is not allowed.
fn first_process_of(sandbox: &Sandbox) -> Option<Command> {
    let unshare = [&["unshare", "--pid", "--fork", "--mount-proc"], default_signals()].concat();
    let allowed = Command::new(unshare[0]).args(&unshare[1..]).arg("true").output();
    allowed
        .is_ok_and(|output| output.status.success())
        .then(|| behind(&unshare, &program_for(sandbox)))
}

/// The only child of a process, as soon as there is one.
fn child_of(process: u32) -> u32 {
    let path = format!("/proc/{process}/task/{process}/children");
    loop {
        if let Ok(child) = std::fs::read_to_string(&path).unwrap().trim().parse() {
            return child;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_first_process_of_a_container_ends_as_a_shell_would_say_it() {
    std::thread::scope(|scope| {
        for (fault, reached) in STATES {
            for signal in [SIGINT, SIGTERM] {
                scope.spawn(move || {
                    let (sandbox, folder) = (sandbox_with(fault), TempDir::new().unwrap());
                    let Some(mut command) = first_process_of(&sandbox) else { return };
                    let unshare = start(&mut command, &folder);
                    assert!(sandbox.wait_for(reached, LIMIT), "{fault}");
                    send(signal, child_of(unshare.id()));
                    assert_eq!(end_of(unshare).code(), Some(128 + signal), "{fault}");
                });
            }
        }
    });
}

/// A pipe that is full and that nobody reads.
#[cfg(target_os = "linux")]
fn full_pipe(folder: &TempDir) -> std::fs::File {
    use std::io::Write;
    let path = folder.path().join("full");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    // With both ends in one handle neither opening nor writing waits for the other.
    let mut pipe = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    pipe.write_all(&vec![b'x'; 64 << 10]).unwrap();
    pipe
}

/// Waits until a thread of the process is in a call that writes to one of its outputs.
#[cfg(target_os = "linux")]
fn wait_until_it_writes(process: u32) {
    // The number of `write` on most machines, and on x86-64.
    let is_write = |call: &str| {
        ["64 0x1 ", "64 0x2 ", "1 0x1 ", "1 0x2 "].iter().any(|start| call.starts_with(start))
    };
    let began = Instant::now();
    loop {
        let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap().flatten();
        let calls = threads.map(|thread| std::fs::read_to_string(thread.path().join("syscall")));
        let calls: Vec<String> = calls.map(Result::unwrap_or_default).collect();
        // If the kernel does not say so, a second has to do.
        let is_known = calls.iter().any(|call| !call.is_empty());
        if calls.iter().any(|call| is_write(call)) || !is_known && began.elapsed().as_secs() > 0 {
            return;
        }
        assert!(began.elapsed() < LIMIT, "{calls:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_the_program_while_nobody_reads_what_it_writes() {
    let (sandbox, folder) = (crate::support::strict(), TempDir::new().unwrap());
    let pipe = full_pipe(&folder);
    let full = || Stdio::from(pipe.try_clone().unwrap());
    let package = crate::support::data("app.apk");
    let ends = |(signal, command, format): (i32, &str, &str), first_process: bool| {
        let program = match first_process {
            true => first_process_of(&sandbox),
            false => Some(heeding(program_for(&sandbox))),
        };
        let Some(mut program) = program else { return };
        program.args([command, "--format", format]).arg(&package);
        let mut child = program.stdout(full()).stderr(full()).spawn().unwrap();
        let id = if first_process { child_of(child.id()) } else { child.id() };
        wait_until_it_writes(id);
        let began = Instant::now();
        send(signal, id);
        wait(&mut child);
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        let status = child.wait().unwrap();
        match first_process {
            true => assert_eq!(status.code(), Some(128 + signal)),
            false => assert_eq!(status.signal(), Some(signal)),
        }
    };
    let ends = &ends;
    std::thread::scope(|scope| {
        for run in [
            (SIGINT, "upload", "text"),
            (SIGTERM, "upload", "text"),
            (SIGTERM, "check", "json"),
            // A usage error.
            (SIGINT, "check", "env"),
            (SIGTERM, "check", "no such"),
        ] {
            for first_process in [false, true] {
                scope.spawn(move || ends(run, first_process));
            }
        }
    });
}

/// A terminal that was stopped with Ctrl-S.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_the_program_at_a_stopped_terminal() {
    let sandbox = sandbox_with("poll:*:code=1247");
    let mut command = heeding(program_for(&sandbox));
    command.args(["upload", "--poll-interval=30s"]).arg(crate::support::data("app.apk"));
    let terminal = Terminal::run(&mut command, 80);
    assert!(sandbox.wait_for(|seen| seen.count(Endpoint::Poll) == 1, LIMIT));
    terminal.stop();
    wait_until_it_writes(terminal.id());
    send(SIGINT, terminal.id());
    let began = Instant::now();
    let session = terminal.end();
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(session.code, None, "a signal has no code: {session:#?}");
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
