//! A line of a statement.

use uuid::Uuid;

use crate::bank::{AccountEvent, AccountId, BookingDate, Memo, Money, OverdraftLimit, StatedReason};
use crate::engine::domain::DomainEvent as _;
use crate::engine::log::{Position, RecordedEvent, Timestamp};

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
    /// The change of the balance, in minor units; negative for money that goes out.
    pub amount: Option<i64>,
    /// The amount of a declined payment.
    pub declined: Option<Money>,
    /// The balance after the line, in minor units, in the order of the lines.
    pub balance: i64,
    /// The balance that the account had after the event, in minor units. Limits were decided in the order of the log: where bookings were
    /// recorded after the days that they are booked on, this one differs from [`balance`](Self::balance).
    pub recorded_balance: i64,
}

impl StatementLine {
    /// Whether the account had another balance after the event.
    pub fn is_reordered(&self) -> bool {
        self.balance != self.recorded_balance
    }
}

/// What a statement calls an event that declined a request because of a wrong PIN.
pub const WRONG_PIN: &str = "Wrong PIN";

/// The same for the one that locked the account.
pub const LOCKING_PIN: &str = "Wrong PIN, Account Locked";

/// A line before it is known how all of them are ordered.
pub(super) struct Line {
    pub(super) line: StatementLine,
    pub(super) reversal_of: Option<Uuid>,
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
