//! The whole log, read by a program that has nothing of it yet.

use std::time::{Duration, Instant};

use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::store::EventStore as _;

use crate::median;
use crate::nats_servers::new_log_url;
use crate::raw::Raw;
use crate::report::{Bar, Unit, grouped, print_table};
use crate::store::{Program, Replica, fill};

const EVENTS: usize = 300_000;

/// So many events are written at once.
const IN_FLIGHT: usize = 4_096;

const ROUNDS: usize = 3;

const ROWS: [&str; 3] =
    ["an ordered consumer, one event a message", "a new replica in memory", "a new replica in a file"];

/// Measures, prints, and answers with the bars.
pub(crate) async fn run() -> Vec<Bar> {
    let url = new_log_url();
    let raw = Raw::new(&url).await;
    raw.publish_batches(IN_FLIGHT, EVENTS).await;
    let writer = Program::open(&url, Replica::Memory).await;
    fill(&writer.store, "moved", IN_FLIGHT, EVENTS).await;
    let mut times: [Vec<f64>; 3] = Default::default();
    for _ in 0..ROUNDS {
        times[0].push(raw.read(EVENTS).await.as_secs_f64());
        times[1].push(replayed(&url, Replica::Memory).await.as_secs_f64());
        times[2].push(replayed(&url, Replica::File).await.as_secs_f64());
    }
    let rates = times.map(|times| EVENTS as f64 / median(times));
    let rows = [0, 1, 2].map(|row| {
        let of_consumer = format!("{:.2}", rates[row] / rates[0]);
        [ROWS[row].to_owned(), grouped(rates[row]), of_consumer]
    });
    print_table([&format!("{} events read", grouped(EVENTS as f64)), "events/s", "of the consumer"], &rows);
    let bar = |row: usize| {
        let subject = format!("{} against an ordered consumer", ROWS[row]);
        Bar::at_least(subject, 3.0, rates[row] / rates[0], Unit::Times)
    };
    vec![bar(1), bar(2)]
}

/// The time until a new replica holds all events.
async fn replayed(url: &str, replica: Replica) -> Duration {
    let start = Instant::now();
    let program = Program::open(url, replica).await;
    while program.store.end().await.ok() < Some(Position::new(EVENTS as u64)) {
        // `end` gives up after some seconds, and the replica goes on.
    }
    start.elapsed()
}
