//! A store in memory that is the replica of a log: events count once the log has accepted them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::log::Log;
use super::records::Records;
use super::replicated_log::Mark;
use super::{LogRequest, MemoryStore, QUEUE_CAPACITY, publish};
use crate::engine::log::{Position, RecordedEvent, StreamId};
use crate::engine::runtime::{StopReason, StoreFailure, Supervisor};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::commit_log::{Commit, CommitLog, Entry, EntryWriter, LogError, Offered, Replica, Replicated};
use crate::engine::store::hash_chain::{Content, Hash, NumbersInCommand};
use crate::engine::store::{Append, Appended, Conflict, Publisher, Rejected, StoreError};

/// How often a commit is decided anew before its callers are told to try again.
const MOST_ROUNDS: u32 = 64;

impl<E: StoredEvent> MemoryStore<E> {
    /// Starts the store's task as a replica of a log, which it reads from the beginning.
    ///
    /// # Errors
    ///
    /// Returns [`LogError`] if the log cannot be read.
    pub async fn start_replica(
        supervisor: &Supervisor,
        published_capacity: usize,
        log: Arc<dyn CommitLog>,
    ) -> Result<Self, LogError> {
        log.follow(Replicated::default()).await?;
        let (sender, requests) = mpsc::channel(QUEUE_CAPACITY);
        let publisher = Publisher::new(published_capacity);
        let listeners = publisher.listeners();
        let (end, published) = (Arc::new(AtomicU64::new(0)), watch::Sender::new(0));
        let replica = Some(Replica { log: log.clone(), published: published.subscribe() });
        let replicated = Replicated::default();
        let (held, writer) = (Log::default(), Uuid::new_v4());
        let writing = Writing { log, held, replicated, writer, publisher, end: end.clone(), published };
        supervisor.spawn("event store", writing.serve(requests));
        Ok(Self { requests: sender, listeners, end, replica })
    }

    /// Waits until the store holds whatever the log does that it is a replica of, for as long as more comes.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError`] if the log cannot be reached, or nothing comes.
    #[cfg(feature = "nats")]
    pub(in crate::engine) async fn catch_up(&self) -> Result<(), StoreError> {
        match &self.replica {
            Some(replica) => replica.catch_up().await,
            None => Ok(()),
        }
    }
}

/// The task's state.
struct Writing<E> {
    log: Arc<dyn CommitLog>,
    held: Log<E>,
    /// How far `held` has come.
    replicated: Replicated,
    writer: Uuid,
    publisher: Publisher<E>,
    end: Arc<AtomicU64>,
    published: watch::Sender<u64>,
}

impl<E: StoredEvent> Writing<E> {
    async fn serve(mut self, mut requests: mpsc::Receiver<LogRequest<E>>) -> Result<(), StopReason> {
        let mut records = Records::default();
        let log = self.log.clone();
        let mut reception = log.reception(0);
        loop {
            tokio::select! {
                biased;
                request = requests.recv() => match request {
                    None => return Ok(()),
                    Some(LogRequest::Append { appends, reply }) => {
                        let appended = self.append(appends).await;
                        // A failed reply is no error: the caller no longer waits.
                        let _ = reply.send(appended);
                    }
                    Some(other) => other.answer(&self.held, &mut records),
                },
                () = &mut reception => {
                    self.take_in()?;
                    reception = log.reception(self.replicated.sequence);
                }
            }
        }
    }

    /// Appends what one call asks for, as one entry if it fits into one.
    async fn append(&mut self, appends: Vec<Append<E>>) -> Result<Appended<E>, StoreError> {
        let (mut answers, mut rejected) = (Vec::with_capacity(appends.len()), BTreeMap::new());
        let (mut rest, mut at_once) = (appends, usize::MAX);
        while !rest.is_empty() {
            let some = rest[..rest.len().min(at_once)].to_vec();
            match self.append_entry(&some, &rejected).await {
                Ok(Some(appended)) => {
                    for (append, answer) in rest.drain(..some.len()).zip(&appended) {
                        if let Err(rejection) = answer {
                            let (expected, actual) = (append.expected_version, self.held.version(&append.stream));
                            let conflict = match rejection {
                                Rejected::Conflict(conflict) => *conflict,
                                Rejected::Repeated(_) => Conflict { expected, actual },
                            };
                            rejected.insert(append.stream, conflict);
                        }
                    }
                    answers.extend(appended);
                }
                Ok(None) if some.len() > 1 => at_once = some.len() / 2,
                Ok(None) if answers.is_empty() => {
                    let most = self.log.most_bytes();
                    let reason =
                        format!("the events of a command have more bytes than the {most} that the log takes at once");
                    return Err(StoreError::Failed(reason.into()));
                }
                Err(error) if answers.is_empty() || matches!(error, StoreError::OutcomeUnknown(_)) => {
                    return Err(error);
                }
                // A part is stored: the rest is to be decided again.
                Ok(None) | Err(_) => {
                    answers.extend(rest.drain(..).map(|append| {
                        let expected = append.expected_version;
                        Err(Conflict { expected, actual: expected }.into())
                    }));
                }
            }
        }
        Ok(answers)
    }

