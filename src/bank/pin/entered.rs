//! PINs, what is kept instead of them, and what an account gets to see of one.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{ARGON2ID_IDENT, Params};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;
use zeroize::Zeroizing;

use super::options::PinCost;

/// A PIN: 4 to 12 digits that only its holder knows. It is never printed, and wiped from memory when it is dropped.
#[derive(Clone)]
pub struct Pin(Zeroizing<String>);

/// What was given is no PIN. It does not say what that was.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a PIN has {} to {} digits", Pin::MIN_DIGITS, Pin::MAX_DIGITS)]
pub struct MalformedPin;

impl Pin {
    /// The shortest PIN.
    pub const MIN_DIGITS: usize = 4;

    /// The longest PIN.
    pub const MAX_DIGITS: usize = 12;

    /// A PIN from its digits.
    ///
    /// # Errors
    ///
    /// [`MalformedPin`]: it has too few or too many, or something else among them.
    pub fn new(digits: &str) -> Result<Self, MalformedPin> {
        let of_length = (Self::MIN_DIGITS..=Self::MAX_DIGITS).contains(&digits.len());
        if of_length && digits.bytes().all(|digit| digit.is_ascii_digit()) {
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

/// What is kept of a PIN: an argon2id hash in the PHC string format. It tells the PIN from others only to who
/// also has the bank's [`PinSecret`](crate::bank::PinSecret).
///
/// Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct PinVerifier(Arc<str>);

/// A text that no PIN can be checked against.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a PIN verifier is an argon2id hash with its salt and moderate costs")]
pub struct InvalidVerifier;

impl PinVerifier {
    /// What a check may cost at the most, so that a log from elsewhere cannot exhaust this machine.
    const MAX_MEMORY_KIB: u32 = 1 << 18;
    const MAX_PASSES: u32 = 16;
    const MAX_LANES: u32 = 16;
    /// How many times the default costs an imported one may have.
    const MAX_COSTS: u64 = 4;

    /// A verifier as it was stored.
    ///
    /// # Errors
    ///
    /// [`InvalidVerifier`]: it is none.
    pub fn new(text: &str) -> Result<Self, InvalidVerifier> {
        let hash = PasswordHash::new(text).map_err(|_| InvalidVerifier)?;
        let params = Params::try_from(&hash).map_err(|_| InvalidVerifier)?;
        let moderate = params.m_cost() <= Self::MAX_MEMORY_KIB
            && params.t_cost() <= Self::MAX_PASSES
            && params.p_cost() <= Self::MAX_LANES;
        let whole = hash.algorithm == ARGON2ID_IDENT && hash.salt.is_some() && hash.hash.is_some();
        if whole && moderate { Ok(Self(text.into())) } else { Err(InvalidVerifier) }
    }

    /// Whether a check costs more than several with the default costs: no log from elsewhere brings such a one in.
    pub(in crate::bank) fn is_dear(&self) -> bool {
        let PinCost { memory_kib, passes, lanes } = PinCost::default();
        let params = PasswordHash::new(&self.0).ok().and_then(|hash| Params::try_from(&hash).ok());
        params.is_none_or(|params| {
            let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
            work > Self::MAX_COSTS * u64::from(memory_kib) * u64::from(passes)
                || u64::from(params.p_cost()) > Self::MAX_COSTS * u64::from(lanes)
        })
    }

    /// The verifier as it is stored.
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

/// The proof that a command carries: a PIN was given, and this is what came of checking it. The PIN itself
/// stays outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinCheck {
    /// What it was checked against; `None` where no PIN of the account was known.
    pub verifier: Option<PinVerifier>,
    /// Whether it was the right one.
    pub matches: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_have_four_to_twelve_digits() {
        for pin in ["1234", "0000", "123456789012"] {
            assert_eq!(Pin::new(pin).unwrap().digits(), pin.as_bytes());
        }
        for none in ["", "123", "1234567890123", "12a4", "-1234", " 1234", "1_234", "١٢٣٤"] {
            assert_eq!(Pin::new(none).map(|_| ()), Err(MalformedPin), "{none:?}");
        }
    }

    #[test]
    fn a_verifier_is_whole_and_moderate() {
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
