//! What has become of an account since its creation, for the account list.

use arcstr::ArcStr;

use serde::{Deserialize, Serialize};

use super::email_address::EmailAddress;
use super::events::AccountEvent;
use super::holder::HolderName;
use crate::engine::log::{Moment, Position, RecordedEvent, Timestamp, Version};

/// A stored row of the account list: what has changed about an account. Most accounts have none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LaterChanges {
    /// When the account was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed: Option<(Position, Timestamp)>,
    /// The holders that were named after the creation, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    holders: Vec<Since<HolderName>>,
    /// The e-mail addresses that were set after the creation, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    emails: Vec<Since<EmailAddress>>,
    /// Which event of the account replaced the PIN last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pin_changed: Option<Version>,
}

/// What holds from an event on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Since<T> {
    position: Position,
    time: Timestamp,
    value: T,
}

impl<T> Since<T> {
    /// The last value up to a moment.
    fn last(values: &[Self], moment: Moment) -> Option<&T> {
        values.iter().rfind(|since| moment.includes(since.position, since.time)).map(|since| &since.value)
    }
}

impl LaterChanges {
    /// Whether an event changes what the account list shows.
    pub(super) fn concerns(event: &AccountEvent) -> bool {
        matches!(
            event,
            AccountEvent::AccountClosed { .. }
                | AccountEvent::HolderChanged { .. }
                | AccountEvent::EmailChanged { .. }
                | AccountEvent::PinChanged { .. }
        )
    }

    pub(super) fn apply(&mut self, event: &RecordedEvent<AccountEvent>) {
        let (position, time) = (event.position, event.time);
        match &event.data {
            AccountEvent::AccountClosed { .. } => self.closed = Some((position, time)),
            AccountEvent::HolderChanged { account_holder, .. } => {
                self.holders.push(Since { position, time, value: account_holder.clone() });
            }
            AccountEvent::EmailChanged { email, .. } => {
                self.emails.push(Since { position, time, value: email.clone() })
            }
            AccountEvent::PinChanged { .. } => self.pin_changed = Some(event.version),
            _ => {}
        }
    }

    /// The holder at a moment, if another one was named by then.
    pub(super) fn holder_at(&self, moment: Moment) -> Option<&ArcStr> {
        Since::last(&self.holders, moment).map(HolderName::shared_name)
    }

    /// The e-mail address at a moment, if one was set by then.
    pub(super) fn email_at(&self, moment: Moment) -> Option<&EmailAddress> {
        Since::last(&self.emails, moment)
    }

    pub(super) fn pin_changed(&self) -> Option<Version> {
        self.pin_changed
    }

    /// The position at which the account was closed, if that was not after the moment.
    pub(super) fn closed_at(&self, moment: Moment) -> Option<Position> {
        self.closed.filter(|(position, time)| moment.includes(*position, *time)).map(|(position, _)| position)
    }
}
