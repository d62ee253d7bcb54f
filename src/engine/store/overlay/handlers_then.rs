//! Where a handler of the base was when the log ended where the overlay begins.

use super::OverlayStore;
use crate::engine::log::Position;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::Progress;
use crate::engine::store::{MAX_READ, StoreError};

impl<E: StoredEvent> OverlayStore<E> {
    /// The progress of a handler when the log ended here. What its process manager answered only later counts as not
    /// delivered yet, also if it has had no event since. Where it has gone on, its state then is not known any more and is
    /// folded again.
    pub(super) async fn progress_then(&self, handler: &str) -> Result<Option<Progress>, StoreError> {
        let Some(now) = self.progress_now(handler).await? else { return Ok(None) };
        let first_unanswered = self.first_unanswered(handler).await?;
        let checkpoint = first_unanswered.map_or(self.base_end(), Position::before);
        let was_there = now.checkpoint <= checkpoint;
        Ok(Some(if was_there { now } else { Progress { checkpoint, ..Progress::default() } }))
    }

    /// The progress of a handler in the base. Where that does not store it, its state is folded again.
    async fn progress_now(&self, handler: &str) -> Result<Option<Progress>, StoreError> {
        let stored = self.inner.base.read_progress(handler).await?;
        let mut handlers_now = self.inner.handlers_now.get().into_iter().flatten();
        let Some(&(_, checkpoint)) = handlers_now.find(|(name, _)| *name == handler) else { return Ok(stored) };
        let is_known = stored.as_ref().is_some_and(|stored| stored.checkpoint >= checkpoint);
        Ok(if is_known { stored } else { Some(Progress { checkpoint, ..Progress::default() }) })
    }

    /// The first event of this log that a process manager answered after its end. Answers follow their events closely: only
    /// the next page of the base is searched for them.
    async fn first_unanswered(&self, process: &str) -> Result<Option<Position>, StoreError> {
        let next = self.inner.base.next_events(MAX_READ).await?;
        let answers = next.iter().map(|event| &event.metadata).filter(|metadata| metadata.process() == Some(process));
        let mut causes: Vec<_> = answers.map(|metadata| metadata.causation_id()).collect();
        causes.sort_unstable();
        causes.dedup();
        if causes.is_empty() {
            return Ok(None);
        }
        let causes = self.inner.base.read_commands(causes).await?;
        Ok(causes.iter().flatten().filter_map(|events| events.first()).map(|event| event.position).min())
    }
}
