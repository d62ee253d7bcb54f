//! The transfers projection: every transfer, and how far it has come.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::bank::AccountEvent;
use crate::bank::account::{Outgoing, ReleaseReason, TransferId};
use crate::engine::log::{Moment, Position, RecordedEvent, Timestamp};
use crate::engine::projection::{LogRow, Projection, RowLog, StoredFields, rows};

/// The read model behind `transfers`.
#[derive(Clone, Debug, Default)]
pub struct Transfers {
    /// In the order they were asked for.
    records: RowLog<TransferRecord>,
}

/// A transfer and its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferRecord {
    /// Who pays whom, and how much.
    pub outgoing: Outgoing,
    /// When the amount was reserved.
    pub reserved: Step,
    /// When the payee got it, if so.
    pub credited: Option<Step>,
    /// When it ended, and how.
    pub ended: Option<(Step, Ending)>,
}

/// When something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The event's position.
    pub position: Position,
    /// The event's time.
    pub time: Timestamp,
}

/// How a transfer has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The payee has the money.
    Settled,
    /// The payer has it back.
    Released(ReleaseReason),
}

/// How far a transfer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferState {
    /// The amount is set aside at the payer.
    Reserved,
    /// The payee has it; the payer's reservation is still to be settled.
    Credited,
    /// It has ended.
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
    /// How far it had come at a moment; `None` if it had not begun.
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

    /// Those that began at a position or after it and up to a moment, in order.
    pub fn between(&self, from: Position, until: Moment) -> &[TransferRecord] {
        let first = self.records.partition_point(|record| record.reserved.position < from);
        let begun = |record: &TransferRecord| until.includes(record.reserved.position, record.reserved.time);
        let end = self.records.partition_point(begun);
        let range: Range<usize> = first..end.max(first);
        &self.records[range]
    }

    fn change(&mut self, transfer_id: TransferId, change: impl FnOnce(&mut TransferRecord)) {
        if let Some(record) = self.records.find_mut(&transfer_id) {
            change(record);
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
                self.change(incoming.transfer_id, |record| record.credited = Some(step));
            }
            AccountEvent::TransferSettled(outgoing) => {
                self.change(outgoing.transfer_id, |record| record.ended = Some((step, Ending::Settled)));
            }
            AccountEvent::TransferReleased(released) => {
                let ending = Ending::Released(released.reason);
                self.change(released.outgoing.transfer_id, |record| record.ended = Some((step, ending)));
            }
            AccountEvent::AccountCreated { .. }
            | AccountEvent::MoneyDeposited { .. }
            | AccountEvent::MoneyWithdrawn { .. }
            | AccountEvent::AccountOverdrawn { .. }
            | AccountEvent::InvalidPin { .. }
            | AccountEvent::AccountUnlocked { .. } => {}
        }
    }
}
