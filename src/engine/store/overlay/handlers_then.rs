//! Where a handler of the base was when the log ended where the overlay begins.

use super::OverlayStore;
use crate::engine::log::Position;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::Progress;
use crate::engine::store::{MAX_READ, StoreError};

impl<E: StoredEvent> OverlayStore<E> {
    /// The progress of a handler when the log ended here. Where it has gone on since, its state then is not known any more
    /// and is folded again; and what its process manager answered only later counts as not delivered yet.
    pub(super) async fn progress_then(&self, handler: &str) -> Result<Option<Progress>, StoreError> {
        let Some(now) = self.inner.base.read_progress(handler).await? else { return Ok(None) };
        if now.checkpoint <= self.base_end() {
            return Ok(Some(now));
        }
        let checkpoint = match self.first_unanswered(handler).await? {
            Some(first) => first.before(),
            None => self.base_end(),
        };
        Ok(Some(Progress { checkpoint, ..Progress::default() }))
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
