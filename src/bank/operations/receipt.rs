//! What comes of a command.

use crate::bank::account::TransferId;
use crate::bank::errors::CommandFailure;
use crate::bank::transfer::wait_until_transfer_has_ended;
use crate::bank::{Account, AccountEvent, Money, Refusal};
use crate::engine::application;

/// A command that was handled: the events it has led to are stored.
pub type Receipt = application::Receipt<AccountEvent>;

/// A withdrawal that was handled.
#[derive(Clone, Debug)]
pub enum Withdrawal {
    /// The money is out.
    Paid(Receipt),
    /// There was not enough; nothing moved, and the decline is an event.
    Declined {
        /// What the account holds.
        balance: Money,
        /// The stored decline.
        receipt: Receipt,
    },
    /// The PIN was a wrong one; nothing moved, and that it was given is an event.
    WrongPin(Receipt),
}

/// A command on its way. Dropping it does not take the command back.
#[derive(Debug)]
pub struct PendingCommand {
    pub(in crate::bank) pending: application::PendingCommand<AccountEvent, Account>,
    /// The transfer that it begins, if it does.
    pub(in crate::bank) transfer_id: Option<TransferId>,
}

impl PendingCommand {
    /// Waits for the decision, and for nothing that follows from it.
    pub(in crate::bank) async fn decided(self) -> Self {
        Self { pending: self.pending.decided().await, ..self }
    }

    /// Whether it has been refused for this.
    pub(in crate::bank) fn is_refused_for(&self, reason: Refusal) -> bool {
        self.pending.refusal() == Some(&reason)
    }

    /// Waits until the command's events are stored and, under strong consistency, seen by the projections and all
    /// handlers that ask to be waited for, and until a transfer that it begins has ended.
    ///
    /// # Errors
    ///
    /// [`CommandFailure`]: why there are no events.
    pub async fn outcome(self) -> Result<Receipt, CommandFailure> {
        let Self { pending, transfer_id } = self;
        let Some(transfer_id) = transfer_id else { return pending.outcome().await };
        let consistency = pending.consistency();
        let (base, outcome) = pending.outcome_and_base().await;
        Ok(wait_until_transfer_has_ended(&base, consistency, transfer_id, outcome?).await)
    }
}
