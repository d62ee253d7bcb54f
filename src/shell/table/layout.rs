//! Which columns stand beside each other, how wide they are, and what goes below.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr as _;

use super::data::{fields, ids_within, with_short_ids};
use super::distinct::{ShortTimes, distinct_digits, short_id};
use crate::shell::escape;
use crate::shell::term::{Table, Term, cell};
use crate::shell::wrapping::{cut, wrapped};

/// Between two columns.
const GAP: usize = 2;
/// A text is cut to no less than this; what has less room goes below its row.
const MIN_TEXT: usize = 14;

/// Headings that are wider than what mostly stands under them, and what they are called where room is short.
pub(in crate::shell) const SHORT_HEADINGS: [(&str, &str); 14] = [
    ("position", "pos"),
    ("version", "v"),
    ("command_id", "cmd"),
    ("correlation_id", "corr"),
    ("causation_id", "cause"),
    ("transfer_id", "id"),
    ("checkpoint", "at"),
    ("attempts", "tries"),
    ("next_attempt", "next"),
    ("last_error", "error"),
    ("copies_in", "in"),
    ("copies_out", "out"),
    ("number", "no"),
    ("reverses", "rev"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Time,
    Id,
    Json,
    Text,
}

struct Column {
    /// In full.
    name: String,
    heading: String,
    kind: Kind,
    cells: Vec<String>,
    width: usize,
}

/// The table in at most so many columns, with a line about what was shortened. One that fits is left as it is.
pub(in crate::shell) fn fitted(table: &Table, width: usize) -> String {
    let full = table.to_string();
    if full.lines().all(|line| line.width() <= width) {
        return full;
    }
    let cells = || table.rows.iter().flatten();
    let times = ShortTimes::of(cells().filter_map(|cell| match cell {
        Term::Time(time) => Some(time.as_str()),
        _ => None,
    }));
    let digits = distinct_digits(cells().flat_map(|cell| match cell {
        Term::Id(id) => vec![id.as_str()],
        Term::Json(data) => ids_within(data.get()),
        _ => Vec::new(),
    }));
    let short = |term: &Term| match term {
        Term::Time(time) => times.short(time),
        Term::Id(id) => short_id(id, digits),
        Term::Json(_) => with_short_ids(&cell(term), digits),
        other => cell(other),
    };
    let columns = (0..table.columns.len()).map(|index| column(table, index, short)).collect();
    let layout = Layout::of(columns, width);
    let mut lines = layout.lines(table.rows.len());
    // Of short headings alone nothing is said: `help` names them too.
    if layout.cuts_cells() || cells().any(|term| short(term) != cell(term)) {
        lines.push(wrapped(&note(&times), width));
    }
    lines.join("\n")
}

fn note(times: &ShortTimes) -> String {
    match times.common() {
        Some(common) => format!("Times are of {common} UTC; wide: true shows all in full."),
        None => "Shortened; wide: true shows all in full.".to_owned(),
    }
}

fn column(table: &Table, index: usize, short: impl Fn(&Term) -> String) -> Column {
    let name = escape::line(&table.columns[index]).into_owned();
    let short_heading = SHORT_HEADINGS.iter().find(|(full, _)| *full == name);
    let heading = short_heading.map_or_else(|| name.clone(), |(_, short)| (*short).to_owned());
    let terms = || table.rows.iter().filter_map(|row| row.get(index));
    let cells: Vec<_> = terms().map(short).collect();
    let kinds = terms().filter_map(kind).collect::<Vec<_>>();
    let kind = match kinds.first() {
        Some(first) if kinds.iter().all(|kind| kind == first) => *first,
        _ => Kind::Text,
    };
    let width = cells.iter().map(|cell| cell.width()).fold(heading.width(), usize::max);
    Column { name, heading, kind, cells, width }
}

fn kind(term: &Term) -> Option<Kind> {
    match term {
        Term::Nil => None,
        Term::Integer(_) | Term::Decimal(_) => Some(Kind::Number),
        Term::Time(_) => Some(Kind::Time),
        Term::Id(_) => Some(Kind::Id),
        Term::Json(_) => Some(Kind::Json),
        _ => Some(Kind::Text),
    }
}

impl Column {
    /// The least that it needs beside others.
    fn least(&self) -> usize {
        if self.kind == Kind::Text { self.width.min(MIN_TEXT) } else { self.width }
    }
}

/// Columns in their order: those beside each other, and those below.
struct Layout {
    beside: Vec<Column>,
    below: Vec<Column>,
    width: usize,
}

impl Layout {
    fn of(columns: Vec<Column>, width: usize) -> Self {
        let mut layout = Self { beside: columns, below: Vec::new(), width };
        if layout.excess(|column| column.width) > 0 {
            layout.move_below(|columns| columns.iter().position(|column| column.kind == Kind::Json));
        }
        // What caused a command is mostly the command itself: below, only what differs is said.
        while layout.excess(|column| column.width) > 0 && layout.move_below(second_id) {}
        while layout.excess(Column::least) > 0 && layout.move_below(last_that_may) {}
        layout.shrink();
        layout
    }

    /// By how much the columns are wider than the terminal.
    fn excess(&self, width: impl Fn(&Column) -> usize) -> usize {
        let gaps = GAP * self.beside.len().saturating_sub(1);
        (self.beside.iter().map(width).sum::<usize>() + gaps).saturating_sub(self.width)
    }

    fn move_below(&mut self, which: impl Fn(&[Column]) -> Option<usize>) -> bool {
        let moved = which(&self.beside).map(|index| self.beside.remove(index));
        let has_moved = moved.is_some();
        self.below.extend(moved);
        has_moved
    }

    /// Takes from the widest texts until all fits.
    fn shrink(&mut self) {
        for _ in 0..self.excess(|column| column.width) {
            let texts = self.beside.iter_mut().filter(|column| column.width > column.least());
            let Some(widest) = texts.max_by_key(|column| column.width) else { return };
            widest.width -= 1;
        }
    }

    /// Whether a cell is shown in part.
    fn cuts_cells(&self) -> bool {
        let are_wider = |column: &Column, width: usize| column.cells.iter().any(|cell| cell.width() > width);
        let has_no_room = |column: &Column| {
            let mut items = column.cells.iter().flat_map(|cell| items_below(column, cell));
            items.any(|item| item.width() > self.room_below())
        };
        self.excess(|column| column.width) > 0
            || self.beside.iter().any(|column| are_wider(column, column.width))
            || self.below.iter().any(has_no_room)
    }

    fn lines(&self, rows: usize) -> Vec<String> {
        let mut lines = vec![self.line(|column| &column.heading)];
        for row in 0..rows {
            lines.push(self.line(|column| &column.cells[row]));
            self.add_below(row, &mut lines);
        }
        lines
    }

    fn line<'a>(&'a self, cell: impl Fn(&'a Column) -> &'a str) -> String {
        let mut line = String::new();
        for (index, column) in self.beside.iter().enumerate() {
            let cell = cut(cell(column), column.width);
            let padding = " ".repeat(column.width.saturating_sub(cell.width()));
            line.push_str(if index == 0 { "" } else { "  " });
            let is_number = column.kind == Kind::Number;
            let (before, after) = if is_number { (padding.as_str(), "") } else { ("", padding.as_str()) };
            line.extend([before, cell.as_str(), after]);
        }
        cut(line.trim_end(), self.width)
    }

    /// By how much is indented what a row has below.
    fn indent_below(&self) -> usize {
        self.beside.first().map_or(0, |column| column.width + GAP)
    }

    fn room_below(&self) -> usize {
        self.width.saturating_sub(self.indent_below())
    }

    /// What a row has below: ids only where they differ from the row's first.
    fn add_below(&self, row: usize, lines: &mut Vec<String>) {
        let (indent, room) = (self.indent_below(), self.room_below());
        let first_id = self.beside.iter().find(|column| column.kind == Kind::Id).map(|column| &column.cells[row]);
        let mut line = String::new();
        let mut add = |item: &str, gap: &str| {
            let item = cut(item, room);
            if !line.is_empty() && line.width() + gap.len() + item.width() > room {
                lines.push(format!("{}{line}", " ".repeat(indent)));
                line.clear();
            }
            line.push_str(if line.is_empty() { "" } else { gap });
            line.push_str(&item);
        };
        for column in &self.below {
            let cell = &column.cells[row];
            if column.kind == Kind::Id && first_id == Some(cell) {
                continue;
            }
            let gap = if column.kind == Kind::Json { "" } else { "  " };
            items_below(column, cell).iter().for_each(|item| add(item, gap));
        }
        if !line.is_empty() {
            lines.push(format!("{}{line}", " ".repeat(indent)));
        }
    }
}

/// What stands for a cell below its row: its name and itself, or the fields of JSON, so that no number is cut.
fn items_below<'a>(column: &Column, cell: &'a str) -> Vec<Cow<'a, str>> {
    match column.kind {
        _ if cell.is_empty() => Vec::new(),
        Kind::Json => fields(cell).into_iter().map(Cow::Borrowed).collect(),
        _ => vec![Cow::Owned(format!("{} {cell}", label(&column.name)))],
    }
}

