//! What the sandbox takes.

use super::*;

fn sandbox(line: &str) -> Sandbox {
    match command(line).action {
        Action::Sandbox(sandbox) => sandbox,
        other => panic!("{other:?}"),
    }
}

#[test]
fn alone() {
    let expected = Sandbox {
        port: Some(8080),
        polls: Some(0),
        public_url: Some("https://localhost:8443".into()),
        publish_as: Some("com.other".into()),
        strict_requests: true,
        faults: vec!["storage:1:cut=done".into(), "token:*:html".into()],
        run: SandboxRun::Serve,
    };
    let line = "sandbox --port 8080 --polls 0 --public-url https://localhost:8443 \
                --publish-as com.other --strict-requests --fault storage:1:cut=done --fault=token:*:html";
    assert_eq!(sandbox(line), expected);
    says("sandbox --port 70000", &["--port '70000'", "too large"]);
}

#[test]
fn what_follows_is_not_looked_at() {
    let run = |line: &str| sandbox(line).run;
    let pgyer = |line: &str| SandboxRun::Pgyer(words(line));
    let program = |line: &str| SandboxRun::Program(words(line));
    assert_eq!(run("sandbox upload -q --bogus a -- -h"), pgyer("upload -q --bogus a -- -h"));
    assert_eq!(run("sandbox --port 1 upload --port 2"), pgyer("upload --port 2"));
    assert_eq!(run("sandbox -- sh -c --help"), program("sh -c --help"));
    assert_eq!(run("sandbox -- upload -- x"), program("upload -- x"));
    assert_eq!(run("sandbox --polls=1 -- -x"), program("-x"));
    assert_eq!(run("sandbox -- sandbox"), program("sandbox"));
}

#[test]
fn wrong_lines() {
    says("sandbox --", &["no COMMAND"]);
    says("sandbox sandbox upload a", &["sandbox"]);
    says("sandbox --format env upload a", &["--format", "after its name"]);
    says("sandbox --polls -1", &["--polls"]);
}
