//! Folding the projections from the log anew.

use tokio::sync::mpsc;

use super::Application;
use crate::engine::feed::RebuildError;
use crate::engine::log::Position;
use crate::engine::store::EventStore as _;
use crate::engine::store::codec::StoredEvent;

impl<E: StoredEvent> Application<E> {
    /// Drops the projections and folds them from the whole log anew; their stored rows too. Until that is done
    /// the old ones answer. `tell` hears now and then up to which position of how many the log has been read. Answers
    /// the position that they are at. If the future is dropped before it is done, the projections are rebuilt all the
    /// same.
    ///
    /// # Errors
    ///
    /// [`RebuildError`]: why the old ones stay.
    pub async fn rebuild(&self, mut tell: impl FnMut(u64, u64) + Send) -> Result<Position, RebuildError> {
        let total = self.store().end().await?.get();
        let (progress, mut heard) = mpsc::channel(1);
        let mut rebuilding = std::pin::pin!(self.inner.feed.rebuild(progress));
        let rebuilt = loop {
            tokio::select! {
                biased;
                rebuilt = &mut rebuilding => break rebuilt?,
                Some(position) = heard.recv() => tell(position.get(), total.max(position.get())),
            }
        };
        tell(rebuilt.get(), total.max(rebuilt.get()));
        self.inner.feed.keep_rows().await;
        self.in_place().await?;
        Ok(rebuilt)
    }
}
