//! Reading the log, single streams, and the past state of aggregates.

use super::{Application, QueryError, Receipt, Unavailable};
use crate::engine::command_handler::load::{load_at, restore_at};
use crate::engine::command_handler::state::apply_all;
use crate::engine::domain::{Aggregate, Contains};
use crate::engine::log::{Batch, Moment, Position, RecordedEvent, StreamId, Version};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{EventStore as _, LogPages, MAX_READ};

impl<E: StoredEvent> Application<E> {
    /// Reads at most `limit` events of the log, from position `from` on.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn events(&self, from: Position, limit: usize) -> Result<Vec<RecordedEvent<E>>, Unavailable> {
        self.still_open()?;
        let mut after = from.before();
        let mut events = Vec::new();
        while events.len() < limit {
            let page = self.store().read_all(after, limit - events.len()).await;
            let page = self.or_unavailable(page).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            events.extend(page.iter().cloned());
        }
        Ok(events)
    }

    /// The events of a command, and those that process managers caused by them, up to [`Receipt::seen_up_to`].
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn conversation(&self, receipt: &Receipt<E>) -> Result<Vec<RecordedEvent<E>>, Unavailable> {
        let mut events = receipt.events().to_vec();
        let Some(correlation_id) = events.first().map(|event| event.metadata.correlation_id) else { return Ok(events) };
        let mut pages = LogPages::between(self.store(), receipt.position(), receipt.seen_up_to());
        while let Some(page) = self.or_unavailable(pages.next().await).await? {
            events.extend(page.iter().filter(|event| event.metadata.correlation_id == correlation_id).cloned());
        }
        Ok(events)
    }

    /// Reads at most `limit` events of a stream, from position `from` on.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn stream_events(
        &self,
        stream: &StreamId,
        from: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent<E>>, Unavailable> {
        self.still_open()?;
        let mut version = self.version_at(stream, Moment::Position(from.before())).await?;
        let mut events = Vec::new();
        while events.len() < limit {
            let page = self.store().read_stream(stream, version, limit - events.len()).await;
            let page = self.or_unavailable(page).await?;
            let Some(last) = page.last() else { break };
            version = last.version;
            events.extend(page.iter().cloned());
        }
        Ok(events)
    }

    /// The version of a stream at a moment.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn version_at(&self, stream: &StreamId, moment: Moment) -> Result<Version, Unavailable> {
        self.still_open()?;
        let version = self.store().stream_version(stream, moment).await;
        self.or_unavailable(version).await
    }

    /// An aggregate as it was at a moment, loaded from its last snapshot before the moment and the events since.
    ///
    /// # Errors
    ///
    /// [`QueryError`]: the log has not reached the moment, or cannot be read.
    pub async fn state_at<A: Aggregate>(&self, stream: &StreamId, moment: Moment) -> Result<A, QueryError>
    where
        E: Contains<A::Event>,
    {
        self.has_happened(Some(moment)).await?;
        Ok(self.state_up_to(stream, moment).await?)
    }

    pub(crate) async fn state_up_to<A: Aggregate>(&self, stream: &StreamId, moment: Moment) -> Result<A, Unavailable>
    where
        E: Contains<A::Event>,
    {
        self.still_open()?;
        let loaded = load_at(self.store(), stream, moment, apply_all).await;
        Ok(self.or_unavailable(loaded).await?.state)
    }

    /// An aggregate restored from its last snapshot before a moment, and the first events after that snapshot.
    pub(crate) async fn snapshot_at<A: Aggregate>(
        &self,
        stream: &StreamId,
        moment: Moment,
    ) -> Result<(A, Batch<E>), Unavailable> {
        let restored = restore_at(self.store(), stream, moment).await;
        let (loaded, events) = self.or_unavailable(restored).await?;
        Ok((loaded.state, events))
    }

    /// Calls `wants_more` with each event of a page of a stream and of the pages after it, until it returns false.
    pub(crate) async fn visit(
        &self,
        stream: &StreamId,
        mut page: Batch<E>,
        mut wants_more: impl FnMut(&RecordedEvent<E>) -> bool,
    ) -> Result<(), Unavailable> {
        self.still_open()?;
        while let Some(last) = page.last() {
            if !page.iter().all(&mut wants_more) {
                return Ok(());
            }
            let next = self.store().read_stream(stream, last.version, MAX_READ).await;
            page = self.or_unavailable(next).await?;
        }
        Ok(())
    }
}
