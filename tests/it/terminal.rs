//! The line at a terminal: it fits, has the right content, and is gone in the end.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use pgyer::sandbox::Sandbox;
use tempfile::TempDir;

use crate::signals::heeding;
use crate::support::pty::{Screen, Session, Terminal, frames};
use crate::support::{big_file, data, faulty, folder, program_for, sandbox, words};

/// Two columns for each Chinese character.
const WIDE_NAME: &str = "应用程序的第一个正式发布版本.apk";

/// The upload takes about two seconds, the wait one.
fn slow() -> Sandbox {
    sandbox(|builder| builder.polls(2).fault("storage:*:slow-read=6000000".parse().unwrap()))
}

fn upload(sandbox: &Sandbox, folder: &Path, line: &str) -> Command {
    upload_by(program_for(sandbox), folder, line)
}

fn upload_by(mut command: Command, folder: &Path, line: &str) -> Command {
    command.current_dir(folder).args(["upload", "--no-check", "--qr=never"]);
    command.args(line.split(' '));
    command
}

fn big_files(names: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let big = big_file(folder.path());
    for name in names {
        std::fs::hard_link(&big, folder.path().join(name)).unwrap();
    }
    folder
}

/// Fails the test unless the screen has the results of `count` files and nothing else.
#[track_caller]
fn has_results_alone(screen: &Screen, files: usize) {
    let text = screen.text();
    assert!(screen.is_clean(), "{text:#?}");
    let pages = text.iter().filter(|line| line.starts_with("https://www.pgyer.com/"));
    assert_eq!(pages.count(), files, "{text:#?}");
    // Where links do not fit beside the names, the table has them on lines of their own.
    let (results, table) = text.split_at(files * 6);
    match files {
        1 => assert_eq!(table, [""; 0]),
        _ => assert!(table[0].is_empty() && table.len() > files, "{text:#?}"),
    }
    // Remains of a line would stand before a title, and have two blanks somewhere.
    let titles = results.iter().step_by(6);
    // A small package says its own version, a large file is none that says anything.
    let versions = [" 1.2.3 (7), build ", " 1.0 (1), build "];
    titles.for_each(|line| {
        assert!(!line.contains("  ") && versions.iter().any(|it| line.contains(it)), "{line}");
    });
    assert_eq!(text.iter().filter(|line| line.starts_with("  published  in ")).count(), files);
}

/// At most ten times a second, and never as wide as the terminal.
#[track_caller]
fn was_painted_calmly(session: &Session, width: usize) {
    let frames = session.frames();
    assert!((frames.len() as f64) < session.seconds * 10.0 + 2.0, "{session:#?}");
    assert!(frames.iter().all(|frame| columns(frame) < width), "{frames:#?}");
}

fn columns(frame: &str) -> usize {
    frame.chars().map(|c| if ('\u{2e80}'..='\u{ffe6}').contains(&c) { 2 } else { 1 }).sum()
}

/// The figures of an upload, whole: bytes of all bytes, the rate, the time left.
#[track_caller]
fn has_figures(frame: &str) {
    assert!(frame.contains("/12 MiB") || frame.contains("12.0 MiB"), "{frame}");
    assert!(frame.contains("B/s "), "{frame}");
    let end = frame.trim_end_matches(" left");
    assert!(end.ends_with(" s") || end.ends_with("--"), "{frame}");
}

#[test]
fn the_line_fits_shows_the_steps_and_leaves_no_trace() {
    let (folder, sandbox) = (big_files(&[WIDE_NAME]), slow());
    std::thread::scope(|scope| {
        for (width, name, step) in [
            (40, "应….apk", " up "),
            (80, "….apk", "  uploading ["),
            (200, WIDE_NAME, "  uploading ["),
        ] {
            let mut command =
                upload(&sandbox, folder.path(), &format!("--poll-interval=700ms {WIDE_NAME}"));
            scope.spawn(move || {
                let session = Terminal::run(&mut command, width).end();
                assert_eq!(session.code, Some(0), "{session:#?}");
                let frames = session.frames();
                let uploading: Vec<&String> =
                    frames.iter().filter(|frame| frame.contains("B/s")).collect();
                assert!(uploading.len() >= 3, "{frames:#?}");
                for frame in &uploading {
                    has_figures(frame);
                    assert!(frame.contains(name) && frame.contains(step), "{frame}");
                }
                assert!(
                    frames.iter().any(|frame| frame.ends_with("  publishing  1 s")),
                    "{frames:#?}"
                );
                has_results_alone(&session.screen(width.into()), 1);
                was_painted_calmly(&session, width.into());
            });
        }
    });
}