    /// Appends as one entry; `None` if it is too large.
    async fn append_entry(
        &mut self,
        appends: &[Append<E>],
        rejected: &BTreeMap<StreamId, Conflict>,
    ) -> Result<Option<Appended<E>>, StoreError> {
        for _ in 0..MOST_ROUNDS {
            self.take_in()?;
            let (mark, before) = (self.held.mark(), self.held.end());
            let (commit, answers) = self.held.append_after(appends.to_vec(), rejected.clone());
            if commit.is_empty() {
                return Ok(Some(answers));
            }
            let (entry, hash) = match self.entry(mark, before) {
                Ok(entry) => entry,
                Err(error) => {
                    self.held.roll_back(mark);
                    return Err(error);
                }
            };
            if entry.len() > self.log.most_bytes() {
                self.held.roll_back(mark);
                return Ok(None);
            }
            let sequence = self.replicated.sequence;
            match self.log.offer(sequence, entry).await {
                Ok(Offered::Accepted) => {
                    self.move_on(Replicated { sequence: sequence + 1, position: self.held.end(), hash })?;
                    publish(&self.publisher, &self.end, before, commit);
                    self.published.send_replace(sequence + 1);
                    return Ok(Some(answers));
                }
                Ok(Offered::Conflict) => {
                    self.held.roll_back(mark);
                    self.log.reception(sequence).await;
                }
                Ok(Offered::NotOffered(reason)) => {
                    self.held.roll_back(mark);
                    return Err(StoreError::Unavailable(reason));
                }
                Ok(Offered::Unknown(reason)) => {
                    self.held.roll_back(mark);
                    return Err(StoreError::OutcomeUnknown(reason.into()));
                }
                Err(error) => {
                    self.held.roll_back(mark);
                    return Err(error.into());
                }
            }
        }
        Err(StoreError::Unavailable("other programs append without a pause".to_owned()))
    }

    /// The events since a mark as an entry, and the hash of the last.
    fn entry(&self, mark: Mark, before: Position) -> Result<(Vec<u8>, Hash), StoreError> {
        let unwritable = |error: serde_json::Error| StoreError::Failed(error.to_string().into());
        let (mut writer, mut hash) = (EntryWriter::default(), self.replicated.hash);
        let (mut buffer, mut numbers) = (Vec::new(), NumbersInCommand::default());
        for event in self.held.since(mark) {
            let data = event.data.to_json()?;
            let number_in_command = numbers.next(event.metadata.command_id);
            let content = Content {
                position: event.position.get(),
                stream: event.stream.as_str(),
                version: event.version.get(),
                previous_position: self.held.previous_position(&event.stream, event.version),
                time: event.time,
                event_type: event.data.event_type(),
                schema_version: event.data.schema_version(),
                number_in_command,
                metadata: &event.metadata,
                data: &data,
            };
            hash = content.hash(&hash, &mut buffer);
            writer.add(&content).map_err(unwritable)?;
            if let Some(state) = self.held.state_at(event) {
                writer.add_snapshot(event.position.get(), state);
            }
        }
        let base = (before, &self.replicated.hash);
        let entry = writer.finish(self.replicated.sequence, base, &hash, self.writer).map_err(unwritable)?;
        Ok((entry, hash))
    }

    /// Takes in and publishes what other programs have appended.
    fn take_in(&mut self) -> Result<(), StoreError> {
        loop {
            let entries = self.log.received(self.replicated.sequence)?;
            if entries.is_empty() {
                return Ok(());
            }
            for entry in entries {
                let after = self.held.end();
                let hash = self.add(&entry).map_err(|what| {
                    StoreError::Failed(StoreFailure::new(format!("the entry {} of the log {what}", entry.sequence)))
                })?;
                self.move_on(Replicated { sequence: entry.sequence, position: self.held.end(), hash })?;
                let commit = self.held.events.commit();
                publish(&self.publisher, &self.end, after, commit);
                self.published.send_replace(entry.sequence);
            }
        }
    }

    /// Adds the events of an entry. Returns the hash of the last.
    fn add(&mut self, entry: &Entry) -> Result<Hash, String> {
        if entry.sequence != self.replicated.sequence + 1 {
            return Err("does not follow the last one".to_owned());
        }
        let Some(commit) = Commit::read(entry).map_err(|error| error.to_string())? else {
            return Ok(self.replicated.hash);
        };
        if commit.base() != self.held.end() || commit.before != self.replicated.hash {
            return Err(
                "does not follow the events that were seen before it: the log has other events by now".to_owned()
            );
        }
        let (mut hash, mut buffer, mut numbers) = (commit.before, Vec::new(), NumbersInCommand::default());
        for line in commit.events() {
            let line = line.map_err(|error| error.to_string())?;
            let metadata = line.details().ok_or("has metadata that are no object")?;
            let stream = StreamId::named(&line.stream);
            if line.position != self.held.end().next() || line.version != self.held.version(&stream).next() {
                return Err("has an event out of its place".to_owned());
            }
            let number_in_command = numbers.next(metadata.command_id);
            let content = Content {
                position: line.position.get(),
                stream: stream.as_str(),
                version: line.version.get(),
                previous_position: self.held.previous_position(&stream, line.version),
                time: line.time,
                event_type: &line.r#type,
                schema_version: line.schema_version,
                number_in_command,
                metadata: &metadata,
                data: line.data.get(),
            };
            hash = content.hash(&hash, &mut buffer);
            let data = E::from_stored(&line.r#type, line.schema_version, line.data.get());
            let data = data.map_err(|error| format!("has an event that is {error}"))?;
            let state = commit.snapshot(line.position.get()).filter(|state| metadata.names_snapshot(state));
            let (position, version, time) = (line.position, line.version, line.time);
            let event = RecordedEvent { position, stream, version, time, metadata, data };
            self.held.add(event, number_in_command == 1, state);
        }
        if hash == commit.hash { Ok(hash) } else { Err("does not match its hash".to_owned()) }
    }

    /// Notes how far the store has come, before anyone hears of it.
    fn move_on(&mut self, replicated: Replicated) -> Result<(), StoreError> {
        self.replicated = replicated;
        self.log.note(replicated).map_err(|error| StoreError::OutcomeUnknown(error.into()))
    }
}
