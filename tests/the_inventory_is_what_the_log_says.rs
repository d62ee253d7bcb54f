//! Whatever is asked of the library, in whatever order: both services answer as a library simple enough to trust
//! at a glance, and no copy comes from nowhere or gets lost.

mod books;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

use cqrs_bank::engine::event::Position;
use cqrs_bank::engine::moment::Moment;
use cqrs_bank::engine::store::MAX_READ;
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::supervisor::Supervisor;
use cqrs_bank::library::{
    BookCommand, BookEvent, CommandFailure, Isbn, ListedBook, Quantity, ReadService, Refusal, UserId, WriteService,
};
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::timeout;

use crate::books::{ELIXIR_IN_ACTION, PROGRAMMING_ELIXIR, add, borrow, give_back, isbn, remove, user};

const BOOKS: [&str; 3] = [ELIXIR_IN_ACTION, PROGRAMMING_ELIXIR, "0-8044-2957-X"];
const USERS: [&str; 3] = ["Ann", "Bob", "user123"];

/// For each book its copies, one by one: who has it, or nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ModelLibrary(BTreeMap<Isbn, ModelBook>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ModelBook {
    copies: u32,
    users: BTreeSet<UserId>,
}

impl ModelLibrary {
    fn handle(&mut self, command: &BookCommand) -> Result<(), Refusal> {
        if let BookCommand::AddBook { isbn, quantity, .. } = command {
            let copies = self.0.get(isbn).map_or(0, |book| book.copies) + quantity.get();
            if copies > Quantity::MAX.get() {
                return Err(Refusal::CopyLimit);
            }
            self.0.entry(*isbn).or_default().copies = copies;
            return Ok(());
        }
        let isbn = match command {
            BookCommand::AddBook { isbn, .. }
            | BookCommand::BorrowBook { isbn, .. }
            | BookCommand::ReturnBook { isbn, .. }
            | BookCommand::RemoveBook { isbn } => isbn,
        };
        let book = self.0.get_mut(isbn).ok_or(Refusal::NoBook)?;
        match command {
            BookCommand::BorrowBook { user_id, .. } if book.users.contains(user_id) => Err(Refusal::AlreadyBorrowed),
            BookCommand::BorrowBook { .. } if book.users.len() as u32 == book.copies => Err(Refusal::NoCopyLeft),
            BookCommand::BorrowBook { user_id, .. } => {
                book.users.insert(user_id.clone());
                Ok(())
            }
            BookCommand::ReturnBook { user_id, .. } if book.users.remove(user_id) => Ok(()),
            BookCommand::ReturnBook { .. } => Err(Refusal::NotBorrowed),
            _ if !book.users.is_empty() => Err(Refusal::BookIsOut),
            _ => {
                self.0.remove(isbn);
                Ok(())
            }
        }
    }

    /// Each book with the copies that are in and out.
    fn counts(&self) -> Vec<(Isbn, u32, u32)> {
        let count = |(isbn, book): (&Isbn, &ModelBook)| {
            let out = book.users.len() as u32;
            (*isbn, book.copies - out, out)
        };
        self.0.iter().map(count).collect()
    }

    fn books_of(&self, user_id: &UserId) -> Vec<Isbn> {
        self.0.iter().filter(|(_, book)| book.users.contains(user_id)).map(|(isbn, _)| *isbn).collect()
    }
}

