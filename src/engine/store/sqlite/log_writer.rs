//! The writer thread: commits all queued requests as one transaction.
//!
//! Several processes may write to the file, so a transaction begins by checking where the log ends, and others' commits
//! are published before its own.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::acknowledged::AcknowledgedEnd;
use super::batch_insert::BatchInsert;
use super::checkpointer::WalCheckpoints;
use super::close::Closing;
use super::end_file::{Deadline, EndFile, LockError};
use super::file_identities::FileIdentities;
use super::format::Format;
use super::group_commit::{GroupCommit, MAX_BATCH};
use super::in_use_mark::InUseMark;
use super::lease::LeaseNumber;
use super::lock_holder::holder;
use super::open::{Opened, WAIT_FOR_OTHERS};
use super::open_file::OpenFile;
use super::projection_rows::write_projection;
use super::replies::{CommitReplies, PendingReply};
use super::requests::WriteRequest;
use super::schema::wait_at_most;
use super::stored_log::{FileError, LogEnd, is_busy};
use super::transaction::WritableLog;
use super::{disk_full, records, upgrade};
use crate::engine::log::{Batch, Position};
use crate::engine::runtime::trace::trace_line;
use crate::engine::runtime::{StoreFailure, StoreFailureKind, panic_message};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::handler_records::ProjectionWritten;
use crate::engine::store::{MAX_READ, Published, Publisher, StoreError};

/// How often to check for other processes' commits.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// How long to wait for a program that has already kept this one waiting.
const WAIT_BRIEFLY: Duration = Duration::from_millis(100);

pub(super) struct LogWriter<E> {
    path: Arc<Path>,
    connection: Connection,
    log: WritableLog<E>,
    end_file: EndFile,
    open_file: Arc<OpenFile>,
    identities: Arc<FileIdentities>,
    in_use_mark: InUseMark,
    lease: LeaseNumber,
    acknowledged: Arc<AcknowledgedEnd>,
    publisher: Publisher<E>,
    /// The position of the last published event; initially the end of the log.
    published: u64,
    /// SQLite's data version at the last check for other processes' commits; it changes when they commit.
    looked_data_version: i64,
    /// SQLite's data version at the start of the last transaction: if unchanged, the log ends where that transaction
    /// left it.
    transaction_data_version: Option<i64>,
    /// Whether other processes committed before the current transaction.
    others_have_written: bool,
    checkpoints: Arc<WalCheckpoints>,
    /// Requests that wait until another program releases the file. Their callers cannot be told to retry.
    deferred: Vec<WriteRequest<E>>,
    /// Whether another program held the file at the last attempt to write.
    was_held: bool,
    /// Why the writer failed. It writes nothing more.
    failed: Option<StoreFailure>,
}

impl<E: StoredEvent> LogWriter<E> {
    pub(super) fn new(
        opened: Opened,
        identities: Arc<FileIdentities>,
        acknowledged: Arc<AcknowledgedEnd>,
        publisher: Publisher<E>,
        checkpoints: Arc<WalCheckpoints>,
    ) -> Self {
        let Opened { path, connection, format, end, end_file, open_file, .. } = opened;
        Self {
            path: path.into(),
            connection,
            log: WritableLog::new(end, format),
            end_file,
            open_file,
            identities,
            in_use_mark: InUseMark::default(),
            lease: LeaseNumber::default(),
            acknowledged,
            publisher,
            published: end.end.position,
            looked_data_version: 0,
            transaction_data_version: None,
            others_have_written: true,
            checkpoints,
            deferred: Vec::new(),
            was_held: false,
            failed: None,
        }
    }

