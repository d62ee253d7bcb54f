//! The command handler's task: decides the queued commands, appends their events in one call, and [answers](super::reply).

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use foldhash::fast::RandomState;
use tokio::sync::mpsc;
use tracing::Instrument as _;
use uuid::Uuid;

use super::aggregate_cache::AggregateCache;
use super::duplicates::{first_outcome, is_among, tell_of_duplicate};
use super::load::{Loaded, load};
use super::sent::Sent;
use super::{CommandError, CommandRequest, Id, Limits, MAX_ATTEMPTS, Outcome};
use crate::engine::command_handler::state::snapshot_of;
use crate::engine::domain::{Aggregate, Command as _, Contains, DomainEvent};
use crate::engine::log::{Timestamp, Version};
use crate::engine::runtime::trace::{detail_line, trace_line, trace_value};
use crate::engine::runtime::{Clock, StopReason, panic_message};
use crate::engine::seams::Seam;
use crate::engine::store::{Append, ArcStr, Committed, Conflict, EventStore, MAX_READ, StoreError};

pub(super) struct Worker<A: Aggregate, E, S> {
    pub(super) store: S,
    clock: Arc<Clock>,
    pub(super) loaded: AggregateCache<Id<A>, Loaded<A>>,
    snapshot_every: NonZeroU64,
    /// One for each decided command of the batch. Empty between batches; a field to reuse its memory.
    pub(super) verdicts: Vec<Verdict<A, E>>,
    /// Whether the store has been up to date since the batch was received.
    is_up_to_date: bool,
    /// Stored events of those commands of the batch that may be duplicates, by command id.
    pub(super) looked_up: HashMap<Uuid, Option<Committed<E>>, RandomState>,
    /// Where appends are made to fail; `None` until somebody does that.
    pub(super) seam: Option<Arc<Seam>>,
}

pub(super) enum Verdict<A: Aggregate, E> {
    /// Events were decided: the next append of the batch.
    Append,
    /// No events were decided.
    Answer(Result<(), CommandError<A::Refusal>>),
    /// The command is a duplicate with this outcome, or the lookup failed.
    Known(Outcome<A, E>),
    /// An earlier command of the batch has the same id: decide after that one is stored.
    Postponed,
    /// No events were decided, on a state that is out of date.
    Outdated(Conflict),
}

