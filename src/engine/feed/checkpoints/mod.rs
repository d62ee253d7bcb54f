//! How far each event handler has come, and waiting for it: what `strong` consistency is made of.

mod status;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use uuid::Uuid;

pub use self::status::{Condition, HandlerKind, HandlerStatus};
use super::conversations::Conversations;
use super::waiting::{Ticket, Waiting};
use crate::engine::log::Position;
use crate::engine::runtime::Supervisor;

/// After this time a wait ends with what is true: the event is stored, and who lags.
pub const MAX_WAIT: Duration = Duration::from_secs(5);

/// Whether a caller waits for the handlers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consistency {
    /// Until the checkpoints of all projections, and of those handlers that
    /// [ask to be waited for](crate::engine::event_handler::EventHandler::AWAITED), have passed the command's last event;
    /// for [`MAX_WAIT`] at the most. Questions, and refusals of commands, wait until the read models know all that was
    /// acknowledged before, in whatever process, or that was decided on.
    #[default]
    Strong,
    /// Not at all. A question answers from what its read model has seen so far: all events up to some position, which
    /// never goes back, and may be another one for another read model. Only a question about a position waits until
    /// the read models have come to that.
    Eventual,
}

/// The checkpoints of all handlers of one store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// What all handlers that are waited for have passed; lets a caller that need not wait go without the lock.
    passed_by_all: AtomicU64,
    /// What all projections have passed.
    passed_by_projections: AtomicU64,
    /// How many there are in [`State::conversations`].
    conversations: AtomicUsize,
    state: Mutex<State>,
    /// Wakes those who wait for handlers to settle.
    changed: Notify,
    /// Nobody waits any longer than until it stops, and all by the time of its runtime.
    supervisor: Supervisor,
}

#[derive(Debug, Default)]
struct State {
    /// For each handler where it is, apart from the rest: these are read for every command.
    places: Vec<Place>,
    /// Nothing in a place that nobody has any more.
    handlers: Vec<Option<Handler>>,
    /// How many have been registered.
    registered: u64,
    waiting: Waiting,
    waiting_for_projections: Waiting,
    conversations: Conversations,
    /// How many wait for handlers to settle.
    settling: usize,
}

#[derive(Debug)]
struct Place {
    /// Whose it is, in the order they were registered. Nobody's where that is 0.
    owner: u64,
    checkpoint: Position,
}

#[derive(Debug)]
struct Handler {
    name: &'static str,
    kind: HandlerKind,
    awaited: bool,
    condition: Condition,
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self::new()
    }
}

impl Checkpoints {
    /// No handler yet, so every position has been passed.
    pub fn new() -> Self {
        Self::of(&Supervisor::new())
    }

