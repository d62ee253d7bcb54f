//! What has become of an account since its creation, for the account list.

use serde::{Deserialize, Serialize};

use super::events::AccountEvent;
use crate::engine::log::{Moment, Position, RecordedEvent, Timestamp};

/// A stored row of the account list: what has changed about an account. Most accounts have none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LaterChanges {
    /// When the account was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed: Option<(Position, Timestamp)>,
}

impl LaterChanges {
    /// Whether an event changes what the account list shows.
    pub(super) fn concerns(event: &AccountEvent) -> bool {
        matches!(event, AccountEvent::AccountClosed { .. })
    }

    pub(super) fn apply(&mut self, event: &RecordedEvent<AccountEvent>) {
        if let AccountEvent::AccountClosed { .. } = &event.data {
            self.closed = Some((event.position, event.time));
        }
    }

    /// The position at which the account was closed, if that was not after the moment.
    pub(super) fn closed_at(&self, moment: Moment) -> Option<Position> {
        self.closed.filter(|(position, time)| moment.includes(*position, *time)).map(|(position, _)| position)
    }
}
