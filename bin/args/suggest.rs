//! How alike two names are.

/// Whether two names are the same but for how their words are joined: `valid-from`, `valid_from`,
/// `validFrom`.
pub(super) fn same_words(one: &str, other: &str) -> bool {
    let letters = |name: &str| {
        let name = name.chars().filter(|c| c.is_alphanumeric());
        name.flat_map(char::to_lowercase).collect::<String>()
    };
    letters(one) == letters(other)
}

/// The candidate that was most likely meant, or `None` if none is near. Of equals, the first.
///
/// `is_risky` says which candidates have to be at most one letter away.
pub(super) fn nearest<'a>(
    typed: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    is_risky: impl Fn(&str) -> bool,
) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    // As many wrong letters as the Rust compiler forgives.
    let forgiven = typed.chars().count().max(3) / 3;
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let edits = distance(&typed, candidate);
            match is_risky(candidate) {
                true => (edits <= 1).then_some((edits, candidate)),
                // An abbreviation is as good as one wrong letter: `--desc` is `--description`.
                false if is_abbreviation(&typed, candidate) => Some((1, candidate)),
                false => (edits <= forgiven).then_some((edits, candidate)),
            }
        })
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

fn is_abbreviation(typed: &str, name: &str) -> bool {
    typed.len() >= 3 && name.starts_with(typed)
}

/// The edit distance. Two letters that changed places count as one edit if nothing else differs.
fn distance(one: &str, other: &str) -> usize {
    if is_swapped(one, other) {
        return 1;
    }
    let other: Vec<char> = other.chars().collect();
    // One row of the usual matrix, without its first column.
    let mut row: Vec<usize> = (1..=other.len()).collect();
    let mut length = 0;
    for a in one.chars() {
        let mut diagonal = length;
        length += 1;
        let mut left = length;
        for (cell, b) in row.iter_mut().zip(&other) {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = *cell;
            left = replaced.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(length)
}

fn is_swapped(one: &str, other: &str) -> bool {
    let mut differing = one.chars().zip(other.chars()).filter(|(a, b)| a != b);
    let first_three = (differing.next(), differing.next(), differing.next());
    one.len() == other.len()
        && matches!(first_three, (Some((a, b)), Some((c, d)), None) if (a, b) == (d, c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (one, other, edits) in [
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("abc", "b", 2),
            ("uplaod", "upload", 1),
            ("uplaods", "upload", 3),
            ("ab", "cd", 2),
            ("aab", "abaa", 2),
            ("kitten", "sitting", 3),
            ("日本", "日木", 1),
        ] {
            assert_eq!(distance(one, other), edits, "{one} {other}");
        }
    }

    #[test]
    fn the_nearest_name() {
        let names = ["proxy", "description", "notes", "notes-file", "no-check"];
        let nearest = |typed| nearest(typed, names, |name| name == "no-check" || name == "proxy");
        for (typed, expected) in [
            ("desc", Some("description")),
            ("Note", Some("notes")),
            ("notes-fil", Some("notes-file")),
            ("descriptoin", Some("description")),
            ("descrxptxxn", Some("description")),
            ("descxxxxion", None),
            ("no-chekc", Some("no-check")),
            ("no-chck", Some("no-check")),
            ("no-chk", None),
            ("no-ch", None),
            ("prox", Some("proxy")),
            ("pro", None),
            ("no", None),
            ("xyz", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed), expected, "{typed}");
        }
    }

    #[test]
    fn words_are_joined_in_many_ways() {
        for name in ["valid-from", "valid_from", "validFrom", "VALID_FROM", "_validfrom"] {
            assert!(same_words(name, "valid-from"), "{name}");
        }
        assert!(!same_words("valid-for", "valid-from"));
    }
}