    /// The same of handlers that stop together: then nobody waits for them any more.
    pub fn of(supervisor: &Supervisor) -> Self {
        let inner = Inner {
            passed_by_all: AtomicU64::new(u64::MAX),
            passed_by_projections: AtomicU64::new(u64::MAX),
            conversations: AtomicUsize::new(0),
            state: Mutex::default(),
            changed: Notify::new(),
            supervisor: supervisor.clone(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Adds a projection that starts at `checkpoint`; waiting callers wait for it too from now on.
    pub fn register(&self, name: &'static str, checkpoint: Position) -> Slot {
        self.register_handler(name, HandlerKind::Projection, true, checkpoint)
    }

    /// Adds a handler. Nobody waits for one that is not `awaited`.
    pub fn register_handler(&self, name: &'static str, kind: HandlerKind, awaited: bool, checkpoint: Position) -> Slot {
        let mut state = self.inner.lock();
        state.registered += 1;
        let owner = state.registered;
        let handler = Some(Handler { name, kind, awaited, condition: Condition::default() });
        let place = Place { owner, checkpoint };
        let free = state.places.iter().position(|place| place.owner == 0);
        let index = match free {
            Some(free) => {
                state.places[free] = place;
                state.handlers[free] = handler;
                free
            }
            None => {
                state.places.push(place);
                state.handlers.push(handler);
                state.places.len() - 1
            }
        };
        self.inner.wake(&mut state);
        Slot { index, owner }
    }

    /// Takes a handler out: it is shown no more, and nobody waits for it. What is still said of it means nothing.
    pub fn deregister(&self, checkpoint: &Slot) {
        let mut state = self.inner.lock();
        if state.handler(checkpoint).is_some() {
            state.places[checkpoint.index].owner = 0;
            state.handlers[checkpoint.index] = None;
            while state.places.pop_if(|place| place.owner == 0).is_some() {
                state.handlers.pop();
            }
            self.inner.wake(&mut state);
        }
    }

    /// Takes a handler out again, unless it is said to be kept.
    pub(in crate::engine) fn unless_kept(&self, checkpoint: Slot) -> UnlessKept {
        UnlessKept { checkpoints: self.clone(), checkpoint, is_kept: false }
    }

    /// Acknowledges everything up to `position` for some handlers, and wakes those who waited for it. A handler that is
    /// further already stays there.
    pub fn advance<'a>(&self, handlers: impl IntoIterator<Item = &'a Slot>, position: Position) {
        let mut state = self.inner.lock();
        for Slot { index, owner } in handlers {
            if let Some(place) = state.places.get_mut(*index).filter(|place| place.owner == *owner) {
                place.checkpoint = position.max(place.checkpoint);
            }
        }
        self.inner.wake(&mut state);
    }

    /// From now on, callers wait for a handler, or do not.
    pub fn set_awaited(&self, checkpoint: &Slot, awaited: bool) {
        let mut state = self.inner.lock();
        if let Some(handler) = state.handler(checkpoint) {
            handler.awaited = awaited;
        }
        self.inner.wake(&mut state);
    }

    /// Says how a handler is doing.
    pub fn report(&self, checkpoint: &Slot, condition: Condition) {
        let mut state = self.inner.lock();
        if let Some(handler) = state.handler(checkpoint) {
            handler.condition = condition;
        }
        self.inner.wake(&mut state);
    }

    /// Says that a conversation goes on: what happened at `position` belongs to it, and those who wait for the
    /// conversation wait for that too. To be said before the event at `caused_by` is acknowledged, which led there.
    pub fn conversation_goes_on(&self, correlation_id: Uuid, caused_by: Position, position: Position) {
        let mut state = self.inner.lock();
        let passed = state.passed_by_all();
        state.conversations.go_on(correlation_id, caused_by, position, passed);
        self.inner.conversations.store(state.conversations.count(), Ordering::Release);
    }

    /// Up to where a conversation has gone on, as far as that is still worth waiting for.
    pub fn conversation_goes_on_to(&self, correlation_id: Uuid) -> Option<Position> {
        if self.inner.conversations.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.inner.lock().conversations.goes_on_to(correlation_id)
    }

    /// Each handler, in the order they were registered.
    pub fn handlers(&self) -> Vec<HandlerStatus> {
        let state = self.inner.lock();
        let mut handlers: Vec<_> = state.handlers().collect();
        handlers.sort_by_key(|(_, place)| place.owner);
        let status = |(Handler { name, kind, condition, .. }, place): (&Handler, &Place)| HandlerStatus {
            name,
            kind: *kind,
            checkpoint: place.checkpoint,
            condition: condition.clone(),
        };
        handlers.into_iter().map(status).collect()
    }

    /// Waits until every handler has passed `position` and what process managers make of it, has stopped, or waits to
    /// try an event again that nobody waits for; at most `max_wait`. What begins after `position` is not waited for.
    pub async fn settle(&self, position: Position, max_wait: Duration) {
        let following = Following::begin(&self.inner, position);
        let settled = self.until(|state| state.has_settled(state.conversations.followed_until(following.follow)));
        // When time is up, that is that: the caller is told who lags if it asks.
        let _ = self.inner.supervisor.timeout(max_wait, settled).await;
    }

    /// Waits until every projection has passed `position`, however long that takes.
    pub async fn projections_have_passed(&self, position: Position) {
        self.until(|state| state.passed_by_projections() >= position).await;
    }

    /// Waits until a handler is at `position`, has stopped, runs elsewhere, or waits to try an event again; at most
    /// `max_wait`.
    pub(in crate::engine) async fn wait_for(&self, checkpoint: &Slot, position: Position, max_wait: Duration) {
        let has_come = self.until(|state| {
            let mut handlers = state.handlers().filter(|(_, place)| place.owner == checkpoint.owner);
            handlers.all(|(handler, place)| {
                let Condition { next_attempt, stopped, elsewhere, .. } = &handler.condition;
                place.checkpoint >= position || *stopped || *elsewhere || next_attempt.is_some()
            })
        });
        // When time is up, callers are told that it lags.
        let _ = self.inner.supervisor.timeout(max_wait, has_come).await;
    }

    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        let _settling = Settling::begin(&self.inner);
        loop {
            let changed = self.inner.changed.notified();
            if is_so(&self.inner.lock()) {
                break;
            }
            changed.await;
        }
    }

    /// Whether all handlers have passed `position`.
    pub fn have_passed(&self, position: Position) -> bool {
        self.inner.passed_by_all.load(Ordering::Acquire) >= position.get()
    }

    /// Waits until all handlers have passed `position`, at most `max_wait`.
    ///
    /// Answers with the names of those that have not: none, if all is well.
    pub async fn wait(&self, position: Position, max_wait: Duration) -> Vec<&'static str> {
        if self.have_passed(position) {
            return Vec::new();
        }
        self.wait_in(State::all, position, max_wait).await;
        self.lagging(position)
    }

