//! Where the log ends, to be noted elsewhere.

use super::{Application, Unavailable};
use crate::engine::log::Position;
use crate::engine::store::StoreError;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::log_head::LogHead;

impl<E: StoredEvent> Application<E> {
    /// The position of the last event, and the hash that covers it and all before it: whoever notes it elsewhere can
    /// tell later whether the log still leads there. A log has the same head in memory, in a
    /// file and after an import. In memory it is computed when it is asked for, from all events.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: it could not be read.
    pub async fn head(&self) -> Result<LogHead, Unavailable> {
        let head = self.store().head(None).await;
        let head = head.and_then(|head| head.ok_or_else(|| StoreError::Failed("the log has no end".into())));
        let head = self.or_unavailable(head).await?;
        self.in_place().await?;
        Ok(head)
    }

    /// The head that the log had at a position; `None` for a position that it has not reached.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: it could not be read.
    pub async fn head_at(&self, position: Position) -> Result<Option<LogHead>, Unavailable> {
        let head = self.store().head(Some(position)).await;
        self.or_unavailable(head).await
    }
}
