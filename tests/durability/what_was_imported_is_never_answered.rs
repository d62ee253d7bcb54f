//! What was imported is no news: however the import ends, no handler with effects ever answers it. And of what is
//! imported, only a bonus counts as a bonus.

use std::path::{Path, PathBuf};

use cqrs_bank::bank::{
    AccountCommand, AccountEvent, Bank, EmailAddress, HolderName, NewAccount, OpenError, Options, StoreUrl,
};
use cqrs_bank::engine::event_handler::StartFrom;
use cqrs_bank::engine::log::{Position, RecordedEvent};
use cqrs_bank::engine::process_manager::{Answer, ProcessManager, Reaction};
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{Append, EventStore as _, ExpectedEnd};
use tempfile::TempDir;

use crate::accounts::{account, money};
use crate::files::Copy;
use crate::files::write_ahead_log::commits_since;
use crate::shells::e_mails;

/// More than fit into three batches.
const DEPOSITS: u64 = 3_200;

fn options(store: impl Into<StoreUrl>, outbox: &Path) -> Options {
    Options {
        ceo_bonus: Some(account("CEO")),
        email: Some(format!("{}/", outbox.display()).parse().unwrap()),
        ..Options::from(store.into())
    }
}

async fn create_josh(bank: &Bank) {
    let email = Some(EmailAddress::new("josh@example.org").unwrap());
    let holder = HolderName::new("Josh").unwrap();
    let josh = NewAccount { account_id: account("Josh"), holder, email, pin: None, opening: Default::default() };
    bank.create_account(josh).await.unwrap();
}

/// A bank of which one account has an e-mail address, and a bonus was paid for each deposit.
async fn exported(deposits: u64) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.jsonl");
    let bank = Bank::open(Options { ceo_bonus: Some(account("CEO")), ..Options::default() }).await.unwrap();
    bank.create(&account("CEO")).await.unwrap();
    create_josh(&bank).await;
    for _ in 0..deposits {
        bank.deposit(&account("Josh"), money(100)).await.unwrap();
    }
    bank.export(&path, |_, _| {}).await.unwrap();
    (directory, path)
}

/// In the account of the CEO.
async fn bonuses(bank: &Bank) -> u64 {
    bank.check_balance(&account("CEO")).await.map_or(0, |balance| u64::try_from(balance.minor_units()).unwrap())
}

/// A deposit is thanked for once, and earns a bonus; nothing that was there before is or does.
async fn only_what_is_new_is_answered(bank: Bank, outbox: &Path) {
    assert_eq!(e_mails(outbox), [0; 0]);
    if bank.check_balance(&account("Josh")).await.is_err() {
        create_josh(&bank).await;
    }
    let before = bonuses(&bank).await;
    let deposited = bank.deposit(&account("Josh"), money(1_000)).await.unwrap();
    let has_ceo = bank.check_balance(&account("CEO")).await.is_ok();
    assert_eq!(bonuses(&bank).await - before, if has_ceo { 10 } else { 0 });
    bank.close().await;
    assert_eq!(e_mails(outbox), [deposited.position().get()]);
    std::fs::remove_dir_all(outbox).unwrap();
}

#[tokio::test]
async fn an_import_that_is_cut_off_after_any_commit_is_not_answered() {
    let (directory, exported) = exported(DEPOSITS / 2).await;
    let outbox = directory.path().join("outbox");
    let path = directory.path().join("bank.db");
    let store = || StoreUrl::Sqlite(path.clone());
    let bank = Bank::open(options(store(), &outbox)).await.unwrap();
    // As long as somebody reads this state, all that is written stays in the write-ahead log.
    let reading = rusqlite::Connection::open(&path).unwrap();
    reading.execute_batch("BEGIN; SELECT count(*) FROM events").unwrap();
    rusqlite::Connection::open(&path).unwrap().execute_batch("PRAGMA wal_checkpoint(PASSIVE)").unwrap();
    let before = Copy::of(&path);
    bank.import(&exported, |_, _, _| {}).await.unwrap();
    let after = Copy::of(&path);
    drop(reading);
    bank.close().await;
    assert_eq!(e_mails(&outbox), [0; 0]);

    let (mut refused, mut partial, copies) = (0, 0, commits_since(&before, &after));
    for copy in &copies {
        copy.put_back(&path);
        let bank = match Bank::open(options(store(), &outbox)).await {
            Ok(bank) => bank,
            Err(OpenError::HalfImported { .. }) => {
                refused += 1;
                // Whatever it is opened with first, and then.
                let plain = Options { accept_loss: true, ..Options::from(store()) };
                if refused % 2 == 0 {
                    Bank::open(plain).await.unwrap().close().await;
                }
                Bank::open(Options { accept_loss: true, ..options(store(), &outbox) }).await.unwrap()
            }
            Err(error) => panic!("{error}"),
        };
        let events = bank.events(Position::new(1), usize::MAX).await.unwrap().len() as u64;
        partial += u64::from(events > 0 && events < DEPOSITS);
        only_what_is_new_is_answered(bank, &outbox).await;
    }
    assert!(refused > 10 && partial > 8, "{refused} of {} were refused, {partial} had a part", copies.len());
}

