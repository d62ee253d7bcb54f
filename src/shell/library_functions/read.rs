//! `LibraryReadService`: queries, and no command.

use super::arguments::{book_stream, from, isbn, user_id};
use super::replies::{WORDS, book, inventory_table, loan_table, no_answer};
use super::table::{FROM, ISBN, READ_FUNCTIONS, READ_MANUAL, USER};
use crate::engine::application::Application;
use crate::engine::log::StreamId;
use crate::engine::projection::ReadModel;
use crate::library::{BookEvent, Inventory, Isbn, ReadService, UserId};
use crate::shell::application_functions::{DomainFunctions, Words};
use crate::shell::functions::{Answer, Arguments, Function, Names, Parameter};
use crate::shell::help::Manual;
use crate::shell::question::{limit, moment};
use crate::shell::term::Term;

/// The read service as the shell calls it.
#[derive(Debug)]
pub struct ReadFunctions {
    service: ReadService,
}

impl ReadFunctions {
    /// The functions of a service that runs.
    pub fn new(service: ReadService) -> Self {
        Self { service }
    }

    async fn answer(&self, function: &Function, arguments: &Arguments) -> Result<Term, Term> {
        let moment = moment(function, arguments)?;
        match function.name {
            "get_book" => {
                let found = self.service.get_book(isbn(arguments)?, moment).await;
                let found = found.map_err(no_answer)?;
                Ok(found.as_ref().map_or(Term::Atom("no_book"), book))
            }
            "get_loans" => {
                let user_id = user_id(arguments, 0)?;
                let (from, limit) = (from(function, arguments)?, limit(function, arguments)?);
                let loans = self.service.get_loans(&user_id, from, limit, moment).await;
                Ok(loan_table(&loans.map_err(no_answer)?))
            }
            "get_inventory" => {
                let (from, limit) = (from(function, arguments)?, limit(function, arguments)?);
                let books = self.service.get_inventory(from, limit, moment).await;
                Ok(inventory_table(&books.map_err(no_answer)?))
            }
            _ => Err(Term::Error("defect")),
        }
    }
}

impl DomainFunctions for ReadFunctions {
    type Event = BookEvent;
    const WORDS: &'static Words = &WORDS;

    fn application(&self) -> &Application<BookEvent> {
        &self.service
    }

    fn functions(&self) -> &'static [Function] {
        &READ_FUNCTIONS
    }

    fn manual(&self) -> &'static Manual {
        &READ_MANUAL
    }

    fn stream(isbn: &str) -> Result<StreamId, Term> {
        book_stream(isbn)
    }

    async fn call(&self, function: &'static Function, arguments: &Arguments, _: bool) -> Answer {
        self.answer(function, arguments).await.unwrap_or_else(std::convert::identity).into()
    }

    fn names(&self) -> Box<dyn Names> {
        Box::new(InventoryNames { inventory: self.service.inventory().clone() })
    }
}

/// The books that there are now and the users who have one, for the editor's thread.
struct InventoryNames {
    inventory: ReadModel<Inventory>,
}

impl Names for InventoryNames {
    fn beginning_with(&self, parameter: &Parameter, prefix: &str, limit: usize) -> Vec<String> {
        self.inventory.read(|inventory| match parameter {
            &USER => inventory.borrowers_beginning_with(prefix, limit).iter().map(UserId::to_string).collect(),
            &ISBN | &FROM => inventory.isbns_beginning_with(prefix, limit).iter().map(Isbn::to_string).collect(),
            _ => Vec::new(),
        })
    }
}
