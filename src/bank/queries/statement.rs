//! The past: the log itself, what an account held at a moment, and its statement.
//!
//! Every answer is folded from the events up to that moment; no read model is asked. What lies before the part that is
//! asked for is not read: the last snapshot before it stands for that.

use crate::bank::errors::{CheckBalanceError, Unavailable};
use crate::bank::{Account, AccountEvent, AccountId, Bank, Money};
use crate::engine::domain::{Aggregate, DomainEvent};
use crate::engine::log::{Moment, Position, RecordedEvent, StreamId, Timestamp};

type Event = RecordedEvent<AccountEvent>;

/// A line of an account's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// Where the event stands in the log.
    pub position: Position,
    /// When it happened.
    pub time: Timestamp,
    /// What happened, as the trace names it.
    pub what: &'static str,
    /// The amount that was asked for; nothing where no money was.
    pub amount: Option<Money>,
    /// What the account held afterwards.
    pub balance: Money,
}

impl Bank {
    /// Reads the log of one account: at most `limit` events, from the position `from` on.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn account_events(
        &self,
        account: &AccountId,
        from: Position,
        limit: usize,
    ) -> Result<Vec<Event>, Unavailable> {
        self.stream_events(&stream_of(account), from, limit).await
    }

    /// What an account held at a moment in the past.
    ///
    /// # Errors
    ///
    /// [`CheckBalanceError`]: why there is no balance to tell; an account that did not exist yet is none.
    pub async fn check_balance_at(&self, account: &AccountId, moment: Moment) -> Result<Money, CheckBalanceError> {
        self.has_happened(Some(moment)).await?;
        let state: Account = self.state_up_to(&stream_of(account), moment).await?;
        state.balance().ok_or(CheckBalanceError::NoAccount)
    }

    /// What happened to an account and to its balance: at most `limit` lines, from the position `from` up to
    /// a moment in the past.
    ///
    /// # Errors
    ///
    /// [`CheckBalanceError`]: why there is no statement.
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
            let then: Account = self.state_up_to(&stream, moment).await?;
            return then.balance().map(|_| Vec::new()).ok_or(CheckBalanceError::NoAccount);
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
