//! `LibraryReadService`: queries only.

use super::errors::{INVALID_ISBN, INVALID_USER, NO_BOOK};
use super::manual::NOTES;
use super::parameters::{FROM, ISBN, USER, book_stream, from, isbn, user_id};
use super::replies::{book, inventory_table, loan_table};
use crate::engine::application::{Application, Seams};
use crate::engine::domain::Aggregate as _;
use crate::engine::log::StreamId;
use crate::library::{Book, BookEvent, Inventory, Isbn, QueryError, ReadService, UserId};
use crate::shell::application_functions::{
    Forks, HasApplication, Words, application_functions, names, not_there_yet, query, try_call, words,
};
use crate::shell::common_errors::{INVALID_LIMIT, OF_MOMENTS};
use crate::shell::error_reason::ErrorReason;
use crate::shell::function_table::{AS_OF, AT, LIMIT, WIDE};
use crate::shell::functions::{
    Call, Domain, Manual, Names, NotDone, Outcome, Parameter, Reply, Row, RunningCall, joined,
};
use crate::shell::help::shell_functions;
use crate::shell::page::{cut, paged};
use crate::shell::query_arguments::{limit, moment};
use crate::shell::term::Term;

static ROWS: [Row<ReadFunctions>; 33] = joined(&[GET_INVENTORY, GET_BOOK, GET_LOANS], &application_functions());

/// The words for the service in replies and help.
static WORDS: Words = words! {
    module: "LibraryReadService",
    called: "service",
    thing: "library",
    of: "one book",
    stream: "978-1593275846",
    no_stream: NO_BOOK,
    mended: "Once that is repaired, start the program again",
    holds: "that each book would have decided its events;",
    imported: "Handlers\ndo not act on imported events.",
    projections: "its inventory",
    handler: "inventory",
};

static MANUAL: Manual = Manual {
    name: "library_read",
    named: "user123",
    function: "LibraryReadService.get_inventory",
    call: "LibraryReadService.get_book(\"978-1680502992\")",
    notes: NOTES,
    shell_functions: shell_functions("help LibraryReadService.get_book", "try LibraryWriteService.return_book"),
};

/// The functions of the read service at the prompt.
#[derive(Debug)]
pub struct ReadFunctions {
    main: ReadService,
    /// The service on the fork that questions go to, or else the same as `main`.
    service: ReadService,
    forks: Forks<BookEvent>,
}

const GET_INVENTORY: Row<ReadFunctions> = Row::new(
    query::<ReadFunctions>(
        "get_inventory",
        &[FROM, LIMIT, AT, AS_OF, WIDE],
        "lists the books with their copies",
        "LibraryReadService.get_inventory",
    )
    .group("Books")
    .meant_by(&["list", "books", "list_books", "inventory"])
    .details(
        "Sorted by ISBN, with the copies that are in and out. at: 3 lists the books as of the event at position 3,\n\
            as_of: \"2026-11-20T10:00:00Z\" as of that time. from: \"978-1593275846\" begins with that book; limit: 10\n\
            lists at most 10 books, and without it 1_000; a line says if there are more. Times in a log never go back: if a\n\
            clock was ahead, the events after that keep its time until the clock has passed it, and only at: tells them\n\
            apart.",
    )
    .errors(&[&[INVALID_ISBN, INVALID_LIMIT], &OF_MOMENTS]),
    |service, call| Box::pin(get_inventory(service, call)),
);

async fn get_inventory(service: &ReadFunctions, call: Call<'_>) -> Outcome {
    let moment = moment(&call)?;
    let (from, limit) = (from(&call)?, limit(&call)?);
    let books = service.service.get_inventory(from, limit.saturating_add(1), moment).await;
    let mut books = books.map_err(no_answer)?;
    let left_out = cut(&mut books, limit, |next| Term::String(next.isbn.to_string()));
    Ok(paged(&call, inventory_table(&books), "books", left_out))
}

const GET_BOOK: Row<ReadFunctions> = Row::new(
    query::<ReadFunctions>(
        "get_book",
        &[ISBN, AT, AS_OF],
        "shows one book",
        "LibraryReadService.get_book \"978-1593275846\"",
    )
    .group("Books")
    .details(
        "at: and as_of: show it in the past, as in LibraryReadService.get_inventory.\n\
            Replies the book, or :no_book.",
    )
    .errors(&[&[NO_BOOK, INVALID_ISBN], &OF_MOMENTS]),
    |service, call| Box::pin(get_book(service, call)),
);

