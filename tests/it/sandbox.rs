//! `pgyer sandbox` in its three forms.

#[cfg(unix)]
mod clients;

use crate::support::{data, program, run};

fn sandbox(arguments: &[&str]) -> crate::support::Ran {
    let mut command = program();
    command.current_dir(data(""));
    run(command.arg("sandbox"), arguments)
}

#[cfg(windows)]
#[test]
fn a_command_of_windows_runs_beside_it_and_its_status_is_passed_on() {
    let ran = sandbox(&["--", "cmd", "/c", "echo %PGYER_API_URL%& exit 7"]).expect(7);
    assert!(ran.stdout.starts_with("http://127.0.0.1:"), "{ran:#?}");
    sandbox(&["--", "no-such-command"]).expect(1);
}

#[cfg(unix)]
#[test]
fn a_command_runs_beside_it_and_its_status_is_passed_on() {
    let ran = sandbox(&["--", "sh", "-c", "echo $PGYER_API_URL $PGYER_API_KEY; exit 7"]).expect(7);
    let (url, key) = ran.stdout.trim_end().split_once(' ').unwrap();
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/apiv2"), "{ran:#?}");
    let first: Vec<&str> = ran.stderr.lines().take(2).collect();
    assert_eq!(first, [format!("PGYER_API_URL={url}"), format!("PGYER_API_KEY={key}")]);
    sandbox(&["--", "sh", "-c", "kill -KILL $$"]).expect(137);
    sandbox(&["--", "no-such-command"]).expect(1);
    sandbox(&["--"]).expect(2);
    sandbox(&["--fault", "nonsense", "--", "true"]).expect(2);
}

#[test]
fn a_command_of_the_program_runs_in_it_and_says_that_nothing_was_published() {
    let ran = sandbox(&["--polls=0", "upload", "--json", "app.apk"]).expect(0);
    assert_eq!(ran.json()[0]["file"], "app.apk");
    assert!(ran.stderr.contains("nothing was published"), "{ran:#?}");
    assert!(ran.stderr.contains("POST /storage/ 204"), "{ran:#?}");
    let ran = sandbox(&["--fault=token:*:code=1009", "upload", "--format=env", "app.apk"]);
    assert_eq!(ran.expect(5).stdout, "(exit 5)\n");
    sandbox(&["sandbox"]).expect(2);
    sandbox(&["uplaod", "x"]).expect(2);
}

#[cfg(unix)]
#[test]
fn alone_it_prints_its_variables_and_each_request_until_it_is_ended() {
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};

    let mut command = crate::signals::heeding(program());
    let mut server = command.arg("sandbox").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    let (url, key) = (next(), next());
    let url = url.strip_prefix("PGYER_API_URL=").unwrap();
    let key = key.strip_prefix("PGYER_API_KEY=").unwrap();
    let mut client = program();
    client.env("PGYER_API_URL", url).env("PGYER_API_KEY", key);
    run(&mut client, ["token", "--type", "ios"]).expect(0);
    assert!(next().starts_with("POST /apiv2/app/getCOSToken 200"));
    let kill = format!("kill -TERM {}", server.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    assert_eq!(server.wait().unwrap().signal(), Some(15));
}
