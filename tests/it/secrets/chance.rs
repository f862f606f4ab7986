//! Secrets that are words of the servers' own: nothing that is sent or decided changes for them,
//! and nothing of the result.

use pgyer::sandbox::{Endpoint, Sandbox};

use crate::support::{Ran, data, faulty, program_for, run, words};

/// Words that the sandbox's answers have as names or within values.
const WORDS: &[&str] = &[
    "signature",
    "security",
    "params",
    "endpoint",
    "buildName",
    "android",
    "storage",
    "127.0.0.1",
    "q-sign-",
    "q-sign-algorithm",
    "x-cos-security-token",
    "123456",
];

fn upload(sandbox: &Sandbox, password: &str) -> Ran {
    let mut command = program_for(sandbox);
    command.current_dir(data("")).env("PGYER_INSTALL_PASSWORD", password);
    run(&mut command, words("upload --format=json app.apk")).expect(0)
}

/// The names in a result, and what was sent to the storage, as far as it is always the same.
fn names(sandbox: &Sandbox, ran: &Ran) -> Vec<String> {
    let json = &ran.json()[0];
    let build = json["build"].as_object().unwrap();
    let seen = sandbox.seen();
    let fields = seen.requests_to(Endpoint::Storage).flat_map(|request| &request.fields);
    build.keys().chain(fields.map(|(name, _)| name)).cloned().collect()
}

#[test]
fn passwords_that_are_words_change_nothing() {
    let sandbox = faulty(&[]);
    let plain = names(&sandbox, &upload(&sandbox, "?"));
    for word in WORDS {
        let sandbox = faulty(&[]);
        let ran = upload(&sandbox, word);
        assert_eq!(names(&sandbox, &ran), plain, "{word}");
        assert!(!ran.stdout.contains("***"), "{ran:?}");
    }
}

#[test]
fn passwords_that_are_codes_change_nothing() {
    for (fault, word) in [
        ("storage:1:status=400,xml=BadDigest", "BadDigest"),
        ("storage:1:status=403,xml=ExpiredToken", "ExpiredToken"),
        ("storage:1:status=403,xml=AccessDenied,message=expired", "AccessDenied"),
    ] {
        let sandbox = faulty(&[fault]);
        upload(&sandbox, word);
        assert_eq!(sandbox.seen().count(Endpoint::Storage), 2, "{word}");
    }
}
