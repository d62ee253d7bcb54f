//! Transfers as a bank offers them.

use super::operation::{Asked, Operation};
use crate::bank::errors::{NotTransferred, QueryError, TransferError};
use crate::bank::handle::Own;
use crate::bank::{
    AccountCommand, AccountEvent, AccountId, Bank, Ending, Moment, Money, Outgoing, Pin, Receipt, ReleaseReason,
    TransferId, TransferRecord, TransferState,
};
use crate::engine::log::{Metadata, Position};

/// A transfer that was taken on.
#[derive(Clone, Debug)]
pub struct TransferOutcome {
    /// The transfer.
    pub transfer_id: TransferId,
    /// How far it had come when waiting for it ended. Under strong consistency that is its end, unless a handler
    /// lags; under eventual consistency nobody waited.
    pub state: TransferState,
    /// The reservation.
    pub receipt: Receipt,
}

impl Bank {
    /// Transfers money, with the PIN of the payer's account if it has one.
    ///
    /// # Errors
    ///
    /// [`TransferError`]: why no money has moved.
    pub fn transfer(
        &self,
        payer: &AccountId,
        payee: &AccountId,
        amount: Money,
        pin: Option<Pin>,
    ) -> Operation<'_, TransferOutcome, TransferError> {
        let asked = Asked::Transfer { payer: payer.clone(), payee: payee.clone(), amount, pin };
        Operation::new(self, asked, |own, receipt| Ok(own.transfer_outcome(receipt)?))
    }

    /// What has become of a transfer whose reservation was handled.
    ///
    /// # Errors
    ///
    /// [`NotTransferred`]: why no money has moved.
    pub fn transfer_outcome(&self, receipt: Receipt) -> Result<TransferOutcome, NotTransferred> {
        self.own.transfer_outcome(receipt)
    }

    /// At most `limit` transfers that began at the position `from` or after it, in order; with a moment, as they
    /// stood then.
    ///
    /// # Errors
    ///
    /// [`QueryError`]: why there is no answer.
    pub async fn transfers(
        &self,
        from: Position,
        limit: usize,
        moment: Option<Moment>,
    ) -> Result<Vec<TransferRecord>, QueryError> {
        self.catch_up_to(moment).await?;
        let until = moment.unwrap_or(Moment::NOW);
        Ok(self.own.transfers.read(|transfers| {
            let begun = transfers.between(from, until);
            begun[..begun.len().min(limit)].to_vec()
        }))
    }
}

impl Own {
    fn transfer_outcome(&self, receipt: Receipt) -> Result<TransferOutcome, NotTransferred> {
        let outgoing = match receipt.events().first().map(|event| &event.data) {
            Some(AccountEvent::MoneyReserved(outgoing)) => outgoing,
            Some(AccountEvent::AccountOverdrawn { balance, .. }) => {
                return Err(NotTransferred::Overdrawn { balance: *balance });
            }
            // Nothing else is decided on a transfer.
            Some(
                AccountEvent::AccountCreated { .. }
                | AccountEvent::MoneyDeposited { .. }
                | AccountEvent::MoneyWithdrawn { .. }
                | AccountEvent::InvalidPin { .. }
                | AccountEvent::AccountUnlocked { .. }
                | AccountEvent::TransferCredited(_)
                | AccountEvent::TransferSettled(_)
                | AccountEvent::TransferReleased(_),
            )
            | None => return Err(NotTransferred::WrongPin),
        };
        let transfer_id = outgoing.transfer_id;
        let state = self.transfers.read(|transfers| {
            let record = transfers.transfer(transfer_id);
            record.and_then(|record| record.state_at(Moment::NOW)).unwrap_or(TransferState::Reserved)
        });
        match state {
            TransferState::Ended(Ending::Released(ReleaseReason::NoPayee)) => Err(NotTransferred::NoPayee),
            TransferState::Ended(Ending::Released(ReleaseReason::BalanceLimit)) => Err(NotTransferred::BalanceLimit),
            TransferState::Reserved | TransferState::Credited | TransferState::Ended(Ending::Settled) => {
                Ok(TransferOutcome { transfer_id, state, receipt })
            }
        }
    }
}

impl AccountCommand {
    /// The command that begins a transfer. The transfer's id is the command's, by whatever way it is sent.
    pub fn begin_transfer(payer: &AccountId, payee: &AccountId, amount: Money, metadata: &Metadata) -> Self {
        let (account_id, payee) = (payer.clone(), payee.clone());
        let outgoing = Outgoing { account_id, transfer_id: metadata.command_id.into(), payee, amount };
        Self::ReserveMoney { outgoing: Box::new(outgoing), pin: None }
    }

    /// The transfer that it begins, if it does.
    pub(in crate::bank) fn begun_transfer(&self) -> Option<TransferId> {
        match self {
            Self::ReserveMoney { outgoing, .. } => Some(outgoing.transfer_id),
            Self::CreateAccount { .. }
            | Self::DepositMoney { .. }
            | Self::WithdrawMoney { .. }
            | Self::UnlockAccount { .. }
            | Self::CreditTransfer(_)
            | Self::SettleTransfer { .. }
            | Self::ReleaseTransfer { .. } => None,
        }
    }
}
