//! A backup of a bank in use is one file that opens as the bank was at one moment, whoever writes meanwhile; or it is
//! not there at all.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use cqrs_bank::bank::{
    AccountEvent, BackupError, BackupStep, Bank, LogHead, Options, StoreUrl, Unavailable, Verification, Verified,
};
use cqrs_bank::engine::event_handler::{EventHandler, Failure, NackAction};
use cqrs_bank::engine::log::RecordedEvent;
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store;
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};

use crate::accounts::{account, all_balances, money};
use crate::load::audit::{settled, verified_log};
use crate::load::shell::{Answers, Shell};
use crate::load::{Load, beginning};
use crate::program::{bank, run, run_command};

async fn open(path: &Path) -> Bank {
    Bank::open(StoreUrl::Sqlite(path.to_owned())).await.unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn back_up(bank: &Bank, path: &Path) -> Result<Verified, BackupError> {
    bank.backup(path, |_, _, _| {}).await
}

async fn verified(bank: &Bank) -> Verified {
    match bank.verify(|_, _| {}).await.unwrap() {
        Verification::Whole(verified) => verified,
        broken => panic!("{broken:?}"),
    }
}

/// In memory and in a file, each with a transfer, a bonus, and an account that is long enough for snapshots.
async fn used_banks(directory: &Path) -> [Bank; 2] {
    let stores = [StoreUrl::Memory, StoreUrl::Sqlite(directory.join("bank.db"))];
    let open = stores.map(|store| async {
        let bank = Bank::open(Options { ceo_bonus: Some(account("CEO")), ..Options::from(store) }).await.unwrap();
        for name in ["CEO", "Wolfman", "Dracula"] {
            bank.create(&account(name)).await.unwrap();
        }
        bank.deposit(&account("Wolfman"), money(9_999_000)).await.unwrap();
        bank.transfer(&account("Wolfman"), &account("Dracula"), money(25), None).await.unwrap();
        for _ in 0..2_000 {
            bank.deposit(&account("Dracula"), money(1)).await.unwrap();
        }
        bank
    });
    let [memory, file] = open;
    [memory.await, file.await]
}

#[tokio::test]
async fn it_opens_and_answers_the_same_and_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    for bank in used_banks(directory.path()).await {
        let backups = tempfile::tempdir().unwrap();
        let path = backups.path().join("monday.db");
        let told = Arc::new(Mutex::new(Vec::new()));
        let hear = told.clone();
        let tell = move |step, done, total| hear.lock().unwrap().push((step, done, total));
        let made = bank.backup(&path, tell).await.unwrap();
        assert_eq!(names(backups.path()), ["monday.db"]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(made, verified(&bank).await);
        assert!(made.snapshots > 0);
        let steps = told.lock().unwrap().clone();
        let is_memory = *bank.url() == StoreUrl::Memory;
        let first = if is_memory { BackupStep::Store } else { BackupStep::Copy };
        for step in [first, BackupStep::Check] {
            let (_, done, total) = steps.iter().rfind(|(told, ..)| *told == step).unwrap();
            assert_eq!(done, total, "{step:?}");
        }

        let copy = Options { ceo_bonus: Some(account("CEO")), ..Options::from(StoreUrl::Sqlite(path)) };
        let copy = Bank::open(copy).await.unwrap();
        assert_eq!(copy.head().await.unwrap(), bank.head().await.unwrap());
        assert_eq!(copy.balances().read(all_balances), bank.balances().read(all_balances));
        assert_eq!(verified(&copy).await, made);
        // Of what was paid in bonuses before, the last 10 are left; and the last bonus may go over.
        for (amount, bonus) in [(1_000, 10), (100, 0)] {
            for bank in [&copy, &bank] {
                let held = bank.check_balance(&account("CEO")).await.unwrap().minor_units();
                bank.deposit(&account("Wolfman"), money(amount)).await.unwrap();
                assert_eq!(bank.check_balance(&account("CEO")).await.unwrap().minor_units() - held, bonus);
            }
        }
        // From there on, each goes its own way.
        assert_ne!(copy.head().await.unwrap(), bank.head().await.unwrap());
        copy.close().await;
        assert_eq!(names(backups.path()), ["monday.db"]);
    }
}

/// Cannot do with deposits.
#[derive(Clone, Debug)]
struct Fussy;

impl EventHandler<AccountEvent> for Fussy {
    const NAME: &'static str = "fussy";
    const AWAITED: bool = true;
    const TRACE_TITLE: Option<&'static str> = None;

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(event.data, AccountEvent::MoneyDeposited { .. })
    }

    async fn handle(&mut self, _: &RecordedEvent<AccountEvent>) -> Result<(), Failure> {
        Err(Failure::retry("no, thanks").with_action(NackAction::Park))
    }
}

