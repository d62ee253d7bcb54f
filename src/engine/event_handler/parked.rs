//! Parked events: people decide whether a handler tries one again or gives it up.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use super::instance::{Make, catch};
use super::runner::{End, Runner, ended};
use super::{EventHandler, Failure, Wish};
use crate::engine::event::Position;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedChange, ParkedEvent};
use crate::engine::store::stored_event::StoredEvent;
use crate::engine::store::{EventStore as _, Store, StoreError};

/// Requests about parked events that wait for a handler to be free.
pub(super) const REQUESTS: usize = 16;

/// Decides about a handler's parked events. Cheap to clone.
#[derive(Clone)]
pub struct HandlerControl {
    name: &'static str,
    requests: mpsc::Sender<Request>,
    check: Check,
}

impl fmt::Debug for HandlerControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerControl").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why nothing became of a parked event.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ParkedError {
    /// No event is parked under this number.
    #[error("no event is parked under this number")]
    NotParked,
    /// It was tried again, and failed again: it stays parked.
    #[error("it failed again: {reason}")]
    FailedAgain {
        /// What the handler said.
        reason: String,
    },
    /// The handler does not run.
    #[error("its handler does not run")]
    NotRunning,
    /// The store failed.
    #[error("{0}")]
    Store(#[source] StoreError),
}

/// A handler that another process has taken over does not run here.
impl From<StoreError> for ParkedError {
    fn from(error: StoreError) -> Self {
        if error == StoreError::LeaseLost { Self::NotRunning } else { Self::Store(error) }
    }
}

impl HandlerControl {
    pub(super) fn new(name: &'static str, requests: mpsc::Sender<Request>, check: Check) -> Self {
        Self { name, requests, check }
    }

    /// How what the store has of the handler's memory is not what the log makes of it, if that is so. The handler goes on
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store could not be read.
    pub async fn difference(&self) -> Result<Option<String>, StoreError> {
        (self.check)().await
    }

    /// The handler's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Calls the handler with a parked event again.
    ///
    /// # Errors
    ///
    /// [`ParkedError`]: why it is still parked, or is not.
    pub async fn retry(&self, number: u64) -> Result<(), ParkedError> {
        self.ask(|reply| Request::Retry { number, reply }).await
    }

    /// Gives a parked event up.
    ///
    /// # Errors
    ///
    /// [`ParkedError`]: why it is still parked, or is not.
    pub async fn skip(&self, number: u64) -> Result<(), ParkedError> {
        self.ask(|reply| Request::Skip { number, reply }).await
    }

    /// Moves the handler's checkpoint over events that it shall not handle. To be asked while the handlers are held, so
    /// that none of them is on its way to it.
    ///
    /// # Errors
    ///
    /// [`ParkedError`]: why it is still where it was.
    pub async fn pass_over(&self, position: Position) -> Result<(), ParkedError> {
        self.ask(|reply| Request::PassOver { position, reply }).await
    }

    /// Up to where nothing is wanted of it after a position: whoever runs it passes over all of that, and writes it down
    /// only now and then.
    ///
    /// # Errors
    ///
    /// [`ParkedError`]: nobody knows.
    pub async fn passes_over(&self, after: Position) -> Result<Position, ParkedError> {
        let (reply, answer) = oneshot::channel();
        let request = Request::PassesOver { after, reply };
        self.requests.send(request).await.map_err(|_| ParkedError::NotRunning)?;
        answer.await.unwrap_or(Err(ParkedError::NotRunning))
    }

    async fn ask(&self, request: impl FnOnce(Reply) -> Request) -> Result<(), ParkedError> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| ParkedError::NotRunning)?;
        answer.await.unwrap_or(Err(ParkedError::NotRunning))
    }
}

/// Holds what the store has of a handler's memory against the log.
pub(super) type Check = Arc<dyn Fn() -> Checking + Send + Sync>;
type Checking = Pin<Box<dyn Future<Output = Result<Option<String>, StoreError>> + Send>>;

/// A handler that goes on meanwhile writes something else down; but what is wrong stays wrong.
const MAX_CHECKS: usize = 8;

