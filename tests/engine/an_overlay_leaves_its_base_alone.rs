//! An overlay has what its base had up to a position, and what was appended to it. Its base has none of that, and is read
//! only where somebody asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cqrs_bank::engine::RecordedEvent;
use cqrs_bank::engine::application::{Application, ForkError};
use cqrs_bank::engine::log::{Moment, Position, Version};
use cqrs_bank::engine::projection::Projection;
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::handler_records::{HandlerRecords as _, ParkedChange, Progress};
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::store::{EventStore as _, Rejected, Store, StoreError};

use crate::happened::Happened;
use crate::promises::{answer_to, append, append_as, in_short, log, new_id, stored, stream, with_snapshot};
use crate::shelves::{Changed, FillOrders, Shelf, ShelfCommand, What};
use crate::watched_store::{Step, WatchedStore};

fn memory() -> Store<Happened> {
    MemoryStore::start(&Supervisor::new()).into()
}

/// Streams `a` and `b`, with a snapshot of `a` at position 3.
async fn base() -> Store<Happened> {
    let store = memory();
    stored(&store, append("a", 0, &[1, 2])).await;
    stored(&store, with_snapshot(append("a", 2, &[3]), "three")).await;
    stored(&store, append("b", 0, &[4])).await;
    stored(&store, with_snapshot(append("a", 3, &[5, 6]), "six")).await;
    store
}

#[tokio::test]
async fn what_was_before_and_what_came_here_are_one_log() {
    let base = base().await;
    let overlay = base.overlay(Some(Position::new(4))).await.unwrap().unwrap();
    assert_eq!(overlay.end().await, Ok(Position::new(4)));
    stored(&overlay, append("a", 3, &[50])).await;
    stored(&overlay, append("c", 0, &[60, 61])).await;
    let expected = [
        (1, "a", 1, 1),
        (2, "a", 2, 2),
        (3, "a", 3, 3),
        (4, "b", 1, 4),
        (5, "a", 4, 50),
        (6, "c", 1, 60),
        (7, "c", 2, 61),
    ];
    assert_eq!(in_short(&log(&overlay).await), expected);
    let read = |after: u64, limit| overlay.read_all(Position::new(after), limit);
    assert_eq!(in_short(&read(3, 2).await.unwrap()), expected[3..5]);
    assert_eq!(in_short(&read(5, 1).await.unwrap()), expected[5..6]);
    let of_a = overlay.read_stream(&stream("a"), Version::new(2), 9).await.unwrap();
    assert_eq!(in_short(&of_a), [expected[2], expected[4]]);
    assert_eq!(overlay.stream_version(&stream("a"), Moment::NOW).await, Ok(Version::new(4)));
    assert_eq!(overlay.stream_version(&stream("a"), Moment::Position(Position::new(4))).await, Ok(Version::new(3)));
    let before = log(&base).await;
    assert_eq!(in_short(&before)[4..], [(5, "a", 4, 5), (6, "a", 5, 6)], "the base has its own");
}

#[tokio::test]
async fn snapshots_of_the_base_are_known_up_to_its_end() {
    let overlay = base().await.overlay(Some(Position::new(4))).await.unwrap().unwrap();
    let (snapshot, events) = overlay.read_from_snapshot(&stream("a"), Moment::NOW, 9).await.unwrap();
    assert_eq!((snapshot.unwrap().state.as_str(), events.len()), ("three", 0));
    stored(&overlay, append("a", 3, &[50])).await;
    let (snapshot, events) = overlay.read_from_snapshot(&stream("a"), Moment::NOW, 9).await.unwrap();
    assert_eq!((snapshot.unwrap().state.as_str(), in_short(&events)), ("three", vec![(5, "a", 4, 50)]));
    stored(&overlay, with_snapshot(append("a", 4, &[51]), "here")).await;
    let (snapshot, events) = overlay.read_from_snapshot(&stream("a"), Moment::NOW, 9).await.unwrap();
    assert_eq!((snapshot.unwrap().state.as_str(), events.len()), ("here", 0));
    let listed = overlay.list_snapshots(&stream("a"), Position::START, 9).await.unwrap();
    assert_eq!(listed.iter().map(|entry| entry.position.get()).collect::<Vec<_>>(), [3, 6]);
}

#[tokio::test]
async fn a_command_of_the_base_is_not_handled_again_and_a_later_one_is_new() {
    let base = memory();
    let (before, after) = (new_id(), new_id());
    stored(&base, append_as(before, "a", 0, &[1, 2])).await;
    stored(&base, append_as(after, "a", 2, &[3])).await;
    let overlay = base.overlay(Some(Position::new(2))).await.unwrap().unwrap();
    let Err(Rejected::Repeated(events)) = answer_to(&overlay, append_as(before, "x", 0, &[9])).await else { panic!() };
    assert_eq!(in_short(&events), [(1, "a", 1, 1), (2, "a", 2, 2)]);
    assert_eq!(in_short(&stored(&overlay, append_as(after, "a", 2, &[30])).await), [(3, "a", 3, 30)]);
    let known = overlay.read_commands(vec![after, before, new_id()]).await.unwrap();
    let counts: Vec<_> = known.iter().map(|events| events.as_ref().map(|events| events.len())).collect();
    assert_eq!(counts, [Some(1), Some(2), None]);
}