/// The first column stays, and of the others the last text goes before anything else.
fn last_that_may(columns: &[Column]) -> Option<usize> {
    let texts = columns.iter().rposition(|column| column.kind == Kind::Text).filter(|index| *index > 0);
    texts.or_else(|| columns.len().checked_sub(1).filter(|last| *last > 0))
}

fn second_id(columns: &[Column]) -> Option<usize> {
    columns.iter().enumerate().filter(|(_, column)| column.kind == Kind::Id).map(|(index, _)| index).nth(1)
}

/// The heading as words: `correlation` for `correlation_id`.
fn label(heading: &str) -> String {
    heading.trim_end_matches("_id").replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handlers(handler: &str) -> Table {
        let columns = (&["handler", "checkpoint", "next_attempt", "last_error"]).into();
        Table { columns, rows: vec![vec![Term::String(handler.to_owned()), Term::Integer(7), Term::Nil, Term::Nil]] }
    }

    #[test]
    fn it_says_so_where_values_are_shortened_and_not_where_only_headings_are() {
        assert_eq!(fitted(&handlers("balances"), 40), "handler   at  next  error\nbalances   7");
        let cut = fitted(&handlers(&"a handler with a long name ".repeat(2)), 40);
        assert!(cut.contains("…   7") && cut.ends_with("\nShortened; wide: true shows all in full."), "{cut}");
        // Below its row a value is whole, unless the row is too short for it.
        let mut table = handlers("balances");
        table.rows[0][3] = Term::String("it failed".to_owned());
        assert_eq!(
            fitted(&table, 24),
            "handler   at  next\nbalances   7\n          last error it…\nShortened; wide: true\nshows all in full."
        );
        assert_eq!(fitted(&table, 32), "handler   at  next  error\nbalances   7        it failed");
    }
}
