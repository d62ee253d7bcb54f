//! The part of a list that a call asks for, and the line about what it leaves out.
//!
//! A list with `from:` begins there. One without ends with the latest row, since the end is what most people want to see.

use super::function_table::FROM;
use super::functions::{Call, Reply};
use super::query_arguments::{limit, position};
use super::term::{Table, Term};
use crate::engine::log::Position;

/// The largest part of a list that a call wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) struct Page {
    /// The position at which it begins; `None` for the latest rows.
    pub(in crate::shell) from: Option<Position>,
    /// The number of rows.
    pub(in crate::shell) limit: usize,
}

/// What a page leaves out.
#[derive(Clone, Debug)]
pub(in crate::shell) enum LeftOut {
    /// Nothing that was asked for.
    Nothing,
    /// So many rows before the first.
    Earlier(u64),
    /// The rows after the last; `from:` with this argument begins with them.
    Later(Term),
}

/// The page that `from:` and `limit:` name.
pub(in crate::shell) fn page(call: &Call<'_>) -> Result<Page, Term> {
    let from = call.optional(FROM).map(|_| position(call, FROM)).transpose()?;
    Ok(Page { from, limit: limit(call)? })
}

impl Page {
    /// Takes the page from rows that begin where it does, of which there may be [one more](Self::and_one_more).
    pub(in crate::shell) fn cut<T>(&self, rows: &mut Vec<T>, position: impl FnOnce(&T) -> Position) -> LeftOut {
        cut(rows, self.limit, |next| Term::Integer(position(next).get().into()))
    }

    /// One row more than the page has room for: whether there is one tells whether the page leaves any out.
    pub(in crate::shell) fn and_one_more(&self) -> usize {
        self.limit.saturating_add(1)
    }
}

/// Cuts rows to the limit, if there are more. `from` is the argument that begins with a row.
pub(in crate::shell) fn cut<T>(rows: &mut Vec<T>, limit: usize, from: impl FnOnce(&T) -> Term) -> LeftOut {
    let left_out = rows.get(limit).map_or(LeftOut::Nothing, |next| LeftOut::Later(from(next)));
    rows.truncate(limit);
    left_out
}

/// A table, and a line about the rows that it leaves out, with the statement that shows them. `rows` is their noun.
pub(in crate::shell) fn paged(call: &Call<'_>, table: Table, rows: &str, left_out: LeftOut) -> Reply {
    let from = |next: Term| call.with(&[(FROM.name, Some(next))]);
    let note = match left_out {
        LeftOut::Nothing | LeftOut::Earlier(0) => None,
        LeftOut::Earlier(count) => {
            let first = from(Term::Integer(1));
            Some(format!("{} not shown: `{first}` begins with the first.", earlier(count, rows)))
        }
        LeftOut::Later(next) => Some(format!("Later {rows} are not shown: `{}` goes on.", from(next))),
    };
    Reply { notes: note.into_iter().collect(), ..Term::Table(table).into() }
}

/// `2 earlier events are`
pub(in crate::shell) fn earlier(count: u64, rows: &str) -> String {
    match count {
        1 => format!("1 earlier {} is", rows.strip_suffix('s').unwrap_or(rows)),
        _ => format!("{count} earlier {rows} are"),
    }
}
