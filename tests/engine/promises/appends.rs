//! Appending events.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use cqrs_bank::engine::log::{Fingerprint, Metadata, Position, RecordedEvent, Version};
use cqrs_bank::engine::store::{Append, EventStore, MAX_READ};
use tokio::sync::broadcast::error::TryRecvError;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{append, in_short, log, new_id, seconds, stored, stream};
use crate::happened::Happened;

pub(crate) async fn versions_count_in_the_stream_and_positions_in_the_whole_store(store: impl EventStore<Happened>) {
    for append in [append("a", 0, &[10, 11]), append("b", 0, &[20]), append("a", 2, &[12])] {
        stored(&store, append).await;
    }
    let expected = [(1, "a", 1, 10), (2, "a", 2, 11), (3, "b", 1, 20), (4, "a", 3, 12)];
    assert_eq!(in_short(&store.read_all(Position::START, 9).await.unwrap()), expected);
    assert_eq!(in_short(&store.read_stream(&stream("b"), Version::START, 9).await.unwrap()), expected[2..3]);
    assert_eq!(store.end().await.unwrap(), Position::new(4));
}

pub(crate) async fn an_event_is_stored_as_it_was_given_and_answered(store: impl EventStore<Happened>) {
    let append = append("a", 0, &[1, 2]);
    let (time, metadata) = (append.time, append.metadata.clone());
    let committed = stored(&store, append).await;
    let expected = [1, 2].map(|number| RecordedEvent {
        position: Position::new(number),
        stream: stream("a"),
        version: Version::new(number),
        time,
        metadata: metadata.clone(),
        data: Happened(number),
    });
    assert_eq!(committed[..], expected);
    assert_eq!(store.read_all(Position::START, 9).await.unwrap()[..], expected);
    assert_eq!(store.read_stream(&stream("a"), Version::START, 9).await.unwrap()[..], expected);
}

pub(crate) async fn several_events_are_stored_side_by_side(store: impl EventStore<Happened>) {
    let mut writers = JoinSet::new();
    for writer in 0..20_u64 {
        let store = store.clone();
        let append = append(&writer.to_string(), 0, &[writer, writer + 100, writer + 200]);
        writers.spawn(async move { stored(&store, append).await });
    }
    for committed in writers.join_all().await {
        let first = committed[0].position.get();
        let places: Vec<_> = committed.iter().map(|event| (event.position.get(), event.version.get())).collect();
        assert_eq!(places, [(first, 1), (first + 1, 2), (first + 2, 3)]);
    }
    assert_eq!(store.end().await.unwrap(), Position::new(60));
}

pub(crate) async fn appends_in_one_call_are_one_commit_and_see_those_before_them(store: impl EventStore<Happened>) {
    let mut published = store.published();
    let calls = vec![append("a", 0, &[1, 2]), append("b", 0, &[3]), append("a", 2, &[4])];
    let answers = store.append(calls).await.unwrap();
    let answers: Vec<_> = answers.iter().map(|answer| in_short(answer.as_ref().unwrap())).collect();
    assert_eq!(answers, [vec![(1, "a", 1, 1), (2, "a", 2, 2)], vec![(3, "b", 1, 3)], vec![(4, "a", 3, 4)]]);

    let commit = published.try_recv().unwrap();
    assert_eq!(commit.after, Position::START);
    assert_eq!(in_short(&commit.events), answers.concat());
    assert_eq!(published.try_recv().unwrap_err(), TryRecvError::Empty);
}

pub(crate) async fn an_empty_call_has_no_answers_and_stores_nothing(store: impl EventStore<Happened>) {
    let mut published = store.published();
    assert!(store.append(Vec::new()).await.unwrap().is_empty());
    assert_eq!(store.end().await.unwrap(), Position::START);
    assert_eq!(published.try_recv().unwrap_err(), TryRecvError::Empty);
}

pub(crate) async fn calls_at_the_same_time_are_all_stored_once(store: impl EventStore<Happened>) {
    let mut writers = JoinSet::new();
    for writer in 0..8_u64 {
        let store = store.clone();
        writers.spawn(async move {
            for version in 0..50 {
                stored(&store, append(&writer.to_string(), version, &[writer * 1_000 + version])).await;
            }
        });
    }
    writers.join_all().await;
    let events = log(&store).await;
    let positions: Vec<_> = events.iter().map(|event| event.position.get()).collect();
    assert_eq!(positions, (1..=400).collect::<Vec<_>>());
    for writer in 0..8_u64 {
        let of_writer: Vec<_> = events.iter().filter(|event| event.data.0 / 1_000 == writer).collect();
        let numbers: Vec<_> = of_writer.iter().map(|event| event.data.0 % 1_000 + 1).collect();
        let versions: Vec<_> = of_writer.iter().map(|event| event.version.get()).collect();
        assert_eq!((&numbers, &versions), (&(1..=50).collect(), &(1..=50).collect()));
    }
}

