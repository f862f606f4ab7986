//! The QR code, read back by a reader that has nothing to do with us.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Stdio};

use pgyer::sandbox::Sandbox;
use tempfile::TempDir;

use crate::support::pty::{Cell, Screen, Terminal};
use crate::support::{Ran, data, program_for, run, sandbox, words};

const GLYPHS: [char; 3] = ['▀', '▄', '█'];
/// The pixels of a character: twice as high as wide, as on most terminals.
const WIDTH: usize = 6;
const HEIGHT: usize = 2 * WIDTH;

const WHITE: u8 = 255;
const BLACK: u8 = 0;

/// The terminal's own colours: the ink and the paper.
#[derive(Debug, Clone, Copy)]
struct Theme(u8, u8);

const DARK: Theme = Theme(220, 20);
const LIGHT: Theme = Theme(30, 245);

fn quick() -> Sandbox {
    sandbox(|builder| builder.polls(0))
}

fn command(sandbox: &Sandbox, line: &str) -> Command {
    let mut command = program_for(sandbox);
    command.current_dir(data("")).args(words(line));
    command
}

/// The lines of install pages among others.
fn pages(lines: &[String]) -> Vec<String> {
    lines.iter().filter(|line| line.starts_with("https://www.pgyer.com/")).cloned().collect()
}

/// The shade of a colour out of the 256: only those whose shade no theme changes.
fn shade(color: Option<u8>, own: u8) -> u8 {
    match color {
        None => own,
        Some(16) => BLACK,
        Some(231) => WHITE,
        Some(other) => panic!("{other} is not black or white everywhere"),
    }
}

/// The upper and the lower half of a character.
fn halves(cell: &Cell, theme: Theme) -> (u8, u8) {
    let (ink, paper) = (shade(cell.ink, theme.0), shade(cell.paper, theme.1));
    match cell.character {
        '█' => (ink, ink),
        '▀' => (ink, paper),
        '▄' => (paper, ink),
        // What a letter looks like does not matter here.
        _ => (paper, paper),
    }
}

/// A picture of a whole screen, as a greymap.
fn picture(screen: &Screen, theme: Theme) -> Vec<u8> {
    let columns = screen.lines.iter().map(Vec::len).max().unwrap_or(0) + 10;
    let blank = Cell { character: ' ', ink: None, paper: None };
    let (width, height) = (columns * WIDTH, screen.lines.len() * HEIGHT);
    let mut picture = format!("P5 {width} {height} 255\n").into_bytes();
    for line in &screen.lines {
        let cells = line.iter().chain(std::iter::repeat(&blank)).take(columns);
        let halves: Vec<(u8, u8)> = cells.map(|cell| halves(cell, theme)).collect();
        for y in 0..HEIGHT {
            let pixel = |(upper, lower): &(u8, u8)| if y < HEIGHT / 2 { *upper } else { *lower };
            picture.extend(halves.iter().flat_map(|cell| [pixel(cell); WIDTH]));
        }
    }
    picture
}

/// What the reader finds on the screen, in order of the lines of text; `None` if it is missing.
fn read(screen: &Screen, theme: Theme) -> Option<Vec<String>> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("screen.pgm");
    std::fs::write(&path, picture(screen, theme)).unwrap();
    let found = zbarimg(&path)?;
    Some(found.lines().map(str::to_owned).collect())
}

#[allow(clippy::print_stderr)]
fn zbarimg(picture: &Path) -> Option<String> {
    let mut reader = Command::new("zbarimg");
    reader.args(["--quiet", "--raw", "--oneshot", "-Sdisable", "-Sqrcode.enable"]).arg(picture);
    match reader.stderr(Stdio::null()).output() {
        Ok(output) => Some(String::from_utf8(output.stdout).unwrap()),
        Err(error) => {
            eprintln!("passed over: zbarimg can't be run: {error}");
            None
        }
    }
}

