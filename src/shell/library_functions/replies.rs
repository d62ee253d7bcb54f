//! What the library answers, as replies.

use crate::engine::store::StoreError;
use crate::library::{CommandFailure, ListedBook, Loan, QueryError, Refusal, Unavailable};
use crate::shell::question::beyond_the_end;
use crate::shell::term::{Table, Term};

pub(super) fn failure(failure: &CommandFailure) -> Term {
    match failure {
        CommandFailure::Refused(refusal) => Term::Error(match refusal {
            Refusal::NoBook => "no_book",
            Refusal::CopyLimit => "copy_limit",
            Refusal::NoCopyLeft => "no_copy_left",
            Refusal::AlreadyBorrowed => "already_borrowed",
            Refusal::NotBorrowed => "not_borrowed",
            Refusal::BookIsOut => "book_is_out",
        }),
        CommandFailure::IdTaken { .. } => Term::Error("command_id_taken"),
        CommandFailure::Unavailable(reason) => unavailable(reason),
    }
}

pub(super) fn no_answer(error: QueryError) -> Term {
    match error {
        QueryError::NotYet(not_yet) => beyond_the_end(not_yet),
        QueryError::Unavailable(reason) => unavailable(&reason),
    }
}

/// The reply to what was not done; who holds a file is told besides.
pub(super) fn unavailable(unavailable: &Unavailable) -> Term {
    if let Unavailable::Store(StoreError::Busy(_)) = unavailable {
        tracing::warn!("{unavailable}");
    }
    Term::Error(match unavailable {
        Unavailable::Closed => "service_closed",
        Unavailable::Stopped(_) => "service_stopped",
        Unavailable::OutcomeUnknown { .. } => "outcome_unknown",
        Unavailable::Store(StoreError::Busy(_)) => "busy",
        Unavailable::Store(_) => "store_failed",
        Unavailable::Busy => "busy",
        Unavailable::Defect(_) | Unavailable::Missing(_) | Unavailable::Lacking { .. } => "defect",
        Unavailable::Behind { .. } => "behind",
    })
}

/// The application does not know what it is the application of.
pub(super) fn said(unavailable: &Unavailable) -> String {
    match unavailable {
        Unavailable::Closed => "the service is closed".to_owned(),
        Unavailable::Stopped(reason) => format!("the service has stopped: {reason}"),
        other => other.to_string(),
    }
}

pub(super) fn book(book: &ListedBook) -> Term {
    Term::Map(COLUMNS.iter().copied().zip(cells(book)).collect())
}

pub(super) fn inventory_table(books: &[ListedBook]) -> Term {
    Term::Table(Table { columns: &COLUMNS, rows: books.iter().map(|book| cells(book).into()).collect() })
}

pub(super) fn loan_table(loans: &[Loan]) -> Term {
    let row = |loan: &Loan| {
        let Loan { isbn, title, borrowed } = loan;
        vec![string(isbn), string(title), string(borrowed)]
    };
    Term::Table(Table { columns: &["isbn", "title", "borrowed"], rows: loans.iter().map(row).collect() })
}

const COLUMNS: [&str; 5] = ["isbn", "title", "author", "copies_in", "copies_out"];

fn cells(book: &ListedBook) -> [Term; 5] {
    let ListedBook { isbn, title, author, copies_in, copies_out } = book;
    let copies = |copies: &u32| Term::Integer((*copies).into());
    [string(isbn), string(title), string(author), copies(copies_in), copies(copies_out)]
}

fn string(text: &impl ToString) -> Term {
    Term::String(text.to_string())
}