#[test]
fn a_terminal_that_changes_its_width_is_followed() {
    let (folder, sandbox) = (big_files(&[WIDE_NAME]), slow());
    let mut command =
        upload(&sandbox, folder.path(), &format!("--poll-interval=100ms {WIDE_NAME}"));
    let terminal = Terminal::run(&mut command, 120);
    let is_wide = |frame: &String| columns(frame) > 60;
    let first = |said: &str| frames(said).iter().any(is_wide);
    terminal.wait_for(first);
    terminal.resize(45);
    let is_narrow = |frame: &String| frame.contains("B/s") && columns(frame) < 45;
    let second = |said: &str| frames(said).iter().skip_while(|f| !is_wide(f)).any(is_narrow);
    terminal.wait_for(second);
    terminal.resize(90);
    let session = terminal.end();
    assert_eq!(session.code, Some(0), "{session:#?}");

    // The width changes once the program has shown that it knows the first one.
    let (mut screen, mut width) = (Screen::new(120), 120);
    let mut widths = [45, 90].into_iter().peekable();
    let mut seen = 0;
    for piece in session.said.split_inclusive("\x1b[J\r") {
        seen += piece.len();
        let frame = frames(&session.said[seen - piece.len()..seen]).pop().unwrap_or_default();
        let changed = match widths.peek() {
            Some(45) => is_narrow(&frame),
            Some(_) => is_wide(&frame),
            None => false,
        };
        if changed {
            width = widths.next().unwrap();
            screen.resize(width);
        }
        assert!(columns(&frame) < width, "{width}: {session:#?}");
        screen.feed(piece);
    }
    assert_eq!(widths.next(), None, "{session:#?}");
    has_results_alone(&screen, 1);
}

#[test]
fn a_terminal_that_is_narrower_than_it_says_shows_no_trace_either() {
    let (folder, sandbox) = (folder(), faulty(&["token:*:delay=300ms"]));
    let mut command = upload(&sandbox, folder.path(), "--poll-interval=300ms app.apk");
    let session = Terminal::run(&mut command, 80).end();
    assert!(session.frames().iter().any(|frame| columns(frame) > 20), "{session:#?}");
    has_results_alone(&session.screen(20), 1);
}

#[test]
fn several_files_are_summed_on_one_line() {
    let folder = big_files(&["a.apk", "b.apk", "c.apk"]);
    let at = |width: u16| {
        let line = "--poll-interval=100ms --jobs=3 a.apk b.apk c.apk";
        let session = Terminal::run(&mut upload(&slow(), folder.path(), line), width).end();
        assert_eq!(session.code, Some(0), "{session:#?}");
        let summed = |frame: &&String| frame.starts_with("3 files") && frame.contains("/36");
        assert!(session.frames().iter().filter(summed).count() >= 3, "{session:#?}");
        has_results_alone(&session.screen(width.into()), 3);
        was_painted_calmly(&session, width.into());
    };
    std::thread::scope(|scope| {
        scope.spawn(|| at(40));
        at(80);
    });
}

#[test]
fn colours_are_readable_on_white_and_gone_when_not_wanted() {
    let folder = folder();
    let line = "--poll-interval=300ms --retry-delay=300ms -v app.apk missing.apk";
    let run = |line: &str, variables: &[(&str, &str)]| {
        let sandbox = faulty(&["token:1:status=503"]);
        let mut command = upload(&sandbox, folder.path(), line);
        let session = Terminal::run(command.envs(variables.iter().copied()), 300).end();
        assert_eq!(session.code, Some(1), "{session:#?}");
        let screen = session.screen(300);
        assert!(!screen.wrapped && screen.is_clean(), "{session:#?}");
        let text = screen.text();
        for message in ["trying again in ", "pgyer: cannot ", "> POST ", "/storage/ 204 "] {
            assert!(text.iter().any(|line| line.contains(message)), "{message}: {text:#?}");
        }
        (session, screen.styles)
    };
    let (_, styles) = run(line, &[]);
    assert!(styles.iter().any(|style| style == "1;31"), "{styles:?}");
    // Bold, bold red and bold magenta; no yellow, no white, nothing dim.
    let allowed = ["0", "1", "1;31", "1;35"];
    assert!(styles.iter().all(|style| allowed.contains(&style.as_str())), "{styles:?}");
    for (line, variables) in [
        (format!("--color=never {line}"), vec![]),
        (line.to_owned(), vec![("NO_COLOR", "1")]),
        (line.to_owned(), vec![("TERM", "dumb")]),
    ] {
        let (session, styles) = run(&line, &variables);
        assert_eq!(styles, [""; 0], "{session:#?}");
        if variables.contains(&("TERM", "dumb")) {
            let said = session.said.replace("\r\n", "\n");
            assert!(!said.contains(['\r', '\x1b']), "{said:?}");
        }
    }
}

