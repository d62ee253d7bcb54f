//! The operations of transfers.

use super::operation::{Operation, OperationKind};
use crate::bank::errors::{QueryError, TransferError};
use crate::bank::handle::BankParts;
use crate::bank::not_transferred::NotTransferred;
use crate::bank::{
    AccountCommand, AccountEvent, AccountId, Bank, BookingDetails, Ending, Moment, Money, Outgoing, Pin, Receipt,
    TransferId, TransferRecord, TransferState,
};
use crate::engine::log::{Metadata, Position};

/// A transfer that was not refused, declined or released.
#[derive(Clone, Debug)]
pub struct TransferOutcome {
    /// The transfer.
    pub transfer_id: TransferId,
    /// The state when the wait ended. Under strong consistency the transfer has ended by then, unless a handler lags;
    /// under eventual consistency there is no wait.
    pub state: TransferState,
    /// The receipt of the reservation.
    pub receipt: Receipt,
}

impl TransferOutcome {
    /// Whether the money has arrived: nothing of the transfer is under way.
    pub fn has_ended(&self) -> bool {
        matches!(self.state, TransferState::Ended(_))
    }
}

impl Bank {
    /// Transfers an amount, with the PIN of the payer's account if it has one.
    ///
    /// # Errors
    ///
    /// [`TransferError`]: why no money was transferred.
    pub fn transfer(
        &self,
        payer: &AccountId,
        payee: &AccountId,
        amount: Money,
        pin: Option<Pin>,
    ) -> Operation<'_, TransferOutcome, TransferError> {
        let (payer, payee) = (payer.clone(), payee.clone());
        let kind = OperationKind::Transfer { payer, payee, amount, details: BookingDetails::NONE, pin };
        Operation::new(self, kind, |parts, receipt| Ok(parts.transfer_outcome(receipt)?))
    }

    /// The outcome of a transfer, from the receipt of its reservation.
    ///
    /// # Errors
    ///
    /// [`NotTransferred`]: why no money was transferred.
    pub fn transfer_outcome(&self, receipt: Receipt) -> Result<TransferOutcome, NotTransferred> {
        self.parts.transfer_outcome(receipt)
    }

    /// At most `limit` transfers in order that began at position `from` or later, now or as of a moment.
    ///
    /// # Errors
    ///
    /// [`QueryError`]: why the query failed.
    pub async fn transfers(
        &self,
        from: Position,
        limit: usize,
        moment: Option<Moment>,
    ) -> Result<Vec<TransferRecord>, QueryError> {
        self.catch_up_to(moment).await?;
        let until = moment.unwrap_or(Moment::NOW);
        Ok(self.parts.transfers.read(|transfers| {
            let begun = transfers.between(from, until);
            begun[..begun.len().min(limit)].to_vec()
        }))
    }

    /// The latest transfers in order, at most `limit`, now or as of a moment; and how many began before them.
    ///
    /// # Errors
    ///
    /// [`QueryError`]: why the query failed.
    pub async fn latest_transfers(
        &self,
        limit: usize,
        moment: Option<Moment>,
    ) -> Result<(Vec<TransferRecord>, usize), QueryError> {
        self.catch_up_to(moment).await?;
        let until = moment.unwrap_or(Moment::NOW);
        Ok(self.parts.transfers.read(|transfers| {
            let begun = transfers.between(Position::START, until);
            let earlier = begun.len().saturating_sub(limit);
            (begun[earlier..].to_vec(), earlier)
        }))
    }
}

impl BankParts {
    pub(super) fn transfer_outcome(&self, receipt: Receipt) -> Result<TransferOutcome, NotTransferred> {
        let outgoing = match receipt.events().first().map(|event| &event.data) {
            Some(AccountEvent::MoneyReserved(outgoing)) => outgoing,
            Some(AccountEvent::AccountOverdrawn { balance, .. }) => {
                return Err(NotTransferred::Overdrawn { balance: *balance });
            }
            // No other event follows from a reservation.
            _ => return Err(NotTransferred::WrongPin),
        };
        let transfer_id = outgoing.transfer_id;
        let state = self.transfers.read(|transfers| {
            let record = transfers.transfer(transfer_id);
            record.and_then(|record| record.state_at(Moment::NOW)).unwrap_or(TransferState::Reserved)
        });
        match state {
            TransferState::Ended(Ending::Released(reason)) => Err(reason.into()),
            TransferState::Reserved | TransferState::Credited | TransferState::Ended(Ending::Settled) => {
                Ok(TransferOutcome { transfer_id, state, receipt })
            }
        }
    }
}

impl AccountCommand {
    /// Makes the command that begins a transfer, without memo and booking date. The transfer takes the command's id.
    pub fn begin_transfer(payer: &AccountId, payee: &AccountId, amount: Money, metadata: &Metadata) -> Self {
        let (account_id, payee) = (payer.clone(), payee.clone());
        let (transfer_id, details) = (metadata.command_id.into(), BookingDetails::NONE);
        let outgoing = Outgoing { account_id, transfer_id, payee, amount, details };
        Self::ReserveMoney { outgoing: Box::new(outgoing), pin: None }
    }

    /// The transfer that the command begins, if any.
    pub(in crate::bank) fn begun_transfer(&self) -> Option<TransferId> {
        match self {
            Self::ReserveMoney { outgoing, .. } => Some(outgoing.transfer_id),
            _ => None,
        }
    }
}
