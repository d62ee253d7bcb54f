//! The snapshot of an account.

use serde::{Deserialize, Serialize};

use crate::bank::account::pin_lock::PinLock;
use crate::bank::account::reservations::Reservations;
use crate::bank::account::standing::Standing;
use crate::bank::account::transfer::Outgoing;
use crate::bank::{AccountId, Balance, OverdraftLimit};

/// The version of the format. A snapshot of another version is ignored, and the events are replayed.
const FORMAT_VERSION: u16 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::bank) struct AccountSnapshot {
    form: u16,
    pub(in crate::bank) account_id: AccountId,
    pub(in crate::bank) balance: Balance,
    #[serde(default, skip_serializing_if = "OverdraftLimit::is_none")]
    pub(in crate::bank) overdraft_limit: OverdraftLimit,
    #[serde(default, skip_serializing_if = "Standing::is_normal")]
    pub(in crate::bank) standing: Standing,
    pub(in crate::bank) lock: PinLock,
    reservations: Vec<Outgoing>,
}

impl AccountSnapshot {
    pub(in crate::bank) fn new(
        account_id: &AccountId,
        balance: Balance,
        overdraft_limit: OverdraftLimit,
        standing: Standing,
        lock: &PinLock,
        reservations: &Reservations,
    ) -> Self {
        let reservations = reservations.open().cloned().collect();
        Self {
            form: FORMAT_VERSION,
            account_id: account_id.clone(),
            balance,
            overdraft_limit,
            standing,
            lock: lock.clone(),
            reservations,
        }
    }

    pub(in crate::bank) fn to_text(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    pub(in crate::bank) fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|snapshot: &Self| snapshot.form == FORMAT_VERSION)
    }

    pub(in crate::bank) fn reservations(&self) -> Reservations {
        Reservations::restore(self.reservations.iter().cloned())
    }
}
