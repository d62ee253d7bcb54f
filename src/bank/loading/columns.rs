//! The columns of a file, found by the names in its header.

use std::str::FromStr;

use thiserror::Error;

use super::errors::{Mistake, Unreadable};

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
    #[error("{0:?} is no name and column, such as Betrag=amount; a name with a comma stands in quotes")]
    NoPair(String),
    /// A quote is not closed, or something other than `=` follows it.
    #[error("after the name in quotes in {0:?} there is no = and column")]
    NoEndOfName(String),
    /// The file's column is to be two.
    #[error("{0:?} cannot be two columns")]
    Twice(String),
    /// There is no such column.
    #[error("there is no column {0:?}: there are date, account, amount, deposit, withdrawal, to, memo and id")]
    NoColumn(String),
}

impl FromStr for ColumnNames {
    type Err = InvalidColumns;

    fn from_str(text: &str) -> Result<Self, InvalidColumns> {
        let (mut rest, mut names) = (Some(text), Vec::new());
        while let Some(pairs) = rest {
            let (name, column, after) = first_pair(pairs)?;
            let known = Column::named(column).ok_or_else(|| InvalidColumns::NoColumn(column.to_owned()))?;
            if names.iter().any(|(before, _)| *before == name) {
                return Err(InvalidColumns::Twice(name));
            }
            names.push((name, known));
            rest = after;
        }
        Ok(Self(names))
    }
}

/// The name and the column of the first pair, and what follows the comma after it.
fn first_pair(pairs: &str) -> Result<(String, &str, Option<&str>), InvalidColumns> {
    let pairs = pairs.trim_start();
    let until_comma = |text: &str| text.find(',').unwrap_or(text.len());
    let (name, rest) = match pairs.strip_prefix('"') {
        Some(quoted) => {
            let no_end = || InvalidColumns::NoEndOfName(pairs.to_owned());
            let (name, rest) = unquoted(quoted).ok_or_else(no_end)?;
            (name, rest.trim_start().strip_prefix('=').ok_or_else(no_end)?)
        }
        None => {
            let pair = &pairs[..until_comma(pairs)];
            let (name, _) = pair.rsplit_once('=').ok_or_else(|| InvalidColumns::NoPair(pair.trim().to_owned()))?;
            (name.trim().to_owned(), &pairs[name.len() + 1..])
        }
    };
    let end = until_comma(rest);
    match name.is_empty() {
        true => Err(InvalidColumns::NoPair(pairs[..until_comma(pairs)].trim().to_owned())),
        false => Ok((name, rest[..end].trim(), rest.get(end + 1..))),
    }
}

/// A name up to its closing quote, where two quotes stand for one as in the file, and what follows.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let (mut name, mut rest) = (String::new(), text);
    loop {
        let (part, after) = rest.split_once('"')?;
        name.push_str(part);
        match after.strip_prefix('"') {
            None => return Some((name.trim().to_owned(), after)),
            Some(after) => {
                name.push('"');
                rest = after;
            }
        }
    }
}

/// Where in a row each column stands.
#[derive(Debug)]
pub(super) struct Header {
    names: Vec<String>,
    places: [Option<usize>; COLUMNS.len()],
}

impl Header {
    /// Names the column of a mistake in a field of a row.
    pub(super) fn naming_column(&self, unreadable: Unreadable) -> Unreadable {
        match unreadable {
            Unreadable::Field { line, field, problem } if field < self.len() => {
                Mistake::in_column(line, self.name_at(field), problem).into()
            }
            other => other,
        }
    }

    /// The names of the columns that are left alone, in their order, but for those without a name.
    pub(super) fn unread(&self) -> impl Iterator<Item = &str> {
        let is_read = |place: &usize| self.places.contains(&Some(*place));
        let named = self.names.iter().enumerate().filter(move |(place, name)| !name.is_empty() && !is_read(place));
        named.map(|(_, name)| name.as_str())
    }

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
    let (name, names) = (column.name(), names.iter().map(|name| as_typed(name)).collect::<Vec<_>>());
    format!("the header has no column {name}, but {}; columns: \"…={name}\" says which it is", names.join(", "))
}

/// A name as it stands in `columns:`.
fn as_typed(name: &str) -> String {
    match name.contains([',', '"']) {
        true => format!("\"{}\"", name.replace('"', "\"\"")),
        false => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_with_the_commas_in_quotes() {
        let names = |text: &str| text.parse::<ColumnNames>().map(|ColumnNames(names)| names);
        let named = |name: &str, column| (name.to_owned(), column);
        for (text, expected) in [
            ("Betrag=amount", vec![named("Betrag", Column::Amount)]),
            (
                "Buchungs tag = date,Betrag=amount",
                vec![named("Buchungs tag", Column::Date), named("Betrag", Column::Amount)],
            ),
            (
                r#""Betrag, EUR"=amount, "say ""what""" = memo, Tag=date"#,
                vec![
                    named("Betrag, EUR", Column::Amount),
                    named("say \"what\"", Column::Memo),
                    named("Tag", Column::Date),
                ],
            ),
            ("a=b=memo", vec![named("a=b", Column::Memo)]),
        ] {
            assert_eq!(names(text), Ok(expected), "{text}");
        }
        let no_pair = |part: &str| Err(InvalidColumns::NoPair(part.to_owned()));
        for (text, error) in [
            ("", no_pair("")),
            ("Betrag, EUR=amount", no_pair("Betrag")),
            ("Betrag=amount,", no_pair("")),
            ("=amount", no_pair("=amount")),
            ("Betrag=sum", Err(InvalidColumns::NoColumn("sum".to_owned()))),
            (r#""Betrag=amount"#, Err(InvalidColumns::NoEndOfName(r#""Betrag=amount"#.to_owned()))),
            (r#""Betrag" EUR=amount"#, Err(InvalidColumns::NoEndOfName(r#""Betrag" EUR=amount"#.to_owned()))),
        ] {
            assert_eq!(names(text), error, "{text}");
        }
    }
}
