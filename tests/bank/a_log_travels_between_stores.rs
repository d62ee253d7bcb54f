//! A log exported from one bank and imported into another has the same events, times and ids, and handlers do not act
//! on it again.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use cqrs_bank::bank::{
    AccountEvent, Bank, EmailAddress, ExportError, HolderName, ImportError, ImportStep, Moment, NewAccount, OpenError,
    Options, StoreUrl, TransferState, Verification, Verified,
};
use cqrs_bank::engine::event_handler::{EventHandler, Failure, StartFrom};
use cqrs_bank::engine::log::{Position, RecordedEvent};
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

use crate::accounts::{account, all_balances, money};

async fn log(bank: &Bank) -> Vec<RecordedEvent<AccountEvent>> {
    bank.events(Position::new(1), usize::MAX).await.unwrap()
}

async fn memory() -> Bank {
    Bank::open(StoreUrl::Memory).await.unwrap()
}

/// A bank with deposits, withdrawals and transfers, and the export of its log.
async fn exported() -> (TempDir, PathBuf, Bank) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.jsonl");
    let bank = memory().await;
    let (wolfman, dracula) = (account("Wolfman"), account("Dracula"));
    bank.create(&wolfman).await.unwrap();
    bank.create(&dracula).await.unwrap();
    bank.deposit(&wolfman, money(100)).await.unwrap();
    bank.transfer(&wolfman, &dracula, money(25), None).await.unwrap();
    bank.withdraw(&dracula, money(5)).await.unwrap();
    bank.withdraw(&dracula, money(500)).await.unwrap();
    bank.transfer(&wolfman, &account("Nobody"), money(5), None).await.unwrap_err();
    assert_eq!(bank.export(&path, |_, _| {}).await, Ok(10));
    (directory, path, bank)
}

async fn import(bank: &Bank, path: &Path) -> Result<u64, ImportError> {
    bank.import(path, |_, _, _| {}).await
}

async fn verified(bank: &Bank) -> Verified {
    match bank.verify(|_, _| {}).await.unwrap() {
        Verification::Whole(verified) => verified,
        broken => panic!("{broken:?}"),
    }
}

#[tokio::test]
async fn the_log_is_the_same_in_every_store() {
    let (directory, path, bank) = exported().await;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let file = StoreUrl::Sqlite(directory.path().join("bank.db"));
    for (number, store) in [file, StoreUrl::Memory].into_iter().enumerate() {
        let other = Bank::open(store).await.unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let hear = |step, done, total| told.lock().unwrap().push((step, done, total));
        assert_eq!(other.import(&path, hear).await, Ok(10));
        assert!(told.lock().unwrap().iter().all(|told| *told == (ImportStep::Store, 10, 10)));
        assert_eq!(log(&other).await, log(&bank).await);
        assert_eq!(other.balances().read(all_balances), bank.balances().read(all_balances));
        assert_eq!(verified(&other).await, Verified { events: 10, streams: 2, snapshots: 0 });
        let again = directory.path().join(format!("{number}.jsonl"));
        assert_eq!(other.export(&again, |_, _| {}).await, Ok(10));
        assert_eq!(fs::read_to_string(&again).unwrap(), fs::read_to_string(&path).unwrap());
        other.deposit(&account("Dracula"), money(1)).await.unwrap();
        assert_eq!(other.check_balance(&account("Dracula")).await.unwrap(), crate::accounts::balance(21));
    }
}

#[tokio::test]
async fn a_long_log_comes_with_snapshots() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.jsonl");
    let bank = memory().await;
    bank.create(&account("1")).await.unwrap();
    for amount in 1..=3_000 {
        bank.deposit(&account("1"), money(amount)).await.unwrap();
    }
    bank.export(&path, |_, _| {}).await.unwrap();
    let before = verified(&bank).await;
    assert!(before.snapshots > 0);
    let other = Bank::open(StoreUrl::Sqlite(directory.path().join("bank.db"))).await.unwrap();
    assert_eq!(import(&other, &path).await, Ok(3_001));
    assert_eq!(verified(&other).await, before);
}

