//! Queries on the stream of one account: its events, and its past balances.
//!
//! Every answer is folded from the stream, without a read model, and from the last snapshot before the requested part.

use crate::bank::errors::{CheckBalanceError, Unavailable};
use crate::bank::{Account, AccountEvent, AccountId, Balance, Bank};
use crate::engine::domain::Aggregate;
use crate::engine::log::{Moment, Position, RecordedEvent, StreamId};

type Event = RecordedEvent<AccountEvent>;

impl Bank {
    /// At most `limit` events of an account, from the position `from` on.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the log could not be read.
    pub async fn account_events(
        &self,
        account: &AccountId,
        from: Position,
        limit: usize,
    ) -> Result<Vec<Event>, Unavailable> {
        self.stream_events(&stream_of(account), from, limit).await
    }

    /// An account as its events have made it, now or at a moment in the past: its balance, and what it may do.
    ///
    /// # Errors
    ///
    /// [`CheckBalanceError`]: why the account could not be read. One that did not exist yet is
    /// [`CheckBalanceError::NoAccount`].
    pub async fn account(&self, account: &AccountId, moment: Option<Moment>) -> Result<Account, CheckBalanceError> {
        self.has_happened(moment).await?;
        let state: Account = self.state_up_to(&stream_of(account), moment.unwrap_or(Moment::NOW)).await?;
        if state.balance().is_some() { Ok(state) } else { Err(CheckBalanceError::NoAccount) }
    }

    /// The balance of an account at a moment in the past.
    ///
    /// # Errors
    ///
    /// [`CheckBalanceError`]: why the balance could not be read. An account that did not exist yet is
    /// [`CheckBalanceError::NoAccount`].
    pub async fn check_balance_at(&self, account: &AccountId, moment: Moment) -> Result<Balance, CheckBalanceError> {
        self.account(account, Some(moment)).await?.balance().ok_or(CheckBalanceError::NoAccount)
    }
}

pub(in crate::bank) fn stream_of(account: &AccountId) -> StreamId {
    StreamId::new(Account::CATEGORY, account)
}
