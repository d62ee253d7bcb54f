//! The total deposits projection: the sum of all balances.

use std::num::ParseIntError;

use serde::{Deserialize, Serialize};

use crate::bank::{AccountEvent, Moment, Movement};
use crate::engine::log::{Position, RecordedEvent, Timestamp};
use crate::engine::projection::{LogRow, Projection, RowCell, RowLog, StoredFields, rows};

/// The number of events between two stored totals, and so the most that a query about the past folds.
const STORE_EVERY: u64 = 1_024;

/// The read model of the total deposits: the money that the bank holds, after withdrawals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TotalDeposits {
    total: RowCell<Total>,
    past_totals: RowLog<PastTotal>,
}

/// A sum in minor units, of 128 bits because many balances may exceed 64.
///
/// Stored as text, since few JSON readers support integers of 128 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(in crate::bank) struct Total(i128);

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
struct PastTotal {
    position: Position,
    time: Timestamp,
    total: Total,
}

impl LogRow for PastTotal {
    type Key = ();

    fn position(&self) -> Position {
        self.position
    }
}

impl Total {
    pub(in crate::bank) fn minor_units(self) -> i128 {
        self.0
    }

    pub(in crate::bank) fn apply(&mut self, event: &AccountEvent) {
        // Saturates only for events that no account decides, in a damaged log.
        match event.movement() {
            Some(Movement::In(amount)) => self.0 = self.0.saturating_add(amount.minor_units().into()),
            Some(Movement::Out(amount)) => self.0 = self.0.saturating_sub(amount.minor_units().into()),
            None => {}
        }
    }
}

impl TotalDeposits {
    /// The sum of all balances, in minor units.
    pub fn total(&self) -> i128 {
        self.total.get().0
    }

    /// The last stored total up to a moment, and its position.
    pub(in crate::bank) fn past_total_before(&self, moment: Moment) -> (Position, Total) {
        let count = self.past_totals.partition_point(|past| moment.includes(past.position, past.time));
        match self.past_totals[..count].last() {
            Some(past) => (past.position, past.total),
            None => (Position::START, Total::default()),
        }
    }
}

impl Projection<AccountEvent> for TotalDeposits {
    const NAME: &'static str = "total deposits";
    const ROWS: Option<StoredFields<Self>> = rows!(1; total: "now", past_totals);

    fn project(&mut self, event: &RecordedEvent<AccountEvent>) {
        self.total.get_mut().apply(&event.data);
        if event.position.get().is_multiple_of(STORE_EVERY) {
            self.past_totals.push(PastTotal { position: event.position, time: event.time, total: *self.total.get() });
        }
    }
}
