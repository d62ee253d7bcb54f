//! A query about the end of a long stream reads only that end, and is answered even if earlier events are damaged.
//!
//! Reading a changed row is an error, so a successful answer shows that no such row was read.

use std::num::NonZeroU64;
use std::path::Path;

use cqrs_bank::bank::{AccountId, Bank, CheckBalanceError, Moment, Money, Options, Reason, StoreUrl, Unavailable};
use cqrs_bank::engine::command_handler::Limits;
use cqrs_bank::engine::log::{Position, Timestamp};
use cqrs_bank::engine::runtime::Supervisor;
use cqrs_bank::engine::store::ClusterOptions;
use cqrs_bank::engine::store::StoreError;
use cqrs_bank::library::{BookCommand, LibraryStore, ReadService, WriteService};
use tempfile::tempdir;

use crate::books::{ELIXIR_IN_ACTION, add, borrow, give_back, isbn};

/// The number of events between two snapshots of a stream.
const SNAPSHOT_EVERY: u64 = 50;

async fn open(path: &Path) -> Bank {
    let limits = Limits { snapshot_every: NonZeroU64::new(SNAPSHOT_EVERY).unwrap(), ..Limits::default() };
    Bank::open(Options { limits, ..Options::from(StoreUrl::Sqlite(path.to_owned())) }).await.unwrap()
}

/// Changes the data of all events up to a position without updating their hashes.
fn damage_up_to(path: &Path, position: u64) {
    let file = rusqlite::Connection::open(path).unwrap();
    let changed = file.execute("UPDATE events SET data = '{}' WHERE position <= ?1", [position as i64]).unwrap();
    assert_eq!(changed as u64, position);
}

