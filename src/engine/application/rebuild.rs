//! Rebuilding the projections.

use tokio::sync::mpsc;

use super::Application;
use crate::engine::feed::RebuildError;
use crate::engine::feed::checkpoints::Consistency;
use crate::engine::log::Position;
use crate::engine::store::EventStore as _;
use crate::engine::store::codec::StoredEvent;

impl<E: StoredEvent> Application<E> {
    /// Rebuilds the projections, and their stored rows, from the whole log as it is now. The old projections answer until
    /// the new ones are complete. `tell` is called now and then with the position reached and the last position. Returns
    /// the position of the new projections. The rebuild completes even if this future is dropped.
    ///
    /// # Errors
    ///
    /// [`RebuildError`]: why the old projections stay.
    pub async fn rebuild(&self, mut tell: impl FnMut(u64, u64) + Send) -> Result<Position, RebuildError> {
        // What another process has stored is folded too. Projections that cannot catch up are rebuilt where they are: that
        // may be what puts them right.
        let _ = self.inner.base.catch_up(Consistency::Strong).await;
        let total = self.store().end().await?.get();
        let (progress, mut reports) = mpsc::channel(1);
        let mut rebuilding = std::pin::pin!(self.inner.feed.rebuild(progress));
        let rebuilt = loop {
            tokio::select! {
                biased;
                rebuilt = &mut rebuilding => break rebuilt?,
                Some(position) = reports.recv() => tell(position.get(), total.max(position.get())),
            }
        };
        tell(rebuilt.get(), total.max(rebuilt.get()));
        self.inner.feed.keep_rows().await;
        self.in_place().await?;
        Ok(rebuilt)
    }
}
