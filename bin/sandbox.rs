//! `pgyer sandbox`: a Pgyer on loopback, alone or around another command.

use std::ffi::OsString;
use std::process::{Command, ExitStatus};
use std::thread;

use pgyer::sandbox::{Builder, Fault, Sandbox, SeenRequest};
use pgyer::{Error, Result};

use crate::args::{self, SandboxRun};
use crate::inputs::usage;
use crate::output;
use crate::progress::{ERASE, Screen};
use crate::terminal;

pub(crate) fn run(given: &args::Sandbox, screen: &Screen) -> Result<u8> {
    match &given.run {
        SandboxRun::Serve => serve(given),
        SandboxRun::Program(words) => {
            let (program, arguments) = words.split_first().ok_or_else(|| usage("no COMMAND"))?;
            beside(given, screen, program.clone(), arguments)
        }
        SandboxRun::Pgyer(arguments) => {
            let program = std::env::current_exe().map_err(|source| {
                Error::io("find this program, to run it in the sandbox", source)
            })?;
            let code = beside(given, screen, program.into_os_string(), arguments)?;
            screen.note("this was the sandbox: nothing was published");
            Ok(code)
        }
    }
}

/// Serves until it is interrupted.
fn serve(given: &args::Sandbox) -> Result<u8> {
    let builder = settings(given)?.on_request(|request| {
        // Keep serving after the reader has gone away.
        let _ = output::print(&(output::harmless(&line_for(request)) + "\n"));
    });
    let sandbox = start(builder)?;
    let [url, key] = variables(&sandbox);
    output::print(&format!("{}={}\n{}={}\n", url.0, url.1, key.0, key.1))?;
    loop {
        thread::park();
    }
}

/// Runs a program with the sandbox in its environment, and returns its exit code.
fn beside(
    given: &args::Sandbox,
    screen: &Screen,
    program: OsString,
    arguments: &[OsString],
) -> Result<u8> {
    let shown = screen.clone();
    let sandbox =
        start(settings(given)?.on_request(move |request| show(&shown, &line_for(request))))?;
    let variables = variables(&sandbox);
    for (name, value) in &variables {
        show(screen, &format!("{name}={value}"));
    }
    let mut child = Command::new(&program);
    child.args(arguments).envs(variables);
    let status = child
        .status()
        .map_err(|source| Error::io(format!("run {}", program.to_string_lossy()), source))?;
    Ok(code_of(status))
}

/// Writes a line to the screen that the child writes to as well, in place of its progress line.
fn show(screen: &Screen, line: &str) {
    let erase = if terminal::can_rewrite() { ERASE } else { "" };
    screen.lines(&format!("{erase}{}\n", output::harmless(line)));
}

fn settings(given: &args::Sandbox) -> Result<Builder> {
    let mut builder = Sandbox::builder();
    if let Some(port) = given.port {
        builder = builder.port(port);
    }
    if let Some(polls) = given.polls {
        builder = builder.polls(polls);
    }
    if let Some(url) = &given.public_url {
        builder = builder.public_url(url);
    }
    if let Some(identifier) = &given.publish_as {
        let json = serde_json::Value::from(identifier.as_str()).to_string();
        builder = builder.build_field("buildIdentifier", &json);
    }
    if given.strict_requests {
        builder = builder.strict();
    }
    for fault in &given.faults {
        let fault: Fault =
            fault.parse().map_err(|error| usage(format!("--fault {fault}: {error}")))?;
        builder = builder.fault(fault);
    }
    Ok(builder)
}

fn start(builder: Builder) -> Result<Sandbox> {
    builder.start().map_err(|source| Error::io("listen on a port for the sandbox", source))
}

fn variables(sandbox: &Sandbox) -> [(&'static str, String); 2] {
    [("PGYER_API_URL", sandbox.api_url()), ("PGYER_API_KEY", sandbox.api_key().to_owned())]
}

fn line_for(request: &SeenRequest) -> String {
    let status = request.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    let fault = request.fault.as_ref().map_or_else(String::new, |fault| format!(" ({fault})"));
    let deviations = match request.deviations.join("; ") {
        none if none.is_empty() => none,
        some => format!(": accepted, but {some}"),
    };
    let (method, path, bytes) = (&request.method, &request.path, request.body_bytes);
    format!("{method} {path} {status}, {bytes} bytes{fault}{deviations}")
}

#[cfg(unix)]
fn code_of(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| Some(128 + status.signal()?)).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}

#[cfg(not(unix))]
fn code_of(status: ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
