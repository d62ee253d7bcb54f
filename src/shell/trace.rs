//! The trace: a `tracing` layer that collects the lines of the conversations that the shell follows.
//!
//! The lines wait, in the order in which they were emitted, until the shell prints them: before the reply under strong
//! consistency, as they arrive otherwise.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashSet;
use tokio::sync::Notify;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

use super::escape;
use crate::engine::runtime::trace::{CORRELATION, TARGET};

/// The lines of the trace that are not printed yet. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The correlation ids of the followed conversations.
    followed: HashSet<u128>,
    /// Whole lines, each with its newline.
    lines: String,
}

impl Trace {
    /// The layer that feeds this trace.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        let shared = self.shared.clone();
        TraceLayer { shared }.with_filter(Targets::new().with_target(TARGET, LevelFilter::DEBUG))
    }

    /// Follows a conversation until the returned guard is dropped.
    pub fn follow(&self, correlation_id: Uuid) -> Followed {
        let correlation = correlation_id.as_u128();
        self.shared.lock().followed.insert(correlation);
        Followed { shared: self.shared.clone(), correlation }
    }

    /// Adds a line, after those of the trace so far.
    pub fn add_line(&self, line: fmt::Arguments<'_>) {
        self.shared.add_line(|lines, _| push_line(lines, line));
    }

    /// Moves all lines to the end of `text`.
    pub fn drain_into(&self, text: &mut String) {
        let mut state = self.shared.lock();
        text.push_str(&state.lines);
        state.lines.clear();
    }

    /// Waits until there are lines.
    pub async fn lines_arrived(&self) {
        while self.shared.lock().lines.is_empty() {
            self.shared.arrived.notified().await;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add_line(&self, add: impl FnOnce(&mut String, &HashSet<u128>)) {
        let mut state = self.lock();
        let State { followed, lines } = &mut *state;
        let was_empty = lines.is_empty();
        add(lines, followed);
        if was_empty && !lines.is_empty() {
            self.arrived.notify_one();
        }
    }
}

/// While this guard lives, the trace collects the lines of its conversation.
#[derive(Debug)]
pub struct Followed {
    shared: Arc<Shared>,
    correlation: u128,
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.shared.lock().followed.remove(&self.correlation);
    }
}

struct TraceLayer {
    shared: Arc<Shared>,
}

impl<S: Subscriber> Layer<S> for TraceLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.shared.add_line(|lines, followed| {
            let before = lines.len();
            let mut line = TraceLine { lines, correlation: None };
            event.record(&mut line);
            if line.correlation.is_none_or(|correlation| !followed.contains(&correlation)) {
                lines.truncate(before);
            }
        });
    }
}

/// Visits the fields of a tracing event: appends its line, and finds the conversation that it belongs to.
struct TraceLine<'a> {
    lines: &'a mut String,
    correlation: Option<u128>,
}

impl Visit for TraceLine<'_> {
    fn record_u128(&mut self, field: &Field, value: u128) {
        if field.name() == CORRELATION {
            self.correlation = Some(value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            push_line(self.lines, format_args!("{value:?}"));
        }
    }
}

/// Appends a message as one printable line. It may quote arbitrary text.
fn push_line(lines: &mut String, message: fmt::Arguments<'_>) {
    let start = lines.len();
    // Writing to a string does not fail.
    let _ = lines.write_fmt(message);
    if let Cow::Owned(escaped) = escape::line(&lines[start..]) {
        lines.replace_range(start.., &escaped);
    }
    lines.push('\n');
}
