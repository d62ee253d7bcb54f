//! Load, execute, append; on a conflict, load and execute again.
//!
//! One task takes the commands of all callers from a bounded queue. What has queued up while it was busy is
//! decided together and appended in one call, so that many callers share the cost of a commit. Within such a
//! batch a command sees the events of those before it; nobody gets an answer until they are stored.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};

use super::aggregate::{Aggregate, Command};
use super::aggregate_cache::AggregateCache;
use super::clock::{Clock, Timestamp};
use super::event::{Metadata, StreamId, Version};
use super::store::{Append, Committed, Conflict, EventStore, MAX_READ, StoreError};
use super::supervisor::{StopReason, Supervisor, panic_message};
use super::trace::trace_line;

/// How often a command is decided again after conflicts before its caller is told.
pub const MAX_ATTEMPTS: u32 = 10;

/// How much the command handler holds at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Commands that wait; a caller that finds the queue full waits for a place in it.
    pub queue: usize,
    /// Commands decided and appended together.
    pub batch: usize,
    /// Aggregates that stay loaded once they were used; up to as many again may be held besides.
    pub cached_aggregates: NonZeroUsize,
}

impl Default for Limits {
    fn default() -> Self {
        const CACHED_AGGREGATES: NonZeroUsize = NonZeroUsize::new(131_072).unwrap();
        Self { queue: 4_096, batch: 4_096, cached_aggregates: CACHED_AGGREGATES }
    }
}

/// Why a command has no events to show.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CommandError<R> {
    /// The aggregate said no. Nothing was stored.
    #[error(transparent)]
    Refused(R),
    /// Others changed the aggregate each time before the decision could be stored. Nothing was stored.
    #[error("gave up after {MAX_ATTEMPTS} conflicts: {0}")]
    Conflict(Conflict),
    /// The aggregate's own code panicked. Nothing was stored, and other commands are not affected.
    #[error("the command handler panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The event store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The command handler has stopped; the supervisor knows why.
    #[error("the command handler has stopped")]
    Stopped,
}

type Id<A> = <<A as Aggregate>::Command as Command>::Id;
type Outcome<A> = Result<Committed<<A as Aggregate>::Event>, CommandError<<A as Aggregate>::Refusal>>;

/// A handle on the command handler's task. Cheap to clone.
#[derive(Debug)]
pub struct CommandHandler<A: Aggregate> {
    requests: mpsc::Sender<Request<A>>,
    /// Nothing is sent here: it closes when the task ends.
    running: watch::Receiver<()>,
}

impl<A: Aggregate> Clone for CommandHandler<A> {
    fn clone(&self) -> Self {
        let (requests, running) = (self.requests.clone(), self.running.clone());
        Self { requests, running }
    }
}

#[derive(Debug)]
enum Request<A: Aggregate> {
    Handle(Sent<A>),
    Close,
}

#[derive(Debug)]
struct Sent<A: Aggregate> {
    command: A::Command,
    metadata: Metadata,
    reply: oneshot::Sender<Outcome<A>>,
}

/// A command on its way: sent, and not yet answered. Dropping it does not take the command back.
#[derive(Debug)]
pub struct Pending<A: Aggregate> {
    answer: oneshot::Receiver<Outcome<A>>,
}

impl<A: Aggregate> Pending<A> {
    /// Waits until the command's events are stored.
    ///
    /// # Errors
    ///
    /// [`CommandError`]: why there are none.
    pub async fn outcome(self) -> Outcome<A> {
        self.answer.await.unwrap_or(Err(CommandError::Stopped))
    }
}

impl<A: Aggregate> CommandHandler<A> {
    /// Starts the task.
    pub fn start<S>(store: S, clock: Arc<Clock>, limits: Limits, supervisor: &Supervisor) -> Self
    where
        S: EventStore<A::Event>,
    {
        let (sender, requests) = mpsc::channel(limits.queue);
        let worker = Worker::<A, S> {
            store,
            clock,
            loaded: AggregateCache::new(limits.cached_aggregates),
            decisions: Vec::new(),
            panicked: false,
        };
        // A batch must fit into the cache, or it would push out what its own commands have decided on.
        let batch = limits.batch.clamp(1, limits.cached_aggregates.get());
        let (alive, running) = watch::channel(());
        supervisor.spawn("command handler", async move {
            let _alive = alive;
            worker.run(requests, batch).await
        });
        Self { requests: sender, running }
    }

    /// Sends a command. When the queue is full, waits for a place in it.
    ///
    /// # Errors
    ///
    /// [`CommandError::Stopped`]: the command was not taken.
    pub async fn send(&self, command: A::Command, metadata: Metadata) -> Result<Pending<A>, CommandError<A::Refusal>> {
        trace_line!(metadata.correlation_id, "Command Sent");
        let (reply, answer) = oneshot::channel();
        let sent = Sent { command, metadata, reply };
        let queued = self.requests.send(Request::Handle(sent)).await;
        queued.map_err(|_| CommandError::Stopped)?;
        Ok(Pending { answer })
    }

