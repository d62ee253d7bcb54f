//! The statement of an account: a period's lines in the order of their booking dates, which add up to the balance.
//!
//! A booking date is never after the day on which its event was recorded, and the times in a log never go back. So the
//! events before a place in the log are booked no later than the first event after it was recorded, and a statement reads
//! no more of a stream than it needs.

use super::period::Period;
use super::statement::stream_of;
use crate::bank::errors::CheckBalanceError;
use crate::bank::{Account, AccountEvent, AccountId, Bank, BookingDate, Memo, Money, Unavailable};
use crate::engine::domain::{Aggregate as _, DomainEvent as _};
use crate::engine::log::{Moment, Position, RecordedEvent, StreamId, Timestamp, Version};

/// A statement of an account.
///
/// The amount brought forward and the amounts of the lines add up to the balance of the last line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The balance before the first line; `None` if nothing happened to the account before it.
    pub brought_forward: Option<i64>,
    /// By booking date, then by position.
    pub lines: Vec<StatementLine>,
    /// The lines of the period that are not among these.
    pub left_out: LeftOut,
    /// Whether the balance of a line is one that the account did not have after its event: others were recorded in between
    /// that are booked on other dates.
    pub is_reordered: bool,
}

/// A line of an account's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// The position of the event.
    pub position: Position,
    /// The time at which it was recorded.
    pub time: Timestamp,
    /// The date it is booked on: that of the time, unless the booking has another.
    pub booking_date: BookingDate,
    /// What happened: the event's title in the trace, except that a [wrong PIN](WRONG_PIN) is called that.
    pub what: &'static str,
    /// The other account of a transfer.
    pub other: Option<AccountId>,
    /// The memo.
    pub memo: Option<Memo>,
    /// The change of the balance; negative for money that goes out.
    pub amount: Option<i64>,
    /// The amount of a declined payment.
    pub declined: Option<Money>,
    /// The balance after the line, in the order of the lines.
    pub balance: i64,
}

/// The lines of a period that a statement leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// None.
    Nothing,
    /// So many before the first.
    Earlier(u64),
    /// Those of the events from this position on.
    From(Position),
}

impl Bank {
    /// The statement of an account over a period, as it was known now or at a moment: at most `limit` lines. These are the
    /// latest, so that the last balance is that at the period's end.
    ///
    /// But a period that begins at a position has its first lines, cut by positions: the next one goes on where it ended.
    ///
    /// # Errors
    ///
    /// [`CheckBalanceError`]: why the statement could not be read.
    pub async fn statement(
        &self,
        account: &AccountId,
        period: impl Into<Period>,
        until: Option<Moment>,
        limit: usize,
    ) -> Result<Statement, CheckBalanceError> {
        let (period, stream) = (period.into(), stream_of(account));
        self.has_happened(until).await?;
        let mut end = self.version_at(&stream, until.unwrap_or(Moment::NOW)).await?;
        if end == Version::START {
            return Err(CheckBalanceError::NoAccount);
        }
        if let Some(last) = period.last_position() {
            end = end.min(self.version_at(&stream, Moment::Position(last)).await?);
        }
        let part = Part { bank: self, stream, period, end, limit };
        match (period.first_position(), period.first_date()) {
            (Some(first), _) => part.beginning_at(first).await,
            (None, Some(first)) => part.beginning_on(first).await,
            (None, None) => part.latest().await,
        }
    }
}

/// A part of a stream that a statement is made of.
struct Part<'a> {
    bank: &'a Bank,
    stream: StreamId,
    period: Period,
    /// The version of the last event.
    end: Version,
    limit: usize,
}

/// A line whose balance is the one after its event, in the order of the log.
type Recorded = StatementLine;

