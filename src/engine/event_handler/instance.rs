//! A handler's own code, and what becomes of its panics: each is answered with what it said, and what has panicked is
//! made anew before it is called again.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use super::{EventHandler, Failure, Wish};
use crate::engine::event::RecordedEvent;
use crate::engine::feed::inbox::{Filter, wants};
use crate::engine::supervisor::panic_message;

/// A handler, for as long as nothing happens to it.
pub(super) struct Instance<E, H> {
    make: Box<dyn Fn() -> H + Send + Sync>,
    filter: Filter<E>,
    /// Nothing until it is made anew.
    handler: Option<H>,
}

impl<E, H: EventHandler<E>> Instance<E, H> {
    pub(super) fn new(make: Box<dyn Fn() -> H + Send + Sync>, filter: Filter<E>, handler: H) -> Self {
        Self { make, filter, handler: Some(handler) }
    }

    /// Makes the handler anew before it is called again.
    pub(super) fn forget(&mut self) {
        self.handler = None;
    }

    /// Makes the handler and lets it remember `state`; where there is none yet, this is what it remembers at first.
    pub(super) fn resume(&mut self, state: &mut Option<Box<str>>) {
        let Self { make, handler, .. } = self;
        let resumed = catch(|| {
            let mut made = handler.take().unwrap_or_else(make);
            match &*state {
                Some(state) => made.restore(state),
                None => *state = made.state(),
            }
            made
        });
        // What cannot be made now is made, or fails, at its next event.
        self.handler = resumed.ok();
    }

    /// Whether an event is to be handled, or nobody knows.
    pub(super) fn may_want(&self, event: &RecordedEvent<E>) -> bool {
        wants(&self.filter, event).unwrap_or(true)
    }

    /// Calls the handler with an event that it may want. If it has handled or skipped the event, `state` becomes what
    /// it remembers now; otherwise it remembers `state` again.
    pub(super) async fn call(&mut self, event: &RecordedEvent<E>, state: &mut Option<Box<str>>) -> Result<(), Failure> {
        match self.try_call(event, state).await {
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
    ) -> Result<Result<(), Failure>, String> {
        if !wants(&self.filter, event)? {
            return Ok(Ok(()));
        }
        if self.handler.is_none() {
            let made = catch(|| {
                let mut made = (self.make)();
                if let Some(state) = &*state {
                    made.restore(state);
                }
                made
            });
            self.handler = Some(made?);
        }
        let Some(handler) = &mut self.handler else { return Ok(Ok(())) };
        let (outcome, now) = catch_panic(async {
            let outcome = handler.handle(event).await;
            (outcome, handler.state())
        })
        .await?;
        match &outcome {
            Ok(()) | Err(Failure { wish: Wish::Skip, .. }) => *state = now,
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

fn catch<T>(run: impl FnOnce() -> T) -> Result<T, String> {
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
