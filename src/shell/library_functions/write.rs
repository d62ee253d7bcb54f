//! `LibraryWriteService`: commands, and no query.

use super::arguments::{author, book_stream, isbn, quantity, title, user_id};
use super::replies::{WORDS, refused};
use super::table::{WRITE_FUNCTIONS, WRITE_MANUAL};
use crate::engine::application::Application;
use crate::engine::log::StreamId;
use crate::library::{BookCommand, BookEvent, WriteService};
use crate::shell::application_functions::{DomainFunctions, Prompted, Words};
use crate::shell::functions::{Answer, Arguments, Function};
use crate::shell::help::Manual;
use crate::shell::term::Term;
use crate::shell::trace::Trace;

/// The write service as the shell calls it.
#[derive(Debug)]
pub struct WriteFunctions(Prompted<BookEvent>);

impl WriteFunctions {
    /// The functions of a service that runs; `trace` shows what its commands cause.
    pub fn new(service: &WriteService, trace: Trace) -> Self {
        Self(Prompted::new((**service).clone(), &WORDS, trace))
    }
}

impl DomainFunctions for WriteFunctions {
    type Event = BookEvent;
    const WORDS: &'static Words = &WORDS;

    fn application(&self) -> &Application<BookEvent> {
        self.0.application()
    }

    fn functions(&self) -> &'static [Function] {
        &WRITE_FUNCTIONS
    }

    fn manual(&self) -> &'static Manual {
        &WRITE_MANUAL
    }

    fn stream(isbn: &str) -> Result<StreamId, Term> {
        book_stream(isbn)
    }

    async fn call(&self, function: &'static Function, arguments: &Arguments, events: bool) -> Answer {
        match command(function.name, arguments) {
            Ok(command) => self.0.send(command, events, refused, |_| None).await,
            Err(wrong) => wrong.into(),
        }
    }
}

/// The command that a function sends.
fn command(function: &str, arguments: &Arguments) -> Result<BookCommand, Term> {
    let isbn = isbn(arguments)?;
    Ok(match function {
        "add_book" => {
            let (title, author, quantity) = (title(arguments)?, author(arguments)?, quantity(arguments)?);
            BookCommand::AddBook { isbn, title, author, quantity }
        }
        "borrow_book" => BookCommand::BorrowBook { isbn, user_id: user_id(arguments, 1)? },
        "return_book" => BookCommand::ReturnBook { isbn, user_id: user_id(arguments, 1)? },
        "remove_book" => BookCommand::RemoveBook { isbn },
        _ => return Err(Term::Error("defect")),
    })
}
