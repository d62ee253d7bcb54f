//! Reading the log, single streams, and the past state of aggregates.

use super::{Application, QueryError, Receipt, Unavailable};
use crate::engine::command_handler::load::load_at;
use crate::engine::command_handler::state::apply_all;
use crate::engine::domain::{Aggregate, Contains};
use crate::engine::log::{Moment, Position, RecordedEvent, StreamId, Version};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{EventStore as _, LogPages};

impl<E: StoredEvent> Application<E> {
    /// Reads at most `limit` events of the log, from position `from` on.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn events(&self, from: Position, limit: usize) -> Result<Vec<RecordedEvent<E>>, Unavailable> {
        self.come_up_to_date().await?;
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
        let Some(correlation_id) = events.first().map(|event| event.metadata.correlation_id()) else {
            return Ok(events);
        };
        let mut pages = LogPages::between(self.store(), receipt.position(), receipt.seen_up_to());
        while let Some(page) = self.or_unavailable(pages.next().await).await? {
            events.extend(page.iter().filter(|event| event.metadata.correlation_id() == correlation_id).cloned());
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
        let version = self.version_at(stream, Moment::Position(from.before())).await?;
        self.events_after(stream, version, limit).await
    }

    /// The last `limit` events of the log, or of a stream.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn latest_events(
        &self,
        stream: Option<&StreamId>,
        limit: usize,
    ) -> Result<Vec<RecordedEvent<E>>, Unavailable> {
        self.still_open()?;
        let skipped = |end: u64| end.saturating_sub(limit as u64);
        let Some(stream) = stream else {
            let end = self.store().end().await;
            let end = self.or_unavailable(end).await?;
            return self.events(Position::new(skipped(end.get()) + 1), limit).await;
        };
        let end = self.version_at(stream, Moment::NOW).await?;
        self.events_after(stream, Version::new(skipped(end.get())), limit).await
    }

    /// At most `limit` events of a stream after a version.
    pub(crate) async fn events_after(
        &self,
        stream: &StreamId,
        mut version: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent<E>>, Unavailable> {
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
        self.come_up_to_date().await?;
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
        self.come_up_to_date().await?;
        let loaded = load_at(self.store(), stream, moment, apply_all).await;
        Ok(self.or_unavailable(loaded).await?.state)
    }
}
