//! Dates as other programs write them.

use std::str::FromStr;

use jiff::Zoned;
use jiff::civil::{Date, date};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use thiserror::Error;

use crate::bank::{BookingDate, InvalidDate};

/// The first year of four digits.
const FIRST_YEAR: i16 = 1_000;

/// What dates look like, as `strftime` says it: `%d.%m.%Y` reads `17.01.2024`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatePattern {
    pattern: String,
    /// A date that looks so.
    example: String,
}

/// The pattern does not say where year, month and day stand.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0:?} does not say where year, month and day stand, as \"%d.%m.%Y\" does for 17.01.2024")]
pub struct InvalidDatePattern(String);

impl FromStr for DatePattern {
    type Err = InvalidDatePattern;

    /// A pattern is one if it reads again what it writes.
    fn from_str(pattern: &str) -> Result<Self, InvalidDatePattern> {
        let invalid = || InvalidDatePattern(pattern.to_owned());
        let is_read_again =
            |day: Date| written(pattern, day).and_then(|text| Date::strptime(pattern, text).ok()) == Some(day);
        if ![date(1987, 12, 30), date(2024, 1, 17)].into_iter().all(is_read_again) {
            return Err(invalid());
        }
        let example = written(pattern, date(2024, 1, 17)).ok_or_else(invalid)?;
        Ok(Self { pattern: pattern.to_owned(), example })
    }
}

/// A date, at the first minute of its day.
fn written(pattern: &str, day: Date) -> Option<String> {
    let midnight: Zoned = day.to_zoned(TimeZone::UTC).ok()?;
    strtime::format(pattern, &midnight).ok()
}

impl DatePattern {
    /// Reads a date. The error says what is wrong with it.
    pub(super) fn read(&self, written: &str) -> Result<BookingDate, String> {
        let Self { pattern, example } = self;
        let unlike = || format!("{written:?} is no date like {example}, as dates: {pattern:?} says");
        let date = Date::strptime(pattern, written).map_err(|_| unlike())?;
        // `%Y` takes 24 for the year 24, and who writes it means another.
        let date = Some(date).filter(|date| date.year() >= FIRST_YEAR).ok_or_else(unlike)?;
        date.to_string().parse().map_err(|_: InvalidDate| unlike())
    }
}

/// Reads a date that looks like 2024-01-17.
pub(super) fn read_plain(written: &str) -> Result<BookingDate, String> {
    written.parse().map_err(|_: InvalidDate| {
        format!("{written:?} is no date like 2024-01-17; dates: \"%d.%m.%Y\" says what other dates look like")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_says_where_year_month_and_day_stand() {
        for (pattern, text) in [
            ("%d.%m.%Y", "17.01.2024"),
            ("%d/%m/%y", "17/01/24"),
            ("%Y%m%d", "20240117"),
            ("%d %B %Y", "17 January 2024"),
            ("%F", "2024-01-17"),
            ("%Y-%m-%dT%H:%M:%S", "2024-01-17T12:34:56"),
        ] {
            let pattern: DatePattern = pattern.parse().unwrap();
            assert_eq!(pattern.read(text), Ok("2024-01-17".parse().unwrap()), "{text}");
        }
        for pattern in ["", "dd.mm.yyyy", "%d.%m.", "%m/%Y", "%q", "%", "%d.%d.%Y"] {
            assert_eq!(pattern.parse::<DatePattern>(), Err(InvalidDatePattern(pattern.to_owned())));
        }
    }

    #[test]
    fn what_is_no_date_is_told_with_one_that_is() {
        let pattern: DatePattern = "%d.%m.%Y".parse().unwrap();
        for text in ["2024-01-17", "17.1.24", "17.01.202", "31.02.2024", "17.1", "17.01.2024 12:00", "17.01.20024"] {
            let problem = format!("{text:?} is no date like 17.01.2024, as dates: \"%d.%m.%Y\" says");
            assert_eq!(pattern.read(text), Err(problem));
        }
    }
}
