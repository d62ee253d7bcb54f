use std::sync::OnceLock;

use uuid::Uuid;

use super::*;
use crate::engine::feed::checkpoints::HandlerKind;
use crate::engine::log::{Metadata, StreamId, Timestamp, Version};

fn events(positions: std::ops::RangeInclusive<u64>) -> Committed<()> {
    let event = |position| RecordedEvent {
        position: Position::new(position),
        stream: StreamId::named("test-a"),
        version: Version::new(position),
        time: Timestamp::from_micros(0),
        metadata: Metadata::from_outside(Uuid::nil()),
        data: (),
    };
    Committed::whole(positions.map(event).collect())
}

fn handler_feed(
    checkpoints: &Checkpoints,
    filter: impl Fn(&RecordedEvent<()>) -> bool + Send + Sync + 'static,
) -> HandlerFeed<()> {
    let slot = checkpoints.register_handler("test", HandlerKind::EventHandler, true, Position::START);
    HandlerFeed::new(Arc::new(filter), Some("Test"), checkpoints.clone(), slot)
}

const NEVER: Position = Position::new(u64::MAX);

/// What the feed does with a commit.
fn feed(checkpoints: &Checkpoints, handler_feed: &HandlerFeed<()>, events: &Committed<()>) {
    match handler_feed.first_wanted(events) {
        None => {
            let end = events.last().unwrap().position;
            let mut unwanted = vec![0];
            checkpoints.advance_over([].into_iter(), &mut unwanted, |_| handler_feed.slot(), end);
            unwanted.into_iter().for_each(|_| handler_feed.offer(events, None));
        }
        wanted => handler_feed.offer(events, wanted),
    }
}

#[test]
fn what_a_handler_sleeps_over_is_not_offered_again() {
    let checkpoints = Checkpoints::new();
    let handler = handler_feed(&checkpoints, |event| event.position.get() == 5);
    let inbox = handler.inbox();
    assert_eq!(inbox.sleep(Position::START, NEVER), FallingAsleep::Asleep);
    feed(&checkpoints, &handler, &events(1..=2));
    feed(&checkpoints, &handler, &events(3..=4));
    assert_eq!(checkpoints.handlers()[0].checkpoint, Position::new(4));
    assert_eq!((inbox.skipped_to(), inbox.end()), (Position::new(4), Position::new(4)));
    feed(&checkpoints, &handler, &events(5..=6));
    assert_eq!((inbox.skipped_to(), checkpoints.handlers()[0].checkpoint), (Position::new(4), Position::new(4)));
    let (end, at_hand) = inbox.take(Position::new(4));
    assert_eq!((end, at_hand.unwrap().len()), (Position::new(6), 2));
}

#[test]
fn it_is_woken_where_it_wants_to_be() {
    let checkpoints = Checkpoints::new();
    let handler = handler_feed(&checkpoints, |_| false);
    let inbox = handler.inbox();
    assert_eq!(inbox.sleep(Position::START, Position::new(3)), FallingAsleep::Asleep);
    feed(&checkpoints, &handler, &events(1..=2));
    assert_eq!(inbox.lock().mode, Mode::Asleep);
    feed(&checkpoints, &handler, &events(3..=4));
    assert_eq!(inbox.lock().mode, Mode::Awake);
    assert_eq!(inbox.skipped_to(), Position::new(4));
    assert_eq!(inbox.sleep(Position::new(4), NEVER), FallingAsleep::Asleep, "nothing is left for it");
}

#[test]
fn one_that_is_awake_or_closed_is_not_moved() {
    for is_closed in [false, true] {
        let checkpoints = Checkpoints::new();
        let handler = handler_feed(&checkpoints, |_| false);
        let inbox = handler.inbox();
        assert_eq!(inbox.sleep(Position::START, NEVER), FallingAsleep::Asleep);
        if is_closed {
            inbox.close()
        } else {
            handler.open_to(Position::new(1))
        }
        feed(&checkpoints, &handler, &events(1..=2));
        assert_eq!(checkpoints.handlers()[0].checkpoint, Position::START);
        inbox.open();
        assert_eq!(inbox.sleep(Position::START, NEVER), FallingAsleep::Offered);
    }
}

#[test]
fn one_that_falls_asleep_while_it_is_traced_is_woken() {
    let checkpoints = Checkpoints::new();
    let inbox: Arc<OnceLock<Arc<HandlerInbox<()>>>> = Arc::default();
    let asked = inbox.clone();
    let handler = handler_feed(&checkpoints, move |event| {
        // Asked for the first time before the lines of the trace, and of the second event while they are written.
        if event.position == Position::new(2) {
            let inbox = asked.get().unwrap();
            assert_eq!(inbox.sleep(Position::START, NEVER), FallingAsleep::Asleep);
        }
        true
    });
    let inbox = inbox.get_or_init(|| handler.inbox());
    feed(&checkpoints, &handler, &events(1..=2));
    assert_eq!(inbox.sleep(Position::START, NEVER), FallingAsleep::Offered);
    let (end, at_hand) = inbox.take(Position::START);
    assert_eq!((end, at_hand.unwrap().len()), (Position::new(2), 2));
}
