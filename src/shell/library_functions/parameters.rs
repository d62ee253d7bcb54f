//! The parameters of the library's functions, and how arguments are parsed. An error is the reply to an invalid one.

use super::errors::{INVALID_AUTHOR, INVALID_ISBN, INVALID_QUANTITY, INVALID_TITLE, INVALID_USER};
use crate::engine::domain::Aggregate as _;
use crate::engine::log::StreamId;
use crate::library::{Author, Book, Isbn, Quantity, Title, UserId};
use crate::shell::functions::{Call, Parameter, ParameterKind};
use crate::shell::term::Term;

pub(super) const ISBN: Parameter = Parameter::needed("isbn", ParameterKind::Text);
pub(super) const TITLE: Parameter = Parameter::needed("title", ParameterKind::Text);
pub(super) const AUTHOR: Parameter = Parameter::needed("author", ParameterKind::Text);
pub(super) const QUANTITY: Parameter = Parameter::needed("quantity", ParameterKind::Integer);
pub(super) const USER: Parameter = Parameter::needed("user", ParameterKind::Named);
/// The book at which a table begins.
pub(super) const FROM: Parameter = Parameter::by_name("from", ParameterKind::Text);

pub(super) fn isbn(call: &Call<'_>) -> Result<Isbn, Term> {
    Isbn::new(call.text(ISBN)).map_err(|_| Term::Error(INVALID_ISBN))
}

/// The stream of the book with an ISBN.
pub(super) fn book_stream(isbn: &str) -> Result<StreamId, Term> {
    let isbn = Isbn::new(isbn).map_err(|_| Term::Error(INVALID_ISBN))?;
    Ok(StreamId::new(Book::CATEGORY, &isbn))
}

pub(super) fn title(call: &Call<'_>) -> Result<Title, Term> {
    Title::new(call.text(TITLE)).map_err(|_| Term::Error(INVALID_TITLE))
}

pub(super) fn author(call: &Call<'_>) -> Result<Author, Term> {
    Author::new(call.text(AUTHOR)).map_err(|_| Term::Error(INVALID_AUTHOR))
}

pub(super) fn quantity(call: &Call<'_>) -> Result<Quantity, Term> {
    // A number that does not fit into 64 bits is beyond the limit anyway.
    let quantity = call.text(QUANTITY).parse::<i64>().ok();
    quantity.and_then(|quantity| Quantity::new(quantity).ok()).ok_or(Term::Error(INVALID_QUANTITY))
}

pub(super) fn user_id(call: &Call<'_>) -> Result<UserId, Term> {
    UserId::new(call.text(USER)).map_err(|_| Term::Error(INVALID_USER))
}

/// The user who borrows a book.
pub(super) fn borrower(call: &Call<'_>) -> Result<UserId, Term> {
    let user_id = user_id(call)?;
    user_id.check_new().map_err(|_| Term::Error(INVALID_USER))?;
    Ok(user_id)
}

pub(super) fn from(call: &Call<'_>) -> Result<Isbn, Term> {
    call.optional(FROM).map_or(Ok(Isbn::FIRST), Isbn::new).map_err(|_| Term::Error(INVALID_ISBN))
}
