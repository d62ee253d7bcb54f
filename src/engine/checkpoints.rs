//! How far each event handler has come, and waiting for it: what `strong` consistency is made of.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::event::Position;

/// After this time a wait ends with what is true: the event is stored, and who lags.
pub const MAX_WAIT: Duration = Duration::from_secs(5);

/// Whether a caller waits for the handlers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consistency {
    /// Until the checkpoints of all handlers have passed the command's last event.
    #[default]
    Strong,
    /// Not at all: queries may answer from before the command.
    Eventual,
}

/// The checkpoints of all handlers of one store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// What all handlers have passed; lets a caller that need not wait go without the lock.
    passed_by_all: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    handlers: Vec<Handler>,
    waiting: BTreeMap<(Position, u64), oneshot::Sender<()>>,
    next_ticket: u64,
}

#[derive(Debug)]
struct Handler {
    name: &'static str,
    checkpoint: Position,
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self::new()
    }
}

impl Checkpoints {
    /// No handler yet, so every position has been passed.
    pub fn new() -> Self {
        let inner = Inner { passed_by_all: AtomicU64::new(u64::MAX), state: Mutex::default() };
        Self { inner: Arc::new(inner) }
    }

    /// Adds a handler that starts at `checkpoint`; waiting callers wait for it too from now on.
    pub fn register(&self, name: &'static str, checkpoint: Position) -> Checkpoint {
        let mut state = self.inner.lock();
        state.handlers.push(Handler { name, checkpoint });
        self.inner.update_passed_by_all(&state);
        Checkpoint { handler: state.handlers.len() - 1 }
    }

    /// Acknowledges everything up to `position` for some handlers, and wakes those who waited for it.
    pub fn advance(&self, handlers: &[Checkpoint], position: Position) {
        let mut state = self.inner.lock();
        for Checkpoint { handler } in handlers {
            let checkpoint = &mut state.handlers[*handler].checkpoint;
            debug_assert!(*checkpoint <= position, "a checkpoint only moves forward");
            *checkpoint = position;
        }
        self.inner.update_passed_by_all(&state);
        let passed = state.passed_by_all();
        while let Some(first) = state.waiting.first_entry() {
            if first.key().0 > passed {
                break;
            }
            // The caller may have stopped waiting in this very moment.
            let _ = first.remove().send(());
        }
    }

    /// Each handler with its checkpoint, in the order they were registered.
    pub fn all(&self) -> Vec<(&'static str, Position)> {
        let state = self.inner.lock();
        state.handlers.iter().map(|handler| (handler.name, handler.checkpoint)).collect()
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
        let Some((waiting, passed)) = self.queue(position) else {
            return Vec::new();
        };
        // The answer is read from the checkpoints either way: whether it was a wake-up or the time that ended
        // the wait makes no difference.
        let _ = tokio::time::timeout(max_wait, passed).await;
        drop(waiting);
        self.lagging(position)
    }

    fn queue(&self, position: Position) -> Option<(Waiting<'_>, oneshot::Receiver<()>)> {
        let mut state = self.inner.lock();
        if state.passed_by_all() >= position {
            return None;
        }
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        let (sender, passed) = oneshot::channel();
        let key = (position, ticket);
        state.waiting.insert(key, sender);
        let inner = &self.inner;
        Some((Waiting { inner, key }, passed))
    }

    /// The handlers that have not passed `position`.
    pub fn lagging(&self, position: Position) -> Vec<&'static str> {
        let state = self.inner.lock();
        let behind = state.handlers.iter().filter(|handler| handler.checkpoint < position);
        behind.map(|handler| handler.name).collect()
    }
}

/// A place in the queue; gives it up when the caller stops waiting, for whatever reason.
struct Waiting<'a> {
    inner: &'a Inner,
    key: (Position, u64),
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.inner.lock().waiting.remove(&self.key);
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update_passed_by_all(&self, state: &State) {
        self.passed_by_all.store(state.passed_by_all().get(), Ordering::Release);
    }
}

impl State {
    fn passed_by_all(&self) -> Position {
        let checkpoints = self.handlers.iter().map(|handler| handler.checkpoint);
        checkpoints.min().unwrap_or(Position::new(u64::MAX))
    }
}

/// One handler's own checkpoint, to be moved by it alone.
#[derive(Debug)]
pub struct Checkpoint {
    handler: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_with_the_names_of_those_who_lag() {
        let checkpoints = Checkpoints::new();
        let quick = checkpoints.register("quick", Position::START);
        let _slow = checkpoints.register("slow", Position::START);
        checkpoints.advance(&[quick], Position::new(3));
        assert_eq!(checkpoints.wait(Position::new(2), MAX_WAIT).await, ["slow"]);
        assert!(checkpoints.inner.lock().waiting.is_empty(), "a wait that ended leaves nothing behind");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_when_the_last_handler_has_passed() {
        let checkpoints = Checkpoints::new();
        let first = checkpoints.register("first", Position::START);
        let second = checkpoints.register("second", Position::START);
        checkpoints.advance(&[first], Position::new(9));
        let waiting = tokio::spawn({
            let checkpoints = checkpoints.clone();
            async move { checkpoints.wait(Position::new(5), MAX_WAIT).await }
        });
        tokio::task::yield_now().await;
        let second = [second];
        checkpoints.advance(&second, Position::new(4));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "4 is before 5");
        checkpoints.advance(&second, Position::new(5));
        assert_eq!(waiting.await.unwrap(), Vec::<&str>::new());
    }

    #[tokio::test]
    async fn without_handlers_there_is_nothing_to_wait_for() {
        let checkpoints = Checkpoints::new();
        assert_eq!(checkpoints.wait(Position::new(1), MAX_WAIT).await, Vec::<&str>::new());
    }
}
