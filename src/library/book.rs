//! The book aggregate, which decides who may borrow a copy.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::events::{BookAdded, BookBorrowed, BookRemoved, BookReturned};
use super::{Author, BookCommand, BookEvent, Isbn, Quantity, Title, UserId};
use crate::engine::domain::{Aggregate, Command};
use crate::engine::log::Fingerprint;

/// A book, folded from its events. The library has a book while it has copies of it, in or out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    copies_in: u32,
    /// The users who have a copy. Nobody has two.
    borrowers: BTreeSet<UserId>,
    /// Title and author as given when copies were last added. No decision depends on them: they are part of the state so
    /// that a question about the book's past can be answered from its snapshot.
    listed_as: Option<(Title, Author)>,
}

/// Why a book refuses a command.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// The library has no such book.
    #[error("the library has no such book")]
    NoBook,
    /// There would be more than [`Quantity::MAX`] copies.
    #[error("a library holds at most {} copies of a book", Quantity::MAX)]
    CopyLimit,
    /// All copies are out.
    #[error("no copy is left")]
    NoCopyLeft,
    /// The user has a copy already.
    #[error("the user has a copy already")]
    AlreadyBorrowed,
    /// The user has no copy to return.
    #[error("the user has no copy of this book")]
    NotBorrowed,
    /// A copy is out, so the book cannot leave the library.
    #[error("a copy of this book is out")]
    BookIsOut,
}

impl Book {
    /// The copies that can be borrowed.
    pub fn copies_in(&self) -> u32 {
        self.copies_in
    }

    /// The copies that are lent.
    pub fn copies_out(&self) -> u32 {
        // At most Quantity::MAX, so this never saturates.
        u32::try_from(self.borrowers.len()).unwrap_or(u32::MAX)
    }

    /// The users who have a copy.
    pub fn borrowers(&self) -> &BTreeSet<UserId> {
        &self.borrowers
    }

    /// Title and author; `None` if the library does not have the book.
    pub fn listed_as(&self) -> Option<&(Title, Author)> {
        self.listed_as.as_ref()
    }

    fn copies(&self) -> u32 {
        self.copies_in.saturating_add(self.copies_out())
    }
}

impl Aggregate for Book {
    const CATEGORY: &'static str = "book";
    type Command = BookCommand;
    type Event = BookEvent;
    type Refusal = Refusal;

    fn execute(&self, command: &BookCommand) -> Result<Vec<BookEvent>, Refusal> {
        let has_copy = |user_id| self.borrowers.contains(user_id);
        let event = match command {
            BookCommand::AddBook { quantity, .. }
                if self.copies().saturating_add(quantity.get()) > Quantity::MAX.get() =>
            {
                return Err(Refusal::CopyLimit);
            }
            BookCommand::AddBook { isbn, title, author, quantity } => {
                let (isbn, title, author, quantity) = (*isbn, title.clone(), author.clone(), *quantity);
                BookEvent::BookAdded(BookAdded { isbn, title, author, quantity })
            }
            _ if self.copies() == 0 => return Err(Refusal::NoBook),
            BookCommand::BorrowBook { user_id, .. } if has_copy(user_id) => return Err(Refusal::AlreadyBorrowed),
            BookCommand::BorrowBook { .. } if self.copies_in == 0 => return Err(Refusal::NoCopyLeft),
            BookCommand::BorrowBook { isbn, user_id } => {
                BookEvent::BookBorrowed(BookBorrowed { isbn: *isbn, user_id: user_id.clone() })
            }
            BookCommand::ReturnBook { user_id, .. } if !has_copy(user_id) => return Err(Refusal::NotBorrowed),
            BookCommand::ReturnBook { isbn, user_id } => {
                BookEvent::BookReturned(BookReturned { isbn: *isbn, user_id: user_id.clone() })
            }
            BookCommand::RemoveBook { .. } if !self.borrowers.is_empty() => return Err(Refusal::BookIsOut),
            BookCommand::RemoveBook { isbn } => {
                let quantity = Quantity::new(self.copies()).map_err(|_| Refusal::NoBook)?;
                BookEvent::BookRemoved(BookRemoved { isbn: *isbn, quantity })
            }
        };
        Ok(vec![event])
    }

    /// Saturates only for events that `execute` never decides, in a damaged log.
    fn apply(&mut self, event: &BookEvent) {
        match event {
            BookEvent::BookAdded(BookAdded { title, author, quantity, .. }) => {
                self.copies_in = self.copies_in.saturating_add(quantity.get());
                self.listed_as = Some((title.clone(), author.clone()));
            }
            BookEvent::BookBorrowed(BookBorrowed { user_id, .. }) => {
                if self.borrowers.insert(user_id.clone()) {
                    self.copies_in = self.copies_in.saturating_sub(1);
                }
            }
            BookEvent::BookReturned(BookReturned { user_id, .. }) => {
                if self.borrowers.remove(user_id) {
                    self.copies_in = self.copies_in.saturating_add(1);
                }
            }
            BookEvent::BookRemoved(_) => *self = Self::default(),
        }
    }

    fn snapshot(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// Refuses old snapshots without title and author, so that the events are replayed.
    fn restore(snapshot: &str) -> Option<Self> {
        let book: Self = serde_json::from_str(snapshot).ok()?;
        (book.listed_as.is_some() || book.copies() == 0).then_some(book)
    }
}

impl Command for BookCommand {
    type Aggregate = Book;
    type Id = Isbn;

    fn target(&self) -> &Isbn {
        match self {
            Self::AddBook { isbn, .. }
            | Self::BorrowBook { isbn, .. }
            | Self::ReturnBook { isbn, .. }
            | Self::RemoveBook { isbn } => isbn,
        }
    }

    fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::AddBook { isbn, title, author, quantity } => {
                Fingerprint::of(&[&"add_book", isbn, title, author, quantity])
            }
            Self::BorrowBook { isbn, user_id } => Fingerprint::of(&[&"borrow_book", isbn, user_id]),
            Self::ReturnBook { isbn, user_id } => Fingerprint::of(&[&"return_book", isbn, user_id]),
            Self::RemoveBook { isbn } => Fingerprint::of(&[&"remove_book", isbn]),
        }
    }
}
