//! The inventory as rows: one for each book, and one for each copy that a user has.

use super::{BookEvent, Inventory, Isbn, ListedBook, UserId};
use crate::engine::clock::Timestamp;
use crate::engine::projection::{UnreadableRow, stored_row};
use crate::engine::store::handler_records::ProjectionRow;

/// What a row is about. By their names, all books come before all loans.
#[derive(Clone, Debug, PartialEq, Eq)]
enum RowName {
    Book(Isbn),
    Loan(Isbn, UserId),
}

impl RowName {
    fn to_text(&self) -> String {
        match self {
            Self::Book(isbn) => format!("book {isbn}"),
            Self::Loan(isbn, user_id) => format!("loan {isbn} {user_id}"),
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        match text.split_once(' ')? {
            ("book", isbn) => Some(Self::Book(isbn.parse().ok()?)),
            ("loan", loan) => {
                let (isbn, user_id) = loan.split_once(' ')?;
                Some(Self::Loan(isbn.parse().ok()?, UserId::new(user_id).ok()?))
            }
            _ => None,
        }
    }
}

/// Names the rows that an event changes.
pub(super) fn changed_by(event: &BookEvent, name: &mut dyn FnMut(&str)) {
    name(&RowName::Book(*event.isbn()).to_text());
    match event {
        BookEvent::BookBorrowed(super::BookBorrowed { isbn, user_id })
        | BookEvent::BookReturned(super::BookReturned { isbn, user_id }) => {
            name(&RowName::Loan(*isbn, user_id.clone()).to_text());
        }
        BookEvent::BookAdded(_) | BookEvent::BookRemoved(_) => {}
    }
}

impl Inventory {
    pub(super) fn all_row_names(&self, name: &mut dyn FnMut(&str)) {
        self.books.keys().for_each(|isbn| name(&RowName::Book(*isbn).to_text()));
        for (user_id, loans) in &self.loans {
            loans.keys().for_each(|isbn| name(&RowName::Loan(*isbn, user_id.clone()).to_text()));
        }
    }

    pub(super) fn stored_row(&self, name: &str) -> Option<Box<str>> {
        match RowName::from_text(name)? {
            RowName::Book(isbn) => stored_row::write(self.books.get(&isbn)?),
            RowName::Loan(isbn, user_id) => stored_row::write(self.loans.get(&user_id)?.get(&isbn)?),
        }
    }

    pub(super) fn take_row_back(&mut self, row: &ProjectionRow) -> Result<(), UnreadableRow> {
        let unreadable = |reason: &str| Err(UnreadableRow::new(row, reason));
        match RowName::from_text(&row.key) {
            Some(RowName::Book(isbn)) => {
                let book: ListedBook = stored_row::read(row)?;
                if book.isbn != isbn {
                    return unreadable("it is about another book");
                }
                self.books.insert(isbn, book);
            }
            Some(RowName::Loan(isbn, user_id)) => {
                let borrowed: Timestamp = stored_row::read(row)?;
                self.loans.entry(user_id).or_default().insert(isbn, borrowed);
            }
            None => return unreadable("it is about no book and no loan"),
        }
        Ok(())
    }
}