#[tokio::test]
async fn what_handlers_have_parked_comes_along() {
    let directory = tempfile::tempdir().unwrap();
    for (number, store) in
        [StoreUrl::Memory, StoreUrl::Sqlite(directory.path().join("bank.db"))].into_iter().enumerate()
    {
        let bank = Bank::open(store).await.unwrap();
        bank.add_event_handler(Fussy).await.unwrap();
        bank.create(&account("1")).await.unwrap();
        bank.deposit(&account("1"), money(5)).await.unwrap();
        bank.deposit(&account("1"), money(7)).await.unwrap();
        let path = directory.path().join(format!("{number}.db"));
        back_up(&bank, &path).await.unwrap();
        let copy = open(&path).await;
        let parked = copy.parked().await.unwrap();
        assert_eq!(parked, bank.parked().await.unwrap());
        assert_eq!(parked.len(), 2);
        // It has seen them: they do not come again.
        copy.add_event_handler(Fussy).await.unwrap();
        copy.deposit(&account("1"), money(9)).await.unwrap();
        assert_eq!(copy.parked().await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn an_empty_bank_has_one_too() {
    let directory = tempfile::tempdir().unwrap();
    for (number, store) in
        [StoreUrl::Memory, StoreUrl::Sqlite(directory.path().join("bank.db"))].into_iter().enumerate()
    {
        let bank = Bank::open(store).await.unwrap();
        let path = directory.path().join(format!("{number}.db"));
        assert_eq!(back_up(&bank, &path).await, Ok(Verified::default()));
        let copy = open(&path).await;
        assert_eq!(copy.head().await.unwrap(), bank.head().await.unwrap());
    }
}

/// One program writes, others make backups of its file; each is the log up to some position, and later ones know more.
#[tokio::test]
async fn a_program_that_writes_goes_on() {
    const BACKUPS: u64 = 8;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let mut load = Load::new(7, 1, 1);
    let mut shell = Shell::start(&path, Answers::Strong);
    beginning().for_each(|statement| shell.say(statement));
    let mut heads: Vec<LogHead> = Vec::new();
    for number in 0..BACKUPS {
        let copy = directory.path().join(format!("{number}.db"));
        let script = format!("Bank.open\nBank.backup {copy:?}\n");
        let (path, copying) = (path.clone(), copy.clone());
        let making = std::thread::spawn(move || run(&["--quiet", "--store", path.to_str().unwrap()], script));
        let mut meanwhile = 0;
        while !making.is_finished() {
            shell.say(load.next());
            shell.hear();
            meanwhile += 1;
        }
        let made = making.join().unwrap();
        assert!(made.stdout.ends_with("}\n:ok\n") && made.exit_code == Some(0), "{made:?}");
        assert!(meanwhile > 0 && copying.exists());
        let head = head_of(&copy).await;
        assert!(heads.last().is_none_or(|before| before.position() <= head.position()));
        heads.push(head);
    }
    drop(shell.leave());
    let bank = open(&path).await;
    for (number, head) in heads.iter().enumerate() {
        let verified = bank.verify_head(*head, |_, _| {}).await.unwrap();
        assert!(matches!(verified, Verification::Whole(_)), "{number}: {verified:?}");
    }
    bank.close().await;
    // They open as banks: what was begun in one is finished.
    let log = verified_log(&path).await;
    for number in 0..BACKUPS {
        let copy = directory.path().join(format!("{number}.db"));
        let before = verified_log(&copy).await;
        assert!(before[..] == log[..before.len()]);
        settled(&copy).await;
    }
}

/// The head of a file as it is.
async fn head_of(path: &Path) -> LogHead {
    let supervisor = Supervisor::new();
    let store = SqliteStore::<AccountEvent>::open(path, SqliteOptions::default(), &supervisor).unwrap();
    let head = store.head(None).await.unwrap().unwrap();
    supervisor.stop(StopReason::Closed);
    supervisor.ended().await;
    head
}

#[tokio::test]
async fn where_something_stands_nothing_is_written() {
    let directory = tempfile::tempdir().unwrap();
    for bank in [Bank::open(StoreUrl::Memory).await.unwrap(), open(&directory.path().join("bank.db")).await] {
        bank.create(&account("1")).await.unwrap();
        let place = tempfile::tempdir().unwrap();
        let refused = async |name: &str| match back_up(&bank, &place.path().join(name)).await {
            Err(BackupError::File(error)) => error,
            other => panic!("{other:?}"),
        };
        let path = place.path().join("there.db");
        fs::write(&path, "something").unwrap();
        assert_eq!(refused("there.db").await, store::BackupError::FileExists { path });
        for (left, path) in [("a.db-wal", "a.db"), ("b.db-end", "b.db"), ("c.db-journal", "c.db")] {
            let (left_over, name) = (place.path().join(left), path);
            fs::write(&left_over, "something").unwrap();
            let path = place.path().join(path);
            assert_eq!(refused(name).await, store::BackupError::LeftOver { path, left_over });
        }
        assert!(matches!(refused("none/monday.db").await, store::BackupError::File { .. }));
        assert_eq!(names(place.path()), ["a.db-wal", "b.db-end", "c.db-journal", "there.db"]);
        assert_eq!(fs::read_to_string(place.path().join("there.db")).unwrap(), "something");
        bank.close().await;
        assert_eq!(
            back_up(&bank, &place.path().join("late.db")).await,
            Err(BackupError::Unavailable(Unavailable::Closed))
        );
        assert!(!place.path().join("late.db").exists());
    }
}

#[test]
fn where_there_is_no_room_nothing_is_left() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("events.jsonl");
    let deposits = "Bank.create 1\n".to_owned() + &"Bank.deposit 1, 5\n".repeat(3_000);
    let file = directory.path().join("bank.db");
    for store in ["memory", file.to_str().unwrap()] {
        let made = run(&["--quiet", "--store", store], format!("Bank.open\n{deposits}Bank.export {log:?}\n"));
        assert!(made.stdout.ends_with("{:ok, %{events: 3001}}\n"), "{}", made.stderr);
        let copies = tempfile::tempdir().unwrap();
        let copy = copies.path().join("monday.db");
        let fill = if store == "memory" { format!("Bank.import {log:?}\n") } else { String::new() };
        let program = bank(&["--quiet", "--store", store]);
        let mut limited = Command::new("bash");
        limited.args(["-c", "ulimit -f 200; exec \"$0\" \"$@\""]).arg(program.get_program()).args(program.get_args());
        let finished = run_command(limited, format!("Bank.open\n{fill}Bank.backup {copy:?}\n"));
        assert_eq!(finished.stdout.lines().last(), Some("{:error, :file_failed}"), "{}", finished.stderr);
        let said = finished.stderr.lines().find(|line| line.starts_with("error: ")).unwrap();
        assert_eq!(said, format!("error: {}: the disk is full", copy.display()));
        assert_eq!(finished.exit_code, Some(1));
        assert_eq!(names(copies.path()), <[&str; 0]>::default());
        fs::remove_file(&log).unwrap();
    }
}
