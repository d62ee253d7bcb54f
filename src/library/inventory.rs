//! The inventory projection: the books, their copies, and the loans.

use std::ops::Bound;
use std::str::FromStr;
use std::{fmt, iter};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::events::{BookAdded, BookBorrowed, BookRemoved, BookReturned};
use super::{Author, BookEvent, Isbn, Title, UserId};
use crate::engine::domain::DomainEvent as _;
use crate::engine::log::{RecordedEvent, Timestamp};
use crate::engine::projection::{Projection, RowMap, StoredFields, rows};
use crate::engine::runtime::trace::trace_line;

/// The read model behind every answer of the read service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    books: RowMap<Isbn, ListedBook>,
    /// The time of each current loan.
    loans: RowMap<LoanId, Timestamp>,
}

/// A book of the inventory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedBook {
    /// The ISBN.
    pub isbn: Isbn,
    /// The title, as given when copies were last added.
    pub title: Title,
    /// The author, as given when copies were last added.
    pub author: Author,
    /// The copies that can be borrowed.
    pub copies_in: u32,
    /// The copies that are lent.
    pub copies_out: u32,
}

/// A copy on loan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loan {
    /// The book's ISBN.
    pub isbn: Isbn,
    /// The title.
    pub title: Title,
    /// When it was borrowed.
    pub borrowed: Timestamp,
}

/// The key of a loan. Ordered by user first, so that a user's loans are adjacent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct LoanId {
    user_id: UserId,
    isbn: Isbn,
}

#[derive(Debug, Error)]
#[error("a loan is named by an ISBN and a user")]
struct InvalidLoanId;

impl fmt::Display for LoanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.isbn, self.user_id)
    }
}

impl FromStr for LoanId {
    type Err = InvalidLoanId;

    fn from_str(text: &str) -> Result<Self, InvalidLoanId> {
        let (isbn, user_id) = text.split_once(' ').ok_or(InvalidLoanId)?;
        let (Ok(isbn), Ok(user_id)) = (isbn.parse(), UserId::new(user_id)) else { return Err(InvalidLoanId) };
        Ok(Self { user_id, isbn })
    }
}

impl Inventory {
    /// A book; `None` if the library does not have it.
    pub fn book(&self, isbn: &Isbn) -> Option<&ListedBook> {
        self.books.get(isbn)
    }

    /// At most `limit` books in the order of their ISBNs, from `from` on.
    pub fn books(&self, from: Isbn, limit: usize) -> Vec<ListedBook> {
        self.books.range(from..).take(limit).map(|(_, book)| book.clone()).collect()
    }

    /// At most `limit` loans of a user in the order of the books' ISBNs, from `from` on.
    pub fn loans(&self, user_id: &UserId, from: Isbn, limit: usize) -> Vec<Loan> {
        let of_user = self.loans.range(LoanId { user_id: user_id.clone(), isbn: from }..);
        let of_user = of_user.take_while(|(loan, _)| loan.user_id == *user_id);
        let loan = |(LoanId { isbn, .. }, borrowed): (&LoanId, &Timestamp)| {
            let title = self.books.get(isbn)?.title.clone();
            Some(Loan { isbn: *isbn, title, borrowed: *borrowed })
        };
        of_user.filter_map(loan).take(limit).collect()
    }

    /// The first `limit` borrowers in order whose names begin with `prefix`.
    pub fn borrowers_beginning_with(&self, prefix: &str, limit: usize) -> Vec<UserId> {
        let mut from = Bound::Included(LoanId { user_id: UserId::first_beginning_with(prefix), isbn: Isbn::FIRST });
        let users = iter::from_fn(|| {
            let (LoanId { user_id, .. }, _) = self.loans.range((from.clone(), Bound::Unbounded)).next()?;
            from = Bound::Excluded(LoanId { user_id: user_id.clone(), isbn: Isbn::LAST });
            Some(user_id.clone())
        });
        users.take_while(|user_id| user_id.as_str().starts_with(prefix)).take(limit).collect()
    }

    /// The first `limit` ISBNs in order that begin with `prefix`, given with or without hyphens.
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

    fn lend(&mut self, isbn: Isbn, user_id: UserId, time: Timestamp) {
        if self.books.contains_key(&isbn)
            && self.loans.insert(LoanId { user_id, isbn }, time).is_none()
            && let Some(book) = self.books.get_mut(&isbn)
        {
            book.copies_in = book.copies_in.saturating_sub(1);
            book.copies_out = book.copies_out.saturating_add(1);
        }
    }

    fn take_back(&mut self, isbn: Isbn, user_id: UserId) {
        if self.loans.remove(&LoanId { user_id, isbn }).is_some()
            && let Some(book) = self.books.get_mut(&isbn)
        {
            book.copies_in = book.copies_in.saturating_add(1);
            book.copies_out = book.copies_out.saturating_sub(1);
        }
    }
}

impl Projection<BookEvent> for Inventory {
    const NAME: &'static str = "inventory";
    const ROWS: Option<StoredFields<Self>> = rows!(1; books: "book ", loans: "loan ");

    fn project(&mut self, event: &RecordedEvent<BookEvent>) {
        match &event.data {
            BookEvent::BookAdded(added) => self.add(added),
            BookEvent::BookBorrowed(BookBorrowed { isbn, user_id }) => self.lend(*isbn, user_id.clone(), event.time),
            BookEvent::BookReturned(BookReturned { isbn, user_id }) => self.take_back(*isbn, user_id.clone()),
            // A book with loans cannot be removed.
            BookEvent::BookRemoved(BookRemoved { isbn, .. }) => drop(self.books.remove(isbn)),
        }
    }
}

/// Traces an event of the inventory.
pub(super) fn trace(event: &RecordedEvent<BookEvent>) {
    trace_line!(event.metadata.correlation_id(), "Event Handler: {}", event.data.title());
}
