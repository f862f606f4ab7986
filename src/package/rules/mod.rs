//! From facts to findings: for each platform one table, whose rows are code, level and condition.
//! Nothing here reads a file or a clock, and what could not be read makes a rule silent.

pub(crate) mod android;
pub(crate) mod harmony;
pub(crate) mod ios;
#[cfg(test)]
mod tests;

use crate::finding::{Finding, Level, shown};
use crate::package::read::harmony::Hsp;
use crate::package::read::time;

/// A rule about packages of one kind.
struct Rule<Facts> {
    code: &'static str,
    level: Level,
    /// The message, where the condition holds.
    says: fn(&Facts, &Context<'_>) -> Option<String>,
}

/// What a package is judged by besides itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// Seconds since 1970.
    pub(crate) now: i64,
    /// The shared packages that go with a HAP; `None` for one that can't be read.
    pub(crate) hsps: &'a [Option<Hsp>],
}

/// Applies those rules that `is_judged` names. The worst findings come first, and those of one
/// level in the order of the table.
fn findings<Facts>(
    rules: &[Rule<Facts>],
    facts: &Facts,
    context: &Context<'_>,
    is_judged: impl Fn(&str) -> bool,
) -> Vec<Finding> {
    let levels = [Level::Blocks, Level::SomeDevices, Level::Note];
    let in_order = levels.iter().flat_map(|level| rules.iter().filter(|rule| rule.level == *level));
    in_order
        .filter(|rule| is_judged(rule.code))
        .filter_map(|rule| {
            let message = (rule.says)(facts, context)?;
            Some(Finding { code: rule.code, level: rule.level, message })
        })
        .collect()
}

/// The service published one identifier, and the package has another.
pub(crate) fn published_other_app(
    published: &str,
    identifier: &str,
    page: Option<&str>,
) -> Finding {
    let (published, identifier) = (shown(published), shown(identifier));
    let mut message = format!("Pgyer published {published}, and the package is {identifier}");
    if let Some(page) = page {
        message += &format!(": look at {page}");
    }
    Finding { code: "published-other-app", level: Level::Blocks, message }
}

/// When a profile ends, seen from now.
enum Expiry {
    Past(String),
    /// Within a week.
    Soon(String),
}

/// None for a later end, and where the clock here is wrong: before the profile was made.
fn expiry(begins: Option<i64>, ends: Option<i64>, now: i64) -> Option<Expiry> {
    const WEEK: i64 = 7 * 24 * 60 * 60;
    let ends = ends?;
    if ends <= now {
        let is_made = begins.is_none_or(|begins| begins <= now);
        return is_made.then(|| Expiry::Past(time::date(ends)));
    }
    (ends.saturating_sub(now) <= WEEK).then(|| Expiry::Soon(time::date(ends)))
}
