//! A calendar date, as the dates of a release are sent.

use std::fmt;
use std::str::FromStr;

use crate::calendar::days_in;
use crate::error::{Error, Result};

/// A day of the calendar, written `YYYY-MM-DD`.
///
/// ```
/// use pgyer::Date;
/// assert_eq!("2028-02-29".parse::<Date>()?, Date::new(2028, 2, 29)?);
/// assert!("2027-02-29".parse::<Date>().is_err());
/// # Ok::<(), pgyer::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Returns a day by its numbers.
    ///
    /// # Errors
    /// [`Error::Usage`] if the calendar has no such day.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self> {
        Self::of_calendar(year, month, day).ok_or_else(|| {
            Error::usage(format!("{year:04}-{month:02}-{day:02} is not a calendar date"))
        })
    }

    fn of_calendar(year: u16, month: u8, day: u8) -> Option<Self> {
        let exists = (1..=9999).contains(&year)
            && (1..=days_in(year.into(), month.into())?).contains(&day.into());
        exists.then_some(Self { year, month, day })
    }
}

impl FromStr for Date {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse_date(text)
            .ok_or_else(|| Error::usage(format!("'{text}' is not a calendar date: YYYY-MM-DD")))
    }
}

fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = u8::try_from(digits(parts.next()?, 2)?).ok()?;
    let day = u8::try_from(digits(parts.next()?, 2)?).ok()?;
    if parts.next().is_some() { None } else { Date::of_calendar(year, month, day) }
}

fn digits(text: &str, count: usize) -> Option<u16> {
    let fits = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let long_months = ["01-31", "03-31", "05-31", "07-31", "08-31", "10-31", "12-31"];
        let short_months = ["02-28", "04-30", "06-30", "09-30", "11-30"];
        let ends = long_months.iter().chain(&short_months).map(|end| format!("2026-{end}"));
        let others = ["2024-02-29", "2000-02-29", "1999-12-31", "0001-01-01", "9999-12-31"];
        for right in ends.chain(others.map(str::to_owned)) {
            assert_eq!(right.parse::<Date>().unwrap().to_string(), right);
        }
        let days = ["2023-02-29", "1900-02-29", "2024-02-30", "2024-01-32", "2024-01-00"];
        let months = ["2024-04-31", "2024-06-31", "2024-09-31", "2024-11-31", "2024-13-01"];
        let forms = ["24-01-01", "2024-1-1", "2024/01/01", "2024-01-01-01", "2024-01-01 "];
        let more = ["2024-00-10", "0000-01-01", "+024-01-01", ""];
        for wrong in [&days[..], &months, &forms, &more].concat() {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_make_the_same_dates() {
        assert_eq!(Date::new(2024, 2, 29).unwrap(), "2024-02-29".parse().unwrap());
        for (year, month, day) in [(2023, 2, 29), (0, 1, 1), (10_000, 1, 1), (2024, 0, 1)] {
            assert!(Date::new(year, month, day).is_err(), "{year} {month} {day}");
        }
    }
}
