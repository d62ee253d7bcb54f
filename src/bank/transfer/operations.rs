//! Transfers as a bank offers them.

use tokio::time::Instant;

use super::{Ending, Outgoing, ReleaseReason, TransferId, TransferProcess, TransferRecord, TransferState};
use crate::bank::errors::{QueryError, TransferError};
use crate::bank::{AccountCommand, AccountEvent, AccountId, Bank, Moment, Money, Pin, Receipt};
use crate::engine::application::{Base, Seen};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::{Metadata, Position, RecordedEvent};
use crate::engine::process_manager::ProcessManager as _;
use crate::engine::store::subscription::Subscription;

type Event = RecordedEvent<AccountEvent>;

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
    pub async fn transfer(
        &self,
        payer: &AccountId,
        payee: &AccountId,
        amount: Money,
        pin: Option<Pin>,
    ) -> Result<TransferOutcome, TransferError> {
        let conversation = self.start_conversation();
        let command = AccountCommand::begin_transfer(payer, payee, amount, conversation.metadata());
        let receipt = self.send_with_pin(command, pin, conversation).await?.outcome().await?;
        self.transfer_outcome(receipt)
    }

    /// What has become of a transfer whose reservation was handled.
    ///
    /// # Errors
    ///
    /// [`TransferError`]: why no money has moved.
    pub fn transfer_outcome(&self, receipt: Receipt) -> Result<TransferOutcome, TransferError> {
        let outgoing = match receipt.events().first().map(|event| &event.data) {
            Some(AccountEvent::MoneyReserved(outgoing)) => outgoing,
            Some(AccountEvent::AccountOverdrawn { balance, .. }) => {
                return Err(TransferError::Overdrawn { balance: *balance });
            }
            _ => return Err(TransferError::WrongPin),
        };
        let transfer_id = outgoing.transfer_id;
        let state = self.own.transfers.read(|transfers| {
            let record = transfers.transfer(transfer_id);
            record.and_then(|record| record.state_at(Moment::NOW)).unwrap_or(TransferState::Reserved)
        });
        match state {
            TransferState::Ended(Ending::Released(ReleaseReason::NoPayee)) => Err(TransferError::NoPayee),
            TransferState::Ended(Ending::Released(ReleaseReason::BalanceLimit)) => Err(TransferError::BalanceLimit),
            state => Ok(TransferOutcome { transfer_id, state, receipt }),
        }
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

/// Where another process runs transfers, nothing here is waited for that knows of their ends: the log does.
pub(in crate::bank) async fn transfer_seen(
    bank: &Base<AccountEvent>,
    consistency: Consistency,
    receipt: Receipt,
) -> Receipt {
    let Some(outgoing) = begun_transfer(receipt.events()) else { return receipt };
    let nobody_waits = consistency == Consistency::Eventual || !receipt.lagging().is_empty();
    if nobody_waits || !runs_elsewhere(bank) {
        return receipt;
    }
    let (up_to, deadline) = (receipt.seen_up_to(), receipt.deadline());
    let max_wait = deadline.saturating_duration_since(Instant::now());
    let end = bank.supervisor.timeout(max_wait, end_of(bank, outgoing.transfer_id, up_to)).await.flatten();
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

/// The transfer that a command's events begin, if they do.
fn begun_transfer(events: &[Event]) -> Option<&Outgoing> {
    match events.first().map(|event| &event.data) {
        Some(AccountEvent::MoneyReserved(outgoing)) => Some(outgoing),
        _ => None,
    }
}

impl AccountCommand {
    /// The command that begins a transfer. The transfer's id is the command's, by whatever way it is sent.
    pub fn begin_transfer(payer: &AccountId, payee: &AccountId, amount: Money, metadata: &Metadata) -> Self {
        let (account_id, payee) = (payer.clone(), payee.clone());
        let outgoing = Outgoing { account_id, transfer_id: metadata.command_id.into(), payee, amount };
        Self::ReserveMoney { outgoing: Box::new(outgoing), pin: None }
    }
}
