//! The head of the log, which proves later that the log still leads there.

use super::{Application, Unavailable};
use crate::engine::log::Position;
use crate::engine::store::StoreError;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::log_head::LogHead;

impl<E: StoredEvent> Application<E> {
    /// The position of the last event, and the hash of all events up to it. A head noted elsewhere serves to
    /// [verify](Application::verify_head) the log later. The head is the same in memory, in a file and after an import.
    /// A store in memory computes it from all events at each call.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn head(&self) -> Result<LogHead, Unavailable> {
        self.still_open()?;
        let head = self.store().head(None).await;
        let head = head.and_then(|head| head.ok_or_else(|| StoreError::Failed("the log has no end".into())));
        let head = self.or_unavailable(head).await?;
        self.in_place().await?;
        Ok(head)
    }

    /// The head at a position; `None` if the log has not reached it.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the log cannot be read.
    pub async fn head_at(&self, position: Position) -> Result<Option<LogHead>, Unavailable> {
        self.still_open()?;
        let head = self.store().head(Some(position)).await;
        self.or_unavailable(head).await
    }
}
