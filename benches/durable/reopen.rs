//! Opening a bank of a million events, with its projections stored and without.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cqrs_bank::bank::{Bank, StoreUrl};
use rusqlite::Connection;

use crate::directory;
use crate::report::{Bar, Unit, grouped, nanoseconds_each, per_second, print_table};
use crate::whole_bank::{ACCOUNTS, create_accounts, deposit, on_current_thread};

const DEPOSITS: usize = 1_000_000;

const OPENINGS: usize = 9;

/// Measures, prints, and answers with the bars.
pub(crate) fn run() -> Vec<Bar> {
    let directory = directory();
    let (full, empty) = (directory.path().join("full.db"), directory.path().join("empty.db"));
    on_current_thread(fill, full.clone());
    let opening = |path: &Path| {
        let mut times: Vec<_> = (0..OPENINGS).map(|_| on_current_thread(open, path.to_owned())).collect();
        times.sort_unstable();
        times[OPENINGS / 2]
    };
    let (open_empty, open_full) = (opening(&empty), opening(&full));
    Connection::open(&full).unwrap().execute_batch("DELETE FROM projection_rows; DELETE FROM projections").unwrap();
    // Answers are given when all projections have seen all events.
    let replay = on_current_thread(open, full);
    let replayed = per_second(nanoseconds_each(replay.saturating_sub(open_empty), DEPOSITS + ACCOUNTS));

    let time = |name: &str, time: Duration| [name.to_owned(), format!("{time:.2?}")];
    print_table(
        ["a bank of 1,000,000 deposits into 1,000 accounts", ""],
        &[
            time("opened, its projections stored", open_full),
            time("an empty one opened", open_empty),
            time("opened, its projections gone", replay),
            ["events replayed into projections in a second".to_owned(), grouped(replayed)],
        ],
    );
    let share = open_full.saturating_sub(open_empty).as_secs_f64() / Duration::from_millis(100).as_secs_f64();
    vec![
        Bar::at_least("replay into projections", 1_000_000.0, replayed, Unit::PerSecond),
        Bar::at_most("opening a bank of 1,000,000 events against an empty one and 100 ms", 1.0, share, Unit::Times),
    ]
}

async fn fill(path: PathBuf) {
    let bank = Bank::open(StoreUrl::Sqlite(path)).await.unwrap();
    let accounts = create_accounts(&bank).await;
    deposit(&bank, &accounts, 4_096, DEPOSITS).await;
    bank.close().await;
}

/// Answers with the time it took to open.
async fn open(path: PathBuf) -> Duration {
    let is_empty = path.ends_with("empty.db");
    let start = Instant::now();
    let bank = Bank::open(StoreUrl::Sqlite(path)).await.unwrap();
    let total = bank.total_deposits(None).await.unwrap();
    let elapsed = start.elapsed();
    assert_eq!(total, if is_empty { 0 } else { DEPOSITS as i128 });
    bank.close().await;
    elapsed
}
