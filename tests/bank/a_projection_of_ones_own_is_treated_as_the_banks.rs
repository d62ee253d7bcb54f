//! A custom projection added to a bank is treated like the bank's own: it folds past events, its rows are stored and
//! restored, it is rebuilt with the others, and its name must be unique.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use cqrs_bank::bank::{AccountEvent, AddHandlerError, Bank, StoreUrl};
use cqrs_bank::engine::domain::DomainEvent as _;
use cqrs_bank::engine::feed;
use cqrs_bank::engine::feed::checkpoints::Checkpoints;
use cqrs_bank::engine::log::RecordedEvent;
use cqrs_bank::engine::projection::{Projection, RowMap, StoredFields, rows};
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::EventStore as _;
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};

use crate::accounts::{account, money};

/// The number of events of each kind, one row per kind.
#[derive(Debug, Default)]
struct Counts(RowMap<String, u64>);

impl Projection<AccountEvent> for Counts {
    const NAME: &'static str = "counts";
    const ROWS: Option<StoredFields<Self>> = rows!(1; 0);

    fn project(&mut self, event: &RecordedEvent<AccountEvent>) {
        *self.0.get_or_insert_with(event.data.title().to_owned(), || 0) += 1;
    }
}

fn deposits(counts: &Counts) -> u64 {
    counts.0.get("Money Deposited").copied().unwrap_or_default()
}

async fn open(store: StoreUrl) -> Bank {
    Bank::open(store).await.unwrap()
}

fn file(directory: &Path) -> StoreUrl {
    StoreUrl::Sqlite(directory.join("bank.db"))
}

async fn deposit(bank: &Bank, times: u64) {
    for _ in 0..times {
        bank.deposit(&account("A"), money(1)).await.unwrap();
    }
}

#[tokio::test]
async fn what_it_knows_is_kept_and_gone_on_from() {
    let directory = tempfile::tempdir().unwrap();
    let bank = open(file(directory.path())).await;
    bank.create(&account("A")).await.unwrap();
    deposit(&bank, 3).await;
    let counts = bank.add_projection::<Counts>().await.unwrap();
    assert_eq!(counts.read(deposits), 3);
    deposit(&bank, 4).await;
    assert_eq!(counts.read(deposits), 7);
    bank.close().await;
    let mut expected = 7;
    for without in [false, false, true, false] {
        let bank = open(file(directory.path())).await;
        if !without {
            let counts = bank.add_projection::<Counts>().await.unwrap();
            assert_eq!(counts.read(deposits), expected);
        }
        deposit(&bank, 2).await;
        expected += 2;
        bank.close().await;
    }
}

/// Without a bank, the engine does the same for a projection with its own task.
#[tokio::test]
async fn one_that_is_started_alone_keeps_its_rows_too() {
    let directory = tempfile::tempdir().unwrap();
    let StoreUrl::Sqlite(path) = file(directory.path()) else { unreachable!() };
    for round in 0..3 {
        let bank = open(StoreUrl::Sqlite(path.clone())).await;
        let _ = bank.create(&account("A")).await;
        let supervisor = Supervisor::new();
        let store = SqliteStore::open(&path, SqliteOptions::default(), &supervisor).unwrap();
        let checkpoints = Checkpoints::new();
        let counts = feed::start::<_, Counts, _>(store.clone(), &checkpoints, &supervisor).await.unwrap();
        // More events than are folded between two writes of rows.
        let sent = 9_000;
        for _ in 0..sent {
            let (account_id, amount) = (account("A"), money(1));
            let command = cqrs_bank::bank::AccountCommand::deposit(account_id, amount);
            bank.send(command, bank.start_conversation()).await.unwrap();
        }
        bank.close().await;
        let end = store.end().await.unwrap();
        cqrs_bank::engine::feed::catch_up::catch_up(&store, &checkpoints).await.unwrap();
        assert!(checkpoints.is_seen_by_projections(end));
        assert_eq!(counts.read(deposits), sent * (round + 1), "round {round}");
        supervisor.stop(StopReason::Closed);
    }
}

#[tokio::test]
async fn what_is_imported_it_knows_too() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log.jsonl");
    let bank = open(StoreUrl::Memory).await;
    bank.create(&account("A")).await.unwrap();
    deposit(&bank, 7).await;
    bank.export(&log, |_, _| {}).await.unwrap();

    let other = open(file(directory.path())).await;
    let counts = other.add_projection::<Counts>().await.unwrap();
    other.import(&log, |_, _, _| {}).await.unwrap();
    assert_eq!(counts.read(deposits), 7);
    deposit(&other, 1).await;
    assert_eq!(counts.read(deposits), 8);
}

