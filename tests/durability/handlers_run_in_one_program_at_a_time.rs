//! Whatever becomes of the lock by which one program runs the handlers, no two of them act: whoever finds that another
//! has taken over stops before its next effect and its next record, and stands by.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cqrs_bank::bank::{AccountEvent, Bank, HandlerReport, StoreUrl};
use cqrs_bank::engine::event_handler::{EventHandler, Failure, NackAction, ParkedError};
use cqrs_bank::engine::feed::checkpoints::HandlerState;
use cqrs_bank::engine::log::{Position, RecordedEvent};
use cqrs_bank::engine::runtime::Supervisor;
use cqrs_bank::engine::store::StoreError;
use cqrs_bank::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::accounts::{account, money};
use crate::shells::{Shell, e_mails, remove_lock, until};

fn new_file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("bank.db");
    (directory, path)
}

#[tokio::test]
async fn nothing_is_written_by_a_right_that_is_lost() {
    let (_directory, path) = new_file();
    let open = || SqliteStore::<AccountEvent>::open(&path, SqliteOptions::default(), &Supervisor::new()).unwrap();
    let (one, other) = (open(), open());
    let at = |position| Progress { checkpoint: Position::new(position), ..Progress::default() };
    let write = async |store: &SqliteStore<AccountEvent>, position| {
        store.write_progress("e-mail", at(position), ParkedChange::None).await
    };
    let _lost = one.try_acquire_lease().await.unwrap().unwrap();
    write(&one, 3).await.unwrap();
    assert!(other.try_acquire_lease().await.unwrap().is_none());
    remove_lock(&path);
    let lease = other.try_acquire_lease().await.unwrap().unwrap();
    assert_eq!(write(&one, 4).await, Err(StoreError::LeaseLost));
    assert_eq!(StoreError::LeaseLost.to_string(), "another program has taken over the handlers");
    assert_eq!(other.read_progress("e-mail").await.unwrap(), Some(at(3)));
    write(&other, 5).await.unwrap();
    // Where a handler starts may be written by whoever is told of it.
    assert_eq!(one.begin_progress("e-mail", at(9)).await.unwrap(), at(5));
    assert_eq!(one.begin_progress("bonus", at(9)).await.unwrap(), at(9));
    drop(lease);
    assert_eq!(write(&one, 4).await, Err(StoreError::LeaseLost), "it has to ask for the right first");
    let _again = one.try_acquire_lease().await.unwrap().unwrap();
    write(&one, 6).await.unwrap();
    assert_eq!(write(&other, 4).await, Err(StoreError::LeaseLost));
    assert_eq!(other.read_progress("e-mail").await.unwrap(), Some(at(6)));
}

/// Takes note of each deposit, and of the program that it was told in.
#[derive(Clone, Debug)]
struct Witness {
    program: &'static str,
    seen: Arc<Mutex<Vec<(&'static str, u64)>>>,
    fails: Option<NackAction>,
}

impl EventHandler<AccountEvent> for Witness {
    const NAME: &'static str = "witness";

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(event.data, AccountEvent::MoneyDeposited { .. })
    }

    async fn handle(&mut self, event: &RecordedEvent<AccountEvent>) -> Result<(), Failure> {
        self.seen.lock().unwrap().push((self.program, event.position.get()));
        self.fails.map_or(Ok(()), |action| Err(Failure::retry("no").with_action(action)))
    }
}

/// Begins with something, and does not finish until it is let.
#[derive(Clone, Debug)]
struct Slow {
    program: &'static str,
    begun: Arc<Semaphore>,
    may_finish: Arc<Semaphore>,
    finished: Arc<Mutex<Vec<&'static str>>>,
}

impl EventHandler<AccountEvent> for Slow {
    const NAME: &'static str = "slow";

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(event.data, AccountEvent::AccountCreated { .. })
    }

    async fn handle(&mut self, _: &RecordedEvent<AccountEvent>) -> Result<(), Failure> {
        self.begun.add_permits(1);
        self.may_finish.acquire().await.unwrap().forget();
        self.finished.lock().unwrap().push(self.program);
        Ok(())
    }
}

async fn report(bank: &Bank, name: &str) -> HandlerReport {
    bank.handlers().await.unwrap().into_iter().find(|handler| handler.status.name == name).unwrap()
}

async fn runs_here(bank: &Bank, here: bool) {
    while (report(bank, "transfer").await.status.condition.state == HandlerState::RunningElsewhere) == here {
        tokio::task::yield_now().await;
    }
}

