//! The inventory projection: which books there are, where their copies are, and who has them.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::events::{BookAdded, BookBorrowed, BookRemoved, BookReturned};
use super::{Author, BookEvent, Isbn, Title, UserId, inventory_rows};
use crate::engine::clock::Timestamp;
use crate::engine::event::{DomainEvent as _, RecordedEvent};
use crate::engine::projection::{Projection, UnreadableRow};
use crate::engine::store::handler_records::ProjectionRow;
use crate::engine::trace::trace_line;

/// The read model behind every answer of the read service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    pub(super) books: BTreeMap<Isbn, ListedBook>,
    pub(super) loans: BTreeMap<UserId, BTreeMap<Isbn, Timestamp>>,
}

/// A book of the inventory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedBook {
    /// Its number.
    pub isbn: Isbn,
    /// What it is called, as whoever added copies last has said.
    pub title: Title,
    /// Who wrote it, from the same source.
    pub author: Author,
    /// The copies that can be borrowed.
    pub copies_in: u32,
    /// The copies that are lent.
    pub copies_out: u32,
}

/// A copy that a user has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loan {
    /// The book's number.
    pub isbn: Isbn,
    /// What it is called.
    pub title: Title,
    /// When it was borrowed.
    pub borrowed: Timestamp,
}

impl Inventory {
    /// A book; `None` if the library does not have it.
    pub fn book(&self, isbn: &Isbn) -> Option<&ListedBook> {
        self.books.get(isbn)
    }

    /// At most `limit` books in the order of their numbers, from `from` on.
    pub fn books(&self, from: Isbn, limit: usize) -> Vec<ListedBook> {
        self.books.range(from..).take(limit).map(|(_, book)| book.clone()).collect()
    }

    /// At most `limit` loans of a user in the order of the books' numbers, from `from` on.
    pub fn loans(&self, user_id: &UserId, from: Isbn, limit: usize) -> Vec<Loan> {
        let loans = self.loans.get(user_id).into_iter().flat_map(|loans| loans.range(from..));
        let loan = |(isbn, borrowed): (&Isbn, &Timestamp)| {
            let title = self.books.get(isbn)?.title.clone();
            Some(Loan { isbn: *isbn, title, borrowed: *borrowed })
        };
        loans.filter_map(loan).take(limit).collect()
    }

    /// The first `limit` users with a loan whose names begin with `prefix`, in order.
    pub fn borrowers_beginning_with(&self, prefix: &str, limit: usize) -> Vec<UserId> {
        let from = self.loans.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        from.map(|(user_id, _)| user_id)
            .take_while(|user_id| user_id.as_str().starts_with(prefix))
            .take(limit)
            .cloned()
            .collect()
    }

    /// The first `limit` books whose numbers begin with `prefix`, with or without hyphens, in order.
    pub fn isbns_beginning_with(&self, prefix: &str, limit: usize) -> Vec<Isbn> {
        let prefix = prefix.replace(['-', ' '], "");
        let Some(first) = Isbn::first_beginning_with(&prefix) else { return Vec::new() };
        let isbns = self.books.range(first..).map(|(isbn, _)| *isbn);
        isbns.take_while(|isbn| isbn.to_string().starts_with(&prefix)).take(limit).collect()
    }

    fn add(&mut self, added: &BookAdded) {
        let BookAdded { isbn, title, author, quantity } = added;
        let (isbn, title, author) = (*isbn, title.clone(), author.clone());
        let (copies_in, copies_out) = self.books.get(&isbn).map_or((0, 0), |book| (book.copies_in, book.copies_out));
        let copies_in = copies_in.saturating_add(quantity.get());
        self.books.insert(isbn, ListedBook { isbn, title, author, copies_in, copies_out });
    }

    fn lend(&mut self, isbn: Isbn, user_id: &UserId, time: Timestamp) {
        let Some(book) = self.books.get_mut(&isbn) else { return };
        if self.loans.entry(user_id.clone()).or_default().insert(isbn, time).is_none() {
            book.copies_in = book.copies_in.saturating_sub(1);
            book.copies_out = book.copies_out.saturating_add(1);
        }
    }

    fn take_back(&mut self, isbn: Isbn, user_id: &UserId) {
        let Some(loans) = self.loans.get_mut(user_id) else { return };
        let was_lent = loans.remove(&isbn).is_some();
        if loans.is_empty() {
            self.loans.remove(user_id);
        }
        if was_lent && let Some(book) = self.books.get_mut(&isbn) {
            book.copies_in = book.copies_in.saturating_add(1);
            book.copies_out = book.copies_out.saturating_sub(1);
        }
    }
}

impl Projection<BookEvent> for Inventory {
    const NAME: &'static str = "inventory";

    fn project(&mut self, event: &RecordedEvent<BookEvent>) {
        match &event.data {
            BookEvent::BookAdded(added) => self.add(added),
            BookEvent::BookBorrowed(BookBorrowed { isbn, user_id }) => self.lend(*isbn, user_id, event.time),
            BookEvent::BookReturned(BookReturned { isbn, user_id }) => self.take_back(*isbn, user_id),
            // A book is removed only when no copy is out, so no loan goes with it.
            BookEvent::BookRemoved(BookRemoved { isbn, .. }) => drop(self.books.remove(isbn)),
        }
    }

    const ROWS: Option<u16> = Some(1);

    fn changed_rows(&self, event: &RecordedEvent<BookEvent>, name: &mut dyn FnMut(&str)) {
        inventory_rows::changed_by(&event.data, name);
    }

    fn all_rows(&self, name: &mut dyn FnMut(&str)) {
        self.all_row_names(name);
    }

    fn row(&self, name: &str) -> Option<Box<str>> {
        self.stored_row(name)
    }

    fn restore_row(&mut self, row: &ProjectionRow) -> Result<(), UnreadableRow> {
        self.take_row_back(row)
    }
}

/// Says what the inventory has taken in, for the trace.
pub(super) fn tell(event: &RecordedEvent<BookEvent>) {
    trace_line!(event.metadata.correlation_id, "Event Handler: {}", event.data.title());
}
