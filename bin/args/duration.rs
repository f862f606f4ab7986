//! Durations as people write them.

use std::time::Duration;

/// What the clocks of every platform can add to the present: three centuries.
const LONGEST: f64 = 1e10;

/// Reads `250ms`, `3s`, `5m`, `1h`; without a unit it is seconds. Fractions are allowed.
pub(crate) fn parse(text: &str) -> Result<Duration, &'static str> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err("is not a duration like 250ms, 3s, 5m or 1h"),
    };
    // Only digits and points are left, so that neither "nan" nor "1e9" gets here.
    let number: f64 = number.parse().map_err(|_| "is not a duration like 250ms, 3s, 5m or 1h")?;
    let total = number * seconds;
    if total > LONGEST {
        return Err("is too long");
    }
    Duration::try_from_secs_f64(total).map_err(|_| "is too long")
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
