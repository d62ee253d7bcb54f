//! The transfers projection: every transfer and its state.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::bank::AccountEvent;
use crate::bank::account::{Outgoing, ReleaseReason, TransferId};
use crate::engine::log::{Moment, Position, RecordedEvent, Timestamp};
use crate::engine::projection::{LogRow, Projection, RowLog, StoredFields, rows};

/// The read model behind `transfers`.
#[derive(Clone, Debug, Default)]
pub struct Transfers {
    /// In the order of their reservations.
    records: RowLog<TransferRecord>,
}

/// A transfer and its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferRecord {
    /// Who pays whom, and how much.
    pub outgoing: Outgoing,
    /// When the amount was reserved.
    pub reserved: Step,
    /// When the payee was credited, if at all.
    pub credited: Option<Step>,
    /// When and how the transfer ended, if it has.
    pub ended: Option<(Step, Ending)>,
}

/// The event of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The event's position.
    pub position: Position,
    /// The event's time.
    pub time: Timestamp,
}

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The payee has the money.
    Settled,
    /// The payer has the money back.
    Released(ReleaseReason),
}

/// The state of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferState {
    /// The amount is reserved in the payer's account.
    Reserved,
    /// The payee has the money; the reservation is not settled yet.
    Credited,
    /// The transfer has ended.
    Ended(Ending),
}

impl LogRow for TransferRecord {
    type Key = TransferId;

    fn position(&self) -> Position {
        self.reserved.position
    }

    fn key(&self) -> Option<TransferId> {
        Some(self.outgoing.transfer_id)
    }
}

impl TransferRecord {
    /// The state at a moment; `None` if the transfer had not begun.
    pub fn state_at(&self, moment: Moment) -> Option<TransferState> {
        let happened = |step: &Step| moment.includes(step.position, step.time);
        if !happened(&self.reserved) {
            return None;
        }
        Some(match (&self.ended, &self.credited) {
            (Some((ended, ending)), _) if happened(ended) => TransferState::Ended(*ending),
            (_, Some(credited)) if happened(credited) => TransferState::Credited,
            _ => TransferState::Reserved,
        })
    }
}

impl Transfers {
    /// A transfer.
    pub fn transfer(&self, transfer_id: TransferId) -> Option<&TransferRecord> {
        self.records.find(&transfer_id)
    }

    /// The transfers in order that began at a position or later, up to a moment.
    pub fn between(&self, from: Position, until: Moment) -> &[TransferRecord] {
        let first = self.records.partition_point(|record| record.reserved.position < from);
        let begun = |record: &TransferRecord| until.includes(record.reserved.position, record.reserved.time);
        let end = self.records.partition_point(begun);
        let range: Range<usize> = first..end.max(first);
        &self.records[range]
    }

    fn update(&mut self, transfer_id: TransferId, update: impl FnOnce(&mut TransferRecord)) {
        if let Some(record) = self.records.find_mut(&transfer_id) {
            update(record);
        }
    }
}

impl Projection<AccountEvent> for Transfers {
    const NAME: &'static str = "transfers";
    const ROWS: Option<StoredFields<Self>> = rows!(1; records);

    fn project(&mut self, event: &RecordedEvent<AccountEvent>) {
        let step = Step { position: event.position, time: event.time };
        match &event.data {
            AccountEvent::MoneyReserved(outgoing) => {
                let outgoing = outgoing.as_ref().clone();
                self.records.push(TransferRecord { outgoing, reserved: step, credited: None, ended: None });
            }
            AccountEvent::TransferCredited(incoming) => {
                self.update(incoming.transfer_id, |record| record.credited = Some(step));
            }
            AccountEvent::TransferSettled(outgoing) => {
                self.update(outgoing.transfer_id, |record| record.ended = Some((step, Ending::Settled)));
            }
            AccountEvent::TransferReleased(released) => {
                let ending = Ending::Released(released.reason);
                self.update(released.outgoing.transfer_id, |record| record.ended = Some((step, ending)));
            }
            AccountEvent::AccountCreated { .. }
            | AccountEvent::MoneyDeposited { .. }
            | AccountEvent::MoneyWithdrawn { .. }
            | AccountEvent::AccountOverdrawn { .. }
            | AccountEvent::InvalidPin { .. }
            | AccountEvent::AccountUnlocked { .. }
            | AccountEvent::CurrencyChosen(_) => {}
        }
    }
}
