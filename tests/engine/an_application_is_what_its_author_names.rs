//! An application has the parts that its author gives to the builder: at least one kind of aggregate, and projections
//! from the beginning or added later. An invalid combination is refused before anything starts.

use cqrs_bank::engine::{
    Aggregate, Application, Command, CommandFailure, DomainEvent, Moment, Position, Projection, QueryError,
    RecordedEvent, StartError, StoreUrl, Unavailable,
};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use uuid::Uuid;

/// A lamp, which is on or off.
#[derive(Default)]
struct Lamp {
    is_on: bool,
}

#[derive(Clone, Debug)]
struct Switch {
    lamp: String,
    on: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LampEvent {
    SwitchedOn { lamp: String },
    SwitchedOff { lamp: String },
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("so it is already")]
struct SoItIs;

impl DomainEvent for LampEvent {
    const DOMAIN: &'static str = "house";

    fn event_type(&self) -> &'static str {
        match self {
            Self::SwitchedOn { .. } => "switched_on",
            Self::SwitchedOff { .. } => "switched_off",
        }
    }

    fn title(&self) -> &'static str {
        "Lamp Switched"
    }
}

impl Command for Switch {
    type Aggregate = Lamp;
    type Id = String;

    fn target(&self) -> &String {
        &self.lamp
    }
}

impl Aggregate for Lamp {
    const CATEGORY: &'static str = "lamp";
    type Command = Switch;
    type Event = LampEvent;
    type Refusal = SoItIs;

    fn execute(&self, Switch { lamp, on }: &Switch) -> Result<Vec<LampEvent>, SoItIs> {
        let lamp = lamp.clone();
        match (self.is_on, on) {
            (false, true) => Ok(vec![LampEvent::SwitchedOn { lamp }]),
            (true, false) => Ok(vec![LampEvent::SwitchedOff { lamp }]),
            _ => Err(SoItIs),
        }
    }

    fn apply(&mut self, event: &LampEvent) {
        self.is_on = matches!(event, LampEvent::SwitchedOn { .. });
    }
}

/// The number of lamps that are on.
#[derive(Clone, Default)]
struct Lit(u64);

impl Projection<LampEvent> for Lit {
    const NAME: &'static str = "lit";

    fn project(&mut self, event: &RecordedEvent<LampEvent>) {
        match event.data {
            LampEvent::SwitchedOn { .. } => self.0 += 1,
            LampEvent::SwitchedOff { .. } => self.0 -= 1,
        }
    }
}

/// A projection with the name of another one.
#[derive(Default)]
struct LitToo;

impl Projection<LampEvent> for LitToo {
    const NAME: &'static str = "lit";

    fn project(&mut self, _: &RecordedEvent<LampEvent>) {}
}

/// The number of lamps that are on, as long as the attic stays dark.
#[derive(Clone, Default)]
struct LitBelow(u64);

impl Projection<LampEvent> for LitBelow {
    const NAME: &'static str = "lit below";

    fn project(&mut self, event: &RecordedEvent<LampEvent>) {
        let LampEvent::SwitchedOn { lamp } = &event.data else { return };
        assert!(lamp != "attic", "no lamp in the attic");
        self.0 += 1;
    }
}

fn switch(lamp: &str, on: bool) -> Switch {
    Switch { lamp: lamp.to_owned(), on }
}

fn both_stores() -> (TempDir, [StoreUrl; 2]) {
    let directory = tempfile::tempdir().unwrap();
    let file = StoreUrl::Sqlite(directory.path().join("house.db"));
    (directory, [StoreUrl::Memory, file])
}

#[tokio::test]
async fn the_smallest_decides_and_is_asked_for_its_log() {
    let (_directory, stores) = both_stores();
    for store in stores {
        let house = Application::<LampEvent>::builder(store).aggregate::<Lamp>().start().await.unwrap();
        let receipt = house.dispatch(switch("hall", true)).await.unwrap();
        assert_eq!((receipt.position(), receipt.lagging()), (Position::new(1), &[][..]));
        let refused = house.dispatch(switch("hall", true)).await.unwrap_err();
        assert_eq!(refused, CommandFailure::Refused(SoItIs));

        let id = Uuid::from_u128(7 << 80);
        let first = house.dispatch(switch("hall", false)).command_id(id).await.unwrap();
        let again = house.dispatch(switch("hall", false)).command_id(id).await.unwrap();
        assert_eq!(again.events(), first.events(), "it happens once, and would be refused by now");
        let other = house.dispatch(switch("hall", true)).command_id(id).await.unwrap_err();
        assert!(matches!(other, CommandFailure::IdTaken { .. }), "{other}");

        let events = house.events(Position::START, 9).await.unwrap();
        assert_eq!(
            events.iter().map(|event| event.data.event_type()).collect::<Vec<_>>(),
            ["switched_on", "switched_off"]
        );
        house.close().await;
        let closed = house.dispatch(switch("hall", true)).await.unwrap_err();
        assert_eq!(closed, CommandFailure::Unavailable(Unavailable::Closed));
    }
}

