//! The arguments of a call as the library takes them, or the reply that says what is wrong with them.

use crate::engine::domain::Aggregate as _;
use crate::engine::log::StreamId;
use crate::library::{Author, Book, Isbn, Quantity, Title, UserId};
use crate::shell::functions::{Arguments, Function};
use crate::shell::term::Term;

pub(super) fn isbn(arguments: &Arguments) -> Result<Isbn, Term> {
    Isbn::new(arguments.get(0).unwrap_or_default()).map_err(|_| Term::Error("invalid_isbn"))
}

/// The stream of the book that a word names.
pub(super) fn book_stream(isbn: &str) -> Result<StreamId, Term> {
    let isbn = Isbn::new(isbn).map_err(|_| Term::Error("invalid_isbn"))?;
    Ok(StreamId::new(Book::CATEGORY, &isbn))
}

pub(super) fn title(arguments: &Arguments) -> Result<Title, Term> {
    Title::new(arguments.get(1).unwrap_or_default()).map_err(|_| Term::Error("invalid_title"))
}

pub(super) fn author(arguments: &Arguments) -> Result<Author, Term> {
    Author::new(arguments.get(2).unwrap_or_default()).map_err(|_| Term::Error("invalid_author"))
}

pub(super) fn quantity(arguments: &Arguments) -> Result<Quantity, Term> {
    // Digits that do not fit into 64 bits are beyond any limit.
    let quantity = arguments.get(3).and_then(|digits| digits.parse::<i64>().ok());
    quantity.and_then(|quantity| Quantity::new(quantity).ok()).ok_or(Term::Error("invalid_quantity"))
}

pub(super) fn user_id(arguments: &Arguments, place: usize) -> Result<UserId, Term> {
    UserId::new(arguments.get(place).unwrap_or_default()).map_err(|_| Term::Error("invalid_user"))
}

/// The book that a table begins with.
pub(super) fn from(function: &Function, arguments: &Arguments) -> Result<Isbn, Term> {
    let from = arguments.named(function, "from").map_or(Ok(Isbn::FIRST), Isbn::new);
    from.map_err(|_| Term::Error("invalid_isbn"))
}
