//! The period of a statement.

use std::str::FromStr;

use jiff::civil::Date;
use thiserror::Error;

use crate::bank::BookingDate;
use crate::engine::log::Position;

/// The period of a statement: all that happened to an account, unless it begins or ends somewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// Where it begins.
    pub from: Option<Bound>,
    /// Where it ends. What is there is part of the period.
    pub to: Option<Bound>,
}

/// An end of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// An event in the log.
    Position(Position),
    /// A booking date.
    Date(BookingDate),
}

/// Begins at a position.
impl From<Position> for Period {
    fn from(position: Position) -> Self {
        Self { from: Some(Bound::Position(position)), to: None }
    }
}

/// A month of a year: `2024-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Month {
    first: BookingDate,
    last: BookingDate,
}

/// The text is not a month.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a month looks like 2024-01")]
pub struct InvalidMonth;

impl FromStr for Month {
    type Err = InvalidMonth;

    fn from_str(text: &str) -> Result<Self, InvalidMonth> {
        let date = |day: i8| format!("{text}-{day:02}");
        let first: BookingDate = date(1).parse().map_err(|_| InvalidMonth)?;
        let civil: Date = date(1).parse().map_err(|_| InvalidMonth)?;
        // The last day of the last year is beyond the printable times; the day before is none of a past either.
        let last = date(civil.days_in_month()).parse().or_else(|_| date(civil.days_in_month() - 1).parse());
        Ok(Self { first, last: last.map_err(|_| InvalidMonth)? })
    }
}

/// Its days.
impl From<Month> for Period {
    fn from(Month { first, last }: Month) -> Self {
        Self { from: Some(Bound::Date(first)), to: Some(Bound::Date(last)) }
    }
}

impl Period {
    /// The first position, if it begins at one.
    pub(super) fn first_position(&self) -> Option<Position> {
        match self.from {
            Some(Bound::Position(position)) => Some(position),
            Some(Bound::Date(_)) | None => None,
        }
    }

    /// The last position, if it ends at one.
    pub(super) fn last_position(&self) -> Option<Position> {
        match self.to {
            Some(Bound::Position(position)) => Some(position),
            Some(Bound::Date(_)) | None => None,
        }
    }

    /// The first date, if it begins with one.
    pub(super) fn first_date(&self) -> Option<BookingDate> {
        match self.from {
            Some(Bound::Date(date)) => Some(date),
            Some(Bound::Position(_)) | None => None,
        }
    }

    /// Whether it ends before a date.
    pub(super) fn ends_before(&self, date: BookingDate) -> bool {
        matches!(self.to, Some(Bound::Date(last)) if last < date)
    }

    /// Whether it begins after a date.
    pub(super) fn begins_after(&self, date: BookingDate) -> bool {
        self.first_date().is_some_and(|first| first > date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_its_days() {
        for (month, first, last) in [
            ("2024-02", "2024-02-01", "2024-02-29"),
            ("2023-02", "2023-02-01", "2023-02-28"),
            ("2024-01", "2024-01-01", "2024-01-31"),
            ("9999-12", "9999-12-01", "9999-12-30"),
        ] {
            let dates = [first, last].map(|date| Some(Bound::Date(date.parse().unwrap())));
            assert_eq!(Period::from(month.parse::<Month>().unwrap()), Period { from: dates[0], to: dates[1] });
        }
        for text in ["", "2024", "2024-13", "2024-1", "2024-01-17", "january"] {
            assert_eq!(text.parse::<Month>(), Err(InvalidMonth), "{text}");
        }
    }
}
