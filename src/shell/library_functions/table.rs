//! The library's functions, as `help`, completion and the checks of a call see them.

use crate::shell::application_functions::table::{AS_OF, AT, LIMIT, application_functions, joined};
use crate::shell::functions::{Function, Kind, Parameter};
use crate::shell::help::{Manual, helpers};

pub(super) const ISBN: Parameter = Parameter { name: "isbn", kind: Kind::Text, optional: false, keyword: false };
const TITLE: Parameter = Parameter { name: "title", kind: Kind::Text, optional: false, keyword: false };
const AUTHOR: Parameter = Parameter { name: "author", kind: Kind::Text, optional: false, keyword: false };
const QUANTITY: Parameter = Parameter { name: "quantity", kind: Kind::Integer, optional: false, keyword: false };
pub(super) const USER: Parameter = Parameter { name: "user", kind: Kind::Named, optional: false, keyword: false };

pub(super) const FROM: Parameter = Parameter { name: "from", kind: Kind::Text, optional: true, keyword: true };

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

const WRITE: [Function; 4] = [
    Function {
        module: Some("LibraryWriteService"),
        name: "add_book",
        group: "Books",
        parameters: &[ISBN, TITLE, AUTHOR, QUANTITY],
        aliases: &[],
        summary: "adds copies of a book",
        example: "LibraryWriteService.add_book \"978-1593275846\", \"Elixir in Action\", \"Sasa Juric\", 10",
        may_be_busy: true,
        details: "A book that the library has already gets more copies, and the title and author given now.\n\
            Quantities are whole numbers from 1 to 1_000_000, and so are the copies of a book at the most.\n\
            Replies :ok, {:error, :copy_limit}, {:error, :invalid_quantity}, {:error, :invalid_title} or\n\
            {:error, :invalid_author}.",
    },
    Function {
        module: Some("LibraryWriteService"),
        name: "borrow_book",
        group: "Books",
        parameters: &[ISBN, USER],
        aliases: &[],
        summary: "lends a copy to a user",
        example: "LibraryWriteService.borrow_book \"978-1593275846\", \"user123\"",
        may_be_busy: true,
        details: "A user has one copy of a book at the most.\n\
            Replies :ok, {:error, :no_book}, {:error, :already_borrowed} or {:error, :no_copy_left}.",
    },
    Function {
        module: Some("LibraryWriteService"),
        name: "return_book",
        group: "Books",
        parameters: &[ISBN, USER],
        aliases: &[],
        summary: "takes a copy back from a user",
        example: "LibraryWriteService.return_book \"978-1593275846\", \"user123\"",
        may_be_busy: true,
        details: "Replies :ok, {:error, :no_book} or {:error, :not_borrowed}.",
    },
    Function {
        module: Some("LibraryWriteService"),
        name: "remove_book",
        group: "Books",
        parameters: &[ISBN],
        aliases: &[],
        summary: "removes a book with all its copies",
        example: "LibraryWriteService.remove_book \"978-1680502992\"",
        may_be_busy: true,
        details: "A book of which a copy is out stays.\n\
            Replies :ok, {:error, :no_book} or {:error, :book_is_out}.",
    },
];

const READ: [Function; 3] = [
    Function {
        module: Some("LibraryReadService"),
        name: "get_inventory",
        group: "Books",
        parameters: &[FROM, LIMIT, AT, AS_OF],
        aliases: &[],
        summary: "lists the books with their copies",
        example: "LibraryReadService.get_inventory",
        may_be_busy: true,
        details: "In the order of their ISBNs, with the copies that are in and out. With at: 3 it lists what the\n\
            library had after the event at position 3, with as_of: \"2026-11-20T10:00:00Z\" what it had at that\n\
            time. from: \"978-1593275846\" begins with that book, limit: 10 lists 10 books at the most; 1_000\n\
            without. Times in a log never go back: where a clock was ahead, the events after that have the time\n\
            it had then until the clock has passed it, and only at: tells them apart.",
    },
    Function {
        module: Some("LibraryReadService"),
        name: "get_book",
        group: "Books",
        parameters: &[ISBN, AT, AS_OF],
        aliases: &[],
        summary: "tells about one book",
        example: "LibraryReadService.get_book \"978-1593275846\"",
        may_be_busy: true,
        details: "at: and as_of: ask about the past, as in LibraryReadService.get_inventory.\n\
            Replies the book, or :no_book.",
    },
    Function {
        module: Some("LibraryReadService"),
        name: "get_loans",
        group: "Users",
        parameters: &[USER, FROM, LIMIT, AT, AS_OF],
        aliases: &[],
        summary: "lists the books that a user has",
        example: "LibraryReadService.get_loans \"user123\"",
        may_be_busy: true,
        details: "With the time when each was borrowed. from:, limit:, at: and as_of: are those of\n\
            LibraryReadService.get_inventory.",
    },
];

pub(super) static WRITE_FUNCTIONS: [Function; 16] = joined(
    &WRITE,
    &application_functions! {
        module: "LibraryWriteService",
        thing: "service",
        stream: ISBN,
        of: "one book",
        mended: "Once\nthat is mended, the program can be started again.",
        holds: "whether each book has the copies that were added, lent and returned;",
        imported: "It is the past,\nand no news.",
        projections: "its inventory",
    },
);

pub(super) static READ_FUNCTIONS: [Function; 15] = joined(
    &READ,
    &application_functions! {
        module: "LibraryReadService",
        thing: "service",
        stream: ISBN,
        of: "one book",
        mended: "Once\nthat is mended, the program can be started again.",
        holds: "whether each book has the copies that were added, lent and returned;",
        imported: "It is the past,\nand no news.",
        projections: "its inventory",
    },
);
