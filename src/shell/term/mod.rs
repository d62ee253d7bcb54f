//! Terms: the values that functions reply, as text and as JSON.

mod chart;
mod columns;
mod pen;
mod tree;

use std::fmt::{self, Write as _};
use std::sync::Arc;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use unicode_width::UnicodeWidthStr as _;

pub use self::chart::{Chart, ChartPoint};
pub use self::columns::Columns;
pub(super) use self::pen::{ASCII, Pen, UNICODE};
pub use self::tree::{Tree, TreeNode};
use super::error_reason::ErrorReason;
use super::escape::{self, write_escaped, write_quoted};

/// A reply.
#[derive(Clone, Debug)]
pub enum Term {
    /// `:ok`
    Atom(&'static str),
    /// `50`
    Integer(i128),
    /// `10.50`: a number with decimals, a string in JSON, where many readers would round it.
    Decimal(String),
    /// `"Wolfman"`
    String(String),
    /// `"2026-01-01T00:00:07.002000Z"`: a moment, in the format of RFC 3339 in UTC.
    Time(String),
    /// `"019b76da-c359-7001-9384-54127b096493"`: an id that nobody reads as a word.
    Id(String),
    /// `#Bank<memory>`: something that has no literal.
    Opaque(String),
    /// `[1, 2]`
    List(Vec<Term>),
    /// The same, of items that are made one by one as they are printed. There may be as many as accounts.
    Sequence(Sequence),
    /// `%{committed: 12}`
    Map(Vec<(&'static str, Term)>),
    /// `{:ok, …}`
    Ok(Box<Term>),
    /// `{:error, :no_account}`
    Error(ErrorReason),
    /// `:no_account`: there is nothing to show.
    Missing(ErrorReason),
    /// `{:error, …}` with a value instead of one atom.
    Problem(Box<Term>),
    /// Text for people, such as `help`.
    Text(String),
    /// A JSON value, such as the data of an event.
    Json(Box<RawValue>),
    /// `nil`; an empty cell in a table.
    Nil,
    /// An aligned table for people; a list of objects in JSON.
    Table(Table),
    /// A tree in lines for people; nested objects in JSON.
    Tree(Tree),
    /// A chart in lines for people; a list of points in JSON.
    Chart(Box<Chart>),
}

/// A long list.
#[derive(Clone)]
pub struct Sequence {
    count: usize,
    item: Arc<dyn Fn(usize) -> Term + Send + Sync>,
}

impl Sequence {
    /// A list of `count` items. `item` makes each from its index.
    pub fn new(count: usize, item: impl Fn(usize) -> Term + Send + Sync + 'static) -> Self {
        Self { count, item: Arc::new(item) }
    }

    /// Whether it has no items.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn items(&self) -> impl ExactSizeIterator<Item = Term> {
        (0..self.count).map(|index| (self.item)(index))
    }
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.items()).finish()
    }
}

/// Rows under headings.
#[derive(Clone, Debug)]
pub struct Table {
    /// The headings.
    pub columns: Columns,
    /// For each row, a value under each heading.
    pub rows: Vec<Vec<Term>>,
}