#[test]
fn the_wait_ticks_by_itself_and_a_signal_leaves_a_clean_line() {
    let (folder, sandbox) = (folder(), faulty(&["poll:*:code=1247"]));
    let mut command =
        upload_by(heeding(program_for(&sandbox)), folder.path(), "--poll-interval=1m app.apk");
    let terminal = Terminal::run(&mut command, 80);
    terminal.wait_for(|said| frames(said).iter().any(|f| f == "app.apk  publishing  2 s"));
    let kill = format!("kill -2 {}", terminal.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let session = terminal.end();
    assert_eq!(session.code, None, "a signal has no code: {session:#?}");
    assert!(session.frames().iter().any(|f| f == "app.apk  publishing  1 s"), "{session:#?}");
    let screen = session.screen(80);
    assert!(screen.is_clean() && screen.text().is_empty(), "{session:#?}");
}

#[test]
fn an_upload_beside_a_wait_is_counted_with_it_and_a_signal_ends_both() {
    let folder = big_files(&["a.apk", "b.apk", "c.apk"]);
    let sandbox = faulty(&["storage:2:stall=65536", "poll:*:code=1247"]);
    let line = "--jobs=1 --poll-interval=1m a.apk b.apk c.apk";
    let mut command = upload_by(heeding(program_for(&sandbox)), folder.path(), line);
    let terminal = Terminal::run(&mut command, 100);
    let both = |frame: &String| {
        frame.starts_with("2 files") && frame.contains("  1 uploading, 1 publishing")
    };
    terminal.wait_for(|said| frames(said).iter().any(both));
    let kill = format!("kill -2 {}", terminal.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let session = terminal.end();
    assert_eq!(session.code, None, "a signal has no code: {session:#?}");
    let screen = session.screen(100);
    assert!(screen.is_clean() && screen.text().is_empty(), "{session:#?}");
}

#[test]
fn every_command_cleans_up() {
    let slow = ["token", "probe", "storage", "hsp"].map(|step| format!("{step}:*:delay=300ms"));
    let sandbox = faulty(&slow.each_ref().map(String::as_str));
    let token = folder();
    let fresh = crate::support::pgyer(&sandbox, "token app.apk").expect(0).stdout;
    std::fs::write(token.path().join("t.json"), fresh).unwrap();
    for line in ["doctor", "token app.apk", "put --token=t.json app.apk", "harmony-hsp k app.hsp"] {
        let mut command = program_for(&sandbox);
        command.current_dir(token.path()).args(words(line));
        let session = Terminal::run(&mut command, 400).end();
        let screen = session.screen(400);
        assert!(screen.is_clean() && !session.frames().is_empty(), "{line}: {session:#?}");
        let text = screen.text().join("\n");
        assert!(!text.contains("starting") && !text.contains("testing "), "{line}: {text}");
        assert!(!text.is_empty(), "{line}");
    }
}

#[test]
fn the_sandbox_writes_beside_the_line_of_its_child() {
    let mut command = crate::support::program();
    command.args(["sandbox", "--polls=2", "--fault=token:*:delay=300ms", "upload"]);
    command.args(["--poll-interval=300ms", "--qr=never"]).arg(data("app.apk"));
    let session = Terminal::run(&mut command, 200).end();
    assert_eq!(session.code, Some(0), "{session:#?}");
    let screen = session.screen(200);
    let text = screen.text();
    assert!(!screen.wrapped && screen.is_clean(), "{text:#?}");
    assert_eq!(text.iter().filter(|line| line.starts_with("POST /")).count(), 5, "{text:#?}");
    assert_eq!(text.len(), 2 + 5 + 6 + 1, "{text:#?}");
    assert!(session.frames().len() >= 2, "{session:#?}");
}

#[test]
fn a_table_is_as_wide_as_the_terminal() {
    for width in [50, 80, 120] {
        let mut command = crate::support::program();
        command.env("PGYER_API_KEY", "key").env("TERM", "xterm");
        command.args(["doctor", "--proxy=http://127.0.0.1:1", "--retries=0"]);
        let session = Terminal::run(&mut command, width).end();
        let text = session.screen(width.into()).text();
        assert!(text[..4].iter().all(|row| row.starts_with("FAIL ")), "{text:#?}");
        assert_eq!(text[4], "an upload would fail", "{text:#?}");
    }
}