async fn get_book(service: &ReadFunctions, call: Call<'_>) -> Outcome {
    let moment = moment(&call)?;
    let isbn = isbn(&call)?;
    let stream = StreamId::new(Book::CATEGORY, &isbn);
    let found = service.service.get_book(isbn, moment).await.map_err(no_answer)?;
    match &found {
        Some(found) => Ok(book(found).into()),
        None => {
            let explanation = not_there_yet(&service.service, &stream, moment).await;
            Ok(Reply { explanation, ..Term::Missing(NO_BOOK).into() })
        }
    }
}

const GET_LOANS: Row<ReadFunctions> = Row::new(
    query::<ReadFunctions>(
        "get_loans",
        &[USER, FROM, LIMIT, AT, AS_OF, WIDE],
        "lists the books that a user has borrowed",
        "LibraryReadService.get_loans \"user123\"",
    )
    .group("Users")
    .meant_by(&["loans", "borrowed", "borrowings"])
    .details(
        "With the time at which each was borrowed. from:, limit:, at: and as_of: work as in\n\
            LibraryReadService.get_inventory.",
    )
    .errors(&[&[INVALID_USER, INVALID_ISBN, INVALID_LIMIT], &OF_MOMENTS]),
    |service, call| Box::pin(get_loans(service, call)),
);

async fn get_loans(service: &ReadFunctions, call: Call<'_>) -> Outcome {
    let moment = moment(&call)?;
    let user_id = user_id(&call)?;
    let (from, limit) = (from(&call)?, limit(&call)?);
    let loans = service.service.get_loans(&user_id, from, limit.saturating_add(1), moment).await;
    let mut loans = loans.map_err(no_answer)?;
    let left_out = cut(&mut loans, limit, |next| Term::String(next.isbn.to_string()));
    Ok(paged(&call, loan_table(&loans), "books", left_out))
}

impl ReadFunctions {
    /// The functions of a running service.
    pub fn new(service: ReadService) -> Self {
        Self { main: service.clone(), service, forks: Forks::default() }
    }
}

fn no_answer(error: QueryError) -> NotDone {
    WORDS.no_answer(error)
}

impl HasApplication for ReadFunctions {
    type Event = BookEvent;
    const WORDS: &'static Words = &WORDS;
    const STREAM: Parameter = ISBN;
    const STREAM_ERRORS: &'static [ErrorReason] = &[NO_BOOK, INVALID_ISBN];

    fn application(&self) -> Result<Application<BookEvent>, Term> {
        Ok((*self.service).clone())
    }

    fn main(&self) -> Result<Application<BookEvent>, Term> {
        Ok((*self.main).clone())
    }

    fn forks(&self) -> &Forks<BookEvent> {
        &self.forks
    }

    fn rehearse_on(&self, application: Application<BookEvent>) -> Result<Self, NotDone> {
        let service = ReadService::of_fork(application).map_err(|error| WORDS.failed(&error))?;
        Ok(Self::new(service))
    }

    fn switched(&mut self) -> Result<(), NotDone> {
        self.service = match self.forks.current() {
            Some(fork) => ReadService::of_fork(fork).map_err(|error| WORDS.failed(&error))?,
            None => self.main.clone(),
        };
        Ok(())
    }

    fn stream(isbn: &str) -> Result<StreamId, Term> {
        book_stream(isbn)
    }
}

impl Domain for ReadFunctions {
    fn rows() -> &'static [Row<Self>] {
        &ROWS
    }

    fn manual(&self) -> &'static Manual {
        &MANUAL
    }

    fn names(&self) -> Box<dyn Names> {
        names(&self.main, &self.forks, |inventory: &Inventory, parameter, prefix, limit| {
            if *parameter == USER {
                inventory.borrowers_beginning_with(prefix, limit).iter().map(UserId::to_string).collect()
            } else if [ISBN, FROM].contains(parameter) {
                inventory.isbns_beginning_with(prefix, limit).iter().map(Isbn::to_string).collect()
            } else {
                Vec::new()
            }
        })
    }

    fn try_call<'a>(&'a mut self, row: &'static Row<Self>, call: Call<'a>) -> RunningCall<'a> {
        try_call(self, row, call)
    }

    fn fork(&self) -> Option<String> {
        self.forks.current_name()
    }

    fn seams(&self) -> Option<Seams> {
        Some(self.service.seams())
    }

    async fn close(&mut self) {
        self.forks.end_all().await;
        self.main.close().await;
    }

    fn failure(&self) -> Option<String> {
        WORDS.failure(&self.main)
    }
}
