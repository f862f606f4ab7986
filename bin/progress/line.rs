//! The layout of a line: a view and a width, made into text. Pure.

use std::time::Duration;

use super::job::{Figures, Sending, View};
use crate::output::{harmless, unit_of, whole_seconds};
use crate::width::{columns, shortened, start_of};

/// The cells of the bar, which grows into the space that is left.
const MIN_BAR: usize = 10;
const MAX_BAR: usize = 40;

/// A line of a terminal: the subject, which stands out, and the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Line {
    pub(super) subject: String,
    pub(super) rest: String,
}

/// A layout: after the subject come `lead`, a bar, and `tail`.
struct Layout {
    /// Minimum columns for the subject; `None` omits it.
    min_subject: Option<usize>,
    lead: String,
    /// The fraction of the bar that is full.
    bar: Option<f64>,
    tail: String,
}

/// Lays out a line for a terminal of this many columns, in the first layout that fits. The last
/// column stays free: a character there makes some terminals wrap.
pub(super) fn line(view: &View, terminal: usize) -> Line {
    let room = terminal.saturating_sub(1);
    let subject = harmless(&view.subject);
    let layouts = match view.figures {
        Figures::Sending(sending) => sending_layouts(view, &sending),
        Figures::Lasting(time) => lasting_layouts(view, time),
    };
    let fits = |layout: &&Layout| {
        let subject = layout.min_subject.unwrap_or(0).min(columns(&subject));
        layout.columns() + subject <= room
    };
    match layouts.iter().find(fits) {
        Some(layout) => layout.filled(&subject, room),
        None => {
            let narrowest = layouts.last().map_or("", |layout| start_of(&layout.lead, room));
            Line { subject: String::new(), rest: narrowest.to_owned() }
        }
    }
}

impl Layout {
    fn new(min_subject: usize, rest: String) -> Self {
        Self { min_subject: Some(min_subject), lead: rest, bar: None, tail: String::new() }
    }

    /// For lines too narrow for a name beside the figures.
    fn figures(rest: String) -> Self {
        Self { min_subject: None, lead: rest, bar: None, tail: String::new() }
    }

    /// The columns without the subject and with the smallest bar.
    fn columns(&self) -> usize {
        let bar = if self.bar.is_some() { MIN_BAR } else { 0 };
        [columns(&self.lead), bar, columns(&self.tail)].iter().sum()
    }

    fn filled(&self, subject: &str, room: usize) -> Line {
        let left = room.saturating_sub(self.columns());
        let subject = self.min_subject.map_or_else(String::new, |_| shortened(subject, left));
        let cells = (left.saturating_sub(columns(&subject)) + MIN_BAR).min(MAX_BAR);
        let bar = self.bar.map_or_else(String::new, |fraction| bar(fraction, cells));
        Line { subject, rest: format!("{}{bar}{}", self.lead, self.tail) }
    }
}

/// Draws the bar in ASCII, which is one column wide everywhere.
fn bar(fraction: f64, cells: usize) -> String {
    let full = ((fraction * cells as f64) as usize).min(cells);
    let head = if (1..cells).contains(&full) { ">" } else { "=" };
    let body = "=".repeat(full.saturating_sub(1));
    let done = if full > 0 { body + head } else { body };
    format!("{done:<cells$}")
}

/// From wide to narrow. Numbers keep their columns, so that nothing moves while they grow.
fn sending_layouts(view: &View, sending: &Sending) -> Vec<Layout> {
    let Sending { sent, total, rate } = *sending;
    let step = &view.step;
    let up = view.short_step;
    let fraction = sent as f64 / (total as f64).max(1.0);
    let percent = format!("{:>3}%", (fraction * 100.0) as u64);
    let sizes = of_total(sent, total, " of ", f64::INFINITY);
    let short_sizes = of_total(sent, total, "/", 99.95);
    let shortest_sizes = of_total(sent, total, "/", 9.95);
    let rate_text = rate_text(rate);
    let left = format!("{:>5}", time_left(sending));
    let with_bar = |min_subject, tail: String| Layout {
        min_subject: Some(min_subject),
        lead: format!("  {step} ["),
        bar: Some(fraction),
        tail: format!("] {percent}  {tail}"),
    };
    vec![
        with_bar(30, format!("{sizes}  {rate_text}  {left} left")),
        with_bar(10, format!("{short_sizes}  {rate_text}  {left} left")),
        Layout::new(12, format!("  {step} {percent}  {short_sizes} {rate_text} {left} left")),
        Layout::new(12, format!(" {up} {percent} {short_sizes} {rate_text} {left} left")),
        Layout::new(8, format!(" {up} {shortest_sizes} {rate_text} {left} left")),
        Layout::new(6, format!(" {up} {shortest_sizes} {rate_text} {left}")),
        Layout::figures(format!("{up} {shortest_sizes} {rate_text} {left}")),
    ]
}

