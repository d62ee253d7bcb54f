//! The names of accounts.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use arcstr::ArcStr;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use crate::printable::InvalidName;
pub use crate::printable::{ComposedLetter, Lookalike};
use crate::printable::{MAX_NAME_CHARACTERS, check_name, check_stored_name};

/// An account's name: 1 to [`AccountId::MAX_CHARACTERS`] characters that are safe to print.
///
/// The names of [new accounts](AccountId::check_new) follow stricter rules than those that are asked for, which an earlier
/// version may have stored. Cheap to clone, and one word, because every event carries it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(ArcStr);

impl AccountId {
    /// The maximum length in characters (Unicode scalar values).
    pub const MAX_CHARACTERS: usize = MAX_NAME_CHARACTERS;

    /// Checks a name.
    ///
    /// # Errors
    ///
    /// [`InvalidName`]: what is wrong with the name.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        check_stored_name(name)?;
        Ok(Self(name.into()))
    }

    /// Checks that a new account may have this name: that it looks like no other. An account decides that when it is
    /// created.
    ///
    /// # Errors
    ///
    /// [`InvalidName`]: what is wrong with the name.
    pub fn check_new(&self) -> Result<(), InvalidName> {
        check_name(&self.0)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(in crate::bank) fn shared_name(&self) -> ArcStr {
        self.0.clone()
    }
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
        struct Name;

        impl de::Visitor<'_> for Name {
            type Value = AccountId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<AccountId, E> {
                AccountId::new(name).map_err(E::custom)
            }
        }

        // Most of what is read holds such a name, so it is not copied before it is checked.
        deserializer.deserialize_str(Name)
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
    fn names_have_no_hidden_characters() {
        for hidden in ["\0", "a\nb", "\u{1b}[2J", "\u{202e}nafloW", "\u{2066}a", "\u{7f}", "\u{85}", "a\u{2028}b"] {
            assert_eq!(AccountId::new(hidden), Err(InvalidName::ControlCharacter), "{hidden:?}");
        }
        assert!(AccountId::new("Zoë 🐺 O'Wolf \"W\"").is_ok());
    }

    #[test]
    fn names_that_look_like_others_can_be_asked_for_and_not_given() {
        for (name, reason) in [("Josh ", Lookalike::OuterBlank), ("Jo\u{200b}sh", Lookalike::ZeroWidth)] {
            assert_eq!(AccountId::new(name).unwrap().check_new(), Err(InvalidName::Lookalike(reason)), "{name:?}");
        }
        let decomposed = AccountId::new("Zoe\u{308}").unwrap().check_new();
        assert!(matches!(decomposed, Err(InvalidName::Lookalike(Lookalike::Decomposed(_)))));
        assert_eq!(AccountId::new("Zoë").unwrap().check_new(), Ok(()));
    }
}
