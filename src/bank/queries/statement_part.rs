//! The part of an account's events that a statement is made of.
//!
//! A booking date is never after the day on which its event was recorded, and the times in a log never go back. So the
//! events before a place in the log are booked no later than the day on which the first event after that place was
//! recorded, and a statement reads no more of a stream than it needs.

use super::period::Period;
use super::statement_line::Line;
use crate::bank::{Account, AccountEvent, Bank, BookingDate, CheckBalanceError, Unavailable};
use crate::engine::domain::Aggregate as _;
use crate::engine::log::{Moment, Position, RecordedEvent, StreamId, Timestamp, Version};
use crate::engine::store::MAX_READ;

/// A part of a stream.
pub(super) struct Part<'a> {
    bank: &'a Bank,
    stream: StreamId,
    period: Period,
    /// The version after which it begins.
    start: Version,
    /// The version of the last event.
    end: Version,
    /// Where the line stands that comes right after the part, if it ends before one.
    line_after: Option<(BookingDate, Position)>,
    limit: usize,
}

/// The latest lines of a part, by booking date, then by position.
pub(super) struct Latest {
    /// The balance before them.
    pub(super) brought_forward: i64,
    pub(super) lines: Vec<Line>,
    /// How many lines come before them.
    pub(super) earlier: u64,
    /// The day on which the first event that was read was recorded.
    first_day: Option<BookingDate>,
}

impl<'a> Part<'a> {
    /// The part of a stream up to the version `end` that a period may have lines in; at most `limit` of them are wanted.
    pub(super) async fn of(
        bank: &'a Bank,
        stream: StreamId,
        period: Period,
        end: Version,
        limit: usize,
    ) -> Result<Self, CheckBalanceError> {
        let line_after = match period.line_after() {
            Some(position) => Some(place_of_line(bank, &stream, position, end).await?),
            None => None,
        };
        let end = match period.last_position() {
            Some(last) => end.min(bank.version_at(&stream, Moment::Position(last)).await?),
            None => end,
        };
        let before = match (period.first_position(), period.first_date()) {
            (Some(first), _) => Some(Moment::Position(first.before())),
            // A day more: a clock that is set back may have recorded an event before the day it was booked on.
            (None, Some(first)) => Some(Moment::Time(Timestamp::from_micros(first.before().start().as_micros() - 1))),
            (None, None) => None,
        };
        let start = match before {
            Some(before) => bank.version_at(&stream, before).await?.min(end),
            None => Version::START,
        };
        Ok(Self { bank, stream, period, start, end, line_after, limit })
    }

    /// Reads back from the end, until no unread event can belong among the latest lines. Where a date says what belongs to
    /// the period, all is read, as only the events themselves tell how many lines there are.
    pub(super) async fn latest(&self) -> Result<Latest, Unavailable> {
        if self.period.first_date().is_some() {
            return self.read_after(self.start).await;
        }
        let mut wanted = self.limit as u64;
        loop {
            let start = Version::new(self.end.get().saturating_sub(wanted)).max(self.start);
            let mut latest = self.read_after(start).await?;
            if start == self.start || self.is_certain(&latest) {
                latest.earlier += start.get() - self.start.get();
                return Ok(latest);
            }
            wanted = wanted.saturating_mul(4);
        }
    }

    /// Whether no event before those that were read is booked later than one of the lines.
    fn is_certain(&self, latest: &Latest) -> bool {
        let first_line = latest.lines.first().filter(|_| latest.lines.len() >= self.limit);
        first_line.zip(latest.first_day).is_some_and(|(first, day)| first.line.booking_date >= day)
    }

    /// The latest lines among the events after a version.
    async fn read_after(&self, start: Version) -> Result<Latest, Unavailable> {
        let mut account = self.account_at(start).await?;
        let mut latest =
            Latest { brought_forward: balance_of(&account), lines: Vec::new(), earlier: 0, first_day: None };
        let mut version = start;
        while version < self.end {
            let page = self.bank.events_after(&self.stream, version, MAX_READ).await?;
            let Some(last) = page.last() else { break };
            version = last.version;
            for event in page.iter().take_while(|event| event.version <= self.end) {
                latest.first_day.get_or_insert_with(|| BookingDate::of(event.time));
                let was_locked = account.is_locked();
                account.apply(&event.data);
                let is_locking = account.is_locked() && !was_locked;
                self.take(Line::new(event, balance_of(&account), is_locking), &mut latest);
            }
            if latest.lines.len() / 2 > self.limit {
                latest.keep(self.limit);
            }
        }
        latest.keep(self.limit);
        Ok(latest)
    }

    fn take(&self, line: Line, latest: &mut Latest) {
        if self.line_after.is_some_and(|after| (line.line.booking_date, line.line.position) >= after) {
            return;
        }
        if self.period.begins_after(line.line.booking_date) {
            latest.brought_forward += line.line.amount.unwrap_or(0);
        } else if !self.period.ends_before(line.line.booking_date) {
            latest.lines.push(line);
        }
    }

    /// The account after the event of a version, in the order of the log.
    async fn account_at(&self, version: Version) -> Result<Account, Unavailable> {
        let Some(event) = self.event(version).await? else { return Ok(Account::default()) };
        self.bank.state_up_to(&self.stream, Moment::Position(event.position)).await
    }

    async fn event(&self, version: Version) -> Result<Option<RecordedEvent<AccountEvent>>, Unavailable> {
        if version == Version::START {
            return Ok(None);
        }
        Ok(self.bank.events_after(&self.stream, version.before(), 1).await?.into_iter().next())
    }
}

/// Where the line of the event at a position stands. The event is one of the stream, up to the version `end`.
async fn place_of_line(
    bank: &Bank,
    stream: &StreamId,
    position: Position,
    end: Version,
) -> Result<(BookingDate, Position), CheckBalanceError> {
    let version = bank.version_at(stream, Moment::Position(position)).await?.min(end);
    let event = match version {
        Version::START => None,
        version => bank.events_after(stream, version.before(), 1).await?.into_iter().next(),
    };
    let event = event.filter(|event| event.position == position).ok_or(CheckBalanceError::NoLine)?;
    let Line { line, .. } = Line::new(&event, 0, false);
    Ok((line.booking_date, position))
}

impl Latest {
    /// Keeps the latest lines, and counts the others among what is before them.
    fn keep(&mut self, limit: usize) {
        self.lines.sort_by_key(|line| (line.line.booking_date, line.line.position));
        let earlier = self.lines.len().saturating_sub(limit);
        for line in self.lines.drain(..earlier) {
            self.brought_forward += line.line.amount.unwrap_or(0);
            self.earlier += 1;
        }
    }
}

fn balance_of(account: &Account) -> i64 {
    account.balance().map_or(0, |balance| balance.minor_units())
}
