//! A log that is held against a head that was noted.

use super::{Bank, LogHead, Unavailable, Verification};
use crate::engine::store::EventStore as _;

impl Bank {
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
        let problem = match self.head_at(noted.position()).await? {
            Some(found) if found == noted => return Ok(verification),
            Some(_) => "another event stands here than the one that was noted".to_owned(),
            None => {
                let end = self.store().end().await;
                format!("the log ends at position {}, before the event that was noted", self.or_unavailable(end).await?)
            }
        };
        Ok(Verification::Broken { position: Some(noted.position()), problem })
    }
}