async fn seen_by(bank: &Bank, handler: &str, end: Position) {
    while report(bank, handler).await.status.checkpoint < end {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_holder_whose_lock_is_removed_stops_before_its_next_effect() {
    let (_directory, path) = new_file();
    let [one, other] = [
        Bank::open(StoreUrl::Sqlite(path.clone())).await.unwrap(),
        Bank::open(StoreUrl::Sqlite(path.clone())).await.unwrap(),
    ];
    let seen = Arc::new(Mutex::new(Vec::new()));
    for (bank, program) in [(&one, "one"), (&other, "other")] {
        bank.add_event_handler(Witness { program, seen: seen.clone(), fails: None }).await.unwrap();
    }
    let wolfman = account("Wolfman");
    one.create(&wolfman).await.unwrap();
    one.create(&account("Dracula")).await.unwrap();
    let first = other.deposit(&wolfman, money(100)).await.unwrap();
    seen_by(&one, "witness", first.position()).await;

    remove_lock(&path);
    runs_here(&other, true).await;
    for bank in [&one, &other, &one, &other] {
        assert_eq!(bank.deposit(&wolfman, money(1)).await.unwrap().lagging(), [""; 0]);
        let transfer = bank.transfer(&wolfman, &account("Dracula"), money(1), None).await.unwrap();
        assert_eq!(transfer.receipt.lagging(), [""; 0]);
    }
    let last = one.deposit(&wolfman, money(1)).await.unwrap();
    seen_by(&other, "witness", last.position()).await;
    runs_here(&one, false).await;
    let deposits = [3, 4, 8, 12, 16, 20];
    let by_whom = |position: &u64| if *position == 3 { "one" } else { "other" };
    let expected: Vec<_> = deposits.iter().map(|position| (by_whom(position), *position)).collect();
    assert_eq!(*seen.lock().unwrap(), expected);
    assert_eq!(one.events(Position::new(1), 100).await.unwrap().len(), 20, "each transfer was carried out once");
    assert_eq!(report(&one, "witness").await.status.checkpoint, last.position(), "as the other has written down");

    other.close().await;
    runs_here(&one, true).await;
    let last = one.deposit(&wolfman, money(1)).await.unwrap();
    seen_by(&one, "witness", last.position()).await;
    assert_eq!(seen.lock().unwrap()[6..], [("one", 21)], "it takes over where the other has stopped");
    one.close().await;
}

/// One handler hears of it as it writes; the other is in the middle of something.
#[tokio::test]
async fn what_is_under_way_when_that_is_found_is_broken_off() {
    let (_directory, path) = new_file();
    let [one, other] = [
        Bank::open(StoreUrl::Sqlite(path.clone())).await.unwrap(),
        Bank::open(StoreUrl::Sqlite(path.clone())).await.unwrap(),
    ];
    let (finished, seen) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let slow = |program| {
        let (begun, may_finish) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        Slow { program, begun, may_finish, finished: finished.clone() }
    };
    let (here, there) = (slow("one"), slow("other"));
    for (bank, slow) in [(&one, &here), (&other, &there)] {
        bank.add_event_handler(slow.clone()).await.unwrap();
        let (program, seen) = (slow.program, seen.clone());
        bank.add_event_handler(Witness { program, seen, fails: None }).await.unwrap();
    }
    one.create(&account("Wolfman")).await.unwrap();
    here.begun.acquire().await.unwrap().forget();
    remove_lock(&path);
    there.begun.acquire().await.unwrap().forget();
    let last = one.deposit(&account("Wolfman"), money(1)).await.unwrap();
    runs_here(&one, false).await;
    here.may_finish.add_permits(1);
    there.may_finish.add_permits(1);
    seen_by(&other, "slow", last.position()).await;
    seen_by(&other, "witness", last.position()).await;
    assert_eq!(*finished.lock().unwrap(), ["other"]);
    assert_eq!(*seen.lock().unwrap(), [("other", 2)]);
    assert_eq!(here.may_finish.available_permits(), 1, "it is not there any more");
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn a_parked_event_is_tried_again_only_where_the_handlers_run() {
    let (_directory, path) = new_file();
    let [one, other] = [
        Bank::open(StoreUrl::Sqlite(path.clone())).await.unwrap(),
        Bank::open(StoreUrl::Sqlite(path.clone())).await.unwrap(),
    ];
    let seen = Arc::new(Mutex::new(Vec::new()));
    for (bank, program) in [(&one, "one"), (&other, "other")] {
        bank.add_event_handler(Witness {
            program,
            seen: seen.clone(),
            fails: (program == "one").then_some(NackAction::Park),
        })
        .await
        .unwrap();
    }
    one.create(&account("Wolfman")).await.unwrap();
    let last = one.deposit(&account("Wolfman"), money(1)).await.unwrap();
    seen_by(&one, "witness", last.position()).await;
    assert_eq!(report(&other, "witness").await.parked, 1);
    assert_eq!(other.retry_parked(1).await, Err(ParkedError::NotRunning));
    remove_lock(&path);
    runs_here(&other, true).await;
    assert_eq!(one.retry_parked(1).await, Err(ParkedError::NotRunning));
    assert_eq!(other.retry_parked(1).await, Ok(()));
    assert_eq!(*seen.lock().unwrap(), [("one", 2), ("other", 2)]);
    one.close().await;
    other.close().await;
}

/// What another program does with an event is seen here: how far it has come, and how often it has tried.
#[tokio::test]
async fn what_another_program_has_written_down_is_shown() {
    let (_directory, path) = new_file();
    let [one, other] = [
        Bank::open(StoreUrl::Sqlite(path.clone())).await.unwrap(),
        Bank::open(StoreUrl::Sqlite(path.clone())).await.unwrap(),
    ];
    let seen = Arc::new(Mutex::new(Vec::new()));
    let hour = Duration::from_secs(3_600);
    for (bank, program) in [(&one, "one"), (&other, "other")] {
        let fails = Some(NackAction::RetryAfter(hour));
        bank.add_event_handler(Witness { program, seen: seen.clone(), fails }).await.unwrap();
    }
    one.create(&account("Wolfman")).await.unwrap();
    let transferred = {
        one.create(&account("Dracula")).await.unwrap();
        one.deposit(&account("Wolfman"), money(1)).await.unwrap();
        other.transfer(&account("Wolfman"), &account("Dracula"), money(1), None).await.unwrap()
    };
    seen_by(&other, "transfer", transferred.receipt.seen_up_to().before()).await;
    while report(&other, "witness").await.status.condition.attempts == 0 {
        tokio::task::yield_now().await;
    }
    let HandlerReport { status, behind, parked } = report(&other, "witness").await;
    assert_eq!(status.condition.state, HandlerState::RunningElsewhere);
    assert_eq!((status.checkpoint, behind, parked, status.condition.attempts), (Position::new(2), 4, 0, 1));
    one.close().await;
    other.close().await;
}

/// Where the program's handlers run, as it says itself.
fn runs_in_another(shell: &mut Shell) -> bool {
    let handlers = shell.ask("Bank.handlers");
    let rows = handlers.as_array().unwrap();
    rows.iter().any(|row| row["handler"] == "thank-you e-mail" && row["next_attempt"] == "in another program")
}

fn acknowledged(shell: &mut Shell) -> u64 {
    let handlers = shell.ask("Bank.handlers");
    let rows = handlers.as_array().unwrap();
    let row = rows.iter().find(|row| row["handler"] == "thank-you e-mail").unwrap();
    row["checkpoint"].as_u64().unwrap()
}

fn remove_all(outbox: &Path) {
    std::fs::read_dir(outbox).unwrap().for_each(|e_mail| std::fs::remove_file(e_mail.unwrap().path()).unwrap());
}

#[test]
fn a_suspended_holder_that_comes_back_sends_nothing_again() {
    let (directory, path) = new_file();
    let outbox = directory.path().join("outbox/");
    let sends = format!(", email: {outbox:?}");
    let (mut one, mut other) = (Shell::open(&path, &sends), Shell::open(&path, &sends));
    let ok = Value::from("ok");
    assert_eq!(one.ask("Bank.create 1, \"Josh\", email: \"josh@example.org\""), ok);
    assert_eq!(one.ask("Bank.deposit 1, 5"), ok);
    until("the first e-mail", || e_mails(&outbox) == [2]);
    // Whoever is stopped while it writes keeps all others waiting.
    until("it is acknowledged", || acknowledged(&mut one) == 2);
    one.signal("-STOP");
    remove_lock(&path);
    until("the other takes over", || !runs_in_another(&mut other));
    assert_eq!(other.ask("Bank.deposit 1, 6"), ok);
    until("the second e-mail", || e_mails(&outbox) == [2, 3]);
    until("it is acknowledged", || acknowledged(&mut other) == 3);
    remove_all(&outbox);

    one.signal("-CONT");
    assert_eq!(one.ask("Bank.deposit 1, 7"), ok);
    until("the third e-mail", || e_mails(&outbox) == [4]);
    until("it is acknowledged by the other", || acknowledged(&mut other) == 4);
    until("the first has found out", || runs_in_another(&mut one));
    assert_eq!(acknowledged(&mut one), 4);
    remove_all(&outbox);

    other.kill();
    until("the first takes over again", || !runs_in_another(&mut one));
    assert_eq!(one.ask("Bank.deposit 1, 8"), ok);
    until("the last e-mail", || !e_mails(&outbox).is_empty());
    until("it is acknowledged", || acknowledged(&mut one) == 5);
    assert_eq!(e_mails(&outbox), [5], "none comes twice");
    assert_eq!(one.ask("Bank.verify")["ok"]["events"], 5);
    one.leave();
}