    /// Serves requests until the queue closes or `closed` resolves. After a failed write, replies to all callers first
    /// and then sends the failure to `failed`.
    pub(super) async fn serve(
        &mut self,
        mut requests: mpsc::Receiver<WriteRequest<E>>,
        delivery: mpsc::Sender<CommitReplies<E>>,
        mut closed: oneshot::Receiver<()>,
        failed: oneshot::Sender<StoreFailure>,
    ) {
        let (mut batch, mut failed) = (Vec::new(), Some(failed));
        let mut group_commit = GroupCommit::new();
        loop {
            if !matches!(closed.try_recv(), Err(oneshot::error::TryRecvError::Empty)) {
                break;
            }
            if !group_commit.poll(&mut requests, &mut batch) {
                tokio::select! {
                    biased;
                    _ = &mut closed => break,
                    // `recv_many` is cancel safe, so a timeout loses no request.
                    received = timeout(LOOK_EVERY, requests.recv_many(&mut batch, MAX_BATCH)) => match received {
                        Ok(0) => break,
                        Ok(_) => {}
                        Err(_) => self.look(),
                    },
                }
            }
            let received = batch.len();
            batch.retain(|request| !matches!(request, WriteRequest::Look));
            if batch.len() < received {
                self.acknowledged.end_look_request();
                self.look();
            }
            batch.append(&mut self.deferred);
            if !batch.is_empty() {
                group_commit.gather(&mut requests, &mut batch);
                let count = batch.len();
                if let Some(committed) = self.write(&mut batch) {
                    committed.deliver(&delivery).await;
                }
                group_commit.answered(count);
            }
            if let Some(failure) = &self.failed
                && let Some(failed) = failed.take()
            {
                // No one listens if everything is stopping already.
                let _ = failed.send(failure.clone());
            }
            self.checkpoints.finish(&self.connection);
        }
        requests.close();
        batch.append(&mut self.deferred);
        while let Ok(request) = requests.try_recv() {
            batch.push(request);
        }
        batch.into_iter().for_each(|request| request.refuse(StoreError::Closed));
    }

    /// The remaining steps once readers and writer have ended; `None` after a failure, which leaves the files
    /// unchanged.
    pub(super) fn into_closing(self) -> Option<Closing> {
        let Self { path, mut connection, log, end_file, open_file, was_held, failed, .. } = self;
        // The checkpointer ends once its waker is dropped. If removing the hook fails, closing waits for it only for a
        // limited time.
        let _ = connection.wal_hook(None::<fn(&mut rusqlite::hooks::Wal, std::ffi::c_int) -> rusqlite::Result<()>>);
        let is_held = was_held;
        let format = log.format();
        failed.is_none().then_some(Closing { path, connection, format, end_file, open_file, is_held })
    }

    /// Publishes the commits of other processes, if any.
    fn look(&mut self) {
        if self.failed.is_some() {
            return;
        }
        if let Err(gone) = self.identities.check(&self.open_file) {
            return self.fail(gone.into());
        }
        self.restore_end_file();
        match self.try_look() {
            Err(FileError::Sqlite(error)) if is_busy(&error) => {}
            Err(error) => {
                let failure = error.into_failure(|error| {
                    self.failure(format_args!("what others have written cannot be read: {error}"))
                });
                self.fail(failure);
            }
            Ok(()) => {}
        }
    }

    /// Recreates a removed or replaced `-end` file, so that all programs go on with the same one.
    fn restore_end_file(&mut self) {
        if self.end_file.is_in_place() || self.end_file.lock(Deadline::after(WAIT_BRIEFLY)).is_err() {
            return;
        }
        self.follow_end_file();
        // Errors are ignored: the next commit retries and reports them.
        if self.end_file.is_replacement()
            && let Ok(end) = LogEnd::read(&self.connection)
        {
            let _ = self.end_file.replace(end.end);
        }
        self.end_file.unlock();
    }

    /// Switches readers of the acknowledged end to a replaced `-end` file.
    fn follow_end_file(&mut self) {
        if self.end_file.is_replacement()
            && let Ok(file) = self.end_file.share()
        {
            self.acknowledged.follow(file);
        }
    }

    fn try_look(&mut self) -> Result<(), FileError> {
        let data_version = data_version(&self.connection)?;
        if data_version == self.looked_data_version {
            return Ok(());
        }
        let end = LogEnd::read(&self.connection)?;
        self.log.stored().format(&self.connection)?;
        self.looked_data_version = data_version;
        self.publish_until(end.end.position)
    }