impl Term {
    /// `:ok`
    pub const OK: Self = Self::Atom("ok");
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Atom(atom) => {
                f.write_char(':')?;
                f.write_str(atom)
            }
            Self::Integer(integer) => write!(f, "{integer}"),
            Self::Decimal(digits) => f.write_str(digits),
            Self::String(string) | Self::Time(string) | Self::Id(string) => write_quoted(f, string),
            Self::Opaque(name) => write_escaped(f, name),
            Self::List(items) => write_list(f, items.iter()),
            Self::Sequence(sequence) => write_list(f, sequence.items()),
            Self::Map(entries) => {
                f.write_str("%{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if index == 0 { "" } else { ", " })?;
                }
                f.write_char('}')
            }
            Self::Ok(value) => write!(f, "{{:ok, {value}}}"),
            Self::Error(reason) => write!(f, "{{:error, :{}}}", reason.name()),
            Self::Missing(reason) => write!(f, ":{}", reason.name()),
            Self::Problem(value) => write!(f, "{{:error, {value}}}"),
            Self::Text(text) => f.write_str(text),
            Self::Json(json) => write_escaped(f, json.get()),
            Self::Nil => f.write_str("nil"),
            Self::Table(table) => table.fmt(f),
            Self::Tree(tree) => tree.fmt(f),
            Self::Chart(chart) => f.write_str(&chart.drawn(UNICODE, None)),
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, items: impl Iterator<Item = impl fmt::Display>) -> fmt::Result {
    f.write_char('[')?;
    for (index, item) in items.enumerate() {
        write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
    }
    f.write_char(']')
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headings = self.columns.iter().map(|heading| escape::line(heading).into_owned()).collect();
        let rows: Vec<Vec<String>> = self.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        let lines: Vec<_> = std::iter::once(headings).chain(rows).collect();
        let widths: Vec<_> = (0..self.columns.len())
            .map(|column| lines.iter().map(|line| line[column].width()).max().unwrap_or(0))
            .collect();
        // Once for each column, as a long column of texts is looked through to its end.
        let is_number: Vec<_> = (0..self.columns.len())
            .map(|column| self.rows.iter().any(|row| matches!(row[column], Term::Integer(_) | Term::Decimal(_))))
            .collect();
        for (number, line) in lines.iter().enumerate() {
            let mut text = String::new();
            for (column, cell) in line.iter().enumerate() {
                let padding = " ".repeat(widths[column] - cell.width());
                let separator = if column == 0 { "" } else { "  " };
                let (before, after) =
                    if is_number[column] { (padding, String::new()) } else { (String::new(), padding) };
                write!(text, "{separator}{before}{cell}{after}")?;
            }
            write!(f, "{}{}", if number == 0 { "" } else { "\n" }, text.trim_end())?;
        }
        Ok(())
    }
}

impl Table {
    /// The table without those of some columns that have nothing in any row.
    #[must_use]
    pub fn without_empty(mut self, optional: &[&str]) -> Self {
        let is_kept: Vec<bool> = (0..self.columns.len())
            .map(|column| {
                !optional.contains(&&*self.columns[column])
                    || self.rows.iter().any(|row| row.get(column).is_some_and(|cell| !matches!(cell, Term::Nil)))
            })
            .collect();
        let mut kept = is_kept.iter().copied();
        self.columns.retain(|| kept.next().unwrap_or(true));
        for row in &mut self.rows {
            let mut kept = is_kept.iter().copied();
            row.retain(|_| kept.next().unwrap_or(true));
        }
        self
    }
}

/// A cell of a table: a string without quotes, and nothing for `nil`.
pub(super) fn cell(term: &Term) -> String {
    match term {
        Term::String(text) | Term::Time(text) | Term::Id(text) => escape::line(text).into_owned(),
        Term::Nil => String::new(),
        other => other.to_string(),
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Row<'a>(&'a Columns, &'a [Term]);
        impl Serialize for Row<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().zip(self.1))
            }
        }
        serializer.collect_seq(self.rows.iter().map(|row| Row(&self.columns, row)))
    }
}

