//! Each table of a file, and each column of it, is changed, deleted, doubled and copied from another bank, with and without
//! hashes that match. Either opening the file is refused, or the answers are right and `Bank.verify` names the forgery. With
//! `foreign: true`, either opening is refused, or nothing of the forgery is left.
//!
//! By default, a sample of the forgeries is tried; the ignored tests try all of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cqrs_bank::bank::{AccountEvent, Bank, Options, StoreUrl, Verification};
use cqrs_bank::engine::command_handler::Limits;
use cqrs_bank::engine::log::{Moment, Position, Timestamp};
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::handler_records::{HandlerRecords as _, ParkedChange, ParkedEvent};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use rusqlite::Connection;

use crate::accounts::{account, money};
use crate::forger;

/// One forgery in this many is tried.
const SOME: usize = 9;
const SOME_AS_FOREIGN: usize = 23;

/// The places whose forgeries `Bank.verify` may miss, because nothing else in the file contradicts them or because they are
/// never read. No answer about money depends on them. Rows of a projection with matching hashes are believed until
/// `Bank.verify`.
const UNTOLD: [&str; 12] = [
    "handlers.",
    "handlers.attempts",
    "handlers.form",
    "handlers.handler",
    "handlers.checkpoint",
    "handlers.state",
    "parked_events.*",
    "row_sets.name",
    "snapshots.",
    "snapshots.form",
    "properties.*",
    "sqlite_sequence.*",
];

#[derive(Debug)]
struct Forgery {
    /// The table and the column.
    place: String,
    change: String,
    signed: bool,
}

/// A bank with a row in every table.
async fn make(path: &Path, amount: u64) {
    let mut options = options(path);
    options.ceo_bonus = Some(account("CEO"));
    let bank = Bank::open(options).await.unwrap();
    for name in ["CEO", "Wolfman", "Dracula"] {
        bank.create(&account(name)).await.unwrap();
    }
    for _ in 0..260 {
        bank.deposit(&account("Wolfman"), money(amount)).await.unwrap();
    }
    bank.transfer(&account("Wolfman"), &account("Dracula"), money(25), None).await.unwrap();
    bank.close().await;
    let supervisor = Supervisor::new();
    let store = SqliteStore::<AccountEvent>::open(path, SqliteOptions::default(), &supervisor).unwrap();
    let progress = store.read_progress("transfer").await.unwrap().unwrap();
    for position in 1..=2 {
        let (handler, reason) = ("e-mail".to_owned(), "no answer".to_owned());
        let (position, time) = (Position::new(position), Timestamp::from_micros(0));
        let parked = ParkedEvent { number: 0, handler, position, attempts: 5, reason, time };
        store.write_progress("transfer", progress.clone(), ParkedChange::Park(parked)).await.unwrap();
    }
    supervisor.stop(StopReason::Closed);
    supervisor.ended().await;
}

fn options(path: &Path) -> Options {
    let limits = Limits { snapshot_every: 64.try_into().unwrap(), ..Limits::default() };
    Options { limits, ..Options::from(StoreUrl::Sqlite(path.to_owned())) }
}

