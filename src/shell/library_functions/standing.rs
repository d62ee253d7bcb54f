//! What the library shows of a book, to be compared with another history.

use std::collections::BTreeSet;

use super::replies::copies;
use crate::engine::application::{Application, QueryError};
use crate::engine::log::{Moment, Position, StreamId};
use crate::library::{Book, BookEvent, UserId};
use crate::shell::application_functions::Standing;
use crate::shell::term::Term;

/// What is shown of a book in a history that ends at a position: its copies first.
pub(super) async fn standing(
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
