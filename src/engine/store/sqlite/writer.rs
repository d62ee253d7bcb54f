//! The one thread that writes: it takes what has queued up and commits it as one transaction.
//!
//! Several processes may write to the file. A transaction therefore begins with a look at where the log ends,
//! and what others have added since is published before what this one adds.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::answers::{Answers, Pending};
use super::checkpointer::Checkpoints;
use super::end_file::EndFile;
use super::insert::Insert;
use super::lease::{self, LeaseEpoch};
use super::records;
use super::stored_log::{LogEnd, ReadError};
use super::transaction::{WritableLog, Written};
use super::waiting::LastCommit;
use crate::engine::event::{Batch, Position};
use crate::engine::store::handler_records::{ParkedChange, Progress, ProjectionUpdate, ProjectionWritten};
use crate::engine::store::stored_event::StoredEvent;
use crate::engine::store::{Appended, MAX_READ, Published, Publisher, StoreError};
use crate::engine::supervisor::panic_message;
use crate::engine::trace::trace_line;

/// So many requests at the most share a commit.
pub(super) const MAX_BATCH: usize = 4_096;

/// How often to look for what other processes have written.
const LOOK_EVERY: Duration = Duration::from_millis(25);

pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

#[derive(Debug)]
pub(super) enum WriteRequest<E> {
    Append { appends: Vec<Written<E>>, reply: Reply<Appended<E>> },
    Progress { handler: String, progress: Progress, parked: ParkedChange, reply: Reply<()> },
    Begin { handler: String, start: Progress, reply: Reply<Progress> },
    TakeLease { reply: Reply<()> },
    Projections { updates: Vec<ProjectionUpdate>, reply: Reply<Vec<ProjectionWritten>> },
}

impl<E> WriteRequest<E> {
    fn refuse(self, error: StoreError) {
        // A reply nobody waits for any more is no error: the caller went away.
        match self {
            Self::Append { reply, .. } => drop(reply.send(Err(error))),
            Self::Progress { reply, .. } => drop(reply.send(Err(error))),
            Self::Begin { reply, .. } => drop(reply.send(Err(error))),
            Self::TakeLease { reply } => drop(reply.send(Err(error))),
            Self::Projections { reply, .. } => drop(reply.send(Err(error))),
        }
    }
}

pub(super) struct Writer<E> {
    path: Arc<Path>,
    connection: Connection,
    log: WritableLog<E>,
    end_file: EndFile,
    publisher: Publisher<E>,
    /// The last event that was published here, or was there when the store was opened.
    published: u64,
    /// What SQLite says of the file; another number means that others have written.
    data_version: i64,
    checkpoints: Arc<Checkpoints>,
    /// The right to write handlers' progress, once it was taken here.
    lease: LeaseEpoch,
    /// Why nothing is written any more.
    failed: Option<String>,
}

impl<E: StoredEvent> Writer<E> {
    pub(super) fn new(
        path: Arc<Path>,
        connection: Connection,
        end: LogEnd,
        end_file: EndFile,
        publisher: Publisher<E>,
        checkpoints: Arc<Checkpoints>,
    ) -> Self {
        Self {
            path,
            connection,
            log: WritableLog::new(end),
            end_file,
            publisher,
            published: end.end.position,
            data_version: 0,
            checkpoints,
            lease: LeaseEpoch::default(),
            failed: None,
        }
    }

    /// Writes until nobody can ask any more, or the store is closed: until `closed` hears of it. When a write has
    /// failed, those who waited are answered first, and then `failed` hears of it.
    pub(super) async fn serve(
        mut self,
        mut requests: mpsc::Receiver<WriteRequest<E>>,
        answers: mpsc::Sender<Answers<E>>,
        mut closed: oneshot::Receiver<()>,
        failed: oneshot::Sender<String>,
    ) {
        let (mut batch, mut failed) = (Vec::new(), Some(failed));
        let mut last_commit = LastCommit::none_yet();
        loop {
            if !matches!(closed.try_recv(), Err(oneshot::error::TryRecvError::Empty)) {
                return;
            }
            if !last_commit.stay_awake(&mut requests, &mut batch) {
                tokio::select! {
                    biased;
                    _ = &mut closed => return,
                    // Nothing is lost where the time is over first.
                    received = timeout(LOOK_EVERY, requests.recv_many(&mut batch, MAX_BATCH)) => match received {
                        Ok(0) => return,
                        Ok(_) => {}
                        Err(_) => self.look(),
                    },
                }
            }
            if !batch.is_empty() {
                last_commit.gather(&mut requests, &mut batch);
                let count = batch.len();
                if let Some(committed) = self.write(&mut batch) {
                    committed.give(&answers).await;
                }
                last_commit.answered(count);
            }
            if let Some(message) = &self.failed
                && let Some(failed) = failed.take()
            {
                // Nobody listens any more where all is being stopped anyway.
                let _ = failed.send(message.clone());
            }
            self.checkpoints.finish(&self.connection);
        }
    }

    /// Publishes what other processes have written, if there is anything.
    fn look(&mut self) {
        if self.failed.is_some() {
            return;
        }
        if let Err(error) = self.try_look() {
            let message = self.failure(format_args!("what others have written cannot be read: {error}"));
            self.fail(message);
        }
    }

    fn try_look(&mut self) -> Result<(), ReadError> {
        let mut statement = self.connection.prepare_cached("PRAGMA data_version")?;
        let data_version = statement.query_row([], |row| row.get(0))?;
        drop(statement);
        if data_version == self.data_version {
            return Ok(());
        }
        let end = LogEnd::read(&self.connection)?;
        self.data_version = data_version;
        self.publish_until(end.end.position)
    }