impl<A, E, S> Worker<A, E, S>
where
    A: Aggregate,
    E: Contains<A::Event> + DomainEvent,
    S: EventStore<E>,
{
    pub(super) fn new(store: S, clock: Arc<Clock>, limits: &Limits) -> Self {
        let loaded = AggregateCache::new(limits.cached_aggregates);
        let (snapshot_every, verdicts) = (limits.snapshot_every, Vec::new());
        let looked_up = HashMap::default();
        Self { store, clock, loaded, snapshot_every, verdicts, is_up_to_date: false, looked_up, seam: None }
    }

    pub(super) async fn run(
        mut self,
        mut requests: mpsc::Receiver<CommandRequest<A, E>>,
        batch: usize,
    ) -> Result<(), StopReason> {
        let mut received = Vec::new();
        let mut open = Vec::new();
        let mut flushed = Vec::new();
        while requests.recv_many(&mut received, batch).await > 0 {
            for request in received.drain(..) {
                match request {
                    CommandRequest::Handle(sent) => open.push(sent),
                    CommandRequest::Flush(reply) => flushed.push(reply),
                    CommandRequest::Break { seam, reply } => {
                        self.seam = Some(seam);
                        // An error means that the caller no longer waits.
                        let _ = reply.send(());
                    }
                    CommandRequest::Close => requests.close(),
                }
            }
            self.is_up_to_date = false;
            let mut conflicts = 0;
            while !open.is_empty() {
                let met_conflict = self.handle(&mut open, conflicts + 1 >= MAX_ATTEMPTS).await;
                conflicts += u32::from(met_conflict);
            }
            self.looked_up.clear();
            for reply in flushed.drain(..) {
                // An error means that the caller no longer waits.
                let _ = reply.send(());
            }
        }
        Ok(())
    }

    /// Decides the commands in `open`, appends their events, and answers. Commands to decide again stay in `open`.
    /// Returns whether there was a conflict.
    async fn handle(&mut self, open: &mut Vec<Sent<A, E>>, last_attempt: bool) -> bool {
        let looked_up = self.look_up(open).await;
        let mut time_of_batch = None;
        let mut appends = Vec::with_capacity(open.len());
        let mut ids = None;
        for sent in open.iter() {
            let verdict = match self.duplicate_outcome(sent, &looked_up) {
                Some(outcome) => Verdict::Known(outcome),
                None if sent.may_be_duplicate
                    && is_among(sent.metadata.command_id, &appends, ids.get_or_insert_default()) =>
                {
                    Verdict::Postponed
                }
                None => {
                    let time = sent.time().unwrap_or_else(|| *time_of_batch.get_or_insert_with(|| self.clock.now()));
                    self.decide(sent, time, &mut appends).await
                }
            };
            let panicked = matches!(verdict, Verdict::Answer(Err(CommandError::Panicked { .. })));
            self.verdicts.push(verdict);
            if panicked {
                // The aggregate was unloaded, and would be loaded without this batch's decisions: the rest of the
                // batch waits until they are stored.
                break;
            }
        }
        for (sent, verdict) in open.iter_mut().zip(&self.verdicts) {
            sent.may_be_stored = matches!(verdict, Verdict::Append | Verdict::Postponed);
        }
        tracing::debug!(commands = open.len(), appends = appends.len(), "batch");
        let stored = match &self.seam {
            _ if appends.is_empty() => Ok(Vec::new()),
            Some(seam) if seam.is_broken() => Box::pin(self.append_at_seam(appends)).await,
            Some(_) | None => self.store.append(appends).await,
        };
        match stored {
            Ok(stored) => self.answer(open, stored, last_attempt),
            Err(error) => {
                self.answer_store_failed(open, &error);
                false
            }
        }
    }

    /// Looks up the commands that may be duplicates, in one request.
    async fn look_up(&mut self, open: &[Sent<A, E>]) -> Result<(), StoreError> {
        let ids = open.iter().filter(|sent| sent.may_be_duplicate).map(|sent| sent.metadata.command_id);
        let ids: Vec<Uuid> = ids.filter(|id| !self.looked_up.contains_key(id)).collect();
        if !ids.is_empty() {
            let found = self.store.read_commands(ids.clone()).await?;
            self.looked_up.extend(ids.into_iter().zip(found));
        }
        Ok(())
    }

    /// The first outcome of a command that is a duplicate.
    fn duplicate_outcome(&self, sent: &Sent<A, E>, looked_up: &Result<(), StoreError>) -> Option<Outcome<A, E>> {
        if !sent.may_be_duplicate {
            return None;
        }
        let outcome = match (self.looked_up.get(&sent.metadata.command_id), looked_up) {
            (Some(found), _) => first_outcome(sent, found.clone()?),
            (None, Err(error)) => Err(error.clone().into()),
            (None, Ok(())) => return None,
        };
        let Sent { command, metadata, .. } = sent;
        sent.in_span(|| trace_line!(metadata.correlation_id(), "Command Handler: {}", command.title()));
        tell_of_duplicate(sent);
        Some(outcome)
    }

    async fn decide(&mut self, sent: &Sent<A, E>, time: Timestamp, appends: &mut Vec<Append<E>>) -> Verdict<A, E> {
        let Sent { command, metadata, .. } = sent;
        sent.in_span(|| trace_line!(metadata.correlation_id(), "Command Handler: {}", command.title()));
        let verdict = match self.execute(sent, time, appends) {
            Some(verdict) => verdict,
            None => match self.load(sent).await {
                Ok(()) => self.execute(sent, time, appends).unwrap_or(Verdict::Answer(Err(CommandError::Stopped))),
                Err(error) => Verdict::Answer(Err(error)),
            },
        };
        match verdict {
            Verdict::Answer(answer @ (Ok(()) | Err(CommandError::Refused(_)))) => {
                Box::pin(self.unless_outdated(sent, answer)).await
            }
            verdict => verdict,
        }
    }

    /// Loads the command's aggregate, unless it is in memory.
    async fn load(&mut self, sent: &Sent<A, E>) -> Result<(), CommandError<A::Refusal>> {
        let target = sent.command.target();
        if !self.loaded.touch(target) {
            let loaded = Box::pin(load(&self.store, target).instrument(sent.span())).await?;
            sent.in_span(|| tracing::debug!(stream = %loaded.stream, version = loaded.version.get(), "loaded"));
            if let Some(version) = loaded.snapshot {
                let (id, stream, now) = (sent.metadata.correlation_id(), &loaded.stream, loaded.version);
                detail_line!(id, "Snapshot: {stream} is loaded from version {version}, and is at {now}");
            }
            self.loaded.insert(target.clone(), loaded);
        }
        Ok(())
    }

    /// Decides on the state in memory; `None` if the aggregate must be loaded first.
    fn execute(&mut self, sent: &Sent<A, E>, time: Timestamp, appends: &mut Vec<Append<E>>) -> Option<Verdict<A, E>> {
        let Sent { command, metadata, .. } = sent;
        let snapshot_every = self.snapshot_every;
        let loaded = self.loaded.get_mut(command.target())?;
        let decide = AssertUnwindSafe(|| {
            if let Some(value) = loaded.state.trace_value(command) {
                trace_value(metadata.correlation_id(), value);
            }
            let events = loaded.state.execute(command)?;
            for event in &events {
                loaded.state.apply(event);
            }
            let version = loaded.version.plus(events.len());
            tracing::debug!(events = events.len(), version = version.get(), "decided");
            let due = is_due(loaded.version, version, snapshot_every);
            let snapshot = if due { snapshot_of(&loaded.stream, &loaded.state) } else { None };
            Ok((events, version, snapshot))
        });
        let decided = sent.in_span(|| catch_unwind(decide));
        Some(match decided {
            Ok(Ok((events, ..))) if events.is_empty() => Verdict::Answer(Ok(())),
            Ok(Ok((events, version, snapshot))) => {
                let (stream, expected_version) = (loaded.stream.clone(), loaded.version);
                if snapshot.is_some() {
                    detail_line!(
                        metadata.correlation_id(),
                        "Snapshot: {stream} is stored as it is at version {version}"
                    );
                }
                let (metadata, snapshot) = (metadata.clone(), snapshot.map(ArcStr::from));
                let events = events.into_iter().map(E::from).collect();
                let expected_end = command.expected_end().into();
                loaded.version = version;
                appends.push(Append { stream, expected_version, time, metadata, events, snapshot, expected_end });
                Verdict::Append
            }
            Ok(Err(refusal)) => Verdict::Answer(Err(CommandError::Refused(refusal))),
            Err(panic) => {
                let message = panic_message(panic.as_ref());
                sent.in_span(|| tracing::error!("the command handler panicked on {command:?}: {message}"));
                // The panic may have left the state half changed.
                self.loaded.remove(command.target());
                Verdict::Answer(Err(CommandError::Panicked { message }))
            }
        })
    }

    /// Checks a decision without events. Without an append, no conflict would show that its state is out of date.
    async fn unless_outdated(
        &mut self,
        sent: &Sent<A, E>,
        without_events: Result<(), CommandError<A::Refusal>>,
    ) -> Verdict<A, E> {
        let Some(loaded) = self.loaded.get_mut(sent.command.target()) else {
            return Verdict::Answer(without_events);
        };
        let (stream, expected) = (loaded.stream.clone(), loaded.version);
        // All commands of the batch were sent before this, so that once is enough.
        if !self.is_up_to_date {
            if let Err(error) = self.store.come_up_to_date().await {
                return Verdict::Answer(Err(error.into()));
            }
            self.is_up_to_date = true;
        }
        match self.store.read_stream(&stream, expected, MAX_READ).await {
            Ok(newer) => match newer.last() {
                None => Verdict::Answer(without_events),
                Some(last) => Verdict::Outdated(Conflict { expected, actual: last.version }),
            },
            Err(error) => Verdict::Answer(Err(error.into())),
        }
    }
}

/// Whether a multiple of `every` lies after `before` and up to `after`.
fn is_due(before: Version, after: Version, every: NonZeroU64) -> bool {
    after.get() % every < after.get() - before.get()
}
