//! An account's state as a snapshot keeps it.

use serde::{Deserialize, Serialize};

use super::pin_lock::PinLock;
use super::transfer::{Outgoing, Reservations};
use super::{AccountId, Money};

/// The form of the text. A snapshot of another form is not read: the events are replayed instead.
const FORM: u16 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountSnapshot {
    form: u16,
    pub(super) account_id: AccountId,
    pub(super) balance: Money,
    pub(super) lock: PinLock,
    reservations: Vec<Outgoing>,
}

impl AccountSnapshot {
    pub(super) fn new(account_id: &AccountId, balance: Money, lock: &PinLock, reservations: &Reservations) -> Self {
        let reservations = reservations.open().cloned().collect();
        Self { form: FORM, account_id: account_id.clone(), balance, lock: lock.clone(), reservations }
    }

    pub(super) fn to_text(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|snapshot: &Self| snapshot.form == FORM)
    }

    pub(super) fn reservations(&self) -> Reservations {
        Reservations::of(self.reservations.iter().cloned())
    }
}
