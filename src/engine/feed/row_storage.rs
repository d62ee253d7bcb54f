//! Stored rows of projections, so that reopening a store does not fold its whole log.
//!
//! Changed rows are written now and then, in one transaction with their checkpoint. Later events are folded from the log.

use thiserror::Error;

use super::projections::Members;
use crate::engine::domain::DomainEvent;
use crate::engine::log::Position;
use crate::engine::projection::{ProjectionHost, UnreadableRow};
use crate::engine::runtime::StopReason;
use crate::engine::store::{EventStore, StoreError};

/// The most events between two writes, which is also the most that are folded when a store is reopened.
const KEEP_EVERY: u64 = 8_192;

/// The same while the log is read from far behind. More often, writing the rows would take longer than folding them.
const KEEP_EVERY_BEHIND: u64 = 16 * KEEP_EVERY;

/// The checkpoint of the rows written last.
#[derive(Debug, Default)]
pub(super) struct Kept(Position);

impl Kept {
    /// Whether changed rows are due to be written at a position. `is_behind` says that more of the log is to be read there.
    pub(super) fn is_due_at(&self, position: Position, is_behind: bool) -> bool {
        let most = if is_behind { KEEP_EVERY_BEHIND } else { KEEP_EVERY };
        position.get() - self.0.get() >= most
    }

    /// Writes the rows that have changed.
    pub(super) async fn write<E: DomainEvent, S: EventStore<E>>(
        &mut self,
        members: &mut Members<E>,
        store: &S,
    ) -> Result<(), StopReason> {
        let updates = members.hosts().enumerate().filter_map(|(number, host)| Some((number, host.update()?)));
        let (numbers, updates): (Vec<_>, Vec<_>) = updates.unzip();
        // Not the least: one that is held would make rows due at every event.
        self.0 = members.hosts().map(|host| host.done()).max().unwrap_or_default();
        if updates.is_empty() {
            return Ok(());
        }
        let checkpoints: Vec<_> = updates.iter().map(|update| update.checkpoint).collect();
        match store.write_projections(updates).await {
            Ok(written) => {
                for ((number, written), checkpoint) in numbers.into_iter().zip(written).zip(checkpoints) {
                    members.host(number).updated(written, checkpoint);
                }
                Ok(())
            }
            Err(StoreError::Closed) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Why the rows of a projection were not restored.
#[derive(Debug, Error)]
enum RestoreError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Row(#[from] UnreadableRow),
}

/// Restores the rows of a projection. If they are missing, of another version, or unreadable, it starts at the beginning.
pub(super) async fn restore<E: DomainEvent, S: EventStore<E>>(
    host: &mut dyn ProjectionHost<E>,
    store: &S,
) -> Result<(), StoreError> {
    let Some(name) = host.rows_name() else { return Ok(()) };
    let restored = match restore_rows(host, store, &name).await {
        Err(RestoreError::Store(StoreError::Closed)) => return Err(StoreError::Closed),
        Err(unreadable) => {
            tracing::warn!("projection {} is folded from the log: {unreadable}", host.name());
            None
        }
        Ok(restored) => restored,
    };
    host.restored(restored);
    Ok(())
}

/// Restores the rows of a projection. Returns their checkpoint; `None` if there are none.
async fn restore_rows<E: DomainEvent, S: EventStore<E>>(
    host: &mut dyn ProjectionHost<E>,
    store: &S,
    name: &str,
) -> Result<Option<Position>, RestoreError> {
    let Some(mut stored) = store.read_projection(name).await? else { return Ok(None) };
    while let Some(rows) = stored.next_page().await? {
        host.restore(&rows)?;
    }
    Ok(Some(stored.checkpoint()))
}
