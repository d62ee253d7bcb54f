//! The two services share nothing but the store: each runs, starts and ends without the other.

use std::time::Duration;

use cqrs_bank::engine::log::{Moment, Position};
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::library::{BookEvent, CommandFailure, Isbn, ReadService, Refusal, Unavailable, WriteService};
use tokio::time::timeout;

use crate::books::{ELIXIR_IN_ACTION as BOOK, add, borrow, give_back, isbn};

type Store = MemoryStore<BookEvent>;

async fn write(store: &Store) -> WriteService {
    WriteService::start(store.clone(), None).await.unwrap()
}

async fn read(store: &Store) -> ReadService {
    ReadService::start(store.clone()).await.unwrap()
}

async fn copies(reader: &ReadService) -> Option<(u32, u32)> {
    let book = reader.get_book(isbn(BOOK), None).await.unwrap();
    book.map(|book| (book.copies_in, book.copies_out))
}

#[tokio::test]
async fn the_reader_may_start_first_and_outlives_the_writer() {
    let store = Store::start(&Supervisor::new());
    let reader = read(&store).await;
    assert_eq!(copies(&reader).await, None);
    let writer = write(&store).await;
    writer.handle(add(BOOK, 2)).await.unwrap();
    assert_eq!(copies(&reader).await, Some((2, 0)));
    writer.close().await;
    assert_eq!(copies(&reader).await, Some((2, 0)));
    assert_eq!(copies(&read(&store).await).await, Some((2, 0)), "a reader that starts when the writer is gone");
}

#[tokio::test]
async fn a_writer_that_starts_again_knows_what_was_decided_before() {
    let store = Store::start(&Supervisor::new());
    let first = write(&store).await;
    first.handle(add(BOOK, 1)).await.unwrap();
    first.handle(borrow(BOOK, "Ann")).await.unwrap();
    drop(first);
    let second = write(&store).await;
    let refused = second.handle(borrow(BOOK, "Bob")).await.unwrap_err();
    assert_eq!(refused, CommandFailure::Refused(Refusal::NoCopyLeft));
    second.handle(give_back(BOOK, "Ann")).await.unwrap();
    assert_eq!(copies(&read(&store).await).await, Some((1, 0)));
}

#[tokio::test]
async fn two_writers_do_not_lend_the_last_copy_twice() {
    let store = Store::start(&Supervisor::new());
    let (one, other) = (write(&store).await, write(&store).await);
    one.handle(add(BOOK, 1)).await.unwrap();
    // Both writers have the current book loaded.
    let refused = other.handle(give_back(BOOK, "Ann")).await.unwrap_err();
    assert_eq!(refused, CommandFailure::Refused(Refusal::NotBorrowed));
    let (ann, bob) = tokio::join!(one.handle(borrow(BOOK, "Ann")), other.handle(borrow(BOOK, "Bob")));
    let refusals: Vec<_> = [ann, bob].into_iter().filter_map(Result::err).collect();
    assert_eq!(refusals, [CommandFailure::Refused(Refusal::NoCopyLeft)]);
    assert_eq!(copies(&read(&store).await).await, Some((0, 1)));
}

#[tokio::test]
async fn a_service_that_was_closed_says_so() {
    let store = Store::start(&Supervisor::new());
    let (writer, reader) = (write(&store).await, read(&store).await);
    writer.close().await;
    let closed = writer.handle(add(BOOK, 1)).await.unwrap_err();
    assert_eq!(closed, CommandFailure::Unavailable(Unavailable::Closed));
    reader.close().await;
    for moment in [None, Some(Moment::Position(Position::new(1)))] {
        assert_eq!(reader.get_inventory(Isbn::FIRST, 1, moment).await, Err(Unavailable::Closed.into()));
        assert_eq!(reader.get_book(isbn(BOOK), moment).await, Err(Unavailable::Closed.into()));
    }
    assert_eq!((writer.failure(), reader.failure()), (None, None));
}

/// A paused clock advances only when all tasks are idle, so a missing answer fails at once.
#[tokio::test(start_paused = true)]
async fn without_a_store_both_are_closed_and_nobody_waits() {
    let of_the_store = Supervisor::new();
    let store = Store::start(&of_the_store);
    let (writer, reader) = (write(&store).await, read(&store).await);
    writer.handle(add(BOOK, 1)).await.unwrap();
    of_the_store.stop(StopReason::Closed);
    let hang = Duration::from_secs(60);
    let refused = timeout(hang, writer.handle(add(BOOK, 1))).await.unwrap().unwrap_err();
    assert_eq!(refused, CommandFailure::Unavailable(Unavailable::Closed));
    assert_eq!(
        timeout(hang, reader.get_inventory(Isbn::FIRST, 1, None)).await.unwrap(),
        Err(Unavailable::Closed.into())
    );
}
