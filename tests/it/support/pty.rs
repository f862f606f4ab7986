//! A pseudo terminal to run the program at, and a screen that shows its output.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::process::{Child, Command};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::{LIMIT, wait};

/// A command at a terminal of its own, to which all three of its streams are connected.
pub(crate) struct Terminal {
    controller: File,
    child: Child,
    said: Arc<(Mutex<Vec<u8>>, Condvar)>,
    reader: JoinHandle<()>,
    began: Instant,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
    pub(crate) seconds: f64,
}

impl Terminal {
    pub(crate) fn run(command: &mut Command, columns: u16) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap().into_string().unwrap();
        let user = || OpenOptions::new().read(true).write(true).open(&name).unwrap();
        let controller = File::from(controller);
        resize(&controller, columns);
        if !command.get_envs().any(|(variable, _)| variable == "TERM") {
            command.env("TERM", "xterm-256color");
        }
        let child = command.stdin(user()).stdout(user()).stderr(user()).spawn().unwrap();
        // Reading ends once nobody has the other end open.
        command.stdin(std::process::Stdio::null());
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let said = Arc::<(Mutex<Vec<u8>>, Condvar)>::default();
        let (mut source, sink) = (controller.try_clone().unwrap(), Arc::clone(&said));
        let reader = thread::spawn(move || {
            let mut block = [0; 4096];
            while let Ok(length @ 1..) = source.read(&mut block) {
                sink.0.lock().unwrap().extend_from_slice(&block[..length]);
                sink.1.notify_all();
            }
        });
        Self { controller, child, said, reader, began: Instant::now() }
    }

    /// Stops its output, as Ctrl-S does.
    #[cfg(target_os = "linux")]
    pub(crate) fn stop(&self) {
        use std::io::Write;
        let mut keyboard = &self.controller;
        keyboard.write_all(b"\x13").unwrap();
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn resize(&self, columns: u16) {
        resize(&self.controller, columns);
    }

    /// Waits until the output so far meets a condition.
    #[track_caller]
    pub(crate) fn wait_for(&self, is_so: impl Fn(&str) -> bool) {
        let text = |said: &[u8]| String::from_utf8_lossy(said).into_owned();
        let said = self.said.0.lock().unwrap();
        let not_yet = |said: &mut Vec<u8>| !is_so(&text(said));
        let (said, waited) = self.said.1.wait_timeout_while(said, LIMIT, not_yet).unwrap();
        assert!(!waited.timed_out(), "{:?}", text(&said));
    }

    pub(crate) fn end(mut self) -> Session {
        let code = wait(&mut self.child);
        let seconds = self.began.elapsed().as_secs_f64();
        self.reader.join().unwrap();
        let said = self.said.0.lock().unwrap().clone();
        Session { code, said: String::from_utf8(said).unwrap(), seconds }
    }
}

impl Session {
    /// Each state of the line that is repainted.
    pub(crate) fn frames(&self) -> Vec<String> {
        frames(&self.said)
    }

    /// What the screen shows in the end. The last column is free in every frame.
    pub(crate) fn screen(&self, columns: usize) -> Screen {
        let mut screen = Screen::new(columns);
        screen.feed(&self.said);
        screen
    }
}

pub(crate) fn frames(said: &str) -> Vec<String> {
    let mut pieces: Vec<&str> = said.split("\x1b[J\r").collect();
    pieces.pop();
    let last_line = |piece: &str| piece.rsplit(['\r', '\n']).next().unwrap_or("").to_owned();
    let frames = pieces.into_iter().map(|piece| without_styles(&last_line(piece)));
    frames.filter(|frame| !frame.is_empty()).collect()
}

fn without_styles(text: &str) -> String {
    let mut pieces = text.split("\x1b[");
    let first = pieces.next().unwrap_or("").to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once('m').map_or(piece, |(_, rest)| rest))
}

fn resize(controller: &File, columns: u16) {
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(controller, size).unwrap();
}

/// A character and its colours of the 256; `None` is the terminal's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) character: char,
    pub(crate) ink: Option<u8>,
    pub(crate) paper: Option<u8>,
}