fn counts(books: &[ListedBook]) -> Vec<(Isbn, u32, u32)> {
    books.iter().map(|book| (book.isbn, book.copies_in, book.copies_out)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_services_answer_as_the_model(commands in vec(any_command(), 1..60)) {
        run(async {
            let store = MemoryStore::start(&Supervisor::new());
            let writer = WriteService::start(store.clone(), Supervisor::new(), Some(1)).await.unwrap();
            let reader = ReadService::start(store.clone(), Supervisor::new()).await.unwrap();
            let mut model = ModelLibrary::default();
            let mut then = vec![(Position::START, model.clone())];
            // For each book, copies added less copies removed.
            let mut balance = BTreeMap::<Isbn, i64>::new();
            for command in &commands {
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
                // Whatever is acknowledged is in the very next answer.
                let inventory = reader.get_inventory(Isbn::FIRST, 10, None).await.unwrap();
                assert_eq!(counts(&inventory), model.counts(), "after {command:?}");
                for book in &inventory {
                    assert_eq!(i64::from(book.copies_in + book.copies_out), balance[&book.isbn], "{book:?}");
                }
                for gone in balance.iter().filter(|(isbn, _)| !inventory.iter().any(|book| book.isbn == **isbn)) {
                    assert_eq!(*gone.1, 0, "{gone:?}");
                }
                assert_loans(&reader, &model, None).await;
            }

            // What was answered then is answered about then.
            for (position, model) in then {
                let moment = Some(Moment::Position(position));
                let inventory = reader.get_inventory(Isbn::FIRST, 10, moment).await.unwrap();
                assert_eq!(counts(&inventory), model.counts(), "at {position}");
                for book in BOOKS {
                    let listed = inventory.iter().find(|listed| listed.isbn == isbn(book));
                    assert_eq!(reader.get_book(isbn(book), moment).await.unwrap().as_ref(), listed, "at {position}");
                }
                assert_loans(&reader, &model, moment).await;
            }

            // A reader that starts late has the same inventory.
            let late = ReadService::start(store, Supervisor::new()).await.unwrap();
            assert_eq!(late.get_inventory(Isbn::FIRST, 10, None).await, reader.get_inventory(Isbn::FIRST, 10, None).await);
            assert!(late.inventory().read(|late| reader.inventory().read(|early| late == early)));
        });
    }
}

/// Longer than what a store hands out in one piece.
#[test]
fn the_past_of_a_long_log_is_folded_to_its_moment_and_no_further() {
    run(async {
        let store = MemoryStore::start(&Supervisor::new());
        let writer = WriteService::start(store.clone(), Supervisor::new(), None).await.unwrap();
        let events = 2 * MAX_READ as u64 + 100;
        for _ in 0..events {
            writer.handle(add(ELIXIR_IN_ACTION, 1)).await.unwrap();
        }
        let reader = ReadService::start(store, Supervisor::new()).await.unwrap();
        for position in [1, MAX_READ as u64, MAX_READ as u64 + 1, 2 * MAX_READ as u64, events - 1, events, events + 1] {
            let moment = Some(Moment::Position(Position::new(position)));
            let copies = position.min(events) as u32;
            let expected = [(isbn(ELIXIR_IN_ACTION), copies, 0)];
            assert_eq!(counts(&reader.get_inventory(Isbn::FIRST, 10, moment).await.unwrap()), expected);
            let book = reader.get_book(isbn(ELIXIR_IN_ACTION), moment).await.unwrap();
            assert_eq!(book.map(|book| book.copies_in), Some(copies));
        }
    });
}

async fn assert_loans(reader: &ReadService<MemoryStore<BookEvent>>, model: &ModelLibrary, moment: Option<Moment>) {
    for name in USERS {
        let loans = reader.get_loans(&user(name), Isbn::FIRST, 10, moment).await.unwrap();
        let books: Vec<_> = loans.iter().map(|loan| loan.isbn).collect();
        assert_eq!(books, model.books_of(&user(name)), "{name} {moment:?}");
    }
}

fn any_command() -> impl Strategy<Value = BookCommand> {
    let book = || proptest::sample::select(&BOOKS);
    let user = || proptest::sample::select(&USERS);
    prop_oneof![
        2 => (book(), any_quantity()).prop_map(|(book, copies)| add(book, copies)),
        5 => (book(), user()).prop_map(|(book, name)| borrow(book, name)),
        4 => (book(), user()).prop_map(|(book, name)| give_back(book, name)),
        1 => book().prop_map(remove),
    ]
}

/// Few, so that no copy is left now and then, and many, which meet the limit.
fn any_quantity() -> impl Strategy<Value = u32> {
    let most = Quantity::MAX.get();
    prop_oneof![6 => 1..=2_u32, 1 => most - 3..=most]
}

/// Time passes only when nothing else can happen, so an answer that never comes fails at once.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async { timeout(Duration::from_secs(60), test).await }).unwrap();
}