fn strings(file: &Connection, sql: &str) -> Vec<String> {
    let mut statement = file.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Every forgery of every table.
fn forgeries(path: &Path) -> Vec<Forgery> {
    let file = Connection::open(path).unwrap();
    let mut forgeries = Vec::new();
    let tables = strings(&file, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'sqlite_stat1'");
    for table in tables {
        let columns = strings(&file, &format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"));
        let key = strings(&file, &format!("SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk"));
        let key = if key.is_empty() { "rowid".to_owned() } else { key.join(", ") };
        let one = |order: &str| format!("({key}) = (SELECT {key} FROM {table} ORDER BY {order} LIMIT 1)");
        let ends = [one(&key.replace(',', " ASC,")), one(&format!("{} DESC", key.replace(',', " DESC,")))];
        let mut changes = vec![
            (String::new(), format!("DELETE FROM {table}")),
            (String::new(), format!("DELETE FROM {table}; INSERT OR REPLACE INTO {table} SELECT * FROM other.{table}")),
        ];
        for end in &ends {
            changes.push((String::new(), format!("DELETE FROM {table} WHERE {end}")));
            for column in &columns {
                for value in [
                    format!(
                        "CASE typeof({column}) WHEN 'integer' THEN {column} + 1 WHEN 'text' THEN {column} || ' ' \
                             WHEN 'blob' THEN zeroblob(length({column})) ELSE {column} END"
                    ),
                    format!("(SELECT {column} FROM other.{table} ORDER BY 1 DESC LIMIT 1)"),
                    format!(
                        "CASE typeof({column}) WHEN 'integer' THEN 9223372036854775807 \
                             ELSE replace({column}, '1', '9') END"
                    ),
                ] {
                    let change = format!("UPDATE OR REPLACE {table} SET {column} = {value} WHERE {end}");
                    changes.push((column.clone(), change));
                }
                let others: Vec<_> = columns
                    .iter()
                    .map(|other| match other == column {
                        true => format!("CASE typeof({other}) WHEN 'integer' THEN {other} + 7 ELSE {other} || 'x' END"),
                        false => other.clone(),
                    })
                    .collect();
                let doubled =
                    format!("INSERT OR IGNORE INTO {table} SELECT {} FROM {table} WHERE {end}", others.join(", "));
                changes.push((column.clone(), doubled));
            }
        }
        for (column, change) in changes {
            for signed in [false, true] {
                forgeries.push(Forgery { place: format!("{table}.{column}"), change: change.clone(), signed });
            }
        }
    }
    forgeries
}

/// Forges a copy. Returns whether anything has changed: a column does not accept every value.
fn forge(path: &Path, other: &Path, forgery: &Forgery) -> bool {
    let file = Connection::open(path).unwrap();
    file.execute("ATTACH ?1 AS other", [other.to_str().unwrap()]).unwrap();
    let before = content(&file);
    let tried = file.execute_batch(&forgery.change);
    if tried.is_ok() && forgery.signed {
        let signed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| forger::sign(&file)));
        if signed.is_err() {
            return false;
        }
    }
    tried.is_ok() && content(&file) != before
}

/// All rows of all tables.
fn content(file: &Connection) -> String {
    let mut content = String::new();
    for table in strings(file, "SELECT name FROM main.sqlite_schema WHERE type = 'table' ORDER BY name") {
        let columns = strings(file, &format!("SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')"));
        let sql = format!("SELECT {} FROM main.{table} ORDER BY 1", columns.join(" || ',' || "));
        content += &strings(file, &sql).join("\n");
    }
    content
}

async fn answers(bank: &Bank) -> Vec<Option<String>> {
    let mut answers = Vec::new();
    for name in ["CEO", "Wolfman", "Dracula", "Nobody"] {
        let balance = bank.check_balance(&account(name)).await;
        answers.push(balance.map(|balance| balance.to_string()).ok());
        let then = bank.check_balance_at(&account(name), Moment::Position(Position::new(400))).await;
        answers.push(then.map(|balance| balance.to_string()).ok());
    }
    answers.push(bank.total_deposits(None).await.map(|total| total.to_string()).ok());
    answers.push(bank.accounts(None).await.map(|accounts| format!("{accounts:?}")).ok());
    answers
}

/// What is wrong with the answers from a forged file, if anything.
async fn treated(path: &Path, right: &[Option<String>], forgery: &Forgery) -> Option<String> {
    let Ok(bank) = Bank::open(options(path)).await else { return None };
    let verified = bank.verify(|_, _| {}).await;
    let is_named = !matches!(verified, Ok(Verification::Whole(_)));
    let asked = answers(&bank).await;
    // The log decides what may be paid out.
    let paid = bank.withdraw(&account("Wolfman"), money(900_000)).await;
    let is_paid = paid.is_ok_and(|paid| format!("{paid:?}").starts_with("Paid"));
    bank.close().await;
    let is_untold = UNTOLD.iter().any(|place| match place.strip_suffix('*') {
        Some(table) => forgery.place.starts_with(table),
        None => forgery.place == *place,
    });
    let lies = forgery.signed && forgery.place.starts_with("projection");
    let is_wrong = |(answer, right): (&Option<String>, &Option<String>)| answer.is_some() && answer != right;
    if is_paid {
        return Some(format!("it pays out what is not there: {forgery:?}"));
    }
    if !is_named && !lies && asked.iter().zip(right).any(is_wrong) {
        return Some(format!("{forgery:?}: {asked:?}, not {right:?}"));
    }
    if !is_named && !is_untold && !lies {
        return Some(format!("nobody names {forgery:?}"));
    }
    None
}

/// The same for a file that is opened with `foreign: true`.
async fn treated_as_foreign(path: &Path, right: &[Option<String>], forgery: &Forgery) -> Option<String> {
    let Ok(bank) = Bank::open(Options { foreign: true, ..options(path) }).await else { return None };
    let verified = bank.verify(|_, _| {}).await;
    let asked = answers(&bank).await;
    let parked = bank.parked().await;
    bank.close().await;
    if !matches!(verified, Ok(Verification::Whole(_))) || asked != right || !parked.as_ref().is_ok_and(Vec::is_empty) {
        return Some(format!("{forgery:?}: {verified:?}, {asked:?}, {parked:?}"));
    }
    None
}

async fn try_forgeries(every: usize, is_foreign: bool) {
    let directory = tempfile::tempdir().unwrap();
    let [path, other] = ["bank.db", "other.db"].map(|name| directory.path().join(name));
    make(&path, 100).await;
    make(&other, 300).await;
    let bank = Bank::open(options(&path)).await.unwrap();
    let right = Arc::new(answers(&bank).await);
    assert!(matches!(bank.verify(|_, _| {}).await.unwrap(), Verification::Whole(_)));
    bank.close().await;
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for (number, forgery) in forgeries(&path).into_iter().enumerate().filter(|(number, _)| number % every == 0) {
        let forged: PathBuf = directory.path().join(format!("{number}.db"));
        fs::copy(&path, &forged).unwrap();
        if forge(&forged, &other, &forgery) {
            tried += 1;
            wrong.extend(match is_foreign {
                true => treated_as_foreign(&forged, &right, &forgery).await,
                false => treated(&forged, &right, &forgery).await,
            });
        }
        fs::remove_file(&forged).unwrap();
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 300 / every, "{tried}");
}

#[tokio::test]
async fn some_of_everything() {
    try_forgeries(SOME, false).await;
}

#[tokio::test]
async fn some_of_everything_as_foreign() {
    try_forgeries(SOME_AS_FOREIGN, true).await;
}

#[tokio::test]
#[ignore = "takes a minute"]
async fn everything() {
    try_forgeries(1, false).await;
}

#[tokio::test]
#[ignore = "takes a minute"]
async fn everything_as_foreign() {
    try_forgeries(1, true).await;
}
