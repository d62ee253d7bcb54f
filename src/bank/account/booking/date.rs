//! The date that a booking is booked on.

use std::fmt;
use std::str::FromStr;

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::engine::log::Timestamp;

const MICROS_OF_A_DAY: i64 = 86_400_000_000;

const EPOCH: Date = Date::constant(1970, 1, 1);

/// The date that a booking is booked on, in UTC: `2024-01-17`.
///
/// It says what the booking counts for, and may be before the time at which its event was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BookingDate {
    /// Since 1970-01-01.
    days: i32,
}

/// The text is not a date.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a date looks like 2024-01-17")]
pub struct InvalidDate;

impl BookingDate {
    /// The day of a time.
    pub fn of(time: Timestamp) -> Self {
        let days = time.within_range().as_micros().div_euclid(MICROS_OF_A_DAY);
        // The days of a printable time are fewer than four million.
        Self { days: days as i32 }
    }

    /// The time at which the day begins.
    pub fn start(self) -> Timestamp {
        Timestamp::from_micros(i64::from(self.days) * MICROS_OF_A_DAY)
    }

    /// The day before.
    #[must_use]
    pub fn before(self) -> Self {
        Self { days: self.days.saturating_sub(1) }
    }
}

/// Parses four digits of a year after 0, two of a month and two of a day: `2024-01-17`.
impl FromStr for BookingDate {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        let digits =
            |(place, byte): (usize, u8)| if matches!(place, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
        if text.len() != "2024-01-17".len() || !text.bytes().enumerate().all(digits) {
            return Err(InvalidDate);
        }
        let date: Date = text.parse().map_err(|_| InvalidDate)?;
        // The days of the calendar are fewer than four million.
        let days = (date.duration_since(EPOCH).as_hours() / 24) as i32;
        if date.year() >= 1 { Ok(Self { days }) } else { Err(InvalidDate) }
    }
}

impl fmt::Display for BookingDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Span::new().try_days(self.days).and_then(|days| EPOCH.checked_add(days)) {
            Ok(date) => fmt::Display::fmt(&date, f),
            // Unreachable: it was a day of the calendar.
            Err(error) => write!(f, "{error}"),
        }
    }
}

/// Serializes as printed.
impl Serialize for BookingDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BookingDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_reads_back_as_it_was_written() {
        for text in ["0001-01-01", "1969-12-31", "1970-01-01", "2024-02-29", "9999-12-30"] {
            let date: BookingDate = text.parse().unwrap();
            assert_eq!(date.to_string(), text);
            assert_eq!(BookingDate::of(date.start()), date);
            assert_eq!(BookingDate::of(Timestamp::from_micros(date.start().as_micros() - 1)), date.before());
        }
    }

    #[test]
    fn the_last_day_of_the_calendar_is_one_though_it_begins_after_the_last_time() {
        let [last, before] = ["9999-12-31", "9999-12-30"].map(|text| text.parse::<BookingDate>().unwrap());
        assert_eq!((last.to_string(), last.before()), ("9999-12-31".to_owned(), before));
        assert!(last > before);
    }

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        for text in [
            "",
            "2023-02-29",
            "2024-13-01",
            "2024-1-7",
            "20240117",
            "2024-01-17T00:00:00Z",
            "+002024-01-17",
            "0000-01-01",
        ] {
            assert_eq!(text.parse::<BookingDate>(), Err(InvalidDate), "{text}");
        }
    }
}
