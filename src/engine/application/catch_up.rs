//! Waiting until the read models are recent enough to answer a question.

use super::{Application, Base, QueryError, Unavailable};
use crate::engine::feed::catch_up::{self, NotCaughtUp, has_caught_up, has_reached};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::{Moment, Position};
use crate::engine::store::EventStore as _;
use crate::engine::store::codec::StoredEvent;

impl<E: StoredEvent> Base<E> {
    /// Under strong consistency, waits until the read models include every event acknowledged so far, by any process.
    /// Answers whether there was anything to wait for: otherwise none of them is held behind the log.
    pub(super) async fn catch_up(&self, consistency: Consistency) -> Result<bool, Unavailable> {
        self.still_open()?;
        let (store, checkpoints) = (&self.store, &self.checkpoints);
        checkpoints.ask();
        if consistency == Consistency::Eventual || has_caught_up(store, checkpoints) {
            return Ok(false);
        }
        // Boxed: keeps the common future small.
        match Box::pin(self.unless_stopped(catch_up::catch_up(store, checkpoints))).await {
            Ok(()) => Ok(true),
            Err(QueryError::Unavailable(unavailable)) => Err(unavailable),
            // Cannot happen: an acknowledged event is in the log.
            Err(QueryError::NotYet(not_yet)) => Err(Unavailable::Defect(not_yet.to_string())),
        }
    }

    async fn unless_stopped(&self, waiting: impl Future<Output = Result<(), NotCaughtUp>>) -> Result<(), QueryError> {
        let caught_up = tokio::select! {
            biased;
            caught_up = waiting => caught_up,
            _ = self.supervisor.stopped() => return Ok(self.still_open()?),
        };
        match caught_up {
            Err(NotCaughtUp::Store(error)) => Ok(self.or_unavailable(Err(error)).await?),
            // After a stop the read models stand still, so the stop is the reason.
            Err(behind @ NotCaughtUp::Behind { .. }) => {
                self.still_open()?;
                Err(behind.into())
            }
            caught_up => Ok(caught_up?),
        }
    }
}

impl<E: StoredEvent> Application<E> {
    /// Under strong consistency, waits until the read models include every event acknowledged so far, by any process.
    pub(crate) async fn catch_up(&self) -> Result<(), Unavailable> {
        let base = &self.inner.base;
        match base.catch_up(self.consistency).await? {
            false => Ok(()),
            true => Box::pin(self.note_held(base.store.acknowledged())).await,
        }
    }

    /// Notes, for whoever shows the answer, how much of the log it has to know.
    async fn note_held(&self, end: Option<Position>) -> Result<(), Unavailable> {
        let end = match end {
            Some(end) => end,
            None => {
                let end = self.store().end().await;
                self.or_unavailable(end).await?
            }
        };
        self.inner.seams.note_answer(end);
        Ok(())
    }

    /// Under strong consistency, waits until what is read from the store includes every event acknowledged so far, by any
    /// process.
    pub(super) async fn come_up_to_date(&self) -> Result<(), Unavailable> {
        self.still_open()?;
        if self.consistency == Consistency::Eventual {
            return Ok(());
        }
        let up_to_date = self.store().come_up_to_date().await;
        self.or_unavailable(up_to_date).await
    }

    /// Waits until the read models can answer for a moment. A position must exist in the log, and the read models must
    /// have reached it whatever the consistency.
    pub(crate) async fn catch_up_to(&self, moment: Option<Moment>) -> Result<(), QueryError> {
        match moment {
            Some(Moment::Position(position)) if moment != Some(Moment::NOW) => {
                self.catch_up_to_position(position).await
            }
            _ => Ok(self.catch_up().await?),
        }
    }

    /// Waits until the read models have reached a position, which must exist in the log.
    pub(super) async fn catch_up_to_position(&self, position: Position) -> Result<(), QueryError> {
        let base = &self.inner.base;
        base.still_open()?;
        Box::pin(base.unless_stopped(catch_up::catch_up_to(&base.store, &base.checkpoints, position))).await?;
        if !base.checkpoints.is_seen_by_projections(position) {
            Box::pin(self.note_held(Some(position))).await?;
        }
        Ok(())
    }

    /// An error if the log has not reached a moment.
    pub(crate) async fn has_happened(&self, moment: Option<Moment>) -> Result<(), QueryError> {
        let Some(moment) = moment else { return Ok(()) };
        let base = &self.inner.base;
        base.still_open()?;
        Box::pin(base.unless_stopped(has_reached(&base.store, moment))).await
    }
}