/// A terminal as today's are: lines that were broken because they were too wide are put together
/// again, and broken anew, when it is made wider or narrower. So it has whole lines, however wide,
/// and where they are broken follows from the width.
#[derive(Debug)]
pub(crate) struct Screen {
    columns: usize,
    pub(crate) lines: Vec<Vec<Cell>>,
    row: usize,
    /// In the whole line.
    at: usize,
    ink: Option<u8>,
    paper: Option<u8>,
    /// The parameters of every sequence for colours and styles.
    pub(crate) styles: Vec<String>,
    /// Whether the last column was written: the cursor stays there until more comes.
    is_at_edge: bool,
    breaks: bool,
    /// Whether a line was broken while it was written.
    pub(crate) wrapped: bool,
}

impl Screen {
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            columns,
            lines: vec![Vec::new()],
            row: 0,
            at: 0,
            ink: None,
            paper: None,
            styles: Vec::new(),
            is_at_edge: false,
            breaks: true,
            wrapped: false,
        }
    }

    pub(crate) fn resize(&mut self, columns: usize) {
        self.columns = columns;
    }

    pub(crate) fn feed(&mut self, said: &str) {
        let mut rest = said.chars();
        while let Some(c) = rest.next() {
            match c {
                // To the start of the part of the line that the cursor is in.
                '\r' => {
                    self.at -= usize::from(self.is_at_edge);
                    self.at -= self.at % self.columns;
                    self.is_at_edge = false;
                }
                '\n' => {
                    self.row += 1;
                    self.at %= self.columns;
                    self.lines.resize(self.lines.len().max(self.row + 1), Vec::new());
                }
                '\x1b' => self.sequence(&mut rest),
                c => self.put(c),
            }
        }
    }

    fn sequence(&mut self, rest: &mut std::str::Chars<'_>) {
        assert_eq!(rest.next(), Some('['));
        let mut parameters = String::new();
        let end = rest.by_ref().find(|c| {
            parameters.push(*c);
            c.is_ascii_alphabetic()
        });
        parameters.pop();
        match (end, parameters.as_str()) {
            (Some('J'), "") => {
                self.lines[self.row].truncate(self.at);
                self.lines.truncate(self.row + 1);
            }
            (Some('m'), _) => self.style(parameters),
            (Some('l'), "?7") => self.breaks = false,
            (Some('h'), "?7") => self.breaks = true,
            other => panic!("not a sequence of ours: {other:?}"),
        }
    }

    fn style(&mut self, parameters: String) {
        let numbers: Vec<u8> =
            parameters.split(';').map(|number| number.parse().unwrap()).collect();
        match numbers[..] {
            [0] => (self.ink, self.paper) = (None, None),
            [38, 5, ink, 48, 5, paper] => (self.ink, self.paper) = (Some(ink), Some(paper)),
            _ => {}
        }
        self.styles.push(parameters);
    }

    fn put(&mut self, character: char) {
        assert!(!character.is_control(), "{character:?}");
        let blank = Cell { character: ' ', ink: None, paper: None };
        let wide = if ('\u{2e80}'..='\u{ffe6}').contains(&character) { 2 } else { 1 };
        if !self.breaks && self.at + wide > self.columns {
            // It replaces the character in the last column.
            self.at = self.columns - wide;
        }
        let line = &mut self.lines[self.row];
        line.resize(line.len().max(self.at + wide), blank);
        line[self.at] = Cell { character, ink: self.ink, paper: self.paper };
        if wide == 2 {
            line[self.at + 1].character = '\0';
        }
        self.at += wide;
        self.is_at_edge = self.at % self.columns == 0;
        self.wrapped |= self.breaks && self.at % self.columns < wide;
    }

    /// The lines as text, without blanks at their ends and blank lines at the end.
    pub(crate) fn text(&self) -> Vec<String> {
        let text = |line: &Vec<Cell>| {
            let text: String = line.iter().map(|cell| cell.character).collect();
            text.replace('\0', "").trim_end().to_owned()
        };
        let mut lines: Vec<String> = self.lines.iter().map(text).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    /// Whether the cursor is at the start of a line on which there is nothing.
    pub(crate) fn is_clean(&self) -> bool {
        self.at == 0 && self.lines[self.row].is_empty()
    }
}
