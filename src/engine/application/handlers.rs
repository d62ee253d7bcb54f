//! The handlers of an application, as whoever runs it sees them.

use std::time::Duration;

use super::{Application, Unavailable};
use crate::engine::event_handler::ParkedError;
use crate::engine::feed::checkpoints::HandlerStatus;
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::store::EventStore as _;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedEvent};

/// How long a handler that runs elsewhere may take to answer.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Parked events that one answer lists at the most.
pub const MAX_PARKED: usize = 1_000;

/// A handler, and how it is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandlerReport {
    /// What it says of itself.
    pub status: HandlerStatus,
    /// How many positions it is behind the end of the log.
    pub behind: u64,
    /// How many events it has parked; no more than [`MAX_PARKED`] are counted.
    pub parked: usize,
}

impl<E: StoredEvent> Application<E> {
    /// Every handler, in the order they get events.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the application cannot serve.
    pub async fn handlers(&self) -> Result<Vec<HandlerReport>, Unavailable> {
        let end = self.store().end().await;
        let end = self.or_unavailable(end).await?;
        let parked = self.store().read_parked(0, MAX_PARKED).await;
        let parked = self.or_unavailable(parked).await?;
        let mut reports = Vec::new();
        for status in self.checkpoints().handlers() {
            let status = self.as_written_down(status).await?;
            let behind = end.get().saturating_sub(status.checkpoint.get());
            let parked = parked.iter().filter(|parked| parked.handler == status.name).count();
            reports.push(HandlerReport { status, behind, parked });
        }
        self.in_place().await?;
        Ok(reports)
    }

    /// Of a handler that another process runs, what that process has written down, and has passed over since.
    async fn as_written_down(&self, mut status: HandlerStatus) -> Result<HandlerStatus, Unavailable> {
        if status.condition.elsewhere {
            let progress = self.store().read_progress(status.name).await;
            if let Some(progress) = self.or_unavailable(progress).await? {
                let control = self.handler_controls().into_iter().find(|control| control.name() == status.name);
                let passed = async { control?.unwanted_until(progress.checkpoint).await.ok() };
                // One that has come to run here meanwhile may be at an event.
                let passed = self.supervisor().timeout(AT_ONCE, passed).await.flatten();
                status.checkpoint = passed.unwrap_or(progress.checkpoint);
                status.condition.attempts = progress.attempts;
            }
        }
        Ok(status)
    }

    /// The first [`MAX_PARKED`] events that handlers have set aside, each with the event itself.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the application cannot serve.
    pub async fn parked(&self) -> Result<Vec<(ParkedEvent, Option<RecordedEvent<E>>)>, Unavailable> {
        let parked = self.store().read_parked(0, MAX_PARKED).await;
        let mut answer = Vec::new();
        for parked in self.or_unavailable(parked).await? {
            let event = self.event_at(parked.position).await?;
            answer.push((parked, event));
        }
        self.in_place().await?;
        Ok(answer)
    }

    /// Calls the handler with a parked event again.
    ///
    /// # Errors
    ///
    /// [`ParkedError`]: why the event is still parked, or is not.
    pub async fn retry_parked(&self, number: u64) -> Result<(), ParkedError> {
        for handler in self.handler_controls() {
            match handler.retry(number).await {
                Err(ParkedError::NotParked) => {}
                answer => return answer,
            }
        }
        self.of_no_handler(number).await
    }

    /// Gives a parked event up.
    ///
    /// # Errors
    ///
    /// [`ParkedError`]: why the event is still parked, or is not.
    pub async fn skip_parked(&self, number: u64) -> Result<(), ParkedError> {
        for handler in self.handler_controls() {
            match handler.skip(number).await {
                Err(ParkedError::NotParked) => {}
                answer => return answer,
            }
        }
        self.of_no_handler(number).await
    }

    /// What is parked under this number, if anything, belongs to a handler that this application was started without.
    async fn of_no_handler(&self, number: u64) -> Result<(), ParkedError> {
        let parked = self.store().read_parked(number.saturating_sub(1), 1).await?;
        let is_parked = parked.first().is_some_and(|parked| parked.number == number);
        Err(if is_parked { ParkedError::NotRunning } else { ParkedError::NotParked })
    }

    async fn event_at(&self, position: Position) -> Result<Option<RecordedEvent<E>>, Unavailable> {
        let read = self.store().read_all(position.before(), 1).await;
        let events = self.or_unavailable(read).await?;
        Ok(events.first().filter(|event| event.position == position).cloned())
    }
}
