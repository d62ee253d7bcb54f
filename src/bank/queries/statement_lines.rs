//! The statement of an account: a period's lines in the order of their booking dates, which add up to the balance.

use uuid::Uuid;

use super::period::Period;
use super::statement::stream_of;
use super::statement_part::Part;
use crate::bank::errors::CheckBalanceError;
use crate::bank::{AccountEvent, AccountId, Bank, BookingDate, Memo, Money, OverdraftLimit, StatedReason};
use crate::engine::domain::DomainEvent as _;
use crate::engine::log::{Moment, Position, RecordedEvent, Timestamp, Version};

/// A statement of an account.
///
/// The amount brought forward and the amounts of the lines add up to the balance of the last line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The balance before the first line; `None` if the lines begin with the account.
    pub brought_forward: Option<i64>,
    /// By booking date, then by position.
    pub lines: Vec<StatementLine>,
    /// How many lines of the period come before these.
    pub earlier: u64,
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
    /// The reason that was stated, for instance for freezing the account.
    pub reason: Option<StatedReason>,
    /// The overdraft limit that was set.
    pub overdraft_limit: Option<OverdraftLimit>,
    /// The position of the booking that the event reverses, or helps to reverse.
    pub reverses: Option<Position>,
    /// The change of the balance; negative for money that goes out.
    pub amount: Option<i64>,
    /// The amount of a declined payment.
    pub declined: Option<Money>,
    /// The balance after the line, in the order of the lines.
    pub balance: i64,
    /// The balance that the account had after the event. Limits were decided in the order of the log: where bookings were
    /// recorded after the days that they are booked on, this one differs from [`balance`](Self::balance).
    pub recorded_balance: i64,
}

impl StatementLine {
    /// Whether the account had another balance after the event.
    pub fn is_reordered(&self) -> bool {
        self.balance != self.recorded_balance
    }
}

impl Bank {
    /// The statement of an account over a period, as it was known now or at a moment: at most `limit` lines. These are the
    /// latest, so that the last balance is that at the period's end.
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
        let end = self.version_at(&stream, until.unwrap_or(Moment::NOW)).await?;
        if end == Version::START {
            return Err(CheckBalanceError::NoAccount);
        }
        let part = Part::of(self, stream, period, end, limit).await?;
        let latest = part.latest().await?;
        let (mut balance, mut lines) = (latest.brought_forward, Vec::with_capacity(latest.lines.len()));
        let reversed = latest.lines.iter().filter_map(|line| line.reversal_of).collect();
        let mut reversed = self.positions_of_bookings(reversed).await?.into_iter();
        for Line { mut line, reversal_of } in latest.lines {
            balance += line.amount.unwrap_or(0);
            line.balance = balance;
            line.reverses = reversal_of.and_then(|_| reversed.next().flatten());
            lines.push(line);
        }
        let begins_with_account = !period.has_beginning() && latest.earlier == 0;
        let brought_forward = (!begins_with_account).then_some(latest.brought_forward);
        Ok(Statement { brought_forward, lines, earlier: latest.earlier })
    }
}

/// What a statement calls an event that declined a request because of a wrong PIN.
pub const WRONG_PIN: &str = "Wrong PIN";

/// The same for the one that locked the account.
pub const LOCKING_PIN: &str = "Wrong PIN, Account Locked";

/// A line before it is known how all of them are ordered.
pub(super) struct Line {
    pub(super) line: StatementLine,
    reversal_of: Option<Uuid>,
}

impl Line {
    /// Of an event, with the balance after it, and whether the event locked the account.
    pub(super) fn new(event: &RecordedEvent<AccountEvent>, balance: i64, is_locking: bool) -> Self {
        let RecordedEvent { position, time, data, .. } = event;
        let details = data.details();
        let booking_date = details.and_then(|details| details.booking_date());
        let overdraft_limit = match data {
            AccountEvent::OverdraftLimitSet { limit, .. } => Some(*limit),
            _ => None,
        };
        let line = StatementLine {
            position: *position,
            time: *time,
            booking_date: booking_date.unwrap_or_else(|| BookingDate::of(*time)),
            what: match data {
                _ if is_locking => LOCKING_PIN,
                wrong if wrong.is_wrong_pin() => WRONG_PIN,
                other => other.title(),
            },
            other: data.other_account().cloned(),
            memo: details.and_then(|details| details.memo()).cloned(),
            reason: data.stated_reason().cloned(),
            overdraft_limit,
            reverses: None,
            amount: data.movement().map(|movement| movement.minor_units()),
            declined: data.declined_amount(),
            balance,
            recorded_balance: balance,
        };
        Self { line, reversal_of: data.reversal_of() }
    }
}
