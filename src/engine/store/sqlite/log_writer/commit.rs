//! Commits a batch of requests as one transaction.

use super::batch_insert::BatchInsert;
use super::replies::PendingReply;
use super::requests::WriteRequest;
use super::{LogWriter, execute};
use crate::engine::log::{Batch, Position};
use crate::engine::runtime::trace::{Conversations, trace_line};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::ProjectionWritten;
use crate::engine::store::sqlite::file_error::FileError;
use crate::engine::store::sqlite::tables::format::Format;
use crate::engine::store::sqlite::tables::log_links::LogEnd;
use crate::engine::store::sqlite::tables::projection_rows::write_projection;
use crate::engine::store::sqlite::tables::{derived, records, upgrade};
use crate::engine::store::{Published, StoreError};

impl<E: StoredEvent> LogWriter<E> {
    /// Commits and publishes. On success, everything in `pending` can be acknowledged.
    pub(super) fn commit(
        &mut self,
        batch: &mut Vec<WriteRequest<E>>,
        pending: &mut Vec<PendingReply<E>>,
    ) -> Result<Batch<E>, FileError> {
        let Self { connection, log, lease, others_have_written, open_file, replication, returned, .. } = self;
        let format = log.stored().format(connection)?;
        if *others_have_written {
            log.refresh(LogEnd::read(connection)?);
            if let Some(replication) = replication.as_mut() {
                replication.refresh(connection)?;
            }
        }
        let begun = log.end.end;
        if format == Format::First && batch.iter().any(WriteRequest::justifies_change) {
            upgrade::upgrade(connection, E::DOMAIN)?;
            log.stored().record_upgrade();
        }
        let format = log.format();
        let before = match replication {
            Some(replication) => replication.append(connection, log, batch, pending, returned)?.end,
            None => begun,
        };
        let mut insert = BatchInsert::new(connection);
        for request in batch.drain(..) {
            pending.push(match request {
                WriteRequest::Append { appends, reply } => {
                    PendingReply::Append(reply, log.record_all(&mut insert, appends)?)
                }
                WriteRequest::Begin { handler, start, reply } => {
                    PendingReply::Begun(reply, records::begin_progress(connection, handler, start)?)
                }
                WriteRequest::Progress { handler, progress, parked, reply, .. } => {
                    let is_valid = lease.is_valid(connection)?;
                    if is_valid {
                        records::write_progress(connection, handler, progress, parked)?;
                    }
                    PendingReply::Progress(reply, if is_valid { Ok(()) } else { Err(StoreError::LeaseLost) })
                }
                WriteRequest::ReplaceDerived { handlers, end, reply } => {
                    // This program holds the lock that opening the file takes.
                    let is_alone = open_file.presence().is_certainly_alone();
                    let is_unchanged = before.position == end.get() && lease.is_valid(connection)?;
                    if is_alone && is_unchanged {
                        derived::replace(connection, handlers)?;
                    }
                    PendingReply::Replaced(reply, is_alone && is_unchanged)
                }
                WriteRequest::Projections { updates, reply } if format == Format::First => {
                    let missing = ProjectionWritten::Missing { stored: Position::START };
                    PendingReply::Projections(reply, vec![missing; updates.len()])
                }
                // Every commit publishes the commits of other processes.
                WriteRequest::Look => continue,
                WriteRequest::Projections { updates, reply } => {
                    let updates = updates.into_iter();
                    let written = updates.map(|update| write_projection(connection, update));
                    PendingReply::Projections(reply, written.collect::<Result<_, _>>()?)
                }
                WriteRequest::AcquireLease { reply } => {
                    match format {
                        Format::First => lease.acquire_without_number(),
                        Format::Second => lease.acquire(connection)?,
                    }
                    PendingReply::Lease(reply)
                }
            });
        }
        insert.flush()?;
        drop(insert);
        log.write_heads(connection)?;
        execute(connection, "COMMIT")?;
        let end = log.end.end;
        let commit = log.take_recorded();
        if self.end_file.is_replacement() {
            self.end_file.replace(end).map_err(FileError::EndUnwritten)?;
        } else if end.position > begun.position {
            self.end_file.write(end).map_err(FileError::EndUnwritten)?;
        }
        if let Some(replication) = &self.replication {
            replication.note(end)?;
        }
        if !commit.is_empty() {
            let (events, correlation_ids) = (commit.len(), Conversations(&commit));
            tracing::debug!(events, end = end.position, %correlation_ids, "commit");
        }
        for event in commit.iter().filter(|_| self.publisher.is_traced()) {
            trace_line!(event.metadata.correlation_id(), "Event Store Published Event");
        }
        self.publish_until(before.position)?;
        if !commit.is_empty() {
            self.published = end.position;
            self.acknowledged.raise_seen(end.position);
            self.publisher.publish(Published { after: Position::new(before.position), events: commit.clone() });
        }
        if let Some(replication) = &self.replication {
            replication.publish();
        }
        Ok(commit)
    }
}
