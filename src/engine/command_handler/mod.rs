//! Load, execute, append; on a conflict, load and execute again.
//!
//! One task takes the commands of all callers from a bounded queue. What has queued up while it was busy is
//! decided together and appended in one call, so that many callers share the cost of a commit. Within such a
//! batch a command sees the events of those before it; nobody gets an answer until they are stored.

mod aggregate_cache;
mod kinds;
pub(in crate::engine) mod load;
pub(in crate::engine) mod state;
mod worker;

use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::Span;
use uuid::Uuid;

pub use self::kinds::CommandHandlers;
use self::load::catch_panic;
use self::worker::Worker;
use super::store::{Committed, Conflict, EventStore, StoreError};
use crate::engine::domain::{Aggregate, Command, Contains, DomainEvent};
use crate::engine::log::{Metadata, StreamId};
use crate::engine::runtime::trace::{command_span, trace_line};
use crate::engine::runtime::{Clock, Origin, StoreFailure, Supervisor, offer};

/// How often a command is decided again after conflicts before its caller is told. Where a few programs write to one
/// stream without a pause, each attempt fails more often than not.
pub const MAX_ATTEMPTS: u32 = 64;

/// How much the command handler holds at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Commands that wait; a caller that finds the queue full waits for a place in it.
    pub queue: usize,
    /// Commands decided and appended together.
    pub batch: usize,
    /// Aggregates that stay loaded once they were used; up to as many again may be held besides.
    pub cached_aggregates: NonZeroUsize,
    /// Events of a stream from one snapshot to the next.
    pub snapshot_every: NonZeroU64,
}

impl Default for Limits {
    fn default() -> Self {
        const CACHED_AGGREGATES: NonZeroUsize = NonZeroUsize::new(131_072).unwrap();
        const SNAPSHOT_EVERY: NonZeroU64 = NonZeroU64::new(256).unwrap();
        Self { queue: 4_096, batch: 4_096, cached_aggregates: CACHED_AGGREGATES, snapshot_every: SNAPSHOT_EVERY }
    }
}