#[tokio::test]
async fn a_projection_knows_what_was_acknowledged_and_what_was_so_then() {
    let (_directory, stores) = both_stores();
    for store in stores {
        let house =
            Application::<LampEvent>::builder(store).aggregate::<Lamp>().projection::<Lit>().start().await.unwrap();
        for (lamp, on) in [("hall", true), ("attic", true), ("hall", false)] {
            house.dispatch(switch(lamp, on)).await.unwrap();
        }
        assert_eq!(house.read(|lit: &Lit| lit.0).await, Ok(1));
        assert_eq!(house.read_after(Position::new(3), |lit: &Lit| lit.0).await, Ok(1));
        for (position, expected) in [(0, 0), (1, 1), (2, 2), (3, 1)] {
            let then = house.read_at(Moment::Position(Position::new(position)), |lit: &Lit| lit.0).await;
            assert_eq!(then, Ok(expected), "{position}");
        }
        let beyond = Position::new(4);
        for position in [beyond, Position::new(u64::MAX)] {
            let asked = house.read_after(position, |lit: &Lit| lit.0).await;
            assert!(matches!(asked, Err(QueryError::NotYet(_))), "{position}: {asked:?}");
        }
        assert!(matches!(house.read_at(Moment::Position(beyond), |lit: &Lit| lit.0).await, Err(QueryError::NotYet(_))));
        house.close().await;
    }
}

#[tokio::test]
async fn one_that_comes_later_knows_what_has_happened() {
    let (_directory, stores) = both_stores();
    for store in stores {
        let house = Application::<LampEvent>::builder(store).aggregate::<Lamp>().start().await.unwrap();
        house.dispatch(switch("hall", true)).await.unwrap();
        let unknown = house.read(|lit: &Lit| lit.0).await.unwrap_err();
        assert_eq!(unknown.to_string(), "the application has no projection \"lit\"");
        house.add_projection::<Lit>().await.unwrap();
        assert_eq!(house.read(|lit: &Lit| lit.0).await, Ok(1));
        house.dispatch(switch("attic", true)).await.unwrap();
        assert_eq!(house.read(|lit: &Lit| lit.0).await, Ok(2));
        house.close().await;
    }
}

#[tokio::test]
async fn what_cannot_work_is_refused_and_leaves_nothing_behind() {
    let (directory, [_, file]) = both_stores();
    let twice = Application::builder(file.clone()).projection::<Lit>().projection::<LitToo>().start().await;
    assert_eq!(twice.err(), Some(StartError::NameTaken { name: "lit" }));
    let clash = Application::<LampEvent>::builder(file).aggregate::<Lamp>().aggregate::<Lamp>().start().await;
    assert_eq!(clash.err(), Some(StartError::CategoriesClash { first: "lamp", second: "lamp" }));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_store_is_named_as_it_is_at_hand() {
    let (directory, [memory, file]) = both_stores();
    let path = directory.path().join("house.db");
    let text = path.to_str().unwrap();
    let named = [
        (Application::<LampEvent>::builder("memory"), &memory),
        (Application::builder(text), &file),
        (Application::builder(format!("sqlite:{text}").as_str()), &file),
        (Application::builder(path.as_path()), &file),
        (Application::builder(path.clone()), &file),
    ];
    for (builder, url) in named {
        let house = builder.start().await.unwrap();
        assert_eq!(house.url(), url);
        house.close().await;
    }
    let elsewhere = Application::<LampEvent>::builder("nats://house").start().await;
    assert!(matches!(elsewhere, Err(StartError::UnsupportedStore(_))), "{elsewhere:?}");
}

#[tokio::test]
async fn a_kind_that_is_not_there_takes_no_command() {
    let house = Application::<LampEvent>::builder(StoreUrl::Memory).projection::<Lit>().start().await.unwrap();
    let unknown = house.dispatch(switch("hall", true)).await.unwrap_err();
    assert!(unknown.to_string().contains("the application has no aggregate \"lamp\""), "{unknown}");
}

/// A projection that has stopped knows nothing of what came since, so that it answers nobody any more.
#[tokio::test]
async fn one_that_has_stopped_answers_with_the_reason() {
    let (_directory, stores) = both_stores();
    for store in stores {
        let house =
            Application::<LampEvent>::builder(store).aggregate::<Lamp>().projection::<Lit>().start().await.unwrap();
        house.dispatch(switch("hall", true)).await.unwrap();
        let model = house.add_projection::<LitBelow>().await.unwrap();
        assert_eq!(house.read(|lit: &LitBelow| lit.0).await, Ok(1));
        assert_eq!(house.dispatch(switch("attic", true)).await.unwrap().lagging(), [""; 0]);

        let reason = "projection \"lit below\" has stopped: no lamp in the attic";
        let stopped = Unavailable::Defect(reason.to_owned());
        assert_eq!(house.read(|lit: &LitBelow| lit.0).await, Err(stopped.clone()));
        assert_eq!(
            house.read_after(Position::new(1), |lit: &LitBelow| lit.0).await,
            Err(QueryError::Unavailable(stopped))
        );
        assert_eq!(model.stopped(), Some("no lamp in the attic"));
        assert_eq!(model.read(|lit| lit.0), 1, "what it knew before");

        let then = |position| Moment::Position(Position::new(position));
        assert_eq!(house.read_at(then(1), |lit: &LitBelow| lit.0).await, Ok(1));
        let reason = "projection \"lit below\" panicked: no lamp in the attic";
        let panicked = QueryError::Unavailable(Unavailable::Defect(reason.to_owned()));
        for _ in 0..2 {
            assert_eq!(house.read_at(then(2), |lit: &LitBelow| lit.0).await, Err(panicked.clone()));
        }
        assert_eq!(house.read(|lit: &Lit| lit.0).await, Ok(2), "the others go on");
        assert_eq!(house.failure(), None);
        house.close().await;
    }
}
