//! Loading an aggregate reads its last snapshot and the events after it. Whatever happens to snapshots, every answer
//! equals the fold of the events.

use std::future::ready;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cqrs_bank::engine::command_handler::{CommandError, CommandHandler, Limits};
use cqrs_bank::engine::domain::{Aggregate, Command, DomainEvent};
use cqrs_bank::engine::log::{Metadata, Moment, Position, StreamId, Timestamp, Version};
use cqrs_bank::engine::runtime::{Clock, Supervisor};
use cqrs_bank::engine::store::{Append, EventStore, ExpectedEnd, MAX_READ, Rejected, Snapshot};
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::watched_store::{Step, WatchedStore};

#[tokio::test]
async fn as_many_events_are_read_as_have_happened_since_the_snapshot() {
    let (store, read) = counting_store();
    for happened in 1..=35 {
        let commands = start(&store, 10);
        let before = read.load(Ordering::Relaxed);
        handle(&commands, What::Add(1)).await.unwrap();
        assert_eq!(read.load(Ordering::Relaxed) - before, (happened - 1) % 10, "before event {happened}");
        handle(&commands, What::Expect(happened)).await.unwrap();
    }
}

/// A snapshot between the events of one command would be a state that never existed.
#[tokio::test]
async fn a_snapshot_stands_after_the_last_event_of_a_command() {
    let (store, _) = counting_store();
    let commands = start(&store, 10);
    for (times, expected) in [(9, None), (7, Some(16)), (3, Some(16)), (1, Some(20)), (35, Some(55)), (1, Some(55))] {
        let events = handle(&commands, What::AddTimes(times)).await.unwrap();
        let (snapshot, rest) = store.read_from_snapshot(&stream(), Moment::NOW, MAX_READ).await.unwrap();
        assert_eq!(snapshot.as_ref().map(|snapshot| snapshot.version.get()), expected);
        assert_eq!(rest.len() as u64, events - expected.unwrap_or(0));
        if let Some(snapshot) = snapshot.filter(|snapshot| snapshot.version.get() == events) {
            let whole = store.read_stream(&stream(), Version::START, MAX_READ).await.unwrap();
            let last = whole.last().unwrap();
            let state = events.to_string().into();
            let Snapshot { version, position, time, .. } = snapshot;
            assert_eq!((version, position, time, snapshot.state), (last.version, last.position, last.time, state));
        }
    }
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_read_is_as_good_as_none() {
    for bad in ["from another version", "", "panic"] {
        let (store, read) = counting_store();
        append(&store, 0, 1_500, Some(bad)).await;
        append(&store, 1_500, 1, None).await;
        let commands = start(&store, 1_000_000);
        handle(&commands, What::Expect(1_501)).await.unwrap();
        assert!(read.load(Ordering::Relaxed) >= 1_501, "all were replayed");
        assert_eq!(handle(&commands, What::Add(1)).await, Ok(1_502));
        assert_eq!(handle(&commands, What::Expect(1)).await, Err(OtherTotal(1_502)));
    }
}

#[tokio::test]
async fn an_aggregate_that_cannot_be_written_as_text_goes_without_snapshots() {
    let (store, _) = counting_store();
    let commands = start(&store, 1);
    assert_eq!(handle(&commands, What::Add(1)).await, Ok(1));
    assert_eq!(handle(&commands, What::Add(Tally::UNSPEAKABLE - 1)).await, Ok(2));
    let snapshot = store.read_from_snapshot(&stream(), Moment::NOW, 0).await.unwrap().0.unwrap();
    assert_eq!(snapshot.version.get(), 1);
    assert_eq!(handle(&commands, What::Add(1)).await, Ok(3));
    handle(&start(&store, 1), What::Expect(Tally::UNSPEAKABLE + 1)).await.unwrap();
}

#[tokio::test]
async fn what_is_not_stored_leaves_no_snapshot() {
    let (store, _) = counting_store();
    let stored = tally_append(0, 1, None);
    let (metadata, conflicting) = (stored.metadata.clone(), tally_append(0, 1, Some("conflict")));
    store.append(vec![stored]).await.unwrap().remove(0).unwrap();
    let repeated = Append { metadata, ..tally_append(1, 1, Some("repeated")) };
    let answers = store.append(vec![conflicting]).await.unwrap();
    assert!(matches!(answers[..], [Err(Rejected::Conflict(_))]), "{answers:?}");
    let answers = store.append(vec![repeated]).await.unwrap();
    assert!(matches!(answers[..], [Err(Rejected::Repeated(_))]), "{answers:?}");
    let (snapshot, events) = store.read_from_snapshot(&stream(), Moment::NOW, MAX_READ).await.unwrap();
    assert_eq!((snapshot, events.len()), (None, 1));
}

/// A past state is folded from the last snapshot before it.
#[tokio::test]
async fn a_moment_in_the_past_is_read_from_the_last_snapshot_up_to_it() {
    let (store, _) = counting_store();
    let (commands, mut model) = (start(&store, 4), Vec::new());
    for times in [1, 2, 3, 1, 1, 5, 4, 1, 2] {
        handle(&commands, What::AddTimes(times)).await.unwrap();
        append_elsewhere(&store).await;
        let snapshot = store.read_from_snapshot(&stream(), Moment::NOW, 0).await.unwrap().0;
        model.extend(snapshot.filter(|snapshot| model.last() != Some(snapshot)));
    }
    assert!(model.len() > 3, "{model:?}");
    let whole = store.read_stream(&stream(), Version::START, MAX_READ).await.unwrap();
    for position in 0..=store.end().await.unwrap().get() + 1 {
        let until = Moment::Position(Position::new(position));
        let expected = model.iter().rfind(|snapshot| snapshot.position.get() <= position);
        let (snapshot, events) = store.read_from_snapshot(&stream(), until, MAX_READ).await.unwrap();
        assert_eq!(snapshot.as_ref(), expected, "at {position}");
        let after = expected.map_or(0, |snapshot| usize::try_from(snapshot.version.get()).unwrap());
        assert_eq!(events[..], whole[after..]);
    }
    for event in whole.iter() {
        for micros in [-1, 0, 1] {
            let time = Timestamp::from_micros(event.time.as_micros() + micros);
            let expected = model.iter().rfind(|snapshot| snapshot.time <= time);
            let (snapshot, _) = store.read_from_snapshot(&stream(), Moment::Time(time), 0).await.unwrap();
            assert_eq!(snapshot.as_ref(), expected, "at {time}");
        }
    }
}

/// A store that has no list of its own lists what its loads find.
#[tokio::test]
async fn what_loads_find_is_listed() {
    let (store, _) = counting_store();
    let commands = start(&store, 4);
    for times in [5, 1, 1, 1, 9, 3] {
        handle(&commands, What::AddTimes(times)).await.unwrap();
    }
    for (after, limit, versions) in
        [(0, 9, vec![5, 8, 17, 20]), (5, 2, vec![8, 17]), (19, 9, vec![20]), (20, 9, vec![])]
    {
        let listed = store.list_snapshots(&stream(), Position::new(after), limit).await.unwrap();
        let listed: Vec<_> = listed.iter().map(|snapshot| snapshot.version.get()).collect();
        assert_eq!(listed, versions, "{limit} after {after}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// The aggregate is evicted now and then, so that it has to be loaded.
    #[test]
    fn answers_are_the_same_with_snapshots_and_without(
        commands in vec((any_command(), any::<bool>()), 1..60),
        every in 1..12_u64,
    ) {
        Runtime::new().unwrap().block_on(async {
            let ((with, _), (without, _)) = (counting_store(), counting_store());
            let (mut with_snapshots, mut replayed) = (start(&with, every), start(&without, u64::MAX));
            for (what, forget) in commands {
                if forget {
                    (with_snapshots, replayed) = (start(&with, every), start(&without, u64::MAX));
                }
                assert_eq!(handle(&with_snapshots, what).await, handle(&replayed, what).await, "{what:?}");
            }
        });
    }
}

fn any_command() -> impl Strategy<Value = What> {
    prop_oneof![
        4 => (0..5_u64).prop_map(What::Add),
        2 => (0..9_u64).prop_map(What::AddTimes),
        2 => (0..30_u64).prop_map(What::Expect),
    ]
}

/// A store that counts the events read from one stream.
fn counting_store() -> (WatchedStore<Added>, Arc<AtomicU64>) {
    let read = Arc::new(AtomicU64::new(0));
    let counter = read.clone();
    let store = WatchedStore::start(move |step| {
        if let Step::After("read_stream" | "read_from_snapshot", events) = step {
            counter.fetch_add(events as u64, Ordering::Relaxed);
        }
        ready(())
    });
    (store, read)
}

fn start(store: &WatchedStore<Added>, every: u64) -> CommandHandler<Tally> {
    let limits = Limits { snapshot_every: NonZeroU64::new(every).unwrap(), ..Limits::default() };
    CommandHandler::start(store.clone(), Arc::new(Clock::simulated(0)), limits, &Supervisor::new())
}

/// Returns the version of the tally afterwards; 0 if there were no events.
async fn handle(commands: &CommandHandler<Tally>, what: What) -> Result<u64, OtherTotal> {
    let metadata = Metadata::from_outside(Uuid::new_v4());
    let pending = commands.send(TallyCommand { name: "it".to_owned(), what }, metadata).await.unwrap();
    match pending.outcome().await {
        Ok(events) => Ok(events.last().map_or(0, |event| event.version.get())),
        Err(CommandError::Refused(refusal)) => Err(refusal),
        Err(error) => panic!("{what:?}: {error}"),
    }
}

fn stream() -> StreamId {
    StreamId::new(Tally::CATEGORY, &"it")
}

fn tally_append(version: u64, count: usize, snapshot: Option<&str>) -> Append<Added> {
    Append {
        stream: stream(),
        expected_version: Version::new(version),
        time: Timestamp::from_micros(0),
        metadata: Metadata::from_outside(Uuid::new_v4()),
        events: vec![Added(1); count],
        snapshot: snapshot.map(Into::into),
        expected_end: ExpectedEnd::ANY,
    }
}

async fn append(store: &WatchedStore<Added>, version: u64, count: usize, snapshot: Option<&str>) {
    store.append(vec![tally_append(version, count, snapshot)]).await.unwrap().remove(0).unwrap();
}

async fn append_elsewhere(store: &WatchedStore<Added>) {
    let elsewhere = Append { stream: StreamId::new("other", &Uuid::new_v4()), ..tally_append(0, 1, Some("other")) };
    store.append(vec![elsewhere]).await.unwrap().remove(0).unwrap();
}

#[derive(Default)]
struct Tally {
    total: u64,
}

impl Tally {
    const UNSPEAKABLE: u64 = 666;
}

#[derive(Debug)]
struct TallyCommand {
    name: String,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Add(u64),
    AddTimes(u64),
    /// Refused unless this is the total.
    Expect(u64),
}

#[derive(Clone, Debug, PartialEq)]
struct Added(u64);

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the total is {0}")]
struct OtherTotal(u64);

impl Command for TallyCommand {
    type Aggregate = Tally;
    type Id = String;

    fn target(&self) -> &String {
        &self.name
    }
}

impl DomainEvent for Added {
    fn event_type(&self) -> &'static str {
        "added"
    }

    fn title(&self) -> &'static str {
        "Added"
    }
}

impl Aggregate for Tally {
    const CATEGORY: &'static str = "tally";
    type Command = TallyCommand;
    type Event = Added;
    type Refusal = OtherTotal;

    fn execute(&self, command: &TallyCommand) -> Result<Vec<Added>, OtherTotal> {
        match command.what {
            What::Add(number) => Ok(vec![Added(number)]),
            What::AddTimes(times) => Ok((0..times).map(|_| Added(1)).collect()),
            What::Expect(total) if total == self.total => Ok(Vec::new()),
            What::Expect(_) => Err(OtherTotal(self.total)),
        }
    }

    fn apply(&mut self, event: &Added) {
        self.total += event.0;
    }

    fn snapshot(&self) -> Option<String> {
        assert!(self.total != Self::UNSPEAKABLE, "in snapshot");
        Some(self.total.to_string())
    }

    fn restore(snapshot: &str) -> Option<Self> {
        assert!(snapshot != "panic", "in restore");
        snapshot.parse().ok().map(|total| Self { total })
    }
}
