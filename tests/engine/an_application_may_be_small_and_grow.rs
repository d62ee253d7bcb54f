//! An application may have no projections, no handlers, and kinds of aggregate that share nothing. Projections and
//! handlers can be added later, to a log of any length, and removed again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cqrs_bank::engine::log::{Metadata, StreamId, Timestamp, Version};
use cqrs_bank::engine::store::codec::domain_events;
use cqrs_bank::engine::store::{Append, EventStore as _, ExpectedEnd};
use cqrs_bank::engine::{
    Aggregate, Application, Command, CommandFailure, DomainEvent, EventHandler, Failure, Position, Projection,
    RecordedEvent, StartFrom, StoreUrl, Unavailable,
};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Ripened {
    kilograms: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum BasketEvent {
    Filled { kilograms: u64 },
    Emptied,
}

impl DomainEvent for Ripened {
    fn event_type(&self) -> &'static str {
        "ripened"
    }

    fn title(&self) -> &'static str {
        "Ripened"
    }
}

impl DomainEvent for BasketEvent {
    fn event_type(&self) -> &'static str {
        match self {
            Self::Filled { .. } => "filled",
            Self::Emptied => "emptied",
        }
    }

    fn title(&self) -> &'static str {
        "Basket Changed"
    }
}

domain_events! {
    #[derive(Clone, Debug, PartialEq)]
    enum OrchardEvent of "orchard" {
        Tree(Ripened),
        Basket(BasketEvent),
    }
}

#[derive(Default)]
struct Tree;

#[derive(Clone, Debug)]
struct Ripen(&'static str, u64);

impl Command for Ripen {
    type Aggregate = Tree;
    type Id = &'static str;

    fn target(&self) -> &&'static str {
        &self.0
    }
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("nothing ripens")]
struct NothingRipens;

impl Aggregate for Tree {
    const CATEGORY: &'static str = "tree";
    type Command = Ripen;
    type Event = Ripened;
    type Refusal = NothingRipens;

    fn execute(&self, command: &Ripen) -> Result<Vec<Ripened>, NothingRipens> {
        if command.1 == 0 { Err(NothingRipens) } else { Ok(vec![Ripened { kilograms: command.1 }]) }
    }

    fn apply(&mut self, _: &Ripened) {}
}

#[derive(Default)]
struct Basket {
    kilograms: u64,
}

#[derive(Clone, Debug)]
enum Change {
    Fill(&'static str, u64),
    Empty(&'static str),
}

impl Command for Change {
    type Aggregate = Basket;
    type Id = &'static str;

    fn target(&self) -> &&'static str {
        match self {
            Self::Fill(basket, _) | Self::Empty(basket) => basket,
        }
    }
}

#[derive(Debug, PartialEq, thiserror::Error)]
enum BasketRefusal {
    #[error("it is full")]
    Full,
    #[error("it is empty")]
    Empty,
}

impl Aggregate for Basket {
    const CATEGORY: &'static str = "basket";
    type Command = Change;
    type Event = BasketEvent;
    type Refusal = BasketRefusal;

    fn execute(&self, command: &Change) -> Result<Vec<BasketEvent>, BasketRefusal> {
        match command {
            Change::Fill(_, kilograms) if self.kilograms + kilograms > 10 => Err(BasketRefusal::Full),
            Change::Fill(_, kilograms) => Ok(vec![BasketEvent::Filled { kilograms: *kilograms }]),
            Change::Empty(_) if self.kilograms == 0 => Err(BasketRefusal::Empty),
            Change::Empty(_) => Ok(vec![BasketEvent::Emptied]),
        }
    }

    fn apply(&mut self, event: &BasketEvent) {
        match event {
            BasketEvent::Filled { kilograms } => self.kilograms += kilograms,
            BasketEvent::Emptied => self.kilograms = 0,
        }
    }
}

/// Everything that has ripened.
#[derive(Clone, Default)]
struct Harvest(u64);

impl Projection<OrchardEvent> for Harvest {
    const NAME: &'static str = "harvest";

    fn project(&mut self, event: &RecordedEvent<OrchardEvent>) {
        if let OrchardEvent::Tree(Ripened { kilograms }) = event.data {
            self.0 += kilograms;
        }
    }
}

/// Counts what ripens.
#[derive(Clone, Default)]
struct Counter(Arc<AtomicU64>);

impl EventHandler<OrchardEvent> for Counter {
    const NAME: &'static str = "counter";
    const AWAITED: bool = true;
    const START: StartFrom = StartFrom::Origin;

    fn filter(&self) -> impl Fn(&RecordedEvent<OrchardEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(event.data, OrchardEvent::Tree(_))
    }

