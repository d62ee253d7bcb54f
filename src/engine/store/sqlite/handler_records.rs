//! The store's records for handlers and projections: progress, parked events and rows.

use std::fs::TryLockError;
use std::io;

use tokio::sync::{mpsc, oneshot};

use super::files::companions;
use super::log_reader::LogReader;
use super::log_writer::requests::{Sync, WriteRequest};
use super::tables::format::Format;
use super::tables::schema::scan;
use super::tables::{projection_rows, records};
use super::{SqliteStore, unreadable};
use crate::engine::runtime::{StoreFailure, StoreFailureKind};
use crate::engine::store::StoreError;
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::commit_log::SharedRecords;
use crate::engine::store::handler_records::{
    HandlerRecords, HandlersLease, ParkedChange, ParkedEvent, Progress, ProjectionUpdate, ProjectionWritten,
    StoredProjection,
};

impl<E: StoredEvent> SqliteStore<E> {
    /// The records that all replicas of a log share. Without a log, or if it has none, the file has its own.
    fn shared_records(&self) -> Option<&dyn SharedRecords> {
        self.replica.as_ref()?.records()
    }
}

impl<E: StoredEvent> HandlerRecords for SqliteStore<E> {
    async fn read_progress(&self, handler: &str) -> Result<Option<Progress>, StoreError> {
        if let Some(records) = self.shared_records() {
            return records.read_progress(handler).await;
        }
        let handler = handler.to_owned();
        self.read(move |connection, _| records::read_progress(connection, &handler)).await
    }

    async fn begin_progress(&self, handler: &str, start: Progress) -> Result<Progress, StoreError> {
        if let Some(records) = self.shared_records() {
            return records.begin_progress(handler, start).await;
        }
        let (reply, answer) = oneshot::channel();
        let handler = handler.to_owned();
        self.write(WriteRequest::Begin { handler, start, reply }, answer).await
    }

    async fn write_progress(&self, handler: &str, progress: Progress, parked: ParkedChange) -> Result<(), StoreError> {
        if let Some(records) = self.shared_records() {
            return records.write_progress(handler, progress, parked).await;
        }
        let (reply, answer) = oneshot::channel();
        let handler = handler.to_owned();
        let sync = Sync::Now;
        self.write(WriteRequest::Progress { handler, progress, parked, sync, reply }, answer).await
    }

    async fn write_repeatable_progress(&self, handler: &str, progress: Progress) -> Result<(), StoreError> {
        if let Some(records) = self.shared_records() {
            return records.write_progress(handler, progress, ParkedChange::None).await;
        }
        let (reply, answer) = oneshot::channel();
        let (handler, parked, sync) = (handler.to_owned(), ParkedChange::None, Sync::WithNextEvents);
        self.write(WriteRequest::Progress { handler, progress, parked, sync, reply }, answer).await
    }

    async fn read_parked(&self, after: u64, limit: usize) -> Result<Vec<ParkedEvent>, StoreError> {
        if let Some(records) = self.shared_records() {
            return records.read_parked(after, limit).await;
        }
        self.read(move |connection, _| records::read_parked(connection, after, limit)).await
    }

    fn is_durable(&self) -> bool {
        true
    }

    async fn write_projections(&self, updates: Vec<ProjectionUpdate>) -> Result<Vec<ProjectionWritten>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.write(WriteRequest::Projections { updates, reply }, answer).await
    }

    async fn read_projection(&self, projection: &str) -> Result<Option<StoredProjection>, StoreError> {
        let (found, checkpoint) = oneshot::channel();
        let (pages, mut to_come) = mpsc::channel(projection_rows::PAGES_AHEAD);
        let (projection, path) = (projection.to_owned(), self.path.clone());
        let hand_over = move |reader: &mut LogReader<E>| {
            let read = reader.read(|connection, log| match log.format(connection)? {
                // Rows in a file of the first format are bound to no event.
                Format::First => {
                    // A failed send is no error: the caller no longer waits.
                    let _ = found.send(None);
                    Ok(())
                }
                Format::Second => {
                    scan(connection, || projection_rows::hand_over(connection, &projection, found, &pages))
                }
            });
            if let Err(error) = read {
                // The caller receives the error in place of the next page, or of the checkpoint.
                let _ = pages.blocking_send(Err(unreadable(&path, error)));
            }
        };
        self.ask_reader(Box::new(hand_over)).await?;
        match checkpoint.await {
            Ok(checkpoint) => Ok(checkpoint.map(|checkpoint| StoredProjection::new(checkpoint, to_come))),
            Err(_) => Err(to_come.recv().await.and_then(Result::err).unwrap_or(StoreError::Closed)),
        }
    }

    async fn try_acquire_lease(&self) -> Result<Option<HandlersLease>, StoreError> {
        if let Some(records) = self.shared_records() {
            return records.try_acquire_lease().await;
        }
        let path = companions::companion(&self.path, companions::HANDLERS);
        let lock = || -> io::Result<Option<HandlersLease>> {
            let (file, _) = companions::open_or_create(&path, &self.path)?;
            match file.try_lock() {
                Ok(()) => Ok(Some(HandlersLease::locked(file))),
                Err(TryLockError::WouldBlock) => Ok(None),
                Err(TryLockError::Error(error)) => Err(error),
            }
        };
        let lease = lock().map_err(|error| {
            StoreError::Failed(StoreFailure::caused_by(
                format!("{}: {error}", path.display()),
                StoreFailureKind::Other,
                error,
            ))
        })?;
        let Some(lease) = lease else { return Ok(None) };
        let (reply, answer) = oneshot::channel();
        let is_taken = self.write(WriteRequest::AcquireLease { reply }, answer).await?;
        Ok(is_taken.then_some(lease))
    }
}
