//! The Gregorian calendar.

/// How many days a month has; `None` if there is no such month.
pub(crate) fn days_in(year: i64, month: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if is_leap { 29 } else { 28 }),
        _ => None,
    }
}

/// Days since 1970. Years are counted from March, so that a leap day is the last of its year.
pub(crate) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day_of_year - 719_468
}

/// The year, month and day of a number of days since 1970: [`days`] reversed.
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + later, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_one_by_one() {
        let mut number = days(1899, 12, 31);
        assert_eq!((number, days(1970, 1, 1)), (-25_568, 0));
        for year in 1900..=2100 {
            for month in 1..=12 {
                for day in 1..=days_in(year, month).unwrap() {
                    number += 1;
                    assert_eq!(days(year, month, day), number, "{year}-{month}-{day}");
                    assert_eq!(civil(number), (year, month, day));
                }
            }
        }
    }

    #[test]
    fn february_is_longer_in_leap_years() {
        let lengths = [1900, 2000, 2023, 2024].map(|year| days_in(year, 2));
        assert_eq!(lengths, [Some(28), Some(29), Some(28), Some(29)]);
        assert_eq!((days_in(2026, 0), days_in(2026, 13)), (None, None));
    }
}