    fn publish_until(&mut self, end: u64) -> Result<(), FileError> {
        while self.published < end {
            let after = Position::new(self.published);
            let missing = usize::try_from(end - self.published).unwrap_or(usize::MAX);
            let events = self.log.stored().read_all(&self.connection, after, missing.min(MAX_READ))?;
            let Some(last) = events.last() else {
                return Err(FileError::Damaged { position: self.published + 1, what: "there is no event" });
            };
            self.published = last.position.get();
            self.acknowledged.raise_seen(self.published);
            self.publisher.publish(Published { after, events: events.into() });
        }
        Ok(())
    }

    /// Writes the requests. Those that cannot be written are refused or deferred.
    fn write(&mut self, batch: &mut Vec<WriteRequest<E>>) -> Option<CommitReplies<E>> {
        if self.failed.is_none()
            && let Err(gone) = self.identities.check(&self.open_file)
        {
            self.fail(gone.into());
        }
        if let Some(failed) = &self.failed {
            let error = StoreError::Failed(failed.clone());
            batch.drain(..).for_each(|request| request.refuse(error.clone()));
            return None;
        }
        // No caller waits for the lease: it is requested again and again.
        let is_brief = self.was_held || batch.iter().all(WriteRequest::is_for_lease);
        let deadline = Deadline::after(if is_brief { WAIT_BRIEFLY } else { WAIT_FOR_OTHERS });
        match self.end_file.lock(deadline) {
            Ok(()) => {
                self.follow_end_file();
                let written = self.write_locked(batch, deadline);
                self.end_file.unlock();
                written
            }
            Err(LockError::Held) => {
                self.defer_or_refuse(batch);
                None
            }
            Err(LockError::Io(error)) => {
                let message = self.failure(format_args!("the log's end cannot be locked: {error}"));
                self.refuse_all(batch, StoreFailure::caused_by(message, StoreFailure::kind_of(&error), error));
                None
            }
        }
    }

    /// Writes the requests while this program holds the lock.
    fn write_locked(&mut self, batch: &mut Vec<WriteRequest<E>>, deadline: Deadline) -> Option<CommitReplies<E>> {
        let is_for_lease = batch.iter().all(WriteRequest::is_for_lease);
        match self.begin(deadline, batch.iter().any(WriteRequest::justifies_change)) {
            Ok(()) => self.was_held = false,
            Err(error) => {
                // Nothing was stored.
                let _ = self.connection.execute_batch("ROLLBACK");
                if is_busy(&error) {
                    self.defer_or_refuse(batch);
                } else {
                    let failure = self.write_failure(error.into());
                    self.refuse_all(batch, failure);
                }
                return None;
            }
        }
        let mut pending = Vec::with_capacity(batch.len());
        let lease = self.lease;
        let written = catch_unwind(AssertUnwindSafe(|| self.commit(batch, &mut pending)));
        let error = match written {
            Ok(Ok(commit)) => return Some(CommitReplies { commit, pending }),
            // Only the lease was requested: a full disk makes that fail, but the file stays readable.
            Ok(Err(error)) if is_for_lease && self.is_full(&error) => {
                let _ = self.connection.execute_batch("ROLLBACK");
                (self.lease, self.transaction_data_version) = (lease, None);
                pending.into_iter().for_each(PendingReply::defer);
                batch.drain(..).for_each(|request| drop(request.defer()));
                return None;
            }
            Ok(Err(error)) => self.write_failure(error),
            Err(panic) => {
                let message = format!("the writer panicked: {}", panic_message(panic.as_ref()));
                StoreFailure::new(self.failure(message))
            }
        };
        // A failed sync must not be repeated: its data may be lost. Reopening the file tells what is on the disk.
        let _ = self.connection.execute_batch("ROLLBACK");
        self.fail(error.clone());
        pending.into_iter().for_each(|pending| pending.refuse(StoreError::OutcomeUnknown(error.clone())));
        batch.drain(..).for_each(|request| request.refuse(StoreError::OutcomeUnknown(error.clone())));
        None
    }

    fn begin(&mut self, deadline: Deadline, justifies_change: bool) -> rusqlite::Result<()> {
        wait_at_most(&mut self.connection, deadline.left())?;
        execute(&self.connection, "BEGIN IMMEDIATE")?;
        let mut found = data_version(&self.connection)?;
        if justifies_change && self.log.format() == Format::Second && !self.in_use_mark.is_known_in_file(found) {
            self.in_use_mark.write(&self.connection, found)?;
            // Writing the mark may have started another transaction.
            found = data_version(&self.connection)?;
        }
        self.others_have_written = self.transaction_data_version != Some(found);
        self.transaction_data_version = Some(found);
        Ok(())
    }

