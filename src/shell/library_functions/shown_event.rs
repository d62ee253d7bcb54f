//! What the library says of an event and of its book.

use std::collections::BTreeSet;

use super::replies::copies;
use crate::engine::application::{Application, QueryError};
use crate::engine::log::{Moment, Position, RecordedEvent, StreamId};
use crate::engine::projection::Projection as _;
use crate::library::{Book, BookEvent, Inventory, Isbn, UserId};
use crate::shell::application_functions::{Looking, ShownEvent, Standing, States};
use crate::shell::term::Term;

impl ShownEvent for BookEvent {
    fn command_title(&self) -> Option<&'static str> {
        Some(Self::command_title(self))
    }

    fn standing<'a>(
        application: &'a Application<Self>,
        stream: &'a StreamId,
        end: Position,
    ) -> Looking<'a, Result<Standing, QueryError>> {
        Box::pin(standing(application, stream, end))
    }

    fn states() -> Box<dyn States<Self>> {
        Box::new(Inventory::default())
    }
}

/// What is shown of a book in a history that ends at a position: its copies first.
async fn standing(
    application: &Application<BookEvent>,
    stream: &StreamId,
    end: Position,
) -> Result<Standing, QueryError> {
    let book: Book = application.state_up_to(stream, Moment::Position(end)).await?;
    let Some((title, author)) = book.listed_as() else { return Ok(Standing::new()) };
    Ok(vec![
        ("copies", copies(book.copies_in(), book.copies_out())),
        ("title", Term::String(title.to_string())),
        ("author", Term::String(author.to_string())),
        ("lent to", names(book.borrowers())),
    ])
}

fn names(users: &BTreeSet<UserId>) -> Term {
    if users.is_empty() {
        return Term::Nil;
    }
    Term::String(users.iter().map(UserId::as_str).collect::<Vec<_>>().join(", "))
}

/// The copies of each book after each event, for a report.
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
