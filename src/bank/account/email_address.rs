//! E-mail addresses.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::printable::{check_unmistakable, is_printable};

/// An e-mail address: text on both sides of one `@`, without spaces, of at most [`EmailAddress::MAX_BYTES`] bytes. The
/// address need not exist.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(Box<str>);

/// A text that is not an e-mail address.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "an e-mail address has one `@`, no spaces, control or zero-width characters, composed letters, and at most {} bytes",
    EmailAddress::MAX_BYTES
)]
pub struct InvalidEmail;

impl EmailAddress {
    /// The maximum length in bytes, as SMTP limits it.
    pub const MAX_BYTES: usize = 254;

    /// Checks an address.
    ///
    /// # Errors
    ///
    /// [`InvalidEmail`] if the text is not an e-mail address.
    pub fn new(address: &str) -> Result<Self, InvalidEmail> {
        let known = Self::from_stored(address)?;
        check_unmistakable(address).map_err(|_| InvalidEmail)?;
        Ok(known)
    }

    /// An address from the log, where it may look like another one: it was given before that was refused.
    fn from_stored(address: &str) -> Result<Self, InvalidEmail> {
        // Characters that could end a line, a list or a header, or hide in one.
        let harmful = |character: char| {
            let invisible = character.is_whitespace() || !is_printable(character);
            invisible || "<>()[],;:\"\\".contains(character)
        };
        let one_at = address.split_once('@').filter(|(_, domain)| !domain.contains('@'));
        let is_complete = one_at.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
        if is_complete && address.len() <= Self::MAX_BYTES && !address.contains(harmful) {
            Ok(Self(address.into()))
        } else {
            Err(InvalidEmail)
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_stored(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_text_on_both_sides_of_one_at_sign() {
        for address in ["josh@example.org", "j.o+bank@ex-ample.org", "zoë@bücher.example", "a@b"] {
            assert_eq!(EmailAddress::new(address).map(|address| address.as_str().to_owned()), Ok(address.to_owned()));
        }
        for invalid in ["", "josh", "@", "josh@", "@example.org", "a@b@c", "a b@c", "a@b\n", "a@b\r\nBcc: c@d", "<a@b>"]
        {
            assert_eq!(EmailAddress::new(invalid), Err(InvalidEmail), "{invalid:?}");
        }
    }

    #[test]
    fn an_address_has_a_maximum_length() {
        let of_length = |length: usize| format!("{}@b", "a".repeat(length - 2));
        assert!(EmailAddress::new(&of_length(254)).is_ok());
        assert_eq!(EmailAddress::new(&of_length(255)), Err(InvalidEmail));
    }

    #[test]
    fn an_address_has_no_hidden_characters() {
        for hidden in ["a\u{202e}@b", "a\u{200b}@b", "zoe\u{308}@b"] {
            assert_eq!(EmailAddress::new(hidden), Err(InvalidEmail), "{hidden:?}");
        }
        assert!(serde_json::from_value::<EmailAddress>("a\u{200b}@b".into()).is_ok(), "it was stored before");
    }
}