fn lasting_layouts(view: &View, time: Duration) -> Vec<Layout> {
    let time = whole_seconds(time);
    vec![
        Layout::new(12, format!("  {}  {time}", view.step)),
        Layout::new(6, format!("  {}  {time}", view.short_step)),
        Layout::figures(format!("{} {time}", view.short_step)),
    ]
}

/// A view as a sentence, for a log.
pub(super) fn sentence(view: &View) -> String {
    let View { subject, step, .. } = view;
    let figures = match &view.figures {
        Figures::Lasting(time) if time.as_secs() == 0 => String::new(),
        Figures::Lasting(time) => format!(", {}", whole_seconds(*time)),
        Figures::Sending(sending) => {
            let percent =
                (u128::from(sending.sent) * 100).checked_div(sending.total.into()).unwrap_or(100);
            let sizes = of_total(sending.sent, sending.total, " of ", f64::INFINITY);
            let (rate, left) = (rate_text(sending.rate), time_left(sending));
            format!(", {percent}%, {}, {}, {left} left", sizes.trim_start(), rate.trim_start())
        }
    };
    format!("{subject}: {step}{figures}")
}

/// "125.3 of 298.0 MiB", the first number as wide as the second. From `whole` units on there are
/// no fractions.
fn of_total(sent: u64, total: u64, word: &str, whole: f64) -> String {
    let (divisor, unit) = unit_of(total);
    let all = total as f64 / divisor;
    let digits = if all < whole && divisor > 1.0 { 1 } else { 0 };
    let all = format!("{all:.digits$}");
    let width = all.len();
    format!("{:>width$.digits$}{word}{all} {unit}", sent as f64 / divisor)
}

/// "11.2 MiB/s", padded to the longest.
fn rate_text(rate: f64) -> String {
    let (divisor, unit) = unit_of(rate as u64);
    let number = rate / divisor;
    let digits = if number < 99.95 && divisor > 1.0 { 1 } else { 0 };
    format!("{:>10}", format!("{number:.digits$} {unit}/s"))
}

