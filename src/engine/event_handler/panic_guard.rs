//! Calls a handler's own code, and catches its panics. A handler that has panicked is created anew before its next call.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::{EventHandler, Failure, NackAction};
use crate::engine::feed::inbox::{Filter, wants};
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::runtime::catch_panic;

pub(super) type Make<H> = Arc<dyn Fn() -> H + Send + Sync>;

/// A handler, and how to create it anew.
pub(super) struct GuardedHandler<E, H> {
    make: Make<H>,
    filter: Filter<E>,
    /// `None` until it is created anew.
    handler: Option<H>,
    /// Whether its state is recorded after each event. In memory, a state that is a fold is folded again when needed.
    keeps_state: bool,
}

impl<E, H: EventHandler<E>> GuardedHandler<E, H> {
    pub(super) fn new(make: Make<H>, filter: Filter<E>, handler: H, is_durable: bool) -> Self {
        Self { make, filter, handler: Some(handler), keeps_state: is_durable || !H::FOLDS }
    }

    /// Discards the handler. It is created anew before its next call.
    pub(super) fn forget(&mut self) {
        self.handler = None;
    }

    pub(super) fn exists(&self) -> bool {
        self.handler.is_some()
    }

    /// Creates the handler if need be, and restores it as it was at `checkpoint`. If no `state` is stored yet, `state`
    /// becomes the handler's own.
    pub(super) async fn resume(&mut self, state: &mut Option<Box<str>>, checkpoint: Position) {
        let Self { make, handler, .. } = self;
        let existing = handler.take();
        let resumed = catch_panic_in(async {
            let mut made = existing.unwrap_or_else(|| make());
            made.resume(state.as_deref(), checkpoint).await?;
            let now = if state.is_none() { made.state() } else { None };
            Ok::<_, Failure>((made, now))
        });
        // A handler that cannot be restored now is restored, or fails, at its next event.
        if let Ok(Ok((made, now))) = resumed.await {
            *handler = Some(made);
            *state = state.take().or(now);
        }
    }

    /// The handler, created as it was at `checkpoint` if need be. The outer error is the message of a panic.
    async fn get_or_create(
        &mut self,
        state: Option<&str>,
        checkpoint: Position,
    ) -> Result<Result<&mut H, Failure>, String> {
        if self.handler.is_none() {
            let made = catch_panic_in(async {
                let mut made = (self.make)();
                made.resume(state, checkpoint).await.map(|()| made)
            });
            match made.await? {
                Ok(made) => self.handler = Some(made),
                Err(failure) => return Ok(Err(failure)),
            }
        }
        self.handler.as_mut().map(Ok).ok_or_else(|| "it could not be created".to_owned())
    }

    /// Lets a handler that folds note an event that is parked.
    pub(super) async fn on_parked(
        &mut self,
        event: &RecordedEvent<E>,
        state: &mut Option<Box<str>>,
        checkpoint: Position,
    ) {
        if !H::FOLDS {
            return;
        }
        let told = match self.get_or_create(state.as_deref(), checkpoint).await {
            Ok(Ok(handler)) => catch_panic_in(async { handler.on_parked(event).await.map(|()| handler.state()) }).await,
            Ok(Err(failure)) => Ok(Err(failure)),
            Err(panic) => Err(panic),
        };
        match told {
            Ok(Ok(now)) => *state = now,
            // The state is folded again.
            Ok(Err(_)) | Err(_) => (self.handler, *state) = (None, None),
        }
    }

    /// Lets the handler end its work on a parked event that is given up.
    pub(super) async fn give_up(
        &mut self,
        event: &RecordedEvent<E>,
        state: &Option<Box<str>>,
        checkpoint: Position,
    ) -> Result<(), Failure> {
        let given_up = match self.get_or_create(state.as_deref(), checkpoint).await {
            Ok(Ok(handler)) => catch_panic_in(handler.give_up(event)).await,
            Ok(Err(failure)) => Ok(Err(failure)),
            Err(panic) => Err(panic),
        };
        given_up.unwrap_or_else(|message| {
            self.handler = None;
            Err(Failure::retry(format!("it panicked: {message}")))
        })
    }

    /// Whether the handler wants an event, or its filter panics.
    pub(super) fn may_want(&self, event: &RecordedEvent<E>) -> bool {
        wants(&self.filter, event).unwrap_or(true)
    }

    /// Calls the handler with an event that it may want. If the event is handled or skipped, `state` becomes the handler's
    /// new state; otherwise the handler returns to `state`.
    pub(super) async fn call(
        &mut self,
        event: &RecordedEvent<E>,
        state: &mut Option<Box<str>>,
        checkpoint: Position,
    ) -> Result<(), Failure> {
        match self.try_call(event, state, checkpoint).await {
            Ok(outcome) => outcome,
            Err(message) => {
                self.handler = None;
                Err(Failure::retry(format!("it panicked: {message}")))
            }
        }
    }

    /// The outer error is the message of a panic.
    async fn try_call(
        &mut self,
        event: &RecordedEvent<E>,
        state: &mut Option<Box<str>>,
        checkpoint: Position,
    ) -> Result<Result<(), Failure>, String> {
        if !wants(&self.filter, event)? {
            return Ok(Ok(()));
        }
        let keeps_state = self.keeps_state;
        let handler = match self.get_or_create(state.as_deref(), checkpoint).await? {
            Ok(handler) => handler,
            Err(failure) => return Ok(Err(failure)),
        };
        let (outcome, now) = catch_panic_in(async {
            let outcome = handler.handle(event).await;
            (outcome, if keeps_state { handler.state() } else { None })
        })
        .await?;
        match &outcome {
            Ok(()) | Err(Failure { action: NackAction::Skip, .. }) => *state = now,
            Err(_) if !keeps_state || now != *state => self.handler = None,
            Err(_) => {}
        }
        Ok(outcome)
    }

    /// The handler's note for users.
    pub(super) fn note(&self) -> Option<String> {
        let handler = self.handler.as_ref()?;
        catch_panic(|| handler.note()).unwrap_or_else(|message| Some(format!("its note panicked: {message}")))
    }
}

/// Runs a future to its end. The error is the message of a panic.
async fn catch_panic_in<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_panic(|| future.as_mut().poll(context)) {
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(message) => Poll::Ready(Err(message)),
    })
    .await
}
