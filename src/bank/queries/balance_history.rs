//! The balance of an account over time.

use super::stream_of;
use crate::bank::errors::CheckBalanceError;
use crate::bank::{Account, AccountId, Balance, Bank};
use crate::engine::domain::Aggregate as _;
use crate::engine::log::{Moment, Position, Timestamp, Version};

/// A balance, from an event on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalanceAt {
    /// The event's position.
    pub position: Position,
    /// Its time.
    pub time: Timestamp,
    /// The balance after it.
    pub balance: Balance,
}

impl Bank {
    /// The balance of an account after each of its last `limit` events.
    ///
    /// # Errors
    ///
    /// [`CheckBalanceError`]: why there is none.
    pub async fn balance_history(
        &self,
        account: &AccountId,
        limit: usize,
    ) -> Result<Vec<BalanceAt>, CheckBalanceError> {
        let stream = stream_of(account);
        let events = self.latest_events(Some(&stream), limit).await?;
        let Some(first) = events.first() else { return Err(CheckBalanceError::NoAccount) };
        let mut account = match first.version.before() {
            Version::START => Account::default(),
            _ => self.state_up_to(&stream, Moment::Position(first.position.before())).await?,
        };
        let mut history = Vec::new();
        for event in &events {
            account.apply(&event.data);
            let balance = account.balance();
            history.extend(balance.map(|balance| BalanceAt { position: event.position, time: event.time, balance }));
        }
        Ok(history)
    }
}