pub(super) fn check<E, H>(make: Make<H>, store: Store<E>) -> Check
where
    E: StoredEvent,
    H: EventHandler<E>,
{
    Arc::new(move || {
        let (make, store) = (make.clone(), store.clone());
        Box::pin(async move {
            let Ok(handler) = catch(|| make()) else { return Ok(None) };
            let mut difference = None;
            let mut checked = None;
            for _ in 0..MAX_CHECKS {
                let progress = store.read_progress(H::NAME).await?;
                let Some(progress) = progress.filter(|progress| checked.as_ref() != Some(progress)) else { break };
                difference = handler.difference(&progress).await?;
                if difference.is_none() {
                    break;
                }
                checked = Some(progress);
            }
            Ok(difference)
        })
    })
}

pub(super) type Reply = oneshot::Sender<Result<(), ParkedError>>;

#[derive(Debug)]
pub(super) enum Request {
    Retry { number: u64, reply: Reply },
    Skip { number: u64, reply: Reply },
    PassOver { position: Position, reply: Reply },
    PassesOver { after: Position, reply: oneshot::Sender<Result<Position, ParkedError>> },
}

impl<E: StoredEvent, H: EventHandler<E>> Runner<E, H> {
    /// The handler runs in another process. What it wants is known here too.
    pub(super) async fn answer_from_beside(&self, request: Request) {
        // A caller that has gone does not want to know.
        match request {
            Request::Retry { reply, .. } | Request::Skip { reply, .. } | Request::PassOver { reply, .. } => {
                let _ = reply.send(Err(ParkedError::NotRunning));
            }
            Request::PassesOver { after, reply } => {
                let answer = self.unwanted_up_to(after).await;
                let _ = reply.send(answer.map_err(ParkedError::from));
            }
        }
    }

    pub(super) async fn answer(&mut self, request: Request) {
        // A caller that has gone does not want to know.
        match request {
            Request::Retry { number, reply } => {
                let answer = self.retry(number).await;
                let _ = reply.send(answer);
            }
            Request::Skip { number, reply } => {
                let answer = self.skip(number).await;
                let _ = reply.send(answer);
            }
            Request::PassOver { position, reply } => {
                let answer = self.pass_over_all(position).await;
                let _ = reply.send(answer.map_err(ParkedError::from));
            }
            Request::PassesOver { after, reply } => {
                let answer = self.unwanted_up_to(after).await;
                let _ = reply.send(answer.map_err(ParkedError::from));
            }
        }
    }

    async fn retry(&mut self, number: u64) -> Result<(), ParkedError> {
        let parked = self.find(number).await?;
        let events = self.store().read_all(parked.position.before(), 1).await?;
        let Some(event) = events.first() else { return Err(ParkedError::NotParked) };
        // What comes of this stands between what is folded already: whatever happens, that is folded again.
        let state = self.progress.state.clone();
        if H::FOLDS {
            self.progress.state = None;
        }
        // Whoever may not write anything down any more does not call the handler either.
        if self.store().is_durable() || H::FOLDS {
            self.write(ParkedChange::None).await?;
        }
        self.progress.state = state;
        let called = self.call(event).await;
        if H::FOLDS {
            self.forget_fold();
            self.remember().await.map_err(|_| ParkedError::NotRunning)?;
        }
        let called = called.map_err(|_| ParkedError::NotRunning)?;
        let (change, answer) = match called {
            Ok(()) | Err(Failure { wish: Wish::Skip, .. }) => (ParkedChange::Remove { number }, Ok(())),
            Err(Failure { reason, .. }) => {
                let tried = self.parked(parked.position, parked.attempts + 1, reason.clone());
                let change = ParkedChange::Keep(ParkedEvent { number, ..tried });
                (change, Err(ParkedError::FailedAgain { reason }))
            }
        };
        self.write(change).await?;
        answer
    }

    async fn skip(&mut self, number: u64) -> Result<(), ParkedError> {
        self.find(number).await?;
        Ok(self.write(ParkedChange::Remove { number }).await?)
    }

    async fn find(&self, number: u64) -> Result<ParkedEvent, ParkedError> {
        let parked = self.store().read_parked(number.saturating_sub(1), 1).await?;
        let parked = parked.into_iter().find(|parked| parked.number == number && parked.handler == H::NAME);
        parked.ok_or(ParkedError::NotParked)
    }

    /// Goes on answering when there are no more events for the handler.
    pub(super) async fn answer_only(&mut self, requests: &mut mpsc::Receiver<Request>) -> End {
        loop {
            tokio::select! {
                end = ended(&self.held) => return end,
                request = requests.recv() => match request {
                    Some(request) => self.answer(request).await,
                    None => return End::Closed,
                },
            }
        }
    }
}
