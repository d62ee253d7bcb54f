//! The cluster that keeps the log.

use super::{Application, Unavailable};
use crate::engine::store::StoreError;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::commit_log::ClusterNode;

impl<E: StoredEvent> Application<E> {
    /// The servers that keep the log, the leader first; `None` if the log is not on a cluster.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the cluster could not be asked, or has no leader that a majority of its servers follows.
    pub async fn cluster(&self) -> Result<Option<Vec<ClusterNode>>, Unavailable> {
        self.still_open()?;
        let Some(log) = self.store().cluster_log() else { return Ok(None) };
        let Some(cluster) = log.cluster() else { return Ok(None) };
        let nodes = cluster.nodes().await.map_err(StoreError::from);
        self.or_unavailable(nodes).await.map(Some)
    }
}