/// The answers to queries about the end, as text.
async fn about_the_end(bank: &Bank, account: &AccountId, from: Position, time: Timestamp) -> Vec<String> {
    let mut answers = Vec::new();
    for until in [None, Some(Moment::Position(from)), Some(Moment::Time(time)), Some(Moment::NOW)] {
        for limit in [1, 7] {
            answers.push(format!("{:?}", bank.why(account, until, limit).await.unwrap()));
        }
        answers.push(format!("{:?}", bank.statement(account, from, until, 100).await.unwrap()));
        answers.push(format!("{:?}", bank.check_balance_at(account, until.unwrap_or(Moment::NOW)).await.unwrap()));
    }
    for limit in [1, 7, 100] {
        answers.push(format!("{:?}", bank.account_events(account, from, limit).await.unwrap()));
        answers.push(format!("{:?}", bank.statement(account, from, None, limit).await.unwrap()));
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_an_account_is_read_without_its_beginning() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let bank = open(&path).await;
    let [account, other] = ["A", "B"].map(|name| AccountId::new(name).unwrap());
    bank.create(&account).await.unwrap();
    bank.create(&other).await.unwrap();
    for round in 1..=600 {
        bank.deposit(&account, Money::new(2).unwrap()).await.unwrap();
        if round % 3 == 0 {
            bank.withdraw(&account, Money::new(1).unwrap()).await.unwrap();
        }
        if round % 10 == 0 {
            // A declined withdrawal moves no money.
            bank.withdraw(&account, Money::new(1_000_000).unwrap()).await.unwrap();
            bank.transfer(&account, &other, Money::new(1).unwrap(), None).await.unwrap();
        }
    }
    let end = bank.events(Position::START, usize::MAX).await.unwrap().len() as u64;
    let from = Position::new(end - 100);
    let time = bank.events(from, 1).await.unwrap()[0].time;
    let expected = about_the_end(&bank, &account, from, time).await;
    bank.close().await;
    drop(bank);

    damage_up_to(&path, end - 4 * SNAPSHOT_EVERY);
    let bank = open(&path).await;
    assert_eq!(about_the_end(&bank, &account, from, time).await, expected);
    let damaged = |error: &Unavailable| matches!(error, Unavailable::Store(StoreError::Failed(_)));
    let events = bank.account_events(&account, Position::START, 1).await;
    assert!(events.as_ref().is_err_and(damaged), "{events:?}");
    let why = bank.why(&account, None, usize::MAX).await;
    assert!(matches!(&why, Err(CheckBalanceError::Unavailable(error)) if damaged(error)), "{why:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_past_of_a_book_is_read_from_its_last_snapshot() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("library.db");
    let file: LibraryStore = path.to_str().unwrap().parse().unwrap();
    let store = file.open(ClusterOptions::default(), &Supervisor::new()).await.unwrap();
    let writer = WriteService::start(store, None).await.unwrap();
    let handle = async |command: BookCommand| writer.handle(command).await.unwrap();
    handle(add(ELIXIR_IN_ACTION, 2)).await;
    let snapshot_every = Limits::default().snapshot_every.get();
    for _ in 0..snapshot_every {
        handle(borrow(ELIXIR_IN_ACTION, "Ann")).await;
        handle(give_back(ELIXIR_IN_ACTION, "Ann")).await;
    }
    let borrowed = handle(borrow(ELIXIR_IN_ACTION, "Ann")).await[0].position;
    let (isbn, moment) = (isbn(ELIXIR_IN_ACTION), Some(Moment::Position(borrowed)));
    writer.close().await;
    drop(writer);

    // Stored rows of the inventory need not be folded again.
    let store = file.open(ClusterOptions::default(), &Supervisor::new()).await.unwrap();
    let reader = ReadService::start(store).await.unwrap();
    assert!(reader.get_book(isbn, None).await.unwrap().is_some());
    reader.close().await;
    drop(reader);

    damage_up_to(&path, snapshot_every);
    let store = file.open(ClusterOptions::default(), &Supervisor::new()).await.unwrap();
    let reader = ReadService::start(store).await.unwrap();
    let book = reader.get_book(isbn, moment).await.unwrap().unwrap();
    assert_eq!((book.title.as_str(), book.copies_in, book.copies_out), ("A Title", 1, 1));
    let earlier = reader.get_book(isbn, Some(Moment::Position(Position::new(1)))).await;
    assert!(earlier.is_err(), "{earlier:?}");
}

/// Any requested part equals that part of the whole.
#[tokio::test]
async fn a_part_is_the_same_as_in_the_whole() {
    let limits = Limits { snapshot_every: NonZeroU64::new(4).unwrap(), ..Limits::default() };
    let bank = Bank::open(Options { limits, seed: Some(1), ..Options::default() }).await.unwrap();
    let [account, other] = ["A", "B"].map(|name| AccountId::new(name).unwrap());
    bank.create(&other).await.unwrap();
    bank.create(&account).await.unwrap();
    for round in 1..=12 {
        bank.deposit(&account, Money::new(round).unwrap()).await.unwrap();
        bank.withdraw(&account, Money::new(if round % 2 == 0 { 1 } else { 1_000 }).unwrap()).await.unwrap();
        if round % 4 == 0 {
            bank.transfer(&account, &other, Money::new(2).unwrap(), None).await.unwrap();
        }
    }
    let log = bank.events(Position::START, usize::MAX).await.unwrap();
    let events: Vec<_> = log.iter().filter(|event| event.data.account_id().unwrap() == &account).collect();
    let statement = bank.statement(&account, Position::START, None, usize::MAX).await.unwrap().lines;
    let reasons = bank.why(&account, None, usize::MAX).await.unwrap();
    assert_eq!((statement.len(), reasons.len()), (events.len(), 12 + 6 + 3));
    assert_eq!(reasons.last().unwrap().balance, bank.check_balance(&account).await.unwrap());
    let short = |reasons: &[Reason]| -> Vec<_> {
        reasons.iter().map(|reason| (reason.event.position, reason.balance)).collect()
    };
    for limit in [1, 2, 5, 100] {
        for last in log.iter() {
            for until in [Moment::Position(last.position), Moment::Time(last.time)] {
                let why = bank.why(&account, Some(until), limit).await.map(|reasons| short(&reasons));
                let moved: Vec<_> = reasons.iter().filter(|reason| until.is_after(&reason.event)).cloned().collect();
                let moved: Vec<_> = short(&moved[moved.len().saturating_sub(limit)..]);
                match events[0].position <= last.position {
                    true => assert_eq!(why, Ok(moved), "at most {limit} until {until:?}"),
                    false => assert_eq!(why, Err(CheckBalanceError::NoAccount)),
                }
            }
        }
        for from in (0..=log.len() as u64 + 1).map(Position::new) {
            let part: Vec<_> = events.iter().filter(|event| event.position >= from).take(limit).copied().collect();
            assert_eq!(bank.account_events(&account, from, limit).await.unwrap().iter().collect::<Vec<_>>(), part);
            for until in log.iter().step_by(3).map(|event| Moment::Time(event.time)) {
                let lines = bank.statement(&account, from, Some(until), limit).await.map(|statement| statement.lines);
                let part = statement.iter().filter(|line| line.position >= from);
                let part: Vec<_> = part.filter(|line| until.includes(line.position, line.time)).cloned().collect();
                let part = part[part.len().saturating_sub(limit)..].to_vec();
                match until.is_after(events[0]) {
                    true => assert_eq!(lines, Ok(part), "at most {limit} from {from} until {until:?}"),
                    false => assert_eq!(lines, Err(CheckBalanceError::NoAccount)),
                }
            }
        }
    }
}
