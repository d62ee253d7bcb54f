//! A command sent again under the same id has its first outcome; another command under that id is refused.

use cqrs_bank::engine::log::{Metadata, StreamId};
use cqrs_bank::engine::runtime::Supervisor;
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::library::{CommandFailure, Refusal, WriteService};
use uuid::Uuid;

use crate::books::{ELIXIR_IN_ACTION as BOOK, PROGRAMMING_ELIXIR as OTHER, add, borrow, give_back, isbn, remove};

#[tokio::test]
async fn the_last_copy_is_lent_once_and_whoever_asks_again_has_it() {
    let store = MemoryStore::start(&Supervisor::new());
    let writer = WriteService::start(store.clone(), None).await.unwrap();
    let other = WriteService::start(store, None).await.unwrap();
    let id = |number: u128| Metadata::from_outside(Uuid::from_u128(number << 80));
    writer.handle(add(BOOK, 1)).await.unwrap();
    let lent = writer.handle_as(borrow(BOOK, "Ann"), id(1)).await.unwrap();
    for service in [&writer, &other] {
        assert_eq!(service.handle_as(borrow(BOOK, "Ann"), id(1)).await.unwrap()[..], lent[..]);
        let refused = service.handle_as(borrow(BOOK, "Ann"), id(2)).await.unwrap_err();
        assert!(matches!(refused, CommandFailure::Refused(Refusal::AlreadyBorrowed | Refusal::NoCopyLeft)));
        let taken = CommandFailure::IdTaken { stream: StreamId::new("book", &isbn(BOOK)) };
        for command in [borrow(BOOK, "Bob"), give_back(BOOK, "Ann"), remove(BOOK), add(BOOK, 1), add(OTHER, 1)] {
            assert_eq!(service.handle_as(command, id(1)).await.unwrap_err(), taken);
        }
    }
}
