//! What a book can be asked to do.

use super::{Author, Book, Isbn, Quantity, Title, UserId};
use crate::engine::domain::Command;
use crate::engine::log::Fingerprint;

/// A request about a book, in the imperative. It can be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookCommand {
    /// Take copies into the library, of a new book or of one it has.
    AddBook {
        /// The book.
        isbn: Isbn,
        /// What it is called.
        title: Title,
        /// Who wrote it.
        author: Author,
        /// How many copies.
        quantity: Quantity,
    },
    /// Lend a copy.
    BorrowBook {
        /// The book.
        isbn: Isbn,
        /// To whom.
        user_id: UserId,
    },
    /// Take a lent copy back.
    ReturnBook {
        /// The book.
        isbn: Isbn,
        /// From whom.
        user_id: UserId,
    },
    /// Take all copies out of the library.
    RemoveBook {
        /// The book.
        isbn: Isbn,
    },
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

    fn title(&self) -> &'static str {
        match self {
            Self::AddBook { .. } => "Add Book",
            Self::BorrowBook { .. } => "Borrow Book",
            Self::ReturnBook { .. } => "Return Book",
            Self::RemoveBook { .. } => "Remove Book",
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
