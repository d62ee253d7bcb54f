//! A store in memory that is the replica of a log: events count once the log has accepted them.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::log::Log;
use super::records::Records;
use super::{LogRequest, MemoryStore, publish};
use crate::engine::log::RecordedEvent;
use crate::engine::runtime::{StopReason, StoreFailure, Supervisor};
use crate::engine::store::codec::StoredEvent;
use crate::engine::store::commit_log::{
    Commit, CommitLog, Entry, EntryEvent, LogError, OtherWriters, Replica, Replicated,
};
use crate::engine::store::hash_chain::{Hash, NumbersInCommand};
use crate::engine::store::{Publisher, StoreError};

/// What comes while an entry is offered waits here, to share the next one.
const REPLICA_QUEUE_CAPACITY: usize = 4_096;

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
        let (sender, requests) = mpsc::channel(REPLICA_QUEUE_CAPACITY);
        let publisher = Publisher::new(published_capacity);
        let listeners = publisher.listeners();
        let (end, published) = (Arc::new(AtomicU64::new(0)), watch::Sender::new(0));
        let replica = Some(Replica { log: log.clone(), published: published.subscribe() });
        let replicated = Replicated::default();
        let (held, writer) = (Log::default(), Uuid::new_v4());
        let writing = Writing {
            log,
            held,
            replicated,
            writer,
            publisher,
            end: end.clone(),
            published,
            answered: 0,
            others: OtherWriters::default(),
        };
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
pub(super) struct Writing<E> {
    pub(super) log: Arc<dyn CommitLog>,
    pub(super) held: Log<E>,
    /// How far `held` has come.
    pub(super) replicated: Replicated,
    /// Who writes, so that no other program writes the same bytes.
    pub(super) writer: Uuid,
    pub(super) publisher: Publisher<E>,
    pub(super) end: Arc<AtomicU64>,
    /// The last entry whose events are published.
    pub(super) published: watch::Sender<u64>,
    /// How many calls were answered last.
    pub(super) answered: usize,
    /// The other programs that write.
    pub(super) others: OtherWriters,
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
                        let calls = self.gather((appends, reply), &mut requests, &mut records).await;
                        self.append(calls).await;
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

    /// Takes in and publishes what other programs have appended.
    pub(super) fn take_in(&mut self) -> Result<(), StoreError> {
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
        if commit.writer() != self.writer {
            self.others.wrote(commit.writer());
        }
        if commit.base() != self.held.end() || commit.before != self.replicated.hash {
            return Err(
                "does not follow the events that were seen before it: the log has other events by now".to_owned()
            );
        }
        let (mut hash, mut buffer, mut numbers) = (commit.before, Vec::new(), NumbersInCommand::default());
        for event in commit.events() {
            let event = event.map_err(|error| error.to_string())?;
            if event.position != self.held.end().next() || event.version != self.held.version(&event.stream).next() {
                return Err("has an event out of its place".to_owned());
            }
            let number_in_command = numbers.next(event.metadata.command_id);
            let previous_position = self.held.previous_position(&event.stream, event.version);
            hash = event.content(previous_position, number_in_command).hash(&hash, &mut buffer);
            let EntryEvent { position, stream, version, r#type, schema_version, time, metadata, data, .. } = event;
            let data = E::from_stored(&r#type, schema_version, &data);
            let data = data.map_err(|error| format!("has an event that is {error}"))?;
            let state = commit.snapshot(position.get()).filter(|state| metadata.names_snapshot(state));
            let event = RecordedEvent { position, stream, version, time, metadata, data };
            self.held.add(event, number_in_command == 1, state);
        }
        if hash == commit.hash { Ok(hash) } else { Err("does not match its hash".to_owned()) }
    }

    /// Notes how far the store has come, before anyone hears of it.
    pub(super) fn move_on(&mut self, replicated: Replicated) -> Result<(), StoreError> {
        self.replicated = replicated;
        self.log.note(replicated).map_err(|error| StoreError::OutcomeUnknown(error.into()))
    }
}
