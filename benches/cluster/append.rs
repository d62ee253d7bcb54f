//! Appends, at several numbers of them in flight.

use std::time::{Duration, Instant};

use crate::nats_servers::new_log_url;
use crate::raw::Raw;
use crate::report::{Bar, Unit, grouped, print_table};
use crate::store::{Program, Replica, fill};
use crate::{median, quantile};

/// Each contender runs so often, in turn with the others, each time on new streams: these have leaders here and there.
const ROUNDS: usize = 5;

pub(crate) type Load = (usize, usize, f64);

/// In flight, the events of a round, and the part of the rate of atomic batches that the store must reach.
pub(crate) const LOADS: [Load; 4] =
    [(1, 1_000, 0.8), (16, 16 * 500, 0.8), (256, 256 * 100, 1.1), (4_096, 4_096 * 20, 2.0)];

const CONTENDERS: [&str; 4] =
    ["raw publishes", "raw atomic batches", "the store, its replica in a file", "the store, its replica in memory"];

/// The load that a part such as `append-256` is about.
pub(crate) fn load(part: &str) -> Option<Load> {
    let in_flight = part.strip_prefix("append-")?.parse::<usize>().ok()?;
    LOADS.into_iter().find(|load| load.0 == in_flight)
}

/// Measures, prints, and answers with the bars.
pub(crate) async fn run(loads: &[Load]) -> Vec<Bar> {
    let mut bars = Vec::new();
    for &(in_flight, events, wanted) in loads {
        let mut rates: [Vec<f64>; 4] = Default::default();
        let mut times: [Vec<Duration>; 4] = Default::default();
        for _ in 0..ROUNDS {
            for contender in 0..CONTENDERS.len() {
                let (start, took) = measure(contender, in_flight, events).await;
                rates[contender].push(events as f64 / start.as_secs_f64());
                times[contender].extend(took);
            }
        }
        let rates = rates.map(median);
        let of_batches = rates.map(|rate| rate / rates[1]);
        let p99 = times.each_mut().map(|times| quantile(times, 0.99));
        let rows: Vec<_> = (0..CONTENDERS.len())
            .map(|contender| {
                let p50 = quantile(&mut times[contender], 0.5);
                let latency = format!("{:.1} / {:.1}", milliseconds(p50), milliseconds(p99[contender]));
                let share = format!("{:.2}", of_batches[contender]);
                [CONTENDERS[contender].to_owned(), grouped(rates[contender]), share, latency]
            })
            .collect();
        let in_flight_text = format!("{} in flight", grouped(in_flight as f64));
        print_table([&in_flight_text, "events/s", "of batches", "p50 / p99 ms"], &rows);
        for contender in [2, 3] {
            let subject = format!("{} against atomic batches, {in_flight_text}", CONTENDERS[contender]);
            bars.push(Bar::at_least(subject, wanted, of_batches[contender], Unit::Times));
            if in_flight == 256 {
                let subject = format!("p99 of {} against raw publishes, {in_flight_text}", CONTENDERS[contender]);
                let share = p99[contender].as_secs_f64() / p99[0].as_secs_f64();
                bars.push(Bar::at_most(subject, 1.0, share, Unit::Times));
            }
        }
    }
    bars
}

/// The time that one contender takes for all events, and that of each.
async fn measure(contender: usize, in_flight: usize, events: usize) -> (Duration, Vec<Duration>) {
    let url = new_log_url();
    match contender {
        0 | 1 => {
            let raw = Raw::new(&url).await;
            let start = Instant::now();
            let times = match contender {
                0 => raw.publish(in_flight, events).await,
                _ => raw.publish_batches(in_flight, events).await,
            };
            (start.elapsed(), times)
        }
        _ => {
            let program = Program::open(&url, if contender == 2 { Replica::File } else { Replica::Memory }).await;
            let start = Instant::now();
            let times = fill(&program.store, "moved", in_flight, events).await;
            (start.elapsed(), times)
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
