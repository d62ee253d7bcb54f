//! A file that is the replica of a log: opening it, and waking its writer.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::files::end_file::End;
use super::log_writer::requests::WriteRequest;
use super::open::Opened;
use super::tables::log_place;
use crate::engine::log::Position;
use crate::engine::runtime::{StopReason, StoreFailure};
use crate::engine::store::OpenStoreError;
use crate::engine::store::commit_log::{CommitLog, Replica, Replicated, wait_for};

/// Wakes the writer whenever the log has news, until the store closes.
pub(super) async fn wake<E>(mut replica: Replica, writes: mpsc::WeakSender<WriteRequest<E>>) -> Result<(), StopReason> {
    loop {
        let published = *replica.published.borrow_and_update();
        replica.log.reception(published).await;
        let Some(writes) = writes.upgrade() else { return Ok(()) };
        if writes.send(WriteRequest::Look).await.is_err() {
            return Ok(());
        }
        drop(writes);
        // Until the writer has taken it in, there is nothing new to tell it.
        let has_news = replica.log.has_received(published).unwrap_or(false);
        if has_news && replica.published.changed().await.is_err() {
            return Ok(());
        }
    }
}

/// Checks that an open file is a replica of the log, or none of any, and begins to follow the log.
pub(super) fn follow(opened: &Opened, log: Option<&Arc<dyn CommitLog>>) -> Result<u64, OpenStoreError> {
    let path = || opened.path.clone();
    let End { position, hash } = opened.end.end;
    let place = log_place::read(&opened.connection)
        .map_err(|error| OpenStoreError::Damaged { path: path(), reason: StoreFailure::new(error.to_string()) })?;
    let sequence = match (log, place) {
        (None, None) => return Ok(0),
        (None, Some(place)) => return Err(OpenStoreError::IsReplica { path: path(), log: place.log }),
        (Some(log), Some(place)) if place.log == log.name() => place.sequence,
        (Some(_), None) if position == 0 => 0,
        (Some(log), _) => return Err(OpenStoreError::NoReplica { path: path(), log: log.name().to_owned() }),
    };
    if let Some(log) = log {
        let from = Replicated { sequence, position: Position::new(position), hash };
        wait_for(log.follow(from)).map_err(OpenStoreError::Log)?;
    }
    Ok(sequence)
}
