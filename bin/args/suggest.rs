//! The nearest of several names.

/// The candidate nearest to what was typed, by edit distance; of equals the first.
///
/// A candidate that begins with what was typed goes first: `--desc` means `--description`, though
/// other names are fewer letters away.
pub(crate) fn nearest<'a>(
    typed: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    candidates.into_iter().min_by_key(|candidate| {
        if !typed.is_empty() && candidate.starts_with(&typed) {
            1
        } else {
            distance(&typed, candidate)
        }
    })
}

/// The edit distance, in which two neighbours swapped count as one edit.
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "both loops stay within the lines, and no distance is longer than a command line"
)]
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut line = vec![i + 1];
        for j in 0..b.len() {
            let swap = usize::from(a[i] != b[j]);
            let mut best = (line[j] + 1).min(last[j + 1] + 1).min(last[j] + swap);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                best = best.min(before[j - 1] + 1);
            }
            line.push(best);
        }
        before = std::mem::replace(&mut last, line);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("abc", "b"), 2);
        assert_eq!(distance("uplaod", "upload"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("日本", "日木"), 1);
    }

    #[test]
    fn the_nearest_name() {
        let names = ["proxy", "description", "notes", "notes-file"];
        assert_eq!(nearest("desc", names), Some("description"));
        assert_eq!(nearest("Note", names), Some("notes"));
        assert_eq!(nearest("descriptoin", names), Some("description"));
        assert_eq!(nearest("", ["a"]), Some("a"));
        assert_eq!(nearest("x", []), None);
    }
}
