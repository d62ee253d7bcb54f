//! What has become of an account since its creation, for the account list.

use arcstr::ArcStr;
use serde::{Deserialize, Serialize};

use super::balance::OverdraftLimit;
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
    /// The e-mail addresses that were set after the creation, in order; `None` where one was removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    emails: Vec<Since<Option<EmailAddress>>>,
    /// When the account was frozen (`true`) and when that ended, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    freezes: Vec<Since<bool>>,
    /// The overdraft limits that were set, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    limits: Vec<Since<OverdraftLimit>>,
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
    /// The last one up to a moment.
    fn last(values: &[Self], moment: Moment) -> Option<&Self> {
        values.iter().rfind(|since| moment.includes(since.position, since.time))
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
                | AccountEvent::AccountFrozen { .. }
                | AccountEvent::AccountUnfrozen { .. }
                | AccountEvent::OverdraftLimitSet { .. }
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
            AccountEvent::AccountFrozen { .. } => self.freezes.push(Since { position, time, value: true }),
            AccountEvent::AccountUnfrozen { .. } => self.freezes.push(Since { position, time, value: false }),
            AccountEvent::OverdraftLimitSet { limit, .. } => self.limits.push(Since { position, time, value: *limit }),
            _ => {}
        }
    }

    /// The holder at a moment, if another one was named by then.
    pub(super) fn holder_at(&self, moment: Moment) -> Option<&ArcStr> {
        Since::last(&self.holders, moment).map(|since| since.value.shared_name())
    }

    /// The e-mail address at a moment, or that there is none any more, if one was set or removed by then.
    pub(super) fn email_at(&self, moment: Moment) -> Option<Option<&EmailAddress>> {
        Since::last(&self.emails, moment).map(|since| since.value.as_ref())
    }

    /// The position at which the account was frozen, if it is at a moment.
    pub(super) fn frozen_at(&self, moment: Moment) -> Option<Position> {
        Since::last(&self.freezes, moment).filter(|since| since.value).map(|since| since.position)
    }

    /// The overdraft limit at a moment.
    pub(super) fn overdraft_limit_at(&self, moment: Moment) -> OverdraftLimit {
        Since::last(&self.limits, moment).map_or(OverdraftLimit::NONE, |since| since.value)
    }

    pub(super) fn pin_changed(&self) -> Option<Version> {
        self.pin_changed
    }

    /// The position at which the account was closed, if that was not after the moment.
    pub(super) fn closed_at(&self, moment: Moment) -> Option<Position> {
        self.closed.filter(|(position, time)| moment.includes(*position, *time)).map(|(position, _)| position)
    }
}
