//! The past: the log itself, what an account held at a moment, and its statement.
//!
//! Every answer is folded from the events up to that moment; no read model is asked. What lies before the part that is
//! asked for is not read: the last snapshot before it stands for that.

use super::errors::{CheckBalanceError, Unavailable};
use super::{Account, AccountEvent, AccountId, Bank, Money, Receipt};
use crate::engine::aggregate::{Aggregate, restored_from};
use crate::engine::clock::Timestamp;
use crate::engine::event::{Batch, DomainEvent, Position, RecordedEvent, StreamId, Version};
use crate::engine::moment::Moment;
use crate::engine::store::MAX_READ;

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
    /// Reads the log: at most `limit` events, from the one at `from`.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn events(&self, from: Position, limit: usize) -> Result<Vec<Event>, Unavailable> {
        let mut after = from.before();
        let mut events = Vec::new();
        while events.len() < limit {
            let page = self.event_store().read_all(after, limit - events.len()).await;
            let page = self.or_unavailable(page).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            events.extend(page.iter().cloned());
        }
        Ok(events)
    }

    /// The events of a command, and those that process managers have made of them as far as they were waited
    /// for.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn conversation(&self, receipt: &Receipt) -> Result<Vec<Event>, Unavailable> {
        let mut events = receipt.events().to_vec();
        let Some(correlation_id) = events.first().map(|event| event.metadata.correlation_id) else { return Ok(events) };
        let mut after = receipt.position();
        while after < receipt.seen_up_to() {
            let page = self.event_store().read_all(after, MAX_READ).await;
            let page = self.or_unavailable(page).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            let of_conversation = |event: &&Event| event.metadata.correlation_id == correlation_id;
            let seen = page.iter().take_while(|event| event.position <= receipt.seen_up_to());
            events.extend(seen.filter(of_conversation).cloned());
        }
        Ok(events)
    }

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
        let stream = StreamId::new(Account::CATEGORY, account);
        let mut version = self.version_at(account, Moment::Position(from.before())).await?;
        let mut events = Vec::new();
        while events.len() < limit {
            let page = self.event_store().read_stream(&stream, version, limit - events.len()).await;
            let page = self.or_unavailable(page).await?;
            let Some(last) = page.last() else { break };
            version = last.version;
            events.extend(page.iter().cloned());
        }
        Ok(events)
    }

    /// What an account held at a moment in the past.
    ///
    /// # Errors
    ///
    /// [`CheckBalanceError`]: why there is no balance to tell; an account that did not exist yet is none.
    pub async fn check_balance_at(&self, account: &AccountId, moment: Moment) -> Result<Money, CheckBalanceError> {
        self.has_happened(Some(moment)).await?;
        let state = self.account_at(account, moment).await?;
        state.balance().ok_or(CheckBalanceError::NoAccount)
    }

    /// An account as it was at a moment.
    pub(super) async fn account_at(&self, account: &AccountId, moment: Moment) -> Result<Account, Unavailable> {
        let (mut state, events) = self.read_from_snapshot(account, moment).await?;
        self.visit(account, events, |event| {
            let happened = moment.is_after(event);
            if happened {
                state.apply(&event.data);
            }
            happened
        })
        .await?;
        Ok(state)
    }

    /// An account as its last snapshot before a moment has it, and the first events after that.
    async fn read_from_snapshot(
        &self,
        account: &AccountId,
        moment: Moment,
    ) -> Result<(Account, Batch<AccountEvent>), Unavailable> {
        let stream = StreamId::new(Account::CATEGORY, account);
        let read = self.event_store().read_from_snapshot(&stream, moment, MAX_READ).await;
        let (snapshot, page) = self.or_unavailable(read).await?;
        Ok(match snapshot {
            None => (Account::default(), page),
            Some(snapshot) => match restored_from(&stream, &snapshot.state) {
                Some(state) => (state, page),
                None => (Account::default(), self.read_page(&stream, Version::START).await?),
            },
        })
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
        let before = Moment::Position(from.before());
        if let Some(moment) = until
            && self.version_at(account, moment).await? <= self.version_at(account, before).await?
        {
            let then = self.account_at(account, moment).await?;
            return then.balance().map(|_| Vec::new()).ok_or(CheckBalanceError::NoAccount);
        }
        let (mut state, events) = self.read_from_snapshot(account, before).await?;
        let mut lines = Vec::new();
        self.visit(account, events, |event| {
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

    /// How many events an account had at a moment.
    pub(super) async fn version_at(&self, account: &AccountId, moment: Moment) -> Result<Version, Unavailable> {
        let version = self.event_store().stream_version(&StreamId::new(Account::CATEGORY, account), moment).await;
        self.or_unavailable(version).await
    }

    async fn read_page(&self, stream: &StreamId, after: Version) -> Result<Batch<AccountEvent>, Unavailable> {
        let page = self.event_store().read_stream(stream, after, MAX_READ).await;
        self.or_unavailable(page).await
    }

    /// Shows a page of an account's events and those after it in order, as long as they are wanted.
    async fn visit(
        &self,
        account: &AccountId,
        mut page: Batch<AccountEvent>,
        mut wants_more: impl FnMut(&Event) -> bool,
    ) -> Result<(), Unavailable> {
        let stream = StreamId::new(Account::CATEGORY, account);
        while let Some(last) = page.last() {
            if !page.iter().all(&mut wants_more) {
                return Ok(());
            }
            page = self.read_page(&stream, last.version).await?;
        }
        Ok(())
    }
}

fn line(event: &Event, after: &Account) -> Option<StatementLine> {
    let amount = event.data.amount();
    let (position, time, what) = (event.position, event.time, event.data.title());
    after.balance().map(|balance| StatementLine { position, time, what, amount, balance })
}
