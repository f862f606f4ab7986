//! Decimal numbers as people write them, followed by a unit.
//!
//! In whole numbers: reading floats would be 16 KB of the program.

/// How many digits of a fraction count. Nanoseconds of an hour need no more.
const DIGITS: usize = 12;
const SCALE: u128 = 10_u128.pow(DIGITS as u32);

/// Why a text is not a number that can be used.
pub(super) enum Wrong {
    Unreadable,
    TooLarge,
}

/// The digits and points at the start, and the rest.
pub(super) fn split(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()))
}

/// A number of digits, with a fraction or without, times a unit; rounded down.
pub(super) fn times(number: &str, unit: u128) -> Result<u128, Wrong> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.contains('.') || whole.is_empty() && fraction.is_empty() {
        return Err(Wrong::Unreadable);
    }
    // Only digits are left.
    let fraction: String =
        fraction.chars().chain("0".repeat(DIGITS).chars()).take(DIGITS).collect();
    let scaled: u128 = format!("0{whole}{fraction}").parse().map_err(|_| Wrong::TooLarge)?;
    Ok(scaled.checked_mul(unit).ok_or(Wrong::TooLarge)? / SCALE)
}
