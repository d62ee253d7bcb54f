//! The text on a booking.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::printable::is_printable;

/// The text on a booking: 1 to [`Memo::MAX_CHARACTERS`] characters that are safe to print, as in names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memo(Box<str>);

/// The text is not a memo.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a memo has 1 to {} characters, and none that are hidden when printed", Memo::MAX_CHARACTERS)]
pub struct InvalidMemo;

impl Memo {
    /// The maximum length in characters (Unicode scalar values).
    pub const MAX_CHARACTERS: usize = 140;

    /// Checks a text.
    ///
    /// # Errors
    ///
    /// [`InvalidMemo`] if the text is empty, too long, or has characters that no name may have.
    pub fn new(text: &str) -> Result<Self, InvalidMemo> {
        let length = text.chars().take(Self::MAX_CHARACTERS + 1).count();
        match (1..=Self::MAX_CHARACTERS).contains(&length) && text.chars().all(is_printable) {
            true => Ok(Self(text.into())),
            false => Err(InvalidMemo),
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
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
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
            assert_eq!(Memo::new(refused), Err(InvalidMemo), "{refused:?}");
        }
    }
}
