//! The copies of each book after each event, for a report.

use super::replies::copies;
use crate::engine::log::RecordedEvent;
use crate::engine::projection::Projection as _;
use crate::library::{BookEvent, Inventory, Isbn};
use crate::shell::application_functions::States;
use crate::shell::term::Term;

impl States<BookEvent> for Inventory {
    fn columns(&self) -> [&'static str; 2] {
        ["isbn", "copies"]
    }

    fn subject(&self, event: &RecordedEvent<BookEvent>) -> Option<String> {
        Some(event.data.isbn().to_string())
    }

    fn take(&mut self, event: &RecordedEvent<BookEvent>) {
        self.project(event);
    }

    fn state(&self, isbn: &str) -> Option<Term> {
        let book = self.book(&Isbn::new(isbn).ok()?)?;
        Some(copies(book.copies_in, book.copies_out))
    }

    fn subjects(&self, limit: usize) -> Vec<String> {
        self.books(Isbn::FIRST, limit).iter().map(|book| book.isbn.to_string()).collect()
    }
}
