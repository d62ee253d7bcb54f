//! Queries on the stream of one account: its events, its past balances and its statement.
//!
//! Every answer is folded from the stream, without a read model, and from the last snapshot before the requested part.

use crate::bank::errors::{CheckBalanceError, Unavailable};
use crate::bank::{Account, AccountEvent, AccountId, Balance, Bank, Money};
use crate::engine::domain::{Aggregate, DomainEvent};
use crate::engine::log::{Moment, Position, RecordedEvent, StreamId, Timestamp};

type Event = RecordedEvent<AccountEvent>;

/// A line of an account's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// The position of the event.
    pub position: Position,
    /// The time of the event.
    pub time: Timestamp,
    /// The event's title in the trace.
    pub what: &'static str,
    /// The amount in the event, if any, moved or not.
    pub amount: Option<Money>,
    /// The balance after the event.
    pub balance: Balance,
}

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

    /// The balance of an account at a moment in the past.
    ///
    /// # Errors
    ///
    /// [`CheckBalanceError`]: why the balance could not be read. An account that did not exist yet is
    /// [`CheckBalanceError::NoAccount`].
    pub async fn check_balance_at(&self, account: &AccountId, moment: Moment) -> Result<Balance, CheckBalanceError> {
        self.has_happened(Some(moment)).await?;
        let state: Account = self.state_up_to(&stream_of(account), moment).await?;
        state.balance().ok_or(CheckBalanceError::NoAccount)
    }

    /// The statement of an account: at most `limit` lines, from the position `from` up to a moment.
    ///
    /// # Errors
    ///
    /// [`CheckBalanceError`]: why the statement could not be read.
    pub async fn statement(
        &self,
        account: &AccountId,
        from: Position,
        until: Option<Moment>,
        limit: usize,
    ) -> Result<Vec<StatementLine>, CheckBalanceError> {
        self.has_happened(until).await?;
        let (stream, before) = (stream_of(account), Moment::Position(from.before()));
        if let Some(moment) = until
            && self.version_at(&stream, moment).await? <= self.version_at(&stream, before).await?
        {
            let state: Account = self.state_up_to(&stream, moment).await?;
            return state.balance().map(|_| Vec::new()).ok_or(CheckBalanceError::NoAccount);
        }
        let (mut state, events) = self.snapshot_at::<Account>(&stream, before).await?;
        let mut lines = Vec::new();
        self.visit(&stream, events, |event| {
            if until.is_some_and(|moment| !moment.is_after(event)) {
                return false;
            }
            state.apply(&event.data);
            if event.position >= from && lines.len() < limit {
                lines.extend(line(event, &state));
            }
            lines.len() < limit
        })
        .await?;
        if state.balance().is_none() {
            return Err(CheckBalanceError::NoAccount);
        }
        Ok(lines)
    }
}

pub(in crate::bank) fn stream_of(account: &AccountId) -> StreamId {
    StreamId::new(Account::CATEGORY, account)
}

fn line(event: &Event, after: &Account) -> Option<StatementLine> {
    let amount = event.data.amount();
    let (position, time, what) = (event.position, event.time, event.data.title());
    after.balance().map(|balance| StatementLine { position, time, what, amount, balance })
}
