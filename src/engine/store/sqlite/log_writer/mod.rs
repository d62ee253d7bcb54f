//! The writer thread: commits all queued requests as one transaction.
//!
//! Several processes may write to the file, so a transaction begins by checking where the log ends, and others' commits
//! are published before its own.

pub(super) mod batch_insert;
pub(super) mod checkpointer;
pub(super) mod command_ids;
mod commit;
mod failures;
mod group_commit;
mod offer;
mod other_writers;
mod read_entries;
pub(super) mod record_appends;
pub(super) mod replication;
pub(super) mod replies;
pub(super) mod requests;
mod take_in;
pub(super) mod wal_growth;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use self::checkpointer::WalCheckpoints;
use self::group_commit::{GroupCommit, MAX_BATCH};
use self::record_appends::WritableLog;
use self::replication::Replication;
use self::replies::{CommitReplies, PendingReply};
use self::requests::{Sync, WriteRequest};
use self::wal_growth::WalGrowth;
use super::close::Closing;
use super::file_error::is_busy;
use super::files::acknowledged_end::AcknowledgedEnd;
use super::files::end_file::{Deadline, EndFile, LockError};
use super::files::file_identities::FileIdentities;
use super::files::lock_holder::holder;
use super::files::open_file::OpenFile;
use super::open::{Opened, WAIT_FOR_OTHERS};
use super::tables::format::Format;
use super::tables::in_use_mark::InUseMark;
use super::tables::lease::LeaseNumber;
use super::tables::schema;
use super::tables::schema::wait_at_most;
use crate::engine::runtime::{StoreFailure, panic_message};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::{Publisher, StoreError};

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
    /// The log that the file is a replica of, if it is one.
    replication: Option<Replication>,
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
    wal_growth: WalGrowth,
    /// Requests that wait until another program releases the file. Their callers cannot be told to retry.
    deferred: Vec<WriteRequest<E>>,
    /// Requests for which there was no place in the last commit.
    returned: Vec<WriteRequest<E>>,
    /// Whether another program held the file at the last attempt to write.
    was_held: bool,
    /// Whether SQLite syncs each commit now.
    is_synced: bool,
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
        replication: Option<Replication>,
    ) -> Self {
        let Opened { path, connection, format, end, end_file, open_file, .. } = opened;
        let wal_growth = WalGrowth::of(&path);
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
            replication,
            published: end.end.position,
            looked_data_version: 0,
            transaction_data_version: None,
            others_have_written: true,
            checkpoints,
            wal_growth,
            deferred: Vec::new(),
            returned: Vec::new(),
            was_held: false,
            is_synced: true,
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
            batch.append(&mut self.returned);
            if batch.is_empty() && !group_commit.poll(&mut requests, &mut batch) {
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
        batch.append(&mut self.returned);
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
                let message = self.failure(format_args!("the `-end` file cannot be locked: {error}"));
                self.refuse_all(batch, StoreFailure::caused_by(message, StoreFailure::kind_of(&error), error));
                None
            }
        }
    }

    /// Writes the requests while this program holds the lock.
    fn write_locked(&mut self, batch: &mut Vec<WriteRequest<E>>, deadline: Deadline) -> Option<CommitReplies<E>> {
        let is_for_lease = !batch.is_empty() && batch.iter().all(WriteRequest::is_for_lease);
        match self.begin(deadline, batch) {
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

    fn begin(&mut self, deadline: Deadline, batch: &[WriteRequest<E>]) -> rusqlite::Result<()> {
        let is_replica = self.replication.is_some();
        let justifies_change = is_replica || batch.iter().any(WriteRequest::justifies_change);
        // What a log has accepted, it can tell again.
        let is_synced = batch.iter().any(|request| request.sync() == Sync::Now && !(is_replica && request.is_append()));
        wait_at_most(&mut self.connection, deadline.left())?;
        if is_synced != self.is_synced {
            schema::sync_commits(&self.connection, is_synced)?;
            self.is_synced = is_synced;
        }
        execute(&self.connection, "BEGIN IMMEDIATE")?;
        let mut found = data_version(&self.connection)?;
        if justifies_change && self.log.format() == Format::Second && !self.in_use_mark.is_known_in_file(found) {
            self.in_use_mark.write(&self.connection, found)?;
            // Writing the mark may have started another transaction.
            found = data_version(&self.connection)?;
        }
        if is_synced {
            self.wal_growth.keep_ahead(self.checkpoints.pages());
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
                waited @ (WriteRequest::Append { .. }
                | WriteRequest::Begin { .. }
                | WriteRequest::ReplaceDerived { .. }) => waited.refuse(error.clone()),
                request => self.deferred.extend(request.defer()),
            }
        }
    }

    fn refuse_all(&mut self, batch: &mut Vec<WriteRequest<E>>, failure: StoreFailure) {
        self.fail(failure.clone());
        batch.drain(..).for_each(|request| request.refuse(StoreError::Failed(failure.clone())));
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
