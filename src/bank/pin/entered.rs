//! PINs, the verifiers that are stored in their place, and the checks that accounts decide on.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{ARGON2ID_IDENT, Params};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;
use zeroize::Zeroizing;

use super::options::PinCost;

/// A PIN of 4 to 12 digits. It is never printed, and wiped from memory when dropped.
#[derive(Clone)]
pub struct Pin(Zeroizing<String>);

/// A text that is not a PIN. The error does not contain the text.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a PIN has {} to {} digits", Pin::MIN_DIGITS, Pin::MAX_DIGITS)]
pub struct MalformedPin;

impl Pin {
    /// The minimum number of digits.
    pub const MIN_DIGITS: usize = 4;

    /// The maximum number of digits.
    pub const MAX_DIGITS: usize = 12;

    /// Parses a PIN.
    ///
    /// # Errors
    ///
    /// [`MalformedPin`] if the text has too few or too many digits, or other characters.
    pub fn new(digits: &str) -> Result<Self, MalformedPin> {
        let has_valid_length = (Self::MIN_DIGITS..=Self::MAX_DIGITS).contains(&digits.len());
        if has_valid_length && digits.bytes().all(|digit| digit.is_ascii_digit()) {
            Ok(Self(Zeroizing::new(digits.to_owned())))
        } else {
            Err(MalformedPin)
        }
    }

    pub(in crate::bank) fn digits(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(…)")
    }
}

/// The verifier of a PIN: an argon2id hash in the PHC string format. Checking a PIN against it also takes the bank's
/// [`PinSecret`](crate::bank::PinSecret).
///
/// Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct PinVerifier(Arc<str>);

/// A text that is not a verifier.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a PIN verifier is an argon2id hash with its salt and moderate costs")]
pub struct InvalidVerifier;

impl PinVerifier {
    /// The maximum cost of a check, so that an imported log cannot exhaust this machine.
    const MAX_MEMORY_KIB: u32 = 1 << 18;
    const MAX_PASSES: u32 = 16;
    const MAX_LANES: u32 = 16;
    /// The costs of an imported verifier, as a multiple of the default costs.
    const MAX_IMPORTED: u64 = 4;

    /// Parses a stored verifier.
    ///
    /// # Errors
    ///
    /// [`InvalidVerifier`] if the text is not an argon2id hash with a salt, or costs too much.
    pub fn new(text: &str) -> Result<Self, InvalidVerifier> {
        let hash = PasswordHash::new(text).map_err(|_| InvalidVerifier)?;
        let params = Params::try_from(&hash).map_err(|_| InvalidVerifier)?;
        let is_affordable = params.m_cost() <= Self::MAX_MEMORY_KIB
            && params.t_cost() <= Self::MAX_PASSES
            && params.p_cost() <= Self::MAX_LANES;
        let is_complete = hash.algorithm == ARGON2ID_IDENT && hash.salt.is_some() && hash.hash.is_some();
        if is_complete && is_affordable { Ok(Self(text.into())) } else { Err(InvalidVerifier) }
    }

    /// Whether a check costs more than several checks with the default costs. No import adds such a verifier.
    pub(in crate::bank) fn is_expensive(&self) -> bool {
        let PinCost { memory_kib, passes, lanes } = PinCost::default();
        let params = PasswordHash::new(&self.0).ok().and_then(|hash| Params::try_from(&hash).ok());
        params.is_none_or(|params| {
            let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
            work > Self::MAX_IMPORTED * u64::from(memory_kib) * u64::from(passes)
                || u64::from(params.p_cost()) > Self::MAX_IMPORTED * u64::from(lanes)
        })
    }

    /// Whether the two were made with different secrets. Old verifiers do not tell.
    pub(in crate::bank) fn has_other_secret(&self, other: &Self) -> bool {
        let params = [self, other]
            .map(|verifier| PasswordHash::new(&verifier.0).ok().and_then(|hash| Params::try_from(&hash).ok()));
        let [Some(one), Some(other)] = params else { return false };
        !one.keyid().is_empty() && !other.keyid().is_empty() && one.keyid() != other.keyid()
    }

    /// The stored form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PinVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinVerifier(…)")
    }
}

impl Serialize for PinVerifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PinVerifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// What a command carries in place of a PIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinCheck {
    /// A PIN was checked.
    Checked {
        /// The verifier that the PIN was checked against; `None` if the account had none.
        verifier: Option<PinVerifier>,
        /// Whether the PIN was right.
        matches: bool,
    },
    /// None is needed: the command is an act of the bank itself.
    Waived,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_have_four_to_twelve_digits() {
        for pin in ["1234", "0000", "123456789012"] {
            assert_eq!(Pin::new(pin).unwrap().digits(), pin.as_bytes());
        }
        for malformed in ["", "123", "1234567890123", "12a4", "-1234", " 1234", "1_234", "١٢٣٤"] {
            assert_eq!(Pin::new(malformed).map(|_| ()), Err(MalformedPin), "{malformed:?}");
        }
    }

    #[test]
    fn a_verifier_is_complete_and_affordable() {
        let verifier = "$argon2id$v=19$m=16,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert_eq!(PinVerifier::new(verifier).unwrap().as_str(), verifier);
        for broken in [
            "",
            "1234",
            &verifier.replace("argon2id", "argon2i"),
            &verifier.replace("m=16", "m=4000000"),
            &verifier.replace("t=1", "t=1000000"),
            &verifier.replace("m=16", "m=1"),
            verifier.rsplit_once('$').unwrap().0,
        ] {
            assert_eq!(PinVerifier::new(broken), Err(InvalidVerifier), "{broken}");
        }
    }
}
