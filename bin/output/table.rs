//! Tables for people, as wide as the terminal: what `doctor` tested, and what became of several
//! files.

use pgyer::{Diagnosis, Error, Probe, Result};

use super::report::{Report, ReportKind};
use super::{harmless, human_time};
use crate::terminal;
use crate::width::{begun, columns, padded, shortened};

/// The width of the names of what is tested. The storage's may be wider, because it comes last.
const CHECK_COLUMNS: usize = 20;

/// The fewest columns that are left of a name beside a link.
const NAME_COLUMNS: usize = 20;

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

/// The rows of several files. Names give way, links do not: where too little would be left of the
/// names, the links have lines of their own.
pub(crate) fn files(rows: &[Row]) -> String {
    files_within(rows, terminal::output_columns())
}

fn files_within(rows: &[Row], width: usize) -> String {
    let widest = |of: fn(&Row) -> &str| rows.iter().map(|row| columns(of(row))).max().unwrap_or(0);
    let (file, state) = (widest(|row| &row.file), widest(|row| &row.state));
    // One more than the gaps between the columns: a name that was cut may take that, see `cell`.
    let beside = width.saturating_sub(state + widest(|row| &row.place) + 5);
    let is_narrow = beside < file.min(NAME_COLUMNS);
    let (room, gap) =
        if is_narrow { (width.saturating_sub(state + 3), "\n  ") } else { (beside, "  ") };
    let line = |row: &Row| {
        let name = cell(&row.file, file.min(room));
        if row.place.is_empty() {
            return format!("{name}  {}\n", row.state);
        }
        let state = if is_narrow { row.state.clone() } else { padded(&row.state, state) };
        format!("{name}  {state}{gap}{}\n", row.place)
    };
    rows.iter().map(line).collect()
}

/// A name in a column, cut if need be. Most terminals draw "…" narrower than `columns` allows for:
/// without another blank what follows would stand out of line there.
fn cell(name: &str, room: usize) -> String {
    let cut = shortened(name, room);
    let blanks = room.saturating_sub(columns(&cut)) + usize::from(cut != name);
    cut + &" ".repeat(blanks)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://www.pgyer.com/abcd";

    fn table(names: &[&str], width: usize) -> String {
        let row = |name: &&str| Row {
            file: (*name).to_owned(),
            state: if name.starts_with("no") { "failed: package" } else { "published" }.to_owned(),
            place: if name.starts_with("no") { "" } else { PAGE }.to_owned(),
        };
        files_within(&names.iter().map(row).collect::<Vec<_>>(), width)
    }

    #[test]
    fn links_stand_beside_the_names_or_below() {
        let names = ["app.apk", "no.apk", "build/outputs/release/app-release.apk"];
        let wide = format!(
            "app.apk                                published        {PAGE}\n\
             no.apk                                 failed: package\n\
             build/outputs/release/app-release.apk  published        {PAGE}\n"
        );
        assert_eq!(table(&names, 120), wide);
        let cut = format!(
            "app.apk                             published        {PAGE}\n\
             no.apk                              failed: package\n\
             build/outputs/re…/app-release.apk   published        {PAGE}\n"
        );
        assert_eq!(table(&names, 80), cut);
        let narrow = format!(
            "app.apk                           published\n  {PAGE}\n\
             no.apk                            failed: package\n\
             build/outputs/r…app-release.apk   published\n  {PAGE}\n"
        );
        assert_eq!(table(&names, 50), narrow);
        // Short names need no more room than they have.
        assert_eq!(table(&["app.apk"], 50), format!("app.apk  published  {PAGE}\n"));
    }

    #[test]
    fn no_row_is_wider_than_the_terminal_even_where_an_ellipsis_is_wide() {
        let names =
            ["一个名字很长的应用程序安装包-正式版-release.apk", "a.apk", "no-such-file.apk"];
        for width in 40..130 {
            for line in table(&names, width).lines() {
                assert!(columns(line) <= width, "{width}: {line}");
            }
        }
    }
}
