//! The commands of books.

use super::{Author, Isbn, Quantity, Title, UserId};

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
