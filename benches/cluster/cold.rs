//! An account that nobody has asked for yet.

use std::time::{Duration, Instant};

use cqrs_bank::engine::log::{Moment, StreamId};
use cqrs_bank::engine::store::{EventStore as _, MAX_READ};

use crate::moved::stream_name;
use crate::nats_servers::new_log_url;
use crate::quantile;
use crate::report::{Bar, Unit, print_table};
use crate::store::{Program, Replica, STREAMS, fill};

/// So many events each stream has.
const EVENTS_EACH: usize = 20;

const LIMIT: Duration = Duration::from_millis(1);

/// Measures, prints, and answers with the bar.
pub(crate) async fn run() -> Vec<Bar> {
    let url = new_log_url();
    let mut program = Program::open(&url, Replica::File).await;
    fill(&program.store, "moved", STREAMS, EVENTS_EACH * STREAMS).await;
    program.reopen(&url).await;
    let (mut times, mut read) = (Vec::new(), 0);
    for stream in 0..STREAMS {
        let stream = StreamId::new("moved", &stream_name(stream));
        let start = Instant::now();
        let (_, events) = program.store.read_from_snapshot(&stream, Moment::NOW, MAX_READ).await.unwrap();
        times.push(start.elapsed());
        read += events.len();
    }
    assert_eq!(read, EVENTS_EACH * STREAMS);
    let [p50, p99] = [0.5, 0.99].map(|part| quantile(&mut times, part));
    print_table(
        ["an account that nobody has asked for yet", "p50", "p99"],
        &[["about 20 events, read from the replica".to_owned(), format!("{p50:.2?}"), format!("{p99:.2?}")]],
    );
    vec![Bar::at_most("a cold account (p99) against 1 ms", 1.0, p99.as_secs_f64() / LIMIT.as_secs_f64(), Unit::Times)]
}
