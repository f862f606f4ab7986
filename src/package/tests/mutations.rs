//! Damaged archives: never a panic, never a long time, whatever the bytes.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::zip::{Zip, zip};
use super::*;

fn archives() -> Vec<Vec<u8>> {
    let bases: [Zip; 3] = [zip(&APK), zip(&IPA).zip64(), zip(&HAP).comment(b"PK\x05\x06 and more")];
    bases.iter().map(Zip::build).collect()
}

/// Numbers that break sums and buffers.
fn numbers() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        prop_oneof![Just(0), Just(u16::MAX), any::<u16>()].prop_map(|n| n.to_le_bytes().to_vec()),
        prop_oneof![Just(0), Just(u32::MAX), any::<u32>()].prop_map(|n| n.to_le_bytes().to_vec()),
        prop_oneof![Just(u64::MAX), Just(i64::MAX as u64), any::<u64>()]
            .prop_map(|n| n.to_le_bytes().to_vec()),
        prop_oneof![Just(b"PK\x05\x06"), Just(b"PK\x06\x06"), Just(b"PK\x06\x07")]
            .prop_map(|signature| signature.to_vec()),
    ]
}

fn overwrite(bytes: &mut [u8], back: prop::sample::Index, with: &[u8]) {
    let at = back.index(bytes.len());
    for (to, from) in bytes[at..].iter_mut().zip(with) {
        *to = *from;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn damage_is_survived(
        which in 0usize..3,
        damages in prop::collection::vec((any::<prop::sample::Index>(), numbers()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
        tail in prop::collection::vec(any::<u8>(), 0..30),
    ) {
        let mut bytes = archives().swap_remove(which);
        for (at, with) in damages {
            overwrite(&mut bytes, at, &with);
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()) + 1);
            bytes.extend(tail);
        }
        let started = Instant::now();
        if let Err(Refusal::Io(error)) = check(&bytes) {
            prop_assert!(false, "no reading failed, and yet: {error}");
        }
        prop_assert!(started.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 1..300)) {
        prop_assert!(check(&bytes).is_err());
    }
}
