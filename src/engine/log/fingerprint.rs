//! Fingerprints tell apart commands that were sent with the same id.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use sha2::{Digest, Sha256};
use thiserror::Error;

use super::hex::hex;

const BYTES: usize = 16;

/// A hash of a command's content: equal for equal content, independent of sender, time and program version.
///
/// Fingerprints are stored and exported, and guessable content can be recovered from them: never include a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; BYTES]);

impl Fingerprint {
    /// The fingerprint of a command from the parts that make up its content, in order. Start with a name for the kind
    /// of command.
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
            // A part whose `Display` fails contributes what it wrote before failing, which is the same each time.
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
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a fingerprint.
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

    /// Fingerprints are stored, so the algorithm must never change.
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
    fn other_texts_are_invalid() {
        let sign = format!("+{}", "0".repeat(31));
        for text in ["", "0", "not hexadecimal, but thirty-two !", &"0".repeat(33), &sign] {
            assert_eq!(text.parse::<Fingerprint>(), Err(InvalidFingerprint), "{text:?}");
        }
    }
}
