//! Transfers whose end no reply has told, since a handler that they need is held, or has parked them: a strict script is told
//! later.

use std::collections::VecDeque;

use super::replies::not_transferred;
use crate::bank::{AccountEvent, Bank, CommandFailure, Receipt, TransferOutcome, TransferState};

/// The most transfers that are kept in mind. Of more, the first are forgotten.
const MOST: usize = 1_024;

/// The receipts of their reservations.
#[derive(Debug, Default)]
pub(super) struct Unended(VecDeque<Receipt>);

impl Unended {
    /// Keeps a transfer in mind that has not ended.
    pub(super) fn keep(&mut self, bank: &Bank, handled: &Result<Receipt, CommandFailure>) {
        let Ok(receipt) = handled else { return };
        let is_transfer =
            matches!(receipt.events().first().map(|event| &event.data), Some(AccountEvent::MoneyReserved(_)));
        let has_ended = || bank.transfer_outcome(receipt.clone()).map_or(true, |outcome| outcome.has_ended());
        if !is_transfer || (receipt.lagging().is_empty() && has_ended()) {
            return;
        }
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(receipt.clone());
    }

    /// Forgets those that have ended meanwhile. Answers with the first reason why one moved no money, in words.
    pub(super) fn refused(&mut self, bank: &Bank) -> Option<String> {
        let mut refused = None;
        self.0.retain(|receipt| match bank.transfer_outcome(receipt.clone()) {
            Ok(TransferOutcome { state, .. }) => matches!(state, TransferState::Reserved | TransferState::Credited),
            Err(reason) => {
                refused.get_or_insert(reason);
                false
            }
        });
        Some(not_transferred(&refused?).to_string())
    }
}
