//! Why a balance is what it is.

use crate::bank::errors::CheckBalanceError;
use crate::bank::queries::statement::stream_of;
use crate::bank::{Account, AccountEvent, AccountId, Bank, Cause, Moment, Money, Movement, Unavailable};
use crate::engine::domain::Aggregate as _;
use crate::engine::log::{RecordedEvent, Version};
use crate::engine::store::{EventStore as _, MAX_READ};

/// So many more events are read at once than movements are looked for.
const SPARE: usize = 32;

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
        let end = self.version_at(&stream_of(account), until).await?;
        let moved = self.last_moved(account, end, limit).await?;
        let before = moved.first().map_or(until, |first| Moment::Position(first.position.before()));
        let mut state: Account = self.state_up_to(&stream_of(account), before).await?;
        let mut reasons = Vec::with_capacity(moved.len());
        for event in moved {
            state.apply(&event.data);
            if let (Some(movement), Some(balance)) = (event.data.movement(), state.balance()) {
                let cause = self.cause(&event).await?;
                reasons.push(Reason { event, movement, balance, cause });
            }
        }
        if state.balance().is_none() {
            return Err(CheckBalanceError::NoAccount);
        }
        Ok(reasons)
    }

    /// The last `limit` events that have moved an account's balance, up to a version of its stream. They are looked
    /// for from there backwards.
    async fn last_moved(
        &self,
        account: &AccountId,
        end: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent<AccountEvent>>, Unavailable> {
        let stream = stream_of(account);
        let (mut moved, mut end) = (Vec::new(), end.get());
        while moved.len() < limit && end > 0 {
            // Some events move nothing: a few more are read at once than are still missing.
            let wanted = (limit - moved.len()).saturating_add(SPARE).min(MAX_READ);
            let after = end.saturating_sub(wanted as u64);
            let page = self.store().read_stream(&stream, Version::new(after), wanted).await;
            let page = self.or_unavailable(page).await?;
            let page = page.iter().filter(|event| event.version.get() <= end);
            let found = page.rev().filter(|event| event.data.movement().is_some());
            moved.extend(found.take(limit - moved.len()).cloned());
            end = after;
        }
        moved.reverse();
        Ok(moved)
    }
}
