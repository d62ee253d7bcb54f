//! Whether an account lets money out: the right PIN opens it, and too many wrong ones lock it.

use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use crate::bank::{PinCheck, PinVerifier};

/// Wrong PINs in a row that lock an account.
pub const MAX_WRONG_PINS: u8 = 3;

/// What an account knows of its PIN.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::bank) struct PinLock {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verifier: Option<PinVerifier>,
    /// In a row, up to now.
    wrong_pins: u8,
}

/// What a proof is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bank) enum Admission {
    /// Money may go out.
    Granted,
    /// The PIN was a wrong one, and that counts.
    WrongPin,
}

impl PinLock {
    pub(in crate::bank) fn new(verifier: Option<PinVerifier>) -> Self {
        Self { verifier, wrong_pins: 0 }
    }

    /// Decides for everything that takes money out of the account. Without a PIN of its own, an account lets
    /// everyone in; locked, it does not even say whether a PIN is right.
    pub(in crate::bank) fn admit(&self, proof: Option<&PinCheck>) -> Result<Admission, Refusal> {
        match (&self.verifier, proof) {
            (None, _) => Ok(Admission::Granted),
            _ if self.is_locked() => Err(Refusal::AccountLocked),
            (Some(_), None) => Err(Refusal::PinRequired),
            (own, Some(proof)) if proof.verifier != *own => Err(Refusal::OutdatedPinCheck),
            (Some(_), Some(proof)) if proof.matches => Ok(Admission::Granted),
            (Some(_), Some(_)) => Ok(Admission::WrongPin),
        }
    }

    pub(in crate::bank) fn is_locked(&self) -> bool {
        self.wrong_pins >= MAX_WRONG_PINS
    }

    /// A wrong PIN was given.
    pub(in crate::bank) fn count_wrong_pin(&mut self) {
        self.wrong_pins = self.wrong_pins.saturating_add(1);
    }

    /// The right PIN was given, or the account was unlocked.
    pub(in crate::bank) fn forget_wrong_pins(&mut self) {
        self.wrong_pins = 0;
    }
}
