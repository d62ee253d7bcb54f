//! The reason that the bank states for what it does to an account.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::printable::{Lookalike, check_unmistakable, is_printable};

/// The reason for an act of the bank: 1 to [`StatedReason::MAX_CHARACTERS`] characters that are safe to print. A new one
/// looks like no other, as in names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedReason(Box<str>);

/// Why a text is not a reason.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidReason {
    /// The text is empty, too long, or not safe to print.
    #[error(
        "a reason has 1 to {} characters, and no control or bidirectional control characters",
        StatedReason::MAX_CHARACTERS
    )]
    Malformed,
    /// The text looks like another one.
    #[error("a reason {0}")]
    Lookalike(Lookalike),
}

impl StatedReason {
    /// The maximum length in characters (Unicode scalar values).
    pub const MAX_CHARACTERS: usize = 140;

    /// Checks a text.
    ///
    /// # Errors
    ///
    /// [`InvalidReason`]: what is wrong with the text.
    pub fn new(text: &str) -> Result<Self, InvalidReason> {
        let reason = Self::from_stored(text)?;
        check_unmistakable(text).map_err(InvalidReason::Lookalike)?;
        Ok(reason)
    }

    /// A reason from the log, where it may look like another one: it was stated before that was refused.
    fn from_stored(text: &str) -> Result<Self, InvalidReason> {
        let is_short = text.chars().nth(Self::MAX_CHARACTERS).is_none();
        let is_valid = !text.is_empty() && is_short && text.chars().all(is_printable);
        if is_valid { Ok(Self(text.into())) } else { Err(InvalidReason::Malformed) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StatedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for StatedReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for StatedReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_stored(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_short_and_printable() {
        for reason in ["x", "a court order of 17 May, \"urgent\"", &"ß".repeat(140)] {
            assert_eq!(StatedReason::new(reason).unwrap().as_str(), reason);
        }
        for text in ["", &"ß".repeat(141), "a\nb", "\u{1b}[2J", "\u{202e}x"] {
            assert_eq!(StatedReason::new(text), Err(InvalidReason::Malformed), "{text:?}");
        }
        let blank = StatedReason::new("x ");
        assert_eq!(blank, Err(InvalidReason::Lookalike(Lookalike::OuterBlank)));
        assert_eq!(serde_json::from_str::<StatedReason>("\"x \"").unwrap().as_str(), "x ", "it was stored before");
    }
}
