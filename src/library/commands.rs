//! What a book can be asked to do.

use super::{Author, Isbn, Quantity, Title, UserId};

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
