//! A command runs in its own span, a child of its sender's span with the command's ids. The engine logs about the
//! command in that span, at the level `debug`.

use std::fmt;
use std::sync::{Arc, Mutex};

use cqrs_bank::engine::command_handler::{CommandHandler, Limits};
use cqrs_bank::engine::log::Metadata;
use cqrs_bank::engine::runtime::trace::{COMMAND_TARGET, TARGET};
use cqrs_bank::engine::runtime::{Clock, Supervisor};
use cqrs_bank::engine::store::memory::MemoryStore;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Instrument as _, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, registry};
use uuid::Uuid;

use crate::asked_each_time::ask_each_time;
use crate::shelves::{Changed, Shelf, ShelfCommand, What};

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Seen {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().target() == COMMAND_TARGET {
            let mut said = format!("{}", attributes.metadata().level());
            attributes.record(&mut Fields(&mut said));
            let parent = context.span(id).and_then(|span| span.parent()).map(|parent| parent.name());
            self.0.lock().unwrap().push(format!("{said} in {parent:?}"));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() == TARGET {
            let mut said = format!("{}", event.metadata().level());
            event.record(&mut Fields(&mut said));
            let within = context.event_span(event).map(|span| span.name());
            self.0.lock().unwrap().push(format!("{said} in {within:?}"));
        }
    }
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_u128(&mut self, _: &Field, _: u128) {}

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!(" {field}={value:?}"));
    }
}

async fn seen_at(level: Level) -> Vec<String> {
    ask_each_time();
    let seen = Seen::default();
    let subscriber = registry().with(tracing_subscriber::filter::LevelFilter::from_level(level)).with(seen.clone());
    let _listening = tracing::subscriber::set_default(subscriber);
    let (supervisor, clock) = (Supervisor::new(), Arc::new(Clock::simulated(0)));
    let store = MemoryStore::<Changed>::start(&supervisor);
    let commands = CommandHandler::<Shelf>::start(store, clock, Limits::default(), &supervisor);
    let add = ShelfCommand { shelf: "a".to_owned(), what: What::Add(1) };
    let metadata = Metadata::new(Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(1));
    let request = tracing::info_span!("request");
    let sent = async { commands.send(add, metadata).await.unwrap().outcome().await.unwrap().len() };
    assert_eq!(sent.instrument(request).await, 1);
    seen.0.lock().unwrap().clone()
}

#[tokio::test]
async fn which_is_a_child_of_the_senders() {
    let seen = seen_at(Level::DEBUG).await;
    let ids = "command_id=00000000-0000-0000-0000-000000000001 correlation_id=00000000-0000-0000-0000-000000000002";
    assert_eq!(
        seen[..3],
        [
            format!("DEBUG title=\"Change Shelf\" {ids} in Some(\"request\")"),
            "DEBUG message=Command Sent in Some(\"command\")".to_owned(),
            "DEBUG message=Command Handler: Change Shelf in Some(\"command\")".to_owned(),
        ]
    );
    assert!(seen[3..].iter().any(|line| line.contains("Event Published")), "{seen:?}");
}

#[tokio::test]
async fn and_is_nothing_to_who_wants_to_know_less() {
    assert_eq!(seen_at(Level::INFO).await, Vec::<String>::new());
}

/// What is said for who looks for a fault, each with the span that it is said in.
#[derive(Clone, Default)]
struct Steps(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Steps {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target().starts_with("cqrs_bank::engine::") {
            let mut said = String::new();
            event.record(&mut Fields(&mut said));
            let within = context.event_span(event).map(|span| span.name());
            self.0.lock().unwrap().push(format!("{within:?}{said}"));
        }
    }
}

#[tokio::test]
async fn each_step_is_told_and_a_conflict_too() {
    ask_each_time();
    let steps = Steps::default();
    let _listening = tracing::subscriber::set_default(registry().with(steps.clone()));
    let (supervisor, clock) = (Supervisor::new(), Arc::new(Clock::simulated(0)));
    let store = MemoryStore::<Changed>::start(&supervisor);
    let writers = [store.clone(), store]
        .map(|store| CommandHandler::<Shelf>::start(store, clock.clone(), Limits::default(), &supervisor));
    // The first writer still has the shelf in memory as it was before the second one's book.
    for (number, writer) in [0, 1, 0].into_iter().enumerate() {
        let add = ShelfCommand { shelf: "a".to_owned(), what: What::Add(number as u64) };
        let id = Uuid::from_u128(number as u128 + 1);
        writers[writer].send(add, Metadata::from_outside(id)).await.unwrap().outcome().await.unwrap();
    }
    let steps = steps.0.lock().unwrap().clone();
    let told = |step: &str| steps.iter().filter(|told| told.contains(step)).count();
    assert_eq!(told("Some(\"command\") message=loaded stream=shelf-a"), 3, "{steps:#?}");
    assert_eq!(told("Some(\"command\") message=decided events=1"), 4, "{steps:#?}");
    assert_eq!(told("Some(\"command\") message=conflict: it is decided again"), 1, "{steps:#?}");
    assert_eq!(told("message=batch commands=1 appends=1"), 4, "{steps:#?}");
    assert_eq!(
        told("message=commit events=1 end=3 correlation_ids=00000000-0000-0000-0000-000000000003"),
        1,
        "{steps:#?}"
    );
}
