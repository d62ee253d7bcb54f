//! Whether a command costs the same however long its account's history is.
//!
//! Two banks take turns, a burst of sequential commands each. One has a single account with 1,000,000
//! events. The other is small, and gets a new account for every burst, which has 10 events when the burst
//! begins: as many commands as are needed to measure anything would soon make a long history of one.

use std::time::{Duration, Instant};

use crate::prepared_bank::{PreparedBank, on_current_thread};
use crate::report::{Bar, Unit, grouped, nanoseconds_each, per_second, print_table};
use crate::workload::{AccountRequest, there_and_back};

/// The median of so many rounds counts, so that a disturbance in one or two decides nothing.
const ROUNDS: usize = 9;

/// Bursts of each bank in a round.
const BURSTS: usize = 200;

/// Commands in a burst.
const BURST: usize = 100;

/// The events of the account with the long history.
const LONG_HISTORY: usize = 1_000_000;

/// The events of an account with a short history.
const SHORT_HISTORY: usize = 10;

/// A command on the long history may take so many times as long as one on the short history.
const LIMIT: f64 = 1.2;

/// Measures, prints, and answers with the bar.
pub(crate) fn run() -> Vec<Bar> {
    let rounds = on_current_thread(measure());
    let short = nanoseconds_each(median(rounds.iter().map(|round| round.short)), BURSTS * BURST);
    let long = nanoseconds_each(median(rounds.iter().map(|round| round.long)), BURSTS * BURST);
    let row = |events: usize, nanoseconds: f64| {
        let name = format!("bank, sequential, 1 account with {} events", grouped(events as f64));
        [name, grouped(nanoseconds), grouped(per_second(nanoseconds)), format!("{:.2}", nanoseconds / short)]
    };
    let title = format!("median of {ROUNDS} rounds of {} commands", grouped((BURSTS * BURST) as f64));
    print_table([&title, "ns/command", "commands/s", "x short"], &[row(SHORT_HISTORY, short), row(LONG_HISTORY, long)]);
    vec![Bar::at_most("a history of 1,000,000 events against one of 10", LIMIT, long / short, Unit::Times)]
}

/// The time of one round's commands.
struct Round {
    short: Duration,
    long: Duration,
}

async fn measure() -> Vec<Round> {
    let mut long = PreparedBank::open().await;
    long.create("long").await;
    // The account's first event is the one that opened it.
    long.handle_in_flight(there_and_back(0, LONG_HISTORY - 1)).await;
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let mut round = Round { short: Duration::ZERO, long: Duration::ZERO };
        let mut small = PreparedBank::open().await;
        for account in 0..BURSTS as u32 {
            small.create(&format!("short {account}")).await;
            burst(&small, there_and_back(account, SHORT_HISTORY - 1)).await;
            round.short += burst(&small, there_and_back(account, BURST)).await;
            // The same commands before the clock starts, so that both banks are in the processor's cache.
            burst(&long, there_and_back(0, SHORT_HISTORY)).await;
            round.long += burst(&long, there_and_back(0, BURST)).await;
        }
        rounds.push(round);
    }
    rounds
}

async fn burst(bank: &PreparedBank, requests: impl Iterator<Item = AccountRequest>) -> Duration {
    let start = Instant::now();
    for request in requests {
        bank.handle(request).await;
    }
    start.elapsed()
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    times[times.len() / 2]
}
