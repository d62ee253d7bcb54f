//! The outcomes of commands.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::bank::account::TransferId;
use crate::bank::errors::CommandFailure;
use crate::bank::transfer::{is_to_end_elsewhere, wait_until_ended_elsewhere};
use crate::bank::{Account, AccountEvent, Balance, Refusal};
use crate::engine::application::{self, Base};

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
        balance: Balance,
        /// The receipt of the decline.
        receipt: Receipt,
    },
    /// The PIN was wrong. No money moved; the decline is an event.
    WrongPin(Receipt),
}

/// A command that was sent. Dropping it does not cancel the command.
///
/// Awaiting it is waiting for its [outcome](PendingCommand::outcome).
pub struct PendingCommand {
    base: Arc<Base<AccountEvent>>,
    sent: SentCommand,
}

/// Like [`PendingCommand`], for a caller that borrows the application while it waits.
pub(in crate::bank) struct SentCommand {
    sent: application::SentCommand<AccountEvent, Account>,
    /// The transfer that the command begins, if any.
    transfer_id: Option<TransferId>,
    /// The end of the transfer, once it has begun.
    transfer_end: Option<Pin<Box<dyn Future<Output = Receipt> + Send>>>,
}

impl fmt::Debug for PendingCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingCommand").field("transfer_id", &self.sent.transfer_id).finish_non_exhaustive()
    }
}

impl PendingCommand {
    pub(in crate::bank) fn of(sent: SentCommand, base: Arc<Base<AccountEvent>>) -> Self {
        Self { base, sent }
    }

    /// Waits until the command's events are stored. Under strong consistency, also waits until the projections and the
    /// awaited handlers have seen the events, and until a transfer that the command begins has ended.
    ///
    /// # Errors
    ///
    /// [`CommandFailure`]: why the command led to no events.
    pub async fn outcome(self) -> Result<Receipt, CommandFailure> {
        self.await
    }
}

impl Future for PendingCommand {
    type Output = Result<Receipt, CommandFailure>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { base, sent } = self.get_mut();
        sent.poll_outcome(base, context)
    }
}

impl SentCommand {
    pub(in crate::bank) fn new(
        sent: application::SentCommand<AccountEvent, Account>,
        transfer_id: Option<TransferId>,
    ) -> Self {
        Self { sent, transfer_id, transfer_end: None }
    }

    /// Waits for the decision only, and for no handlers.
    pub(in crate::bank) async fn decided(self) -> Self {
        Self { sent: self.sent.decided().await, ..self }
    }

    /// Whether the command was refused for this reason.
    pub(in crate::bank) fn is_refused_for(&self, reason: Refusal) -> bool {
        self.sent.refusal() == Some(&reason)
    }

    /// [`PendingCommand::outcome`], of the bank that it was sent to.
    pub(in crate::bank) fn poll_outcome(
        &mut self,
        base: &Arc<Base<AccountEvent>>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Receipt, CommandFailure>> {
        loop {
            if let Some(transfer_end) = &mut self.transfer_end {
                return transfer_end.as_mut().poll(context).map(Ok);
            }
            let receipt = ready!(self.sent.poll_outcome(base, context))?;
            let Some(transfer_id) = self.transfer_id else { return Poll::Ready(Ok(receipt)) };
            if !is_to_end_elsewhere(base, self.sent.consistency(), transfer_id, &receipt) {
                return Poll::Ready(Ok(receipt));
            }
            let base = base.clone();
            let transfer_end = async move { wait_until_ended_elsewhere(&base, transfer_id, receipt).await };
            self.transfer_end = Some(Box::pin(transfer_end));
        }
    }
}
