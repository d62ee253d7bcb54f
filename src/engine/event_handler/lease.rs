//! The lease of the handlers: where several processes share a store, the process that holds it runs them.
//!
//! The lease can be lost: if the lock behind it is removed, another process may acquire it, and the store refuses the next
//! write of the former holder. All handlers of that process then stop at once and stand by, and it asks for the lease again.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::run_end::RunEnd;
use crate::engine::runtime::{StopReason, Supervisor};
use crate::engine::store::StoreError;
use crate::engine::store::handler_records::{HandlerRecords, HandlersLease};

/// How often a process tries to acquire the lease: the operating system does not notify it.
const ASK_EVERY: Duration = Duration::from_millis(50);

const TASK: &str = "handlers' lease";

/// This process's view of the lease. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Lease {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: watch::Sender<State>,
    /// How many handlers run under the lease.
    running: watch::Sender<usize>,
    acquired: Mutex<Option<HandlersLease>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No handler has asked for the lease yet.
    NotWanted,
    Wanted,
    Held,
    /// The handlers finish their current event, and the lease is no longer wanted.
    Ending,
}

impl Inner {
    fn new(state: State, acquired: Option<HandlersLease>) -> Self {
        Self { state: watch::Sender::new(state), running: watch::Sender::new(0), acquired: Mutex::new(acquired) }
    }

