//! How events reach an event handler: the feed offers them to the handler's inbox, and the handler's task takes them.
//!
//! A handler without work sleeps. The feed then moves the handler's checkpoint over unwanted events, which costs one call
//! of the filter for each. A handler that is awake gets the events themselves, so that it need not read them from the store
//! unless it lags.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::checkpoints::{Checkpoints, Hold, Slot};
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::runtime::catch_panic;
use crate::engine::runtime::trace::trace_line;
use crate::engine::store::Committed;

pub(in crate::engine) type Filter<E> = Arc<dyn Fn(&RecordedEvent<E>) -> bool + Send + Sync>;

/// Whether a filter selects an event. The error is the message of a panic.
pub(in crate::engine) fn wants<E>(filter: &Filter<E>, event: &RecordedEvent<E>) -> Result<bool, String> {
    catch_panic(|| filter(event))
}

/// The feed's side.
pub(in crate::engine) struct HandlerFeed<E> {
    filter: Filter<E>,
    trace_title: Option<&'static str>,
    /// The projection that the handler reads.
    reads: Option<&'static str>,
    /// Whether that projection is held.
    is_held_back: bool,
    inbox: Arc<HandlerInbox<E>>,
}

/// The handler's side.
#[derive(Debug)]
pub(in crate::engine) struct HandlerInbox<E> {
    checkpoints: Checkpoints,
    slot: Slot,
    state: Mutex<State<E>>,
    woken: Notify,
}

#[derive(Debug)]
struct State<E> {
    mode: Mode,
    /// How far the handler may go.
    end: Position,
    /// How far the feed had moved the handler's checkpoint when it last stopped.
    skipped_to: Position,
    /// Whether the feed moves the checkpoint.
    is_skipping: bool,
    next: Option<NextEvents<E>>,
    /// Whether the handler is held, so that its events are told of when it gets them.
    is_held: bool,
    /// Whether a request waits for the handler's task, which then begins no further events.
    is_called: bool,
}

/// What becomes of a handler that is about to fall asleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum FallingAsleep {
    /// It stays awake: there is a request.
    Called,
    /// It stays awake: there are events after its checkpoint.
    Offered,
    Asleep,
}

/// The inbox of any domain's handler, as those see it who have a request.
pub(in crate::engine) trait Called: Send + Sync {
    /// Says that a request was sent.
    fn call(&self);
}

impl<E: Send + Sync> Called for HandlerInbox<E> {
    fn call(&self) {
        self.lock().is_called = true;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Awake,
    /// The handler has seen everything up to `end`, and the feed moves its checkpoint, which has more on that.
    Asleep,
    /// The handler has stopped, or runs in another process. It gets no events.
    Closed,
}

/// Events that the handler need not read from the store: all those that follow `after`.
#[derive(Debug)]
struct NextEvents<E> {
    after: Position,
    events: Committed<E>,
}

impl<E> fmt::Debug for HandlerFeed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerFeed").field("slot", self.slot()).finish_non_exhaustive()
    }
}

impl<E> HandlerFeed<E> {
    pub(in crate::engine) fn new(
        filter: Filter<E>,
        trace_title: Option<&'static str>,
        checkpoints: Checkpoints,
        slot: Slot,
    ) -> Self {
        let inbox = Arc::new(HandlerInbox::new(checkpoints, slot));
        Self { filter, trace_title, reads: None, is_held_back: false, inbox }
    }

    pub(super) fn slot(&self) -> &Slot {
        &self.inbox.slot
    }

    /// Names the projection that the handler reads: it gets no event that the projection does not know.
    pub(in crate::engine) fn reading(self, reads: Option<&'static str>) -> Self {
        Self { reads, ..self }
    }

    pub(super) fn reads(&self) -> Option<&'static str> {
        self.reads
    }

    pub(super) fn is_held_back(&self) -> bool {
        self.is_held_back
    }

    /// Says whether the projection that the handler reads is held.
    pub(super) fn hold_back(&mut self, is_held_back: bool) {
        self.is_held_back = is_held_back;
        self.inbox.checkpoints.set_hold(self.slot(), Hold::ReadsHeld, is_held_back);
    }

    pub(in crate::engine) fn inbox(&self) -> Arc<HandlerInbox<E>> {
        self.inbox.clone()
    }

    /// Whether the handler is gone.
    pub(super) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.inbox) == 1
    }

    /// Lets the handler read up to `end`.
    pub(super) fn open_to(&self, end: Position) {
        let mut state = self.inbox.without_skipping();
        state.end = end.max(state.end);
        self.inbox.wake(&mut state);
    }

    /// The first of these events that the handler may want.
    pub(super) fn first_wanted(&self, events: &[RecordedEvent<E>]) -> Option<usize> {
        events.iter().position(|event| self.may_want(event))
    }

    /// After a panic of the filter, the handler's own task asks it again.
    fn may_want(&self, event: &RecordedEvent<E>) -> bool {
        wants(&self.filter, event).unwrap_or(true)
    }

    /// Offers the next events to the handler, and wakes it.
    pub(super) fn offer(&self, events: &Committed<E>, first_wanted: Option<usize>) {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return };
        let mut state = self.inbox.without_skipping();
        let before = state.end;
        if before < last.position {
            let is_told = state.mode != Mode::Closed && !state.is_held;
            if let (Some(title), Some(first_wanted)) = (self.trace_title.filter(|_| is_told), first_wanted) {
                drop(state);
                self.trace(title, &events[first_wanted..], before);
                state = self.inbox.without_skipping();
            }
            if state.next.is_none() && state.mode != Mode::Closed {
                state.next = Some(NextEvents { after: before.max(first.position.before()), events: events.clone() });
            }
            state.end = last.position;
        }
        self.inbox.wake(&mut state);
    }

    /// Tells of those events after a position that the handler wants. It wants the first one.
    fn trace(&self, title: &str, events: &[RecordedEvent<E>], after: Position) {
        let wanted = events.iter().enumerate().filter(|(index, event)| *index == 0 || self.may_want(event));
        for (_, event) in wanted.filter(|(_, event)| event.position > after) {
            trace_line!(event.metadata.correlation_id(), "Event Handler: {title}");
        }
    }
}

