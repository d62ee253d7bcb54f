//! For any sequence of commands, both services answer like a simple model, and no copy appears or vanishes.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use cqrs_bank::engine::feed::catch_up::NotYet;
use cqrs_bank::engine::log::{Moment, Position};
use cqrs_bank::engine::runtime::Supervisor;
use cqrs_bank::engine::store::handler_records::HandlerRecords as _;
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::store::{ClusterOptions, EventStore, MAX_READ};
use cqrs_bank::library::{
    BookCommand, BookEvent, CommandFailure, Isbn, LibraryStore, ListedBook, ReadService, WriteService,
};
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::timeout;

use crate::books::model_library::{BOOKS, ModelLibrary, USERS, any_command};
use crate::books::{ELIXIR_IN_ACTION, add, isbn, user};

fn counts(books: &[ListedBook]) -> Vec<(Isbn, u32, u32)> {
    books.iter().map(|book| (book.isbn, book.copies_in, book.copies_out)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_services_answer_as_the_model(commands in vec(any_command(), 1..60)) {
        run(async {
            let store = MemoryStore::start(&Supervisor::new());
            let writer = WriteService::start(store.clone(), Some(1)).await.unwrap();
            let reader = ReadService::start(store.clone()).await.unwrap();
            assert_as_the_model(&writer, &reader, &commands).await;
            let late = ReadService::start(store).await.unwrap();
            assert_same(&late, &reader).await;
        });
    }
}

proptest! {
    // An answer waits until the reader's store has polled for the writer's commits.
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_services_answer_as_the_model_on_one_file(commands in vec(any_command(), 1..60)) {
        run_on_files(async {
            let directory = tempfile::tempdir().unwrap();
            let file: LibraryStore = directory.path().join("library.db").to_str().unwrap().parse().unwrap();
            let open = async || file.open(ClusterOptions::default(), &Supervisor::new()).await.unwrap();
            let writer = WriteService::start(open().await, None).await.unwrap();
            let reader = ReadService::start(open().await).await.unwrap();
            assert_as_the_model(&writer, &reader, &commands).await;
            // One reader folds the log, and one restores the stored rows.
            let late = ReadService::start(open().await).await.unwrap();
            assert_same(&late, &reader).await;
            late.close().await;
            let store = open().await;
            let stored = store.read_projection("inventory 1").await.unwrap().unwrap();
            assert_eq!(stored.checkpoint(), store.end().await.unwrap());
            assert_same(&ReadService::start(store).await.unwrap(), &reader).await;
        });
    }
}

/// A reader that starts late has the same inventory.
async fn assert_same(late: &ReadService, early: &ReadService) {
    assert_eq!(late.get_inventory(Isbn::FIRST, 10, None).await, early.get_inventory(Isbn::FIRST, 10, None).await);
    assert!(late.inventory().read(|late| early.inventory().read(|early| late == early)));
}

async fn assert_as_the_model(writer: &WriteService, reader: &ReadService, commands: &[BookCommand]) {
    let mut model = ModelLibrary::default();
    let mut then = vec![(Position::START, model.clone())];
    // The copies of each book, added less removed.
    let mut balance = BTreeMap::<Isbn, i64>::new();
    for command in commands {
        match (writer.handle(command.clone()).await, model.handle(command)) {
            (Ok(events), Ok(())) => {
                assert_eq!(events.len(), 1, "{command:?}");
                *balance.entry(*events[0].data.isbn()).or_default() += match &events[0].data {
                    BookEvent::BookAdded(added) => i64::from(added.quantity.get()),
                    BookEvent::BookRemoved(removed) => -i64::from(removed.quantity.get()),
                    BookEvent::BookBorrowed(_) | BookEvent::BookReturned(_) => 0,
                };
                then.push((events[0].position, model.clone()));
            }
            (Err(CommandFailure::Refused(refusal)), Err(expected)) => assert_eq!(refusal, expected),
            (answer, expected) => panic!("{command:?}: {answer:?}, not {expected:?}"),
        }
        // The next answer includes every acknowledged event.
        let inventory = reader.get_inventory(Isbn::FIRST, 10, None).await.unwrap();
        assert_eq!(counts(&inventory), model.counts(), "after {command:?}");
        for book in &inventory {
            assert_eq!(i64::from(book.copies_in + book.copies_out), balance[&book.isbn], "{book:?}");
        }
        for gone in balance.iter().filter(|(isbn, _)| !inventory.iter().any(|book| book.isbn == **isbn)) {
            assert_eq!(*gone.1, 0, "{gone:?}");
        }
        assert_loans(reader, &model, None).await;
    }

    // A query about a past moment has the answer given at that moment, in any order of queries.
    for (position, model) in then.iter().rev().chain(&then) {
        let moment = Some(Moment::Position(*position));
        let inventory = reader.get_inventory(Isbn::FIRST, 10, moment).await.unwrap();
        assert_eq!(counts(&inventory), model.counts(), "at {position}");
        for book in BOOKS {
            let listed = inventory.iter().find(|listed| listed.isbn == isbn(book));
            assert_eq!(reader.get_book(isbn(book), moment).await.unwrap().as_ref(), listed, "at {position}");
        }
        assert_loans(reader, model, moment).await;
    }
}

/// Longer than one page of a store.
#[test]
fn the_past_of_a_long_log_is_folded_to_its_moment_and_no_further() {
    run(async {
        let store = MemoryStore::start(&Supervisor::new());
        let writer = WriteService::start(store.clone(), None).await.unwrap();
        let events = 2 * MAX_READ as u64 + 100;
        for _ in 0..events {
            writer.handle(add(ELIXIR_IN_ACTION, 1)).await.unwrap();
        }
        let reader = ReadService::start(store).await.unwrap();
        for position in [1, MAX_READ as u64, MAX_READ as u64 + 1, 2 * MAX_READ as u64, events - 1, events] {
            let moment = Some(Moment::Position(Position::new(position)));
            let copies = position as u32;
            let expected = [(isbn(ELIXIR_IN_ACTION), copies, 0)];
            assert_eq!(counts(&reader.get_inventory(Isbn::FIRST, 10, moment).await.unwrap()), expected);
            let book = reader.get_book(isbn(ELIXIR_IN_ACTION), moment).await.unwrap();
            assert_eq!(book.map(|book| book.copies_in), Some(copies));
        }
        let (position, end) = (Position::new(events + 1), Position::new(events));
        let (beyond, not_yet) = (Some(Moment::Position(position)), NotYet { position, end });
        assert_eq!(reader.get_inventory(Isbn::FIRST, 10, beyond).await, Err(not_yet.into()));
        assert_eq!(reader.get_loans(&user("Ann"), Isbn::FIRST, 10, beyond).await, Err(not_yet.into()));
        assert_eq!(reader.get_book(isbn(ELIXIR_IN_ACTION), beyond).await, Err(not_yet.into()));
    });
}

async fn assert_loans(reader: &ReadService, model: &ModelLibrary, moment: Option<Moment>) {
    for name in USERS {
        let loans = reader.get_loans(&user(name), Isbn::FIRST, 10, moment).await.unwrap();
        let books: Vec<_> = loans.iter().map(|loan| loan.isbn).collect();
        assert_eq!(books, model.books_of(&user(name)), "{name} {moment:?}");
    }
}

/// A paused clock advances only when all tasks are idle, so a missing answer fails at once.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async { timeout(Duration::from_secs(60), test).await }).unwrap();
}

/// A real clock, since threads read and write files.
fn run_on_files(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async { timeout(Duration::from_secs(60), test).await }).unwrap();
}
