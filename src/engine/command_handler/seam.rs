//! Appends where the event store may be made to fail.

use super::worker::Worker;
use crate::engine::domain::{Aggregate, Contains, DomainEvent};
use crate::engine::runtime::{StoreFailure, StoreFailureKind};
use crate::engine::seams::Fault;
use crate::engine::store::{Append, Appended, Conflict, EventStore, StoreError};

impl<A, E, S> Worker<A, E, S>
where
    A: Aggregate,
    E: Contains<A::Event> + DomainEvent,
    S: EventStore<E>,
{
    /// Appends events, unless the store's seam says otherwise.
    pub(super) async fn append_at_seam(&mut self, appends: Vec<Append<E>>) -> Result<Appended<E>, StoreError> {
        let Some(seam) = self.seam.clone() else { return self.store.append(appends).await };
        match seam.meet() {
            Some(Fault::Conflict) => Ok(appends.iter().map(|append| Err(conflict(append).into())).collect()),
            Some(Fault::DiskFull) => Err(full_disk()),
            Some(Fault::Delay(delay)) => {
                seam.delay(delay).await;
                self.store.append(appends).await
            }
            Some(_) | None => self.store.append(appends).await,
        }
    }
}

/// As on a full disk, but for this: it is known that nothing was stored, and the application goes on.
pub(in crate::engine) fn full_disk() -> StoreError {
    let message = "the disk was made to be full, and nothing is stored until that is mended; one that is really full stops \
                   everything";
    StoreError::Failed(StoreFailure::of_kind(message, StoreFailureKind::DiskFull))
}

/// As if another event had come first.
fn conflict<E>(append: &Append<E>) -> Conflict {
    let expected = append.expected_version;
    Conflict { expected, actual: expected.plus(1) }
}
