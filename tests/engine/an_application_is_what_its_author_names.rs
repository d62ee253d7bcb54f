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
        assert!(matches!(house.read_after(beyond, |lit: &Lit| lit.0).await, Err(QueryError::NotYet(_))));
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