    /// Another program holds the file. Refuses requests whose callers wait, and postpones the progress of handlers.
    fn defer_or_refuse(&mut self, batch: &mut Vec<WriteRequest<E>>) {
        self.was_held |= !batch.iter().all(WriteRequest::is_for_lease);
        let error = StoreError::Busy(holder(&self.path));
        for request in batch.drain(..) {
            match request {
                waited @ (WriteRequest::Append { .. } | WriteRequest::Begin { .. }) => waited.refuse(error.clone()),
                request => self.deferred.extend(request.defer()),
            }
        }
    }

    fn refuse_all(&mut self, batch: &mut Vec<WriteRequest<E>>, failure: StoreFailure) {
        self.fail(failure.clone());
        batch.drain(..).for_each(|request| request.refuse(StoreError::Failed(failure.clone())));
    }

    /// Commits and publishes. On success, everything in `pending` can be acknowledged.
    fn commit(
        &mut self,
        batch: &mut Vec<WriteRequest<E>>,
        pending: &mut Vec<PendingReply<E>>,
    ) -> Result<Batch<E>, FileError> {
        let Self { connection, log, lease, others_have_written, .. } = self;
        let format = log.stored().format(connection)?;
        if *others_have_written {
            log.refresh(LogEnd::read(connection)?);
        }
        let before = log.end.end;
        if format == Format::First && batch.iter().any(WriteRequest::justifies_change) {
            upgrade::upgrade(connection, E::DOMAIN)?;
            log.stored().record_upgrade();
        }
        let format = log.format();
        let mut insert = BatchInsert::new(connection);
        for request in batch.drain(..) {
            pending.push(match request {
                WriteRequest::Append { appends, reply } => {
                    PendingReply::Append(reply, log.record_all(&mut insert, appends)?)
                }
                WriteRequest::Begin { handler, start, reply } => {
                    PendingReply::Begun(reply, records::begin_progress(connection, handler, start)?)
                }
                WriteRequest::Progress { handler, progress, parked, reply } => {
                    let is_valid = lease.is_valid(connection)?;
                    if is_valid {
                        records::write_progress(connection, handler, progress, parked)?;
                    }
                    PendingReply::Progress(reply, if is_valid { Ok(()) } else { Err(StoreError::LeaseLost) })
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
        } else if end.position > before.position {
            self.end_file.write(end).map_err(FileError::EndUnwritten)?;
        }
        for event in commit.iter() {
            trace_line!(event.metadata.correlation_id, "Event Store Published Event");
        }
        self.publish_until(before.position)?;
        if !commit.is_empty() {
            self.published = end.position;
            self.acknowledged.raise_seen(end.position);
            self.publisher.publish(Published { after: Position::new(before.position), events: commit.clone() });
        }
        Ok(commit)
    }

    /// The failure for an error while writing.
    fn write_failure(&self, error: FileError) -> StoreFailure {
        if !self.is_full(&error) {
            return error.into_failure(|message| self.failure(message));
        }
        let (message, kind) = (self.failure("the disk is full"), StoreFailureKind::DiskFull);
        match error {
            FileError::Sqlite(error) => StoreFailure::caused_by(message, kind, error),
            FileError::EndUnwritten(error) => StoreFailure::caused_by(message, kind, error),
            _ => StoreFailure::of_kind(message, kind),
        }
    }

    fn is_full(&self, error: &FileError) -> bool {
        match error {
            FileError::Sqlite(error) => disk_full::is_cause(&self.path, error),
            FileError::EndUnwritten(error) => disk_full::is_out_of_space(error),
            _ => false,
        }
    }

    fn failure(&self, reason: impl fmt::Display) -> String {
        format!("{}: {reason}", self.path.display())
    }

    fn fail(&mut self, failure: StoreFailure) {
        self.failed = Some(failure);
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.raw_execute().map(drop)
}