pub(crate) async fn many_events_may_be_one_append(store: impl EventStore<Happened>) {
    let numbers: Vec<_> = (1..=3 * MAX_READ as u64).collect();
    let committed = stored(&store, append("a", 0, &numbers)).await;
    let events: Vec<_> = committed.iter().map(|event| event.data.0).collect();
    assert_eq!(events, numbers);
    assert_eq!(log(&store).await[..], committed[..]);
}

pub(crate) async fn a_call_whose_caller_went_away_is_stored_or_not_but_whole(store: impl EventStore<Happened>) {
    let mut expected = 0;
    for polls in 0..20 {
        let mut call = pin!(store.append(vec![append(&polls.to_string(), 0, &[1, 2, 3])]));
        for _ in 0..polls % 4 {
            let polled = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
            if polled.is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    // The last call is answered after the earlier ones.
    stored(&store, append("last", 0, &[1])).await;
    for event in log(&store).await.iter().filter(|event| event.stream != stream("last")) {
        assert_eq!(event.data.0, expected % 3 + 1, "{event:?}");
        expected += 1;
    }
    assert_eq!(expected % 3, 0);
}

pub(crate) async fn metadata_are_kept_whether_ids_are_equal_or_not(store: impl EventStore<Happened>) {
    let [one, two, three, four] = [1, 2, 3, 4].map(|number| Uuid::from_u128(number << 64));
    let all = [
        Metadata::new(one, one, one),
        Metadata::new(two, one, two),
        Metadata::new(three, three, one),
        Metadata::new(four, two, three),
    ];
    for (version, metadata) in all.clone().into_iter().enumerate() {
        let appended = Append { metadata, ..append("a", version as u64, &[0]) };
        stored(&store, appended).await;
    }
    let read: Vec<_> = log(&store).await.iter().map(|event| event.metadata.clone()).collect();
    assert_eq!(read, all);
}

pub(crate) async fn what_is_known_of_a_command_besides_its_ids_is_kept(store: impl EventStore<Happened>) {
    let of_process = Metadata::from_outside(new_id()).with_process("tax");
    let of_content = Metadata::from_outside(new_id()).with_fingerprint(Fingerprint::of(&[&"happen", &3]));
    let of_neither = Metadata::from_outside(new_id());
    let mut known = Vec::new();
    for (version, metadata) in [&of_process, &of_content, &of_neither].into_iter().enumerate() {
        let append = Append { metadata: metadata.clone(), ..append("a", 2 * version as u64, &[1, 2]) };
        stored(&store, append).await;
        known.extend([metadata.clone(), metadata.clone()]);
        let of_command = store.read_command(metadata.command_id).await.unwrap().unwrap();
        assert!(of_command.len() == 2 && of_command.iter().all(|event| event.metadata == *metadata), "{of_command:?}");
    }
    let read: Vec<_> = log(&store).await.iter().map(|event| event.metadata.clone()).collect();
    assert_eq!(read, known);
    assert_eq!(read[0].process(), Some("tax"));
    assert_eq!(read[2].fingerprint(), Some(Fingerprint::of(&[&"happen", &3])));
}

pub(crate) async fn names_of_streams_may_hold_anything(store: impl EventStore<Happened>) {
    let names = ["", "a b", "ä", "e\u{301}", "'; DROP TABLE events; --", "\"", "a%", "A", "a", "🐺", "1", "01"];
    for (number, name) in names.into_iter().enumerate() {
        stored(&store, append(name, 0, &[number as u64])).await;
    }
    for (number, name) in names.into_iter().enumerate() {
        let read = store.read_stream(&stream(name), Version::START, 9).await.unwrap();
        assert_eq!(in_short(&read), [(number as u64 + 1, name, 1, number as u64)]);
    }
    let times: Vec<_> = log(&store).await.iter().map(|event| event.time).collect();
    assert_eq!(times, vec![seconds(0); names.len()]);
}
