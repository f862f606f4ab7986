//! Durations as people write them.

use std::time::Duration;

use super::decimal::{self, Wrong};

const UNREADABLE: &str = "is not a duration like 250ms, 3s, 5m or 1h";
const TOO_LONG: &str = "is too long";

/// What the clocks of every platform can add to the present: three centuries.
const LONGEST: Duration = Duration::from_secs(10_000_000_000);

/// Reads `250ms`, `3s`, `5m`, `1h`; without a unit it is seconds. Fractions are allowed.
pub(crate) fn parse(text: &str) -> Result<Duration, &'static str> {
    let (number, unit) = decimal::split(text);
    let nanoseconds: u128 = match unit {
        "" | "s" => 1_000_000_000,
        "ms" => 1_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return Err(UNREADABLE),
    };
    let total = decimal::times(number, nanoseconds).map_err(|wrong| match wrong {
        Wrong::Unreadable => UNREADABLE,
        Wrong::TooLarge => TOO_LONG,
    })?;
    if total > LONGEST.as_nanos() {
        return Err(TOO_LONG);
    }
    let (seconds, rest) = (total / 1_000_000_000, total % 1_000_000_000);
    let (seconds, rest) = (u64::try_from(seconds), u32::try_from(rest));
    seconds.ok().zip(rest.ok()).map(|(s, n)| Duration::new(s, n)).ok_or(TOO_LONG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, millis) in [
            ("250ms", 250),
            ("3s", 3_000),
            ("3", 3_000),
            ("0", 0),
            ("5m", 300_000),
            ("1h", 3_600_000),
            ("1.5", 1_500),
            ("0.25s", 250),
            (".5m", 30_000),
            ("1.5h", 5_400_000),
            ("0.1", 100),
            ("10000000000", 10_000_000_000_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn no_durations() {
        for text in [
            "", ".", "-1", "+1", "nan", "inf", "infinity", "1e3", "1.5.2", "s", "ms", "3 s", " 3",
            "3s ", "3d", "3S", "1h30m", "٣", "0x3", "1,5", "1_000",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        let digits = "9".repeat(400);
        for text in ["99999999999999999999h", "10000000001", digits.as_str()] {
            assert_eq!(parse(text), Err("is too long"), "{text}");
        }
    }
}
