//! How much was paid in bonuses is told by the log, whatever stands in which order there, whose account it was, and what
//! was written down or not: the limit holds, in old logs and imported ones too.

use std::path::Path;

use cqrs_bank::bank::{AccountCommand, AccountEvent, Bank, CeoBonus, Options, StoreUrl, Verification};
use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::process_manager::ProcessManager as _;
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};

use crate::accounts::{account, money};

/// With ten bonuses for such deposits it is enough.
const LARGE: u64 = 1_000_000;

async fn open(store: StoreUrl, ceo: Option<&str>) -> Bank {
    Bank::open(Options { ceo_bonus: ceo.map(account), ..Options::from(store) }).await.unwrap()
}

/// A bank in which many deposits were booked before the first bonus was.
async fn fill(bank: &Bank, deposits: usize) {
    for name in ["CEO", "Successor", "Wolfman"] {
        bank.create(&account(name)).await.unwrap();
    }
    let mut sent = Vec::new();
    for _ in 0..deposits {
        let deposit = AccountCommand::deposit(account("Wolfman"), money(LARGE));
        sent.push(bank.send(deposit, bank.start_conversation()).await.unwrap());
    }
    for pending in sent {
        pending.outcome().await.unwrap();
    }
}

async fn balance(bank: &Bank, name: &str) -> i64 {
    bank.check_balance(&account(name)).await.unwrap().minor_units()
}

async fn problem(bank: &Bank) -> Option<String> {
    match bank.verify(|_, _| {}).await.unwrap() {
        Verification::Whole(_) => None,
        Verification::Broken { problem, .. } => Some(problem),
    }
}

async fn write_down(path: &Path, change: impl Fn(Progress) -> Progress) {
    let supervisor = Supervisor::new();
    let store = SqliteStore::<AccountEvent>::open(path, SqliteOptions::default(), &supervisor).unwrap();
    let progress = store.read_progress(CeoBonus::NAME).await.unwrap().unwrap();
    store.write_progress(CeoBonus::NAME, change(progress), ParkedChange::None).await.unwrap();
    supervisor.stop(StopReason::Closed);
    supervisor.ended().await;
}

#[tokio::test]
async fn the_limit_holds_however_late_the_bonuses_stand_in_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let bank = open(StoreUrl::Sqlite(path.clone()), Some("CEO")).await;
    fill(&bank, 40).await;
    assert_eq!(balance(&bank, "CEO").await, 100_000);
    assert_eq!(problem(&bank).await, None);
    let log = bank.events(Position::START, 1_000).await.unwrap();
    bank.close().await;
    // What it remembers is not written down, then nothing is, and then it is at the first of the deposits.
    for checkpoint in [None, Some(0), Some(4), Some(9)] {
        write_down(&path, |progress| Progress {
            state: None,
            checkpoint: checkpoint.map_or(progress.checkpoint, Position::new),
            ..progress
        })
        .await;
        let bank = open(StoreUrl::Sqlite(path.clone()), Some("CEO")).await;
        bank.close().await;
        let bank = open(StoreUrl::Sqlite(path.clone()), Some("CEO")).await;
        assert_eq!(bank.events(Position::START, 1_000).await.unwrap(), log, "{checkpoint:?}");
        assert_eq!(problem(&bank).await, None, "{checkpoint:?}");
        bank.close().await;
    }
    let bank = open(StoreUrl::Sqlite(path), Some("CEO")).await;
    bank.deposit(&account("Wolfman"), money(LARGE)).await.unwrap();
    assert_eq!(balance(&bank, "CEO").await, 100_000);
    bank.close().await;
}

/// It does not matter whether the bank into which it is imported pays bonuses yet.
#[tokio::test]
async fn what_was_imported_counts_whenever_bonuses_are_paid_again() {
    let directory = tempfile::tempdir().unwrap();
    let exported = directory.path().join("events.jsonl");
    let bank = open(StoreUrl::Memory, Some("CEO")).await;
    fill(&bank, 9).await;
    assert_eq!(balance(&bank, "CEO").await, 90_000);
    bank.export(&exported, |_, _| {}).await.unwrap();
    for (name, ceo) in [("pays", Some("CEO")), ("does not", None)] {
        let store = StoreUrl::Sqlite(directory.path().join(name));
        let bank = open(store.clone(), ceo).await;
        bank.import(&exported, |_, _, _| {}).await.unwrap();
        bank.close().await;
        let bank = open(store, Some("CEO")).await;
        for expected in [100_000, 100_000] {
            bank.deposit(&account("Wolfman"), money(LARGE)).await.unwrap();
            assert_eq!(balance(&bank, "CEO").await, expected, "{name}");
        }
        assert_eq!(problem(&bank).await, None, "{name}");
        bank.close().await;
    }
}

#[tokio::test]
async fn the_limit_is_one_for_all_who_were_paid_bonuses() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let bank = open(StoreUrl::Sqlite(path.clone()), Some("CEO")).await;
    fill(&bank, 9).await;
    bank.close().await;
    write_down(&path, |progress| Progress { state: None, ..progress }).await;
    let bank = open(StoreUrl::Sqlite(path), Some("Successor")).await;
    bank.deposit(&account("Wolfman"), money(LARGE)).await.unwrap();
    // The bonuses of before were deposits into another account, and have earned some as well.
    let paid = balance(&bank, "Successor").await;
    assert!((10_000..=10_900).contains(&paid), "{paid}");
    for name in ["Wolfman", "CEO"] {
        bank.deposit(&account(name), money(LARGE)).await.unwrap();
        assert_eq!(balance(&bank, "Successor").await, paid);
    }
    assert_eq!(problem(&bank).await, None);
    bank.close().await;
}

#[tokio::test]
async fn a_counter_that_was_forged_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let bank = open(StoreUrl::Sqlite(path.clone()), Some("CEO")).await;
    fill(&bank, 3).await;
    bank.close().await;
    write_down(&path, |progress| Progress { state: Some(r#"{"paid":10000}"#.into()), ..progress }).await;
    let bank = open(StoreUrl::Sqlite(path), Some("CEO")).await;
    let expected =
        r#"the stored state of CEO bonus is {"paid":10000}, but the log up to position 6 makes it {"paid":30000}"#;
    assert_eq!(problem(&bank).await.as_deref(), Some(expected));
    bank.close().await;
}