/// Why a command has no events to show.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CommandError<R> {
    /// The aggregate said no. Nothing was stored.
    #[error("{0}")]
    Refused(#[source] R),
    /// Others changed the aggregate each time before the decision could be stored. Nothing was stored.
    #[error("gave up after {MAX_ATTEMPTS} conflicts: {0}")]
    Conflict(#[source] Conflict),
    /// Another command with this id was stored before: for another aggregate, with other content, or sent by somebody
    /// else. Nothing was stored now.
    #[error("the command id has been used for another command already, of {stream}")]
    IdTaken {
        /// The stream of the command that has the id.
        stream: StreamId,
    },
    /// The aggregate's own code panicked. Nothing was stored, and other commands are not affected.
    #[error("the command handler panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The event store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The command was about to be stored, and nobody knows whether it was: what is stored under its id tells, once
    /// the store is open again.
    #[error("the outcome of command {command_id} is unknown: {reason}")]
    OutcomeUnknown {
        /// The command's id.
        command_id: Uuid,
        /// What stands in the way of an answer.
        #[source]
        reason: Unanswered,
    },
    /// The command handler has stopped; the supervisor knows why. Nothing was stored.
    #[error("the command handler has stopped")]
    Stopped,
}

/// Why nobody knows the outcome of a command.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Unanswered {
    /// The command handler has stopped before it had an answer; the supervisor knows why.
    #[error("the command handler has stopped")]
    Stopped,
    /// The event store does not know.
    #[error("{0}")]
    Store(#[source] StoreFailure),
}

type Id<A> = <<A as Aggregate>::Command as Command>::Id;
type Outcome<A, E> = Result<Committed<E>, CommandError<<A as Aggregate>::Refusal>>;

/// A handle on the task that lets aggregates of one kind decide. Cheap to clone.
///
/// What they decide is stored as events `E`: those of a whole domain, where its aggregates have events of their own.
#[derive(Debug)]
pub struct CommandHandler<A: Aggregate, E = <A as Aggregate>::Event> {
    requests: mpsc::Sender<CommandRequest<A, E>>,
    /// Nothing is sent here: it closes when the task ends.
    running: watch::Receiver<()>,
}

impl<A: Aggregate, E> Clone for CommandHandler<A, E> {
    fn clone(&self) -> Self {
        let (requests, running) = (self.requests.clone(), self.running.clone());
        Self { requests, running }
    }
}

#[derive(Debug)]
enum CommandRequest<A: Aggregate, E> {
    Handle(Sent<A, E>),
    Flush(oneshot::Sender<()>),
    Close,
}

#[derive(Debug)]
struct Sent<A: Aggregate, E> {
    command: A::Command,
    metadata: Metadata,
    /// What the command runs in.
    span: Span,
    /// Whether the command may have been handled before.
    may_be_duplicate: bool,
    reply: Reply<A, E>,
}

/// Where a command is answered. Dropped without an answer, it says that nothing was stored, as long as that is so.
#[derive(Debug)]
struct Reply<A: Aggregate, E> {
    answer: Option<oneshot::Sender<Outcome<A, E>>>,
    /// Whether the store was asked to store the command.
    may_be_stored: bool,
}

impl<A: Aggregate, E> Drop for Reply<A, E> {
    fn drop(&mut self) {
        if let Some(answer) = self.answer.take().filter(|_| !self.may_be_stored) {
            let _ = answer.send(Err(CommandError::Stopped));
        }
    }
}

impl<A: Aggregate, E> Sent<A, E> {
    fn request(
        command: A::Command,
        metadata: Metadata,
        may_be_duplicate: bool,
    ) -> (CommandRequest<A, E>, Pending<A, E>) {
        let span = command_span(command.title(), &metadata);
        span.in_scope(|| trace_line!(metadata.correlation_id, "Command Sent"));
        let (reply, answer) = oneshot::channel();
        let reply = Reply { answer: Some(reply), may_be_stored: false };
        let pending = Pending { command_id: metadata.command_id, answer };
        (CommandRequest::Handle(Self { command, metadata, span, may_be_duplicate, reply }), pending)
    }

    fn reply(mut self, outcome: Outcome<A, E>) {
        if let Some(answer) = self.reply.answer.take() {
            // A caller that has gone does not want to know.
            let _ = answer.send(outcome);
        }
    }
}

/// A command on its way: sent, and not yet answered. Dropping it does not take the command back.
#[derive(Debug)]
pub struct Pending<A: Aggregate, E = <A as Aggregate>::Event> {
    command_id: Uuid,
    answer: oneshot::Receiver<Outcome<A, E>>,
}

impl<A: Aggregate, E> Pending<A, E> {
    /// Waits until the command's events are stored.
    ///
    /// # Errors
    ///
    /// [`CommandError`]: why there are none.
    pub async fn outcome(self) -> Outcome<A, E> {
        let Self { command_id, answer } = self;
        answer.await.unwrap_or(Err(CommandError::OutcomeUnknown { command_id, reason: Unanswered::Stopped }))
    }
}

impl<A: Aggregate, E: Contains<A::Event> + DomainEvent> CommandHandler<A, E> {
    /// Starts the task.
    pub fn start<S>(store: S, clock: Arc<Clock>, limits: Limits, supervisor: &Supervisor) -> Self
    where
        S: EventStore<E>,
    {
        let (sender, requests) = mpsc::channel(limits.queue.max(1));
        let worker = Worker::<A, E, S>::new(store, clock, &limits);
        // A batch must fit into the cache, or it would push out what its own commands have decided on.
        let batch = limits.batch.clamp(1, limits.cached_aggregates.get());
        let (alive, running) = watch::channel(());
        supervisor.spawn("command handler", async move {
            let _alive = alive;
            worker.run(requests, batch).await
        });
        Self { requests: sender, running }
    }

    /// Sends a new command. When the queue is full, waits for a place in it.
    ///
    /// # Errors
    ///
    /// [`CommandError::Stopped`]: the command was not taken.
    pub async fn send(
        &self,
        command: A::Command,
        metadata: Metadata,
    ) -> Result<Pending<A, E>, CommandError<A::Refusal>> {
        let (request, pending) = Sent::request(command, metadata, false);
        self.enqueue(request).await.map(|()| pending)
    }

    /// Sends a command under an id that its sender has chosen, who may have sent it before. If it has led to events
    /// then, these are the answer, also where the aggregate would refuse it by now, and nothing happens now. A refusal is
    /// not remembered: a command that was refused is decided anew.
    ///
    /// Whether it is the same command is told by its aggregate and its [fingerprint](Command::fingerprint), which is
    /// stored with its events. Of events that were stored without one, by other ways or by an earlier version of the
    /// program, only the aggregate is known: there, other content gets the first outcome too.
    ///
    /// # Errors
    ///
    /// [`CommandError::Stopped`] and [`CommandError::Panicked`]: the command was not taken. That its id was used for
    /// another command is its outcome: [`CommandError::IdTaken`].
    pub async fn send_as(
        &self,
        command: A::Command,
        metadata: Metadata,
    ) -> Result<Pending<A, E>, CommandError<A::Refusal>> {
        let fingerprint = catch_panic(|| command.fingerprint())?;
        self.resend(command, metadata.with_fingerprint(fingerprint)).await
    }

    /// Sends a command under ids from here as [`CommandHandler::send`] does, and under one from outside as
    /// [`CommandHandler::send_as`].
    ///
    /// # Errors
    ///
    /// As these say.
    pub async fn send_from(
        &self,
        command: A::Command,
        origin: Origin,
    ) -> Result<Pending<A, E>, CommandError<A::Refusal>> {
        match origin {
            Origin::Here(metadata) => self.send(command, metadata).await,
            Origin::Outside(metadata) => self.send_as(command, metadata).await,
        }
    }

    /// Sends a command that may have been sent before under the same id, which was not chosen but derived from what it
    /// answers. If it has led to events then, these are the answer, whatever it says now, and nothing happens now.
    ///
    /// # Errors
    ///
    /// [`CommandError::Stopped`]: the command was not taken.
    pub async fn resend(
        &self,
        command: A::Command,
        metadata: Metadata,
    ) -> Result<Pending<A, E>, CommandError<A::Refusal>> {
        let (request, pending) = Sent::request(command, metadata, true);
        self.enqueue(request).await.map(|()| pending)
    }

    async fn enqueue(&self, request: CommandRequest<A, E>) -> Result<(), CommandError<A::Refusal>> {
        match offer(&self.requests, request) {
            Ok(None) => Ok(()),
            Ok(Some(request)) => Box::pin(self.requests.send(request)).await.map_err(|_| CommandError::Stopped),
            Err(_) => Err(CommandError::Stopped),
        }
    }

    /// Waits until what has been sent before this is answered.
    pub async fn flush(&self) {
        let (reply, flushed) = oneshot::channel();
        // An error says that the task has ended: all it will ever answer is answered.
        let _ = self.requests.send(CommandRequest::Flush(reply)).await;
        let _ = flushed.await;
    }

    /// Lets the task answer what has been sent before this, and then end.
    pub async fn close(&self) {
        // An error says that somebody else has closed it or that it has ended.
        let _ = self.requests.send(CommandRequest::Close).await;
        // An error says that it has ended, which is what this waits for.
        let _ = self.running.clone().changed().await;
    }
}
