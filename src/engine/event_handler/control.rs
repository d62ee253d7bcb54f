//! What may be asked of a handler while it runs: mostly what people decide about the events it has parked.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use super::EventHandler;
use super::instance::{Make, catch};
use crate::engine::log::Position;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, Progress};
use crate::engine::store::{Store, StoreError};

/// Requests about parked events that wait for a handler to be free.
pub(super) const REQUESTS: usize = 16;

/// Decides about a handler's parked events. Cheap to clone.
#[derive(Clone)]
pub struct HandlerControl {
    name: &'static str,
    requests: mpsc::Sender<ControlRequest>,
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
    pub(super) fn new(name: &'static str, requests: mpsc::Sender<ControlRequest>, check: Check) -> Self {
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
        self.ask(|reply| ControlRequest::Retry { number, reply }).await
    }

    /// Gives a parked event up.
    ///
    /// # Errors
    ///
    /// [`ParkedError`]: why it is still parked, or is not.
    pub async fn skip(&self, number: u64) -> Result<(), ParkedError> {
        self.ask(|reply| ControlRequest::Skip { number, reply }).await
    }

    /// Moves the handler's checkpoint over events that it shall not handle. To be asked while the handlers are held, so
    /// that none of them is on its way to it.
    ///
    /// # Errors
    ///
    /// [`ParkedError`]: why it is still where it was.
    pub async fn fast_forward(&self, position: Position) -> Result<(), ParkedError> {
        self.ask(|reply| ControlRequest::FastForward { position, reply }).await
    }

    /// Up to where nothing is wanted of it after a position: whoever runs it passes over all of that, and writes it down
    /// only now and then.
    ///
    /// # Errors
    ///
    /// [`ParkedError`]: nobody knows.
    pub async fn unwanted_until(&self, after: Position) -> Result<Position, ParkedError> {
        let (reply, answer) = oneshot::channel();
        let request = ControlRequest::UnwantedUntil { after, reply };
        self.requests.send(request).await.map_err(|_| ParkedError::NotRunning)?;
        answer.await.unwrap_or(Err(ParkedError::NotRunning))
    }

    async fn ask(&self, request: impl FnOnce(Reply) -> ControlRequest) -> Result<(), ParkedError> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| ParkedError::NotRunning)?;
        answer.await.unwrap_or(Err(ParkedError::NotRunning))
    }
}

/// Answers with what came of a request.
pub(super) type Reply = oneshot::Sender<Result<(), ParkedError>>;

/// What the runner is asked.
#[derive(Debug)]
pub(super) enum ControlRequest {
    Retry { number: u64, reply: Reply },
    Skip { number: u64, reply: Reply },
    FastForward { position: Position, reply: Reply },
    UnwantedUntil { after: Position, reply: oneshot::Sender<Result<Position, ParkedError>> },
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
            let (mut settling, mut difference) = (Settling::default(), None);
            while let Some(progress) = settling.next(&store, H::NAME).await? {
                difference = handler.difference(&progress).await?;
                if difference.is_none() {
                    break;
                }
            }
            Ok(difference)
        })
    })
}

/// Reads a handler's progress until it has settled.
#[derive(Default)]
pub(in crate::engine) struct Settling {
    last: Option<Progress>,
    checks: usize,
}

impl Settling {
    /// What the store has now; `None` if that was checked already, or enough was.
    pub(in crate::engine) async fn next<E: StoredEvent>(
        &mut self,
        store: &Store<E>,
        handler: &str,
    ) -> Result<Option<Progress>, StoreError> {
        if self.checks == MAX_CHECKS {
            return Ok(None);
        }
        self.checks += 1;
        let progress = store.read_progress(handler).await?.filter(|progress| self.last.as_ref() != Some(progress));
        self.last.clone_from(&progress);
        Ok(progress)
    }
}