#[tokio::test]
async fn the_hash_chain_goes_on_from_the_base() {
    let (one, other) = (memory(), memory());
    let shared = [("a", 0, new_id()), ("b", 0, new_id()), ("a", 1, new_id())];
    for (name, version, id) in shared {
        for store in [&one, &other] {
            stored(store, append_as(id, name, version, &[7])).await;
        }
    }
    let (new, newer) = (new_id(), new_id());
    stored(&other, with_snapshot(append_as(new, "a", 2, &[8, 9]), "nine")).await;
    stored(&other, append_as(newer, "c", 0, &[10])).await;
    let overlay = Store::from(one.overlay(None).await.unwrap().unwrap());
    stored(&overlay, with_snapshot(append_as(new, "a", 2, &[8, 9]), "nine")).await;
    stored(&overlay, append_as(newer, "c", 0, &[10])).await;
    for at in [None, Some(0), Some(2), Some(3), Some(4), Some(6), Some(7)] {
        let at = at.map(Position::new);
        assert_eq!(overlay.head(at).await.unwrap(), other.head(at).await.unwrap(), "{at:?}");
    }
    let on_top = Store::from(overlay.overlay(Some(Position::new(5))).await.unwrap().unwrap());
    assert_eq!(on_top.head(None).await, other.head(Some(Position::new(5))).await, "an overlay may be a base");
    stored(&on_top, append_as(newer, "c", 0, &[10])).await;
    assert_eq!(on_top.head(None).await, other.head(None).await);
}

#[tokio::test]
async fn beyond_the_end_nothing_begins_and_without_a_base_nothing_is_read() {
    let supervisor = Supervisor::new();
    let base: Store<Happened> = MemoryStore::start(&supervisor).into();
    stored(&base, append("a", 0, &[1])).await;
    assert!(base.overlay(Some(Position::new(2))).await.unwrap().is_none());
    let overlay = base.overlay(Some(Position::new(1))).await.unwrap().unwrap();
    stored(&overlay, append("a", 1, &[2])).await;
    supervisor.stop(StopReason::Closed);
    tokio::task::yield_now().await;
    assert_eq!(overlay.read_all(Position::START, 9).await, Err(StoreError::Closed));
    assert_eq!(overlay.end().await, Err(StoreError::Closed));
    assert_eq!(overlay.acknowledged(), None);
}

#[tokio::test]
async fn a_handler_is_where_it_was_when_the_base_ended_there() {
    let base = base().await;
    let progress = |checkpoint| Progress { checkpoint: Position::new(checkpoint), ..Progress::default() };
    let with_state = Progress { state: Some("5".into()), ..progress(5) };
    base.write_progress("fold", with_state.clone(), ParkedChange::None).await.unwrap();
    let [early, late] = [4, 6].map(|at| base.overlay(Some(Position::new(at))));
    let (early, late) = (early.await.unwrap().unwrap(), late.await.unwrap().unwrap());
    assert_eq!(late.read_progress("fold").await, Ok(Some(with_state.clone())));
    assert_eq!(early.read_progress("fold").await, Ok(Some(progress(4))), "what it had folded then is not known");
    assert_eq!(early.read_progress("another").await, Ok(None));
    early.write_progress("fold", progress(5), ParkedChange::None).await.unwrap();
    assert_eq!(early.read_progress("fold").await, Ok(Some(progress(5))));
    assert_eq!(base.read_progress("fold").await, Ok(Some(with_state)));
}

/// The stock of all shelves together.
#[derive(Clone, Debug, Default)]
struct Stock(u64);

impl Projection<Changed> for Stock {
    const NAME: &'static str = "stock";

    fn project(&mut self, event: &RecordedEvent<Changed>) {
        match event.data {
            Changed::Added(count) => self.0 += count,
            Changed::Taken(count) => self.0 -= count,
            Changed::Ordered(..) | Changed::Lent(_) => {}
        }
    }
}

fn shelf(shelf: &str, what: What) -> ShelfCommand {
    ShelfCommand { shelf: shelf.to_owned(), what }
}

async fn shelves(store: impl Into<Store<Changed>>) -> Application<Changed> {
    let shelves =
        Application::<Changed>::on(store).aggregate::<Shelf>().projection::<Stock>().process_manager(FillOrders);
    shelves.start().await.unwrap()
}

fn titles(events: &[RecordedEvent<Changed>]) -> Vec<Changed> {
    events.iter().map(|event| event.data.clone()).collect()
}

async fn all(application: &Application<Changed>) -> Vec<Changed> {
    titles(&application.events(Position::new(1), 100).await.unwrap())
}

