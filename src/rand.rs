//! Unpredictable numbers, for boundaries and for jitter.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// 64 unpredictable bits, from the standard library's randomly seeded hasher.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_differ() {
        let numbers = [random(), random(), random()];
        assert!(numbers[0] != numbers[1] && numbers[1] != numbers[2], "{numbers:?}");
    }
}
