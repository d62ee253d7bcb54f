//! How a file is to be read, and what its rows are to do.

use std::str::FromStr;

use thiserror::Error;

use super::columns::ColumnNames;
use super::dates::DatePattern;

/// How a file is to be read, and what its rows are to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// The columns of the file that have other names.
    pub columns: ColumnNames,
    /// What stands before the decimals.
    pub decimal: DecimalMark,
    /// What the dates look like. By default `2024-01-17`.
    pub dates: Option<DatePattern>,
    /// The encoding of the text.
    pub encoding: Encoding,
    /// Lets the rows thank holders and pay bonuses, as if their money came today.
    pub effects: bool,
    /// Creates the accounts that are missing.
    pub create: bool,
    /// Only finds out what would happen.
    pub dry_run: bool,
}

/// What stands before the decimals of an amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecimalMark {
    /// `1,000.50`
    #[default]
    Point,
    /// `1.000,50`
    Comma,
}

/// The mark is neither `.` nor `,`.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("decimals follow a \".\" or a \",\"")]
pub struct UnknownDecimalMark;

impl FromStr for DecimalMark {
    type Err = UnknownDecimalMark;

    fn from_str(mark: &str) -> Result<Self, UnknownDecimalMark> {
        match mark {
            "." => Ok(Self::Point),
            "," => Ok(Self::Comma),
            _ => Err(UnknownDecimalMark),
        }
    }
}

/// The encoding of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    Utf8,
    /// ISO 8859-1, and Windows-1252, which has letters where that has control characters.
    Latin1,
}

/// The encoding is none that can be read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the encodings are \"utf-8\" and \"latin1\", which is also called \"iso-8859-1\" and \"windows-1252\"")]
pub struct UnknownEncoding;

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    fn from_str(name: &str) -> Result<Self, UnknownEncoding> {
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "latin1" | "latin-1" | "iso-8859-1" | "windows-1252" | "cp1252" => Ok(Self::Latin1),
            _ => Err(UnknownEncoding),
        }
    }
}
