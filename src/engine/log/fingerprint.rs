//! What tells one command from another that came under the same id.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use sha2::{Digest, Sha256};
use thiserror::Error;

const BYTES: usize = 16;

/// A hash of what a command is about: the same for the same content, whoever sends it, whenever, and in whatever version
/// of the program.
///
/// It is stored and exported, and content that can be guessed can be found by it: no secret goes into it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; BYTES]);

impl Fingerprint {
    /// The fingerprint of a command that these parts say everything about, in this order. The first is best a name that
    /// tells the kind of command.
    ///
    /// ```
    /// use cqrs_bank::engine::log::Fingerprint;
    ///
    /// let turn = Fingerprint::of(&[&"turn", &"left", &90]);
    /// assert_ne!(turn, Fingerprint::of(&[&"turn", &"left", &900]));
    /// ```
    pub fn of(parts: &[&dyn fmt::Display]) -> Self {
        let mut hasher = Sha256::new();
        let mut text = String::new();
        for part in parts {
            text.clear();
            // A part that cannot say what it is says what it has said so far, and that each time.
            let _ = write!(text, "{part}");
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(&text);
        }
        let hash: [u8; 32] = hasher.finalize().into();
        let mut bytes = [0; BYTES];
        bytes.copy_from_slice(&hash[..BYTES]);
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no fingerprint.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a fingerprint has {} hexadecimal digits", 2 * BYTES)]
pub struct InvalidFingerprint;

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let digits = text.len() == 2 * BYTES && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = u128::from_str_radix(text, 16).ok().filter(|_| digits).ok_or(InvalidFingerprint)?;
        Ok(Self(number.to_be_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It is stored, so it is the same for ever.
    #[test]
    fn a_fingerprint_is_the_same_in_every_version() {
        let fingerprint = Fingerprint::of(&[&"turn", &"left", &90]);
        assert_eq!(fingerprint.to_string(), "7b376ff743a95902b98748d358b558b8");
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let parts: [&[&dyn fmt::Display]; 5] = [&[&"a", &"bc"], &[&"ab", &"c"], &[&"abc"], &[&"abc", &""], &[]];
        for (index, part) in parts.iter().enumerate() {
            for other in &parts[..index] {
                assert_ne!(Fingerprint::of(part), Fingerprint::of(other));
            }
        }
    }

    #[test]
    fn other_texts_are_none() {
        let sign = format!("+{}", "0".repeat(31));
        for text in ["", "0", "not hexadecimal, but thirty-two !", &"0".repeat(33), &sign] {
            assert_eq!(text.parse::<Fingerprint>(), Err(InvalidFingerprint), "{text:?}");
        }
    }
}
