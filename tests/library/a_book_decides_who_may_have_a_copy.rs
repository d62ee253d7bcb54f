//! A book decides who may borrow a copy, from its own events alone.

use cqrs_bank::engine::domain::{Aggregate as _, DomainEvent};
use cqrs_bank::engine::store::codec::StoredEvent as _;
use cqrs_bank::engine::testing::given;
use cqrs_bank::library::{Book, BookEvent, Quantity, Refusal};

use crate::books::{ELIXIR_IN_ACTION as BOOK, add, added, borrow, borrowed, give_back, remove, removed, returned};

#[test]
fn a_book_is_added() {
    let book = given::<Book>([]).when(&add(BOOK, 10)).then([added(BOOK, 10)]).state();
    assert_eq!((book.copies_in(), book.copies_out()), (10, 0));
}

#[test]
fn adding_a_known_book_adds_copies() {
    let book = given::<Book>([added(BOOK, 10), borrowed(BOOK, "Ann")]).when(&add(BOOK, 5)).then([added(BOOK, 5)]);
    let book = book.state();
    assert_eq!((book.copies_in(), book.copies_out()), (14, 1));
}

#[test]
fn a_library_holds_a_bounded_number_of_copies() {
    let most = Quantity::MAX.get();
    given::<Book>([added(BOOK, most - 1), borrowed(BOOK, "Ann")])
        .when(&add(BOOK, 2))
        .then_refused(&Refusal::CopyLimit)
        .when(&add(BOOK, 1))
        .then([added(BOOK, 1)])
        .when(&add(BOOK, 1))
        .then_refused(&Refusal::CopyLimit);
}

#[test]
fn a_borrowed_copy_is_out_and_no_longer_in() {
    let book = given::<Book>([added(BOOK, 2)]).when(&borrow(BOOK, "Ann")).then([borrowed(BOOK, "Ann")]).state();
    assert_eq!((book.copies_in(), book.copies_out()), (1, 1));
}

#[test]
fn nobody_borrows_a_book_that_the_library_does_not_have() {
    given::<Book>([]).when(&borrow(BOOK, "Ann")).then_refused(&Refusal::NoBook);
    given::<Book>([added(BOOK, 1), removed(BOOK, 1)]).when(&borrow(BOOK, "Ann")).then_refused(&Refusal::NoBook);
}

#[test]
fn the_last_copy_is_lent_once() {
    given::<Book>([added(BOOK, 1), borrowed(BOOK, "Ann")])
        .when(&borrow(BOOK, "Bob"))
        .then_refused(&Refusal::NoCopyLeft)
        .when(&give_back(BOOK, "Ann"))
        .then([returned(BOOK, "Ann")])
        .when(&borrow(BOOK, "Bob"))
        .then([borrowed(BOOK, "Bob")]);
}

#[test]
fn a_user_has_one_copy_at_the_most() {
    given::<Book>([added(BOOK, 2), borrowed(BOOK, "Ann")])
        .when(&borrow(BOOK, "Ann"))
        .then_refused(&Refusal::AlreadyBorrowed)
        .when(&borrow(BOOK, "Bob"))
        .then([borrowed(BOOK, "Bob")])
        // The same refusal even if no copy is left.
        .when(&borrow(BOOK, "Ann"))
        .then_refused(&Refusal::AlreadyBorrowed);
}

#[test]
fn only_who_has_a_copy_returns_one_and_only_once() {
    given::<Book>([]).when(&give_back(BOOK, "Ann")).then_refused(&Refusal::NoBook);
    let book = given::<Book>([added(BOOK, 2), borrowed(BOOK, "Ann")])
        .when(&give_back(BOOK, "Bob"))
        .then_refused(&Refusal::NotBorrowed)
        .when(&give_back(BOOK, "Ann"))
        .then([returned(BOOK, "Ann")])
        .when(&give_back(BOOK, "Ann"))
        .then_refused(&Refusal::NotBorrowed)
        .state();
    assert_eq!((book.copies_in(), book.copies_out()), (2, 0));
}

