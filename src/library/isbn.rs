//! What names a book.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An International Standard Book Number, kept as its 13 digits in whichever form it was written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Isbn([u8; 13]);

/// Why a text is no ISBN.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidIsbn {
    /// It holds something besides digits, and hyphens or spaces between them.
    #[error("an ISBN has digits, and hyphens or spaces between them")]
    Character,
    /// It has another number of digits.
    #[error("an ISBN has 10 or 13 digits")]
    Length,
    /// It has 13 digits, but they number something else than a book.
    #[error("an ISBN of 13 digits begins with 978 or 979")]
    Prefix,
    /// Its last digit does not follow from the others: something was mistyped.
    #[error("the check digit of this ISBN is wrong")]
    CheckDigit,
}

impl Isbn {
    /// Where an order of books begins.
    pub const FIRST: Self = Self([0; 13]);

    /// Where it ends.
    pub(super) const LAST: Self = Self([9; 13]);

    /// Reads 13 digits, or the 10 of an older ISBN, whose last may be an `X`. A hyphen or a space may stand
    /// between any two of them: where they belong would take a list of all publishers to know.
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

    /// Where those that begin with some digits stand in the order of books; `None` for what is no beginning.
    pub(super) fn first_beginning_with(prefix: &str) -> Option<Self> {
        let mut first = Self::FIRST;
        for (place, character) in prefix.chars().enumerate() {
            *first.0.get_mut(place)? = u8::try_from(character.to_digit(10)?).ok()?;
        }
        Some(first)
    }

    fn from_ten(body: &[u8], check: u8) -> Result<Self, InvalidIsbn> {
        let weighed: u32 = body.iter().zip((2..=10).rev()).map(|(digit, weight)| u32::from(*digit) * weight).sum();
        if !(weighed + u32::from(check)).is_multiple_of(11) {
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
        let right = digits[12] == check_digit(&digits);
        if right { Ok(Self(digits)) } else { Err(InvalidIsbn::CheckDigit) }
    }
}

/// The digits of a text, an `X` at the end of ten as 10. At most 14 are read: that many are too many.
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
    let x_within = digits.len() > 10 && digits[9] == 10;
    if (separated && !digits.is_empty()) || x_within { Err(InvalidIsbn::Character) } else { Ok(digits) }
}

/// What the last of 13 digits must be: weighed 1, 3, 1, 3, … all of them add up to a multiple of ten.
fn check_digit(digits: &[u8; 13]) -> u8 {
    let weighed: u8 = digits[..12].iter().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    (10 - weighed % 10) % 10
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
    fn every_way_to_write_a_number_is_one_number() {
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
    fn one_wrong_digit_is_noticed_wherever_it_stands() {
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
    fn what_is_no_number_of_a_book_is_told_so() {
        for text in ["", "978", "159327584", "97815932758466", &"9".repeat(1_000)] {
            assert_eq!(read(text), Err(InvalidIsbn::Length), "{text}");
        }
        // A bar code, but of a newspaper.
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
