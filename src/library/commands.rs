//! The commands of books.

use super::{Author, Book, Isbn, Quantity, Title, UserId};
use crate::engine::domain::Command;
use crate::engine::log::Fingerprint;

/// A command to a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookCommand {
    /// Add copies of a new or existing book to the library.
    AddBook {
        /// The book.
        isbn: Isbn,
        /// The title.
        title: Title,
        /// The author.
        author: Author,
        /// The number of copies.
        quantity: Quantity,
    },
    /// Lend a copy.
    BorrowBook {
        /// The book.
        isbn: Isbn,
        /// The borrower.
        user_id: UserId,
    },
    /// Return a copy.
    ReturnBook {
        /// The book.
        isbn: Isbn,
        /// The borrower.
        user_id: UserId,
    },
    /// Remove all copies from the library.
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
