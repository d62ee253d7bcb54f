//! The events of books.
//!
//! The events hold no times: the [recorded event] does.
//!
//! [recorded event]: crate::engine::log::RecordedEvent

use serde::{Deserialize, Serialize};

use super::{Author, Isbn, Quantity, Title, UserId};
use crate::engine::domain::DomainEvent;
use crate::engine::store::codec::serde_name;

/// Something that happened to a book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookEvent {
    /// Copies were added to the library.
    BookAdded(BookAdded),
    /// A copy was lent.
    BookBorrowed(BookBorrowed),
    /// A copy was returned.
    BookReturned(BookReturned),
    /// All copies were removed from the library.
    BookRemoved(BookRemoved),
}

/// Copies were added to the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookAdded {
    /// The book.
    pub isbn: Isbn,
    /// The title.
    pub title: Title,
    /// The author.
    pub author: Author,
    /// The number of copies added.
    pub quantity: Quantity,
}

/// A copy was lent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookBorrowed {
    /// The book.
    pub isbn: Isbn,
    /// The borrower.
    pub user_id: UserId,
}

/// A copy was returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookReturned {
    /// The book.
    pub isbn: Isbn,
    /// The borrower.
    pub user_id: UserId,
}

/// All copies were removed from the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookRemoved {
    /// The book.
    pub isbn: Isbn,
    /// The number of copies removed.
    pub quantity: Quantity,
}

impl BookEvent {
    /// The title of the command that led to the event.
    pub fn command_title(&self) -> &'static str {
        match self {
            Self::BookAdded(_) => "Add Book",
            Self::BookBorrowed(_) => "Borrow Book",
            Self::BookReturned(_) => "Return Book",
            Self::BookRemoved(_) => "Remove Book",
        }
    }

    /// The book concerned.
    pub fn isbn(&self) -> &Isbn {
        match self {
            Self::BookAdded(BookAdded { isbn, .. })
            | Self::BookBorrowed(BookBorrowed { isbn, .. })
            | Self::BookReturned(BookReturned { isbn, .. })
            | Self::BookRemoved(BookRemoved { isbn, .. }) => isbn,
        }
    }
}

impl DomainEvent for BookEvent {
    const DOMAIN: &'static str = "library";

    fn event_type(&self) -> &'static str {
        serde_name(self)
    }

    fn title(&self) -> &'static str {
        match self {
            Self::BookAdded(_) => "Book Added",
            Self::BookBorrowed(_) => "Book Borrowed",
            Self::BookReturned(_) => "Book Returned",
            Self::BookRemoved(_) => "Book Removed",
        }
    }
}
