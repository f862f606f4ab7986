//! Results as text, JSON, or variables: the only writer of standard output. And the rules for what
//! may reach a terminal or a log.

mod human;
mod json_line;
mod package;
mod quote;
mod report;
mod table;

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use pgyer::{Error, Probe};

pub(crate) use self::human::{human_time, unit_of, whole_seconds};
use self::json_line::JsonLine;
pub(crate) use self::quote::harmless;
pub(crate) use self::report::{Report, ReportKind};
pub(crate) use self::table::{Row, diagnosis, files, row};
use crate::args::Format;

/// Renders a failure for standard output, empty in formats that do not show failures there. The
/// message goes to standard error in any case.
pub(crate) fn failure(
    format: Format,
    file: Option<&str>,
    key: Option<&str>,
    error: &Error,
) -> String {
    match format {
        Format::Text | Format::Dotenv => String::new(),
        Format::Env => exit_line(error.kind().exit_code()),
        Format::Json => {
            let mut inner = JsonLine::default();
            inner.string("kind", Some(error.kind().name()));
            inner.string("message", Some(&error.report()));
            inner.raw("api_code", error.api_code().map(|code| code.to_string()));
            inner.raw("http_status", error.http_status().map(|status| status.to_string()));
            let mut line = JsonLine::default();
            line.string("file", file);
            line.string("key", key);
            line.raw("error", Some(inner.within()));
            let found = error.findings();
            line.raw("findings", (!found.is_empty()).then(|| package::findings(found)));
            line.finish()
        }
    }
}

/// One thing that `doctor` tested.
pub(crate) fn probe(format: Format, probe: &Probe) -> String {
    if format == Format::Text {
        return table::probe(probe);
    }
    let (ok, detail) = match &probe.result {
        Ok(detail) => (true, detail.clone()),
        Err(error) => (false, error.report()),
    };
    let mut line = JsonLine::default();
    line.string("check", Some(&probe.check));
    line.value("ok", ok.into());
    line.string("detail", Some(&detail));
    line.raw("seconds", Some(seconds(probe.elapsed)));
    line.finish()
}

/// A line that makes a shell fail when it evaluates it.
pub(crate) fn exit_line(code: u8) -> String {
    format!("(exit {code})\n")
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

/// Writes to standard output. A reader that has closed the pipe is not an error.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    if text.is_empty() {
        return Ok(());
    }
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::io("write the result", error))
        }
        _ => Ok(()),
    }
}

/// Whether standard output goes to a terminal.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// An operand as results name it.
pub(crate) fn operand(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_failure_is_seen_in_every_format_that_has_one() {
        let error = || {
            pgyer::BuildStatus::Publishing { code: 1247, message: "no".into(), http_status: 200 }
                .published("k1")
                .unwrap_err()
        };
        let failed = |format| failure(format, Some("a.apk"), Some("k1"), &error());
        assert_eq!(failed(Format::Text), "");
        assert_eq!(failed(Format::Dotenv), "");
        let code = error().kind().exit_code();
        assert!(code > 0);
        assert_eq!(failed(Format::Env), format!("(exit {code})\n"));
        let line: Value = serde_json::from_str(&failed(Format::Json)).unwrap();
        assert_eq!((&line["file"], &line["key"]), (&"a.apk".into(), &"k1".into()));
        let inner = &line["error"];
        assert_eq!(inner["kind"], error().kind().name());
        assert_eq!(inner["message"], error().report());
        assert_eq!((&inner["api_code"], &inner["http_status"]), (&1247.into(), &200.into()));
    }

    #[test]
    fn an_operand_is_named_as_it_was_given() {
        assert_eq!(operand(Path::new("folder/app.apk")), "folder/app.apk");
    }
}
