//! A library simple enough to trust at a glance, and commands at random to hold it against.

use std::collections::{BTreeMap, BTreeSet};

use cqrs_bank::library::{BookCommand, Isbn, Quantity, Refusal, UserId};
use proptest::prelude::*;

use super::{ELIXIR_IN_ACTION, PROGRAMMING_ELIXIR, add, borrow, give_back, remove};

pub(crate) const BOOKS: [&str; 3] = [ELIXIR_IN_ACTION, PROGRAMMING_ELIXIR, "0-8044-2957-X"];
pub(crate) const USERS: [&str; 3] = ["Ann", "Bob", "user123"];

/// For each book its copies, one by one: who has it, or nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ModelLibrary(BTreeMap<Isbn, ModelBook>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ModelBook {
    copies: u32,
    users: BTreeSet<UserId>,
}

impl ModelLibrary {
    pub(crate) fn handle(&mut self, command: &BookCommand) -> Result<(), Refusal> {
        if let BookCommand::AddBook { isbn, quantity, .. } = command {
            let copies = self.0.get(isbn).map_or(0, |book| book.copies) + quantity.get();
            if copies > Quantity::MAX.get() {
                return Err(Refusal::CopyLimit);
            }
            self.0.entry(*isbn).or_default().copies = copies;
            return Ok(());
        }
        let isbn = match command {
            BookCommand::AddBook { isbn, .. }
            | BookCommand::BorrowBook { isbn, .. }
            | BookCommand::ReturnBook { isbn, .. }
            | BookCommand::RemoveBook { isbn } => isbn,
        };
        let book = self.0.get_mut(isbn).ok_or(Refusal::NoBook)?;
        match command {
            BookCommand::BorrowBook { user_id, .. } if book.users.contains(user_id) => Err(Refusal::AlreadyBorrowed),
            BookCommand::BorrowBook { .. } if book.users.len() as u32 == book.copies => Err(Refusal::NoCopyLeft),
            BookCommand::BorrowBook { user_id, .. } => {
                book.users.insert(user_id.clone());
                Ok(())
            }
            BookCommand::ReturnBook { user_id, .. } if book.users.remove(user_id) => Ok(()),
            BookCommand::ReturnBook { .. } => Err(Refusal::NotBorrowed),
            _ if !book.users.is_empty() => Err(Refusal::BookIsOut),
            _ => {
                self.0.remove(isbn);
                Ok(())
            }
        }
    }

    /// Each book with the copies that are in and out.
    pub(crate) fn counts(&self) -> Vec<(Isbn, u32, u32)> {
        let count = |(isbn, book): (&Isbn, &ModelBook)| {
            let out = book.users.len() as u32;
            (*isbn, book.copies - out, out)
        };
        self.0.iter().map(count).collect()
    }

    pub(crate) fn books_of(&self, user_id: &UserId) -> Vec<Isbn> {
        self.0.iter().filter(|(_, book)| book.users.contains(user_id)).map(|(isbn, _)| *isbn).collect()
    }
}

pub(crate) fn any_command() -> impl Strategy<Value = BookCommand> {
    let book = || proptest::sample::select(&BOOKS);
    let user = || proptest::sample::select(&USERS);
    prop_oneof![
        2 => (book(), any_quantity()).prop_map(|(book, copies)| add(book, copies)),
        5 => (book(), user()).prop_map(|(book, name)| borrow(book, name)),
        4 => (book(), user()).prop_map(|(book, name)| give_back(book, name)),
        1 => book().prop_map(remove),
    ]
}

/// Few, so that no copy is left now and then, and many, which meet the limit.
fn any_quantity() -> impl Strategy<Value = u32> {
    let most = Quantity::MAX.get();
    prop_oneof![6 => 1..=2_u32, 1 => most - 3..=most]
}
