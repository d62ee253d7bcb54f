//! What a question waits for before it is answered.

use super::errors::{QueryError, Unavailable};
use super::{Bank, Moment};
use crate::engine::feed::catch_up::{NotCaughtUp, catch_up, catch_up_to, has_caught_up, is_there};
use crate::engine::feed::checkpoints::Consistency;

impl Bank {
    /// Under strong consistency, waits until the read models know all that was acknowledged to anybody before.
    pub(super) async fn caught_up(&self) -> Result<(), Unavailable> {
        self.still_open()?;
        let checkpoints = &self.inner.checkpoints;
        let is_ready = self.consistency == Consistency::Eventual || has_caught_up(self.event_store(), checkpoints);
        if is_ready {
            return Ok(());
        }
        // In a box: a caller should not carry along the room for a wait that is mostly not needed.
        let waiting = catch_up(self.event_store(), checkpoints);
        match Box::pin(self.unless_stopped(waiting)).await {
            Ok(()) => Ok(()),
            Err(QueryError::Unavailable(unavailable)) => Err(unavailable),
            // There is nothing that was acknowledged and is not there.
            Err(QueryError::NotYet(not_yet)) => Err(Unavailable::Defect(not_yet.to_string())),
        }
    }

    /// Waits until the read models know all that they are asked about a moment. A position they must have seen, whatever
    /// the consistency, and the log must have it.
    pub(super) async fn caught_up_to(&self, moment: Option<Moment>) -> Result<(), QueryError> {
        match moment {
            Some(Moment::Position(position)) if moment != Some(Moment::NOW) => {
                self.still_open()?;
                let checkpoints = &self.inner.checkpoints;
                let waiting = catch_up_to(self.event_store(), checkpoints, position);
                Box::pin(self.unless_stopped(waiting)).await
            }
            _ => Ok(self.caught_up().await?),
        }
    }

    /// Whether the log, which knows everything, has come to a moment that it is asked about.
    pub(super) async fn has_happened(&self, moment: Option<Moment>) -> Result<(), QueryError> {
        let Some(moment) = moment else { return Ok(()) };
        self.still_open()?;
        let looking = is_there(self.event_store(), moment);
        Box::pin(self.unless_stopped(looking)).await
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
