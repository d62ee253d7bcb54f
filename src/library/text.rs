//! Texts from users: names of users, titles and authors.

use std::borrow::Borrow;
use std::fmt;

use arcstr::ArcStr;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use crate::printable::{ComposedLetter, Lookalike};
use crate::printable::{check_unmistakable, check_unmistakable_name, is_printable};

/// Why a text is refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidText {
    /// The text is empty or blank.
    #[error("a text cannot be empty")]
    Empty,
    /// The text is too long.
    #[error("a text has at most {max_characters} characters here")]
    TooLong {
        /// The maximum length in characters (Unicode scalar values).
        max_characters: usize,
    },
    /// The text has a control character or a bidirectional control, so that it could look like another text when printed.
    #[error("a text cannot hold control or bidirectional control characters")]
    ControlCharacter,
    /// The text looks like another one.
    #[error("a text {0}")]
    Lookalike(Lookalike),
}

macro_rules! text {
    ($(#[$documentation:meta])* $name:ident, $max_characters:expr) => {
        $(#[$documentation])*
        ///
        /// Cheap to clone.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(ArcStr);

        impl $name {
            /// The maximum length in characters (Unicode scalar values).
            pub const MAX_CHARACTERS: usize = $max_characters;

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

        /// A text from the log, which may look like another one: it was written before that was refused.
        impl TryFrom<String> for $name {
            type Error = InvalidText;

            fn try_from(text: String) -> Result<Self, InvalidText> {
                check(&text, Self::MAX_CHARACTERS)?;
                Ok(Self(text.into()))
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
    /// A user of the library, who borrows books.
    UserId, 64
}

impl UserId {
    /// Checks that a text is neither blank nor too long, and safe to print.
    ///
    /// # Errors
    ///
    /// [`InvalidText`]: what is wrong with the text.
    pub fn new(text: &str) -> Result<Self, InvalidText> {
        check(text, Self::MAX_CHARACTERS)?;
        Ok(Self(text.into()))
    }

    /// Checks that the name of somebody who borrows a book looks like no other. Whoever has one under another name, from
    /// before that was refused, can return it.
    ///
    /// # Errors
    ///
    /// [`InvalidText`]: what is wrong with the name.
    pub fn check_new(&self) -> Result<(), InvalidText> {
        check_unmistakable_name(&self.0).map_err(InvalidText::Lookalike)
    }

    /// The lower bound of the users whose names begin with a text. The text is not checked.
    pub(super) fn first_beginning_with(prefix: &str) -> Self {
        Self(prefix.into())
    }
}

text! {
    /// The title of a book.
    Title, 256
}

text! {
    /// The author of a book.
    Author, 256
}

macro_rules! new_text {
    ($name:ident) => {
        impl $name {
            /// Checks that a text is neither blank nor too long, safe to print, and looks like no other.
            ///
            /// # Errors
            ///
            /// [`InvalidText`]: what is wrong with the text.
            pub fn new(text: &str) -> Result<Self, InvalidText> {
                check(text, Self::MAX_CHARACTERS)?;
                check_unmistakable(text).map_err(InvalidText::Lookalike)?;
                Ok(Self(text.into()))
            }
        }
    };
}

new_text!(Title);
new_text!(Author);

fn check(text: &str, max_characters: usize) -> Result<(), InvalidText> {
    if text.trim().is_empty() {
        return Err(InvalidText::Empty);
    }
    if !text.chars().all(is_printable) {
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
    fn texts_are_neither_blank_nor_too_long() {
        for empty in ["", "   "] {
            assert_eq!(UserId::new(empty), Err(InvalidText::Empty), "{empty:?}");
        }
        assert!(UserId::new(&"ß".repeat(64)).is_ok());
        assert_eq!(UserId::new(&"ß".repeat(65)), Err(InvalidText::TooLong { max_characters: 64 }));
        assert!(Title::new(&"ß".repeat(256)).is_ok());
        assert_eq!(Author::new(&"ß".repeat(257)), Err(InvalidText::TooLong { max_characters: 256 }));
    }

    #[test]
    fn texts_have_no_hidden_characters() {
        for hidden in ["\0", "a\nb", "\u{1b}[2J", "\u{202e}nafloW", "\u{2066}a", "\u{7f}", "\u{85}", "a\u{2028}b"] {
            assert_eq!(Title::new(&format!("a{hidden}")), Err(InvalidText::ControlCharacter), "{hidden:?}");
        }
        assert_eq!(Title::new("Zoë's 🐺 \"Book\"").unwrap().as_str(), "Zoë's 🐺 \"Book\"");
    }

    #[test]
    fn no_new_text_looks_like_another_and_stored_ones_stay_readable() {
        for (text, reason) in [("Dune ", Lookalike::OuterBlank), ("Du\u{200b}ne", Lookalike::ZeroWidth)] {
            let invalid = InvalidText::Lookalike(reason);
            assert_eq!(Title::new(text), Err(invalid), "{text:?}");
            assert_eq!(Author::new(text), Err(invalid), "{text:?}");
            assert_eq!(UserId::new(text).unwrap().check_new(), Err(invalid), "{text:?}");
            assert_eq!(Title::try_from(text.to_owned()).unwrap().as_str(), text);
        }
        assert!(matches!(Title::new("Zoe\u{308}"), Err(InvalidText::Lookalike(Lookalike::Decomposed(_)))));
    }
}
