//! Every error that the library's own functions may reply, each with its explanation, and which is the reply to which refusal.

use crate::library::Refusal;
use crate::shell::error_reason::{ErrorReason, refusals};

pub(super) const INVALID_ISBN: ErrorReason = ErrorReason::new(
    "invalid_isbn",
    "an ISBN has 10 or 13 digits, with or without hyphens, and this one is mistyped or misses some",
)
.about(&["isbn", "from"]);
pub(super) const INVALID_TITLE: ErrorReason =
    ErrorReason::new("invalid_title", "a title is a printable text that is not blank").about(&["title"]);
pub(super) const INVALID_AUTHOR: ErrorReason =
    ErrorReason::new("invalid_author", "an author is a printable text that is not blank").about(&["author"]);
pub(super) const INVALID_QUANTITY: ErrorReason =
    ErrorReason::new("invalid_quantity", "a quantity is a whole number from 1 to 1_000_000").about(&["quantity"]);
pub(super) const INVALID_USER: ErrorReason =
    ErrorReason::new("invalid_user", "a user has a name of 1 to 64 printable characters").about(&["user"]);

refusals! {
    pub(super) fn refused(Refusal) {
        NoBook => NO_BOOK = "no_book", "the library has no such book: LibraryWriteService.add_book adds it", about "isbn";
        CopyLimit => COPY_LIMIT = "copy_limit", "a book has at most 1_000_000 copies: add fewer", about "quantity";
        NoCopyLeft => NO_COPY_LEFT =
            "no_copy_left", "every copy is out: wait until one is returned, or add copies", about "isbn";
        AlreadyBorrowed => ALREADY_BORROWED =
            "already_borrowed", "a user has one copy of a book at a time, and has it", about "user";
        NotBorrowed => NOT_BORROWED = "not_borrowed", "the user has no copy of the book to return", about "user";
        BookIsOut => BOOK_IS_OUT =
            "book_is_out", "a copy is borrowed: the book can be removed once all are back", about "isbn";
    }
}