    fn acquired(&self) -> MutexGuard<'_, Option<HandlersLease>> {
        self.acquired.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// A lease that is not acquired before [`Lease::want`]. If it is acquired later than that call, `check` runs before any
    /// handler does.
    pub fn new<S, C, F>(store: &S, supervisor: &Supervisor, check: C) -> Self
    where
        S: HandlerRecords + Clone + Send + Sync + 'static,
        C: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), StopReason>> + Send + 'static,
    {
        let lease = Self { inner: Arc::new(Inner::new(State::NotWanted, None)) };
        // After a stop no handler runs, even if handles live on.
        let ending = lease.clone();
        supervisor.at_stop(move || ending.give_up());
        supervisor.spawn(TASK, lease.clone().keep(store.clone(), check));
        lease
    }

    /// Acquires the lease: now, or as soon as another process gives it up, and again whenever it is lost. Returns whether it
    /// was acquired by this call. Later calls do nothing. A store that fails, for example because its disk is full, is asked
    /// again.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the store is closed.
    pub async fn want<S: HandlerRecords>(&self, store: &S) -> Result<bool, StoreError> {
        if *self.inner.state.borrow() != State::NotWanted {
            return Ok(false);
        }
        let acquired = match store.try_acquire_lease().await {
            Ok(acquired) => acquired,
            Err(StoreError::Closed) => return Err(StoreError::Closed),
            Err(error) => {
                warn_not_acquired(&error);
                None
            }
        };
        let is_acquired = acquired.is_some();
        let is_first = self.inner.state.send_if_modified(|state| {
            let is_first = *state == State::NotWanted;
            if is_first {
                *state = if is_acquired { State::Held } else { State::Wanted };
                *self.inner.acquired() = acquired;
            }
            is_first
        });
        Ok(is_first && is_acquired)
    }

    /// The lease of a store that no other process opens.
    pub fn unshared() -> Self {
        Self { inner: Arc::new(Inner::new(State::Held, Some(HandlersLease::unshared()))) }
    }

    /// Whether this process holds the lease.
    pub fn is_held(&self) -> bool {
        *self.inner.state.borrow() == State::Held
    }

    /// Waits until this process holds the lease, and takes a share for one handler.
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

    /// A share for one handler, if this process holds the lease.
    pub(super) fn hold(&self) -> Option<Held> {
        // While `state` is borrowed the lease cannot change, so this handler is counted before it is acquired anew.
        let state = self.inner.state.borrow();
        if *state != State::Held {
            return None;
        }
        self.inner.running.send_modify(|running| *running += 1);
        Some(Held { lease: self.clone(), state: self.inner.state.subscribe() })
    }

    /// Notes that the store has refused a write because another process holds the lease.
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
            *self.inner.acquired() = None;
        }
    }

    /// Lets the handlers finish their current event and stop. Waits for that, at most `max_wait`, and returns whether they
    /// have.
    pub async fn end(&self, max_wait: Duration) -> bool {
        self.inner.state.send_replace(State::Ending);
        let mut running = self.inner.running.subscribe();
        timeout(max_wait, running.wait_for(|running| *running == 0)).await.is_ok()
    }

    /// Gives up the lease for good.
    pub fn give_up(&self) {
        self.inner.state.send_replace(State::Ending);
        *self.inner.acquired() = None;
    }

    /// Acquires the lease whenever it is wanted.
    async fn keep<S, C, F>(self, store: S, check: C) -> Result<(), StopReason>
    where
        S: HandlerRecords,
        C: Fn() -> F,
        F: Future<Output = Result<(), StopReason>>,
    {
        let (mut state, mut running) = (self.inner.state.subscribe(), self.inner.running.subscribe());
        let mut warned_of = None;
        loop {
            // The senders live in `self`.
            tokio::select! {
                _ = state.wait_for(|state| *state == State::Wanted) => {}
                () = self.loss(self.inner.state.subscribe()) => {
                    self.lose();
                    continue;
                }
            }
            // A handler that still runs under the lost lease must not write under the new one.
            let _ = running.wait_for(|running| *running == 0).await;
            let mut ticks = interval(ASK_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while *self.inner.state.borrow() == State::Wanted {
                ticks.tick().await;
                match store.try_acquire_lease().await {
                    Ok(None) => {}
                    Ok(Some(acquired)) => {
                        check().await?;
                        self.take(acquired);
                        break;
                    }
                    Err(StoreError::Closed) => return Ok(()),
                    // Warn once. A store that has failed for good stops everything by itself.
                    Err(error) if warned_of.as_ref() == Some(&error) => {}
                    Err(error) => {
                        warn_not_acquired(&error);
                        warned_of = Some(error);
                    }
                }
            }
        }
    }

    /// Waits until a lease is lost that its holder can lose between two writes.
    async fn loss(&self, mut state: watch::Receiver<State>) {
        loop {
            let is_held = *state.borrow_and_update() == State::Held;
            let loss = self.inner.acquired().as_ref().filter(|_| is_held).and_then(HandlersLease::loss);
            // The senders live in `self` and with whoever renews the lease.
            let changed = state.changed();
            match loss {
                Some(mut loss) => tokio::select! {
                    _ = loss.wait_for(|is_lost| *is_lost) => return,
                    _ = changed => {}
                },
                None => drop(changed.await),
            }
        }
    }

    fn take(&self, acquired: HandlersLease) {
        *self.inner.acquired() = Some(acquired);
        let is_wanted = |state: &mut State| {
            let is_wanted = *state == State::Wanted;
            if is_wanted {
                *state = State::Held;
            }
            is_wanted
        };
        if !self.inner.state.send_if_modified(is_wanted) {
            *self.inner.acquired() = None;
        }
    }
}

fn warn_not_acquired(error: &StoreError) {
    tracing::warn!("the handlers do not run: {error}");
}

/// One handler's share of the lease. While it exists, this process does not acquire a lost lease anew.
#[derive(Debug)]
pub(super) struct Held {
    lease: Lease,
    /// Its own: to subscribe anew for each event would cost more than to wait.
    state: watch::Receiver<State>,
}

impl Held {
    /// Waits until the lease is lost. The handler must then stop at once.
    pub(super) async fn lost(&mut self) {
        self.until(|state| state == State::Wanted).await;
    }

    /// Waits until the handler must begin no further event, and says why.
    pub(super) async fn ended(&mut self) -> RunEnd {
        match self.until(|state| state != State::Held).await {
            State::Ending => RunEnd::Closed,
            State::NotWanted | State::Wanted | State::Held => RunEnd::LeaseLost,
        }
    }

    pub(super) fn is_ending(&self) -> bool {
        *self.state.borrow() == State::Ending
    }

    async fn until(&mut self, is_awaited: impl Fn(State) -> bool) -> State {
        match self.state.wait_for(|state| is_awaited(*state)).await {
            Ok(state) => *state,
            // The sender lives in `lease`.
            Err(_) => State::Ending,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.lease.inner.running.send_modify(|running| *running -= 1);
    }
}