static FOLDED: AtomicU64 = AtomicU64::new(0);

#[derive(Debug, Default)]
struct Folds;

impl Projection<AccountEvent> for Folds {
    const NAME: &'static str = "folds";

    fn project(&mut self, _: &RecordedEvent<AccountEvent>) {
        FOLDED.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn it_is_rebuilt_with_the_others() {
    let bank = open(StoreUrl::Memory).await;
    bank.create(&account("A")).await.unwrap();
    bank.add_projection::<Folds>().await.unwrap();
    deposit(&bank, 9).await;
    assert_eq!(FOLDED.load(Ordering::Relaxed), 10);
    bank.rebuild(|_, _| {}).await.unwrap();
    assert_eq!(FOLDED.load(Ordering::Relaxed), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_may_come_while_much_happens() {
    let directory = tempfile::tempdir().unwrap();
    for store in [StoreUrl::Memory, file(directory.path())] {
        let bank = open(store).await;
        bank.create(&account("A")).await.unwrap();
        let depositing = tokio::spawn({
            let bank = bank.clone();
            async move { deposit(&bank, 300).await }
        });
        let rebuilding = tokio::spawn({
            let bank = bank.clone();
            async move { bank.rebuild(|_, _| {}).await.map(drop) }
        });
        let counts = bank.add_projection::<Counts>().await.unwrap();
        depositing.await.unwrap();
        rebuilding.await.unwrap().unwrap();
        assert_eq!(counts.read(deposits), 300);
    }
}

macro_rules! named {
    ($projection:ident, $name:literal) => {
        #[derive(Debug, Default)]
        struct $projection;

        impl Projection<AccountEvent> for $projection {
            const NAME: &'static str = $name;

            fn project(&mut self, _: &RecordedEvent<AccountEvent>) {}
        }
    };
}

named!(AsTheBanks, "balances");
named!(AsAProcess, "transfer");
named!(Late, "late");

#[tokio::test]
async fn it_has_a_name_of_its_own() {
    let bank = open(StoreUrl::Memory).await;
    let taken = |name| Some(AddHandlerError::NameTaken { name });
    assert_eq!(bank.add_projection::<AsTheBanks>().await.err(), taken("balances"));
    assert_eq!(bank.add_projection::<AsAProcess>().await.err(), taken("transfer"));
    bank.add_projection::<Counts>().await.unwrap();
    assert_eq!(bank.add_projection::<Counts>().await.err(), taken("counts"));
    let both = tokio::join!(bank.add_projection::<Folds>(), bank.add_projection::<Folds>());
    assert!(both.0.is_ok() != both.1.is_ok());
    bank.close().await;
    assert!(matches!(bank.add_projection::<Late>().await, Err(AddHandlerError::Unavailable(_))));
}

#[derive(Debug, Default)]
struct Panics;

impl Projection<AccountEvent> for Panics {
    const NAME: &'static str = "panics";

    fn project(&mut self, _: &RecordedEvent<AccountEvent>) {
        panic!("on purpose");
    }
}

#[tokio::test]
async fn one_that_cannot_take_in_what_has_happened_is_not_added() {
    let bank = open(StoreUrl::Memory).await;
    bank.create(&account("A")).await.unwrap();
    let refused = bank.add_projection::<Panics>().await.err();
    assert_eq!(refused, Some(AddHandlerError::Panicked { message: "on purpose".to_owned() }));
    deposit(&bank, 1).await;
    assert_eq!(bank.check_balance(&account("A")).await.unwrap(), crate::accounts::balance(1));
}

#[tokio::test]
async fn of_two_rebuilds_at_once_both_are_answered() {
    let directory = tempfile::tempdir().unwrap();
    for store in [StoreUrl::Memory, file(directory.path())] {
        let bank = open(store).await;
        bank.create(&account("A")).await.unwrap();
        deposit(&bank, 20).await;
        let rebuild = || bank.rebuild(|_, _| {});
        let (one, other, third) = tokio::join!(rebuild(), rebuild(), rebuild());
        for rebuilt in [one, other, third] {
            assert_eq!(rebuilt.unwrap().get(), 21);
        }
    }
}
