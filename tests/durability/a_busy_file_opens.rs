//! A file that another program writes to is a healthy one: it opens, answers, and everything that reads it runs, at any
//! moment.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use cqrs_bank::bank::{AccountEvent, Bank, StoreUrl};
use cqrs_bank::engine::log::{Moment, Position};
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::library::{Isbn, LibraryStore, ReadService, UserId};

use crate::clients::Client;
use crate::program::{bank, example, run};

fn bank_on(path: &Path) -> Client {
    let mut program = Client::start(bank(&["--json", "--store", path.to_str().unwrap()]));
    assert!(program.reply("Bank.open").get("ok").is_some());
    program
}

/// So many statements are said to a program before it has answered.
const AHEAD: usize = 2;

/// Runs `meanwhile` while a program is kept busy with a statement.
fn beside<T>(mut program: Client, statement: &str, meanwhile: impl FnOnce() -> T) -> T {
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        let busy = scope.spawn(|| {
            (0..AHEAD).for_each(|_| program.say(statement));
            while !ends.load(Ordering::Relaxed) {
                assert_eq!(program.reply_heard(), "ok");
                program.say(statement);
            }
            (0..AHEAD).for_each(|_| assert_eq!(program.reply_heard(), "ok"));
            assert!(program.leave().is_well());
        });
        let ends = EndsOnDrop(&ends);
        let result = meanwhile();
        drop(ends);
        busy.join().unwrap();
        result
    })
}

/// Also when a test fails, nobody waits for ever.
struct EndsOnDrop<'a>(&'a AtomicBool);

impl Drop for EndsOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn busy_bank(path: &Path) -> Client {
    let mut program = bank_on(path);
    for statement in ["Bank.create 1", "Bank.deposit 1, 1"] {
        assert_eq!(program.reply(statement), "ok");
    }
    program
}

#[test]
fn of_a_hundred_opens_beside_a_busy_account_none_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let refused = beside(busy_bank(&path), "Bank.deposit 1, 1", || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let open = |_| {
            let _inside = runtime.enter();
            let supervisor = Supervisor::new();
            let store = SqliteStore::<AccountEvent>::open(&path, SqliteOptions::default(), &supervisor);
            supervisor.stop(StopReason::Closed);
            store.err().map(|error| error.to_string())
        };
        let mut refused: Vec<_> = (0..70).filter_map(open).collect();
        runtime.block_on(async {
            for _ in 0..30 {
                match Bank::open(StoreUrl::Sqlite(path.clone())).await {
                    Ok(bank) => bank.close().await,
                    Err(error) => refused.push(error.to_string()),
                }
            }
        });
        refused
    });
    assert!(refused.is_empty(), "{} of 100: {refused:#?}", refused.len());
}

#[test]
fn of_shells_that_start_together_none_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let first = run(&["--quiet", "--store", path.to_str().unwrap()], "Bank.open; Bank.create 1");
    assert_eq!(first.exit_code, Some(0));
    let open_and_close = format!("Bank.open; {}Bank.close; ", "Bank.deposit 1, 1; ".repeat(5));
    let script = open_and_close.repeat(10);
    let refused: Vec<_> = (0..3)
        .flat_map(|_| {
            thread::scope(|scope| {
                let start = |_| scope.spawn(|| run(&["--quiet", "--store", path.to_str().unwrap()], &script));
                let all: Vec<_> = (0..4).map(start).collect();
                all.into_iter().map(|shell| shell.join().unwrap()).collect::<Vec<_>>()
            })
        })
        .filter(|shell| shell.exit_code != Some(0) || shell.stdout.contains("error"))
        .collect();
    assert!(refused.is_empty(), "{} of 12: {refused:#?}", refused.len());
}

#[test]
fn of_the_library_readers_questions_beside_a_writer_none_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("library.db");
    let on_file = ["--json", "--store", path.to_str().unwrap()];
    let mut writer = Client::start(example("library_write_service", &on_file));
    let add = format!("LibraryWriteService.add_book \"{BOOK}\", \"A Title\", \"An Author\", 1");
    assert_eq!(writer.reply(&add), "ok");
    let refused = beside(writer, &add, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut refused = Vec::new();
        for _ in 0..100 {
            refused.extend(runtime.block_on(questions_to_the_library(&path)).err());
        }
        refused
    });
    assert!(refused.is_empty(), "{} of 100: {refused:#?}", refused.len());
}

const BOOK: &str = "9781593275846";

async fn questions_to_the_library(path: &Path) -> Result<(), String> {
    let file: LibraryStore = path.to_str().unwrap().parse().unwrap();
    let reader = ReadService::open(&file).await.map_err(|error| error.to_string())?;
    let (book, user) = (Isbn::new(BOOK).unwrap(), UserId::new("Ann").unwrap());
    for moment in [None, Some(Moment::Position(Position::new(1)))] {
        reader.get_inventory(Isbn::FIRST, 9, moment).await.map_err(|error| error.to_string())?;
        reader.get_book(book, moment).await.map_err(|error| error.to_string())?;
        reader.get_loans(&user, Isbn::FIRST, 9, moment).await.map_err(|error| error.to_string())?;
    }
    reader.close().await;
    Ok(())
}

#[test]
fn everything_that_reads_runs_beside_a_program_that_writes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let refused = beside(busy_bank(&path), "Bank.deposit 1, 1", || {
        let mut refused = Vec::new();
        for round in 0..2 {
            let mut other = bank_on_or_refused(&path, &mut refused);
            let exported = directory.path().join(format!("{round}.jsonl"));
            let statements = [
                "Bank.verify".to_owned(),
                "Bank.rebuild".to_owned(),
                format!("Bank.export {exported:?}"),
                "Bank.statement 1, limit: 5".to_owned(),
                "Bank.events limit: 5".to_owned(),
                "Bank.why 1, limit: 2".to_owned(),
                "Bank.check_balance 1, at: 2".to_owned(),
                "Bank.get_total_deposits at: 2".to_owned(),
                "Bank.transfers".to_owned(),
                "Bank.handlers".to_owned(),
                "Bank.parked".to_owned(),
                "Bank.close".to_owned(),
            ];
            let Some(other) = &mut other else { continue };
            for statement in &statements {
                let reply = other.reply(statement);
                if reply.get("error").is_some() || reply.is_null() {
                    refused.push(format!("{statement}  {reply}"));
                }
            }
            // What was exported can be imported again: it is whole.
            let copy = directory.path().join(format!("{round}.db"));
            let import = format!("Bank.open; Bank.import {exported:?}; Bank.verify");
            let imported = run(&["--quiet", "--store", copy.to_str().unwrap()], import);
            if exported.exists() && (imported.exit_code != Some(0) || imported.stdout.contains("error")) {
                refused.push(format!("{imported:?}"));
            }
        }
        refused
    });
    assert!(refused.is_empty(), "{refused:#?}");
}

fn bank_on_or_refused(path: &Path, refused: &mut Vec<String>) -> Option<Client> {
    let mut program = Client::start(bank(&["--json", "--store", path.to_str().unwrap()]));
    let opened = program.reply("Bank.open");
    if opened.get("ok").is_some() {
        return Some(program);
    }
    refused.push(format!("Bank.open  {opened}"));
    None
}
