//! The head of a log. Note it elsewhere, and compare it later to learn whether the log still contains the same events.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::hash_chain::{GENESIS, Hash};
use crate::engine::log::{Position, hex};

/// Bytes of the hash in a head: finding another log with the same ones is infeasible.
const HASH_BYTES: usize = 16;

/// A position, and the hash that covers its event and all events before it.
///
/// Printed as the position, a colon and 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHead {
    position: Position,
    hash: [u8; HASH_BYTES],
}

/// The text is not a log head.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a log's head is a position, a colon, and 32 hexadecimal digits")]
pub struct InvalidLogHead;

impl LogHead {
    pub(in crate::engine::store) fn new(position: Position, hash: &Hash) -> Self {
        let mut bytes = [0; HASH_BYTES];
        bytes.copy_from_slice(&hash[..HASH_BYTES]);
        Self { position, hash: bytes }
    }

    /// The position of the last event covered; [`Position::START`] for an empty log.
    pub fn position(self) -> Position {
        self.position
    }
}

impl fmt::Display for LogHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.position, hex(&self.hash))
    }
}

impl FromStr for LogHead {
    type Err = InvalidLogHead;

    fn from_str(text: &str) -> Result<Self, InvalidLogHead> {
        let (position, digits) = text.split_once(':').ok_or(InvalidLogHead)?;
        let is_plain = |text: &str, digit: fn(&u8) -> bool| !text.is_empty() && text.bytes().all(|byte| digit(&byte));
        if !is_plain(position, u8::is_ascii_digit) || !is_plain(digits, u8::is_ascii_hexdigit) {
            return Err(InvalidLogHead);
        }
        let position = position.parse().map(Position::new).map_err(|_| InvalidLogHead)?;
        let mut hash = [0; HASH_BYTES];
        if digits.len() != 2 * HASH_BYTES {
            return Err(InvalidLogHead);
        }
        for (byte, digits) in hash.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let digits = str::from_utf8(digits).map_err(|_| InvalidLogHead)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| InvalidLogHead)?;
        }
        let before_the_first = Self::new(Position::START, &GENESIS);
        let head = Self { position, hash };
        if position == Position::START && head != before_the_first { Err(InvalidLogHead) } else { Ok(head) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_is_written() {
        let head = LogHead::new(Position::new(12), &[0xA7; 32]);
        let text = "12:a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7";
        assert_eq!(head.to_string(), text);
        assert_eq!(text.parse(), Ok(head));
        assert_eq!(text.to_uppercase().parse(), Ok(head));
        let empty = LogHead::new(Position::START, &GENESIS);
        assert_eq!(empty.to_string().parse(), Ok(empty));
        let [short, long, signed] = [text[..text.len() - 1].to_owned(), format!("{text}a"), format!("+{text}")];
        let no_such_beginning = text.replacen("12", "0", 1);
        for wrong in ["", "12", "12:", ":a7", &short, &long, &signed, &no_such_beginning, "é:é"] {
            assert_eq!(wrong.parse::<LogHead>(), Err(InvalidLogHead), "{wrong}");
        }
    }
}
