//! What the bank holds: the sum of all balances.

use std::num::ParseIntError;

use serde::{Deserialize, Serialize};

use crate::bank::{AccountEvent, Moment, Movement};
use crate::engine::log::{Position, RecordedEvent, Timestamp};
use crate::engine::projection::{LogRow, Projection, RowCell, RowLog, StoredFields, rows};

/// Every so many events the sum is kept, so that no answer about the past folds more than these.
const KEPT_EVERY: u64 = 1_024;

/// The read model behind the total of deposits, in the bank's sense: the money it holds, withdrawals taken off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TotalDeposits {
    total: RowCell<Total>,
    kept: RowLog<Kept>,
}

/// A sum of minor units. One balance fits into 64 bits, many may not.
///
/// Stored as text, for few that read JSON take a number of 128 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(in crate::bank) struct Total(u128);

impl From<Total> for String {
    fn from(Total(total): Total) -> Self {
        total.to_string()
    }
}

impl TryFrom<String> for Total {
    type Error = ParseIntError;

    fn try_from(text: String) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    position: Position,
    time: Timestamp,
    total: Total,
}

impl LogRow for Kept {
    type Key = ();

    fn position(&self) -> Position {
        self.position
    }
}

impl Total {
    pub(in crate::bank) fn minor_units(self) -> u128 {
        self.0
    }

    pub(in crate::bank) fn apply(&mut self, event: &AccountEvent) {
        // A log can hold what no account would decide; then, too, the sum stays within its range.
        match event.movement() {
            Some(Movement::In(amount)) => self.0 = self.0.saturating_add(amount.minor_units().into()),
            Some(Movement::Out(amount)) => self.0 = self.0.saturating_sub(amount.minor_units().into()),
            None => {}
        }
    }
}

impl TotalDeposits {
    /// The sum of all balances, in minor units.
    pub fn total(&self) -> u128 {
        self.total.get().0
    }

    /// The last sum that was kept before a moment or at it, and the position it was kept at.
    pub(in crate::bank) fn kept_before(&self, moment: Moment) -> (Position, Total) {
        let kept = self.kept.partition_point(|kept| moment.includes(kept.position, kept.time));
        match self.kept[..kept].last() {
            Some(kept) => (kept.position, kept.total),
            None => (Position::START, Total::default()),
        }
    }
}

impl Projection<AccountEvent> for TotalDeposits {
    const NAME: &'static str = "total deposits";
    const ROWS: Option<StoredFields<Self>> = rows!(1; total: "now", kept);

    fn project(&mut self, event: &RecordedEvent<AccountEvent>) {
        self.total.get_mut().apply(&event.data);
        if event.position.get().is_multiple_of(KEPT_EVERY) {
            self.kept.push(Kept { position: event.position, time: event.time, total: *self.total.get() });
        }
    }
}