impl Part<'_> {
    async fn beginning_at(&self, first: Position) -> Result<Statement, CheckBalanceError> {
        let start = self.bank.version_at(&self.stream, Moment::Position(first.before())).await?.min(self.end);
        let (mut balance, mut lines) = (self.balance_at(start).await?, Vec::new());
        let brought_forward = balance;
        let (mut version, mut left_out) = (start, LeftOut::Nothing);
        'reading: while version < self.end {
            let page = self.events_after(version, self.limit.saturating_sub(lines.len()).saturating_add(1)).await?;
            let Some(last) = page.last() else { break };
            let locking = self.locking_among(version, &page).await?;
            version = last.version;
            for event in &page {
                balance += signed(&event.data).unwrap_or(0);
                let line = recorded(event, balance, &locking);
                if self.period.ends_before(line.booking_date) {
                    continue;
                }
                if lines.len() >= self.limit {
                    left_out = LeftOut::From(event.position);
                    break 'reading;
                }
                lines.push(line);
            }
        }
        lines.sort_by_key(|line| (line.booking_date, line.position));
        Ok(statement(lines, brought_forward, start == Version::START, left_out))
    }

    async fn beginning_on(&self, first: BookingDate) -> Result<Statement, CheckBalanceError> {
        // A day more: a clock that is set back may have recorded an event before the day it was booked on.
        let before = Timestamp::from_micros(first.before().start().as_micros() - 1);
        let start = self.bank.version_at(&self.stream, Moment::Time(before)).await?.min(self.end);
        let read = self.read_between(start, self.end, self.balance_at(self.end).await?).await?;
        let is_first =
            start == Version::START && !read.lines.iter().any(|line| self.period.begins_after(line.booking_date));
        let mut lines = read.lines;
        lines.retain(|line| !self.period.begins_after(line.booking_date));
        let earlier = lines.len().saturating_sub(self.limit);
        lines.drain(..earlier);
        let left_out = if earlier == 0 { LeftOut::Nothing } else { LeftOut::Earlier(earlier as u64) };
        let brought_forward = read.closing - sum(&lines);
        Ok(statement(lines, brought_forward, is_first && earlier == 0, left_out))
    }

    /// Reads back from the end, until no unread event can belong among the latest lines.
    async fn latest(&self) -> Result<Statement, CheckBalanceError> {
        let balance = self.balance_at(self.end).await?;
        let mut wanted = self.limit as u64;
        loop {
            let start = Version::new(self.end.get().saturating_sub(wanted));
            let Read { mut lines, closing, first_day } = self.read_between(start, self.end, balance).await?;
            let is_certain = |line: &&Recorded| first_day.is_none_or(|day| line.booking_date >= day);
            if start == Version::START || lines.iter().filter(is_certain).count() >= self.limit {
                let earlier = lines.len().saturating_sub(self.limit);
                lines.drain(..earlier);
                let left_out = match start.get() + earlier as u64 {
                    0 => LeftOut::Nothing,
                    earlier => LeftOut::Earlier(earlier),
                };
                let brought_forward = closing - sum(&lines);
                return Ok(statement(lines, brought_forward, left_out == LeftOut::Nothing, left_out));
            }
            wanted = wanted.saturating_mul(4);
        }
    }

    /// The lines of the events between two versions that are booked before the period's end, in their order, and the
    /// balance after the last of them. `balance` is that at the end.
    async fn read_between(&self, start: Version, end: Version, balance: i64) -> Result<Read, Unavailable> {
        let count = usize::try_from(end.get() - start.get()).unwrap_or(usize::MAX);
        let events = self.events_after(start, count).await?;
        let locking = self.locking_among(start, &events).await?;
        let mut after = balance;
        let mut lines: Vec<Recorded> = Vec::with_capacity(events.len());
        let mut closing = balance;
        for event in events.iter().rev() {
            let line = recorded(event, after, &locking);
            after -= line.amount.unwrap_or(0);
            if self.period.ends_before(line.booking_date) {
                closing -= line.amount.unwrap_or(0);
            } else {
                lines.push(line);
            }
        }
        lines.sort_by_key(|line| (line.booking_date, line.position));
        Ok(Read { lines, closing, first_day: events.first().map(|event| BookingDate::of(event.time)) })
    }

    async fn events_after(
        &self,
        version: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent<AccountEvent>>, Unavailable> {
        let mut events = self.bank.events_after(&self.stream, version, limit).await?;
        events.truncate(events.partition_point(|event| event.version <= self.end));
        Ok(events)
    }

    /// The balance after the event of a version, in the order of the log.
    async fn balance_at(&self, version: Version) -> Result<i64, Unavailable> {
        Ok(self.account_at(version).await?.balance().map_or(0, |balance| balance.minor_units()))
    }

    /// The account after the event of a version.
    async fn account_at(&self, version: Version) -> Result<Account, Unavailable> {
        let Some(event) = self.event(version).await? else { return Ok(Account::default()) };
        self.bank.state_up_to(&self.stream, Moment::Position(event.position)).await
    }

    /// The positions of those events after a version that locked the account.
    async fn locking_among(
        &self,
        before: Version,
        events: &[RecordedEvent<AccountEvent>],
    ) -> Result<Vec<Position>, Unavailable> {
        // The events before these count too, but reading them is for the few statements that have a wrong PIN.
        if !events.iter().any(|event| event.data.is_wrong_pin()) {
            return Ok(Vec::new());
        }
        let mut account = self.account_at(before).await?;
        let mut locks = |event: &RecordedEvent<AccountEvent>| {
            let was_locked = account.is_locked();
            account.apply(&event.data);
            (!was_locked && account.is_locked()).then_some(event.position)
        };
        Ok(events.iter().filter_map(&mut locks).collect())
    }

    async fn event(&self, version: Version) -> Result<Option<RecordedEvent<AccountEvent>>, Unavailable> {
        if version == Version::START {
            return Ok(None);
        }
        Ok(self.bank.events_after(&self.stream, version.before(), 1).await?.into_iter().next())
    }
}

