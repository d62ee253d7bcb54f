//! Times in a log never decrease.

use cqrs_bank::engine::log::{Moment, Timestamp, Version};
use cqrs_bank::engine::store::{Append, EventStore};

use super::{append, log, seconds, stored, stream, with_snapshot};
use crate::happened::Happened;

pub(crate) async fn times_in_a_log_never_go_back(store: impl EventStore<Happened>) {
    let given = [5, 7, 6, 7, 3, 8, 8, -1, 9];
    for (number, second) in given.into_iter().enumerate() {
        let append = Append { time: seconds(second), ..append(&number.to_string(), 0, &[0]) };
        stored(&store, append).await;
    }
    let times: Vec<_> = log(&store).await.iter().map(|event| event.time).collect();
    assert_eq!(times, [5, 7, 7, 7, 7, 8, 8, 8, 9].map(seconds));
}

pub(crate) async fn a_clock_set_back_does_not_reorder_snapshots(store: impl EventStore<Happened>) {
    let first = Append { time: seconds(9), ..append("a", 0, &[1]) };
    stored(&store, with_snapshot(first, "first")).await;
    let second = Append { time: seconds(2), ..append("a", 1, &[2]) };
    stored(&store, with_snapshot(second, "second")).await;
    let (snapshot, _) = store.read_from_snapshot(&stream("a"), Moment::Time(seconds(5)), 9).await.unwrap();
    assert_eq!(snapshot, None);
    let (snapshot, _) = store.read_from_snapshot(&stream("a"), Moment::Time(seconds(9)), 9).await.unwrap();
    assert_eq!(snapshot.unwrap().version, Version::new(2));
}

pub(crate) async fn times_before_1970_are_kept(store: impl EventStore<Happened>) {
    let times = [Timestamp::MIN.as_micros(), -1_000_000_000_000_001, -1, 0, 1].map(Timestamp::from_micros);
    for (version, time) in times.into_iter().enumerate() {
        stored(&store, Append { time, ..append("a", version as u64, &[0]) }).await;
    }
    let read: Vec<_> = log(&store).await.iter().map(|event| event.time).collect();
    assert_eq!(read, times);
}

pub(crate) async fn a_time_that_cannot_be_written_is_the_last_one_that_can(store: impl EventStore<Happened>) {
    let given = [i64::MIN, Timestamp::MIN.as_micros() - 1, 0, Timestamp::MAX.as_micros() + 1, i64::MAX, 0];
    for (number, micros) in given.into_iter().enumerate() {
        let append = Append { time: Timestamp::from_micros(micros), ..append(&number.to_string(), 0, &[0]) };
        stored(&store, append).await;
    }
    let times: Vec<_> = log(&store).await.iter().map(|event| event.time).collect();
    let (first, last) = (Timestamp::MIN, Timestamp::MAX);
    assert_eq!(times, [first, first, Timestamp::from_micros(0), last, last, last]);
    for time in times {
        assert_eq!(time.to_string().parse(), Ok(time), "it reads back as it is printed");
    }
}
