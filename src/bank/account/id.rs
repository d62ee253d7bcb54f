//! What names an account.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::printable::is_printable;

/// An account's name: 1 to [`AccountId::MAX_CHARACTERS`] characters that can be printed without harm.
///
/// Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(Arc<str>);

/// Why a text names no account.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidName {
    /// It has no characters.
    #[error("a name cannot be empty")]
    Empty,
    /// It has too many.
    #[error("a name has at most {} characters", AccountId::MAX_CHARACTERS)]
    TooLong,
    /// It holds a control character, or one that changes the direction of writing: printed, it could pass
    /// for another name.
    #[error("a name cannot hold control or bidirectional control characters")]
    ControlCharacter,
}

impl AccountId {
    /// The longest name, in characters (Unicode scalar values).
    pub const MAX_CHARACTERS: usize = 64;

    /// The account of this name.
    ///
    /// # Errors
    ///
    /// [`InvalidName`]: what the text has too much or too little of.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        check_name(name)?;
        Ok(Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(in crate::bank) fn shared(&self) -> Arc<str> {
        self.0.clone()
    }
}

/// What holds for the names of accounts and of those they belong to.
pub(in crate::bank) fn check_name(name: &str) -> Result<(), InvalidName> {
    if name.is_empty() {
        return Err(InvalidName::Empty);
    }
    let mut characters = 0;
    for character in name.chars() {
        if !is_printable(character) {
            return Err(InvalidName::ControlCharacter);
        }
        characters += 1;
        if characters > AccountId::MAX_CHARACTERS {
            return Err(InvalidName::TooLong);
        }
    }
    Ok(())
}

impl FromStr for AccountId {
    type Err = InvalidName;

    fn from_str(name: &str) -> Result<Self, InvalidName> {
        Self::new(name)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Borrow<str> for AccountId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for AccountId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_to_sixty_four_characters() {
        assert_eq!(AccountId::new(""), Err(InvalidName::Empty));
        assert!(AccountId::new(&"ß".repeat(64)).is_ok());
        assert_eq!(AccountId::new(&"ß".repeat(65)), Err(InvalidName::TooLong));
    }

    #[test]
    fn names_hold_nothing_that_could_disguise_them() {
        for hidden in ["\0", "a\nb", "\u{1b}[2J", "\u{202e}nafloW", "\u{2066}a", "\u{7f}", "\u{85}", "a\u{2028}b"] {
            assert_eq!(AccountId::new(hidden), Err(InvalidName::ControlCharacter), "{hidden:?}");
        }
        assert!(AccountId::new("Zoë 🐺 O'Wolf \"W\"").is_ok());
    }
}