    /// Whether all projections have passed `position`.
    pub fn projections_are_past(&self, position: Position) -> bool {
        self.inner.passed_by_projections.load(Ordering::Acquire) >= position.get()
    }

    /// Waits until all projections have passed `position`, at most `max_wait`. Answers who has not.
    pub async fn wait_for_projections(&self, position: Position, max_wait: Duration) -> Vec<&'static str> {
        if !self.projections_are_past(position) {
            self.wait_in(State::projections_alone, position, max_wait).await;
        }
        let state = self.inner.lock();
        let behind = state.projections().filter(|(_, place)| place.checkpoint < position);
        behind.map(|(handler, _)| handler.name).collect()
    }

    async fn wait_in(&self, waited_for: WaitedFor, position: Position, max_wait: Duration) {
        let (ticket, passed) = {
            let mut state = self.inner.lock();
            let (passed, waiting) = waited_for(&mut state);
            if passed >= position {
                return;
            }
            waiting.join(position)
        };
        let _waiting = WaitingCaller { inner: &self.inner, waited_for, ticket };
        // What has come is read from the checkpoints either way: whether it was a wake-up or the time that ended the
        // wait makes no difference.
        let _ = self.inner.supervisor.timeout(max_wait, passed).await;
    }

    /// The handlers that have not passed `position`.
    pub fn lagging(&self, position: Position) -> Vec<&'static str> {
        let state = self.inner.lock();
        let behind = state.awaited().filter(|(_, place)| place.checkpoint < position);
        behind.map(|(handler, _)| handler.name).collect()
    }
}

/// A caller's place among those who wait; it is given up when the caller stops waiting, for whatever reason.
struct WaitingCaller<'a> {
    inner: &'a Inner,
    waited_for: WaitedFor,
    ticket: Ticket,
}

impl Drop for WaitingCaller<'_> {
    fn drop(&mut self) {
        let mut state = self.inner.lock();
        (self.waited_for)(&mut state).1.leave(self.ticket);
    }
}

struct Settling<'a>(&'a Inner);

impl<'a> Settling<'a> {
    fn begin(inner: &'a Inner) -> Self {
        inner.lock().settling += 1;
        Self(inner)
    }
}

impl Drop for Settling<'_> {
    fn drop(&mut self) {
        self.0.lock().settling -= 1;
    }
}

