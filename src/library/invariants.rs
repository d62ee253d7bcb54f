//! The invariants of a library's log: each event is one that its book would decide.

use foldhash::HashMap;

use super::events::{BookAdded, BookBorrowed, BookRemoved, BookReturned};
use super::{Book, BookCommand, BookEvent};
use crate::engine::domain::{Aggregate, Invariants};
use crate::engine::log::{RecordedEvent, StreamId};
use crate::printable::check_stored_name;

/// The state of every book, folded from the events checked so far.
#[derive(Debug, Default)]
pub(super) struct Stock {
    books: HashMap<StreamId, Book>,
}

impl Invariants<BookEvent> for Stock {
    fn look_at(&self, event: &RecordedEvent<BookEvent>) -> Result<(), String> {
        let RecordedEvent { stream, data, .. } = event;
        match *stream == StreamId::new(Book::CATEGORY, data.isbn()) {
            true => Ok(()),
            false => Err(format!("it is about another book than its stream {stream}")),
        }
    }

    /// The event is valid if the book, in its state before, decides the same.
    fn take(&mut self, event: &RecordedEvent<BookEvent>) -> Result<(), String> {
        let book = self.books.entry(event.stream.clone()).or_default();
        let decided = book.execute(&command_of(&event.data)).map_err(|refusal| refusal.to_string())?;
        if decided != [event.data.clone()] {
            return Err("it is not what the book would have decided".to_owned());
        }
        book.apply(&event.data);
        Ok(())
    }

    fn admit(&self, event: &RecordedEvent<BookEvent>) -> Result<(), String> {
        match event.metadata.user() {
            Some(user) => check_stored_name(user).map_err(|error| format!("its user: {error}")),
            None => Ok(()),
        }
    }
}

/// The command that leads to an event.
fn command_of(event: &BookEvent) -> BookCommand {
    match event.clone() {
        BookEvent::BookAdded(BookAdded { isbn, title, author, quantity }) => {
            BookCommand::AddBook { isbn, title, author, quantity }
        }
        BookEvent::BookBorrowed(BookBorrowed { isbn, user_id }) => BookCommand::BorrowBook { isbn, user_id },
        BookEvent::BookReturned(BookReturned { isbn, user_id }) => BookCommand::ReturnBook { isbn, user_id },
        BookEvent::BookRemoved(BookRemoved { isbn, .. }) => BookCommand::RemoveBook { isbn },
    }
}
