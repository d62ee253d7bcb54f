//! The unfinished transfers of a log.

use foldhash::HashMap;

use crate::bank::AccountEvent;
use crate::bank::account::TransferId;
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::process_manager::Unfinished;

/// The transfers that have not ended, each with the position of its latest event.
#[derive(Debug, Default)]
pub(super) struct UnfinishedTransfers(HashMap<TransferId, Position>);

impl Unfinished<AccountEvent> for UnfinishedTransfers {
    fn take(&mut self, event: &RecordedEvent<AccountEvent>) {
        match &event.data {
            AccountEvent::MoneyReserved(outgoing) => {
                self.0.insert(outgoing.transfer_id, event.position);
            }
            AccountEvent::TransferCredited(incoming) => {
                self.0.insert(incoming.transfer_id, event.position);
            }
            AccountEvent::TransferSettled(outgoing) => {
                self.0.remove(&outgoing.transfer_id);
            }
            AccountEvent::TransferReleased(released) => {
                self.0.remove(&released.outgoing.transfer_id);
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

    fn first(&self) -> Option<Position> {
        self.0.values().min().copied()
    }

    fn all(&self) -> Vec<Position> {
        self.0.values().copied().collect()
    }
}
