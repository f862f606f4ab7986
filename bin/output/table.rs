//! Tables for people, as wide as the terminal: what `doctor` tested, and what became of several
//! files.

use pgyer::{Diagnosis, Error, Probe, Result};

use super::report::{Report, ReportKind};
use super::{harmless, human_time};
use crate::terminal;
use crate::width::{begun, columns, padded};

/// The width of the names of what is tested. The storage's may be wider, because it comes last.
const CHECK_COLUMNS: usize = 20;

/// One thing that `doctor` tested.
pub(super) fn probe(probe: &Probe) -> String {
    let (mark, detail) = match &probe.result {
        Ok(detail) => ("ok", detail.clone()),
        Err(error) => ("FAIL", reason(error)),
    };
    let time = human_time(probe.elapsed);
    let check = padded(&harmless(&probe.check), CHECK_COLUMNS.max(columns(&probe.check)));
    let row = format!("{mark:<4}  {time:>6}  {check}  {}", harmless(&detail));
    begun(row.trim_end(), terminal::output_columns()) + "\n"
}

/// The cause alone: without the action, which the row shows already, and without the advice.
fn reason(error: &Error) -> String {
    let report = error.report();
    let advice = error.advice().map(|advice| format!("; {advice}")).unwrap_or_default();
    let text = report.strip_suffix(&advice).unwrap_or(&report);
    let said = text.strip_prefix("cannot ").and_then(|text| text.split_once(": "));
    said.map_or(text, |(_, reason)| reason).to_owned()
}

/// What follows from the tests, and the whole messages of those that failed. Hosts that fail alike
/// have one message.
pub(crate) fn diagnosis(verdict: &str, diagnosis: &Diagnosis) -> String {
    let (mut text, mut said) = (format!("{verdict}\n"), Vec::new());
    for probe in &diagnosis.probes {
        let Err(error) = &probe.result else { continue };
        let message = error.report();
        let host = probe.check.rsplit(' ').next().unwrap_or_default();
        let without_host = message.replace(host, "");
        if !said.contains(&without_host) {
            text += &(harmless(&format!("  {message}")) + "\n");
            said.push(without_host);
        }
    }
    text
}

/// A row about a file.
pub(crate) struct Row {
    file: String,
    /// What became of it.
    state: String,
    /// The install page or the key.
    place: String,
}

pub(crate) fn row(file: &str, result: &Result<Report>) -> Row {
    let (state, place) = match result {
        Ok(report) if report.kind == ReportKind::Build => {
            ("published".to_owned(), report.install_page())
        }
        Ok(report) => ("stored".to_owned(), report.key.clone()),
        Err(error) => (format!("failed: {}", error.kind().name()), None),
    };
    Row { file: harmless(file), state, place: harmless(&place.unwrap_or_default()) }
}

/// The rows of several files. Names give way, links do not.
pub(crate) fn files(rows: &[Row]) -> String {
    let widest = |of: fn(&Row) -> &str| rows.iter().map(|row| columns(of(row))).max().unwrap_or(0);
    let (state, place) = (widest(|row| &row.state), widest(|row| &row.place));
    let left = terminal::output_columns().saturating_sub(state + place + 4);
    let file = widest(|row| &row.file).min(left.max(10));
    let line = |row: &Row| {
        let cells = [padded(&row.file, file), padded(&row.state, state), row.place.clone()];
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}
