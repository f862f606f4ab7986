//! The tables of codes in the documents are the tables of rules.

use std::collections::BTreeSet;

use crate::package::rules::{Rule, android, harmony, ios};

fn rows<Facts>(rules: &[Rule<Facts>]) -> impl Iterator<Item = (String, String)> {
    rules.iter().map(|rule| (rule.code.to_owned(), rule.level.as_str().to_owned()))
}

fn documented(text: &str) -> Vec<(String, String)> {
    let cells = text.lines().filter_map(|line| {
        let mut cells =
            line.strip_prefix("| `")?.split('|').map(|cell| cell.trim().trim_matches('`'));
        Some((cells.next()?.to_owned(), cells.next()?.to_owned()))
    });
    cells.filter(|(code, _)| !["blocks", "some-devices", "note"].contains(&code.as_str())).collect()
}

#[test]
fn every_code_is_documented_with_its_level() {
    let rules = rows(&android::RULES).chain(rows(&ios::RULES)).chain(rows(&harmony::RULES));
    let other_app = ("published-other-app".to_owned(), "blocks".to_owned());
    let rules: BTreeSet<_> = rules.chain([other_app]).collect();
    for text in [
        include_str!("../../../../docs/findings.md"),
        include_str!("../../../../docs/findings.zh-CN.md"),
    ] {
        let rows = documented(text);
        assert_eq!(rows.len(), 48);
        assert_eq!(rows.into_iter().collect::<BTreeSet<_>>(), rules);
    }
}
