//! Explaining a balance.

use crate::bank::account::CREATE_ACCOUNT;
use crate::bank::errors::CheckBalanceError;
use crate::bank::queries::account_stream::stream_of;
use crate::bank::{Account, AccountEvent, AccountId, Balance, Bank, Cause, Moment, Movement, Unavailable};
use crate::engine::domain::Aggregate as _;
use crate::engine::log::{Position, RecordedEvent, Version};
use crate::engine::store::{EventStore as _, MAX_READ};

/// The number of events read beyond the movements still missing, since some events move no money.
const EXTRA_EVENTS: usize = 32;

/// The last version that a command which creates an account can lead to.
const LAST_OPENING_VERSION: Version = Version::new(3);

/// An event that moved a balance, and its cause.
#[derive(Clone, Debug)]
pub struct Reason {
    /// The event.
    pub event: RecordedEvent<AccountEvent>,
    /// The change of the balance.
    pub movement: Movement,
    /// The balance after the event.
    pub balance: Balance,
    /// The title of the event's command.
    pub command: &'static str,
    /// The cause of the event's command.
    pub cause: Cause,
    /// The position of the booking that the event reverses, or helps to reverse.
    pub reverses: Option<Position>,
}

impl Bank {
    /// The last `limit` events that moved an account's balance, up to a moment, each with the cause of its command.
    ///
    /// # Errors
    ///
    /// [`CheckBalanceError`]: why the balance could not be explained.
    pub async fn why(
        &self,
        account: &AccountId,
        until: Option<Moment>,
        limit: usize,
    ) -> Result<Vec<Reason>, CheckBalanceError> {
        self.has_happened(until).await?;
        let until = until.unwrap_or(Moment::NOW);
        let end = self.version_at(&stream_of(account), until).await?;
        let moved = self.last_movements(account, end, limit).await?;
        let before = moved.first().map_or(until, |first| Moment::Position(first.position.before()));
        let mut state: Account = self.state_up_to(&stream_of(account), before).await?;
        let mut reasons = Vec::with_capacity(moved.len());
        for event in moved {
            state.apply(&event.data);
            if let (Some(movement), Some(balance)) = (event.data.movement(), state.balance()) {
                let cause = self.cause(&event).await?;
                let command = self.command_title(&event).await?;
                let reversed = event.data.reversal_of().into_iter().collect();
                let reverses = self.positions_of_bookings(reversed).await?.pop().flatten();
                reasons.push(Reason { event, movement, balance, command, cause, reverses });
            }
        }
        if state.balance().is_none() {
            return Err(CheckBalanceError::NoAccount);
        }
        Ok(reasons)
    }

    /// The title of an event's command. The first deposit may have come with the creation.
    async fn command_title(&self, event: &RecordedEvent<AccountEvent>) -> Result<&'static str, Unavailable> {
        let may_be_opening = event.version <= LAST_OPENING_VERSION;
        if may_be_opening && matches!(event.data, AccountEvent::MoneyDeposited { .. }) {
            let created = self.store().read_stream(&event.stream, Version::START, 1).await;
            let created = self.or_unavailable(created).await?;
            if created.first().is_some_and(|created| created.metadata.command_id == event.metadata.command_id) {
                return Ok(CREATE_ACCOUNT);
            }
        }
        Ok(event.data.command_title())
    }

    /// The last `limit` events that moved an account's balance, up to a version of its stream. Reads the stream
    /// backwards.
    async fn last_movements(
        &self,
        account: &AccountId,
        end: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent<AccountEvent>>, Unavailable> {
        let stream = stream_of(account);
        let (mut moved, mut end) = (Vec::new(), end.get());
        while moved.len() < limit && end > 0 {
            let wanted = (limit - moved.len()).saturating_add(EXTRA_EVENTS).min(MAX_READ);
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