#[tokio::test]
async fn a_fork_goes_on_by_itself_with_the_same_projections_and_processes() {
    let main = shelves(MemoryStore::start(&Supervisor::new())).await;
    main.dispatch(shelf("pens", What::Add(10))).await.unwrap();
    main.dispatch(shelf("orders", What::Order("pens", 3))).await.unwrap();
    let head = main.head().await.unwrap();
    let fork = main.fork(None).await.unwrap().start().await.unwrap();
    fork.dispatch(shelf("orders", What::Order("pens", 2))).await.unwrap();
    let order = Changed::Ordered("pens".to_owned(), 3);
    let expected = [Changed::Added(10), order.clone(), Changed::Taken(3), Changed::Ordered("pens".to_owned(), 2)];
    assert_eq!(all(&fork).await, [&expected[..], &[Changed::Taken(2)]].concat());
    assert_eq!(fork.read(|stock: &Stock| stock.0).await, Ok(5));
    assert_eq!(main.read(|stock: &Stock| stock.0).await, Ok(7));
    assert_eq!(main.head().await.unwrap(), head);
    main.dispatch(shelf("pens", What::Add(1))).await.unwrap();
    assert_eq!(fork.read(|stock: &Stock| stock.0).await, Ok(5), "what comes later is not its history");
    assert!(matches!(fork.verify(|_, _| {}).await, Ok(cqrs_bank::engine::store::Verification::Whole(_))));
}

#[tokio::test]
async fn what_was_not_answered_yet_is_answered_in_the_fork() {
    let main = shelves(MemoryStore::start(&Supervisor::new())).await;
    main.dispatch(shelf("pens", What::Add(10))).await.unwrap();
    main.dispatch(shelf("orders", What::Order("pens", 3))).await.unwrap();
    main.dispatch(shelf("orders", What::Order("pens", 1))).await.unwrap();
    // After the first order and before its answer.
    let fork = main.fork(Some(Position::new(2))).await.unwrap().start().await.unwrap();
    fork.dispatch(shelf("pens", What::Add(5))).await.unwrap();
    assert_eq!(fork.read(|stock: &Stock| stock.0).await, Ok(12));
    let taken: Vec<_> = all(&fork).await.into_iter().filter(|event| matches!(event, Changed::Taken(_))).collect();
    assert_eq!(taken, [Changed::Taken(3)], "once, and not the order that came later");
    // After the answer.
    let fork = main.fork(Some(Position::new(3))).await.unwrap().start().await.unwrap();
    fork.dispatch(shelf("pens", What::Add(5))).await.unwrap();
    let taken: Vec<_> = all(&fork).await.into_iter().filter(|event| matches!(event, Changed::Taken(_))).collect();
    assert_eq!(taken, [Changed::Taken(3)], "it is not answered again");
    let beyond = main.fork(Some(Position::new(9))).await.map(drop).map_err(ForkError::from);
    assert_eq!(beyond.unwrap_err().to_string(), "the log ends at position 5");
}

#[tokio::test]
async fn a_fork_of_a_long_log_copies_nothing_and_folds_when_it_is_asked() {
    const EVENTS: u64 = 20_000;
    let read = Arc::new(AtomicUsize::new(0));
    let counted = read.clone();
    let store = WatchedStore::<Changed>::start(move |step| {
        if let Step::After(_, events) = step {
            counted.fetch_add(events, Ordering::Relaxed);
        }
        std::future::ready(())
    });
    let main = shelves(Store::new(store)).await;
    let mut sent = Vec::new();
    for number in 0..EVENTS {
        sent.push(main.dispatch(shelf(&format!("shelf {}", number % 100), What::Add(1))).send().await.unwrap());
    }
    for pending in sent {
        pending.outcome().await.unwrap();
    }
    read.store(0, Ordering::Relaxed);
    let forks = [1, EVENTS / 2, EVENTS].map(|at| main.fork(Some(Position::new(at))));
    let mut started = Vec::new();
    for fork in forks {
        started.push(fork.await.unwrap().start().await.unwrap());
    }
    let before = read.load(Ordering::Relaxed);
    assert!(before <= 3 * 1_100, "{before} events were read before anybody asked");
    assert_eq!(started[1].events(Position::new(EVENTS / 2), 9).await.unwrap().len(), 1);
    started[1].dispatch(shelf("shelf 0", What::Add(1))).eventual().await.unwrap();
    assert_eq!(started[1].read(|stock: &Stock| stock.0).await, Ok(EVENTS / 2 + 1));
    assert_eq!(started[0].read(|stock: &Stock| stock.0).await, Ok(1));
    // Once for the projection, and for the process manager: once for its state and once for what it has to do.
    let asked = read.load(Ordering::Relaxed);
    assert!(asked - before < 2 * usize::try_from(EVENTS).unwrap(), "{asked} events were read");
    for fork in started {
        fork.close().await;
    }
    let closed = read.load(Ordering::Relaxed) - asked;
    assert!(closed < 100, "to close a fork folds nothing: {closed}");
}
