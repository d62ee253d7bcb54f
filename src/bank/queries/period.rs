//! The period of a statement.

use std::str::FromStr;

use jiff::civil::Date;
use thiserror::Error;

use crate::bank::BookingDate;
use crate::engine::log::Position;

/// The period of a statement: all that happened to an account, unless it is bounded. Both bounds are included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    ends: Ends,
    /// The event whose line comes right after it, in the order of the lines.
    before: Option<Position>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Ends {
    #[default]
    None,
    Positions(Option<Position>, Option<Position>),
    Dates(Option<BookingDate>, Option<BookingDate>),
}

/// An end of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// An event in the log.
    Position(Position),
    /// A booking date.
    Date(BookingDate),
}

/// Bounds that do not form a period.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidPeriod {
    /// One is a position, and the other one is a date.
    #[error("a period has positions or dates, not one of each")]
    Mixed,
    /// It ends before it begins.
    #[error("the period ends before it begins")]
    TurnedRound,
}

impl Period {
    /// From one end to the other.
    ///
    /// # Errors
    ///
    /// [`InvalidPeriod`] if they make none.
    pub fn between(from: Option<Bound>, to: Option<Bound>) -> Result<Self, InvalidPeriod> {
        let ends = match (from, to) {
            (None, None) => Ends::None,
            (Some(Bound::Position(from)), None) => Ends::Positions(Some(from), None),
            (None, Some(Bound::Position(to))) => Ends::Positions(None, Some(to)),
            (Some(Bound::Position(from)), Some(Bound::Position(to))) => Ends::Positions(Some(from), Some(to)),
            (Some(Bound::Date(from)), None) => Ends::Dates(Some(from), None),
            (None, Some(Bound::Date(to))) => Ends::Dates(None, Some(to)),
            (Some(Bound::Date(from)), Some(Bound::Date(to))) => Ends::Dates(Some(from), Some(to)),
            (Some(Bound::Position(_)), Some(Bound::Date(_))) | (Some(Bound::Date(_)), Some(Bound::Position(_))) => {
                return Err(InvalidPeriod::Mixed);
            }
        };
        let is_turned_round = match ends {
            Ends::Positions(Some(from), Some(to)) => from > to,
            Ends::Dates(Some(from), Some(to)) => from > to,
            _ => false,
        };
        if is_turned_round { Err(InvalidPeriod::TurnedRound) } else { Ok(ends.into()) }
    }

    /// The part of it that comes before the line of the event at a position, by booking date, then by position. With the first
    /// line of a statement, this is what the statement has left out.
    #[must_use]
    pub fn before(self, line: Position) -> Self {
        Self { before: Some(line), ..self }
    }
}

impl From<Ends> for Period {
    fn from(ends: Ends) -> Self {
        Self { ends, before: None }
    }
}

/// Begins at a position.
impl From<Position> for Period {
    fn from(position: Position) -> Self {
        Ends::Positions(Some(position), None).into()
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
        let last = date(civil.days_in_month()).parse().map_err(|_| InvalidMonth)?;
        Ok(Self { first, last })
    }
}

/// Its days.
impl From<Month> for Period {
    fn from(Month { first, last }: Month) -> Self {
        Ends::Dates(Some(first), Some(last)).into()
    }
}

impl Period {
    /// The event whose line comes right after it, if it ends before one.
    pub(super) fn line_after(&self) -> Option<Position> {
        self.before
    }

    /// Whether it begins somewhere.
    pub(super) fn has_beginning(&self) -> bool {
        matches!(self.ends, Ends::Positions(Some(_), _) | Ends::Dates(Some(_), _))
    }

    /// The first position, if it begins at one.
    pub(super) fn first_position(&self) -> Option<Position> {
        if let Ends::Positions(from, _) = self.ends { from } else { None }
    }

    /// The last position, if it ends at one.
    pub(super) fn last_position(&self) -> Option<Position> {
        if let Ends::Positions(_, to) = self.ends { to } else { None }
    }

    /// The first date, if it begins with one.
    pub(super) fn first_date(&self) -> Option<BookingDate> {
        if let Ends::Dates(from, _) = self.ends { from } else { None }
    }

    /// Whether it ends before a date.
    pub(super) fn ends_before(&self, date: BookingDate) -> bool {
        matches!(self.ends, Ends::Dates(_, Some(last)) if last < date)
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
            ("9999-12", "9999-12-01", "9999-12-31"),
        ] {
            let [first, last] = [first, last].map(|date| Some(Bound::Date(date.parse().unwrap())));
            assert_eq!(Ok(Period::from(month.parse::<Month>().unwrap())), Period::between(first, last));
        }
        for text in ["", "2024", "2024-13", "2024-1", "2024-01-17", "january"] {
            assert_eq!(text.parse::<Month>(), Err(InvalidMonth), "{text}");
        }
    }

    #[test]
    fn a_period_ends_no_earlier_than_it_begins_and_has_ends_of_one_kind() {
        let position = |position| Some(Bound::Position(Position::new(position)));
        let date = |date: &str| Some(Bound::Date(date.parse().unwrap()));
        for (from, to, problem) in [
            (position(3), position(2), InvalidPeriod::TurnedRound),
            (date("2024-01-02"), date("2024-01-01"), InvalidPeriod::TurnedRound),
            (position(3), date("2024-01-01"), InvalidPeriod::Mixed),
            (date("2024-01-01"), position(3), InvalidPeriod::Mixed),
        ] {
            assert_eq!(Period::between(from, to), Err(problem));
        }
        for (from, to) in [(position(3), position(3)), (date("2024-01-01"), date("2024-01-01")), (None, position(0))] {
            assert!(Period::between(from, to).is_ok());
        }
    }
}
