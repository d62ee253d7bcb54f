//! The amounts that an account has reserved for transfers under way.

use std::collections::BTreeMap;

use super::refusal::Refusal;
use super::transfer::{Outgoing, TransferId};

/// The maximum number of concurrent transfers from one account.
const MAX_UNDER_WAY: usize = 1_024;

/// The open reservations of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::bank) struct Reservations {
    open: BTreeMap<TransferId, Outgoing>,
    /// In minor units: with overdrafts, it may exceed the largest amount.
    total: u64,
}

impl Reservations {
    /// Restores the reservations of a snapshot.
    pub(in crate::bank) fn restore(open: impl IntoIterator<Item = Outgoing>) -> Self {
        let mut reservations = Self::default();
        open.into_iter().for_each(|outgoing| reservations.add(&outgoing));
        reservations
    }

    /// The sum of all reservations, in minor units.
    pub(in crate::bank) fn total(&self) -> u64 {
        self.total
    }

    /// All reservations.
    pub(in crate::bank) fn open(&self) -> impl Iterator<Item = &Outgoing> {
        self.open.values()
    }

    /// Whether no transfer is under way.
    pub(in crate::bank) fn are_none(&self) -> bool {
        self.open.is_empty()
    }

    /// Refuses a reservation beyond the maximum.
    pub(in crate::bank) fn check_capacity(&self) -> Result<(), Refusal> {
        if self.open.len() < MAX_UNDER_WAY { Ok(()) } else { Err(Refusal::TooManyTransfers) }
    }

    /// Whether there are more than an account ever allows.
    pub(in crate::bank) fn are_too_many(&self) -> bool {
        self.open.len() > MAX_UNDER_WAY
    }

    /// The open reservation of a transfer.
    pub(in crate::bank) fn find(&self, transfer_id: TransferId) -> Result<&Outgoing, Refusal> {
        self.open.get(&transfer_id).ok_or(Refusal::NoReservation)
    }

    pub(in crate::bank) fn add(&mut self, outgoing: &Outgoing) {
        if self.open.insert(outgoing.transfer_id, outgoing.clone()).is_none() {
            // Saturates only in a damaged log.
            self.total = self.total.saturating_add(outgoing.amount.minor_units());
        }
    }

    pub(in crate::bank) fn remove(&mut self, transfer_id: TransferId) {
        if let Some(outgoing) = self.open.remove(&transfer_id) {
            self.total = self.total.saturating_sub(outgoing.amount.minor_units());
        }
    }
}
