//! The outcomes of commands.

use crate::bank::account::TransferId;
use crate::bank::errors::CommandFailure;
use crate::bank::transfer::wait_until_transfer_has_ended;
use crate::bank::{Account, AccountEvent, Money, Refusal};
use crate::engine::application;

/// The receipt of a command: its stored events.
pub type Receipt = application::Receipt<AccountEvent>;

/// The outcome of a withdrawal.
#[derive(Clone, Debug)]
pub enum Withdrawal {
    /// The amount was withdrawn.
    Paid(Receipt),
    /// The balance was too low. No money moved; the decline is an event.
    Declined {
        /// The balance.
        balance: Money,
        /// The receipt of the decline.
        receipt: Receipt,
    },
    /// The PIN was wrong. No money moved; the decline is an event.
    WrongPin(Receipt),
}

/// A command that was sent. Dropping it does not cancel the command.
#[derive(Debug)]
pub struct PendingCommand {
    pub(in crate::bank) pending: application::PendingCommand<AccountEvent, Account>,
    /// The transfer that the command begins, if any.
    pub(in crate::bank) transfer_id: Option<TransferId>,
}

impl PendingCommand {
    /// Waits for the decision only, and for no handlers.
    pub(in crate::bank) async fn decided(self) -> Self {
        Self { pending: self.pending.decided().await, ..self }
    }

    /// Whether the command was refused for this reason.
    pub(in crate::bank) fn is_refused_for(&self, reason: Refusal) -> bool {
        self.pending.refusal() == Some(&reason)
    }

    /// Waits until the command's events are stored. Under strong consistency, also waits until the projections and the
    /// awaited handlers have seen the events, and until a transfer that the command begins has ended.
    ///
    /// # Errors
    ///
    /// [`CommandFailure`]: why the command led to no events.
    pub async fn outcome(self) -> Result<Receipt, CommandFailure> {
        let Self { pending, transfer_id } = self;
        match transfer_id {
            None => pending.outcome().await,
            // Boxed: keeps the common future small.
            Some(transfer_id) => Box::pin(async move {
                let (base, consistency) = (pending.base().clone(), pending.consistency());
                let begun = pending.outcome().await?;
                Ok(wait_until_transfer_has_ended(&base, consistency, transfer_id, begun).await)
            })
            .await,
        }
    }
}
