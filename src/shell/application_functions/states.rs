//! How things are after each event, as a report shows it.

use std::collections::BTreeMap;

use crate::engine::log::RecordedEvent;
use crate::shell::term::Term;

/// How things are with what an application is about: a fold of its log, which a report asks after each event.
pub trait States<E>: Send {
    /// What a row is about, and what it says of that: `["account", "balance"]`.
    fn columns(&self) -> [&'static str; 2];

    /// What an event is about, if it changes how things are: the name of an account.
    fn subject(&self, event: &RecordedEvent<E>) -> Option<String>;

    /// Takes the next event.
    fn take(&mut self, event: &RecordedEvent<E>);

    /// How things are with a subject; `None` if there is no such thing.
    fn state(&self, subject: &str) -> Option<Term>;

    /// The first `limit` subjects, in order.
    fn subjects(&self, limit: usize) -> Vec<String>;

    /// How much an event is about, as people write it.
    fn quantity(&self, event: &RecordedEvent<E>) -> Option<Term> {
        let _ = event;
        None
    }
}

/// How many events each stream has: what can be said of any application.
#[derive(Debug, Default)]
pub(super) struct EventCounts(BTreeMap<String, u64>);

impl<E> States<E> for EventCounts {
    fn columns(&self) -> [&'static str; 2] {
        ["stream", "events"]
    }

    fn subject(&self, event: &RecordedEvent<E>) -> Option<String> {
        Some(event.stream.to_string())
    }

    fn take(&mut self, event: &RecordedEvent<E>) {
        *self.0.entry(event.stream.to_string()).or_default() += 1;
    }

    fn state(&self, stream: &str) -> Option<Term> {
        self.0.get(stream).map(|events| Term::Integer((*events).into()))
    }

    fn subjects(&self, limit: usize) -> Vec<String> {
        self.0.keys().take(limit).cloned().collect()
    }
}
