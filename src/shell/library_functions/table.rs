//! The library's functions, as `help`, completion and the checks of a call see them.

use crate::shell::application_functions::table::application_functions;
use crate::shell::functions::{Function, Kind, Parameter};
use crate::shell::help::{Manual, helpers};
use crate::shell::table::{AS_OF, AT, LIMIT, joined};

pub(super) const ISBN: Parameter = Parameter::needed("isbn", Kind::Text);
const TITLE: Parameter = Parameter::needed("title", Kind::Text);
const AUTHOR: Parameter = Parameter::needed("author", Kind::Text);
const QUANTITY: Parameter = Parameter::needed("quantity", Kind::Integer);
pub(super) const USER: Parameter = Parameter::needed("user", Kind::Named);
pub(super) const FROM: Parameter = Parameter::by_name("from", Kind::Text);

const WRITE: &str = "LibraryWriteService";
const READ: &str = "LibraryReadService";

const NOTES: &str = "
  The integer 1 and the string \"1\" name the same user. An ISBN has 10 or 13 digits, with or without hyphens.

Replies
  Besides its own, a function that takes an ISBN replies {:error, :invalid_isbn} where digits are missing or
  mistyped, and one that takes a user {:error, :invalid_user} for what cannot be a name.";

pub(super) static WRITE_MANUAL: Manual = Manual {
    name: "library",
    named: "user123",
    function: "LibraryWriteService.add_book",
    call: "LibraryWriteService.remove_book(\"978-1680502992\")",
    notes: NOTES,
    helpers: helpers("help LibraryWriteService.add_book"),
};

pub(super) static READ_MANUAL: Manual = Manual {
    name: "library",
    named: "user123",
    function: "LibraryReadService.get_inventory",
    call: "LibraryReadService.get_book(\"978-1680502992\")",
    notes: NOTES,
    helpers: helpers("help LibraryReadService.get_book"),
};

const WRITE_OWN: [Function; 4] = [
    Function::new(
        WRITE,
        "add_book",
        &[ISBN, TITLE, AUTHOR, QUANTITY],
        "adds copies of a book",
        "LibraryWriteService.add_book \"978-1593275846\", \"Elixir in Action\", \"Sasa Juric\", 10",
    )
    .group("Books")
    .details(
        "A book that the library has already gets more copies, and the title and author given now.\n\
            Quantities are whole numbers from 1 to 1_000_000, and so are the copies of a book at the most.\n\
            Replies :ok, {:error, :copy_limit}, {:error, :invalid_quantity}, {:error, :invalid_title} or\n\
            {:error, :invalid_author}.",
    ),
    Function::new(
        WRITE,
        "borrow_book",
        &[ISBN, USER],
        "lends a copy to a user",
        "LibraryWriteService.borrow_book \"978-1593275846\", \"user123\"",
    )
    .group("Books")
    .details(
        "A user has one copy of a book at the most.\n\
            Replies :ok, {:error, :no_book}, {:error, :already_borrowed} or {:error, :no_copy_left}.",
    ),
    Function::new(
        WRITE,
        "return_book",
        &[ISBN, USER],
        "takes a copy back from a user",
        "LibraryWriteService.return_book \"978-1593275846\", \"user123\"",
    )
    .group("Books")
    .details("Replies :ok, {:error, :no_book} or {:error, :not_borrowed}."),
    Function::new(
        WRITE,
        "remove_book",
        &[ISBN],
        "removes a book with all its copies",
        "LibraryWriteService.remove_book \"978-1680502992\"",
    )
    .group("Books")
    .details(
        "A book of which a copy is out stays.\n\
            Replies :ok, {:error, :no_book} or {:error, :book_is_out}.",
    ),
];

const READ_OWN: [Function; 3] = [
    Function::new(
        READ,
        "get_inventory",
        &[FROM, LIMIT, AT, AS_OF],
        "lists the books with their copies",
        "LibraryReadService.get_inventory",
    )
    .group("Books")
    .details(
        "In the order of their ISBNs, with the copies that are in and out. With at: 3 it lists what the\n\
            library had after the event at position 3, with as_of: \"2026-11-20T10:00:00Z\" what it had at that\n\
            time. from: \"978-1593275846\" begins with that book, limit: 10 lists 10 books at the most; 1_000\n\
            without. Times in a log never go back: where a clock was ahead, the events after that have the time\n\
            it had then until the clock has passed it, and only at: tells them apart.",
    ),
    Function::new(
        READ,
        "get_book",
        &[ISBN, AT, AS_OF],
        "tells about one book",
        "LibraryReadService.get_book \"978-1593275846\"",
    )
    .group("Books")
    .details(
        "at: and as_of: ask about the past, as in LibraryReadService.get_inventory.\n\
            Replies the book, or :no_book.",
    ),
    Function::new(
        READ,
        "get_loans",
        &[USER, FROM, LIMIT, AT, AS_OF],
        "lists the books that a user has",
        "LibraryReadService.get_loans \"user123\"",
    )
    .group("Users")
    .details(
        "With the time when each was borrowed. from:, limit:, at: and as_of: are those of\n\
            LibraryReadService.get_inventory.",
    ),
];

/// What every application can do, in the words of a service.
macro_rules! of_a_service {
    ($module:literal) => {
        application_functions! {
            module: $module,
            called: "service",
            thing: "library",
            stream: ISBN,
            of: "one book",
            mended: "Once\nthat is mended, the program can be started again.",
            holds: "whether each book would have decided what happened to it;",
            imported: "It is the past,\nand no news.",
            projections: "its inventory",
        }
    };
}

pub(super) static WRITE_FUNCTIONS: [Function; 16] = joined(&WRITE_OWN, &of_a_service!("LibraryWriteService"));

pub(super) static READ_FUNCTIONS: [Function; 15] = joined(&READ_OWN, &of_a_service!("LibraryReadService"));
