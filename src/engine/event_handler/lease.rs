//! The right to run the handlers that have effects outside, where several processes share a store.
//!
//! It can be lost: when what guards it is taken away, another process may take it, and the store tells the one that had
//! it at its next write. Then all its handlers stop at once and stand by, and it asks for the right again.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::engine::runtime::{StopReason, Supervisor};
use crate::engine::store::StoreError;
use crate::engine::store::handler_records::{HandlerRecords, HandlersLease};

/// How often a process asks whether the one that has the right is gone. The system tells nobody.
const ASK_EVERY: Duration = Duration::from_millis(50);

const TASK: &str = "handlers' lease";

/// This process's share in the right. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Lease {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: watch::Sender<State>,
    /// How many handlers run by the right.
    running: watch::Sender<usize>,
    right: Mutex<Option<HandlersLease>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No handler has asked for it yet.
    NotWanted,
    Wanted,
    Held,
    /// The handlers finish what they are at, and the right is wanted no more.
    Ending,
}

impl Inner {
    fn new(state: State, right: Option<HandlersLease>) -> Self {
        Self { state: watch::Sender::new(state), running: watch::Sender::new(0), right: Mutex::new(right) }
    }

    fn right(&self) -> MutexGuard<'_, Option<HandlersLease>> {
        self.right.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// A share in the right, which is not asked for before it [is wanted](Lease::want). Before anything is done with it
    /// that was not granted at once then, `check` says whether anything may be.
    pub fn new<S, C, F>(store: &S, supervisor: &Supervisor, check: C) -> Self
    where
        S: HandlerRecords + Clone + Send + Sync + 'static,
        C: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), StopReason>> + Send + 'static,
    {
        let lease = Self { inner: Arc::new(Inner::new(State::NotWanted, None)) };
        // What has stopped runs no handlers, whoever has handles of it still.
        let ending = lease.clone();
        supervisor.at_stop(move || ending.give_up());
        supervisor.spawn(TASK, lease.clone().keep(store.clone(), check));
        lease
    }

    /// Takes the right, now or as soon as another process gives it up, and again whenever it is lost. Answers whether it was
    /// taken now: whoever asks later than it could checks what there is before anything is done with it. One that was asked
    /// for already is not asked for here.
    ///
    /// A store that cannot grant it now, for want of room say, is asked again as well.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store is closed.
    pub async fn want<S: HandlerRecords>(&self, store: &S) -> Result<bool, StoreError> {
        if *self.inner.state.borrow() != State::NotWanted {
            return Ok(false);
        }
        let taken = match store.try_acquire_lease().await {
            Ok(taken) => taken,
            Err(StoreError::Closed) => return Err(StoreError::Closed),
            Err(error) => {
                not_taken(&error);
                None
            }
        };
        let is_taken = taken.is_some();
        let is_news = self.inner.state.send_if_modified(|state| {
            let is_news = *state == State::NotWanted;
            if is_news {
                *state = if is_taken { State::Held } else { State::Wanted };
                *self.inner.right() = taken;
            }
            is_news
        });
        Ok(is_news && is_taken)
    }

    /// For a store that no other process has.
    pub fn unshared() -> Self {
        Self { inner: Arc::new(Inner::new(State::Held, Some(HandlersLease::unshared()))) }
    }

    /// Whether this process has the right.
    pub fn is_held(&self) -> bool {
        *self.inner.state.borrow() == State::Held
    }

    /// Waits until this process has the right, and runs a handler by it.
    pub(super) async fn held(&self) -> Held {
        let mut state = self.inner.state.subscribe();
        loop {
            if let Some(held) = self.hold() {
                return held;
            }
            // The sender lives in `self`.
            let _ = state.changed().await;
        }
    }

    /// The same, where it has the right already.
    pub(super) fn hold(&self) -> Option<Held> {
        // As long as this is borrowed, the right is not lost: whoever takes it anew counts this one.
        let state = self.inner.state.borrow();
        if *state != State::Held {
            return None;
        }
        self.inner.running.send_modify(|running| *running += 1);
        Some(Held { lease: self.clone() })
    }

    /// Says that the store has told that another process has the right.
    pub(super) fn lose(&self) {
        let was_held = |state: &mut State| {
            let was_held = *state == State::Held;
            if was_held {
                *state = State::Wanted;
            }
            was_held
        };
        if self.inner.state.send_if_modified(was_held) {
            tracing::warn!("{}", StoreError::LeaseLost);
            *self.inner.right() = None;
        }
    }

    /// Lets the handlers finish what they are at, and take no more. Waits until they have stopped, at most `max_wait`.
    /// Answers whether they have.
    pub async fn end(&self, max_wait: Duration) -> bool {
        self.inner.state.send_replace(State::Ending);
        let mut running = self.inner.running.subscribe();
        timeout(max_wait, running.wait_for(|running| *running == 0)).await.is_ok()
    }

    /// Lets another process have the right. Nothing may be done with it here any more.
    pub fn give_up(&self) {
        self.inner.state.send_replace(State::Ending);
        *self.inner.right() = None;
    }

    /// Asks for the right whenever this process does not have it.
    async fn keep<S, C, F>(self, store: S, check: C) -> Result<(), StopReason>
    where
        S: HandlerRecords,
        C: Fn() -> F,
        F: Future<Output = Result<(), StopReason>>,
    {
        let (mut state, mut running) = (self.inner.state.subscribe(), self.inner.running.subscribe());
        let mut said = None;
        loop {
            // The senders live in `self`.
            let _ = state.wait_for(|state| *state == State::Wanted).await;
            // What a handler still does by the right that was lost must not pass as done by the new one.
            let _ = running.wait_for(|running| *running == 0).await;
            let mut ticks = interval(ASK_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while *self.inner.state.borrow() == State::Wanted {
                ticks.tick().await;
                match store.try_acquire_lease().await {
                    Ok(None) => {}
                    Ok(Some(right)) => {
                        check().await?;
                        self.take(right);
                        break;
                    }
                    Err(StoreError::Closed) => return Ok(()),
                    // A store that has failed for good stops everything by itself.
                    Err(error) if said.as_ref() == Some(&error) => {}
                    Err(error) => {
                        not_taken(&error);
                        said = Some(error);
                    }
                }
            }
        }
    }

    fn take(&self, right: HandlersLease) {
        *self.inner.right() = Some(right);
        let is_wanted = |state: &mut State| {
            let is_wanted = *state == State::Wanted;
            if is_wanted {
                *state = State::Held;
            }
            is_wanted
        };
        if !self.inner.state.send_if_modified(is_wanted) {
            *self.inner.right() = None;
        }
    }
}

/// Says so, but not each time.
fn not_taken(error: &StoreError) {
    tracing::warn!("the handlers do not run: {error}");
}

/// The right, as the task of a handler has it. As long as this lives, this process does not take the right anew.
#[derive(Debug)]
pub(super) struct Held {
    lease: Lease,
}

impl Held {
    /// Waits until the right is lost: then nothing may be done any more.
    pub(super) async fn lost(&self) {
        self.wait_for(State::Wanted).await;
    }

    /// Waits until nothing new is to be begun.
    pub(super) async fn ending(&self) {
        self.wait_for(State::Ending).await;
    }

    pub(super) fn is_ending(&self) -> bool {
        *self.lease.inner.state.borrow() == State::Ending
    }

    async fn wait_for(&self, awaited: State) {
        // The sender lives in `self`.
        let _ = self.lease.inner.state.subscribe().wait_for(|state| *state == awaited).await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.lease.inner.running.send_modify(|running| *running -= 1);
    }
}