#[tokio::test]
async fn what_is_imported_earns_no_thanks_and_no_bonus() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = directory.path().join("outbox");
    let options = |store| Options {
        ceo_bonus: Some(account("CEO")),
        email: Some(format!("{}/", outbox.display()).parse().unwrap()),
        ..Options::from(store)
    };
    let letters = || fs::read_dir(&outbox).map_or(0, Iterator::count);
    let holder = HolderName::new("Josh").unwrap();
    let josh = account("Josh");
    let email = Some(EmailAddress::new("josh@example.org").unwrap());
    let bank = Bank::open(options(StoreUrl::Memory)).await.unwrap();
    bank.create(&account("CEO")).await.unwrap();
    bank.create_account(NewAccount { account_id: josh.clone(), holder, email, pin: None, opening: Default::default() })
        .await
        .unwrap();
    bank.deposit(&josh, money(9_999_000)).await.unwrap();
    assert_eq!(bank.check_balance(&account("CEO")).await.unwrap(), crate::accounts::balance(99_990));
    let path = directory.path().join("events.jsonl");
    bank.export(&path, |_, _| {}).await.unwrap();
    bank.close().await;
    let before = letters();
    assert_eq!(before, 1);

    let file = StoreUrl::Sqlite(directory.path().join("bank.db"));
    // The handlers have checkpoints here, and do not run during the import.
    Bank::open(options(file.clone())).await.unwrap().close().await;
    let other = Bank::open(file.clone()).await.unwrap();
    import(&other, &path).await.unwrap();
    other.close().await;
    for store in [file, StoreUrl::Memory] {
        let other = Bank::open(options(store.clone())).await.unwrap();
        if store == StoreUrl::Memory {
            import(&other, &path).await.unwrap();
        }
        assert_eq!(log(&other).await.len(), 4);
        let before = letters();
        // Earlier bonuses leave 10 up to the limit, which the last bonus may exceed.
        for (amount, bonus) in [(1_000, 10), (100, 0)] {
            let held = other.check_balance(&account("CEO")).await.unwrap().minor_units();
            other.deposit(&josh, money(amount)).await.unwrap();
            assert_eq!(other.check_balance(&account("CEO")).await.unwrap().minor_units() - held, bonus, "{store}");
        }
        other.close().await;
        assert_eq!(letters() - before, 2);
    }
}

#[tokio::test]
async fn a_transfer_that_had_not_ended_goes_on() {
    let (directory, path, _bank) = exported().await;
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    for (count, state) in [(4, "reserved"), (5, "credited")] {
        let part = directory.path().join("part.jsonl");
        fs::write(&part, lines[..count].concat()).unwrap();
        let other = memory().await;
        assert_eq!(import(&other, &part).await, Ok(count as u64), "{state}");
        let transfers = other.transfers(Position::new(1), 9, None).await.unwrap();
        assert!(matches!(transfers[0].state_at(Moment::NOW), Some(TransferState::Ended(_))));
        assert_eq!(verified(&other).await.events, 6);
        assert_eq!(other.check_balance(&account("Dracula")).await.unwrap(), crate::accounts::balance(25));
    }
}

