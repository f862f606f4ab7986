//! A text to be searched for secrets, as it is and with its escapes undone.

use std::ops::Range;

use super::SEARCHED;
use crate::escape::{ENTITY, Escape, JSON, PERCENT, Piece};

/// A secret is recognised by its first 64 bytes, so that one that a server has cut off is
/// recognised too.
const KNOWN_BY: usize = 64;

/// How many layers of escapes are undone: servers put what they quote into JSON, and that into a
/// page or a URL.
const DEPTH: usize = 2;

/// The kinds of escapes. They are undone one kind at a time: a password may itself have `%41` or
/// `&lt;` in it, and would not be found if that were decoded along with the escapes around it.
const ESCAPES: [Escape; 3] = [PERCENT, JSON, ENTITY];

/// The three-byte sequences that occur in a text, hashed. Most texts contain no secret; this rules
/// one out at a fraction of the cost of searching for it.
struct Trigrams(Vec<bool>);

impl Trigrams {
    /// Enough for a text of [`SEARCHED`] bytes to fill a quarter of it.
    const SIZE: usize = 4 * SEARCHED;

    fn of(text: &str) -> Self {
        let mut trigrams = vec![false; Self::SIZE];
        for trigram in text.as_bytes().windows(3) {
            if let Some(is_there) = trigrams.get_mut(Self::slot(trigram)) {
                *is_there = true;
            }
        }
        Self(trigrams)
    }

    /// Whether the text may contain this. A false positive only costs a search.
    fn may_contain(&self, text: &str) -> bool {
        let mut trigrams = text.as_bytes().windows(3);
        trigrams.all(|trigram| self.0.get(Self::slot(trigram)).is_some_and(|is_there| *is_there))
    }

    fn slot(trigram: &[u8]) -> usize {
        trigram.iter().fold(0, |slot, byte| slot * 37 + usize::from(*byte)) % Self::SIZE
    }
}

/// A text, folded and with some of its escapes undone.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Reading {
    text: String,
    /// For each byte, where its character begins in the text as it was.
    origins: Vec<usize>,
    /// The length of the text as it was.
    end: usize,
}

/// The text as it is, and with each kind of escape undone, up to [`DEPTH`] times in any order.
pub(super) fn readings(text: &str) -> Vec<Reading> {
    let folded = text.chars().map(folded).collect();
    let as_it_is = Reading { text: folded, origins: (0..text.len()).collect(), end: text.len() };
    let mut readings = vec![as_it_is];
    let mut done = 0;
    for _ in 0..DEPTH {
        let latest = readings.iter().skip(done);
        let undone: Vec<Reading> = latest
            .flat_map(|reading| ESCAPES.iter().filter_map(|escape| reading.undo(*escape)))
            .collect();
        done = readings.len();
        for reading in undone {
            if !readings.contains(&reading) {
                readings.push(reading);
            }
        }
    }
    readings
}

impl Reading {
    /// Returns the text without one layer of one kind of escape, unless there is none.
    fn undo(&self, escape: Escape) -> Option<Self> {
        let mut undone = Self { end: self.end, ..Self::default() };
        for Piece { plain, decoded, at } in escape.pieces(&self.text) {
            undone.text.push_str(plain);
            let origins = self.origins.get(at - plain.len()..at);
            undone.origins.extend_from_slice(origins.unwrap_or_default());
            if let Some(c) = decoded {
                undone.text.push(folded(c));
                undone.origins.resize(undone.text.len(), self.origin(at));
            }
        }
        (undone.text.len() < self.text.len()).then_some(undone)
    }

    fn origin(&self, at: usize) -> usize {
        self.origins.get(at).copied().unwrap_or(self.end)
    }

    /// Adds the places of secrets, as ranges of the text as it was.
    pub(super) fn find(&self, secrets: &[String], found: &mut Vec<Range<usize>>) {
        let trigrams = Trigrams::of(&self.text);
        for secret in secrets {
            let known_by = known_by(secret);
            if trigrams.may_contain(known_by) {
                self.find_one(secret, known_by, found);
            }
        }
    }

    fn find_one(&self, secret: &str, known_by: &str, found: &mut Vec<Range<usize>>) {
        let mut rest = self.text.as_str();
        while let Some((_, from)) = rest.find(known_by).and_then(|at| rest.split_at_checked(at)) {
            let same = from.chars().zip(secret.chars()).take_while(|(found, c)| found == c);
            let length = same.map(|(c, _)| c.len_utf8()).sum();
            let start = self.text.len() - from.len();
            found.push(self.origin(start)..self.origin(start + length));
            rest = from.get(length..).unwrap_or_default();
        }
    }
}

/// Removes what may differ between two spellings without any escape: the case of letters, as in
/// names of hosts, and `+` for a space, as in forms. The length in bytes never changes.
pub(super) fn folded(c: char) -> char {
    if c == '+' { ' ' } else { c.to_ascii_lowercase() }
}

/// The prefix of a secret that is searched for.
fn known_by(secret: &str) -> &str {
    let end = (KNOWN_BY..secret.len()).find(|end| secret.is_char_boundary(*end));
    end.and_then(|end| secret.get(..end)).unwrap_or(secret)
}
