//! A QR code of the install page, for a phone held up to the screen, and as a picture in a file.

use std::io;
use std::path::Path;

use pgyer::{BuildInfo, Error, Result};
use qrcodegen::{QrCode, QrCodeEcc};

use crate::args::{Qr, When};
use crate::progress::Screen;
use crate::terminal;

/// The width of the light margin, without which readers do not find the code.
const QUIET_ZONE: i32 = 4;

/// White on black out of the 256 colours, which themes leave alone. A theme's own "white" may be
/// grey, and its "black" anything.
const WHITE_ON_BLACK: &str = "\x1b[38;5;231;48;5;16m";
const PLAIN: &str = "\x1b[0m";

/// Fails if the folder for the picture is missing.
pub(crate) fn check_folder(qr: &Qr) -> Result<()> {
    let Some(file) = &qr.file else { return Ok(()) };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => {
            let problem = format!("there is no folder {}", folder.display());
            Err(unwritten(file, io::Error::new(io::ErrorKind::NotFound, problem)))
        }
        _ => Ok(()),
    }
}

/// Shows the code of a published build and writes its picture, where either is wanted.
pub(crate) fn deliver(screen: &Screen, qr: &Qr, build: Option<&BuildInfo>) -> Result<()> {
    let Some(build) = build else { return Ok(()) };
    if let Some(page) = build.install_url() {
        show(screen, qr.show, &page);
    }
    let Some(file) = &qr.file else { return Ok(()) };
    let picture = build.qr_svg().ok_or_else(|| {
        let problem = "there is no install page, or its address is too long";
        unwritten(file, io::Error::new(io::ErrorKind::InvalidData, problem))
    })?;
    std::fs::write(file, picture).map_err(|error| unwritten(file, error))
}

fn unwritten(file: &Path, source: io::Error) -> Error {
    Error::io(format!("write the QR code to {}", file.display()), source)
}

/// Draws the code on standard error, if it is wanted and fits.
fn show(screen: &Screen, when: When, page: &str) {
    let is_wanted = match when {
        When::Auto => terminal::is_there(),
        When::Always => true,
        When::Never => false,
    };
    if !is_wanted || screen.is_quiet() {
        return;
    }
    let Ok(code) = QrCode::encode_text(page, QrCodeEcc::Low) else {
        screen.note("the install page's address is too long for a QR code");
        return;
    };
    let (needed, available) = (columns(&code), terminal::columns());
    if needed > available {
        screen.note(&format!(
            "the QR code is left out: it takes {needed} columns, and the terminal has {available}"
        ));
        return;
    }
    screen.lines(&drawn(&code, screen.has_color()));
}

fn columns(code: &QrCode) -> usize {
    usize::try_from(code.size() + 2 * QUIET_ZONE).unwrap_or(usize::MAX)
}

/// Draws two modules with each character. Light modules are drawn and dark ones are blanks, so that
/// no line ends in blanks, which captures of a terminal lose. Without colours that is right on a
/// dark background, which terminals and the logs of most CI systems have; on a light one the code
/// is inverted, and many readers understand that too.
fn drawn(code: &QrCode, color: bool) -> String {
    let (start, end) = if color { (WHITE_ON_BLACK, PLAIN) } else { ("", "") };
    let zone = -QUIET_ZONE..code.size() + QUIET_ZONE;
    let mut text = String::new();
    for y in zone.clone().step_by(2) {
        text.push_str(start);
        // Outside the code every module is light, also below the last line.
        text.extend(zone.clone().map(|x| {
            match (code.get_module(x, y), code.get_module(x, y + 1)) {
                (false, false) => '█',
                (false, true) => '▀',
                (true, false) => '▄',
                (true, true) => ' ',
            }
        }));
        text.push_str(end);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> QrCode {
        QrCode::encode_text(text, QrCodeEcc::Low).unwrap()
    }

    /// The dark modules, read back from the drawing.
    fn modules(drawing: &str) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in drawing.lines() {
            let line = line.trim_start_matches(WHITE_ON_BLACK).trim_end_matches(PLAIN);
            for inked in ["█▀", "█▄"] {
                rows.push(line.chars().map(|c| !inked.contains(c)).collect());
            }
        }
        rows
    }

    #[test]
    fn the_drawing_has_the_code_and_its_quiet_zone() {
        for page in
            ["https://www.pgyer.com/b506", "https://www.pgyer.com/a-longer-shortcut-of-an-app"]
        {
            let code = code(page);
            for color in [true, false] {
                let rows = modules(&drawn(&code, color));
                assert!(rows.iter().all(|row| row.len() == columns(&code)));
                for (y, row) in (-QUIET_ZONE..).zip(&rows) {
                    for (x, dark) in (-QUIET_ZONE..).zip(row) {
                        assert_eq!(*dark, code.get_module(x, y), "{x} {y}");
                    }
                }
                assert!(rows.len() >= columns(&code));
            }
        }
    }

    #[test]
    fn the_code_of_an_install_page_is_small() {
        assert_eq!(columns(&code("https://www.pgyer.com/b506")), 33);
    }

    #[test]
    fn without_colours_there_is_no_escape_sequence() {
        let drawing = drawn(&code("https://www.pgyer.com/b506"), false);
        assert!(drawing.chars().all(|c| " ▀▄█\n".contains(c)), "{drawing}");
        assert!(drawing.starts_with("████"), "light is drawn: {drawing}");
    }
}
