//! A feed with a single projection.

use super::Feed;
use super::checkpoints::Checkpoints;
use crate::engine::domain::DomainEvent;
use crate::engine::projection::{Projection, ReadModel};
use crate::engine::runtime::Supervisor;
use crate::engine::store::{EventStore, StoreError};

/// Starts a feed with a single projection, from its stored rows or else from the beginning. For several projections see
/// [`Feed`]; to add one later see [`FeedHandle::add`](super::FeedHandle::add).
///
/// # Errors
///
/// [`StoreError`]: the store could not be read.
pub async fn start<E, P, S>(
    store: S,
    checkpoints: &Checkpoints,
    supervisor: &Supervisor,
) -> Result<ReadModel<P>, StoreError>
where
    E: DomainEvent,
    P: Projection<E>,
    S: EventStore<E>,
{
    let mut feed = Feed::new(checkpoints.clone());
    let model = feed.add();
    feed.restore(&store).await?;
    let _ = feed.start(store, supervisor);
    Ok(model)
}
