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
use super::answers::{Answers, Pending};
use super::batch_insert::BatchInsert;
use super::checkpointer::WalCheckpoints;
use super::close::Closing;
use super::end_file::{Deadline, EndFile, LockError};
use super::form::Form;
use super::in_place::InPlace;
use super::in_use::InUse;
use super::lease::LeaseNumber;
use super::lock_holder::holder;
use super::open::{Opened, WAIT_FOR_OTHERS};
use super::open_here::OpenHere;
use super::projection_rows::write_projection;
use super::requests::WriteRequest;
use super::schema::wait_at_most;
use super::stored_log::{FileError, LogEnd, is_busy};
use super::transaction::WritableLog;
use super::waiting::{LastCommit, MAX_BATCH};
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
    here: Arc<OpenHere>,
    in_place: Arc<InPlace>,
    in_use: InUse,
    lease: LeaseNumber,
    acknowledged: Arc<AcknowledgedEnd>,
    publisher: Publisher<E>,
    /// The position of the last published event; initially the end of the log.
    published: u64,
    /// SQLite's data version at the last check for other processes' commits; it changes when they commit.
    data_version: i64,
    /// SQLite's data version at the start of the last transaction: if unchanged, the log ends where that transaction
    /// left it.
    written_at: Option<i64>,
    /// Whether other processes committed before the current transaction.
    others_have_written: bool,
    checkpoints: Arc<WalCheckpoints>,
    /// Requests that wait until another program releases the file. Their callers cannot be told to retry.
    postponed: Vec<WriteRequest<E>>,
    /// Whether another program held the file at the last attempt to write.
    was_held: bool,
    /// Why the writer failed. It writes nothing more.
    failed: Option<StoreFailure>,
}

impl<E: StoredEvent> LogWriter<E> {
    pub(super) fn new(
        opened: Opened,
        in_place: Arc<InPlace>,
        acknowledged: Arc<AcknowledgedEnd>,
        publisher: Publisher<E>,
        checkpoints: Arc<WalCheckpoints>,
    ) -> Self {
        let Opened { path, connection, form, end, end_file, here, .. } = opened;
        Self {
            path: path.into(),
            connection,
            log: WritableLog::new(end, form),
            end_file,
            here,
            in_place,
            in_use: InUse::default(),
            lease: LeaseNumber::default(),
            acknowledged,
            publisher,
            published: end.end.position,
            data_version: 0,
            written_at: None,
            others_have_written: true,
            checkpoints,
            postponed: Vec::new(),
            was_held: false,
            failed: None,
        }
    }

