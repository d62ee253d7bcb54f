//! What is said of an event, and of the stream that it is in, wherever an application is shown: in graphs, in what is tried,
//! in comparisons and in reports.

use std::future::{Future, ready};
use std::pin::Pin;

use super::states::{EventCounts, States};
use crate::engine::application::{Application, QueryError};
use crate::engine::log::{Moment, Position, RecordedEvent, StreamId};
use crate::engine::store::codec::StoredEvent;
use crate::shell::term::Term;

/// An answer that is looked up.
pub type Looking<'a, R> = Pin<Box<dyn Future<Output = R> + Send + 'a>>;

/// What is said of a stream, each under its name, and always the same things in the same order; nothing where there is no such
/// thing. What comes first says most: a table of nothing else does not name it.
pub type Standing = Vec<(&'static str, Term)>;

/// An event, and what its domain says of it. All of it may stay as it is by default.
pub trait ShownEvent: StoredEvent {
    /// The title of the command behind an event, where the event tells it.
    fn command_title(&self) -> Option<&'static str> {
        None
    }

    /// How much a command is [about](crate::engine::domain::Command::quantity), as people write it.
    fn quantity(application: &Application<Self>, quantity: i64) -> Term {
        let _ = application;
        Term::Integer(quantity.into())
    }

    /// What an event changed, in a few words: `balance 975 → 925`.
    fn effect<'a>(application: &'a Application<Self>, event: &'a RecordedEvent<Self>) -> Looking<'a, Option<String>> {
        let _ = (application, event);
        Box::pin(ready(None))
    }

    /// What a stream comes to in a history that ends at a position, to be compared with another history.
    /// By default, its number of events.
    fn standing<'a>(
        application: &'a Application<Self>,
        stream: &'a StreamId,
        end: Position,
    ) -> Looking<'a, Result<Standing, QueryError>> {
        Box::pin(async move {
            let version = application.version_at(stream, Moment::Position(end)).await?.get();
            Ok(if version > 0 { vec![("events", Term::Integer(version.into()))] } else { Standing::new() })
        })
    }

    /// How things are after each event, for a report. By default, how many events each stream has.
    fn states() -> Box<dyn States<Self>> {
        Box::new(EventCounts::default())
    }
}
