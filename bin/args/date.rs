//! Days of the calendar.

/// Whether `text` is a day that exists, written `YYYY-MM-DD`. Such days sort as their text does.
pub(crate) fn is_real(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return false;
    }
    let number = |range: std::ops::Range<usize>| -> Option<u32> {
        let digits = text.get(range)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    match (number(0..4), number(5..7), number(8..10)) {
        (Some(year), Some(month), Some(day)) => year > 0 && day > 0 && day <= days_in(year, month),
        _ => false,
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_days() {
        for text in ["2024-02-29", "2000-02-29", "2025-12-31", "2025-01-01", "0001-01-01"] {
            assert!(is_real(text), "{text}");
        }
    }

    #[test]
    fn unreal_days() {
        for text in [
            "2023-02-29",
            "1900-02-29",
            "2025-04-31",
            "2025-13-01",
            "2025-00-10",
            "2025-01-00",
            "2025-01-32",
            "2025-1-1",
            "25-01-01",
            "2025/01/01",
            "2025-01-01 ",
            "+025-01-01",
            "",
            "0000-01-01",
            "2025-01-0x",
            "２025-01-1",
            "20250101--",
        ] {
            assert!(!is_real(text), "{text}");
        }
    }
}