    /// Serves requests until the queue closes or `closed` resolves. After a failed write, replies to all callers first
    /// and then sends the failure to `failed`.
    pub(super) async fn serve(
        &mut self,
        mut requests: mpsc::Receiver<WriteRequest<E>>,
        answers: mpsc::Sender<Answers<E>>,
        mut closed: oneshot::Receiver<()>,
        failed: oneshot::Sender<StoreFailure>,
    ) {
        let (mut batch, mut failed) = (Vec::new(), Some(failed));
        let mut last_commit = LastCommit::none_yet();
        loop {
            if !matches!(closed.try_recv(), Err(oneshot::error::TryRecvError::Empty)) {
                break;
            }
            if !last_commit.stay_awake(&mut requests, &mut batch) {
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
                self.acknowledged.look_begins();
                self.look();
            }
            batch.append(&mut self.postponed);
            if !batch.is_empty() {
                last_commit.gather(&mut requests, &mut batch);
                let count = batch.len();
                if let Some(committed) = self.write(&mut batch) {
                    committed.give(&answers).await;
                }
                last_commit.answered(count);
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
        batch.append(&mut self.postponed);
        while let Ok(request) = requests.try_recv() {
            batch.push(request);
        }
        batch.into_iter().for_each(|request| request.refuse(StoreError::Closed));
    }

    /// The remaining steps once readers and writer have ended; `None` after a failure, which leaves the files
    /// unchanged.
    pub(super) fn into_closing(self) -> Option<Closing> {
        let Self { path, mut connection, log, end_file, here, was_held, failed, .. } = self;
        // The checkpointer ends once its waker is dropped. If removing the hook fails, closing waits for it only for a
        // limited time.
        let _ = connection.wal_hook(None::<fn(&mut rusqlite::hooks::Wal, std::ffi::c_int) -> rusqlite::Result<()>>);
        let is_held = was_held;
        let form = log.form();
        failed.is_none().then_some(Closing { path, connection, form, end_file, here, is_held })
    }

    /// Publishes the commits of other processes, if any.
    fn look(&mut self) {
        if self.failed.is_some() {
            return;
        }
        if let Err(gone) = self.in_place.check(&self.here) {
            return self.fail(gone.into());
        }
        self.keep_end();
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
    fn keep_end(&mut self) {
        if self.end_file.is_in_place() || self.end_file.lock(Deadline::after(WAIT_BRIEFLY)).is_err() {
            return;
        }
        self.follow_end_file();
        // Errors are ignored: the next commit retries and reports them.
        if self.end_file.is_anew()
            && let Ok(end) = LogEnd::read(&self.connection)
        {
            let _ = self.end_file.replace(end.end);
        }
        self.end_file.unlock();
    }

    /// Switches readers of the acknowledged end to a replaced `-end` file.
    fn follow_end_file(&mut self) {
        if self.end_file.is_anew()
            && let Ok(file) = self.end_file.share()
        {
            self.acknowledged.follow(file);
        }
    }

    fn try_look(&mut self) -> Result<(), FileError> {
        let data_version = data_version(&self.connection)?;
        if data_version == self.data_version {
            return Ok(());
        }
        let end = LogEnd::read(&self.connection)?;
        self.log.stored().form(&self.connection)?;
        self.data_version = data_version;
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
            self.acknowledged.saw(self.published);
            self.publisher.publish(Published { after, events: events.into() });
        }
        Ok(())
    }

    /// Writes the requests. Those that cannot be written are refused or postponed.
    fn write(&mut self, batch: &mut Vec<WriteRequest<E>>) -> Option<Answers<E>> {
        if self.failed.is_none()
            && let Err(gone) = self.in_place.check(&self.here)
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
                self.is_held(batch);
                None
            }
            Err(LockError::Io(error)) => {
                let said = self.failure(format_args!("the log's end cannot be locked: {error}"));
                self.refuse_all(batch, StoreFailure::caused_by(said, StoreFailure::kind_of(&error), error));
                None
            }
        }
    }

    /// Writes the requests while this program holds the lock.
    fn write_locked(&mut self, batch: &mut Vec<WriteRequest<E>>, deadline: Deadline) -> Option<Answers<E>> {
        let is_for_lease = batch.iter().all(WriteRequest::is_for_lease);
        match self.begin(deadline, batch.iter().any(WriteRequest::is_reason)) {
            Ok(()) => self.was_held = false,
            Err(error) => {
                // Nothing was stored.
                let _ = self.connection.execute_batch("ROLLBACK");
                if is_busy(&error) {
                    self.is_held(batch);
                } else {
                    let failure = self.cannot_write(error.into());
                    self.refuse_all(batch, failure);
                }
                return None;
            }
        }
        let mut pending = Vec::with_capacity(batch.len());
        let lease = self.lease;
        let written = catch_unwind(AssertUnwindSafe(|| self.commit(batch, &mut pending)));
        let error = match written {
            Ok(Ok(commit)) => return Some(Answers { commit, pending }),
            // Only the lease was requested: a full disk makes that fail, but the file stays readable.
            Ok(Err(error)) if is_for_lease && self.is_full(&error) => {
                let _ = self.connection.execute_batch("ROLLBACK");
                (self.lease, self.written_at) = (lease, None);
                pending.into_iter().for_each(Pending::put_off);
                batch.drain(..).for_each(|request| drop(request.put_off()));
                return None;
            }
            Ok(Err(error)) => self.cannot_write(error),
            Err(panic) => {
                let said = format!("the writer panicked: {}", panic_message(panic.as_ref()));
                StoreFailure::new(self.failure(said))
            }
        };
        // A failed sync must not be repeated: its data may be lost. Reopening the file tells what is on the disk.
        let _ = self.connection.execute_batch("ROLLBACK");
        self.fail(error.clone());
        pending.into_iter().for_each(|pending| pending.refuse(StoreError::OutcomeUnknown(error.clone())));
        batch.drain(..).for_each(|request| request.refuse(StoreError::OutcomeUnknown(error.clone())));
        None
    }

