//! The library's answers as terms.

use std::fmt::Display;

use crate::library::{ListedBook, Loan};
use crate::shell::term::{Table, Term};

pub(super) fn book(book: &ListedBook) -> Term {
    Term::Map(COLUMNS.iter().copied().zip(cells(book)).collect())
}

pub(super) fn inventory_table(books: &[ListedBook]) -> Table {
    Table { columns: (&COLUMNS).into(), rows: books.iter().map(|book| cells(book).into()).collect() }
}

pub(super) fn loan_table(loans: &[Loan]) -> Table {
    let row = |loan: &Loan| {
        let Loan { isbn, title, borrowed } = loan;
        vec![string(isbn), string(title), Term::Time(borrowed.to_string())]
    };
    Table { columns: (&["isbn", "title", "borrowed"]).into(), rows: loans.iter().map(row).collect() }
}

/// The copies of a book, in a few words.
pub(super) fn copies(copies_in: impl Display, copies_out: impl Display) -> Term {
    Term::String(format!("{copies_in} in, {copies_out} out"))
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
