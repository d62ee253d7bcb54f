//! How events reach a handler: the feeding task opens the gate, the handler's task goes through.
//!
//! As long as there is nothing for the handler to do, the feeding task moves its checkpoint along and does not
//! wake it: a handler that sleeps costs a look at each event and nothing more.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::engine::checkpoints::Checkpoint;
use crate::engine::event::{Position, RecordedEvent};
use crate::engine::trace::trace_line;

pub(super) type Filter<E> = Arc<dyn Fn(&RecordedEvent<E>) -> bool + Send + Sync>;

/// The feeding task's side.
pub(in crate::engine) struct Outlet<E> {
    filter: Filter<E>,
    trace_title: Option<&'static str>,
    checkpoint: Checkpoint,
    gate: Arc<Gate>,
}

/// The handler's side.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    opened: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The handler has nothing to do, and the feeding task moves its checkpoint.
    asleep: bool,
    /// It sleeps no longer than to here.
    alarm: Position,
    /// Up to where the handler is, while it is asleep.
    checkpoint: Position,
    /// Up to where it may go.
    end: Position,
}

impl<E> fmt::Debug for Outlet<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet").field("checkpoint", &self.checkpoint).finish_non_exhaustive()
    }
}

impl<E> Outlet<E> {
    pub(super) fn new(filter: Filter<E>, trace_title: Option<&'static str>, checkpoint: Checkpoint) -> Self {
        Self { filter, trace_title, checkpoint, gate: Arc::default() }
    }

    pub(super) fn gate(&self) -> Arc<Gate> {
        self.gate.clone()
    }

    /// Lets the handler go up to `end`, wherever it is.
    pub(in crate::engine) fn open_to(&self, end: Position) {
        let mut state = self.gate.lock();
        state.end = state.end.max(end);
        state.asleep = false;
        self.gate.opened.notify_one();
    }

    /// Lets the handler see events, in order. If it need not, answers with its checkpoint, to be moved to the
    /// last of them.
    pub(in crate::engine) fn offer(&self, events: &[RecordedEvent<E>]) -> Option<&Checkpoint> {
        let last = events.last()?.position;
        let mut wanted = events.iter().filter(|event| (self.filter)(event)).peekable();
        let mut state = self.gate.lock();
        if state.end >= last {
            return None;
        }
        let before = state.end;
        state.end = last;
        if state.asleep && wanted.peek().is_none() {
            state.checkpoint = last;
            if last >= state.alarm {
                state.asleep = false;
                self.gate.opened.notify_one();
            }
            return Some(&self.checkpoint);
        }
        if let Some(title) = self.trace_title {
            for event in wanted.filter(|event| event.position > before) {
                trace_line!(event.metadata.correlation_id, "Event Handler: {title}");
            }
        }
        if state.asleep {
            state.asleep = false;
            self.gate.opened.notify_one();
        }
        None
    }
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there may be something to do. Answers up to where the feeding task has moved the checkpoint.
    ///
    /// Dropping the future loses nothing.
    pub(super) async fn opened(&self) -> Position {
        while self.lock().asleep {
            self.opened.notified().await;
        }
        self.lock().checkpoint
    }

    /// Wakes a handler that has something else to do than events, and answers as [`Gate::opened`] does: from here on
    /// the feeding task leaves its checkpoint alone.
    pub(super) fn wake(&self) -> Position {
        let mut state = self.lock();
        state.asleep = false;
        state.checkpoint
    }

    /// Up to where the handler may go.
    pub(super) fn end(&self) -> Position {
        self.lock().end
    }

    /// Falls asleep, unless there is something to do. When its checkpoint has been moved to `alarm`, it wakes up.
    pub(super) fn sleep(&self, checkpoint: Position, alarm: Position) {
        let mut state = self.lock();
        if checkpoint >= state.end {
            state.asleep = true;
            state.alarm = alarm;
            state.checkpoint = checkpoint;
            state.end = checkpoint;
        }
    }
}