    /// Lets the task answer what has been sent before this, and then end.
    pub async fn close(&self) {
        // An error says that somebody else has closed it or that it has ended.
        let _ = self.requests.send(Request::Close).await;
        // An error says that it has ended, which is what this waits for.
        let _ = self.running.clone().changed().await;
    }
}

/// An aggregate in memory: its state after all events up to `version`.
struct Loaded<A> {
    stream: StreamId,
    version: Version,
    state: A,
}

enum Decision<R> {
    /// The next unanswered append of the batch.
    Append,
    /// An answer without events.
    Answer(Result<(), CommandError<R>>),
    /// No events either, but the stream has moved on since the aggregate was loaded.
    Outdated(Conflict),
}

struct Worker<A: Aggregate, S> {
    store: S,
    clock: Arc<Clock>,
    loaded: AggregateCache<Id<A>, Loaded<A>>,
    /// Empty between batches; kept for its memory.
    decisions: Vec<Decision<A::Refusal>>,
    /// Whether an aggregate that this batch may have decided on was dropped since.
    panicked: bool,
}

impl<A: Aggregate, S: EventStore<A::Event>> Worker<A, S> {
    async fn run(mut self, mut requests: mpsc::Receiver<Request<A>>, batch: usize) -> Result<(), StopReason> {
        let mut received = Vec::new();
        let mut open = Vec::new();
        while requests.recv_many(&mut received, batch).await > 0 {
            for request in received.drain(..) {
                match request {
                    Request::Handle(sent) => open.push(sent),
                    Request::Close => requests.close(),
                }
            }
            let mut attempt = 1;
            while !open.is_empty() {
                self.handle(&mut open, attempt == MAX_ATTEMPTS).await;
                attempt += 1;
            }
        }
        Ok(())
    }

    /// Decides and appends, answers what is settled, and leaves what met a conflict in `open`.
    async fn handle(&mut self, open: &mut Vec<Sent<A>>, last_attempt: bool) {
        let time = self.clock.now();
        let mut appends = Vec::with_capacity(open.len());
        self.panicked = false;
        for sent in open.iter() {
            let decision = self.decide(sent, time, &mut appends).await;
            self.decisions.push(decision);
        }
        let stored = if appends.is_empty() { Ok(Vec::new()) } else { self.store.append(appends).await };
        match stored {
            Ok(stored) => self.answer(open, stored, last_attempt),
            Err(error) => self.answer_store_failed(open, &error),
        }
    }

    async fn decide(
        &mut self,
        sent: &Sent<A>,
        time: Timestamp,
        appends: &mut Vec<Append<A::Event>>,
    ) -> Decision<A::Refusal> {
        let Sent { command, metadata, .. } = sent;
        trace_line!(metadata.correlation_id, "Command Handler: {}", command.title());
        let loaded = match self.load(command.target(), appends).await {
            Ok(loaded) => loaded,
            Err(error) => return Decision::Answer(Err(error)),
        };
        let decided = catch_unwind(AssertUnwindSafe(|| {
            if let Some(weight) = loaded.state.weigh(command) {
                trace_line!(metadata.correlation_id, "{weight}");
            }
            let events = loaded.state.execute(command)?;
            for event in &events {
                loaded.state.apply(event);
            }
            Ok(events)
        }));
        let answer = match decided {
            Ok(Ok(events)) if events.is_empty() => Ok(()),
            Ok(Ok(events)) => {
                let expected_version = loaded.version;
                loaded.version = expected_version.plus(events.len());
                appends.push(Append {
                    stream: loaded.stream.clone(),
                    expected_version,
                    time,
                    metadata: *metadata,
                    events,
                });
                return Decision::Append;
            }
            Ok(Err(refusal)) => Err(CommandError::Refused(refusal)),
            Err(panic) => {
                let message = panic_message(panic.as_ref());
                tracing::error!("the command handler panicked on {command:?}: {message}");
                // The panic may have come halfway through a change of state.
                self.loaded.remove(command.target());
                self.panicked = true;
                return Decision::Answer(Err(CommandError::Panicked { message }));
            }
        };
        let (stream, version) = (loaded.stream.clone(), loaded.version);
        match newer_version(&self.store, &stream, version).await {
            Ok(None) => Decision::Answer(answer),
            Ok(Some(actual)) => Decision::Outdated(Conflict { expected: version, actual }),
            Err(error) => Decision::Answer(Err(error.into())),
        }
    }

    async fn load(
        &mut self,
        id: &Id<A>,
        appends: &[Append<A::Event>],
    ) -> Result<&mut Loaded<A>, CommandError<A::Refusal>> {
        if !self.loaded.touch(id) {
            let decided = if self.panicked { appends } else { &[] };
            let loaded = replay(&self.store, id, decided).await?;
            self.loaded.insert(id.clone(), loaded);
        }
        self.loaded.get_mut(id).ok_or(CommandError::Stopped)
    }