#[tokio::test]
async fn a_broken_file_is_refused_with_its_line_and_nothing_is_stored() {
    let (directory, path, _bank) = exported().await;
    let text = fs::read_to_string(&path).unwrap();
    let broken = directory.path().join("broken.jsonl");
    let refused = async |text: &str, line: u64, problem: &str| {
        fs::write(&broken, text).unwrap();
        let other = memory().await;
        match import(&other, &broken).await {
            Err(ImportError::Broken { line: at, problem: said, .. }) => {
                assert_eq!(at, line, "{said}");
                assert!(said.contains(problem), "{said}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(log(&other).await, []);
    };
    let change = |from: &str, to: &str| text.replacen(from, to, 1);
    refused(&change("\"position\":3", "\"position\":2"), 3, "its position does not come after 2").await;
    refused(&change("\"position\":3", "\"position\":30"), 3, "it follows position 2: what was between").await;
    let without_the_last_of_a_stream: Vec<_> =
        text.split_inclusive('\n').filter(|line| !line.contains("transfer_credited")).collect();
    refused(&without_the_last_of_a_stream.concat(), 5, "it follows position 4: what was between").await;
    refused(&change("\"version\":2", "\"version\":3"), 3, "version 3 of its stream follows version 1").await;
    refused(&change("\"amount\":100", "\"amount\":10"), 4, "falls below its overdraft limit").await;
    refused(
        &change("transfer_settled", "transfer_burnt"),
        6,
        "which this program does not know: a newer version wrote it, or another domain",
    )
    .await;
    refused(
        &change("\"schema_version\":1", "\"schema_version\":2"),
        1,
        "in version 2, which this program does not know: a newer version wrote it",
    )
    .await;
    refused(&change("\"account-Dracula\"", "\"account-Wolfman\""), 2, "its account differs from its stream").await;
    refused(&change("\"amount\":25}", "\"amount\":26}"), 5, "it differs from its reservation").await;
    refused(&change("\n", "\n\n"), 2, "the line is blank, and it is not at the end").await;
    refused(&change("\n", "\n\r\n \n"), 2, "the line is blank, and it is not at the end").await;
    refused(&change("\n", "\n\u{feff}"), 2, "expected value").await;
    for (from, name, expected) in [
        ("\"position\":2", "colour", "`colour`, expected one of `position`, `stream`"),
        ("\"amount\":100", "fee", "`fee`"),
        ("\"payee\":", "fee", "`fee`, expected one of `account_id`, `transfer_id`"),
        ("\"payer\":", "fee", "`fee`, expected one of `account_id`, `transfer_id`"),
        ("\"position\":2", "up at line 2", "`up at line 2`, expected one of `position`, `stream`"),
    ] {
        let line = text.lines().position(|line| line.contains(from)).unwrap() as u64 + 1;
        refused(&change(from, &format!("\"{name}\":1,{from}")), line, &format!("unknown field {expected}")).await;
    }
    let first: String = text.split_inclusive('\n').next().unwrap().to_owned();
    refused(&format!("{first}{first}"), 2, "its position does not come after 1").await;
    let copied = first.replace("Wolfman", "Dracula").replace("\"position\":1", "\"position\":2");
    let side_by_side = "it does not belong to the event before it";
    refused(&format!("{first}{copied}"), 2, side_by_side).await;

    // A truncated export is refused, or is a prefix of the log.
    for end in 0..text.len() {
        let cut = &text[..end];
        if cut.is_empty() || cut.ends_with('\n') {
            fs::write(&broken, cut).unwrap();
            let other = memory().await;
            assert_eq!(import(&other, &broken).await, Ok(cut.lines().count() as u64));
            verified(&other).await;
        } else {
            refused(cut, cut.lines().count() as u64, "").await;
        }
    }
}

/// As editors and other programs leave a file.
#[tokio::test]
async fn a_byte_order_mark_and_blank_lines_at_the_end_are_no_mistake() {
    let (directory, path, bank) = exported().await;
    let text = fs::read_to_string(&path).unwrap();
    let foreign = directory.path().join("foreign.jsonl");
    for text in [
        format!("\u{feff}{text}"),
        format!("{text}\n"),
        format!("\u{feff}{}\r\n\r\n \t\n  ", text.replace('\n', "\r\n")),
    ] {
        fs::write(&foreign, text).unwrap();
        let other = memory().await;
        assert_eq!(import(&other, &foreign).await, Ok(10));
        assert_eq!(log(&other).await, log(&bank).await);
    }
    for empty in ["", "\u{feff}", "\n\n"] {
        fs::write(&foreign, empty).unwrap();
        assert_eq!(import(&memory().await, &foreign).await, Ok(0));
    }
}

#[tokio::test]
async fn only_an_empty_bank_takes_a_log() {
    let (directory, path, bank) = exported().await;
    let before = log(&bank).await;
    assert_eq!(import(&bank, &path).await, Err(ImportError::NotEmpty { events: 10 }));
    assert_eq!(log(&bank).await, before);
    let other = memory().await;
    assert!(matches!(import(&other, directory.path()).await, Err(ImportError::File { .. })));
    assert!(matches!(import(&other, &directory.path().join("none")).await, Err(ImportError::File { .. })));
    other.close().await;
    assert!(matches!(import(&other, &path).await, Err(ImportError::Unavailable(_))));

    let shared = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let (first, second) = (Bank::open(shared.clone()).await.unwrap(), Bank::open(shared).await.unwrap());
    assert_eq!(import(&second, &path).await, Err(ImportError::OpenElsewhere));
    assert_eq!(import(&first, &path).await, Ok(10));
}

#[tokio::test]
async fn what_is_no_file_or_the_bank_itself_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let bank = Bank::open(StoreUrl::Sqlite(path.clone())).await.unwrap();
    let pipe = directory.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (path, why) in [
        (&path, "this is an open bank, and not the log of one"),
        (&pipe, "it is a pipe, and only a file can be read to its end first: write it to a file"),
        (&directory.path().to_owned(), "it is not a regular file"),
        (&directory.path().join("none"), "No such file or directory (os error 2)"),
    ] {
        let error = import(&bank, path).await.unwrap_err();
        assert_eq!(error, ImportError::File { path: path.clone(), reason: why.into() });
    }
}

#[tokio::test]
async fn no_file_is_written_over() {
    let (directory, path, bank) = exported().await;
    let before = fs::read(&path).unwrap();
    assert_eq!(bank.export(&path, |_, _| {}).await, Err(ExportError::FileExists { path: path.clone() }));
    assert_eq!(fs::read(&path).unwrap(), before);
    let nowhere = directory.path().join("none/events.jsonl");
    assert!(matches!(bank.export(&nowhere, |_, _| {}).await, Err(ExportError::File { .. })));
    let names: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["events.jsonl"]);
}

/// The process ended between the first event and the last.
#[tokio::test]
async fn half_a_log_is_no_bank_unless_that_is_accepted() {
    // The first is the former place of this record.
    for mark in ["import", ":import"] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bank.db");
        let store = StoreUrl::Sqlite(path.clone());
        let supervisor = Supervisor::new();
        let file = SqliteStore::<AccountEvent>::open(&path, SqliteOptions::default(), &supervisor).unwrap();
        let begun = Progress { state: Some("under way".into()), ..Progress::default() };
        file.write_progress(mark, begun, ParkedChange::None).await.unwrap();
        supervisor.stop(StopReason::Closed);
        supervisor.ended().await;
        let before = fs::read(&path).unwrap();
        let refused = Bank::open(store.clone()).await.map(drop);
        assert_eq!(refused, Err(OpenError::HalfImported { store: store.to_string(), domain: "bank" }));
        assert!(fs::read(&path).unwrap() == before, "the refused file has changed");
        let accepting = Options { accept_loss: true, ..Options::from(store.clone()) };
        Bank::open(accepting).await.unwrap().close().await;
        Bank::open(store).await.unwrap();
    }
}

