//! Reading and opening a file of a million events.

use std::path::Path;
use std::time::{Duration, Instant};

use cqrs_bank::engine::log::{Position, StreamId, Version};
use cqrs_bank::engine::store::{EventStore, MAX_READ};

use crate::moved::stream_name;
use crate::report::{Bar, Unit, grouped, nanoseconds_each, per_second, print_table};
use crate::{directory, store};

const EVENTS: usize = 1_000_000;

/// Measures, prints, and answers with the bars.
pub(crate) fn run() -> Vec<Bar> {
    let directory = directory();
    let (full, empty) = (directory.path().join("full.db"), directory.path().join("empty.db"));
    store::on_current_thread(async {
        let filled = store::open(&full);
        store::fill(&filled.store, 1_000, EVENTS).await;
        filled.close().await;
        store::open(&empty).close().await;

        let (open_full, open_empty) = (opening(&full).await, opening(&empty).await);

        let opened = store::open(&full);
        let start = Instant::now();
        let mut position = Position::START;
        while let Some(last) = opened.store.read_all(position, MAX_READ).await.unwrap().last() {
            position = last.position;
        }
        assert_eq!(position.get(), EVENTS as u64);
        let replay = per_second(nanoseconds_each(start.elapsed(), EVENTS));

        let mut streams: Vec<_> = (0..100)
            .map(|stream| StreamId::new("moved", &stream_name(stream * 7)))
            .map(async |stream| {
                let start = Instant::now();
                let read = opened.store.read_stream(&stream, Version::START, MAX_READ).await.unwrap();
                assert_eq!(read.len(), EVENTS / 1_000);
                start.elapsed()
            })
            .collect();
        let mut times = Vec::new();
        for stream in streams.drain(..) {
            times.push(stream.await);
        }
        times.sort_unstable();
        let stream = times[times.len() / 2];

        let time = |name: &str, time: Duration| [name.to_owned(), format!("{time:.2?}")];
        print_table(
            ["1,000,000 events in 1,000 streams", ""],
            &[
                time("opening it", open_full),
                time("opening an empty one", open_empty),
                ["raw events, replayed in a second".to_owned(), grouped(replay)],
                time("one stream of 1,000, read", stream),
                time("the slowest of 100 streams", times[times.len() - 1]),
            ],
        );
        let share = |time: Duration, limit: Duration| time.as_secs_f64() / limit.as_secs_f64();
        vec![
            Bar::at_least("raw replay", 1_000_000.0, replay, Unit::PerSecond),
            Bar::at_most("one stream of 1,000 against 5 ms", 1.0, share(stream, Duration::from_millis(5)), Unit::Times),
            Bar::at_most(
                "opening 1,000,000 events against an empty file and 100 ms",
                1.0,
                share(open_full.saturating_sub(open_empty), Duration::from_millis(100)),
                Unit::Times,
            ),
        ]
    })
}

/// How long it takes to open a file that nobody has open.
async fn opening(path: &Path) -> Duration {
    let mut times = Vec::new();
    for _ in 0..9 {
        let start = Instant::now();
        let opened = store::open(path);
        times.push(start.elapsed());
        opened.close().await;
    }
    times.sort_unstable();
    times[times.len() / 2]
}