    fn publish_until(&mut self, end: u64) -> Result<(), ReadError> {
        while self.published < end {
            let after = Position::new(self.published);
            let missing = usize::try_from(end - self.published).unwrap_or(usize::MAX);
            let events = self.log.stored().read_all(&self.connection, after, missing.min(MAX_READ))?;
            let Some(last) = events.last() else {
                return Err(ReadError::Damaged { position: self.published + 1, what: "there is no event" });
            };
            self.published = last.position.get();
            self.publisher.publish(Published { after, events: events.into() });
        }
        Ok(())
    }

    /// Writes what was asked for; what could not be written is refused here.
    fn write(&mut self, batch: &mut Vec<WriteRequest<E>>) -> Option<Answers<E>> {
        if let Some(failed) = &self.failed {
            let error = StoreError::Failed(failed.clone());
            batch.drain(..).for_each(|request| request.refuse(error.clone()));
            return None;
        }
        if let Err(error) = execute(&self.connection, "BEGIN IMMEDIATE") {
            let is_busy = matches!(&error, rusqlite::Error::SqliteFailure(failure, _)
                if matches!(failure.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked));
            let message = self.failure(reason(&error.into()));
            if !is_busy {
                self.fail(message.clone());
            }
            batch.drain(..).for_each(|request| request.refuse(StoreError::Failed(message.clone())));
            return None;
        }
        let is_lease_only = batch.iter().all(|request| matches!(request, WriteRequest::TakeLease { .. }));
        let lease_before = self.lease;
        let mut pending = Vec::with_capacity(batch.len());
        let written = catch_unwind(AssertUnwindSafe(|| self.commit(batch, &mut pending)));
        let error = match written {
            Ok(Ok(commit)) => return Some(Answers { commit, pending }),
            // A bank that finds no room when it is opened still answers what it knows.
            Ok(Err(error)) if is_lease_only && lease::is_for_want_of_room(&error) => {
                let message = self.failure(reason(&error));
                let _ = self.connection.execute_batch("ROLLBACK");
                self.lease = lease_before;
                pending.into_iter().for_each(|pending| pending.refuse(StoreError::Failed(message.clone())));
                return None;
            }
            Ok(Err(error)) => reason(&error),
            Err(panic) => format!("the writer panicked: {}", panic_message(panic.as_ref())),
        };
        let error = self.failure(error);
        // A sync that failed is not to be tried again: what it was to save may be gone. What is on the disk is
        // found out when the file is opened again.
        let _ = self.connection.execute_batch("ROLLBACK");
        self.fail(error.clone());
        pending.into_iter().for_each(|pending| pending.refuse(StoreError::OutcomeUnknown(error.clone())));
        batch.drain(..).for_each(|request| request.refuse(StoreError::OutcomeUnknown(error.clone())));
        None
    }

    /// Commits and publishes. Whatever is in `pending` afterwards can be answered.
    fn commit(
        &mut self,
        batch: &mut Vec<WriteRequest<E>>,
        pending: &mut Vec<Pending<E>>,
    ) -> Result<Batch<E>, ReadError> {
        let Self { connection, log, lease, .. } = self;
        log.follow(LogEnd::read(connection)?);
        let before = log.end.end;
        let mut insert = Insert::new(connection);
        for request in batch.drain(..) {
            pending.push(match request {
                WriteRequest::Append { appends, reply } => {
                    Pending::Append(reply, log.record_all(&mut insert, appends)?)
                }
                WriteRequest::Progress { handler, progress, parked, reply } => {
                    let is_ours = lease.is_ours(connection)?;
                    if is_ours {
                        records::write_progress(connection, handler, progress, parked)?;
                    }
                    Pending::Progress(reply, is_ours)
                }
                WriteRequest::Begin { handler, start, reply } => {
                    Pending::Begin(reply, records::begin_progress(connection, handler, start)?)
                }
                WriteRequest::TakeLease { reply } => {
                    lease.take(connection)?;
                    Pending::Progress(reply, true)
                }
                WriteRequest::Projections { updates, reply } => {
                    let updates = updates.into_iter();
                    let written = updates.map(|update| records::write_projection(connection, update));
                    Pending::Projections(reply, written.collect::<Result<_, _>>()?)
                }
            });
        }
        insert.flush()?;
        drop(insert);
        log.write_heads(connection)?;
        execute(connection, "COMMIT")?;
        let end = log.end.end;
        let commit = log.take_recorded();
        if end.position > before.position {
            let unwritten = |error| ReadError::DamagedRecord(format!("the log's end was not written down: {error}"));
            self.end_file.raise(end).map_err(unwritten)?;
        }
        for event in commit.iter() {
            trace_line!(event.metadata.correlation_id, "Event Store Published Event");
        }
        self.publish_until(before.position)?;
        if !commit.is_empty() {
            self.published = end.position;
            self.publisher.publish(Published { after: Position::new(before.position), events: commit.clone() });
        }
        Ok(commit)
    }

    fn failure(&self, reason: impl fmt::Display) -> String {
        format!("{}: {reason}", self.path.display())
    }

    fn fail(&mut self, message: String) {
        self.failed = Some(message);
    }
}

fn reason(error: &ReadError) -> String {
    match error {
        ReadError::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
            "the disk is full".to_owned()
        }
        error => error.to_string(),
    }
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.raw_execute().map(drop)
}
