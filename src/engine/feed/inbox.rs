//! How events reach an event handler: the feeding task opens the inbox, the handler's task goes through.
//!
//! As long as there is nothing for the handler to do, the feeding task moves its checkpoint along and does not
//! wake it: a handler that sleeps costs a look at each event and nothing more. Where there is something to do, the
//! events go through with it, as long as the handler keeps up.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::checkpoints::Slot;
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::runtime::panic_message;
use crate::engine::runtime::trace::trace_line;
use crate::engine::store::Committed;

pub(in crate::engine) type Filter<E> = Arc<dyn Fn(&RecordedEvent<E>) -> bool + Send + Sync>;

/// Whether an event is wanted. The error is what a panic of the filter said.
pub(in crate::engine) fn wants<E>(filter: &Filter<E>, event: &RecordedEvent<E>) -> Result<bool, String> {
    catch_unwind(AssertUnwindSafe(|| filter(event))).map_err(|panic| panic_message(panic.as_ref()))
}

/// The feeding task's side.
pub(in crate::engine) struct HandlerFeed<E> {
    filter: Filter<E>,
    trace_title: Option<&'static str>,
    checkpoint: Slot,
    inbox: Arc<HandlerInbox<E>>,
}

/// The handler's side.
#[derive(Debug)]
pub(in crate::engine) struct HandlerInbox<E> {
    /// The handler has nothing to do: its checkpoint and the end are one, and the feeding task moves both. Only
    /// the handler's task sets it, and as long as events reach the handler only the feeding task unsets it.
    asleep: AtomicBool,
    /// Up to where the handler may go.
    end: AtomicU64,
    /// Up to where the feeding task has moved it while it was asleep.
    passed: AtomicU64,
    /// It sleeps no longer than to here.
    alarm: AtomicU64,
    /// No event reaches the handler: it has stopped, or runs in another process.
    closed: AtomicBool,
    /// Held to fall asleep and to move the end of a handler that is awake: the one sees what the other has done.
    at_hand: Mutex<Option<AtHand<E>>>,
    opened: Notify,
}

/// Events that the handler need not read: those after `after`, without a gap.
#[derive(Debug)]
struct AtHand<E> {
    after: Position,
    events: Committed<E>,
}

impl<E> Default for HandlerInbox<E> {
    fn default() -> Self {
        Self {
            asleep: AtomicBool::default(),
            end: AtomicU64::default(),
            passed: AtomicU64::default(),
            alarm: AtomicU64::default(),
            closed: AtomicBool::default(),
            at_hand: Mutex::new(None),
            opened: Notify::default(),
        }
    }
}

impl<E> fmt::Debug for HandlerFeed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerFeed").field("checkpoint", &self.checkpoint).finish_non_exhaustive()
    }
}

impl<E> HandlerFeed<E> {
    pub(in crate::engine) fn new(filter: Filter<E>, trace_title: Option<&'static str>, checkpoint: Slot) -> Self {
        Self { filter, trace_title, checkpoint, inbox: Arc::default() }
    }

    pub(in crate::engine) fn inbox(&self) -> Arc<HandlerInbox<E>> {
        self.inbox.clone()
    }

    /// Whether nobody is on the other side.
    pub(super) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.inbox) == 1
    }

    /// Lets the handler go up to `end`, wherever it is.
    pub(super) fn open_to(&self, end: Position) {
        let _at_hand = self.inbox.lock();
        self.inbox.move_end(end.max(self.inbox.end()));
        self.inbox.wake();
    }

    /// Lets the handler see events, in order. If it need not, answers with its checkpoint, to be moved to the
    /// last of them.
    pub(super) fn offer(&self, events: &Committed<E>) -> Option<&Slot> {
        let (first, last) = (events.first()?.position, events.last()?.position);
        let before = self.inbox.end();
        if before >= last {
            return None;
        }
        // A filter that panics is the handler's own affair: its task asks it again.
        let mut wanted = events.iter().filter(|event| wants(&self.filter, event).unwrap_or(true)).peekable();
        let is_wanted = wanted.peek().is_some();
        if !is_wanted && self.inbox.asleep.load(Ordering::Acquire) {
            self.inbox.move_end(last);
            self.inbox.passed.store(last.get(), Ordering::Release);
            if last.get() >= self.inbox.alarm.load(Ordering::Relaxed) {
                self.inbox.wake();
            }
            return Some(&self.checkpoint);
        }
        let closed = self.inbox.closed.load(Ordering::Acquire);
        if let Some(title) = self.trace_title.filter(|_| !closed) {
            for event in wanted.filter(|event| event.position > before) {
                trace_line!(event.metadata.correlation_id, "Event Handler: {title}");
            }
        }
        let mut at_hand = self.inbox.lock();
        if at_hand.is_none() && !closed {
            *at_hand = Some(AtHand { after: before.max(first.before()), events: events.clone() });
        }
        self.inbox.move_end(last);
        self.inbox.wake();
        None
    }
}

impl<E> HandlerInbox<E> {
    fn lock(&self) -> MutexGuard<'_, Option<AtHand<E>>> {
        self.at_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn move_end(&self, end: Position) {
        self.end.store(end.get(), Ordering::Release);
    }

    fn wake(&self) {
        if self.asleep.swap(false, Ordering::AcqRel) {
            self.opened.notify_one();
        }
    }

    /// Up to where the feeding task has moved the handler's checkpoint.
    pub(in crate::engine) fn passed(&self) -> Position {
        Position::new(self.passed.load(Ordering::Acquire))
    }

    /// Waits until there may be something to do.
    ///
    /// Dropping the future loses nothing.
    pub(in crate::engine) async fn opened(&self) {
        while self.asleep.load(Ordering::Acquire) {
            self.opened.notified().await;
        }
    }

    /// Up to where the handler may go.
    pub(in crate::engine) fn end(&self) -> Position {
        Position::new(self.end.load(Ordering::Acquire))
    }

    /// The events after the handler's checkpoint, if they are at hand and there are any.
    pub(in crate::engine) fn take(&self, checkpoint: Position) -> Option<Committed<E>> {
        let AtHand { after, events } = self.lock().take()?;
        let is_new = events.last().is_some_and(|last| last.position > checkpoint);
        (after <= checkpoint && is_new).then_some(events)
    }

    /// From now on events reach the handler, which has been moved along by nobody.
    pub(in crate::engine) fn let_in(&self) {
        let mut at_hand = self.lock();
        self.closed.store(false, Ordering::Release);
        self.passed.store(0, Ordering::Release);
        // What was at hand before is not what comes next.
        *at_hand = None;
    }

    /// From now on no events reach the handler.
    pub(in crate::engine) fn close(&self) {
        let mut at_hand = self.lock();
        self.closed.store(true, Ordering::Release);
        self.asleep.store(false, Ordering::Release);
        *at_hand = None;
    }

    /// Falls asleep, unless there is something to do. When its checkpoint has been moved to `alarm`, it wakes up.
    pub(in crate::engine) fn sleep(&self, checkpoint: Position, alarm: Position) {
        let mut at_hand = self.lock();
        if checkpoint >= self.end() {
            *at_hand = None;
            self.move_end(checkpoint);
            self.alarm.store(alarm.get(), Ordering::Relaxed);
            self.asleep.store(true, Ordering::Release);
        }
    }
}
