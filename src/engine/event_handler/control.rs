//! Requests to a running handler, mostly about its parked events.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use super::EventHandler;
use super::deliveries::{Deliveries, Delivery};
use super::gate::SeamRequest;
use super::panic_guard::Make;
use crate::engine::feed::inbox::Called;
use crate::engine::log::Position;
use crate::engine::runtime::{answered, catch_panic};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, Progress};
use crate::engine::store::{Store, StoreError};

/// The most requests that wait while a handler is busy.
pub(super) const REQUESTS: usize = 16;

/// Controls a running handler. Cheap to clone.
#[derive(Clone)]
pub struct HandlerControl {
    name: &'static str,
    requests: mpsc::Sender<ControlRequest>,
    inbox: Arc<dyn Called>,
    deliveries: Deliveries,
    check: Check,
}

impl fmt::Debug for HandlerControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerControl").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a request to a handler failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ParkedError {
    /// No event is parked under this number.
    #[error("no event is parked under this number")]
    NotParked,
    /// The handler failed at the event again. It stays parked.
    #[error("it failed again: {reason}")]
    FailedAgain {
        /// The failure's reason.
        reason: String,
    },
    /// The handler does not run.
    #[error("its handler does not run")]
    NotRunning,
    /// The store failed.
    #[error("{0}")]
    Store(#[source] StoreError),
}

/// After the lease is lost, the handler runs in another process.
impl From<StoreError> for ParkedError {
    fn from(error: StoreError) -> Self {
        if error == StoreError::LeaseLost { Self::NotRunning } else { Self::Store(error) }
    }
}

impl HandlerControl {
    pub(super) fn new(
        name: &'static str,
        requests: mpsc::Sender<ControlRequest>,
        inbox: Arc<dyn Called>,
        deliveries: Deliveries,
        check: Check,
    ) -> Self {
        Self { name, requests, inbox, deliveries, check }
    }

    /// How the handler's stored state differs from the log; `None` if it does not. The handler keeps running.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the store could not be read.
    pub async fn difference(&self) -> Result<Option<String>, StoreError> {
        (self.check)().await
    }

    /// What came of an event's delivery, if it was among the [`LATEST_DELIVERIES`](super::LATEST_DELIVERIES) since the
    /// handler was started here. Of a process manager only what did not go well at once is remembered: its commands tell the
    /// rest.
    pub fn delivery(&self, position: Position) -> Option<Delivery> {
        self.deliveries.of(position)
    }

    /// The handler's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Calls the handler with a parked event again.
    ///
    /// # Errors
    ///
    /// [`ParkedError`]: why the event is still parked, or was not parked.
    pub async fn retry(&self, number: u64) -> Result<(), ParkedError> {
        self.ask(|reply| ControlRequest::Retry { number, reply }).await
    }

    /// Discards a parked event, unhandled. A process manager [ends](EventHandler::give_up) what it has begun.
    ///
    /// # Errors
    ///
    /// [`ParkedError`]: why the event is still parked, or was not parked.
    pub async fn skip(&self, number: u64) -> Result<(), ParkedError> {
        self.ask(|reply| ControlRequest::Skip { number, reply }).await
    }

    /// Moves the handler's checkpoint over events that it must not handle. To be called while the handlers are
    /// [held](crate::engine::feed::HandlersHeld), so that none of these events is being delivered.
    ///
    /// # Errors
    ///
    /// [`ParkedError`]: why the checkpoint has not moved.
    pub async fn fast_forward(&self, position: Position) -> Result<(), ParkedError> {
        self.ask(|reply| ControlRequest::FastForward { position, reply }).await
    }

    /// The last position after `after` before an event that the handler wants. A stored checkpoint may lag that far
    /// behind although nothing is left to do.
    ///
    /// # Errors
    ///
    /// [`ParkedError`]: the log could not be read.
    pub async fn unwanted_until(&self, after: Position) -> Result<Position, ParkedError> {
        let (reply, answer) = oneshot::channel();
        let request = ControlRequest::UnwantedUntil { after, reply };
        self.requests.send(request).await.map_err(|_| ParkedError::NotRunning)?;
        answered(&self.requests, answer).await.unwrap_or(Err(ParkedError::NotRunning))
    }

    /// Asks something of the handler at its seam.
    ///
    /// # Errors
    ///
    /// [`ParkedError::NotRunning`]: it does not run here.
    pub(in crate::engine) async fn ask_at_seam<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> SeamRequest,
    ) -> Result<T, ParkedError> {
        let (reply, answer) = oneshot::channel();
        self.call(ControlRequest::AtSeam(request(reply))).await?;
        answered(&self.requests, answer).await.ok_or(ParkedError::NotRunning)
    }

    /// Sends a request, and calls the handler away from events it has not begun.
    async fn call(&self, request: ControlRequest) -> Result<(), ParkedError> {
        self.requests.send(request).await.map_err(|_| ParkedError::NotRunning)?;
        self.inbox.call();
        Ok(())
    }

    async fn ask(&self, request: impl FnOnce(Reply) -> ControlRequest) -> Result<(), ParkedError> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| ParkedError::NotRunning)?;
        answered(&self.requests, answer).await.unwrap_or(Err(ParkedError::NotRunning))
    }
}

/// Receives the result of a request.
pub(super) type Reply = oneshot::Sender<Result<(), ParkedError>>;

/// A request to the handler's task.
#[derive(Debug)]
pub(super) enum ControlRequest {
    Retry { number: u64, reply: Reply },
    Skip { number: u64, reply: Reply },
    FastForward { position: Position, reply: Reply },
    UnwantedUntil { after: Position, reply: oneshot::Sender<Result<Position, ParkedError>> },
    AtSeam(SeamRequest),
}

/// Compares a handler's stored state with the log.
pub(super) type Check = Arc<dyn Fn() -> Checking + Send + Sync>;
type Checking = Pin<Box<dyn Future<Output = Result<Option<String>, StoreError>> + Send>>;

/// A running handler may store a new state during a check, which is then repeated. A wrong state stays wrong.
const MAX_CHECKS: usize = 8;

pub(super) fn check<E, H>(make: Make<H>, store: Store<E>) -> Check
where
    E: StoredEvent,
    H: EventHandler<E>,
{
    Arc::new(move || {
        let (make, store) = (make.clone(), store.clone());
        Box::pin(async move {
            let Ok(handler) = catch_panic(|| make()) else { return Ok(None) };
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

/// Reads a running handler's progress again until it stays the same.
#[derive(Default)]
pub(in crate::engine) struct Settling {
    last: Option<Progress>,
    checks: usize,
}

impl Settling {
    /// The stored progress; `None` if it is the same as before, or was read too often.
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
