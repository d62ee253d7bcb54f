//! A handler's own code, and what becomes of its panics: each is answered with what it said, and what has panicked is
//! made anew before it is called again.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::{EventHandler, Failure, NackAction};
use crate::engine::feed::inbox::{Filter, wants};
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::runtime::panic_message;

pub(super) type Make<H> = Arc<dyn Fn() -> H + Send + Sync>;

/// A handler, for as long as nothing happens to it.
pub(super) struct Instance<E, H> {
    make: Make<H>,
    filter: Filter<E>,
    /// Nothing until it is made anew.
    handler: Option<H>,
}

impl<E, H: EventHandler<E>> Instance<E, H> {
    pub(super) fn new(make: Make<H>, filter: Filter<E>, handler: H) -> Self {
        Self { make, filter, handler: Some(handler) }
    }

    /// Makes the handler anew before it is called again.
    pub(super) fn forget(&mut self) {
        self.handler = None;
    }

    pub(super) fn is_made(&self) -> bool {
        self.handler.is_some()
    }

    /// Makes the handler and lets it remember what it remembered at `checkpoint`; where no `state` was written down yet,
    /// this is what it remembers.
    pub(super) async fn resume(&mut self, state: &mut Option<Box<str>>, checkpoint: Position) {
        let Self { make, handler, .. } = self;
        let handler_there = handler.take();
        let resumed = catch_panic(async {
            let mut made = handler_there.unwrap_or_else(|| make());
            made.resume(state.as_deref(), checkpoint).await?;
            let now = if state.is_none() { made.state() } else { None };
            Ok::<_, Failure>((made, now))
        });
        // What cannot be made now is made, or fails, at its next event.
        if let Ok(Ok((made, now))) = resumed.await {
            *handler = Some(made);
            *state = state.take().or(now);
        }
    }

    /// Makes the handler, if need be, as it was at `checkpoint`.
    async fn made(&mut self, state: Option<&str>, checkpoint: Position) -> Result<Result<&mut H, Failure>, String> {
        if self.handler.is_none() {
            let made = catch_panic(async {
                let mut made = (self.make)();
                made.resume(state, checkpoint).await.map(|()| made)
            });
            match made.await? {
                Ok(made) => self.handler = Some(made),
                Err(failure) => return Ok(Err(failure)),
            }
        }
        self.handler.as_mut().map(Ok).ok_or_else(|| "it is not there".to_owned())
    }

    /// Tells a handler that folds of an event that it could not do with and that is parked.
    pub(super) async fn on_parked(
        &mut self,
        event: &RecordedEvent<E>,
        state: &mut Option<Box<str>>,
        checkpoint: Position,
    ) {
        if !H::FOLDS {
            return;
        }
        let told = match self.made(state.as_deref(), checkpoint).await {
            Ok(Ok(handler)) => catch_panic(async { handler.on_parked(event).await.map(|()| handler.state()) }).await,
            Ok(Err(failure)) => Ok(Err(failure)),
            Err(panic) => Err(panic),
        };
        match told {
            Ok(Ok(now)) => *state = now,
            // It is folded again.
            Ok(Err(_)) | Err(_) => (self.handler, *state) = (None, None),
        }
    }

    /// Whether an event is to be handled, or nobody knows.
    pub(super) fn may_want(&self, event: &RecordedEvent<E>) -> bool {
        wants(&self.filter, event).unwrap_or(true)
    }

    /// Calls the handler with an event that it may want. If it has handled or skipped the event, `state` becomes what
    /// it remembers now; otherwise it remembers `state` again.
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

    /// The error is what a panic said.
    async fn try_call(
        &mut self,
        event: &RecordedEvent<E>,
        state: &mut Option<Box<str>>,
        checkpoint: Position,
    ) -> Result<Result<(), Failure>, String> {
        if !wants(&self.filter, event)? {
            return Ok(Ok(()));
        }
        let handler = match self.made(state.as_deref(), checkpoint).await? {
            Ok(handler) => handler,
            Err(failure) => return Ok(Err(failure)),
        };
        let (outcome, now) = catch_panic(async {
            let outcome = handler.handle(event).await;
            (outcome, handler.state())
        })
        .await?;
        match &outcome {
            Ok(()) | Err(Failure { action: NackAction::Skip, .. }) => *state = now,
            Err(_) if now != *state => self.handler = None,
            Err(_) => {}
        }
        Ok(outcome)
    }

    /// What people should know although nothing has failed.
    pub(super) fn note(&self) -> Option<String> {
        let handler = self.handler.as_ref()?;
        catch(|| handler.note()).unwrap_or_else(|message| Some(format!("what it has to say panicked: {message}")))
    }
}

pub(super) fn catch<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| panic_message(panic.as_ref()))
}

/// Runs a future to its end, or to its panic, and then tells what that said.
async fn catch_panic<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let mut future = pin!(future);
    poll_fn(|context| match catch(|| future.as_mut().poll(context)) {
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(message) => Poll::Ready(Err(message)),
    })
    .await
}
