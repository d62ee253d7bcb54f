//! Texts that people give: who borrows, what a book is called and who wrote it.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::printable::only_shows;

/// Why a text cannot be taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidText {
    /// There is nothing to read in it.
    #[error("a text cannot be empty")]
    Empty,
    /// It is too long.
    #[error("a text has at most {max_characters} characters here")]
    TooLong {
        /// As many as are allowed, in characters (Unicode scalar values).
        max_characters: usize,
    },
    /// It holds a control character, or one that changes the direction of writing: printed, it could pass
    /// for another text.
    #[error("a text cannot hold control or bidirectional control characters")]
    ControlCharacter,
}

macro_rules! text {
    ($(#[$documentation:meta])* $name:ident, $max_characters:expr) => {
        $(#[$documentation])*
        ///
        /// Cheap to clone.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The longest, in characters (Unicode scalar values).
            pub const MAX_CHARACTERS: usize = $max_characters;

            /// Takes a text that can be printed without harm.
            ///
            /// # Errors
            ///
            /// [`InvalidText`]: what the text has too much or too little of.
            pub fn new(text: &str) -> Result<Self, InvalidText> {
                check(text, Self::MAX_CHARACTERS)?;
                Ok(Self(text.into()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;

            fn try_from(text: String) -> Result<Self, InvalidText> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.as_str().to_owned()
            }
        }
    };
}

text! {
    /// Who borrows: a user of the library.
    UserId, 64
}

impl UserId {
    /// Where those that begin with a text stand in the order of users, whatever the text is.
    pub(super) fn first_beginning_with(prefix: &str) -> Self {
        Self(prefix.into())
    }
}

text! {
    /// What a book is called.
    Title, 256
}

text! {
    /// Who wrote a book.
    Author, 256
}

fn check(text: &str, max_characters: usize) -> Result<(), InvalidText> {
    if text.trim().is_empty() {
        return Err(InvalidText::Empty);
    }
    if !text.chars().all(only_shows) {
        return Err(InvalidText::ControlCharacter);
    }
    if text.chars().count() > max_characters {
        return Err(InvalidText::TooLong { max_characters });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_at_least_one_character_and_not_too_many() {
        for empty in ["", "   "] {
            assert_eq!(UserId::new(empty), Err(InvalidText::Empty), "{empty:?}");
        }
        assert!(UserId::new(&"ß".repeat(64)).is_ok());
        assert_eq!(UserId::new(&"ß".repeat(65)), Err(InvalidText::TooLong { max_characters: 64 }));
        assert!(Title::new(&"ß".repeat(256)).is_ok());
        assert_eq!(Author::new(&"ß".repeat(257)), Err(InvalidText::TooLong { max_characters: 256 }));
    }

    #[test]
    fn texts_hold_nothing_that_could_disguise_them() {
        for hidden in ["\0", "a\nb", "\u{1b}[2J", "\u{202e}nafloW", "\u{2066}a", "\u{7f}", "\u{85}", "a\u{2028}b"] {
            assert_eq!(Title::new(&format!("a{hidden}")), Err(InvalidText::ControlCharacter), "{hidden:?}");
        }
        assert_eq!(Title::new("Zoë's 🐺 \"Book\"").unwrap().as_str(), "Zoë's 🐺 \"Book\"");
    }
}
