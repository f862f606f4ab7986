//! Times as the packages write them and as people read them.

use crate::calendar::{civil, days};

const DAY: i64 = 86_400;
/// The end of the year 9999.
const LAST: i64 = 253_402_300_799;

/// A time from 1970 to 9999: what others wrote may be any number.
pub(crate) fn plausible(unix: i64) -> Option<i64> {
    (0..=LAST).contains(&unix).then_some(unix)
}

/// `2026-11-29T10:00:00Z` as seconds since 1970.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let valid = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60;
    // 60 is a leap second.
    if !valid || second > 60 {
        return None;
    }
    plausible(days(year, month, day) * DAY + hour * 3600 + minute * 60 + second)
}

fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator).map(|part| {
        let digits =
            !part.is_empty() && part.len() <= 4 && part.bytes().all(|c| c.is_ascii_digit());
        if digits { part.parse().ok() } else { None }
    });
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

/// `2026-11-29T10:00:00Z`.
pub(crate) fn timestamp(unix: i64) -> String {
    let second = unix.rem_euclid(DAY);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{}T{hour:02}:{minute:02}:{:02}Z", date(unix), second % 60)
}

/// `2026-11-29`.
pub(crate) fn date(unix: i64) -> String {
    let (year, month, day) = civil(unix.div_euclid(DAY));
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        for (text, unix) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-11-29T10:00:00Z", 1_795_946_400),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("9999-12-31T23:59:59Z", LAST),
        ] {
            assert_eq!(parse(text), Some(unix), "{text}");
            assert_eq!(timestamp(unix), text);
            assert!(text.starts_with(&date(unix)));
        }
    }

    #[test]
    fn every_day_comes_back() {
        for day in (0..LAST / DAY).step_by(97) {
            let (year, month, of_month) = civil(day);
            assert_eq!(days(year, month, of_month), day);
        }
    }

    #[test]
    fn other_times_are_none() {
        for text in [
            "",
            "2026-11-29",
            "2026-11-29T10:00:00",
            "2026-13-01T00:00:00Z",
            "2026-01-32T00:00:00Z",
            "2026-11-29T24:00:00Z",
            "2026-11-29T10:60:00Z",
            "2026-11-29T10:00:61Z",
            "1969-12-31T23:59:59Z",
            "-026-11-29T10:00:00Z",
            "2026-11-29T10:00Z",
            "2026-11-29-01T10:00:00Z",
            "99999-01-01T00:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!((plausible(-1), plausible(LAST + 1)), (None, None));
    }
}