/// Fails the test unless the reader finds the install page, where there is a reader.
#[track_caller]
fn is_read(screen: &Screen, theme: Theme) {
    if let Some(found) = read(screen, theme) {
        assert_eq!(found, pages(&screen.text()), "{theme:?} {:#?}", screen.text());
        assert_eq!(found.len(), 1);
    }
}

#[track_caller]
fn has_no_code(text: &str) {
    assert!(!text.contains(GLYPHS), "{text}");
}

/// What a terminal would make of both streams, one after the other.
fn screen_of(ran: &Ran) -> Screen {
    let mut screen = Screen::new(80);
    screen.feed(&(ran.stdout.clone() + &ran.stderr).replace('\n', "\r\n"));
    screen
}

#[test]
fn a_reader_finds_the_page_on_a_terminal_whatever_its_colours() {
    let sandbox = quick();
    let session = Terminal::run(&mut command(&sandbox, "upload app.apk"), 80).end();
    let screen = session.screen(80);
    assert!(!screen.wrapped && session.code == Some(0), "{session:#?}");
    for theme in [DARK, LIGHT] {
        is_read(&screen, theme);
    }
    let key = &sandbox.seen().objects[0].key;
    let mut status = command(&sandbox, "status");
    let session = Terminal::run(status.arg(key), 33).end();
    assert_eq!(session.code, Some(0), "{session:#?}");
    is_read(&session.screen(33), LIGHT);
}

#[test]
fn a_reader_finds_it_in_a_file_with_colours_and_on_black_without() {
    let sandbox = quick();
    let ran = run(&mut command(&sandbox, "upload --qr=always --color=always app.apk"), [""; 0]);
    for theme in [DARK, LIGHT] {
        is_read(&screen_of(&ran), theme);
    }
    for line in ["upload --qr=always app.apk", "upload --qr=always --color=never --json app.apk"] {
        let ran = run(&mut command(&sandbox, line), [""; 0]).expect(0);
        assert!(!ran.stderr.contains('\x1b') && !ran.stdout.contains(GLYPHS), "{ran:#?}");
        let Some(found) = read(&screen_of(&ran), DARK) else { return };
        assert!(found.len() == 1 && ran.stdout.contains(&found[0]), "{found:?} {ran:#?}");
    }
}

#[test]
fn a_terminal_without_colours_gets_none() {
    let sandbox = quick();
    let session = Terminal::run(command(&sandbox, "upload app.apk").env("NO_COLOR", "1"), 80).end();
    let screen = session.screen(80);
    assert_eq!(screen.styles, [""; 0], "{session:#?}");
    is_read(&screen, DARK);
}

#[test]
fn each_file_has_its_code_beneath_its_result() {
    let sandbox = quick();
    let session = Terminal::run(&mut command(&sandbox, "upload app.apk app.ipa"), 80).end();
    let screen = session.screen(80);
    let text = screen.text();
    let of_code = |line: &&Vec<Cell>| line.iter().any(|cell| cell.paper.is_some());
    assert_eq!(screen.lines.iter().filter(of_code).count(), 2 * 17, "{text:#?}");
    let pages = pages(&text);
    assert_eq!(pages.len(), 2, "{text:#?}");
    for page in &pages {
        let at = text.iter().position(|line| line == page).unwrap();
        let mut one = Screen::new(80);
        one.lines = screen.lines[at..=at + 17].to_vec();
        assert!(one.lines[1..].iter().all(|line| of_code(&line)), "{text:#?}");
        is_read(&one, DARK);
    }
}

