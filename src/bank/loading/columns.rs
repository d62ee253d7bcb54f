//! The columns of a file, found by the names in its header.

use std::str::FromStr;

use thiserror::Error;

use super::errors::Mistake;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The booking date.
    Date,
    /// The account.
    Account,
    /// The amount: positive for a deposit, negative for a withdrawal.
    Amount,
    /// The amount of a deposit.
    Deposit,
    /// The amount of a withdrawal.
    Withdrawal,
    /// The account that a transfer goes to.
    To,
    /// The memo.
    Memo,
    /// What tells a row of an account from all others of it.
    Id,
}

const COLUMNS: [(&str, Column); 8] = [
    ("date", Column::Date),
    ("account", Column::Account),
    ("amount", Column::Amount),
    ("deposit", Column::Deposit),
    ("withdrawal", Column::Withdrawal),
    ("to", Column::To),
    ("memo", Column::Memo),
    ("id", Column::Id),
];

impl Column {
    fn named(name: &str) -> Option<Self> {
        COLUMNS.iter().find(|(known, _)| *known == name).map(|(_, column)| *column)
    }

    /// The name that a header may give it.
    pub fn name(self) -> &'static str {
        COLUMNS.iter().find(|(_, column)| *column == self).map_or("", |(name, _)| name)
    }
}

/// Other names of columns: `Buchungstag=date, Betrag=amount`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnNames(Vec<(String, Column)>);

/// The text does not name columns.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidColumns {
    /// A part has no `=`, or no name before it.
    #[error("{0:?} is no name and column, such as \"Betrag=amount\"")]
    NoPair(String),
    /// There is no such column.
    #[error("there is no column {0:?}: there are date, account, amount, deposit, withdrawal, to, memo and id")]
    NoColumn(String),
}

impl FromStr for ColumnNames {
    type Err = InvalidColumns;

    fn from_str(text: &str) -> Result<Self, InvalidColumns> {
        let pairs = text.split(',').map(|pair| {
            let (name, column) = pair.split_once('=').ok_or_else(|| InvalidColumns::NoPair(pair.trim().to_owned()))?;
            let (name, column) = (name.trim(), column.trim());
            if name.is_empty() {
                return Err(InvalidColumns::NoPair(pair.trim().to_owned()));
            }
            let known = Column::named(column).ok_or_else(|| InvalidColumns::NoColumn(column.to_owned()))?;
            Ok((name.to_owned(), known))
        });
        Ok(Self(pairs.collect::<Result<_, _>>()?))
    }
}

/// Where in a row each column stands.
#[derive(Debug)]
pub(super) struct Header {
    names: Vec<String>,
    places: [Option<usize>; COLUMNS.len()],
}

impl Header {
    /// Finds the columns by their names in the header. Other columns are left alone.
    pub(super) fn new(line: u64, names: Vec<String>, others: &ColumnNames) -> Result<Self, Mistake> {
        let mistake = |problem: String| Err(Mistake::new(line, problem));
        if let Some((missing, _)) = others.0.iter().find(|(name, _)| !names.contains(name)) {
            return mistake(format!("the header has no column {missing:?}"));
        }
        let mut header = Self { names, places: [None; COLUMNS.len()] };
        for (place, name) in header.names.iter().enumerate() {
            let other = others.0.iter().find(|(other, _)| other == name).map(|(_, column)| *column);
            let Some(column) = other.or_else(|| Column::named(name)) else { continue };
            if header.places[column as usize].replace(place).is_some() {
                return mistake(format!("two columns are the column {}", column.name()));
            }
        }
        let lacks = |column: Column| header.place(column).is_none();
        for needed in [Column::Date, Column::Account] {
            if lacks(needed) {
                return mistake(lacking(needed, &header.names));
            }
        }
        let is_split = !lacks(Column::Deposit) || !lacks(Column::Withdrawal);
        match lacks(Column::Amount) {
            true if !is_split => mistake(lacking(Column::Amount, &header.names)),
            false if is_split => mistake("the header has the column amount, and deposit or withdrawal too".to_owned()),
            _ => Ok(header),
        }
    }

    /// How many fields each row has.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn place(&self, column: Column) -> Option<usize> {
        self.places[column as usize]
    }

    /// The name of a column in the file.
    pub(super) fn name_at(&self, place: usize) -> &str {
        self.names.get(place).map_or("", String::as_str)
    }
}

fn lacking(column: Column, names: &[String]) -> String {
    let name = column.name();
    format!("the header has no column {name}, but {}; columns: \"…={name}\" says which it is", names.join(", "))
}
