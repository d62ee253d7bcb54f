//! Transfers as a bank offers them.

use tokio::time::Instant;

use super::{Ending, Outgoing, ReleaseReason, TransferId, TransferProcess, TransferRecord, TransferState};
use crate::bank::errors::{NotTransferred, QueryError, TransferError};
use crate::bank::handle::Own;
use crate::bank::operation::{Asked, Operation};
use crate::bank::{AccountCommand, AccountEvent, AccountId, Bank, Moment, Money, Pin, Receipt};
use crate::engine::application::{Base, Seen};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::{Metadata, Position};
use crate::engine::process_manager::ProcessManager as _;
use crate::engine::store::subscription::Subscription;

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
        self.caught_up_to(moment).await?;
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

/// Where another process runs transfers, nothing here is waited for that knows of their ends: the log does.
pub(in crate::bank) async fn transfer_seen(
    bank: &Base<AccountEvent>,
    consistency: Consistency,
    transfer_id: TransferId,
    receipt: Receipt,
) -> Receipt {
    let is_reserved = receipt.events().first().is_some_and(
        |event| matches!(&event.data, AccountEvent::MoneyReserved(outgoing) if outgoing.transfer_id == transfer_id),
    );
    let nobody_waits = !is_reserved || consistency == Consistency::Eventual || !receipt.lagging().is_empty();
    if nobody_waits || !runs_elsewhere(bank) {
        return receipt;
    }
    let (up_to, deadline) = (receipt.seen_up_to(), receipt.deadline());
    let max_wait = deadline.saturating_duration_since(Instant::now());
    let end = bank.supervisor.timeout(max_wait, end_of(bank, transfer_id, up_to)).await.flatten();
    let (up_to, lagging) = match end {
        Some(end) => (end, bank.seen_by_all(end, deadline).await),
        None => (up_to, vec![TransferProcess::NAME]),
    };
    receipt.and_seen(Seen { up_to, lagging, deadline: Some(deadline) })
}

fn runs_elsewhere(bank: &Base<AccountEvent>) -> bool {
    let handlers = bank.checkpoints.handlers();
    handlers.iter().any(|handler| handler.name == TransferProcess::NAME && handler.condition.elsewhere)
}

/// Reads the log on until a transfer has ended there.
async fn end_of(bank: &Base<AccountEvent>, transfer_id: TransferId, after: Position) -> Option<Position> {
    let mut log = Subscription::after(bank.store.clone(), after);
    loop {
        let events = log.next().await.ok()?;
        if let Some(end) = events.iter().find(|event| event.data.ends(transfer_id)) {
            return Some(end.position);
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
