//! Listing the snapshots of a stream.

use super::{Application, Unavailable};
use crate::engine::log::{Position, StreamId};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{EventStore as _, SnapshotEntry};

impl<E: StoredEvent> Application<E> {
    /// Lists at most `limit` snapshots of a stream, first to last, from position `from` on. A snapshot that no load would
    /// use, because it does not match its event, is not listed.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the store cannot be read.
    pub async fn snapshots(
        &self,
        stream: &StreamId,
        from: Position,
        limit: usize,
    ) -> Result<Vec<SnapshotEntry>, Unavailable> {
        self.still_open()?;
        let (mut after, mut snapshots) = (from.before(), Vec::new());
        while snapshots.len() < limit {
            let page = self.store().list_snapshots(stream, after, limit - snapshots.len()).await;
            let page = self.or_unavailable(page).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            snapshots.extend(page);
        }
        Ok(snapshots)
    }
}
