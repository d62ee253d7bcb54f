//! The PIN lock of an account: payments need the right PIN, and too many wrong PINs lock the account.

use serde::{Deserialize, Serialize};

use super::events::AccountEvent;
use super::refusal::Refusal;
use crate::bank::{PinCheck, PinVerifier};

/// The number of wrong PINs in a row that locks an account.
pub const MAX_WRONG_PINS: u8 = 3;

/// The verifier of an account's PIN, and the wrong PINs so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::bank) struct PinLock {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verifier: Option<PinVerifier>,
    /// Wrong PINs in a row so far.
    wrong_pins: u8,
}

/// Whether a PIN check admits a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bank) enum Admission {
    /// The payment is allowed.
    Granted,
    /// The PIN was wrong, and counts towards locking the account.
    WrongPin,
}

impl PinLock {
    pub(in crate::bank) fn new(verifier: Option<PinVerifier>) -> Self {
        Self { verifier, wrong_pins: 0 }
    }

    /// Decides on every command that takes money out of the account. An account without a PIN allows every payment. A
    /// locked account does not reveal whether a PIN is right. A command that needs no PIN is not stopped by the lock.
    pub(in crate::bank) fn admit(&self, pin_check: Option<&PinCheck>) -> Result<Admission, Refusal> {
        match (&self.verifier, pin_check) {
            (None, _) | (Some(_), Some(PinCheck::Waived)) => Ok(Admission::Granted),
            _ if self.is_locked() => Err(Refusal::AccountLocked),
            (Some(_), None) => Err(Refusal::PinRequired),
            (current, Some(PinCheck::Checked { verifier, .. })) if verifier != current => {
                Err(Refusal::OutdatedPinCheck)
            }
            (Some(_), Some(PinCheck::Checked { matches: true, .. })) => Ok(Admission::Granted),
            (Some(_), Some(PinCheck::Checked { matches: false, .. })) => Ok(Admission::WrongPin),
        }
    }

    /// Why no account with this lock can have decided on an event; `None` if one can. The lock stops no event that
    /// `needs_no_pin`.
    pub(in crate::bank) fn rules_out(&self, event: &AccountEvent, needs_no_pin: bool) -> Option<&'static str> {
        let is_out_of_locked = match event {
            wrong if wrong.is_wrong_pin() && !self.has_pin() => return Some("its account has no PIN"),
            AccountEvent::PinChanged { .. } if !self.has_pin() => return Some("its account has no PIN"),
            AccountEvent::AccountUnlocked { .. } if !self.is_locked() => return Some("its account is not locked"),
            wrong if wrong.is_wrong_pin() => true,
            AccountEvent::HolderChanged { .. }
            | AccountEvent::EmailChanged { .. }
            | AccountEvent::PinChanged { .. }
            | AccountEvent::AccountClosed { .. } => true,
            AccountEvent::MoneyWithdrawn { .. } | AccountEvent::AccountOverdrawn { .. } => !needs_no_pin,
            AccountEvent::MoneyReserved(outgoing) => !needs_no_pin && outgoing.details.reverses().is_none(),
            _ => false,
        };
        (is_out_of_locked && self.is_locked()).then_some("its account is locked")
    }

    pub(in crate::bank) fn has_pin(&self) -> bool {
        self.verifier.is_some()
    }

    pub(in crate::bank) fn is_locked(&self) -> bool {
        self.wrong_pins >= MAX_WRONG_PINS
    }

    /// Counts a wrong PIN.
    pub(in crate::bank) fn count_wrong_pin(&mut self) {
        self.wrong_pins = self.wrong_pins.saturating_add(1);
    }

    /// Resets the count after the right PIN, and after a payment that the bank itself has booked: it is one of the holder's,
    /// made elsewhere, and gives nobody more guesses than one made here. What happens to a locked account is an act of the
    /// bank itself, and it stays locked.
    pub(in crate::bank) fn forget_wrong_pins(&mut self) {
        if !self.is_locked() {
            self.wrong_pins = 0;
        }
    }

    /// Ends the lock.
    pub(in crate::bank) fn unlock(&mut self) {
        self.wrong_pins = 0;
    }
}
