//! The snapshot of an account.

use serde::{Deserialize, Serialize};

use crate::bank::account::pin_lock::PinLock;
use crate::bank::account::reservations::Reservations;
use crate::bank::account::reversal::ReversedCommands;
use crate::bank::account::standing::Standing;
use crate::bank::account::transfer::Outgoing;
use crate::bank::{AccountId, Balance, OverdraftLimit};

/// The versions of the format. A snapshot of another version is ignored, and the events are replayed.
const FORMAT_VERSION: u16 = 1;
/// With reservations that have details, or with reversals. Programs that know version 1 only would lose them.
const WITH_DETAILS: u16 = 2;

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
    #[serde(default, skip_serializing_if = "ReversedCommands::are_none")]
    pub(in crate::bank) reversed: ReversedCommands,
}

impl AccountSnapshot {
    pub(in crate::bank) fn new(
        account_id: &AccountId,
        balance: Balance,
        overdraft_limit: OverdraftLimit,
        standing: Standing,
        lock: &PinLock,
        reservations: &Reservations,
        reversed: &ReversedCommands,
    ) -> Self {
        let reservations: Vec<Outgoing> = reservations.open().cloned().collect();
        let has_details = reservations.iter().any(|outgoing| !outgoing.details.are_none());
        let form = if has_details || !reversed.are_none() { WITH_DETAILS } else { FORMAT_VERSION };
        Self {
            form,
            account_id: account_id.clone(),
            balance,
            overdraft_limit,
            standing,
            lock: lock.clone(),
            reservations,
            reversed: reversed.clone(),
        }
    }

    pub(in crate::bank) fn to_text(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    pub(in crate::bank) fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|snapshot: &Self| matches!(snapshot.form, FORMAT_VERSION | WITH_DETAILS))
    }

    pub(in crate::bank) fn reservations(&self) -> Reservations {
        Reservations::restore(self.reservations.iter().cloned())
    }
}
