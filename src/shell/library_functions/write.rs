//! `LibraryWriteService`: commands only.

use std::error::Error;

use super::errors::{
    ALREADY_BORROWED, BOOK_IS_OUT, COPY_LIMIT, INVALID_AUTHOR, INVALID_ISBN, INVALID_QUANTITY, INVALID_TITLE,
    INVALID_USER, NO_BOOK, NO_COPY_LEFT, NOT_BORROWED, refused,
};
use super::manual::NOTES;
use super::parameters::{
    AUTHOR, ISBN, QUANTITY, TITLE, USER, author, book_stream, borrower, isbn, quantity, title, user_id,
};
use crate::engine::application::{Application, Seams};
use crate::engine::log::StreamId;
use crate::library::{BookCommand, BookEvent, WriteService};
use crate::shell::application_functions::{
    Forks, HasApplication, ShellApplication, Words, application_functions, application_names, command, try_call, words,
};
use crate::shell::error_reason::ErrorReason;
use crate::shell::functions::{Call, Domain, Manual, Names, NotDone, Outcome, Parameter, Row, RunningCall, joined};
use crate::shell::help::shell_functions;
use crate::shell::term::Term;
use crate::shell::trace::Trace;

static ROWS: [Row<WriteFunctions>; 34] =
    joined(&[ADD_BOOK, BORROW_BOOK, RETURN_BOOK, REMOVE_BOOK], &application_functions());

/// The words for the service in replies and help.
static WORDS: Words = words! {
    module: "LibraryWriteService",
    called: "service",
    thing: "library",
    of: "one book",
    stream: "978-1593275846",
    no_stream: NO_BOOK,
    mended: "Once that is repaired, start the program again",
    holds: "that each book would have decided its events;",
    imported: "Handlers\ndo not act on imported events.",
    projections: "its inventory",
    // On a cluster; those of the library are the read service's.
    handler: "publisher",
};

static MANUAL: Manual = Manual {
    name: "library_write",
    named: "user123",
    function: "LibraryWriteService.add_book",
    call: "LibraryWriteService.remove_book(\"978-1680502992\")",
    notes: NOTES,
    shell_functions: shell_functions(
        "help LibraryWriteService.add_book",
        "try LibraryWriteService.remove_book \"978-1680502992\"",
    ),
};

/// The functions of the write service at the prompt.
#[derive(Debug)]
pub struct WriteFunctions(ShellApplication<BookEvent>);

const ADD_BOOK: Row<WriteFunctions> = Row::new(
    command::<WriteFunctions>(
        "add_book",
        &[ISBN, TITLE, AUTHOR, QUANTITY],
        "adds copies of a book",
        "LibraryWriteService.add_book \"978-1593275846\", \"Elixir in Action\", \"Sasa Juric\", 10",
    )
    .group("Books")
    .details(
        "A book that the library already has gets more copies, and the new title and author.\n\
            A quantity is a whole number from 1 to 1_000_000; a book has at most 1_000_000 copies.\n\
            Replies :ok.",
    )
    .errors(&[&[COPY_LIMIT, INVALID_ISBN, INVALID_QUANTITY, INVALID_TITLE, INVALID_AUTHOR]]),
    |service, call| Box::pin(add_book(service, call)),
);

async fn add_book(service: &WriteFunctions, call: Call<'_>) -> Outcome {
    let (isbn, title, author) = (isbn(&call)?, title(&call)?, author(&call)?);
    service.send(call, BookCommand::AddBook { isbn, title, author, quantity: quantity(&call)? }).await
}

const BORROW_BOOK: Row<WriteFunctions> = Row::new(
    command::<WriteFunctions>(
        "borrow_book",
        &[ISBN, USER],
        "lends a copy to a user",
        "LibraryWriteService.borrow_book \"978-1593275846\", \"user123\"",
    )
    .group("Books")
    .details(
        "A user can borrow one copy of a book at a time.\n\
            Replies :ok.",
    )
    .errors(&[&[NO_BOOK, ALREADY_BORROWED, NO_COPY_LEFT, INVALID_ISBN, INVALID_USER]]),
    |service, call| Box::pin(borrow_book(service, call)),
);

