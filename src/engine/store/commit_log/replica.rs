//! A replica as its readers see it: the log, and how far the store has come.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::{CommitLog, SharedRecords};
use crate::engine::store::StoreError;

/// How long to wait until the store has taken in what the log holds.
const MAX_WAIT: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
pub(in crate::engine) struct Replica {
    pub(in crate::engine) log: Arc<dyn CommitLog>,
    /// The last entry whose events are stored and published.
    pub(in crate::engine::store) published: watch::Receiver<u64>,
}

impl Replica {
    pub(in crate::engine::store) fn records(&self) -> Option<&dyn SharedRecords> {
        self.log.records()
    }

    /// Waits until the store holds whatever the log does now.
    pub(in crate::engine::store) async fn come_up_to_date(&self) -> Result<(), StoreError> {
        let end = self.log.end().await?;
        let mut published = self.published.clone();
        match timeout(MAX_WAIT, published.wait_for(|published| *published >= end)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(StoreError::Closed),
            Err(_) => {
                let at = *self.published.borrow();
                Err(StoreError::Unavailable(format!("of {end} entries of the log, {at} have come here so far")))
            }
        }
    }

    /// Waits until the store holds whatever the log does now, for as long as more comes.
    #[cfg(feature = "nats")]
    pub(in crate::engine::store) async fn catch_up(&self) -> Result<(), StoreError> {
        loop {
            let begun = *self.published.borrow();
            match self.come_up_to_date().await {
                Err(StoreError::Unavailable(_)) if *self.published.borrow() > begun => {}
                caught_up => return caught_up,
            }
        }
    }
}
