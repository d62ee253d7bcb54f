//! What can happen to a book.
//!
//! None of the events holds a time: when it happened stands in the [recorded event], once and for all domains.
//!
//! [recorded event]: crate::engine::log::RecordedEvent

use serde::{Deserialize, Serialize};

use super::{Author, Isbn, Quantity, Title, UserId};
use crate::engine::domain::DomainEvent;

/// A fact about a book, in the past tense.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookEvent {
    /// Copies came into the library.
    BookAdded(BookAdded),
    /// A copy was lent.
    BookBorrowed(BookBorrowed),
    /// A lent copy came back.
    BookReturned(BookReturned),
    /// All copies left the library.
    BookRemoved(BookRemoved),
}

/// Copies came into the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookAdded {
    /// The book.
    pub isbn: Isbn,
    /// What it is called.
    pub title: Title,
    /// Who wrote it.
    pub author: Author,
    /// How many copies came.
    pub quantity: Quantity,
}

/// A copy was lent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookBorrowed {
    /// The book.
    pub isbn: Isbn,
    /// To whom.
    pub user_id: UserId,
}

/// A lent copy came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookReturned {
    /// The book.
    pub isbn: Isbn,
    /// From whom.
    pub user_id: UserId,
}

/// All copies left the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookRemoved {
    /// The book.
    pub isbn: Isbn,
    /// How many copies it had.
    pub quantity: Quantity,
}

impl BookEvent {
    /// The book it happened to.
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
        match self {
            Self::BookAdded(_) => "book_added",
            Self::BookBorrowed(_) => "book_borrowed",
            Self::BookReturned(_) => "book_returned",
            Self::BookRemoved(_) => "book_removed",
        }
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
