//! Dates as other programs write them.

use std::str::FromStr;

use jiff::Zoned;
use jiff::civil::{Date, date};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{Offset, TimeZone};
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

fn has_zone(read: &BrokenDownTime) -> bool {
    read.offset().is_some() || read.iana_time_zone().is_some()
}

/// The day in UTC. A time without a zone is taken to be in UTC.
fn date_in_utc(read: &BrokenDownTime) -> Result<Date, jiff::Error> {
    match (read.offset(), read.iana_time_zone()) {
        (None, None) => read.to_date(),
        (Some(_), _) => Ok(Offset::UTC.to_datetime(read.to_timestamp()?).date()),
        (None, Some(_)) => Ok(Offset::UTC.to_datetime(read.to_zoned()?.timestamp()).date()),
    }
}

impl DatePattern {
    /// Reads a date. The error says what is wrong with it.
    pub(super) fn read(&self, written: &str) -> Result<BookingDate, String> {
        let Self { pattern, example } = self;
        let unlike = || format!("{written:?} is no date like {example}, as dates: {pattern:?} says");
        let read = strtime::parse(pattern, written).map_err(|_| unlike())?;
        if has_zone(&read) && read.hour().is_none() {
            return Err(format!("{written:?} has a time zone and no time of day, which does not say the day in UTC"));
        }
        let date = date_in_utc(&read).map_err(|_| unlike())?;
        // `%Y` takes 24 for the year 24, and who writes it means another.
        let date = Some(date).filter(|date| date.year() >= FIRST_YEAR).ok_or_else(unlike)?;
        date.to_string().parse().map_err(|_: InvalidDate| unlike())
    }
}

/// Reads a date that looks like 2024-01-17.
pub(super) fn read_plain(written: &str) -> Result<BookingDate, String> {
    written.parse().map_err(|_: InvalidDate| {
        let other = match written.contains(':') {
            // Who has times has a time zone to think of.
            true => "dates: \"%Y-%m-%dT%H:%M:%S%:z\" reads times with a time zone, and takes the day in UTC",
            false => "dates: \"%d.%m.%Y\" says what other dates look like",
        };
        format!("{written:?} is no date like 2024-01-17; {other}")
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
    fn a_time_zone_moves_the_day_to_that_of_utc() {
        for (pattern, text, day) in [
            ("%Y-%m-%dT%H:%M:%S%:z", "2024-01-17T23:30:00-05:00", "2024-01-18"),
            ("%Y-%m-%dT%H:%M:%S%:z", "2024-01-17T00:30:00+02:00", "2024-01-16"),
            ("%Y-%m-%dT%H:%M:%S%:z", "2024-01-17T12:00:00+00:00", "2024-01-17"),
            ("%d.%m.%Y %H:%M %z", "31.12.2023 22:00 -0500", "2024-01-01"),
        ] {
            let pattern: DatePattern = pattern.parse().unwrap();
            assert_eq!(pattern.read(text), Ok(day.parse().unwrap()), "{text}");
        }
        let pattern: DatePattern = "%Y-%m-%d%:z".parse().unwrap();
        let problem = "\"2024-01-17+02:00\" has a time zone and no time of day, which does not say the day in UTC";
        assert_eq!(pattern.read("2024-01-17+02:00"), Err(problem.to_owned()));
        assert!(read_plain("2024-01-17T23:30:00-05:00").is_err());
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
