//! Where the log ends, to be noted, and a log that is held against what was noted.

use super::{Bank, LogHead, Unavailable, Verification};
use crate::engine::store::{EventStore as _, StoreError};

impl Bank {
    /// The position of the last event, and the hash that covers it and all before it: whoever notes it elsewhere can
    /// tell later whether the log still leads there, see [`Bank::verify_head`]. A log has the same head in memory, in a
    /// file and after an import. In memory it is computed when it is asked for, from all events.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: it could not be read.
    pub async fn head(&self) -> Result<LogHead, Unavailable> {
        let head = self.event_store().head(None).await;
        let head = head.and_then(|head| head.ok_or_else(|| StoreError::Failed("the log has no end".to_owned())));
        let head = self.or_unavailable(head).await?;
        self.in_place().await?;
        Ok(head)
    }

    /// As [`Bank::verify`], and holds the log against a head that was noted: a log that fits together, but was written
    /// anew or is an older copy of itself, does not lead there.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: it could not be read at all.
    pub async fn verify_head(
        &self,
        noted: LogHead,
        tell: impl Fn(u64, u64) + Send + Sync + 'static,
    ) -> Result<Verification, Unavailable> {
        let verification = self.verify(tell).await?;
        if let Verification::Broken { .. } = verification {
            return Ok(verification);
        }
        let found = self.event_store().head(Some(noted.position())).await;
        let problem = match self.or_unavailable(found).await? {
            Some(found) if found == noted => return Ok(verification),
            Some(_) => "another event stands here than the one that was noted".to_owned(),
            None => {
                let end = self.event_store().end().await;
                format!("the log ends at position {}, before the event that was noted", self.or_unavailable(end).await?)
            }
        };
        Ok(Verification::Broken { position: Some(noted.position()), problem })
    }
}