    /// Answers every command but those whose aggregate met a conflict, refused ones included: what they were
    /// refused for may not be so.
    fn answer(
        &mut self,
        open: &mut Vec<Sent<A>>,
        stored: Vec<Result<Committed<A::Event>, Conflict>>,
        last_attempt: bool,
    ) {
        let conflicts = self.drop_conflicted(open, &stored);
        let mut stored = stored.into_iter();
        let mut sent = std::mem::take(open);
        let mut again = Vec::new();
        for (sent, decision) in sent.drain(..).zip(self.decisions.drain(..)) {
            let answer = match decision {
                Decision::Answer(answer) => answer.map(|()| Committed::nothing()),
                Decision::Append => match stored.next() {
                    Some(Ok(committed)) => {
                        sent.reply(Ok(committed));
                        continue;
                    }
                    Some(Err(conflict)) => Err(CommandError::Conflict(conflict)),
                    None => Err(CommandError::Stopped),
                },
                Decision::Outdated(conflict) => Err(CommandError::Conflict(conflict)),
            };
            if conflicts.contains(sent.command.target()) && !last_attempt {
                again.push(sent);
            } else {
                sent.reply(answer);
            }
        }
        // Without conflicts, the batch's memory serves the next one.
        *open = if again.is_empty() { sent } else { again };
    }

    /// The aggregates whose stream has moved on. They are no longer loaded.
    fn drop_conflicted(
        &mut self,
        open: &[Sent<A>],
        stored: &[Result<Committed<A::Event>, Conflict>],
    ) -> HashSet<Id<A>> {
        let outdated = |decision: &Decision<_>| matches!(decision, Decision::Outdated(_));
        if stored.iter().all(Result::is_ok) && !self.decisions.iter().any(outdated) {
            return HashSet::new();
        }
        let mut stored = stored.iter();
        let decisions = open.iter().zip(&self.decisions);
        let conflicted = decisions.filter(|(_, decision)| match decision {
            Decision::Append => stored.next().is_some_and(Result::is_err),
            Decision::Answer(_) => false,
            Decision::Outdated(_) => true,
        });
        let targets: HashSet<_> = conflicted.map(|(sent, _)| sent.command.target().clone()).collect();
        for target in &targets {
            self.loaded.remove(target);
        }
        targets
    }

    /// Nothing is known of what was stored: drop what the batch has decided on, and say so to everyone.
    fn answer_store_failed(&mut self, open: &mut Vec<Sent<A>>, error: &StoreError) {
        self.decisions.clear();
        for sent in open.drain(..) {
            self.loaded.remove(sent.command.target());
            sent.reply(Err(error.clone().into()));
        }
    }
}

/// Loads an aggregate from its stream, and from what was decided on it and is not stored yet.
async fn replay<A, S>(
    store: &S,
    id: &Id<A>,
    decided: &[Append<A::Event>],
) -> Result<Loaded<A>, CommandError<A::Refusal>>
where
    A: Aggregate,
    S: EventStore<A::Event>,
{
    let stream = StreamId::new(A::CATEGORY, id);
    let mut version = Version::START;
    let mut state = A::default();
    loop {
        let events = store.read_stream(&stream, version, MAX_READ).await?;
        let Some(last) = events.last() else { break };
        version = last.version;
        apply(&mut state, events.iter().map(|event| &event.data))?;
    }
    for append in decided.iter().filter(|append| append.stream == stream) {
        // At another version it will meet a conflict, and everything is decided again.
        if append.expected_version == version {
            version = version.plus(append.events.len());
            apply(&mut state, &append.events)?;
        }
    }
    Ok(Loaded { stream, version, state })
}

fn apply<'a, A: Aggregate>(
    state: &mut A,
    events: impl IntoIterator<Item = &'a A::Event>,
) -> Result<(), CommandError<A::Refusal>> {
    catch_unwind(AssertUnwindSafe(|| events.into_iter().for_each(|event| state.apply(event))))
        .map_err(|panic| CommandError::Panicked { message: panic_message(panic.as_ref()) })
}

/// Where the stream has moved on to. An append would meet a conflict; what appends nothing has to ask.
async fn newer_version<E, S>(store: &S, stream: &StreamId, version: Version) -> Result<Option<Version>, StoreError>
where
    S: EventStore<E>,
{
    let newer = store.read_stream(stream, version, MAX_READ).await?;
    Ok(newer.last().map(|event| event.version))
}

impl<A: Aggregate> Sent<A> {
    fn reply(self, outcome: Outcome<A>) {
        // A caller that has gone does not want to know.
        let _ = self.reply.send(outcome);
    }
}
