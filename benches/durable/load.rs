//! A file of transactions loaded into a bank on a file, against deposits with 256 in flight.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cqrs_bank::bank::{Bank, LoadOptions, StoreUrl};

use crate::directory;
use crate::moved::stream_name;
use crate::report::{Bar, Unit, grouped, nanoseconds_each, per_second, print_table};
use crate::whole_bank::{self, ACCOUNTS, create_accounts, on_current_thread};

/// The rows of a file, unless the environment says otherwise.
const ROWS: usize = 1_000_000;

/// Names a variable of the environment with another number of rows.
const ROWS_VARIABLE: &str = "LOAD_ROWS";

/// In turn, so often, and the best time counts.
const ROUNDS: usize = 3;

/// So many rows have the same date.
const ROWS_A_DAY: usize = 500;

/// The rows a second that a load must reach, against the deposits with 256 in flight.
const OF_IN_FLIGHT: f64 = 0.5;

/// Measures, prints, and answers with the bars.
pub(crate) fn run() -> Vec<Bar> {
    let rows = std::env::var(ROWS_VARIABLE).map_or(ROWS, |rows| rows.parse().unwrap());
    let mut best = [f64::INFINITY; 3];
    for _ in 0..ROUNDS {
        let directory = directory();
        let times = [
            whole_bank::run(directory.path(), 256, rows),
            load(directory.path(), rows, Ids::FromContent),
            load(directory.path(), rows, Ids::InTheFile),
        ];
        best.iter_mut().zip(times).for_each(|(best, time)| *best = best.min(nanoseconds_each(time, rows)));
    }
    let [in_flight, plain, with_ids] = best.map(per_second);
    let row = |name: &str, rate: f64| [name.to_owned(), grouped(rate), format!("{:.2}", rate / in_flight)];
    print_table(
        [&format!("{} rows, each one event, into a file", grouped(rows as f64)), "events/s", "of 256 in flight"],
        &[
            row("the whole bank, 256 in flight", in_flight),
            row("a load", plain),
            row("a load of rows with ids", with_ids),
        ],
    );
    let bar = |subject: &str, rate: f64| Bar::at_least(subject, OF_IN_FLIGHT, rate / in_flight, Unit::Times);
    vec![
        bar("a load against 256 in flight, into a file", plain),
        bar("a load of rows with ids against 256 in flight", with_ids),
    ]
}

/// Whether the rows have ids in the file, or ids are made of what they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ids {
    FromContent,
    InTheFile,
}

/// The time that it takes to load so many rows, from reading the first one to the last one's outcome.
fn load(directory: &Path, rows: usize, ids: Ids) -> Duration {
    let file = directory.join("transactions.csv");
    fs::write(&file, transactions(rows, ids)).unwrap();
    on_current_thread(
        async move |(store, file): (PathBuf, PathBuf)| {
            let bank = Bank::open(StoreUrl::Sqlite(store)).await.unwrap();
            create_accounts(&bank).await;
            let start = Instant::now();
            let loaded = bank.load(&file, LoadOptions::default(), |_, _, _| {}).await.unwrap();
            let elapsed = start.elapsed();
            assert_eq!(loaded.new, rows as u64, "{loaded:?}");
            bank.close().await;
            elapsed
        },
        (directory.join(format!("load-{ids:?}.db")), file),
    )
}

/// Deposits and withdrawals over the accounts in turn, with a memo each.
fn transactions(rows: usize, ids: Ids) -> String {
    let mut day = "2015-01-01".parse::<jiff::civil::Date>().unwrap();
    let mut text = String::from(if ids == Ids::InTheFile {
        "date,account,amount,memo,id\n"
    } else {
        "date,account,amount,memo\n"
    });
    for number in 0..rows {
        if number > 0 && number.is_multiple_of(ROWS_A_DAY) {
            day = day.tomorrow().unwrap();
        }
        let account = stream_name(number % ACCOUNTS);
        let amount = if (number / ACCOUNTS).is_multiple_of(2) { 250 } else { -100 };
        let _ = match ids {
            Ids::FromContent => writeln!(text, "{day},{account},{amount},groceries no. {number}"),
            Ids::InTheFile => writeln!(text, "{day},{account},{amount},groceries no. {number},{number}"),
        };
    }
    text
}
