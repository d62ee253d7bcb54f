//! International Standard Book Numbers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An International Standard Book Number, stored as 13 digits whatever its written form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Isbn([u8; 13]);

/// Why a text is not an ISBN.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidIsbn {
    /// The text has characters other than digits, with hyphens or spaces between them.
    #[error("an ISBN has digits, and hyphens or spaces between them")]
    Character,
    /// The text has neither 10 nor 13 digits.
    #[error("an ISBN has 10 or 13 digits")]
    Length,
    /// The 13 digits belong to something other than a book.
    #[error("an ISBN of 13 digits begins with 978 or 979")]
    Prefix,
    /// The check digit does not fit the other digits.
    #[error("the check digit of this ISBN is wrong")]
    CheckDigit,
}

impl Isbn {
    /// The lower bound of all ISBNs.
    pub const FIRST: Self = Self([0; 13]);

    /// The upper bound of all ISBNs.
    pub(super) const LAST: Self = Self([9; 13]);

    /// Parses 13 digits, or the 10 of an older ISBN, of which the last may be an `X`. A hyphen or a space is allowed between
    /// any two digits: checking their places would need a list of all publishers.
    ///
    /// ```
    /// use cqrs_bank::library::Isbn;
    ///
    /// # fn main() -> Result<(), cqrs_bank::library::InvalidIsbn> {
    /// assert_eq!(Isbn::new("978-1593275846")?.to_string(), "9781593275846");
    /// assert_eq!(Isbn::new("1-59327-584-6")?, Isbn::new("978 1 59327 584 6")?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidIsbn`]: what is wrong with the text.
    pub fn new(text: &str) -> Result<Self, InvalidIsbn> {
        let digits = digits(text)?;
        match *digits.as_slice() {
            [ref body @ .., check] if digits.len() == 10 => Self::from_ten(body, check),
            [9, 7, 8 | 9, ..] if digits.len() == 13 => Self::from_thirteen(&digits),
            _ if digits.len() == 13 => Err(InvalidIsbn::Prefix),
            _ => Err(InvalidIsbn::Length),
        }
    }

    /// The lower bound of the ISBNs that begin with some digits; `None` if the text is not a prefix of an ISBN.
    pub(super) fn first_beginning_with(prefix: &str) -> Option<Self> {
        let mut first = Self::FIRST;
        for (place, character) in prefix.chars().enumerate() {
            *first.0.get_mut(place)? = u8::try_from(character.to_digit(10)?).ok()?;
        }
        Some(first)
    }

    fn from_ten(body: &[u8], check: u8) -> Result<Self, InvalidIsbn> {
        let weighted_sum: u32 = body.iter().zip((2..=10).rev()).map(|(digit, weight)| u32::from(*digit) * weight).sum();
        if !(weighted_sum + u32::from(check)).is_multiple_of(11) {
            return Err(InvalidIsbn::CheckDigit);
        }
        let mut digits = [0; 13];
        digits[..3].copy_from_slice(&[9, 7, 8]);
        digits[3..12].copy_from_slice(body);
        digits[12] = check_digit(&digits);
        Ok(Self(digits))
    }

    fn from_thirteen(read: &[u8]) -> Result<Self, InvalidIsbn> {
        let mut digits = [0; 13];
        digits.copy_from_slice(read);
        let is_valid = digits[12] == check_digit(&digits);
        if is_valid { Ok(Self(digits)) } else { Err(InvalidIsbn::CheckDigit) }
    }
}

/// The digits of a text, with an `X` in tenth place as 10. Stops at 14 digits, which are too many.
fn digits(text: &str) -> Result<Vec<u8>, InvalidIsbn> {
    const TOO_MANY: usize = 14;
    let mut digits = Vec::with_capacity(TOO_MANY);
    let mut separated = true;
    for character in text.chars() {
        match (character, character.to_digit(10)) {
            _ if digits.len() == TOO_MANY => return Err(InvalidIsbn::Length),
            (_, Some(digit)) => digits.push(digit as u8),
            ('X' | 'x', None) if digits.len() == 9 => digits.push(10),
            ('-' | ' ', None) if !separated => {}
            _ => return Err(InvalidIsbn::Character),
        }
        separated = matches!(character, '-' | ' ');
    }
    let has_inner_x = digits.len() > 10 && digits[9] == 10;
    if (separated && !digits.is_empty()) || has_inner_x { Err(InvalidIsbn::Character) } else { Ok(digits) }
}

/// The last of 13 digits: with the weights 1, 3, 1, 3, … the sum of all of them is a multiple of ten.
fn check_digit(digits: &[u8; 13]) -> u8 {
    let weighted_sum: u8 =
        digits[..12].iter().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    (10 - weighted_sum % 10) % 10
}

impl fmt::Display for Isbn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| write!(f, "{digit}"))
    }
}

impl fmt::Debug for Isbn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Isbn {
    type Err = InvalidIsbn;

    fn from_str(text: &str) -> Result<Self, InvalidIsbn> {
        Self::new(text)
    }
}

impl TryFrom<String> for Isbn {
    type Error = InvalidIsbn;

    fn try_from(text: String) -> Result<Self, InvalidIsbn> {
        Self::new(&text)
    }
}

impl From<Isbn> for String {
    fn from(isbn: Isbn) -> Self {
        isbn.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, InvalidIsbn> {
        Isbn::new(text).map(String::from)
    }

    #[test]
    fn every_written_form_is_the_same_isbn() {
        for text in ["978-1593275846", "9781593275846", "978-1-59327-584-6", "978 1 59327 584 6", "1-59327-584-6"] {
            assert_eq!(read(text).as_deref(), Ok("9781593275846"), "{text}");
        }
        assert_eq!(read("978-1680502992").as_deref(), Ok("9781680502992"));
        for text in ["0-8044-2957-X", "080442957x", "9780804429573"] {
            assert_eq!(read(text).as_deref(), Ok("9780804429573"), "{text}");
        }
        assert_eq!(read("979-8-88645-174-0").as_deref(), Ok("9798886451740"));
    }

    #[test]
    fn any_single_wrong_digit_is_noticed() {
        for right in ["9781593275846", "9798886451740", "1593275846", "080442957X"] {
            assert!(read(right).is_ok(), "{right}");
            for place in 0..right.len() {
                for digit in "0123456789".chars().filter(|digit| !right[place..].starts_with(*digit)) {
                    let wrong = format!("{}{digit}{}", &right[..place], &right[place + 1..]);
                    assert!(read(&wrong).is_err(), "{wrong}");
                }
            }
        }
        assert_eq!(read("978-1593275847"), Err(InvalidIsbn::CheckDigit));
        assert_eq!(read("1-59327-584-X"), Err(InvalidIsbn::CheckDigit));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "978", "159327584", "97815932758466", &"9".repeat(1_000)] {
            assert_eq!(read(text), Err(InvalidIsbn::Length), "{text}");
        }
        // The bar code of a newspaper.
        assert_eq!(read("9771234567003"), Err(InvalidIsbn::Prefix));
        for text in [
            "Elixir",
            "-9781593275846",
            "9781593275846 ",
            "978--1593275846",
            "08044295X7",
            "978159327X846",
            "٩781593275846",
        ] {
            assert_eq!(read(text), Err(InvalidIsbn::Character), "{text}");
        }
    }
}