async fn borrow_book(service: &WriteFunctions, call: Call<'_>) -> Outcome {
    service.send(call, BookCommand::BorrowBook { isbn: isbn(&call)?, user_id: borrower(&call)? }).await
}

const RETURN_BOOK: Row<WriteFunctions> = Row::new(
    command::<WriteFunctions>(
        "return_book",
        &[ISBN, USER],
        "takes a copy back from a user",
        "LibraryWriteService.return_book \"978-1593275846\", \"user123\"",
    )
    .group("Books")
    .details("Replies :ok.")
    .errors(&[&[NO_BOOK, NOT_BORROWED, INVALID_ISBN, INVALID_USER]]),
    |service, call| Box::pin(return_book(service, call)),
);

async fn return_book(service: &WriteFunctions, call: Call<'_>) -> Outcome {
    service.send(call, BookCommand::ReturnBook { isbn: isbn(&call)?, user_id: user_id(&call)? }).await
}

const REMOVE_BOOK: Row<WriteFunctions> = Row::new(
    command::<WriteFunctions>(
        "remove_book",
        &[ISBN],
        "removes a book with all its copies",
        "LibraryWriteService.remove_book \"978-1680502992\"",
    )
    .group("Books")
    .details(
        "A book with a borrowed copy cannot be removed.\n\
            Replies :ok.",
    )
    .errors(&[&[NO_BOOK, BOOK_IS_OUT, INVALID_ISBN]]),
    |service, call| Box::pin(remove_book(service, call)),
);

async fn remove_book(service: &WriteFunctions, call: Call<'_>) -> Outcome {
    service.send(call, BookCommand::RemoveBook { isbn: isbn(&call)? }).await
}

impl WriteFunctions {
    /// The functions of a running service; `trace` prints what its commands cause.
    pub fn new(service: &WriteService, trace: Trace) -> Self {
        Self(ShellApplication::new((**service).clone(), &WORDS, trace))
    }

    async fn send(&self, call: Call<'_>, command: BookCommand) -> Outcome {
        self.0.send(call, command, refused, |_| None).await
    }
}

impl HasApplication for WriteFunctions {
    type Event = BookEvent;
    const WORDS: &'static Words = &WORDS;
    const STREAM: Parameter = ISBN;
    const STREAM_ERRORS: &'static [ErrorReason] = &[NO_BOOK, INVALID_ISBN];

    fn application(&self) -> Result<Application<BookEvent>, Term> {
        Ok(self.0.application())
    }

    fn main(&self) -> Result<Application<BookEvent>, Term> {
        Ok(self.0.main().clone())
    }

    fn forks(&self) -> &Forks<BookEvent> {
        self.0.forks()
    }

    fn rehearse_on(&self, application: Application<BookEvent>) -> Result<Self, NotDone> {
        Ok(Self(self.0.rehearse_on(application)))
    }

    fn name_of_refusal(refusal: &(dyn Error + 'static)) -> Option<&'static str> {
        refusal.downcast_ref().map(|refusal| refused(refusal).name())
    }

    fn stream(isbn: &str) -> Result<StreamId, Term> {
        book_stream(isbn)
    }
}

impl Domain for WriteFunctions {
    fn rows() -> &'static [Row<Self>] {
        &ROWS
    }

    fn manual(&self) -> &'static Manual {
        &MANUAL
    }

    fn names(&self) -> Box<dyn Names> {
        application_names(&self.0.application(), self.0.forks())
    }

    fn try_call<'a>(&'a mut self, row: &'static Row<Self>, call: Call<'a>) -> RunningCall<'a> {
        try_call(self, row, call)
    }

    fn fork(&self) -> Option<String> {
        self.0.forks().current_name()
    }

    fn seams(&self) -> Option<Seams> {
        Some(self.0.application().seams())
    }

    async fn close(&mut self) {
        self.0.close().await;
    }

    fn failure(&self) -> Option<String> {
        self.0.failure()
    }
}