struct Read {
    lines: Vec<Recorded>,
    closing: i64,
    /// The day on which the first event was recorded.
    first_day: Option<BookingDate>,
}

/// Makes a statement of lines in their order.
fn statement(mut lines: Vec<Recorded>, brought_forward: i64, is_first: bool, left_out: LeftOut) -> Statement {
    let (mut balance, mut is_reordered) = (brought_forward, false);
    for line in &mut lines {
        balance += line.amount.unwrap_or(0);
        is_reordered |= balance != line.balance;
        line.balance = balance;
    }
    let brought_forward = Some(brought_forward).filter(|_| !is_first);
    Statement { brought_forward, lines, left_out, is_reordered }
}

/// What a statement calls an event that declined a request because of a wrong PIN.
pub const WRONG_PIN: &str = "Wrong PIN";

/// The same for the one that locked the account.
pub const LOCKING_PIN: &str = "Wrong PIN, Account Locked";

/// `locking` has the positions of events that locked the account.
fn recorded(event: &RecordedEvent<AccountEvent>, balance: i64, locking: &[Position]) -> Recorded {
    let RecordedEvent { position, time, data, .. } = event;
    let details = data.details();
    let booking_date = details.and_then(|details| details.booking_date());
    StatementLine {
        position: *position,
        time: *time,
        booking_date: booking_date.unwrap_or_else(|| BookingDate::of(*time)),
        what: match data {
            _ if locking.contains(position) => LOCKING_PIN,
            wrong if wrong.is_wrong_pin() => WRONG_PIN,
            other => other.title(),
        },
        other: data.other_account().cloned(),
        memo: details.and_then(|details| details.memo()).cloned(),
        amount: signed(data),
        declined: data.declined_amount(),
        balance,
    }
}

fn signed(event: &AccountEvent) -> Option<i64> {
    event.movement().map(|movement| movement.minor_units())
}

fn sum(lines: &[Recorded]) -> i64 {
    lines.iter().filter_map(|line| line.amount).sum()
}