/// The process that imports dies, and another one takes over, which has had the empty bank open all along.
#[tokio::test]
async fn who_takes_over_from_one_that_died_importing_stops() {
    let (directory, _exported) = exported(0).await;
    let outbox = directory.path().join("outbox");
    let path = directory.path().join("bank.db");
    let supervisor = Supervisor::new();
    let imports = SqliteStore::<AccountEvent>::open(&path, SqliteOptions::default(), &supervisor).unwrap();
    let lease = imports.try_acquire_lease().await.unwrap().unwrap();
    let bank = Bank::open(options(StoreUrl::Sqlite(path), &outbox)).await.unwrap();
    let begun = Progress { checkpoint: Position::new(9), state: Some("under way".into()), ..Progress::default() };
    imports.write_progress(":import", begun, ParkedChange::None).await.unwrap();
    // The bank is the same while another one fills it: nothing of it is answered then either.
    let memory = Bank::open(StoreUrl::Memory).await.unwrap();
    create_josh(&memory).await;
    memory.deposit(&account("Josh"), money(1_000)).await.unwrap();
    let appends = memory.events(Position::new(1), 9).await.unwrap().into_iter().map(|event| Append {
        stream: event.stream,
        expected_version: event.version.before(),
        time: event.time,
        metadata: event.metadata,
        events: vec![event.data],
        snapshot: None,
        expected_end: ExpectedEnd::ANY,
    });
    for appended in imports.append(appends.collect()).await.unwrap() {
        appended.unwrap();
    }
    supervisor.stop(StopReason::Closed);
    drop(lease);
    while bank.failure().is_none() {
        tokio::task::yield_now().await;
    }
    let failure = bank.failure().unwrap().to_string();
    assert!(failure.contains("half a log is no bank"), "{failure}");
    bank.close().await;
    assert_eq!(e_mails(&outbox), [0; 0]);
}

/// Of each deposit, as much goes into the account of the tax collector.
#[derive(Clone, Debug)]
struct Tax;

impl ProcessManager for Tax {
    const NAME: &'static str = "tax";
    const TITLE: &'static str = "Tax";
    const START: StartFrom = StartFrom::Origin;
    type Event = AccountEvent;
    type State = ();

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(&event.data, AccountEvent::MoneyDeposited { account_id, .. } if *account_id == account("Josh"))
    }

    fn react(&self, (): &(), event: &RecordedEvent<AccountEvent>) -> Reaction<AccountEvent> {
        let AccountEvent::MoneyDeposited { amount, .. } = &event.data else { return Reaction::none() };
        let deposit = AccountCommand::deposit(account("Tax"), *amount);
        Answer::new(deposit).into()
    }
}

#[tokio::test]
async fn a_process_that_is_added_later_does_not_answer_it_either() {
    let (directory, exported) = exported(3).await;
    let store = || StoreUrl::Sqlite(directory.path().join("bank.db"));
    let bank = Bank::open(store()).await.unwrap();
    bank.import(&exported, |_, _, _| {}).await.unwrap();
    bank.close().await;
    let bank = Bank::open(store()).await.unwrap();
    bank.create(&account("Tax")).await.unwrap();
    bank.deposit(&account("Josh"), money(7)).await.unwrap();
    bank.add_process_manager(Tax).await.unwrap();
    bank.deposit(&account("Josh"), money(8)).await.unwrap();
    assert_eq!(
        bank.check_balance(&account("Tax")).await.unwrap(),
        crate::accounts::balance(15),
        "what is new it answers from the first"
    );
    bank.close().await;
}

/// Another process pays in far more than all bonuses may come to.
#[tokio::test]
async fn only_a_bonus_counts_as_a_bonus() {
    let directory = tempfile::tempdir().unwrap();
    let (exported, outbox) = (directory.path().join("events.jsonl"), directory.path().join("outbox"));
    let bank = Bank::open(options(StoreUrl::Memory, &outbox)).await.unwrap();
    bank.add_process_manager(Tax).await.unwrap();
    for name in ["CEO", "Tax", "Josh"] {
        bank.create(&account(name)).await.unwrap();
    }
    bank.deposit(&account("Josh"), money(4_900_000)).await.unwrap();
    // One for the deposit, and one for what the other process has made of it.
    assert_eq!(bonuses(&bank).await, 98_000);
    bank.export(&exported, |_, _| {}).await.unwrap();
    let other = Bank::open(options(StoreUrl::Memory, &outbox)).await.unwrap();
    other.import(&exported, |_, _, _| {}).await.unwrap();
    // The last bonus may go over; there is no other after that.
    for (deposited, all) in [(100_000, 99_000), (500_000, 104_000), (500_000, 104_000)] {
        other.deposit(&account("Josh"), money(deposited)).await.unwrap();
        assert_eq!(bonuses(&other).await, all);
    }
}
