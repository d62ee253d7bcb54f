//! `LibraryWriteService`: commands, and no query.

use super::arguments::{author, isbn, quantity, title, user_id};
use super::replies::{failure, said};
use super::table::{WRITE_FUNCTIONS, WRITE_MANUAL};
use crate::library::{BookCommand, WriteService};
use crate::shell::event_record::event_record;
use crate::shell::functions::{Answer, Arguments, Domain, Function, Names, Parameter};
use crate::shell::help::Manual;
use crate::shell::term::Term;
use crate::shell::trace::Trace;

/// The write service as the shell calls it.
#[derive(Debug)]
pub struct WriteFunctions {
    service: WriteService,
    trace: Trace,
}

impl WriteFunctions {
    /// The functions of a service that runs; `trace` shows what its commands cause.
    pub fn new(service: WriteService, trace: Trace) -> Self {
        Self { service, trace }
    }
}

impl Domain for WriteFunctions {
    fn functions(&self) -> &'static [Function] {
        &WRITE_FUNCTIONS
    }

    fn manual(&self) -> &'static Manual {
        &WRITE_MANUAL
    }

    async fn call(&mut self, function: &'static Function, arguments: &Arguments, events: bool) -> Answer {
        let command = match command(function.name, arguments) {
            Ok(command) => command,
            Err(refused) => return refused.into(),
        };
        let conversation = self.service.start_conversation();
        let _followed = self.trace.follow(conversation.metadata().correlation_id);
        match self.service.handle_as(command, conversation).await {
            Ok(stored) => {
                let events = if events { stored.iter().filter_map(event_record).collect() } else { Vec::new() };
                Answer { reply: Term::OK, events, live: None }
            }
            Err(refused) => failure(&refused).into(),
        }
    }

    /// A service that answers no query has no names to offer.
    fn names(&self) -> Box<dyn Names> {
        Box::new(NoNames)
    }

    async fn close(&mut self) {
        self.service.close().await;
    }

    async fn let_others_run(&self) {}

    fn failure(&self) -> Option<String> {
        self.service.failure().as_ref().map(said)
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
        _ => BookCommand::RemoveBook { isbn },
    })
}

struct NoNames;

impl Names for NoNames {
    fn beginning_with(&self, _: &Parameter, _: &str, _: usize) -> Vec<String> {
        Vec::new()
    }
}