#[test]
fn removing_takes_all_copies_away() {
    let book = given::<Book>([added(BOOK, 3), added(BOOK, 4)])
        .when(&remove(BOOK))
        .then([removed(BOOK, 7)])
        .when(&remove(BOOK))
        .then_refused(&Refusal::NoBook)
        .when(&add(BOOK, 1))
        .then([added(BOOK, 1)])
        .state();
    assert_eq!((book.copies_in(), book.copies_out()), (1, 0));
}

#[test]
fn a_book_that_is_out_stays_in_the_library() {
    given::<Book>([added(BOOK, 3), borrowed(BOOK, "Ann")])
        .when(&remove(BOOK))
        .then_refused(&Refusal::BookIsOut)
        .when(&give_back(BOOK, "Ann"))
        .then([returned(BOOK, "Ann")])
        .when(&remove(BOOK))
        .then([removed(BOOK, 3)]);
}

#[test]
fn a_stored_event_reads_back_as_what_it_was() {
    for (event, event_type, json) in [
        (
            added(BOOK, 10),
            "book_added",
            r#"{"isbn":"9781593275846","title":"A Title","author":"An Author","quantity":10}"#,
        ),
        (borrowed(BOOK, "Ann"), "book_borrowed", r#"{"isbn":"9781593275846","user_id":"Ann"}"#),
        (returned(BOOK, "Ann"), "book_returned", r#"{"isbn":"9781593275846","user_id":"Ann"}"#),
        (removed(BOOK, 10), "book_removed", r#"{"isbn":"9781593275846","quantity":10}"#),
    ] {
        assert_eq!(event.event_type(), event_type);
        assert_eq!(event.to_json().unwrap(), json);
        assert_eq!(BookEvent::from_stored(event_type, event.schema_version(), json), Ok(event));
    }
}

#[test]
fn what_cannot_be_a_stored_event_is_told_so() {
    let json = r#"{"isbn":"9781593275846","quantity":10}"#;
    let read = |event_type, version, json| BookEvent::from_stored(event_type, version, json).unwrap_err().to_string();
    assert_eq!(
        read("book_burnt", 1, json),
        "of the type \"book_burnt\", which this program does not know: a newer version wrote it, or another domain's program"
    );
    assert_eq!(
        read("book_removed", 2, json),
        "of the type \"book_removed\" in version 2, which this program does not know: a newer version wrote it"
    );
    for (wrong, reason) in [
        ("", "EOF while parsing"),
        ("{}", "missing field `isbn`"),
        (r#"{"isbn":"9781593275847","quantity":10}"#, "the check digit of this ISBN is wrong"),
        (r#"{"isbn":"9781593275846","quantity":0}"#, "a quantity is a whole number from 1 to 1000000"),
        (r#"{"isbn":"9781593275846","quantity":1,"time":1}"#, "unknown field `time`"),
    ] {
        let said = read("book_removed", 1, wrong);
        assert!(said.starts_with("broken: the data of the event \"book_removed\"") && said.contains(reason), "{said}");
    }
}

/// The snapshot of a book has everything that its decisions depend on, and its title.
#[test]
fn a_book_is_the_same_from_its_snapshot() {
    let mut book = Book::default();
    for event in [added(BOOK, 3), borrowed(BOOK, "Ann"), borrowed(BOOK, "\"Bob\""), returned(BOOK, "Ann")] {
        book.apply(&event);
        let snapshot = book.snapshot().unwrap();
        assert_eq!(Book::restore(&snapshot), Some(book.clone()), "{snapshot}");
    }
    // The last one is an old snapshot without a title.
    for unknown in [
        "",
        "{}",
        r#"{"copies_in":1,"borrowers":[""]}"#,
        r#"{"copies_in":1,"borrowers":[],"shelf":1}"#,
        r#"{"copies_in":1,"borrowers":[]}"#,
    ] {
        assert_eq!(Book::restore(unknown), None, "{unknown}");
    }
}
