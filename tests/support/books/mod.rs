//! Two books, their readers, and what is asked of them.

#![allow(dead_code, reason = "not every test program asks for all")]

pub(crate) mod model_library;

use cqrs_bank::library::{
    Author, BookAdded, BookBorrowed, BookCommand, BookEvent, BookRemoved, BookReturned, Isbn, Quantity, Title, UserId,
};

pub(crate) const ELIXIR_IN_ACTION: &str = "978-1593275846";
pub(crate) const PROGRAMMING_ELIXIR: &str = "978-1680502992";

pub(crate) fn isbn(text: &str) -> Isbn {
    Isbn::new(text).unwrap()
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

pub(crate) fn quantity(copies: u32) -> Quantity {
    Quantity::new(copies).unwrap()
}

pub(crate) fn title(text: &str) -> Title {
    Title::new(text).unwrap()
}

pub(crate) fn author(text: &str) -> Author {
    Author::new(text).unwrap()
}

pub(crate) fn add(book: &str, copies: u32) -> BookCommand {
    let (isbn, title, author, quantity) = (isbn(book), title("A Title"), author("An Author"), quantity(copies));
    BookCommand::AddBook { isbn, title, author, quantity }
}

pub(crate) fn borrow(book: &str, name: &str) -> BookCommand {
    BookCommand::BorrowBook { isbn: isbn(book), user_id: user(name) }
}

pub(crate) fn give_back(book: &str, name: &str) -> BookCommand {
    BookCommand::ReturnBook { isbn: isbn(book), user_id: user(name) }
}

pub(crate) fn remove(book: &str) -> BookCommand {
    BookCommand::RemoveBook { isbn: isbn(book) }
}

pub(crate) fn added(book: &str, copies: u32) -> BookEvent {
    let (isbn, title, author, quantity) = (isbn(book), title("A Title"), author("An Author"), quantity(copies));
    BookEvent::BookAdded(BookAdded { isbn, title, author, quantity })
}

pub(crate) fn borrowed(book: &str, name: &str) -> BookEvent {
    BookEvent::BookBorrowed(BookBorrowed { isbn: isbn(book), user_id: user(name) })
}

pub(crate) fn returned(book: &str, name: &str) -> BookEvent {
    BookEvent::BookReturned(BookReturned { isbn: isbn(book), user_id: user(name) })
}

pub(crate) fn removed(book: &str, copies: u32) -> BookEvent {
    BookEvent::BookRemoved(BookRemoved { isbn: isbn(book), quantity: quantity(copies) })
}