/// A handler that counts events, and whose state looks like the former record of a begun import.
#[derive(Clone, Debug, Default)]
struct Import {
    handled: Arc<Mutex<u64>>,
}

impl EventHandler<AccountEvent> for Import {
    const NAME: &'static str = "import";
    const AWAITED: bool = true;
    const START: StartFrom = StartFrom::Origin;

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        |_| true
    }

    async fn handle(&mut self, _: &RecordedEvent<AccountEvent>) -> Result<(), Failure> {
        *self.handled.lock().unwrap() += 1;
        Ok(())
    }

    fn state(&self) -> Option<Box<str>> {
        Some("under way".into())
    }
}

#[tokio::test]
async fn a_handler_may_be_called_import() {
    let (directory, path, _) = exported().await;
    let store = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let handler = Import::default();
    for opened in 0..3 {
        let bank = Bank::open(store.clone()).await.unwrap();
        bank.add_event_handler(handler.clone()).await.unwrap();
        match opened {
            // The handler has stored nothing yet.
            0 => assert_eq!(import(&bank, &path).await, Ok(10)),
            _ => drop(bank.deposit(&account("Wolfman"), money(1)).await.unwrap()),
        }
        assert_eq!(*handler.handled.lock().unwrap(), opened, "what was imported does not reach it");
        bank.close().await;
    }
}
