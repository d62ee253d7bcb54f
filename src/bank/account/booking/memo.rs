//! The text on a booking.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::printable::{Lookalike, check_unmistakable, is_printable};

/// The text on a booking: 1 to [`Memo::MAX_CHARACTERS`] characters that are safe to print. A new one looks like no other,
/// as in names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memo(Box<str>);

/// Why a text is not a memo.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidMemo {
    /// The text is empty, too long, or has characters that are hidden when printed.
    #[error("a memo has 1 to {} characters, and none that are hidden when printed", Memo::MAX_CHARACTERS)]
    Malformed,
    /// The text looks like another one.
    #[error("a memo {0}")]
    Lookalike(Lookalike),
}

impl Memo {
    /// The maximum length in characters (Unicode scalar values).
    pub const MAX_CHARACTERS: usize = 140;

    /// Checks a text.
    ///
    /// # Errors
    ///
    /// [`InvalidMemo`]: what is wrong with the text.
    pub fn new(text: &str) -> Result<Self, InvalidMemo> {
        let memo = Self::from_stored(text)?;
        check_unmistakable(text).map_err(InvalidMemo::Lookalike)?;
        Ok(memo)
    }

    /// A memo from the log, where it may look like another one: it was written before that was refused.
    fn from_stored(text: &str) -> Result<Self, InvalidMemo> {
        let length = text.chars().take(Self::MAX_CHARACTERS + 1).count();
        match (1..=Self::MAX_CHARACTERS).contains(&length) && text.chars().all(is_printable) {
            true => Ok(Self(text.into())),
            false => Err(InvalidMemo::Malformed),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Memo {
    type Err = InvalidMemo;

    fn from_str(text: &str) -> Result<Self, InvalidMemo> {
        Self::new(text)
    }
}

impl fmt::Display for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Memo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Memo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_stored(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memos_have_1_to_140_characters_and_none_that_are_hidden() {
        assert!(Memo::new("Rent, March — \"flat\" 🐺").is_ok());
        assert!(Memo::new(&"ß".repeat(140)).is_ok());
        for refused in ["", "a\nb", "\u{1b}[2J", "\u{202e}tneR", &"ß".repeat(141)] {
            assert_eq!(Memo::new(refused), Err(InvalidMemo::Malformed), "{refused:?}");
        }
        for (refused, reason) in [(" Rent", Lookalike::OuterBlank), ("Re\u{200b}nt", Lookalike::ZeroWidth)] {
            assert_eq!(Memo::new(refused), Err(InvalidMemo::Lookalike(reason)), "{refused:?}");
            let stored: Memo = serde_json::from_value(refused.into()).unwrap();
            assert_eq!(stored.as_str(), refused, "what was stored before stays readable");
        }
        assert!(matches!(Memo::new("Mu\u{308}ll"), Err(InvalidMemo::Lookalike(Lookalike::Decomposed(_)))));
    }
}
