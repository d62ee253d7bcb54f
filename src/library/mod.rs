//! The library: a domain of books whose command side and query side are two services on one event store.
//!
//! [`WriteService`] lets a [`Book`] decide on each [`BookCommand`] and stores the [`BookEvent`]s; it answers no questions.
//! [`ReadService`] keeps the [`Inventory`]; it takes no commands. They share nothing but the store, so each can run, stop and
//! restart without the other.

mod book;
mod commands;
mod errors;
mod events;
mod invariants;
mod inventory;
mod isbn;
mod quantity;
mod read_service;
mod start;
#[cfg(feature = "sqlite")]
mod store;
mod text;
mod write_service;

pub use book::{Book, Refusal};
pub use commands::BookCommand;
pub use errors::{CommandFailure, QueryError, Unavailable};
pub use events::{BookAdded, BookBorrowed, BookEvent, BookRemoved, BookReturned};
pub use inventory::{Inventory, ListedBook, Loan};
pub use isbn::{InvalidIsbn, Isbn};
pub use quantity::{InvalidQuantity, Quantity};
pub use read_service::{ReadOptions, ReadService};
#[cfg(feature = "sqlite")]
pub use store::{LibraryStore, NoLibraryStore};
pub use text::{Author, ComposedLetter, InvalidText, Lookalike, Title, UserId};
pub use write_service::{WriteOptions, WriteService};