/// Atoms as strings; `{:ok, value}` and `{:error, reason}` as objects with the one key `ok` or `error`.
impl Serialize for Term {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Atom(atom) => serializer.serialize_str(atom),
            Self::Missing(reason) => serializer.serialize_str(reason.name()),
            Self::Integer(integer) => serializer.serialize_i128(*integer),
            Self::Decimal(string)
            | Self::String(string)
            | Self::Time(string)
            | Self::Id(string)
            | Self::Opaque(string)
            | Self::Text(string) => serializer.serialize_str(string),
            Self::List(items) => serializer.collect_seq(items),
            Self::Sequence(sequence) => serializer.collect_seq(sequence.items()),
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
            Self::Ok(value) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("ok", value)?;
                map.end()
            }
            Self::Error(reason) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("error", reason.name())?;
                map.end()
            }
            Self::Problem(value) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("error", value)?;
                map.end()
            }
            Self::Json(json) => json.serialize(serializer),
            Self::Nil => serializer.serialize_none(),
            Self::Table(table) => table.serialize(serializer),
            Self::Tree(tree) => tree.serialize(serializer),
            Self::Chart(chart) => chart.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_ACCOUNT: ErrorReason = ErrorReason::new("no_account", "there is none");

    #[test]
    fn replies_read_as_at_the_iex_prompt() {
        let lagging = Term::List(vec![Term::String("balances".into())]);
        let map = Term::Map(vec![("committed", Term::Integer(12)), ("lagging", lagging)]);
        assert_eq!(Term::Ok(Box::new(map)).to_string(), r#"{:ok, %{committed: 12, lagging: ["balances"]}}"#);
        assert_eq!(Term::Error(NO_ACCOUNT).to_string(), "{:error, :no_account}");
        assert_eq!(Term::Missing(NO_ACCOUNT).to_string(), ":no_account");
        let problem = Term::Problem(Box::new(Term::Map(vec![("position", Term::Nil), ("problem", Term::Integer(7))])));
        assert_eq!(problem.to_string(), "{:error, %{position: nil, problem: 7}}");
        assert_eq!(serde_json::to_string(&problem).unwrap(), r#"{"error":{"position":null,"problem":7}}"#);
    }

    #[test]
    fn a_sequence_reads_as_a_list_of_its_items() {
        let item = |index: usize| Term::Map(vec![("id", Term::String(index.to_string())), ("holder", Term::Nil)]);
        for count in [0, 1, 3] {
            let (list, sequence) =
                (Term::List((0..count).map(item).collect()), Term::Sequence(Sequence::new(count, item)));
            assert_eq!(sequence.to_string(), list.to_string());
            assert_eq!(serde_json::to_string(&sequence).unwrap(), serde_json::to_string(&list).unwrap());
        }
    }

    #[test]
    fn strings_are_escaped() {
        let wild = Term::String("a\"\\\n\u{1b}[2J\u{202e}ß".into());
        assert_eq!(wild.to_string(), r#""a\"\\\n\u{1B}[2J\u{202E}ß""#);
    }

    #[test]
    fn tables_are_aligned_for_people_and_objects_in_json() {
        let row = |name: &str, amount| vec![Term::String(name.into()), amount];
        let rows = vec![row("Zoë", Term::Integer(5)), row("狼\n", Term::Nil), row("a", Term::Integer(1_000))];
        let table = Term::Table(Table { columns: (&["name", "amount"]).into(), rows });
        assert_eq!(table.to_string(), "name  amount\nZoë        5\n狼\\n\na       1000");
        let json = serde_json::to_string(&table).unwrap();
        assert_eq!(
            json,
            "[{\"name\":\"Zoë\",\"amount\":5},{\"name\":\"狼\\n\",\"amount\":null},{\"name\":\"a\",\"amount\":1000}]"
        );
    }

    #[test]
    fn json_has_objects_for_ok_and_error() {
        let json = |term: &Term| serde_json::to_string(term).unwrap();
        assert_eq!(json(&Term::OK), r#""ok""#);
        assert_eq!(json(&Term::Ok(Box::new(Term::Opaque("#Bank<memory>".into())))), r##"{"ok":"#Bank<memory>"}"##);
        assert_eq!(json(&Term::Error(NO_ACCOUNT)), r#"{"error":"no_account"}"#);
    }

    #[test]
    fn a_column_with_nothing_in_it_may_be_left_out() {
        let columns: &[&str] = &["name", "amount", "memo", "note"];
        let rows = vec![vec![Term::Nil, Term::Integer(5), Term::Nil, Term::Nil]];
        let table = Table { columns: columns.into(), rows }.without_empty(&["amount", "memo"]);
        assert_eq!(serde_json::to_string(&table).unwrap(), r#"[{"name":null,"amount":5,"note":null}]"#);
    }
}
