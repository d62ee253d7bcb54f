//! Transfers as a bank offers them.

use tokio::time::Instant;

use super::{Ending, Outgoing, ReleaseReason, TransferId, TransferProcess, TransferRecord, TransferState, Transfers};
use crate::bank::errors::{TransferError, Unavailable};
use crate::bank::receipt::Seen;
use crate::bank::{AccountCommand, AccountEvent, AccountId, Bank, Moment, Money, Pin, Receipt};
use crate::engine::checkpoints::{Consistency, MAX_WAIT};
use crate::engine::event::Position;
use crate::engine::process_manager::ProcessManager as _;

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
        let metadata = self.start_conversation();
        let command = reserve(payer, payee, amount, metadata.command_id.into());
        let receipt = self.send_with_pin(command, pin, metadata).await?.outcome().await?;
        let receipt = self.transfer_ended(receipt).await;
        self.transfer_outcome(receipt)
    }

    /// Waits until a transfer whose reservation was handled has ended, where the process that carries it out runs in
    /// another process of the operating system: under strong consistency, and [`MAX_WAIT`] at the most. Otherwise
    /// the receipt is there when it has ended.
    pub async fn transfer_ended(&self, receipt: Receipt) -> Receipt {
        let Some(AccountEvent::MoneyReserved(outgoing)) = receipt.events().first().map(|event| &event.data) else {
            return receipt;
        };
        let transfer_id = outgoing.transfer_id;
        let has_ended = || self.ended_at(transfer_id).is_some();
        if self.consistency == Consistency::Eventual || has_ended() || !self.is_carried_out_elsewhere() {
            return receipt;
        }
        // In a box, for mostly nobody waits here.
        let seen = Box::pin(async {
            tokio::select! {
                seen = self.wait_for_another(transfer_id, &receipt) => seen,
                _ = self.inner.supervisor.stopped() => None,
            }
        });
        let seen = seen.await.unwrap_or_else(|| {
            let (up_to, mut lagging) = (receipt.seen_up_to(), receipt.lagging().to_vec());
            lagging.push(TransferProcess::NAME);
            Seen { up_to, lagging }
        });
        receipt.after_waiting(seen)
    }

    /// Waits for what another process does; or for this one, if it takes over meanwhile.
    async fn wait_for_another(&self, transfer_id: TransferId, receipt: &Receipt) -> Option<Seen> {
        let checkpoints = &self.inner.checkpoints;
        let deadline = Instant::now() + MAX_WAIT;
        loop {
            // Whatever happens after this is waited for below.
            let passed = checkpoints.passed();
            if let Some(up_to) = self.ended_at(transfer_id) {
                let up_to = up_to.max(receipt.seen_up_to());
                return Some(Seen { up_to, lagging: receipt.lagging().to_vec() });
            }
            if !self.is_carried_out_elsewhere() {
                let end = self.event_store().end().await.ok()?;
                return Some(self.conversation_seen(receipt.events().first()?.metadata, end).await);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            checkpoints.wait(passed.next(), left).await;
        }
    }

    fn ended_at(&self, transfer_id: TransferId) -> Option<Position> {
        let ended = |transfers: &Transfers| transfers.transfer(transfer_id)?.ended.map(|(step, _)| step.position);
        self.inner.transfers.read(ended)
    }

    fn is_carried_out_elsewhere(&self) -> bool {
        !self.inner.lease.is_held() || self.inner.checkpoints.is_elsewhere(TransferProcess::NAME)
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
        let state = self.inner.transfers.read(|transfers| {
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
    /// [`Unavailable`]: the bank cannot serve.
    #[expect(clippy::unused_async, reason = "a query is awaited like every other operation")]
    pub async fn transfers(
        &self,
        from: Position,
        limit: usize,
        moment: Option<Moment>,
    ) -> Result<Vec<TransferRecord>, Unavailable> {
        self.still_open()?;
        let until = moment.unwrap_or(Moment::NOW);
        Ok(self.inner.transfers.read(|transfers| {
            let begun = transfers.between(from, until);
            begun[..begun.len().min(limit)].to_vec()
        }))
    }
}

/// The command that begins a transfer. Its id is to be the transfer's.
fn reserve(payer: &AccountId, payee: &AccountId, amount: Money, transfer_id: TransferId) -> AccountCommand {
    let outgoing = Outgoing { account_id: payer.clone(), transfer_id, payee: payee.clone(), amount };
    AccountCommand::ReserveMoney { outgoing: Box::new(outgoing), pin: None }
}