#[test]
fn a_code_that_has_no_room_is_left_out_and_said_to_be() {
    let sandbox = quick();
    let session = Terminal::run(&mut command(&sandbox, "upload app.apk"), 32).end();
    assert_eq!(session.code, Some(0), "{session:#?}");
    has_no_code(&session.said);
    let said = "the QR code is left out: it takes 33 columns, and the terminal has 32";
    assert!(session.said.contains(said), "{session:#?}");
    // Nobody knows how wide this is: it counts as 80 columns.
    let long = sandbox_with_shortcut(&"x".repeat(800));
    let ran = run(&mut command(&long, "upload --qr=always app.apk"), [""; 0]).expect(0);
    has_no_code(&ran.stderr);
    assert!(ran.stderr.contains("and the terminal has 80"), "{ran:#?}");
    let longest = sandbox_with_shortcut(&"x".repeat(5000));
    let ran = run(&mut command(&longest, "upload --qr=always app.apk"), [""; 0]).expect(0);
    has_no_code(&ran.stderr);
    assert!(ran.stderr.contains("too long for a QR code"), "{ran:#?}");
}

fn sandbox_with_shortcut(shortcut: &str) -> Sandbox {
    sandbox(|builder| builder.polls(0).build_field("buildShortcutUrl", &format!("{shortcut:?}")))
}

#[test]
fn there_is_none_where_none_is_wanted() {
    let sandbox = quick();
    for line in [
        "upload app.apk",
        "upload --qr=auto --color=always app.apk",
        "upload --qr=never app.apk",
        "upload -q --qr=always app.apk",
        "upload --no-wait --qr=always app.apk",
    ] {
        has_no_code(&run(&mut command(&sandbox, line), [""; 0]).expect(0).stderr);
    }
    for line in ["upload --qr=never app.apk", "upload -q app.apk", "upload --no-wait app.apk"] {
        let session = Terminal::run(&mut command(&sandbox, line), 80).end();
        assert_eq!(session.code, Some(0), "{session:#?}");
        has_no_code(&session.said);
    }
    // The poll that fails leaves nothing to install.
    let failing = crate::support::faulty(&["poll:*:code=1216"]);
    has_no_code(
        &run(&mut command(&failing, "upload --qr=always app.apk"), [""; 0]).expect(8).stderr,
    );
}

/// The modules of a picture with its margin, dark ones as `true`: all of its commands draw squares.
fn modules_of(svg: &str) -> Vec<Vec<bool>> {
    let (_, size) = svg.split_once("viewBox=\"0 0 ").expect(svg);
    let size: usize = size.split(' ').next().unwrap().parse().unwrap();
    let paths: Vec<&str> =
        svg.split(" d=\"").skip(1).map(|d| d.split('"').next().unwrap()).collect();
    assert_eq!(paths[0], format!("M0 0h{size}v{size}H0z"), "the background is all of it");
    let mut modules = vec![vec![false; size]; size];
    for square in paths[1].split_terminator('z') {
        let corner =
            square.strip_prefix('M').and_then(|s| s.strip_suffix("h1v1h-1")).expect(square);
        let (x, y) = corner.split_once(' ').expect(square);
        modules[y.parse::<usize>().unwrap()][x.parse::<usize>().unwrap()] = true;
    }
    modules
}