    async fn handle(&mut self, _: &RecordedEvent<OrchardEvent>) -> Result<(), Failure> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn both_stores() -> (TempDir, [StoreUrl; 2]) {
    let directory = tempfile::tempdir().unwrap();
    let file = StoreUrl::Sqlite(directory.path().join("orchard.db"));
    (directory, [StoreUrl::Memory, file])
}

async fn orchard(store: StoreUrl) -> Application<OrchardEvent> {
    Application::builder(store).aggregate::<Tree>().aggregate::<Basket>().start().await.unwrap()
}

/// The number of events before the first handler is added.
const LONG: u64 = 100_000;

/// Appends a log of that length in a few commits.
async fn grow(orchard: &Application<OrchardEvent>) {
    const AT_ONCE: u64 = 10_000;
    let stream = StreamId::new(Tree::CATEGORY, &"old");
    for commit in 0..LONG / AT_ONCE {
        let append = Append {
            stream: stream.clone(),
            expected_version: Version::new(commit * AT_ONCE),
            time: Timestamp::from_micros(0),
            metadata: Metadata::from_outside(Uuid::from_u128(u128::from(commit) + 1)),
            events: vec![Ripened { kilograms: 1 }.into(); AT_ONCE as usize],
            snapshot: None,
            expected_end: ExpectedEnd::ANY,
        };
        orchard.store().append(vec![append]).await.unwrap().pop().unwrap().unwrap();
    }
}

#[tokio::test]
async fn two_kinds_have_events_and_refusals_of_their_own() {
    let (_directory, stores) = both_stores();
    for store in stores {
        let orchard = orchard(store.clone()).await;
        let (ripen, fill) = (Ripen("old", 7), Change::Fill("big", 7));
        let (one, other) = tokio::join!(orchard.dispatch(ripen), orchard.dispatch(fill.clone()));
        assert_eq!(one.unwrap().events()[0].data, OrchardEvent::Tree(Ripened { kilograms: 7 }));
        assert_eq!(other.unwrap().events()[0].data, OrchardEvent::Basket(BasketEvent::Filled { kilograms: 7 }));
        let refused = orchard.dispatch(fill).await.unwrap_err();
        assert_eq!(refused, CommandFailure::Refused(BasketRefusal::Full));
        let refused = orchard.dispatch(Ripen("old", 0)).await.unwrap_err();
        assert_eq!(refused, CommandFailure::Refused(NothingRipens));

        orchard.close().await;
        if store == StoreUrl::Memory {
            continue;
        }
        // Each is loaded from the stream of its own kind.
        let again = self::orchard(store).await;
        assert_eq!(again.dispatch(Change::Empty("big")).await.unwrap().position(), Position::new(3));
        let refused = again.dispatch(Change::Empty("big")).await.unwrap_err();
        assert_eq!(refused, CommandFailure::Refused(BasketRefusal::Empty));
        again.close().await;
    }
}

#[tokio::test]
async fn an_event_of_another_kind_in_a_stream_is_told_of_and_not_passed_over() {
    let orchard = orchard(StoreUrl::Memory).await;
    let append = Append {
        stream: StreamId::new(Basket::CATEGORY, &"big"),
        expected_version: Version::START,
        time: Timestamp::from_micros(0),
        metadata: Metadata::from_outside(Uuid::from_u128(1)),
        events: vec![Ripened { kilograms: 1 }.into()],
        snapshot: None,
        expected_end: ExpectedEnd::ANY,
    };
    orchard.store().append(vec![append]).await.unwrap().pop().unwrap().unwrap();
    let refused = orchard.dispatch(Change::Fill("big", 1)).await.unwrap_err();
    let expected = "the event store failed: the event at position 1, in the stream basket-big, is none of basket";
    assert_eq!(refused.to_string(), expected);
}

#[tokio::test]
async fn a_handler_that_comes_later_is_at_the_end_of_a_long_log_when_it_is_there() {
    let orchard = orchard(StoreUrl::Memory).await;
    grow(&orchard).await;
    let counter = Counter::default();
    orchard.add_event_handler(counter.clone()).await.unwrap();
    assert_eq!(counter.0.load(Ordering::Relaxed), LONG);
    orchard.dispatch(Ripen("young", 1)).await.unwrap();
    assert_eq!(counter.0.load(Ordering::Relaxed), LONG + 1, "it is waited for");
    orchard.close().await;
}

#[tokio::test]
async fn a_projection_comes_later_goes_and_comes_again() {
    let (_directory, stores) = both_stores();
    for store in stores {
        let orchard = orchard(store).await;
        grow(&orchard).await;
        let missing = Unavailable::Missing("projection \"harvest\"".to_owned());
        assert_eq!(orchard.read(|harvest: &Harvest| harvest.0).await, Err(missing.clone()));
        let first = orchard.add_projection::<Harvest>().await.unwrap();
        assert_eq!(orchard.read(|harvest: &Harvest| harvest.0).await, Ok(LONG));

        orchard.remove_projection::<Harvest>().await.unwrap();
        assert_eq!(orchard.read(|harvest: &Harvest| harvest.0).await, Err(missing));
        orchard.dispatch(Ripen("young", 5)).await.unwrap();
        assert_eq!(first.read(|harvest| harvest.0), LONG, "it knows what it knew last");

        orchard.add_projection::<Harvest>().await.unwrap();
        assert_eq!(orchard.read(|harvest: &Harvest| harvest.0).await, Ok(LONG + 5));
        orchard.close().await;
    }
}
