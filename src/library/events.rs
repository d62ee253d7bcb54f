//! What can happen to a book.
//!
//! None of the events holds a time: when it happened stands in the [recorded event], once and for all domains.
//!
//! [recorded event]: crate::engine::event::RecordedEvent

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Author, Isbn, Quantity, Title, UserId};
use crate::engine::event::DomainEvent;

/// A fact about a book, in the past tense.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
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
pub struct BookBorrowed {
    /// The book.
    pub isbn: Isbn,
    /// To whom.
    pub user_id: UserId,
}

/// A lent copy came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookReturned {
    /// The book.
    pub isbn: Isbn,
    /// From whom.
    pub user_id: UserId,
}

/// All copies left the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookRemoved {
    /// The book.
    pub isbn: Isbn,
    /// How many copies it had.
    pub quantity: Quantity,
}

/// Why a stored event is not one of this domain's.
#[derive(Debug, Error)]
pub enum UnreadableEvent {
    /// Nothing of this name can happen to a book.
    #[error("there is no event type {0:?}")]
    UnknownType(String),
    /// A later version of this program wrote it.
    #[error("events of the type {event_type:?} are known up to schema version {known}, not {found}")]
    NewerSchema {
        /// The name it is stored under.
        event_type: String,
        /// The version it is stored in.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// Its data are not what they should be.
    #[error("the data of an event of the type {event_type:?} cannot be read: {error}")]
    Data {
        /// The name it is stored under.
        event_type: String,
        /// What is wrong.
        error: serde_json::Error,
    },
}

impl BookEvent {
    /// The version of the data of all events of this domain, as they are written now.
    pub const SCHEMA_VERSION: u32 = 1;

    /// The book it happened to.
    pub fn isbn(&self) -> &Isbn {
        match self {
            Self::BookAdded(BookAdded { isbn, .. })
            | Self::BookBorrowed(BookBorrowed { isbn, .. })
            | Self::BookReturned(BookReturned { isbn, .. })
            | Self::BookRemoved(BookRemoved { isbn, .. }) => isbn,
        }
    }

    /// Reads an event back from the name, the schema version and the JSON it was stored under.
    ///
    /// # Errors
    ///
    /// [`UnreadableEvent`]: what stands in the way.
    pub fn from_stored(event_type: &str, schema_version: u32, json: &str) -> Result<Self, UnreadableEvent> {
        let read = match event_type {
            "book_added" => serde_json::from_str(json).map(Self::BookAdded),
            "book_borrowed" => serde_json::from_str(json).map(Self::BookBorrowed),
            "book_returned" => serde_json::from_str(json).map(Self::BookReturned),
            "book_removed" => serde_json::from_str(json).map(Self::BookRemoved),
            unknown => return Err(UnreadableEvent::UnknownType(unknown.to_owned())),
        };
        let event_type = event_type.to_owned();
        if schema_version > Self::SCHEMA_VERSION {
            let (found, known) = (schema_version, Self::SCHEMA_VERSION);
            return Err(UnreadableEvent::NewerSchema { event_type, found, known });
        }
        read.map_err(|error| UnreadableEvent::Data { event_type, error })
    }
}

impl DomainEvent for BookEvent {
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