/// "15 s", "1:15" or "2.5 h"; "--" if unknown.
fn time_left(sending: &Sending) -> String {
    let seconds = sending.total.saturating_sub(sending.sent) as f64 / sending.rate;
    match seconds {
        _ if sending.rate < 1.0 => "--".to_owned(),
        s if s < 59.5 => format!("{s:.0} s"),
        s if s < 3599.5 => {
            let s = s.round() as u64;
            format!("{}:{:02}", s / 60, s % 60)
        }
        s if s < 99.9 * 3600.0 => format!("{:.1} h", s / 3600.0),
        _ => ">99 h".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn sending(subject: &str, step: &str, sent: u64, total: u64, rate: f64) -> View {
        let figures = Figures::Sending(Sending { sent, total, rate });
        View { subject: subject.into(), step: step.into(), short_step: "up", figures }
    }

    fn lasting(subject: &str, seconds: u64) -> View {
        let figures = Figures::Lasting(Duration::from_secs(seconds));
        View {
            subject: subject.into(),
            step: "publishing".into(),
            short_step: "publishing",
            figures,
        }
    }

    fn shown(view: &View, terminal: usize) -> String {
        let Line { subject, rest } = line(view, terminal);
        subject + &rest
    }

    fn usual(subject: &str) -> View {
        sending(subject, "uploading", 125 * MIB, 298 * MIB, 11.25 * MIB as f64)
    }

    #[test]
    fn the_figures_stay_whole_at_every_width() {
        let view = usual("app.apk");
        assert_eq!(shown(&view, 40), "app.apk up 125/298 MiB 11.2 MiB/s  15 s");
        assert_eq!(shown(&view, 50), "app.apk up  41% 125/298 MiB 11.2 MiB/s  15 s left");
        assert_eq!(
            shown(&view, 80),
            "app.apk  uploading [=====>          ]  41%  125/298 MiB  11.2 MiB/s   15 s left"
        );
        assert_eq!(
            shown(&view, 120),
            "app.apk  uploading [===============>                        ]  41%  125.0 of 298.0 MiB  \
             11.2 MiB/s   15 s left"
        );
    }

    #[test]
    fn figures_say_how_much_they_can() {
        let mib = |number: f64| (number * MIB as f64) as u64;
        for (sent, total, whole, text) in [
            (5, 100, f64::INFINITY, "  5 of 100 B"),
            (mib(1.5), mib(9.5), f64::INFINITY, "1.5 of 9.5 MiB"),
            (mib(1.5), mib(99.5), 99.95, " 1.5 of 99.5 MiB"),
            (mib(7.0), mib(100.0), 99.95, "  7 of 100 MiB"),
            (512, 3 << 10, f64::INFINITY, "0.5 of 3.0 KiB"),
        ] {
            assert_eq!(of_total(sent, total, " of ", whole), text);
        }
        for (rate, text) in [
            (0.0, "     0 B/s"),
            (1000.4, "  1000 B/s"),
            (1536.0, " 1.5 KiB/s"),
            (99.9 * 1024.0, "99.9 KiB/s"),
            (99.96 * 1024.0, " 100 KiB/s"),
            (1000.0 * 1024.0, "1000 KiB/s"),
        ] {
            assert_eq!(rate_text(rate), text);
        }
    }

    #[test]
    fn names_give_way() {
        assert_eq!(
            shown(&usual("应用程序的第一个正式发布版本.apk"), 80),
            "应用…本.apk  uploading [===>       ]  41%  125/298 MiB  11.2 MiB/s   15 s left"
        );
        assert_eq!(shown(&usual("应用程序.apk"), 40), "应…apk up 125/298 MiB 11.2 MiB/s  15 s");
        assert_eq!(
            shown(&lasting("应用程序的第一个正式发布版本.apk", 75), 40),
            "应用程…本.apk  publishing  1 min 15 s"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let steps = ["uploading", "1 starting, 10 uploading, 12 publishing, 100 done"];
        let subjects =
            ["", "a", "123 files", "应用e\u{301}🚀☺\u{fe0f}".repeat(9).as_str()].map(str::to_owned);
        let numbers = [0, 1, 1023, 1024, 99 * MIB, 1023 * MIB, 5 << 30, u64::MAX];
        for width in (0..=44).chain([50, 60, 79, 80, 81, 100, 120, 200]) {
            for subject in &subjects {
                let mut views = vec![lasting(subject, 0), lasting(subject, 5_000_000)];
                for (sent, total) in numbers.iter().flat_map(|n| [(*n / 3, *n), (*n, *n)]) {
                    for step in steps {
                        views.push(sending(subject, step, sent, total, 0.0));
                        views.push(sending(subject, step, sent, total, total as f64 / 7.7));
                    }
                }
                for view in views {
                    let text = shown(&view, width);
                    assert!(columns(&text) < width.max(1), "{width}: {text}");
                    let has_rate =
                        text.contains("/s") || matches!(view.figures, Figures::Lasting(_));
                    assert!(has_rate || width < 40, "{width}: {text}");
                }
            }
        }
    }

    #[test]
    fn a_log_has_sentences() {
        let text = sentence(&usual("app.apk"));
        assert_eq!(text, "app.apk: uploading, 41%, 125.0 of 298.0 MiB, 11.2 MiB/s, 15 s left");
        assert_eq!(sentence(&lasting("a", 0)), "a: publishing");
        assert_eq!(sentence(&lasting("a", 59)), "a: publishing, 59 s");
        assert_eq!(sentence(&lasting("a", 60)), "a: publishing, 1 min 0 s");
        assert_eq!(sentence(&lasting("a", 125)), "a: publishing, 2 min 5 s");
    }

    #[test]
    fn what_is_left_is_short() {
        let left = |seconds: f64| {
            time_left(&Sending { sent: 0, total: (seconds * 1000.0) as u64, rate: 1000.0 })
        };
        assert_eq!([left(0.2), left(59.4), left(59.6)], ["0 s", "59 s", "1:00"]);
        assert_eq!([left(59.5), left(65.0), left(3599.0)], ["1:00", "1:05", "59:59"]);
        assert_eq!([left(3599.5), left(9000.0), left(1e7)], ["1.0 h", "2.5 h", ">99 h"]);
        assert_eq!([left(99.0 * 3600.0), left(99.9 * 3600.0)], ["99.0 h", ">99 h"]);
        assert_eq!(time_left(&Sending { sent: 0, total: 5, rate: 0.9 }), "--");
        assert_eq!(time_left(&Sending { sent: 0, total: 5, rate: 1.0 }), "5 s");
    }

    #[test]
    fn the_bar_fills() {
        assert_eq!(bar(0.0, 4), "    ");
        assert_eq!(bar(0.3, 4), ">   ");
        assert_eq!(bar(0.99, 4), "==> ");
        assert_eq!(bar(1.0, 4), "====");
    }
}