impl<E> HandlerInbox<E> {
    fn new(checkpoints: Checkpoints, slot: Slot) -> Self {
        let (end, skipped_to) = (Position::START, Position::START);
        let state = State {
            mode: Mode::Awake,
            end,
            skipped_to,
            is_skipping: false,
            next: None,
            is_held: false,
            is_called: false,
        };
        Self { checkpoints, slot, state: Mutex::new(state), woken: Notify::new() }
    }

    /// Says whether the handler is held. Answers with the last event that was offered before.
    pub(in crate::engine) fn set_held(&self, is_held: bool) -> Position {
        let mut state = self.current();
        state.is_held = is_held;
        state.end
    }

    fn lock(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, with how far the feed has moved the checkpoint by now.
    fn current(&self) -> MutexGuard<'_, State<E>> {
        let mut state = self.lock();
        if state.is_skipping {
            state.skip_to(self.checkpoints.skipped_to(&self.slot));
        }
        state
    }

    /// The state, once the feed no longer moves the checkpoint.
    fn without_skipping(&self) -> MutexGuard<'_, State<E>> {
        let mut state = self.lock();
        if std::mem::take(&mut state.is_skipping) {
            state.skip_to(self.checkpoints.wake_up(&self.slot));
        }
        state
    }

    /// Wakes the handler, whose checkpoint the feed no longer moves.
    fn wake(&self, state: &mut State<E>) {
        debug_assert!(!state.is_skipping, "or it would lose what the feed has skipped");
        if state.mode == Mode::Asleep {
            state.mode = Mode::Awake;
            self.woken.notify_one();
        }
    }

    /// How far the feed has moved the handler's checkpoint while it slept.
    pub(in crate::engine) fn skipped_to(&self) -> Position {
        self.current().skipped_to
    }

    /// Waits until a handler that sleeps is woken, and returns how far the feed has moved its checkpoint meanwhile.
    ///
    /// Cancel-safe.
    pub(in crate::engine) async fn woken(&self) -> Position {
        loop {
            self.woken.notified().await;
            // The notification may be of an earlier sleep, which ended before anybody waited for it.
            let state = self.lock();
            if state.mode != Mode::Asleep {
                return state.skipped_to;
            }
        }
    }

    /// How far the feed lets the handler read.
    pub(in crate::engine) fn end(&self) -> Position {
        self.current().end
    }

    /// How far the handler may read now: nowhere, once it is called.
    pub(in crate::engine) fn readable(&self) -> Position {
        let state = self.current();
        if state.is_called { Position::START } else { state.end }
    }

    /// How far the feed lets the handler read, and the events after its checkpoint; `None` if they must be read from the
    /// store.
    pub(in crate::engine) fn take(&self, checkpoint: Position) -> (Position, Option<Committed<E>>) {
        let (end, next) = {
            let mut state = self.lock();
            (state.end, state.next.take())
        };
        let is_next = |next: &NextEvents<E>| {
            next.after <= checkpoint && next.events.last().is_some_and(|last| last.position > checkpoint)
        };
        (end, next.filter(is_next).map(|next| next.events))
    }

    /// Accepts events from now on.
    pub(in crate::engine) fn open(&self) {
        let mut state = self.without_skipping();
        state.skipped_to = Position::START;
        // Events offered before do not follow the checkpoint.
        state.next = None;
        if state.mode == Mode::Closed {
            state.mode = Mode::Awake;
        }
    }

    /// Accepts no events from now on.
    pub(in crate::engine) fn close(&self) {
        let mut state = self.without_skipping();
        (state.mode, state.next) = (Mode::Closed, None);
    }

    /// Falls asleep, unless there are a request or events after the checkpoint. The handler wakes once its checkpoint reaches
    /// `wake_at`.
    pub(in crate::engine) fn sleep(&self, checkpoint: Position, wake_at: Position) -> FallingAsleep {
        let mut state = self.lock();
        if std::mem::take(&mut state.is_called) {
            FallingAsleep::Called
        } else if checkpoint < state.end {
            FallingAsleep::Offered
        } else {
            (state.mode, state.end, state.next) = (Mode::Asleep, checkpoint, None);
            state.is_skipping = true;
            self.checkpoints.fall_asleep(&self.slot, checkpoint, wake_at);
            FallingAsleep::Asleep
        }
    }
}

impl<E> State<E> {
    /// The feed has moved the checkpoint to `position`; `None` if the handler was removed.
    fn skip_to(&mut self, position: Option<Position>) {
        if let Some(position) = position {
            (self.end, self.skipped_to) = (position, position);
        }
    }
}

#[cfg(test)]
mod tests;