    fn begin(&mut self, deadline: Deadline, is_reason: bool) -> rusqlite::Result<()> {
        wait_at_most(&mut self.connection, deadline.left())?;
        execute(&self.connection, "BEGIN IMMEDIATE")?;
        let mut found = data_version(&self.connection)?;
        if is_reason && self.log.form() == Form::Second && !self.in_use.is_known_to_stand(found) {
            self.in_use.say(&self.connection, found)?;
            // `say` may have started another transaction.
            found = data_version(&self.connection)?;
        }
        self.others_have_written = self.written_at != Some(found);
        self.written_at = Some(found);
        Ok(())
    }

    /// Another program holds the file. Refuses requests whose callers wait, and postpones the progress of handlers.
    fn is_held(&mut self, batch: &mut Vec<WriteRequest<E>>) {
        self.was_held |= !batch.iter().all(WriteRequest::is_for_lease);
        let error = StoreError::Busy(holder(&self.path));
        for request in batch.drain(..) {
            match request {
                waited @ (WriteRequest::Append { .. } | WriteRequest::Begin { .. }) => waited.refuse(error.clone()),
                request => self.postponed.extend(request.put_off()),
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
        pending: &mut Vec<Pending<E>>,
    ) -> Result<Batch<E>, FileError> {
        let Self { connection, log, lease, others_have_written, .. } = self;
        let form = log.stored().form(connection)?;
        if *others_have_written {
            log.follow(LogEnd::read(connection)?);
        }
        let before = log.end.end;
        if form == Form::First && batch.iter().any(WriteRequest::is_reason) {
            upgrade::upgrade(connection, E::DOMAIN)?;
            log.stored().is_upgraded();
        }
        let form = log.form();
        let mut insert = BatchInsert::new(connection);
        for request in batch.drain(..) {
            pending.push(match request {
                WriteRequest::Append { appends, reply } => {
                    Pending::Append(reply, log.record_all(&mut insert, appends)?)
                }
                WriteRequest::Begin { handler, start, reply } => {
                    Pending::Begun(reply, records::begin_progress(connection, handler, start)?)
                }
                WriteRequest::Progress { handler, progress, parked, reply } => {
                    let is_valid = lease.is_valid(connection)?;
                    if is_valid {
                        records::write_progress(connection, handler, progress, parked)?;
                    }
                    Pending::Progress(reply, if is_valid { Ok(()) } else { Err(StoreError::LeaseLost) })
                }
                WriteRequest::Projections { updates, reply } if form == Form::First => {
                    let missing = ProjectionWritten::Missing { stored: Position::START };
                    Pending::Projections(reply, vec![missing; updates.len()])
                }
                // Every commit publishes the commits of other processes.
                WriteRequest::Look => continue,
                WriteRequest::Projections { updates, reply } => {
                    let updates = updates.into_iter();
                    let written = updates.map(|update| write_projection(connection, update));
                    Pending::Projections(reply, written.collect::<Result<_, _>>()?)
                }
                WriteRequest::TakeLease { reply } => {
                    match form {
                        Form::First => lease.take_without_number(),
                        Form::Second => lease.take(connection)?,
                    }
                    Pending::Lease(reply)
                }
            });
        }
        insert.flush()?;
        drop(insert);
        log.write_heads(connection)?;
        execute(connection, "COMMIT")?;
        let end = log.end.end;
        let commit = log.take_recorded();
        if self.end_file.is_anew() {
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
            self.acknowledged.saw(end.position);
            self.publisher.publish(Published { after: Position::new(before.position), events: commit.clone() });
        }
        Ok(commit)
    }

    /// The failure for an error while writing.
    fn cannot_write(&self, error: FileError) -> StoreFailure {
        if !self.is_full(&error) {
            return error.into_failure(|said| self.failure(said));
        }
        let (said, kind) = (self.failure("the disk is full"), StoreFailureKind::DiskFull);
        match error {
            FileError::Sqlite(error) => StoreFailure::caused_by(said, kind, error),
            FileError::EndUnwritten(error) => StoreFailure::caused_by(said, kind, error),
            _ => StoreFailure::of_kind(said, kind),
        }
    }

    fn is_full(&self, error: &FileError) -> bool {
        match error {
            FileError::Sqlite(error) => disk_full::is_why(&self.path, error),
            FileError::EndUnwritten(error) => disk_full::is_room_error(error),
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
