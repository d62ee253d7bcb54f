//! The PIN lock of an account: payments need the right PIN, and too many wrong PINs lock the account.

use serde::{Deserialize, Serialize};

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
    /// locked account does not reveal whether a PIN is right.
    pub(in crate::bank) fn admit(&self, pin_check: Option<&PinCheck>) -> Result<Admission, Refusal> {
        match (&self.verifier, pin_check) {
            (None, _) => Ok(Admission::Granted),
            _ if self.is_locked() => Err(Refusal::AccountLocked),
            (Some(_), None) => Err(Refusal::PinRequired),
            (current, Some(pin_check)) if pin_check.verifier != *current => Err(Refusal::OutdatedPinCheck),
            (Some(_), Some(pin_check)) if pin_check.matches => Ok(Admission::Granted),
            (Some(_), Some(_)) => Ok(Admission::WrongPin),
        }
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

    /// Resets the count, after the right PIN or when the account is unlocked.
    pub(in crate::bank) fn forget_wrong_pins(&mut self) {
        self.wrong_pins = 0;
    }
}
