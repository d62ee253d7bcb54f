//! How long it takes until another program has what one was acknowledged, while nothing else happens.

use std::time::{Duration, Instant};

use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::store::{EventStore as _, Published};
use tokio::sync::broadcast::Receiver;

use crate::moved::Moved;
use crate::nats_servers::new_log_url;
use crate::quantile;
use crate::report::{Bar, Unit, print_table};
use crate::store::{Program, Replica, fill};

const EVENTS: usize = 1_000;

const LIMIT: Duration = Duration::from_millis(20);

/// Measures, prints, and answers with the bars.
pub(crate) async fn run() -> Vec<Bar> {
    let (mut rows, mut bars) = (Vec::new(), Vec::new());
    for (replica, name) in [(Replica::File, "in a file"), (Replica::Memory, "in memory")] {
        let mut times = measure(replica).await;
        let [p50, p99] = [0.5, 0.99].map(|part| quantile(&mut times, part));
        rows.push([format!("replicas {name}"), format!("{p50:.2?}"), format!("{p99:.2?}")]);
        let share = p99.as_secs_f64() / LIMIT.as_secs_f64();
        let subject = format!("seen by another program (p99) against 20 ms, replicas {name}");
        bars.push(Bar::at_most(subject, 1.0, share, Unit::Times));
    }
    print_table(["from the acknowledgement until another program has the event", "p50", "p99"], &rows);
    bars
}

async fn measure(replica: Replica) -> Vec<Duration> {
    let url = new_log_url();
    let (one, other) = (Program::open(&url, replica).await, Program::open(&url, replica).await);
    let mut published = other.store.published();
    let mut times = Vec::new();
    for number in 0..EVENTS {
        // Each is the first of a stream of its own.
        let name: &'static str = Box::leak(format!("moved{number}").into_boxed_str());
        let seen = tokio::spawn(async move {
            let at = seen_at(&mut published, Position::new(number as u64 + 1)).await;
            (at, published)
        });
        fill(&one.store, name, 1, 1).await;
        let acknowledged = Instant::now();
        let (at, receiver) = seen.await.unwrap();
        published = receiver;
        times.push(at.saturating_duration_since(acknowledged));
    }
    times
}

async fn seen_at(published: &mut Receiver<Published<Moved>>, position: Position) -> Instant {
    loop {
        let commit = published.recv().await.unwrap();
        if commit.events.iter().any(|event| event.position >= position) {
            return Instant::now();
        }
    }
}