/// Somebody who waits for the conversations that have begun up to a position.
struct Following<'a> {
    inner: &'a Inner,
    follow: u64,
}

impl<'a> Following<'a> {
    fn begin(inner: &'a Inner, begun_by: Position) -> Self {
        Self { inner, follow: inner.lock().conversations.follow(begun_by) }
    }
}

impl Drop for Following<'_> {
    fn drop(&mut self) {
        self.inner.lock().conversations.unfollow(self.follow);
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, state: &mut State) {
        let passed = state.passed_by_all();
        self.passed_by_all.store(passed.get(), Ordering::Release);
        state.waiting.wake(passed);
        let passed = state.passed_by_projections();
        self.passed_by_projections.store(passed.get(), Ordering::Release);
        state.waiting_for_projections.wake(passed);
        if state.settling > 0 {
            self.changed.notify_waiters();
        }
    }
}

/// Whom a caller waits for: what they have passed, and who else waits for them.
type WaitedFor = fn(&mut State) -> (Position, &mut Waiting);

impl State {
    fn all(&mut self) -> (Position, &mut Waiting) {
        (self.passed_by_all(), &mut self.waiting)
    }

    fn projections_alone(&mut self) -> (Position, &mut Waiting) {
        (self.passed_by_projections(), &mut self.waiting_for_projections)
    }

    fn handlers(&self) -> impl Iterator<Item = (&Handler, &Place)> {
        let handlers = self.handlers.iter().zip(&self.places);
        handlers.filter_map(|(handler, place)| Some((handler.as_ref()?, place)))
    }

    /// Nothing for one that was taken out.
    fn handler(&mut self, Slot { index, owner }: &Slot) -> Option<&mut Handler> {
        self.places.get(*index).filter(|place| place.owner == *owner)?;
        self.handlers[*index].as_mut()
    }

    fn awaited(&self) -> impl Iterator<Item = (&Handler, &Place)> {
        self.handlers().filter(|(handler, _)| handler.awaited && !handler.condition.stopped)
    }

    fn passed_by_all(&self) -> Position {
        // Mostly all handlers are at one place.
        if let [first, others @ ..] = &self.places[..]
            && others.iter().all(|place| place.checkpoint == first.checkpoint)
            && self.awaited().next().is_some()
        {
            return first.checkpoint;
        }
        self.awaited().map(|(_, place)| place.checkpoint).min().unwrap_or(Position::new(u64::MAX))
    }

    fn projections(&self) -> impl Iterator<Item = (&Handler, &Place)> {
        self.handlers().filter(|(handler, _)| handler.kind == HandlerKind::Projection && !handler.condition.stopped)
    }

    fn passed_by_projections(&self) -> Position {
        self.projections().map(|(_, place)| place.checkpoint).min().unwrap_or(Position::new(u64::MAX))
    }

    fn has_settled(&self, position: Position) -> bool {
        self.handlers().all(|(Handler { awaited, condition, .. }, place)| {
            let Condition { next_attempt, stopped, elsewhere, .. } = condition;
            place.checkpoint >= position || *stopped || *elsewhere || (!awaited && next_attempt.is_some())
        })
    }
}

/// One handler's own checkpoint, to be moved by it alone.
#[derive(Clone, Debug)]
pub struct Slot {
    index: usize,
    owner: u64,
}

/// A handler that is about to run: if it never does, nobody waits for it.
#[derive(Debug)]
pub(in crate::engine) struct UnlessKept {
    checkpoints: Checkpoints,
    checkpoint: Slot,
    is_kept: bool,
}

impl UnlessKept {
    /// It runs.
    pub(in crate::engine) fn keep(mut self) -> Slot {
        self.is_kept = true;
        self.checkpoint.clone()
    }
}

impl Drop for UnlessKept {
    fn drop(&mut self) {
        if !self.is_kept {
            self.checkpoints.deregister(&self.checkpoint);
        }
    }
}

#[cfg(test)]
mod tests;