/// What an SVG shows: its modules as the library of the program makes them of the page, and what a
/// reader finds in it where there is one.
#[track_caller]
fn shows(svg: &Path, page: &str) {
    let modules = modules_of(&std::fs::read_to_string(svg).unwrap());
    let size = modules.len();
    let margin = |at: usize| at < 4 || at >= size - 4;
    for (y, row) in modules.iter().enumerate() {
        for (x, dark) in row.iter().enumerate() {
            assert!(!(dark & (margin(x) || margin(y))), "the margin is light");
        }
    }
    let mut greymap = format!("P5 {} {} 255\n", size * WIDTH, size * WIDTH).into_bytes();
    for row in &modules {
        let pixels: Vec<u8> =
            row.iter().flat_map(|dark| [if *dark { BLACK } else { WHITE }; WIDTH]).collect();
        (0..WIDTH).for_each(|_| greymap.extend(&pixels));
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("code.pgm");
    std::fs::write(&path, greymap).unwrap();
    if let Some(found) = zbarimg(&path) {
        assert_eq!(found.trim_end(), page);
    }
}

#[test]
fn the_code_goes_into_a_file_as_well() {
    let (sandbox, folder) = (quick(), TempDir::new().unwrap());
    for (name, line) in [
        ("text.svg", "upload -q app.apk"),
        ("json.svg", "upload --json --qr=never app.apk"),
        ("env.svg", "upload --format=env app.apk"),
        ("legacy.svg", "upload --legacy app.apk"),
    ] {
        let file = folder.path().join(name);
        let ran = run(command(&sandbox, line).arg("--qr-file").arg(&file), [""; 0]).expect(0);
        has_no_code(&ran.stderr);
        let page = ran.stdout.split(['"', '\'', '\n']).find(|word| is_page(word)).unwrap();
        shows(&file, page);
    }
    let (key, file) = (sandbox.seen().objects[0].key.clone(), folder.path().join("status.svg"));
    let ran = run(command(&sandbox, "status").arg(&key).arg("--qr-file").arg(&file), [""; 0]);
    shows(&file, ran.expect(0).stdout.lines().find(|line| is_page(line)).unwrap());
}

fn is_page(word: &str) -> bool {
    word.starts_with("https://www.pgyer.com/") && !word.contains("/app/")
}

#[test]
fn a_file_without_a_folder_ends_it_before_anything_is_sent() {
    let sandbox = quick();
    for line in ["upload app.apk", "status key"] {
        for file in ["no/such/folder/qr.svg", "app.apk/qr.svg"] {
            let ran = run(command(&sandbox, line).arg("--qr-file").arg(file), [""; 0]).expect(1);
            let parent = Path::new(file).parent().unwrap().display();
            let said = format!("cannot write the QR code to {file}: there is no folder {parent}");
            assert!(ran.stderr.contains(&said) && ran.stdout.is_empty(), "{ran:#?}");
        }
    }
    assert!(sandbox.seen().requests.is_empty());
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_after_the_result() {
    let (sandbox, folder) = (quick(), TempDir::new().unwrap());
    let to_folder = |line: &str| {
        let mut command = command(&sandbox, line);
        run(command.arg("--qr-file").arg(folder.path()), [""; 0]).expect(1)
    };
    for line in ["upload app.apk", "upload --json app.apk"] {
        let ran = to_folder(line);
        assert!(ran.stdout.contains("https://www.pgyer.com/"), "{ran:#?}");
        assert!(ran.stderr.contains("app.apk: cannot write the QR code to "), "{ran:#?}");
    }
    let ran = to_folder("upload --format=env app.apk");
    assert!(
        ran.stdout.starts_with("PGYER_KEY=") && ran.stdout.ends_with("\n(exit 1)\n"),
        "{ran:#?}"
    );
    let ran = to_folder("upload --format=dotenv app.apk");
    assert!(ran.stdout.lines().count() == 9, "{ran:#?}");
    // What makes no code is said, too.
    let longest = sandbox_with_shortcut(&"x".repeat(5000));
    let file = folder.path().join("qr.svg");
    let ran = run(command(&longest, "upload app.apk").arg("--qr-file").arg(&file), [""; 0]);
    assert!(ran.expect(1).stderr.contains("its address is too long") && !file.exists());
}

#[test]
fn without_a_published_build_there_is_no_file() {
    let (sandbox, folder) = (quick(), TempDir::new().unwrap());
    let file = folder.path().join("qr.svg");
    let ends = |sandbox: &Sandbox, line: &str, code| {
        run(command(sandbox, line).arg("--qr-file").arg(&file), [""; 0]).expect(code)
    };
    ends(&sandbox, "upload --no-wait app.apk", 0);
    ends(&crate::support::faulty(&["poll:*:code=1216"]), "upload app.apk", 8);
    ends(&sandbox, "status no-such-key", 5);
    let ran = ends(&sandbox, "upload app.apk app.ipa", 2);
    assert!(ran.stderr.contains("--qr-file goes with a single FILE"), "{ran:#?}");
    assert!(!file.exists());
}
