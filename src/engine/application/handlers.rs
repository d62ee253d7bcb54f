//! The state of an application's handlers, and their parked events.

use std::time::Duration;

use super::{Application, Unavailable};
use crate::engine::event_handler::{HandlerControl, ParkedError};
use crate::engine::feed::checkpoints::{Consistency, HandlerState, HandlerStatus};
use crate::engine::log::{Position, RecordedEvent};
use crate::engine::store::EventStore as _;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::{HandlerRecords as _, ParkedEvent};

/// How long a report waits for a handler that another process runs.
const MAX_REPORT_WAIT: Duration = Duration::from_secs(1);

/// The most parked events that one call lists.
pub const MAX_PARKED: usize = 1_000;

/// A handler, and how it is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandlerReport {
    /// The handler's own report.
    pub status: HandlerStatus,
    /// How many positions the handler is behind the end of the log.
    pub behind: u64,
    /// The number of its parked events among the first [`MAX_PARKED`].
    pub parked: usize,
}

impl<E: StoredEvent> Application<E> {
    /// All handlers, in the order in which events are delivered to them.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the application cannot serve.
    pub async fn handlers(&self) -> Result<Vec<HandlerReport>, Unavailable> {
        self.still_open()?;
        let end = self.store().end().await;
        let end = self.or_unavailable(end).await?;
        let parked = self.store().read_parked(0, MAX_PARKED).await;
        let parked = self.or_unavailable(parked).await?;
        let mut reports = Vec::new();
        for status in self.checkpoints().handlers() {
            let status = self.with_stored_progress(status).await?;
            let behind = end.get().saturating_sub(status.checkpoint.get());
            let parked = parked.iter().filter(|parked| parked.handler == status.name).count();
            reports.push(HandlerReport { status, behind, parked });
        }
        self.in_place().await?;
        Ok(reports)
    }

    /// For a handler that another process runs, the progress that it has stored, and the events that need no handling
    /// since.
    async fn with_stored_progress(&self, mut status: HandlerStatus) -> Result<HandlerStatus, Unavailable> {
        if status.condition.state == HandlerState::RunningElsewhere {
            let progress = self.store().read_progress(status.name).await;
            if let Some(progress) = self.or_unavailable(progress).await? {
                let control = self.handler_controls().into_iter().find(|control| control.name() == status.name);
                let passed = async { control?.unwanted_until(progress.checkpoint).await.ok() };
                // Bounded: if this process has just taken the handler over, it may be busy with an event.
                let passed = self.supervisor().timeout(MAX_REPORT_WAIT, passed).await.flatten();
                status.checkpoint = passed.unwrap_or(progress.checkpoint);
                status.condition.attempts = progress.attempts;
            }
        }
        Ok(status)
    }

    /// The first [`MAX_PARKED`] parked events, each with the recorded event.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the application cannot serve.
    pub async fn parked(&self) -> Result<Vec<(ParkedEvent, Option<RecordedEvent<E>>)>, Unavailable> {
        self.still_open()?;
        let parked = self.store().read_parked(0, MAX_PARKED).await;
        let mut events = Vec::new();
        for parked in self.or_unavailable(parked).await? {
            let event = self.event_at(parked.position).await?;
            events.push((parked, event));
        }
        self.in_place().await?;
        Ok(events)
    }

    /// Redelivers a parked event to its handler. Under strong consistency, what that leads to has been seen afterwards, unless
    /// it takes longer than [`MAX_WAIT`](crate::engine::feed::checkpoints::MAX_WAIT).
    ///
    /// # Errors
    ///
    /// [`ParkedError`]: why the event is still parked, or that it is not parked.
    pub async fn retry_parked(&self, number: u64) -> Result<(), ParkedError> {
        self.and_what_follows(number, self.ask_each(number, HandlerControl::retry)).await
    }

    /// The event that is parked under a number, or under the next one that there is.
    async fn parked_event(&self, number: u64) -> Result<Option<RecordedEvent<E>>, ParkedError> {
        let parked = self.store().read_parked(number.saturating_sub(1), 1).await?;
        let Some(parked) = parked.first() else { return Ok(None) };
        Ok(self.store().read_all(parked.position.before(), 1).await?.first().cloned())
    }

    /// Gives up a parked event. A process manager [ends](crate::engine::process_manager::ProcessManager::give_up) what the
    /// event began. Under strong consistency, that has been seen afterwards, as after
    /// [`retry_parked`](Application::retry_parked).
    ///
    /// # Errors
    ///
    /// [`ParkedError`]: why the event is still parked, or that it is not parked.
    pub async fn skip_parked(&self, number: u64) -> Result<(), ParkedError> {
        self.and_what_follows(number, self.ask_each(number, HandlerControl::skip)).await
    }

    /// Has something done with a parked event. Under strong consistency, waits until what that leads to was seen.
    async fn and_what_follows(
        &self,
        number: u64,
        done: impl Future<Output = Result<(), ParkedError>>,
    ) -> Result<(), ParkedError> {
        let event = match self.consistency {
            Consistency::Strong => self.parked_event(number).await?,
            Consistency::Eventual => None,
        };
        done.await?;
        if let Some(event) = event {
            self.inner.base.wait_until_answers_are_seen(&event).await;
        }
        Ok(())
    }

    /// Asks the handlers until one has parked an event under this number.
    async fn ask_each(
        &self,
        number: u64,
        ask: impl AsyncFn(&HandlerControl, u64) -> Result<(), ParkedError>,
    ) -> Result<(), ParkedError> {
        for handler in self.handler_controls() {
            match ask(&handler, number).await {
                Err(ParkedError::NotParked) => {}
                answer => return answer,
            }
        }
        self.error_without_handler(number).await
    }

    /// An event parked under this number, if any, belongs to a handler that this application does not have.
    async fn error_without_handler(&self, number: u64) -> Result<(), ParkedError> {
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
