//! Why a balance is what it is.

use super::errors::CheckBalanceError;
use super::{Account, AccountEvent, AccountId, Bank, Moment, Money, Movement, Unavailable};
use crate::engine::aggregate::Aggregate as _;
use crate::engine::event::RecordedEvent;

/// An event that moved a balance, and what was behind it.
#[derive(Clone, Debug)]
pub struct Reason {
    /// The event.
    pub event: RecordedEvent<AccountEvent>,
    /// What it did to the balance.
    pub movement: Movement,
    /// The balance after it.
    pub balance: Money,
    /// What caused the command behind it.
    pub cause: Cause,
}

/// What causes a command.
#[derive(Clone, Debug)]
pub enum Cause {
    /// Somebody outside asked for it.
    Request,
    /// A process manager has sent it in answer to this event.
    Event(Box<RecordedEvent<AccountEvent>>),
    /// The log does not say.
    Unknown,
}

impl Bank {
    /// Every event that moved an account's balance, up to a moment, with the command behind it and what caused
    /// that: at most the last `limit` of them.
    ///
    /// # Errors
    ///
    /// [`CheckBalanceError`]: why there is no balance to explain.
    pub async fn why(
        &self,
        account: &AccountId,
        until: Option<Moment>,
        limit: usize,
    ) -> Result<Vec<Reason>, CheckBalanceError> {
        self.has_happened(until).await?;
        let until = until.unwrap_or(Moment::NOW);
        let mut state = Account::default();
        let mut moved = std::collections::VecDeque::new();
        self.visit(account, |event| {
            let happened = until.is_after(event);
            if happened {
                state.apply(&event.data);
                if let (Some(movement), Some(balance)) = (event.data.movement(), state.balance()) {
                    if moved.len() == limit {
                        moved.pop_front();
                    }
                    moved.push_back((event.clone(), movement, balance));
                }
            }
            happened
        })
        .await?;
        if state.balance().is_none() {
            return Err(CheckBalanceError::NoAccount);
        }
        let mut reasons = Vec::with_capacity(moved.len());
        for (event, movement, balance) in moved {
            let cause = self.cause(&event).await?;
            reasons.push(Reason { event, movement, balance, cause });
        }
        Ok(reasons)
    }

    async fn cause(&self, event: &RecordedEvent<AccountEvent>) -> Result<Cause, Unavailable> {
        let metadata = event.metadata;
        if metadata.causation_id == metadata.command_id {
            return Ok(Cause::Request);
        }
        let caused = self.event_store().read_command(metadata.causation_id).await;
        let caused = self.or_unavailable(caused).await?;
        let first = caused.and_then(|events| events.first().cloned());
        Ok(first.map_or(Cause::Unknown, |event| Cause::Event(Box::new(event))))
    }
}
