//! What a question waits for before it is answered.

use super::{Application, QueryError, Unavailable};
use crate::engine::event::Position;
use crate::engine::feed::catch_up::{NotCaughtUp, catch_up, catch_up_to, has_caught_up, is_there};
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::moment::Moment;
use crate::engine::store::stored_event::StoredEvent;

impl<E: StoredEvent> Application<E> {
    /// Under strong consistency, waits until the read models know all that was acknowledged to anybody before.
    pub(crate) async fn caught_up(&self) -> Result<(), Unavailable> {
        self.still_open()?;
        let (store, checkpoints) = (&self.inner.store, &self.inner.checkpoints);
        if self.consistency == Consistency::Eventual || has_caught_up(store, checkpoints) {
            return Ok(());
        }
        // Boxed: keeps the common future small.
        match Box::pin(self.unless_stopped(catch_up(store, checkpoints))).await {
            Ok(()) => Ok(()),
            Err(QueryError::Unavailable(unavailable)) => Err(unavailable),
            // There is nothing that was acknowledged and is not there.
            Err(QueryError::NotYet(not_yet)) => Err(Unavailable::Defect(not_yet.to_string())),
        }
    }

    /// Waits until the read models know all that they are asked about a moment. A position they must have seen, whatever
    /// the consistency, and the log must have it.
    pub(crate) async fn caught_up_to(&self, moment: Option<Moment>) -> Result<(), QueryError> {
        match moment {
            Some(Moment::Position(position)) if moment != Some(Moment::NOW) => self.passed(position).await,
            _ => Ok(self.caught_up().await?),
        }
    }

    /// Waits until the read models know all that there was at a position, which the log must have.
    pub(super) async fn passed(&self, position: Position) -> Result<(), QueryError> {
        self.still_open()?;
        let (store, checkpoints) = (&self.inner.store, &self.inner.checkpoints);
        Box::pin(self.unless_stopped(catch_up_to(store, checkpoints, position))).await
    }

    /// Whether the log, which knows everything, has come to a moment that it is asked about.
    pub(crate) async fn has_happened(&self, moment: Option<Moment>) -> Result<(), QueryError> {
        let Some(moment) = moment else { return Ok(()) };
        self.still_open()?;
        Box::pin(self.unless_stopped(is_there(&self.inner.store, moment))).await
    }

    async fn unless_stopped(&self, waiting: impl Future<Output = Result<(), NotCaughtUp>>) -> Result<(), QueryError> {
        tokio::select! {
            biased;
            caught_up = waiting => match caught_up {
                Err(NotCaughtUp::Store(error)) => Ok(self.or_unavailable(Err(error)).await?),
                caught_up => Ok(caught_up?),
            },
            _ = self.inner.supervisor.stopped() => Ok(self.still_open()?),
        }
    }
}
