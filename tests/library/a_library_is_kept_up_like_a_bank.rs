//! The library's services can do what every application can: read, verify and import a log.

use std::fs;

use cqrs_bank::engine::application::ImportError;
use cqrs_bank::engine::runtime::Supervisor;
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::store::{Verification, Verified};
use cqrs_bank::library::{Isbn, ReadService, WriteService};

use crate::books::{add, borrow, give_back, isbn, remove};

const BOOK: &str = "978-1593275846";

async fn writer() -> WriteService {
    WriteService::start(MemoryStore::start(&Supervisor::new()), None).await.unwrap()
}

#[tokio::test]
async fn a_log_goes_from_one_library_to_another_if_its_books_would_have_decided_so() {
    let directory = tempfile::tempdir().unwrap();
    let (path, forged) = (directory.path().join("events.jsonl"), directory.path().join("forged.jsonl"));
    let first = writer().await;
    for command in [add(BOOK, 1), borrow(BOOK, "Ann"), give_back(BOOK, "Ann"), remove(BOOK), add(BOOK, 2)] {
        first.handle(command).await.unwrap();
    }
    assert_eq!(first.export(&path, |_, _| {}).await, Ok(5));
    let whole = Verification::Whole(Verified { events: 5, streams: 1, snapshots: 0 });
    assert_eq!(first.verify(|_, _| {}).await, Ok(whole.clone()));

    let log = fs::read_to_string(&path).unwrap();
    fs::write(&forged, log.replacen("\"quantity\":1", "\"quantity\":2", 1)).unwrap();
    let second = writer().await;
    let refused = second.import(&forged, |_, _, _| {}).await.unwrap_err();
    let ImportError::Broken { line, problem, .. } = refused else { panic!("{refused}") };
    assert_eq!((line, problem.as_str()), (4, "it is not what the book would have decided"));
    assert_eq!(second.import(&path, |_, _, _| {}).await, Ok(5));
    assert_eq!(second.verify(|_, _| {}).await, Ok(whole.clone()));

    let reader = ReadService::start(second.store().clone()).await.unwrap();
    assert_eq!(reader.verify(|_, _| {}).await, Ok(whole));
    let books = reader.get_inventory(Isbn::FIRST, 9, None).await.unwrap();
    assert_eq!(books.iter().map(|book| (book.isbn, book.copies_in)).collect::<Vec<_>>(), [(isbn(BOOK), 2)]);
}
